//! `regenesis bake`: computes, once, everything that is independent of the genesis time.

mod geth;
#[cfg(feature = "host")]
mod import;
mod ours;

use std::path::{Path, PathBuf};

use alloy_primitives::B256;

#[cfg(feature = "host")]
use super::init::path_or_empty;
use super::init::seed;
use super::steps::Steps;
use super::{Failure, access, given, unchanged};
use crate::el::state_sink::StateSink;
use crate::exit;
use crate::file::{FileDigest, InputReader as _};
use crate::io::atomic_file::AtomicFile;
use crate::io::console::Console;
use crate::io::disk;
use crate::io::fs::Files;
use crate::io::identity::Watch;
use crate::io::lock::Held;
use crate::keys::{Entropy, Kdf, SecretText};
use crate::pipeline::{self, Prepared, Request};
use crate::snapshot::Snapshot;
use crate::snapshot::bake::{self, Record};
use crate::snapshot::seen::Seen;
use crate::snapshot_files::{digests, geth_database, work};
pub(super) use geth::Choice;
use geth::Database;

const EXAMPLES: &str = "Examples:
  regenesis bake my-snapshot                   then run: regenesis init my-snapshot
  regenesis bake my-snapshot --keystores none  derive and seal the keys at every boot
  regenesis bake my-history --geth geth        let geth import the blocks now; not in the init image

A bake is bound to the files of its snapshot by their digests. If it is damaged, belongs to other
files or comes from another version, init warns and computes everything itself.";

/// Precompute everything that does not depend on the genesis time, so that a boot only copies the state
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory; baked/ is written into it
    snapshot: PathBuf,
    /// Keystores to store in the snapshot, with their passwords: light ones protect nothing; keep
    /// others as secret as the mnemonic
    #[arg(long, value_name = "light|pbkdf2|scrypt|none", default_value = "light")]
    keystores: String,
    /// Store geth's database of the state, too, so that a boot copies it instead of running `geth init`.
    /// It is 1.6 times as large as genesis.json [default: yes if that has 1 MB or more]
    #[arg(long, value_name = "yes|no", hide_possible_values = true)]
    geth_datadir: Option<YesNo>,
    /// geth 1.16 or 1.17, which imports the blocks of a history now: a boot then copies its database. A
    /// snapshot of a state needs none
    #[cfg(feature = "host")]
    #[arg(long, value_name = "PROGRAM", value_parser = path_or_empty())]
    geth: Option<PathBuf>,
    /// 32 bytes in hex from which the keystores are derived, for reproducible output
    #[arg(long, value_name = "HEX")]
    seed: Option<SecretText>,
    /// Print the record of the bake (baked/bake.json) to stdout
    #[arg(long)]
    json: bool,
}

/// A choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum YesNo {
    /// Store it
    Yes,
    /// Leave it out, and remove an earlier one
    No,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot is not valid, or cannot be written to.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let kdf = match args.keystores.as_str() {
        "none" => None,
        text => Some(text.parse::<Kdf>().map_err(|_| {
            Failure::usage(
                format!("--keystores is {text:?}, expected light, pbkdf2, scrypt or none"),
                "see regenesis bake --help",
            )
        })?),
    };
    let chosen = args.seed.as_deref().and_then(given);
    let geth_datadir = match args.geth_datadir {
        None => Choice::BySize,
        Some(YesNo::Yes) => Choice::Yes,
        Some(YesNo::No) => Choice::No,
    };
    let seeded = chosen.is_some();
    #[cfg(feature = "host")]
    let geth = args.geth.as_deref().filter(|path| !path.as_os_str().is_empty());
    #[cfg(not(feature = "host"))]
    let geth = None;
    let order = Order { kdf, geth_datadir, geth, seed: seed(chosen)?, seeded, known: &[] };
    let directory = &args.snapshot;
    let _lock = work::hold(directory, console).map_err(|held| busy(&held))?;
    if work::is_half_published(directory) {
        let message = format!(
            "{}: a capture or an edit was interrupted while it published its files",
            directory.display()
        );
        let hint = "run the same command again: it finishes the snapshot";
        return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
    }
    let snapshot = super::snapshot_directory(directory)?;
    check_place(directory)?;
    let steps = Steps::start(console);
    console.title(&format!("regenesis {} · baking {}", env!("CARGO_PKG_VERSION"), snapshot.name));
    let record = bake_snapshot(directory, &snapshot, &order, &steps)?.record;
    steps.done("write", &directory.join(bake::DIRECTORY).display().to_string());
    if args.json {
        super::print(&record)?;
    }
    Ok(())
}

/// The error when another bake or capture holds the lock for too long.
pub(super) fn busy(held: &Held) -> Failure {
    let hint =
        "another bake or capture is writing to it: wait until it has finished, and run this again";
    Failure::new(exit::OUTPUT, held.to_string(), Some(hint))
}

/// What to bake.
pub(super) struct Order<'a> {
    /// Protection of the keystores; `None`: bake none.
    pub(super) kdf: Option<Kdf>,
    /// Whether to bake geth's database.
    pub(super) geth_datadir: Choice,
    /// The geth that imports a history.
    pub(super) geth: Option<&'a Path>,
    /// Source of the keystores' randomness.
    pub(super) seed: [u8; 32],
    /// Whether the user chose the seed.
    pub(super) seeded: bool,
    /// Warnings that the user has seen already.
    pub(super) known: &'a [String],
}

