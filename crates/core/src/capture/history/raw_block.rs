//! `debug_getRawBlock`: the RLP of a block as it is. Source: execution-apis `debug/getters.yaml`.

use std::ops::Range;

use alloy_rlp::Decodable;
use serde_json::json;

use super::{Source, bytes, each};
use crate::capture::Error;
use crate::capture::chain::BLOCK_LIMIT;
use crate::el::block::{self, Block};
use crate::rpc::Rpc;

const METHOD: &str = "debug_getRawBlock";

struct RawBlock;

/// Requests block 1. An error about the block itself is reported once the blocks are fetched.
pub(super) fn open(rpc: &dyn Rpc) -> Result<Box<dyn Source>, Error> {
    match rpc.call(METHOD, &json!(["0x1"]), BLOCK_LIMIT) {
        Err(error) if error.is_unknown_method() => Err(error.into()),
        Ok(raw) if raw == b"null" => Err(Error::NoDump { method: METHOD }),
        _ => Ok(Box::new(RawBlock)),
    }
}

impl Source for RawBlock {
    fn name(&self) -> &'static str {
        METHOD
    }

    fn blocks(&self, rpc: &dyn Rpc, numbers: Range<u64>) -> Result<Vec<Block>, Error> {
        let answers =
            each(rpc, numbers.clone(), |number| (METHOD, json!([format!("{number:#x}")])))?;
        numbers
            .zip(answers)
            .map(|(number, answer)| {
                decode(&bytes(number, &answer)?)
                    .map_err(|error| Error::WrongBlock { number, what: error.to_string() })
            })
            .collect()
    }
}

fn decode(rlp: &[u8]) -> Result<Block, block::Error> {
    let mut rest = rlp;
    let block = Block::decode(&mut rest)?;
    if rest.is_empty() { Ok(block) } else { Err(alloy_rlp::Error::UnexpectedLength.into()) }
}
