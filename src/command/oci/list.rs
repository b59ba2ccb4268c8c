//! `regenesis oci ls`: the tags of a repository.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{failure, remote};
use crate::archive::oci::{Artifact, IMAGE_TAG, Reference, Signatures, digest_text};
use crate::command::restore::megabytes;
use crate::command::{Failure, print, print_json};
use crate::io::console::Console;
use crate::io::download::Error;
use crate::io::registry::Registry;

const EXAMPLES: &str = "Examples:
  regenesis oci ls oci://ghcr.io/team/my-snapshot
  regenesis oci ls oci://ghcr.io/team/my-snapshot --json | jq -r '.tags[].tag'";

/// List the snapshots of a repository
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Registry and repository
    #[arg(value_name = "oci://REGISTRY/REPOSITORY")]
    reference: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct List {
    format: u8,
    repository: String,
    tags: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    tag: String,
    /// `snapshot`, `image` or `other`.
    kind: &'static str,
    digest: String,
    files: Option<usize>,
    bytes: Option<u64>,
    /// By any key.
    signed: bool,
}

/// Runs the verb.
///
/// # Errors
/// The registry cannot be reached.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let reference = remote::reference(&args.reference)?;
    let registry = Registry::new(&reference);
    let name = registry.name();
    let failed = |error| failure::registry(&name, error);
    let tags = registry.tags(console).map_err(failed)?;
    let all: BTreeSet<_> = tags.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    for tag in tags.iter().filter(|tag| !is_signature(tag)) {
        console.heartbeat(None, || format!("reading {tag}"));
        // The registry may be another author's: a broken manifest must not hide the other tags.
        let found = if Reference::is_tag(tag) {
            registry.manifest(tag, console)
        } else {
            Err(Error::Status("is not a valid tag".to_owned()))
        };
        let found = match found {
            Ok(None) => continue,
            Ok(Some(found)) => found,
            Err(error @ (Error::Status(_) | Error::Differs(_))) => {
                console.warning(&format!("{name}: the tag {tag:?} is left out: {}", error.what()));
                continue;
            }
            Err(error) => return Err(failed(error)),
        };
        let artifact = Artifact::parse(&found.bytes).ok();
        let kind = match &artifact {
            Some(_) => "snapshot",
            None if tag.ends_with(IMAGE_TAG) => "image",
            None => "other",
        };
        rows.push(Row {
            tag: tag.clone(),
            kind,
            digest: digest_text(&found.digest),
            files: artifact.as_ref().map(|artifact| artifact.layers.len()),
            bytes: artifact.as_ref().map(Artifact::size),
            signed: all.contains(&*Signatures::tag(&found.digest)),
        });
    }
    if args.json {
        return print_json(&List { format: 1, repository: name, tags: rows });
    }
    if rows.is_empty() {
        console.note(&format!("{name} has no tags: regenesis push adds one"));
    }
    let width = rows.iter().map(|row| row.tag.len()).max().unwrap_or_default();
    let line = |row: &Row| {
        let size = row.bytes.map_or_else(String::new, megabytes);
        let signed = if row.signed { "signed" } else { "" };
        let text = format!(
            "{:<width$}  {:<8}  {:>10}  {signed:<6}  {}",
            row.tag, row.kind, size, row.digest
        );
        text + "\n"
    };
    print(rows.iter().map(line).collect::<String>().as_bytes())
}

fn is_signature(tag: &str) -> bool {
    tag.starts_with("sha256-") && tag.rsplit('.').next() == Some("sig")
}
