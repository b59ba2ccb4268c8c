//! `besu.json`: geth's format with the names that Besu adds.
//!
//! Source: Besu `config/src/main/java/org/hyperledger/besu/config/{GenesisConfig,GenesisReader,
//! JsonGenesisConfigOptions}.java`. Keys that it does not know are ignored.

use std::fmt::Write as _;

use super::super::chain_config::Hardfork;
use super::super::edit::set_member;
use super::super::error::Error;
use super::Inputs;

/// EIP-7002 and EIP-7251.
const REQUEST_CONTRACTS: [(&str, &str); 2] = [
    ("withdrawalRequestContractAddress", "\"0x00000961Ef480Eb55e80D19ad83579A64c007002\""),
    ("consolidationRequestContractAddress", "\"0x0000BBdDc7CE488642fb579F8B00f3a590007251\""),
];

/// What stands around the accounts.
pub fn around(inputs: &Inputs<'_>) -> Result<(String, String), Error> {
    let Inputs { genesis, header, .. } = inputs;
    let mut config = inputs.config.to_vec();
    // Proof of stake is told by the total difficulty; without an engine Besu does not start.
    let mut members = vec![("ethash", "{}"), ("preMergeForkBlock", "0")];
    if genesis.config.time(Hardfork::Prague).is_some() {
        members.extend(REQUEST_CONTRACTS);
    }
    for (key, value) in members {
        config = set_member(&config, key, value)?;
    }
    let mut head = format!("{{\n  \"config\": {}", String::from_utf8_lossy(&config));
    for (key, value) in [
        ("nonce", Some(header.nonce.to_string())),
        // Decimal, as all of its readers take it.
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
