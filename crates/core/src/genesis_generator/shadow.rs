//! Shadow forks: `genesis.json` of an existing network. Its forks up to the block that is continued
//! keep their times; the variables schedule the later ones.

use std::ops::Range;

use super::blobs::Bpo;
use super::execution::{fork_limits, hardforks, time};
use super::table::NEVER;
use super::{Error, Settings};
use crate::el::genesis::{self, Document, Genesis};
use crate::el::public_chains::{self, Network};
use crate::file::FilePart;
use crate::forks::{BlobParams, Hardfork};

/// Variables of the state, which an existing network already has.
const OF_STATE: [&str; 7] = [
    "EL_PREMINE_COUNT",
    "EL_PREMINE_BALANCE",
    "EL_PREMINE_ADDRS",
    "ADDITIONAL_PRELOADED_CONTRACTS",
    "PRELOAD_WELL_KNOWN_CONTRACTS",
    "GENESIS_GASLIMIT",
    "GENESIS_DIFFICULTY",
];

/// The value of `SHADOW_FORK_FILE` or `SHADOW_FORK_RPC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// A file.
    File(&'a str),
    /// The URL of such a file.
    Url(&'a str),
    /// A node.
    Node(&'a str),
}

/// The start of a shadow fork.
#[derive(Debug, Clone, Copy)]
pub struct Fork<'a> {
    /// `genesis.json` of a public network; for any other network it is generated.
    pub public: Option<&'a [u8]>,
    /// Timestamp of the block that is continued.
    pub head: u64,
}

impl Settings {
    /// The network of github.com/eth-clients with the chain id `CHAIN_ID`: the generator takes its
    /// state from the network.
    ///
    /// # Errors
    /// The chain id is not a number.
    pub fn public(&self) -> Result<Option<Network>, Error> {
        let id = self.number("CHAIN_ID")?;
        Ok(public_chains::find(id).and_then(|chain| chain.network))
    }

    /// The source of a shadow fork's block.
    ///
    /// # Errors
    /// Both variables are set.
    pub fn shadow_fork(&self) -> Result<Option<Source<'_>>, Error> {
        const FILE: &str = "SHADOW_FORK_FILE";
        const RPC: &str = "SHADOW_FORK_RPC";
        let (file, url) = (self.text(FILE).trim(), self.text(RPC).trim());
        match (file, url) {
            ("", "") => Ok(None),
            ("", url) => Ok(Some(Source::Node(url))),
            (url, "") if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(Some(Source::Url(url)))
            }
            (file, "") => Ok(Some(Source::File(file))),
            _ => Err(self.error(FILE, "is set, and SHADOW_FORK_RPC too", "unset one of them")),
        }
    }
}

/// A public network's genesis, and the time of the block that is continued.
pub(super) struct Base {
    document: Document,
    known: Genesis,
    head: u64,
}

impl Base {
    /// Reads `genesis.json` of the network whose chain id is set.
    pub(super) fn read(settings: &Settings, text: &[u8], head: u64) -> Result<Self, Error> {
        const ID: &str = "CHAIN_ID";
        const DEPOSIT: &str = "DEPOSIT_CONTRACT_ADDRESS";
        let network = settings.public()?;
        let hint = network.map_or_else(String::new, |network| {
            format!("use metadata/genesis.json of github.com/eth-clients/{}", network.name)
        });
        let invalid = |error: crate::el::Error| {
            settings.error(ID, format!("has an invalid genesis.json: {error}"), &*hint)
        };
        let (document, _) = genesis::read(text, &|_| ()).map_err(invalid)?;
        let known = document.checked_genesis().map_err(invalid)?;
        let (id, other) = (settings.number(ID)?, known.config.chain_id_64().map_err(invalid)?);
        if id != other {
            let problem = format!("is {id}, but --genesis is that of chain {other}");
            return Err(settings.error(ID, problem, hint));
        }
        let address = settings.address(DEPOSIT)?;
        if let Some(network) = network.filter(|network| network.deposit_contract != address) {
            let problem = format!("is {address}, which differs from that of {}", network.name);
            let hint = format!("set it to {}", network.deposit_contract);
            return Err(settings.error(DEPOSIT, problem, hint));
        }
        Ok(Self { document, known, head })
    }

