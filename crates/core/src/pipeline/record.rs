//! The record of a bake: `bake.json`.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

use super::baked::entropy_id;
use super::{Digests, Error, Prepared, Request, l2};
use crate::cl;
use crate::digest;
use crate::file::{FileDigest, FilePart, Input, InputReader, ReadError, each_chunk};
use crate::snapshot::bake::{BakedGenesis, BakedKeystores, Record};

/// The record of a preparation, without the files of the bake itself. `digests` are those of the
/// inputs.
///
/// # Errors
/// An input cannot be read; the genesis has more than one alloc.
pub fn bake_record(
    request: &Request<'_>,
    prepared: &Prepared,
    digests: &Digests,
    reader: &dyn InputReader,
) -> Result<Record, Error> {
    let snapshot = &prepared.snapshot;
    let mut files = Vec::new();
    for (path, input) in snapshot.small_files() {
        files.push(FileDigest::of(&*path, &reader.read(input)?));
    }
    let large = snapshot.large_files().into_iter();
    let trees = large.filter_map(|(path, _)| {
        let digest = digests.get(&*path)?.clone();
        Some((path.into_owned(), digest))
    });
    Ok(Record {
        regenesis: env!("CARGO_PKG_VERSION").to_owned(),
        genesis: baked_genesis(prepared, reader)?,
        files,
        trees: trees.collect(),
        genesis_validators_root: registry_root(prepared)?,
        sources: prepared.sources.clone(),
        l2: l2::record(prepared)?,
        keystores: request.kdf.map(|kdf| BakedKeystores {
            kdf: kdf.to_string(),
            count: prepared.keystores.len(),
            entropy: entropy_id(request.entropy),
        }),
        geth: None,
    })
}

/// `genesis_validators_root`, which depends on the validators alone.
///
/// # Errors
/// The config schedules no fork at genesis.
pub fn registry_root(prepared: &Prepared) -> Result<B256, Error> {
    let Prepared { snapshot, config, preset, validators, .. } = prepared;
    let fork = config.genesis_fork().map_err(|error| Error::config(&snapshot.config, error))?;
    Ok(cl::state::genesis_validators_root(fork, preset, validators))
}

fn baked_genesis(prepared: &Prepared, reader: &dyn InputReader) -> Result<BakedGenesis, Error> {
    let snapshot = &prepared.snapshot;
    let input = &snapshot.genesis;
    let [alloc] = &prepared.document.alloc[..] else {
        return Err(Error::snapshot(input, "has more than one alloc", "merge them into one"));
    };
    let size = prepared.file_size;
    let mut file = Sha256::new();
    hash(&mut file, input, 0..size, reader)?;
    // The written file starts with this: see Document::parts.
    let mut prefix = Sha256::new();
    let mut length = 0;
    if let Some(FilePart::Text(text)) = prepared.document.parts(&[]).first() {
        prefix.update(text);
        length = text.len() as u64;
    }
    hash(&mut prefix, input, alloc.range.clone(), reader)?;
    Ok(BakedGenesis {
        file: FileDigest {
            path: snapshot.genesis_path().to_owned(),
            size,
            sha256: file.finalize().into(),
        },
        alloc: alloc.range.clone(),
        empty: alloc.empty,
        accounts: prepared.accounts,
        state_root: prepared.state_root,
        missing: prepared.missing.clone(),
        sha256_state: digest::save(&prefix),
        sha256_length: length + alloc.range.end - alloc.range.start,
    })
}

fn hash(
    hasher: &mut Sha256,
    input: &Input,
    range: std::ops::Range<u64>,
    reader: &dyn InputReader,
) -> Result<(), Error> {
    let failed = |source| Error::from(ReadError { input: input.clone(), source });
    each_chunk(reader.open_range(input, range)?, failed, |bytes| {
        hasher.update(bytes);
        Ok(())
    })
}
