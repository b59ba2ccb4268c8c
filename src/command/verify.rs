//! `regenesis verify`: proves that a snapshot is whole, and its bake of it.

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use rayon::prelude::*;
use serde::Serialize;

use super::prepare::{Prepared, Steps, Wanted, compute, inputs};
use super::{Failure, bake as baking};
use crate::cl::preset::Revision;
use crate::exit;
use crate::keys::Entropy;
use crate::rim::console::{self, Console};
use crate::rim::fs;
use crate::snapshot::bake::{self, Record};
use crate::snapshot::metadata::Metadata;
use crate::snapshot::{Input, METADATA};

const EXAMPLES: &str = "Examples:
  regenesis verify my-snapshot         read every byte; compare with baked/
  regenesis verify my-snapshot --json";

/// Prove a snapshot: every file is read, the state root and all keys are computed, and baked/ must
/// say the same
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// Snapshot directory
    #[arg(env = "REGENESIS_SNAPSHOT", hide_env_values = true)]
    snapshot: PathBuf,
    /// Print the result to stdout
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Verified {
    snapshot: String,
    accounts: usize,
    validators: usize,
    state_root: String,
    /// `null`: it was not captured.
    proven: Option<bool>,
    derived: Vec<String>,
    baked: bool,
    keystores: usize,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot is wrong, or the bake is not of it.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let snapshot = super::snapshot_directory(&args.snapshot)?;
    let entropy = Entropy::new([0; 32]);
    let wanted = Wanted {
        snapshot: &snapshot,
        revision: Revision::default(),
        add_system_contracts: false,
        kdf: None,
        entropy: &entropy,
        seeded: false,
    };
    let mut steps = Steps::start(console);
    console.title(&format!(
        "regenesis {} · verifying {}",
        env!("CARGO_PKG_VERSION"),
        snapshot.name
    ));
    let prepared = compute(&wanted, &mut steps)?;
    prepared.warnings.iter().for_each(|warning| console.warning(warning));
    let metadata = inputs::read_metadata(&snapshot)?.unwrap_or_default();
    check_files(&args.snapshot, &metadata, &prepared, &mut steps)?;
    let mut keystores = 0;
    if let Some(baked) = &snapshot.baked {
        let wrong = |what: &str| {
            let message = format!("{} {what}", args.snapshot.join(bake::DIRECTORY).display());
            Failure::new(exit::VERIFICATION, message, Some("regenesis bake makes it anew"))
        };
        let found = Record::parse(&fs::read(&baked.record)?)
            .map_err(|_| wrong("has a damaged bake.json"))?;
        let mut expected = baking::record(&wanted, &prepared)?;
        expected.keystores.clone_from(&found.keystores);
        expected.files.extend(
            found.files.iter().filter(|file| file.path.starts_with(bake::DIRECTORY)).cloned(),
        );
        if expected != found {
            return Err(wrong("was made from other files, or by another version"));
        }
        let validators = fs::read(&baked.validators)?;
        if validators != bake::encode_validators(&prepared.validators) {
            return Err(wrong("has other validators than the mnemonics give"));
        }
        if found.keystores.is_some() {
            let bound = found.bound(bake::KEYSTORES);
            let sha256 = hex::encode(fs::sha256(&baked.keystores)?);
            let mut open = bound.is_some_and(|bound| bound.sha256 == sha256);
            fs::each_lines(&baked.keystores, 1024, |lines| {
                let sealed = bake::decode_keystores(lines).map_err(|_| wrong("is damaged"))?;
                open &= sealed.par_iter().all(|key| key.open().is_ok());
                keystores += sealed.len();
                Ok::<_, Failure>(())
            })?;
            if !open || found.keystores.as_ref().is_none_or(|known| known.count != keystores) {
                return Err(wrong("has keystores that do not open"));
            }
        }
        steps.done("baked", &format!("holds, {keystores} keystores open"));
    }
    if args.json {
        let verified = Verified {
            snapshot: snapshot.name.clone(),
            accounts: prepared.accounts,
            validators: prepared.validators.len(),
            state_root: prepared.state_root.to_string(),
            proven: metadata.proven,
            derived: metadata.derived,
            baked: snapshot.baked.is_some(),
            keystores,
        };
        let mut json = serde_json::to_vec_pretty(&verified).unwrap_or_default();
        json.push(b'\n');
        console::print(&json)
            .map_err(|error| Failure::new(exit::OUTPUT, format!("stdout: {error}"), None))?;
    }
    Ok(())
}

/// The files are those that the metadata names, and the state is that of the captured block.
fn check_files(
    snapshot: &Path,
    metadata: &Metadata,
    prepared: &Prepared,
    steps: &mut Steps<'_>,
) -> Result<(), Failure> {
    const HINT: &str = "it was edited or damaged: capture it again";
    for (path, file) in &metadata.files {
        let input = Input::File(snapshot.join(path));
        if fs::length(&input)? != file.size || hex::encode(fs::sha256(&input)?) != file.sha256 {
            let message = format!("{} is not the file that {METADATA} names", input.label());
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
    }
    let block = metadata.source.as_ref().and_then(|source| source.block.as_ref());
    let of_block = block.filter(|_| metadata.proven == Some(true) && metadata.derived.is_empty());
    for (name, root) in
        [("state_root", metadata.state_root), ("its block", of_block.map(|block| block.state_root))]
    {
        if let Some(root) = root.filter(|root| *root != prepared.state_root) {
            let path = snapshot.join(METADATA);
            let message = format!(
                "{}: {name} has {root}, but the alloc gives {}",
                path.display(),
                prepared.state_root
            );
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
    }
    if !metadata.files.is_empty() {
        steps.done("files", &format!("{} as {METADATA} names them", metadata.files.len()));
    }
    Ok(())
}
