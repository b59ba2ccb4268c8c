//! `regenesis pull`: a snapshot from a registry.

use std::path::{Path, PathBuf};

use super::{remote, sign};
use crate::archive::Marker;
use crate::archive::oci::{PublicKey, Reference};
use crate::command::restore::{Expected, Target};
use crate::command::steps::Steps;
use crate::command::{Failure, print_json};
use crate::io::console::Console;

const EXAMPLES: &str = "Examples:
  regenesis pull oci://ghcr.io/team/my-snapshot:v1 my-snapshot
  regenesis pull oci://ghcr.io/team/my-snapshot@sha256:HEX my-snapshot     exactly this one
  regenesis pull oci://ghcr.io/team/my-snapshot:v1 my-snapshot --key team.pub

The directory appears when it is complete and every file has its digest. To resume an interrupted
pull, run the same command again. Credentials are those of docker login.";

/// Pull a snapshot from an OCI registry into a directory
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Registry, repository, and tag or digest [default tag: latest]
    #[arg(value_name = "oci://REGISTRY/REPOSITORY[:TAG][@DIGEST]")]
    reference: String,
    /// The directory: a new or an empty one
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Refuse a snapshot that is not signed by the public key in this file: PEM, Ed25519 or P-256
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print the reference with its digest, and the digest of the files, as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, serde::Serialize)]
struct Pulled {
    format: u8,
    reference: String,
    digest: String,
    archive_sha256: String,
}

/// Runs the verb.
///
/// # Errors
/// The registry cannot be reached, the snapshot is refused, or the directory cannot be written.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let reference = remote::reference(&args.reference)?;
    let key = key(args.key.as_deref())?;
    let (remote, marker) = pull(&reference, key.as_ref(), &args.directory, console)?;
    if args.json {
        let (digest, archive_sha256) = (remote.digest(), hex::encode(marker.sha256));
        let reference = remote.reference.to_string();
        return print_json(&Pulled { format: 1, reference, digest, archive_sha256 });
    }
    Ok(())
}

/// The public key of `--key`.
pub(super) fn key(path: Option<&Path>) -> Result<Option<PublicKey>, Failure> {
    let path = path.filter(|path| !path.as_os_str().is_empty());
    path.map(sign::public_key).transpose()
}

/// Pulls a snapshot into a directory, unless the directory has it already.
pub(super) fn pull(
    reference: &Reference,
    key: Option<&PublicKey>,
    directory: &Path,
    console: &Console,
) -> Result<(remote::Remote, Marker), Failure> {
    let steps = Steps::start(console);
    console.title(&format!("regenesis {} · pulling {reference}", env!("CARGO_PKG_VERSION")));
    let remote = remote::Remote::read(reference, key, console)?;
    if reference.digest.is_none() {
        console.note(&format!("{} is {}", reference.tag(), remote.digest()));
    }
    let source = remote.source();
    let mut expected = Expected::of_flag(None);
    expected.set_listed(remote.artifact.sha256);
    let target = Target { directory, source: &source, base: None, owner: None };
    let marker = target.fill(&mut expected, &steps)?;
    Ok((remote, marker))
}
