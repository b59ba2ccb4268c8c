//! `besu.json`: geth's format with Besu's additional keys.
//!
//! Source: Besu `config/src/main/java/org/hyperledger/besu/config/{GenesisConfig,GenesisReader,
//! JsonGenesisConfigOptions}.java`. Besu ignores unknown keys.

use std::fmt::Write as _;

use super::super::chain_config::Hardfork;
use super::super::edit::set_member;
use super::super::error::Error;
use super::Inputs;

/// The text before and after the accounts.
pub fn around(inputs: &Inputs<'_>) -> Result<(String, String), Error> {
    let Inputs { genesis, header, .. } = inputs;
    let mut config = inputs.config.to_vec();
    // Besu does not start without an engine, although the total difficulty implies proof of stake.
    let engine = [("ethash", "{}"), ("preMergeForkBlock", "0")];
    let scheduled = Hardfork::ALL.iter().filter(|fork| genesis.config.time(**fork).is_some());
    let members = scheduled.flat_map(|fork| fork.besu());
    for (key, value) in engine.iter().chain(members) {
        config = set_member(&config, key, value)?;
    }
    let mut head = format!("{{\n  \"config\": {}", String::from_utf8_lossy(&config));
    for (key, value) in [
        ("nonce", Some(header.nonce.to_string())),
        // Decimal, which every release of Besu accepts.
        ("timestamp", Some(header.timestamp.to_string())),
        ("extraData", Some(header.extra_data.to_string())),
        ("gasLimit", Some(format!("{:#x}", header.gas_limit))),
        ("difficulty", Some(format!("{:#x}", header.difficulty))),
        ("mixHash", Some(header.mix_hash.to_string())),
        ("coinbase", Some(header.coinbase.to_string())),
        ("parentHash", Some(header.parent_hash.to_string())),
        ("baseFeePerGas", header.base_fee_per_gas.map(|fee| format!("{fee:#x}"))),
        ("blobGasUsed", header.blob_gas_used.map(|gas| format!("{gas:#x}"))),
        ("excessBlobGas", header.excess_blob_gas.map(|gas| format!("{gas:#x}"))),
    ] {
        if let Some(value) = value {
            let _ = write!(head, ",\n  \"{key}\": \"{value}\"");
        }
    }
    head.push_str(",\n  \"alloc\": ");
    Ok((head, "\n}\n".to_owned()))
}
