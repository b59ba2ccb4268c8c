//! What the `SystemConfig` contract of an L2 says, from its storage on the L1.
//!
//! op-node starts from `genesis.system_config` of `rollup.json`, and then follows the contract's events
//! after the anchor block. So the values must be those that the contract has at the anchor.
//!
//! Sources: optimism `packages/contracts-bedrock/snapshots/storageLayout/SystemConfig.json`, the same slots
//! since Bedrock; `op-service/eth/types.go` (`SystemConfig`).

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::el::storage_word;

/// The slots that have the values.
pub const SLOTS: [u64; 6] = [OVERHEAD, SCALAR, BATCHER_HASH, GAS_LIMIT, FEES, MIN_BASE_FEE];

const OVERHEAD: u64 = 101;
const SCALAR: u64 = 102;
const BATCHER_HASH: u64 = 103;
const GAS_LIMIT: u64 = 104;
/// EIP-1559 parameters, operator fee, and scalar of the data footprint.
const FEES: u64 = 106;
/// After the address of `SuperchainConfig`.
const MIN_BASE_FEE: u64 = 108;

/// `genesis.system_config`: what the contract has at a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemConfig {
    pub(super) batcher: Address,
    overhead: B256,
    scalar: B256,
    gas_limit: u64,
    /// Denominator and elasticity, 4 bytes each; 0: those of the chain config.
    eip1559_params: [u8; 8],
    operator_fee_params: B256,
    min_base_fee: u64,
    da_footprint_gas_scalar: u16,
}

impl SystemConfig {
    /// Reads the contract's storage; `None` if it has no values there that op-node accepts, because it is
    /// another contract.
    pub fn of_storage(slot: impl Fn(u64) -> B256) -> Option<Self> {
        let (fees, batcher) = (slot(FEES), slot(BATCHER_HASH));
        let mut operator_fee_params = B256::ZERO;
        // The scalar, then the constant.
        operator_fee_params[20..24].copy_from_slice(&fees[20..24]);
        operator_fee_params[24..32].copy_from_slice(&fees[12..20]);
        let mut eip1559_params = [0; 8];
        eip1559_params[..4].copy_from_slice(&fees[28..32]);
        eip1559_params[4..].copy_from_slice(&fees[24..28]);
        let config = Self {
            batcher: Address::from_word(batcher),
            overhead: slot(OVERHEAD),
            scalar: slot(SCALAR),
            gas_limit: number(&slot(GAS_LIMIT)[24..32]),
            eip1559_params,
            operator_fee_params,
            min_base_fee: number(&slot(MIN_BASE_FEE)[4..12]),
            da_footprint_gas_scalar: u16::from_be_bytes([fees[10], fees[11]]),
        };
        let is_address = batcher[..12].iter().all(|byte| *byte == 0) && !batcher.is_zero();
        (is_address && config.gas_limit > 0 && !config.scalar.is_zero()).then_some(config)
    }

    /// [`SystemConfig::of_storage`] of an account in an alloc: the raw text of its entry.
    pub fn of_entry(entry: &[u8]) -> Option<Self> {
        let entry: Value = serde_json::from_slice(entry).ok()?;
        let slots = entry.get("storage")?.as_object()?.iter().filter_map(|(slot, value)| {
            let slot = U256::from_be_bytes(storage_word(slot.as_bytes()).ok()?);
            let value = storage_word(value.as_str()?.as_bytes()).ok()?;
            Some((slot.try_into().ok()?, B256::from(value)))
        });
        let slots: BTreeMap<u64, B256> = slots.collect();
        Self::of_storage(|slot| slots.get(&slot).copied().unwrap_or_default())
    }

    /// The members of `genesis.system_config` with their raw values. A member that came after Bedrock and
    /// is 0 is optional: an op-node that does not know it may refuse it.
    pub(super) fn members(&self) -> [(&'static str, String, bool); 8] {
        let text = |value: &dyn std::fmt::Display| format!("\"{value}\"");
        let params = format!("0x{}", hex::encode(self.eip1559_params));
        let number = |value: u64| (value.to_string(), value == 0);
        let (min_base_fee, no_min_base_fee) = number(self.min_base_fee);
        let (footprint, no_footprint) = number(self.da_footprint_gas_scalar.into());
        [
            ("batcherAddr", format!("\"{:?}\"", self.batcher), false),
            ("overhead", text(&self.overhead), false),
            ("scalar", text(&self.scalar), false),
            ("gasLimit", self.gas_limit.to_string(), false),
            ("eip1559Params", text(&params), self.eip1559_params == [0; 8]),
            (
                "operatorFeeParams",
                text(&self.operator_fee_params),
                self.operator_fee_params.is_zero(),
            ),
            ("minBaseFee", min_base_fee, no_min_base_fee),
            ("daFootprintGasScalar", footprint, no_footprint),
        ]
    }
}

/// A number of at most 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout of the contract, each value another one.
    #[test]
    fn every_value_is_where_the_contract_keeps_it() {
        let word = |hex: &str| -> B256 { format!("0x{hex:0>64}").parse().unwrap() };
        let slots: BTreeMap<u64, B256> = [
            (101, word("0a")),
            (102, word("0100000000000000000000000000000000000000000000000000000b0000000c")),
            (103, word("a0ee7a142d267c1f36714e4a8f75612f20a79720")),
            (104, word("0000000c0000000b0000000003938700")),
            (106, word("000700000000000000060000000500000004000000fa")),
            (108, word("00000000000000099b4c90bd8771b992a287ac42b4ba47ae89ed4565")),
        ]
        .into();
        let config = SystemConfig::of_storage(|slot| slots.get(&slot).copied().unwrap_or_default());
        let members = config.unwrap().members().map(|(key, value, _)| format!("{key} {value}"));
        let zeros = "00".repeat(20);
        assert_eq!(
            members,
            [
                "batcherAddr \"0xa0ee7a142d267c1f36714e4a8f75612f20a79720\"".to_owned(),
                format!("overhead \"{}\"", word("0a")),
                format!("scalar \"{}\"", slots[&102]),
                "gasLimit 60000000".to_owned(),
                "eip1559Params \"0x000000fa00000004\"".to_owned(),
                format!("operatorFeeParams \"0x{zeros}000000050000000000000006\""),
                "minBaseFee 9".to_owned(),
                "daFootprintGasScalar 7".to_owned(),
            ]
        );
        assert_eq!(SystemConfig::of_storage(|_| B256::ZERO), None);
        assert_eq!(SystemConfig::of_storage(|_| B256::repeat_byte(1)), None, "no address");
    }
}
