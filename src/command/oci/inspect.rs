//! `regenesis oci inspect`: the manifest of a snapshot.

use serde::Serialize;

use super::{failure, remote, sign};
use crate::archive::oci::digest_text;
use crate::command::restore::megabytes;
use crate::command::{Failure, print, print_json};
use crate::io::console::Console;

const EXAMPLES: &str = "Examples:
  regenesis oci inspect oci://ghcr.io/team/my-snapshot:v1
  regenesis oci inspect oci://ghcr.io/team/my-snapshot:v1 --json | jq -r .digest

Only the manifest is read: regenesis oci verify reads the files.";

/// Show the files of a snapshot in a registry, with their digests
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Registry, repository, and tag or digest
    #[arg(value_name = "oci://REGISTRY/REPOSITORY[:TAG][@DIGEST]")]
    reference: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Shown {
    format: u8,
    reference: String,
    digest: String,
    archive_sha256: String,
    bytes: u64,
    /// By any key.
    signed: bool,
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct File {
    path: String,
    mode: String,
    size: u64,
    digest: String,
}

/// Runs the verb.
///
/// # Errors
/// The registry cannot be reached, or has something else there.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let reference = remote::reference(&args.reference)?;
    let remote = remote::Remote::read(&reference, None, console)?;
    let signed = sign::is_there(&remote.registry, &remote.digest, console);
    let signed = signed.map_err(|error| failure::registry(&reference.to_string(), error))?;
    let files = remote.artifact.layers.iter().map(|layer| File {
        path: layer.file.path.clone(),
        mode: format!("{:o}", layer.mode),
        size: layer.file.size,
        digest: digest_text(&layer.file.sha256),
    });
    let shown = Shown {
        format: 1,
        reference: remote.reference.to_string(),
        digest: remote.digest(),
        archive_sha256: hex::encode(remote.artifact.sha256),
        bytes: remote.artifact.size(),
        signed,
        files: files.collect(),
    };
    if args.json {
        return print_json(&shown);
    }
    let signed = if shown.signed { "yes: check it with regenesis oci verify --key" } else { "no" };
    let (count, size) = (shown.files.len(), megabytes(shown.bytes));
    let head = format!("{}\nfiles   {count}, {size}\nsigned  {signed}\n\n", shown.reference);
    let line =
        |file: &File| format!("{} {:>12}  {}  {}\n", file.mode, file.size, file.digest, file.path);
    print((head + &shown.files.iter().map(line).collect::<String>()).as_bytes())
}
