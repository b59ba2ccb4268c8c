//! The snapshot of a new chain.

use alloy_primitives::B256;

use crate::capture::{self, Captured, edit};
use crate::el::{self, genesis};
use crate::file::{Content, FilePart, InMemory, Input, OutFile};
use crate::forks::{Blobs, Hardfork};
use crate::genesis_generator::Network;
use crate::progress::Silent;
use crate::snapshot::metadata::{self, Metadata};
use crate::snapshot::{CONFIG, GENESIS, MNEMONICS, VALIDATORS, mnemonics, validators};

/// What else belongs to the snapshot of a [`Network`].
#[derive(Debug)]
pub struct Request<'a> {
    /// Name of the snapshot.
    pub name: String,
    /// What described the chain, for the metadata.
    pub kind: String,
    /// Wei per gas in block 0; `None`: geth's 1 gwei.
    pub base_fee: Option<u64>,
    /// Whether everyone may read the mnemonics.
    pub public: bool,
    /// The content of [`Network::validators`].
    pub validators: Option<Vec<u8>>,
    /// Version of the program.
    pub version: &'a str,
}

/// The files of the snapshot. It has no time: that of the network is left out.
///
/// # Errors
/// The genesis of the network is not valid: a bug, as the variables were checked.
pub fn snapshot(network: &Network, request: Request<'_>) -> Result<Captured, capture::Error> {
    let source = network.genesis.as_bytes();
    let (mut document, _) = genesis::read(source, &|_| ())?;
    document.clear_timestamp();
    if let Some(wei) = request.base_fee {
        document.set_base_fee(wei);
    }
    let config = document.genesis()?.config;
    let mut latest = None;
    for fork in Hardfork::ALL {
        let inherits = fork.blobs() == Blobs::Inherited && config.time(*fork).is_some();
        match (config.blob_params(*fork), fork.blob_schedule_key(), latest) {
            (Some(params), ..) => latest = Some(params),
            // geth refuses a genesis without the entry, although the limits are those of the fork before.
            (None, Some(entry), Some(params)) if inherits => {
                document.set_blob_params(entry, params)?;
            }
            _ => {}
        }
    }
    let chain_id = document.checked_genesis()?.config.chain_id_64()?;
    let mut text = Vec::with_capacity(source.len());
    for part in document.parts(&[]) {
        match part {
            FilePart::Text(bytes) => text.extend_from_slice(&bytes),
            FilePart::Source(range) => {
                let [start, end] =
                    [range.start, range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
                text.extend_from_slice(source.get(start..end).unwrap_or_default());
            }
            FilePart::Encoded(_) => {}
        }
    }
    let open = || Ok::<_, el::Error>(&text[..]);
    let root: B256 = el::proof::state_root(open, &|_| ())?;
    let mut metadata = Metadata {
        format: metadata::FORMAT,
        name: request.name,
        chain_id,
        regenesis: Some(request.version.to_owned()),
        source: Some(metadata::Source { kind: request.kind, ..metadata::Source::default() }),
        state_root: Some(root),
        ..Metadata::default()
    };
    let input = Input::memory(&network.source, &text[..]);
    edit::count(&input, &InMemory, &Silent)?.counts.record(&mut metadata);
    let listed = request.validators.as_deref();
    let entries = mnemonics::parse(network.mnemonics.as_bytes()).unwrap_or_default();
    let listed_count = listed.and_then(|text| {
        validators::parse(text, validators::KeyCheck::Sample).ok().map(|listed| listed.len())
    });
    let count = entries.iter().map(|entry| u64::from(entry.count)).sum::<u64>()
        + listed_count.unwrap_or_default() as u64;
    metadata.counts.insert("validators".to_owned(), count);
    let bytes = |text: &str| Content::Bytes(text.as_bytes().to_vec());
    let mut files = vec![
        OutFile::new(GENESIS, Content::Bytes(text), false),
        OutFile::new(CONFIG, bytes(&network.config), false),
        OutFile::new(MNEMONICS, bytes(&network.mnemonics), !request.public),
    ];
    files.extend(listed.map(|text| OutFile::new(VALIDATORS, Content::Bytes(text.to_vec()), false)));
    Ok(Captured { files, metadata })
}