    /// Whether the block has reached a hardfork. The block is after the merge, and so after all
    /// hardforks by block number.
    fn has(&self, fork: Hardfork) -> bool {
        self.known.config.time(fork).is_some_and(|time| time <= self.head)
    }

    /// The limits of the bpo forks that the block has reached.
    pub(super) fn bpos(&self) -> Vec<BlobParams> {
        let Some(last) = Hardfork::bpo().rfind(|fork| self.has(*fork)) else { return Vec::new() };
        let reached = Hardfork::bpo().take_while(|fork| *fork <= last);
        reached.filter_map(|fork| self.known.config.blob_params(fork)).collect()
    }

    /// `genesis.json` with the forks after the block at their epochs.
    pub(super) fn genesis(
        &self,
        settings: &Settings,
        text: &[u8],
        bpos: &[Bpo],
        warnings: &mut Vec<String>,
    ) -> Result<String, Error> {
        for name in OF_STATE.into_iter().filter(|name| settings.is_set(name)) {
            warnings.push(format!("{name} has no effect: the state is that of the network"));
        }
        let start = start(settings, self.head)?;
        let mut document = self.document.clone();
        let edit = |edited: Result<(), crate::el::Error>| {
            edited.map_err(|error| settings.error("CHAIN_ID", error.to_string(), ""))
        };
        for fork in Hardfork::ALL.iter().filter(|fork| !self.has(**fork)) {
            edit(document.remove_config(fork.key()))?;
            if let (None, Some(entry)) = (fork.fork(), fork.blob_schedule_key()) {
                edit(document.remove_blob_params(entry))?;
            }
        }
        for (name, fork) in hardforks() {
            let epoch = settings.epoch(name)?;
            let reached = self.known.config.time(fork).filter(|_| self.has(fork));
            match (reached, epoch) {
                (Some(_), Some(0)) | (None, None) => continue,
                (Some(time), _) => {
                    let problem = format!(
                        "is {}, but the block is after {}, which is {time}",
                        settings.text(name),
                        fork.key()
                    );
                    return Err(settings.error(name, problem, "set it to 0"));
                }
                (None, Some(0)) => {
                    let problem = format!("is 0, but the block has not reached {}", fork.key());
                    let hint = format!("set a later epoch, or {NEVER} for never");
                    return Err(settings.error(name, problem, hint));
                }
                (None, Some(epoch)) => {
                    edit(document.set_time(fork, time(settings, start, name, epoch)?))?;
                }
            }
            if let Some((key, params)) = fork_limits(settings, fork)? {
                edit(document.set_blob_params(key, params))?;
            }
        }
        for bpo in bpos.iter().filter(|bpo| !self.has(bpo.fork)) {
            let time = time(settings, start, &bpo.epoch_name(), bpo.epoch)?;
            edit(document.set_time(bpo.fork, time))?;
            let entry = bpo.fork.blob_schedule_key().unwrap_or_default();
            edit(document.set_blob_params(entry, bpo.params))?;
        }
        Ok(rendered(&document, text))
    }
}

/// The time of epoch 0. Without `GENESIS_TIMESTAMP`, `init` sets it later, and it only has to be
/// after the block.
fn start(settings: &Settings, head: u64) -> Result<u64, Error> {
    const NAME: &str = "GENESIS_TIMESTAMP";
    let time = settings.number(NAME)?;
    if time == 0 {
        return Ok(head);
    }
    let start = time.saturating_add(settings.number("GENESIS_DELAY")?);
    if start <= head {
        let problem =
            format!("is {time}: the beacon chain would start before the block, which is of {head}");
        return Err(settings.error(NAME, problem, "set a later time, or 0 for the current time"));
    }
    Ok(start)
}

fn rendered(document: &Document, text: &[u8]) -> String {
    let source = |range: Range<u64>| {
        let index = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        text.get(index(range.start)..index(range.end)).unwrap_or_default()
    };
    let mut out = Vec::new();
    for piece in document.parts(&[]) {
        match piece {
            FilePart::Text(text) => out.extend(text),
            FilePart::Source(range) => out.extend_from_slice(source(range)),
            // Only the dialects of other clients have them.
            FilePart::Encoded(_) => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
