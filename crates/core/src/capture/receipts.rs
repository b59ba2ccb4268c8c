//! Receipts and logs in a node's answers, and the receipts root of a block.
//! Source: Yellow Paper, section 4.4; EIP-2718, EIP-658; execution-apis `src/eth/block.yaml` and
//! `filter.yaml`.

use alloy_primitives::{Address, B256, Bloom, Bytes, U64};
use alloy_rlp::{Encodable, RlpEncodable};
use serde::Deserialize;

use super::Error;
use crate::el::block::ordered_root;

/// A receipt in an answer to `eth_getBlockReceipts`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    #[serde(default, rename = "type")]
    transaction_type: U64,
    /// Before Byzantium, instead of the status.
    root: Option<B256>,
    status: Option<U64>,
    cumulative_gas_used: U64,
    logs_bloom: Bloom,
    /// The logs of the transaction.
    pub logs: Vec<Log>,
}

/// A log in a receipt, or in an answer to `eth_getLogs`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    block_number: U64,
    transaction_hash: B256,
    #[serde(rename = "logIndex")]
    index: U64,
    #[serde(flatten)]
    entry: Entry,
}

/// The part of a log that the receipt encodes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, RlpEncodable)]
struct Entry {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

/// Reads the result of `eth_getBlockReceipts`.
///
/// # Errors
/// The answer has another form.
pub fn parse(json: &[u8]) -> Result<Vec<Receipt>, Error> {
    let wrong = |error| Error::Answer(format!("eth_getBlockReceipts: {error}"));
    serde_json::from_slice(json).map_err(wrong)
}

/// Reads the result of `eth_getLogs`.
///
/// # Errors
/// The answer has another form.
pub fn parse_logs(json: &[u8]) -> Result<Vec<Log>, Error> {
    serde_json::from_slice(json).map_err(|error| Error::Answer(format!("eth_getLogs: {error}")))
}

/// `receipts_root` of a block with these receipts.
pub fn root(receipts: &[Receipt]) -> B256 {
    ordered_root(&receipts.iter().map(Receipt::encoded).collect::<Vec<_>>())
}

impl Receipt {
    /// Its encoding (EIP-2718): the type, unless it is that of a legacy transaction, and a list.
    fn encoded(&self) -> Bytes {
        let mut fields = Vec::new();
        match self.root {
            Some(root) => root.encode(&mut fields),
            None => self.status.unwrap_or_default().encode(&mut fields),
        }
        self.cumulative_gas_used.encode(&mut fields);
        self.logs_bloom.encode(&mut fields);
        self.logs.iter().map(|log| log.entry.clone()).collect::<Vec<_>>().encode(&mut fields);
        let mut encoded = match self.transaction_type.to::<u64>() {
            0 => Vec::new(),
            other => other.to_be_bytes()[7..].to_vec(),
        };
        alloy_rlp::Header { list: true, payload_length: fields.len() }.encode(&mut encoded);
        encoded.extend_from_slice(&fields);
        encoded.into()
    }
}
