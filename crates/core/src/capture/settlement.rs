//! The rollups that the agglayer's manager contract on an L1 knows, and which of them have settled.
//!
//! The agglayer keeps its settlements in a database of its own, and cannot rebuild it from the L1. So a
//! chain on which a rollup has settled does not work with a new agglayer.
//!
//! Source: agglayer-contracts `AgglayerManager.sol` (`rollupIDToRollupData`, `RollupDataReturn`,
//! `VerifierType`, `verifyBatchesTrustedAggregator`), `AggchainFEP.sol` (`AGGCHAIN_TYPE`),
//! `PolygonValidiumEtrog.sol`, and `PolygonRollupManager.sol`, whose answer has the same layout.

use std::fmt;

use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

use super::chain::SMALL_LIMIT;
use crate::networks::Consensus;
use crate::rpc::{self, Rpc};

/// `rollupCount()`.
const ROLLUP_COUNT: &str = "0xf4e92675";
/// `rollupIDToRollupData(uint32)`.
const ROLLUP_DATA: &str = "0xf9c4c2ae";
/// `AGGCHAIN_TYPE()`.
const AGGCHAIN_TYPE: &str = "0x6e7fbce9";
/// `dataAvailabilityProtocol()`.
const DATA_AVAILABILITY: &str = "0xe57a0b4c";

/// The words of `RollupDataReturn`.
const WORDS: usize = 12;
/// The most rollups of a manager: an answer with more is from another contract.
const MOST: u32 = 10_000;

/// A rollup in the manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// Its id, from 1.
    pub id: u32,
    /// Its contract on the L1.
    pub contract: Address,
    /// The chain id in the manager, which may differ from that of the rollup's chain.
    pub chain_id: u64,
    /// The last local exit root that the manager accepted. It is 0 before the first settlement, and stays 0
    /// until a verified batch has an exit.
    pub last_local_exit_root: B256,
    /// The last batch whose proof the manager accepted; always 0 for a rollup that proves no batches.
    pub last_verified_batch: u64,
    verifier: u64,
}

/// What the manager has accepted from a rollup: evidence that it has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// A local exit root.
    ExitRoot(B256),
    /// The proof of its batches up to this one.
    Batch(u64),
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExitRoot(root) => write!(f, "its lastLocalExitRoot is {root}"),
            Self::Batch(batch) => write!(f, "its lastVerifiedBatch is {batch}"),
        }
    }
}

/// No answer, or not that of a manager.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node cannot be reached, or refuses.
    #[error(transparent)]
    Rpc(#[from] rpc::Error),
    /// Another contract, or none.
    #[error("{0} is not a rollup manager on this L1")]
    NotAManager(Address),
}

impl Rollup {
    /// Decodes the answer of `rollupIDToRollupData(id)`; `None` if it has another form.
    pub fn decode(id: u32, answer: &[u8]) -> Option<Self> {
        let words = words(answer)?;
        // The sixth is lastBatchSequenced: 1 as soon as a rollup that proves its batches is created.
        let [contract, chain_id, _, _, root, _, batch, .., verifier] = &words[..] else {
            return None;
        };
        let is_address = contract[..12].iter().all(|byte| *byte == 0);
        (words.len() == WORDS && is_address).then_some(())?;
        Some(Self {
            id,
            contract: Address::from_word(*contract),
            chain_id: number(chain_id)?,
            last_local_exit_root: *root,
            last_verified_batch: number(batch)?,
            verifier: number(verifier)?,
        })
    }

    /// What the manager has accepted from it; `None` if the rollup has not settled.
    pub fn settled(&self) -> Option<Settled> {
        let root = Some(self.last_local_exit_root).filter(|root| !root.is_zero());
        let batch = Some(self.last_verified_batch).filter(|batch| *batch > 0);
        root.map(Settled::ExitRoot).or(batch.map(Settled::Batch))
    }

    /// How the manager accepts its state, at the block with this hash; `None` if its contract does not say.
    pub fn consensus(&self, rpc: &dyn Rpc, block: B256) -> Option<Consensus> {
        let asked = |selector: &str| call(rpc, self.contract, selector.to_owned(), block);
        match self.verifier {
            // A rollup's contract has no such function.
            0 => match asked(DATA_AVAILABILITY) {
                Ok(answer) => (words(&answer)?.len() == 1).then_some(Consensus::CdkValidium),
                Err(rpc::Error::Refused { .. }) => Some(Consensus::Rollup),
                Err(_) => None,
            },
            1 => Some(Consensus::Pessimistic),
            2 => {
                let kind = *words(&asked(AGGCHAIN_TYPE).ok()?)?.first()?;
                let is_fep = kind[..2] == [0, 1];
                Some(if is_fep { Consensus::Fep } else { Consensus::EcdsaMultisig })
            }
            _ => None,
        }
    }
}

