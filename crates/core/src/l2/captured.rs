//! The state of a running L2 as that of a new block 0.
//!
//! Forks that were active at the captured block are active from block 0 on, because the state has their
//! contracts; later ones stay as far away as they were. The new block 0 has the gas limit, the base fee and
//! from Holocene on the EIP-1559 parameters (`extraData`) of the captured block, so that the next block is
//! the one that the old chain would have had.

use alloy_primitives::{B256, Bytes, U256};

use super::chain::{Chain, State, in_style, is_named, with_state};
use super::error::Error;
use super::rollup::{Rollup, is_time};
use super::system_config::SystemConfig;
use crate::el::edit::set_member;
use crate::el::genesis::Document;

/// The captured block of an L2.
#[derive(Debug, Clone)]
pub struct Head {
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Its gas limit.
    pub gas_limit: u64,
    /// Wei.
    pub base_fee_per_gas: Option<U256>,
    /// `extraData`.
    pub extra_data: Bytes,
}

impl Chain {
    /// The members of a genesis after `head`, except the alloc: one per line, without braces.
    ///
    /// # Errors
    /// None for a chain that was read.
    pub fn members_after(&self, head: &Head) -> Result<String, Error> {
        let quoted = |text: String| format!("\"{text}\"").into_bytes();
        let holocene = self.rollup.time("holocene_time").is_some_and(|time| time <= head.timestamp);
        let mut members = Vec::new();
        let mut has_base_fee = false;
        let base_fee = head.base_fee_per_gas.map(|fee| quoted(format!("{fee:#x}")));
        for member in &self.document.head {
            let value = match () {
                () if is_named(&member.key, b"alloc") => continue,
                () if is_named(&member.key, b"timestamp") => {
                    in_style(&member.value, head.timestamp)
                }
                () if is_named(&member.key, b"gaslimit") => in_style(&member.value, head.gas_limit),
                () if is_named(&member.key, b"extradata") && holocene => {
                    quoted(head.extra_data.to_string())
                }
                () if is_named(&member.key, b"basefeepergas") => {
                    has_base_fee = true;
                    base_fee.clone().unwrap_or_else(|| member.value.clone())
                }
                () if is_named(&member.key, b"config") && member.value != b"null" => {
                    self.config_after(&member.value, head.timestamp)?
                }
                () => member.value.clone(),
            };
            members.push([b"  \"", &member.key[..], b"\": ", &value[..]].concat());
        }
        if let Some(fee) = base_fee.filter(|_| !has_base_fee) {
            members.push([b"  \"baseFeePerGas\": ", &fee[..]].concat());
        }
        Ok(String::from_utf8_lossy(&members.join(&b",\n"[..])).into_owned())
    }

    /// The raw `config` with the forks up to `time` at block 0.
    fn config_after(&self, raw: &[u8], time: u64) -> Result<Vec<u8>, Error> {
        let mut text = raw.to_vec();
        for key in self.fork_keys().filter(|(_, fork)| *fork <= time).map(|(key, _)| key) {
            text = set_member(&text, key, "0").map_err(Error::genesis)?;
        }
        Ok(text)
    }

    /// `rollup.json` for the genesis `document` with `state`, which are those of [`Chain::members_after`];
    /// with the block of the L1 and the values of its `SystemConfig` contract, if they are known.
    ///
    /// # Errors
    /// The result is not a chain that op-node starts.
    pub fn rollup_after(
        &self,
        head: &Head,
        document: Document,
        state: State,
        l1: Option<(u64, B256)>,
        system_config: Option<&SystemConfig>,
    ) -> Result<Vec<u8>, Error> {
        let mut edits = vec![(vec!["genesis", "l2_time"], head.timestamp.to_string())];
        for (key, value) in self.rollup.members() {
            let time = value.as_u64().filter(|time| *time != 0 && *time <= head.timestamp);
            if time.is_some() && is_time(key) {
                edits.push((vec![key.as_str()], "0".to_owned()));
            }
        }
        let rollup = Rollup::parse(&self.rollup.edited(edits)?)?;
        let text = rollup.at_block(l1, system_config)?;
        let root = state.own_root;
        let chain = Chain::assembled(Rollup::parse(&text)?, document.clone(), state.clone())?;
        let hash = chain.header(root).hash();
        let text =
            chain.rollup.edited(vec![(vec!["genesis", "l2", "hash"], format!("\"{hash}\""))])?;
        with_state(Rollup::parse(&text)?, document, state)?;
        Ok(text)
    }
}