/// A bake that is written.
#[derive(Debug)]
pub(super) struct Baked {
    /// Bytes of `bake.json`.
    pub(super) record: Vec<u8>,
    /// [`Prepared::captured_state_root`] of the files as they are on disk.
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "only a capture compares it"))]
    pub(super) state_root: B256,
}

/// Bakes `snapshot` into `directory`.
///
/// # Errors
/// The snapshot is not valid, or the directory cannot be written to.
pub(super) fn bake_snapshot(
    directory: &Path,
    snapshot: &Snapshot,
    order: &Order<'_>,
    steps: &Steps<'_>,
) -> Result<Baked, Failure> {
    let watch = Watch::of(&snapshot.inputs());
    let entropy = Entropy::new(order.seed);
    let disk = geth_database::Writer { directory };
    let collector = order.collector(snapshot, &disk)?;
    let sink = collector.as_ref().map(|collector| collector as &dyn StateSink);
    let request =
        Request { kdf: order.kdf, seeded: order.seeded, ..Request::new(snapshot, &entropy) };
    let prepared =
        pipeline::compute(&Request { sink, space: Some(&disk), ..request }, &Files, steps)?;
    let fresh = prepared.warnings.iter().filter(|warning| !order.known.contains(warning));
    fresh.for_each(|warning| steps.console.warning(warning));
    let digests = digests::compute(snapshot)?;
    let record = pipeline::bake_record(&request, &prepared, &digests, &Files)?;
    let database = order.collected(collector, &prepared, steps)?;
    #[cfg(feature = "host")]
    let database = order.imported(directory, &prepared, steps)?.or(database);
    unchanged(&watch)?;
    let seen = digests::seen(snapshot, &watch, &digests);
    let bake = Bake { directory, request: &request, prepared: &prepared, database, record, seen };
    Ok(Baked { record: bake.write(steps)?, state_root: prepared.captured_state_root() })
}

/// A bake to write.
struct Bake<'a> {
    directory: &'a Path,
    request: &'a Request<'a>,
    prepared: &'a Prepared,
    /// geth's database.
    database: Option<Database<'a>>,
    /// Without the files of the bake itself.
    record: Record,
    seen: Seen,
}

impl Bake<'_> {
    /// Writes the bake into its snapshot's directory; returns its record.
    fn write(self, steps: &Steps<'_>) -> Result<Vec<u8>, Failure> {
        let Self { directory, request, prepared, database, mut record, seen } = self;
        let place = |path: &str| directory.join(path);
        check_place(directory)?;
        // A bake without its record is not used: it is removed first and written last.
        disk::remove_file(&place(bake::RECORD))?;
        disk::remove_file(&place(bake::SEEN))?;
        if request.kdf.is_none() {
            disk::remove_file(&place(bake::KEYSTORES))?;
        }
        let file = AtomicFile::create(&place(bake::VALIDATORS), false)?;
        let validators = bake::encode_validators(&prepared.validators);
        record.files.push(publish(file, bake::VALIDATORS, &validators)?);
        if let Some(kdf) = request.kdf {
            // They are as secret as the phrase beside them.
            let mnemonics = request.snapshot.mnemonics.as_ref();
            let secret = !mnemonics.is_some_and(|input| Files.is_public(input));
            let mut file = AtomicFile::create(&place(bake::KEYSTORES), secret)?;
            prepared.keystores.each(request, &Files, steps, |sealed| {
                Ok::<_, Failure>(file.put(&bake::encode_keystores(sealed))?)
            })?;
            record.files.push(publish(file, bake::KEYSTORES, &[])?);
            access::follow(mnemonics, &place(bake::KEYSTORES));
            steps.done("seal", &format!("{} keystores, kdf {kdf}", prepared.keystores.len()));
        }
        geth_database::remove(directory)?;
        if let Some(database) = database {
            record.geth = Some(database.write(prepared.state_root, steps)?);
            geth_database::sync(directory)?;
        }
        if !seen.files.is_empty() {
            publish(AtomicFile::create(&place(bake::SEEN), false)?, bake::SEEN, &seen.to_bytes())?;
        }
        let bytes = record.to_bytes();
        publish(AtomicFile::create(&place(bake::RECORD), false)?, bake::RECORD, &bytes)?;
        Ok(bytes)
    }
}

/// Checks that `baked/` is a directory, or can become one, and has under the names of a bake only
/// files that a bake wrote.
fn check_place(directory: &Path) -> Result<(), Failure> {
    disk::check_directory(&directory.join(bake::DIRECTORY))?;
    for path in bake::FILES {
        disk::check_file(&directory.join(path))?;
    }
    ours::check(directory)
}

/// Completes a file of the bake with `bytes`.
fn publish(mut file: AtomicFile, path: &str, bytes: &[u8]) -> Result<FileDigest, Failure> {
    file.put(bytes)?;
    let (size, sha256) = file.publish()?;
    Ok(FileDigest { path: path.to_owned(), size, sha256 })
}