/// The rollups in `manager` at the block with this hash.
///
/// # Errors
/// The node does not answer, or `manager` is another contract.
pub fn rollups(rpc: &dyn Rpc, manager: Address, block: B256) -> Result<Vec<Rollup>, Error> {
    let other = || Error::NotAManager(manager);
    let count = call(rpc, manager, ROLLUP_COUNT.to_owned(), block)?;
    let count = words(&count).filter(|words| words.len() == 1).and_then(|words| number(&words[0]));
    let count = count.and_then(|count| u32::try_from(count).ok()).filter(|count| *count < MOST);
    let one = |id: u32| {
        let data = format!("{ROLLUP_DATA}{id:064x}");
        Rollup::decode(id, &call(rpc, manager, data, block)?).ok_or_else(other)
    };
    (1..=count.ok_or_else(other)?).map(one).collect()
}

/// The answer of a contract, as the node returns it.
fn call(rpc: &dyn Rpc, to: Address, data: String, block: B256) -> Result<Vec<u8>, rpc::Error> {
    let params = json!([{"to": to, "data": data}, {"blockHash": block}]);
    rpc.call("eth_call", &params, SMALL_LIMIT)
}

/// The 32-byte words of an answer: a JSON string of hex digits.
fn words(answer: &[u8]) -> Option<Vec<B256>> {
    let value: Value = serde_json::from_slice(answer).ok()?;
    let bytes = hex::decode(value.as_str()?.strip_prefix("0x")?).ok()?;
    let (words, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| words.iter().map(B256::from).collect())
}

fn number(word: &B256) -> Option<u64> {
    U256::from_be_bytes(word.0).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer of the enclave in `tests/fixtures/kurtosis-cdk-op-20201` at block 1080, as
    /// `expected.json` there describes it, and how it differs after a settlement.
    fn answer(root: &str, [sequenced, verified]: [u64; 2], verifier: u64) -> Vec<u8> {
        let contract = "414e9e227e4b589af92200508af5399576530e4e";
        let batches = [sequenced, verified].map(|number| format!("{number:x}"));
        let [sequenced, verified] = &batches;
        let words = [contract, "20d5e4", "", "", root, sequenced, verified, "", "", "", "1"];
        let words = words.iter().map(|word| format!("{word:0>64}")).collect::<Vec<_>>().concat();
        format!("\"0x{words}{verifier:064x}\"").into_bytes()
    }

    #[test]
    fn an_exit_root_or_a_verified_batch_says_that_a_rollup_has_settled() {
        let rollup = Rollup::decode(1, &answer("", [0, 0], 2)).unwrap();
        assert_eq!(rollup.contract.to_string(), "0x414e9E227e4b589aF92200508aF5399576530E4e");
        assert_eq!((rollup.id, rollup.chain_id, rollup.verifier), (1, 2_151_908, 2));
        assert_eq!(rollup.settled(), None);
        let root = "27ae5ba0".repeat(8);
        let rollup = Rollup::decode(7, &answer(&root, [0, 0], 2)).unwrap();
        let settled = rollup.settled().unwrap();
        assert_eq!(settled.to_string(), format!("its lastLocalExitRoot is 0x{root}"));
        // A rollup that proves its batches has a first one when it is created.
        let [created, verified] = [[1, 0], [9, 6]].map(|batches| answer("", batches, 0));
        assert_eq!(Rollup::decode(1, &created).unwrap().settled(), None);
        let settled = Rollup::decode(1, &verified).unwrap().settled();
        assert_eq!(settled, Some(Settled::Batch(6)));
        assert_eq!(Settled::Batch(6).to_string(), "its lastVerifiedBatch is 6");
        let both = Rollup::decode(1, &answer(&root, [9, 6], 0)).unwrap().settled();
        assert!(matches!(both, Some(Settled::ExitRoot(_))));
    }

    #[test]
    fn another_answer_is_refused() {
        let whole = String::from_utf8(answer("", [0, 0], 2)).unwrap();
        let short = format!("{}\"", &whole[..whole.len() - 65]);
        let longer = format!("{}{}\"", &whole[..whole.len() - 1], "0".repeat(64));
        let no_address = whole.replacen("0x00", "0x01", 1);
        for text in ["\"0x\"", "null", "7", "\"0x0\"", &short, &longer, &no_address] {
            assert_eq!(Rollup::decode(1, text.as_bytes()), None, "{text}");
        }
    }
}
