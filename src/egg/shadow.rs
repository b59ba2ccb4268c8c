//! Shadow forks: `genesis.json` of a network that is there already, of which the block that is
//! continued has reached some forks. Those that it has not reached are scheduled by the epochs.

use std::ops::Range;

use alloy_primitives::{Address, address};

use super::blobs::Bpo;
use super::execution::{CANCUN, HARDFORKS, electra_limits, time};
use super::{Error, Settings};
use crate::el::chain_config::{BPO_FORKS, BlobParams, HARDFORKS as ALL, Hardfork};
use crate::el::edit::Piece;
use crate::el::genesis::{self, Document, Genesis};

/// A network whose chain ids the generator takes for those of shadow forks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Public {
    /// Chain id.
    pub id: u64,
    /// As its repository is called, `github.com/eth-clients/NAME`.
    pub name: &'static str,
    /// Of its deposit contract.
    deposit_contract: Address,
}

/// Source: `metadata/{genesis.json,deposit_contract.txt}` of those repositories.
const NETWORKS: [Public; 4] = [
    Public {
        id: 1,
        name: "mainnet",
        deposit_contract: address!("00000000219ab540356cBB839Cbe05303d7705Fa"),
    },
    Public {
        id: 17_000,
        name: "holesky",
        deposit_contract: address!("4242424242424242424242424242424242424242"),
    },
    Public {
        id: 560_048,
        name: "hoodi",
        deposit_contract: address!("00000000219ab540356cBB839Cbe05303d7705Fa"),
    },
    Public {
        id: 11_155_111,
        name: "sepolia",
        deposit_contract: address!("7f02C3E3c98b133055B8B348B2Ac625669Ed295D"),
    },
];

/// Variables of the state, which a public network has already.
const OF_STATE: [&str; 7] = [
    "EL_PREMINE_COUNT",
    "EL_PREMINE_BALANCE",
    "EL_PREMINE_ADDRS",
    "ADDITIONAL_PRELOADED_CONTRACTS",
    "PRELOAD_WELL_KNOWN_CONTRACTS",
    "GENESIS_GASLIMIT",
    "GENESIS_DIFFICULTY",
];

/// What `SHADOW_FORK_FILE` or `SHADOW_FORK_RPC` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// A file.
    File(&'a str),
    /// A node.
    Node(&'a str),
}

/// What a shadow fork begins with.
#[derive(Debug, Clone, Copy)]
pub struct Fork<'a> {
    /// `genesis.json` of a public network; of another one it is made of the variables.
    pub public: Option<&'a [u8]>,
    /// Timestamp of the block that is continued.
    pub head: u64,
}

impl Settings {
    /// The public network whose chain id is set.
    ///
    /// # Errors
    /// The chain id is no number.
    pub fn public(&self) -> Result<Option<Public>, Error> {
        let id = self.number("CHAIN_ID")?;
        Ok(NETWORKS.into_iter().find(|network| network.id == id))
    }

    /// Where the block of a shadow fork comes from.
    ///
    /// # Errors
    /// A URL where a file is wanted, or both.
    pub fn shadow_fork(&self) -> Result<Option<Source<'_>>, Error> {
        const FILE: &str = "SHADOW_FORK_FILE";
        const RPC: &str = "SHADOW_FORK_RPC";
        let (file, url) = (self.text(FILE).trim(), self.text(RPC).trim());
        match (file, url) {
            ("", "") => Ok(None),
            ("", url) => Ok(Some(Source::Node(url))),
            (file, _) if file.starts_with("http://") || file.starts_with("https://") => {
                let hint = "regenesis loads no block from the net but by SHADOW_FORK_RPC: download \
                            it, and give the file";
                Err(self.fault(FILE, "is a URL", hint))
            }
            (file, "") => Ok(Some(Source::File(file))),
            _ => Err(self.fault(FILE, "is set, and SHADOW_FORK_RPC too", "leave one of them out")),
        }
    }
}

