//! `regenesis oci verify`: every byte of a snapshot in a registry.

use std::io::Read;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::{pull, remote};
use crate::command::restore::{fraction, megabytes, source_failure};
use crate::command::steps::Steps;
use crate::command::{Failure, print};
use crate::exit;
use crate::io::console::Console;
use crate::io::download::Stream;

const EXAMPLES: &str = "Examples:
  regenesis oci verify oci://ghcr.io/team/my-snapshot:v1
  regenesis oci verify oci://ghcr.io/team/my-snapshot:v1 --key team.pub

Prints the reference with its digest: a pull of that is a pull of what was verified.";

const BUFFER: usize = 1 << 18;

/// Read every file of a snapshot in a registry, and check digests and signature
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Registry, repository, and tag or digest
    #[arg(value_name = "oci://REGISTRY/REPOSITORY[:TAG][@DIGEST]")]
    reference: String,
    /// Require a signature by the public key in this file: PEM, Ed25519 or P-256
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// The registry cannot be reached, or a check fails.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let reference = remote::reference(&args.reference)?;
    let key = pull::key(args.key.as_deref())?;
    let steps = Steps::start(console);
    let remote = remote::Remote::read(&reference, key.as_ref(), console)?;
    let source = remote.source();
    let failed = |error| source_failure(&source, error);
    let mut stream = Stream::open(&source, 0, None, console).map_err(failed)?;
    let broken = stream.broken();
    let size = stream.size().unwrap_or_default();
    let (mut hasher, mut buffer, mut count) = (Sha256::new(), vec![0; BUFFER], 0_u64);
    loop {
        let length = stream.read(&mut buffer).map_err(|error| match broken.take() {
            Some(error) => failed(error),
            None => Failure::new(exit::SOURCE, format!("{}: {error}", source.label()), None),
        })?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
        count += length as u64;
        console.heartbeat(fraction(count, Some(size)), || {
            format!("{} of {}", megabytes(count), megabytes(size))
        });
    }
    if *hasher.finalize() != remote.artifact.sha256 {
        let message = format!("{}: the files have another digest than listed", source.label());
        return Err(Failure::new(exit::VERIFICATION, message, Some("push the snapshot again")));
    }
    let files = remote.artifact.layers.len();
    steps.done("verify", &format!("{files} files, {}", megabytes(remote.artifact.size())));
    print(format!("{}\n", remote.reference).as_bytes())
}
