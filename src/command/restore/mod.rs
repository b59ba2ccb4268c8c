//! `regenesis restore`: a directory from an archive, streamed, resumed, and checked.

mod expected;
mod failure;
mod run;
mod shown;

use std::path::{Path, PathBuf};

use super::steps::Steps;
use super::{Failure, access, given};
use crate::archive::{Marker, Parts, parse_digest};
use crate::exit;
use crate::io::console::Console;
use crate::io::download::Source;
use crate::io::environment;
use crate::io::owner::Owner;
use crate::keys::SecretText;
use crate::snapshot_files::restored::{Found, Staging, look, remove_leftovers};
pub(super) use expected::{Expected, SIDECAR};
pub(super) use failure::source as source_failure;
pub(super) use shown::{fraction, megabytes};

const EXAMPLES: &str = "Examples:
  regenesis restore my-snapshot.tar.zst my-snapshot
  regenesis restore https://example.org/my-snapshot.tar.zst my-snapshot
  regenesis restore s3://bucket/l1.tar.gz l1 --sha256 HEX     credentials: AWS_* variables
  regenesis restore https://example.org/l1.json l1            a list of an archive's files
  regenesis restore today.tar.zst today --base yesterday      an archive of pack --incremental-from

Formats: tar, plain or compressed with gz, bz2, xz or zst. The directory appears when it is complete and
has the digest. To resume an interrupted restore, run the same command again.";

/// Restore a snapshot, or any other directory, from an archive on a disk, a web server or S3
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The archive: a path, or a URL with file, http, https or s3
    #[arg(value_name = "URL|FILE")]
    archive: SecretText,
    /// The directory: a new or an empty one
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// SHA-256 of the archive [default: from the file URL.sha256, if there is one]
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// The snapshot that has the files which an incremental archive leaves out
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Change the owner of all files to this user and group, by number; requires root
    #[arg(long, value_name = "UID:GID")]
    chown: Option<String>,
    /// Print the marker of the directory, with the archive's digest, to stdout
    #[arg(long)]
    json: bool,
}

/// How often the place, or the archive, may change under a restore.
const ATTEMPTS: usize = 3;

/// Runs the verb.
///
/// # Errors
/// The archive cannot be read, is refused, has another digest, or the directory cannot be written.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let flag = digest(args)?;
    let owner = owner(args)?;
    let source = Source::parse(&args.archive, &environment::variables())
        .map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
    let mut expected = Expected::of_flag(flag);
    let source = in_parts(source, &mut expected, console)?;
    let steps = Steps::start(console);
    console.title(&format!(
        "regenesis {} · restoring {}",
        env!("CARGO_PKG_VERSION"),
        source.label()
    ));
    let (directory, base) = (&*args.directory, args.base.as_deref());
    let marker = Target { directory, source: &source, base, owner }.fill(&mut expected, &steps)?;
    if args.json { super::print(&marker.to_json()) } else { Ok(()) }
}

/// A directory, and the archive that it is restored from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) directory: &'a Path,
    pub(super) source: &'a Source,
    pub(super) base: Option<&'a Path>,
    pub(super) owner: Option<Owner>,
}

impl Target<'_> {
    /// Restores the archive, unless the directory has it already. Returns the marker of the directory.
    ///
    /// # Errors
    /// As [`run`].
    pub(super) fn fill(
        self,
        expected: &mut Expected,
        steps: &Steps<'_>,
    ) -> Result<Marker, Failure> {
        let Self { directory, source, base, owner } = self;
        let console = steps.console;
        for _ in 0..ATTEMPTS {
            let place = match look(directory)? {
                Found::Restored(marker) => {
                    remove_leftovers(directory)?;
                    expected.look_beside(source, console)?;
                    return self.restored(marker, expected, console);
                }
                Found::Free(place) => place,
            };
            let Some(mut staging) = Staging::open(place)? else { continue };
            if let Some(marker) = staging.complete() {
                expected.look_beside(source, console)?;
                if staging.is_half_moved()? || is_of(&marker, expected, source, console)? {
                    console.note(
                        "the files are complete; an earlier run was interrupted before their move",
                    );
                    staging.publish(&marker)?;
                    continue;
                }
                console.note("an earlier run was interrupted with another archive: starting again");
                staging.clear()?;
            }
            let marker = run::Order { source, base, owner, steps }.carry_out(staging, expected)?;
            let (directory, sha256) = (directory.display(), hex::encode(marker.sha256));
            console.title(&format!("{directory} is ready: sha256 {sha256}"));
            if owner.is_none() {
                // An archive has no access lists.
                access::give(self.directory, console);
            }
            return Ok(marker);
        }
        let message = format!("{}: another process changes it", directory.display());
        Err(Failure::new(exit::OUTPUT, message, Some("run this again")))
    }

    /// The directory was restored before: from the same archive, or it is refused.
    fn restored(
        self,
        marker: Marker,
        expected: &Expected,
        console: &Console,
    ) -> Result<Marker, Failure> {
        let directory = self.directory.display();
        if is_of(&marker, expected, self.source, console)? {
            console.title(&format!("{directory} was restored from this archive: nothing to do"));
            return Ok(marker);
        }
        let (label, digest) = (self.source.label(), hex::encode(marker.sha256));
        let (other, hint) = match expected.digest().map(hex::encode) {
            Some(other) => (
                format!("{label} has sha256 {other}"),
                "restore into another directory, or move this one away",
            ),
            None => (
                format!("{label} has no digest to compare with"),
                "pass --sha256, or restore into another directory",
            ),
        };
        let message =
            format!("{directory}: was restored from the archive with sha256 {digest}, and {other}");
        Err(Failure::new(exit::OUTPUT, message, Some(hint)))
    }
}

/// Reads the list of an archive in several files.
fn in_parts(source: Source, expected: &mut Expected, console: &Console) -> Result<Source, Failure> {
    const MOST: u64 = 16 << 20;
    if !source.may_be_list() {
        return Ok(source);
    }
    let json = source.small(MOST, console).map_err(|error| source_failure(&source, error))?;
    let list = Parts::parse(&json).map_err(|what| {
        let message = format!("{}: is not a list of an archive's files: {what}", source.label());
        Failure::new(exit::INPUT, message, Some("docs/archives.md has its format"))
    })?;
    expected.set_listed(list.sha256);
    Ok(source.in_parts(list))
}

fn digest(args: &Args) -> Result<Option<[u8; 32]>, Failure> {
    let Some(text) = args.sha256.as_deref().and_then(given) else { return Ok(None) };
    parse_digest(text).map(Some).ok_or_else(|| {
        let what = format!("--sha256 is {text:?}, expected 64 hex digits");
        Failure::usage(what, "regenesis pack and sha256sum print it")
    })
}

fn owner(args: &Args) -> Result<Option<Owner>, Failure> {
    let Some(text) = args.chown.as_deref().and_then(given) else { return Ok(None) };
    text.parse().map(Some).map_err(|()| super::init::wrong_owner(text))
}

/// Whether a marker is of this archive: by the digest, or without one by place, version and size.
fn is_of(
    marker: &Marker,
    expected: &Expected,
    source: &Source,
    console: &Console,
) -> Result<bool, Failure> {
    Ok(match expected.digest() {
        Some(digest) => digest == marker.sha256,
        None => run::identity(source, console)?.is_some_and(|identity| identity == marker.source),
    })
}

/// A name for messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