/// A public network's genesis, and the chain of a fork's block.
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
            format!("it is metadata/genesis.json of github.com/eth-clients/{}", network.name)
        });
        let wrong = |error: crate::el::Error| {
            settings.fault(ID, format!("has a genesis.json in which {error}"), &*hint)
        };
        let (document, _) = genesis::read(text, &|_| ()).map_err(wrong)?;
        let known = document.checked_genesis().map_err(wrong)?;
        let (id, named) = (settings.number(ID)?, known.config.chain_id_64().map_err(wrong)?);
        if id != named {
            let what = format!("is {id}, but --genesis is of chain {named}");
            return Err(settings.fault(ID, what, hint));
        }
        let address = settings.address(DEPOSIT)?;
        if let Some(network) = network.filter(|network| network.deposit_contract != address) {
            let what = format!("is {address}, which is not that of {}", network.name);
            let hint = format!("set it to {}", network.deposit_contract);
            return Err(settings.fault(DEPOSIT, what, hint));
        }
        Ok(Self { document, known, head })
    }

    /// Whether the block has reached a hardfork. It is behind the merge, and so behind all forks by
    /// number, whatever block 0 is.
    fn has(&self, fork: Hardfork) -> bool {
        self.known.config.time(fork).is_some_and(|time| time <= self.head)
    }

    /// The limits of the blob forks that the block has reached.
    pub(super) fn bpos(&self) -> Vec<BlobParams> {
        let count = BPO_FORKS.iter().rposition(|fork| self.has(*fork)).map_or(0, |last| last + 1);
        let params = |fork: &Hardfork| self.known.config.blob_params(*fork);
        BPO_FORKS[..count].iter().filter_map(params).collect()
    }

    /// `genesis.json` with the forks behind the block at their epochs.
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
        let begin = begin(settings, self.head)?;
        let mut document = self.document.clone();
        let edit = |edited: Result<(), crate::el::Error>| {
            edited.map_err(|error| settings.fault("CHAIN_ID", error.to_string(), ""))
        };
        for (fork, key, entry) in ALL.into_iter().filter(|(fork, ..)| !self.has(*fork)) {
            edit(document.remove_config(key))?;
            if let Some(entry) = entry.filter(|_| BPO_FORKS.contains(&fork)) {
                edit(document.remove_blob_params(entry))?;
            }
        }
        for (name, fork) in HARDFORKS {
            let epoch = settings.epoch(name)?;
            let reached = self.known.config.time(fork).filter(|_| self.has(fork));
            match (reached, epoch) {
                (Some(_), Some(0)) | (None, None) => continue,
                (Some(time), _) => {
                    let what = format!(
                        "is {}, but the block has reached {}: it was at {time}",
                        settings.text(name),
                        fork.key()
                    );
                    return Err(settings.fault(name, what, "set it to 0: what was, stays"));
                }
                (None, Some(0)) => {
                    let what = format!("is 0, but the block has not reached {}", fork.key());
                    return Err(settings.fault(name, what, "set it to a later epoch, or to never"));
                }
                (None, Some(epoch)) => {
                    edit(document.set_time(fork, time(settings, begin, name, epoch)?))?;
                }
            }
            match fork {
                Hardfork::Cancun => edit(document.set_blob_params("cancun", CANCUN))?,
                Hardfork::Prague => {
                    edit(document.set_blob_params("prague", electra_limits(settings)?))?;
                }
                _ => {}
            }
        }
        for bpo in bpos.iter().filter(|bpo| !self.has(BPO_FORKS[bpo.number - 1])) {
            let (fork, name) = (BPO_FORKS[bpo.number - 1], format!("BPO_{}_EPOCH", bpo.number));
            edit(document.set_time(fork, time(settings, begin, &name, bpo.epoch)?))?;
            let entry = fork.blob_schedule_key().unwrap_or_default();
            edit(document.set_blob_params(entry, bpo.params))?;
        }
        Ok(rendered(&document, text))
    }
}

/// When epoch 0 begins. Without a time `init` moves all that follows from it; until then it only
/// has to be behind the block.
fn begin(settings: &Settings, head: u64) -> Result<u64, Error> {
    const NAME: &str = "GENESIS_TIMESTAMP";
    let time = settings.number(NAME)?;
    if time == 0 {
        return Ok(head);
    }
    let begin = time.saturating_add(settings.number("GENESIS_DELAY")?);
    if begin <= head {
        let what = format!("is {time}: the beacon chain would begin before the block, of {head}");
        return Err(settings.fault(NAME, what, "set a later time, or 0 for now"));
    }
    Ok(begin)
}

fn rendered(document: &Document, text: &[u8]) -> String {
    let source = |range: Range<u64>| {
        let index = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        text.get(index(range.start)..index(range.end)).unwrap_or_default()
    };
    let mut out = Vec::new();
    for piece in document.pieces(&[]) {
        match piece {
            Piece::Text(text) => out.extend(text),
            Piece::Source(range) => out.extend_from_slice(source(range)),
            // Only other dialects than geth's are spelled anew.
            Piece::Accounts(_) => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
