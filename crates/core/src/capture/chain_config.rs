//! The execution `config` of a captured chain, and the head of its genesis.
//!
//! Forks that were active at the captured block are active from block 0 on. Later forks keep their
//! timestamps, which `init` replaces by those of the consensus config's epochs.

use alloy_primitives::Address;
use serde::Deserialize;
use serde_json::Value;

use super::block::Block;
use super::members::Members;
use crate::el::chain_config::ChainConfig;
use crate::el::other_chains;
use crate::forks::{BLOCK_FORKS, Hardfork};

/// Consensus engines of chains without a beacon chain, and a note of geth for itself.
const DROPPED: [&str; 3] = ["clique", "ethash", "isDev"];

/// The config in geth's answer to `admin_nodeInfo`.
pub fn in_node_info(result: &[u8]) -> Option<Members> {
    #[derive(Deserialize)]
    struct NodeInfo {
        protocols: Protocols,
    }
    #[derive(Deserialize)]
    struct Protocols {
        eth: Protocol,
    }
    #[derive(Deserialize)]
    struct Protocol {
        config: Members,
    }
    serde_json::from_slice(result).ok().map(|info: NodeInfo| info.protocols.eth.config)
}

/// The config that an answer to `eth_config` (EIP-7910) implies: its precompiles and system contracts
/// identify the current fork, and it has the fork's blob limits.
pub fn in_eth_config(result: &[u8]) -> Option<Members> {
    let answer: Value = serde_json::from_slice(result).ok()?;
    let current = answer.get("current")?;
    let has = |list: &str, name: &str| current[list].get(name).is_some();
    let is_named = |fork: &&Hardfork| fork.eth_config().is_some_and(|(list, name)| has(list, name));
    let hardfork = Hardfork::ALL.iter().rfind(is_named).copied();
    let mut members = up_to(hardfork);
    let deposit = current["systemContracts"].get("DEPOSIT_CONTRACT_ADDRESS");
    if let Some(address) = deposit.filter(|address| address.is_string()) {
        members.set("depositContractAddress", address);
    }
    let (blobs, entry) = (&current["blobSchedule"], hardfork.and_then(Hardfork::blob_schedule_key));
    if let (true, Some(entry)) = (blobs.is_object(), entry) {
        members.set("blobSchedule", format!("{{\"{entry}\": {blobs}}}"));
    }
    Some(members)
}

/// A config with all hardforks through `hardfork` at block 0.
pub fn up_to(hardfork: Option<Hardfork>) -> Members {
    let mut members = Members::default();
    for fork in Hardfork::ALL.iter().filter(|fork| fork.fork().is_some()) {
        if Some(*fork) <= hardfork {
            members.set(fork.key(), 0);
        }
    }
    members
}

/// A config with all earlier forks at block 0.
#[derive(Debug, Clone)]
pub struct Flattened {
    /// The raw members.
    pub members: Members,
    /// The config that geth reads from them.
    pub config: ChainConfig,
    /// For the user.
    pub warnings: Vec<String>,
}

/// Moves the forks that were active at `block` to block 0; without a block, those of time 0.
///
/// # Errors
/// The members are not a chain config.
pub fn flatten(
    members: Members,
    chain_id: u64,
    block: Option<&Block>,
) -> Result<Flattened, crate::el::Error> {
    let (number, timestamp) = block.map_or((0, 0), |block| (block.number, block.timestamp));
    let mut flat = Members::default();
    let mut warnings = Vec::new();
    flat.set("chainId", chain_id);
    // geth requires these before any hardfork by time.
    for fork in BLOCK_FORKS.iter().filter(|fork| !fork.optional) {
        flat.set(fork.key, 0);
    }
    for (key, value) in members.0 {
        let at: Option<u64> = value.parse().ok();
        if let Some(chain) = other_chains::find(&key).filter(|_| value != "null") {
            warnings.push(format!(
                "config.{key} is left out: it is {}; this snapshot starts the state on an L1",
                chain.name
            ));
            continue;
        }
        match at {
            _ if key == "chainId" || DROPPED.contains(&key.as_str()) || value == "null" => {}
            Some(at) if key.ends_with("Block") => {
                if at > number {
                    warnings.push(format!(
                        "{key} was scheduled for block {at}: it is active from block 0 on, as on \
                         every merged chain"
                    ));
                }
                flat.set(&key, 0);
            }
            Some(at) if key.ends_with("Time") && at <= timestamp => flat.set(&key, 0),
            _ => flat.set(&key, value),
        }
    }
    flat.set("terminalTotalDifficulty", 0);
    let mut config = ChainConfig::default();
    config.read(flat.to_json(0).as_bytes(), 0).map_err(|error| error.under("config"))?;
    if config.deposit_contract_address == Address::ZERO {
        flat.0.retain(|(key, _)| key != "depositContractAddress");
    }
    Ok(Flattened { members: flat, config, warnings })
}

/// The members of a genesis besides its alloc, one per line, without braces. `old` are those of the
/// chain's own genesis, if they are known.
pub fn head(config: &Flattened, block: Option<&Block>, old: &Members) -> String {
    let quoted = |text: String| format!("\"{text}\"");
    let mut head = Members::default();
    head.set("config", config.members.to_json(2));
    head.set("nonce", "\"0x1234\"");
    head.set("timestamp", "\"TIMESTAMP_PLACEHOLDER\"");
    head.set("extraData", "\"0x\"");
    head.set("gasLimit", "\"0x1c9c380\"");
    head.set("difficulty", "\"0x0\"");
    head.set("mixHash", quoted(format!("0x{}", "00".repeat(32))));
    head.set("coinbase", quoted(format!("0x{}", "00".repeat(20))));
    // The next transaction meets the limits that it would have met on the old chain.
    let gas_limit = block.map(|block| quoted(format!("{:#x}", block.gas_limit)));
    let base_fee = block.and_then(|block| block.base_fee_per_gas);
    let base_fee = base_fee.map(|fee| quoted(format!("{fee:#x}")));
    for (key, value) in [("gasLimit", gas_limit), ("baseFeePerGas", base_fee)] {
        if let Some(value) = value.or_else(|| old.get(key).map(str::to_owned)) {
            head.set(key, value);
        }
    }
    let text = head.to_json(0);
    text.trim_start_matches("{\n").trim_end_matches("\n}").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64, timestamp: u64) -> Block {
        let json = format!(
            r#"{{"number": "{number:#x}", "stateRoot": "0x{}", "timestamp": "{timestamp:#x}",
            "gasLimit": "0x1000", "baseFeePerGas": "0x7"}}"#,
            "00".repeat(32)
        );
        Block::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn earlier_forks_move_to_block_0_and_later_ones_keep_their_time() {
        let members = Members::parse(
            br#"{"chainId": 5, "londonBlock": 7, "arrowGlacierBlock": 99, "mergeNetsplitBlock": null,
            "clique": {"period": 1}, "shanghaiTime": 100, "cancunTime": 101, "bpo1Time": 90, "x": [1],
            "depositContractAddress": "0x0000000000000000000000000000000000000000"}"#,
        );
        let flat = flatten(members.unwrap(), 9, Some(&block(10, 100))).unwrap();
        let text: Value = serde_json::from_str(&flat.members.to_json(0)).unwrap();
        assert_eq!(text["chainId"], 9);
        assert_eq!(text["londonBlock"], 0);
        assert_eq!(text["shanghaiTime"], 0);
        assert_eq!(text["cancunTime"], 101);
        assert_eq!(text["bpo1Time"], 0);
        assert_eq!(text["x"], serde_json::json!([1]));
        assert_eq!(text["terminalTotalDifficulty"], 0);
        for gone in ["clique", "mergeNetsplitBlock", "depositContractAddress"] {
            assert!(text.get(gone).is_none(), "{gone}");
        }
        assert_eq!(flat.warnings.len(), 1, "arrowGlacierBlock lies ahead");
        assert_eq!(flat.config.time(Hardfork::Cancun), Some(101));
    }

    #[test]
    fn heads_are_members_of_a_genesis() {
        let flat = flatten(up_to(Some(Hardfork::Osaka)), 9, None).unwrap();
        let old = Members::parse(br#"{"gasLimit": 5000, "baseFeePerGas": "1"}"#).unwrap();
        for (block, gas_limit, fee) in
            [(None, serde_json::json!(5000), "1"), (Some(block(1, 1)), "0x1000".into(), "0x7")]
        {
            let text = format!("{{{}, \"alloc\": {{}}}}", head(&flat, block.as_ref(), &old));
            let json: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["gasLimit"], gas_limit);
            assert_eq!(json["baseFeePerGas"], fee);
            assert_eq!(json["config"]["osakaTime"], 0);
            assert!(json["config"].get("bpo1Time").is_none());
            crate::el::genesis::read(text.as_bytes(), &|_| ()).unwrap().0.genesis().unwrap();
        }
    }

    /// What geth 1.17.4 and anvil 1.7.1 answer, shortened.
    #[test]
    fn configs_are_read_from_nodes() {
        let info = br#"{"id":"x","protocols":{"eth":{"network":1337,"config":{"chainId":1337,"osakaTime":0}},"snap":{}}}"#;
        assert_eq!(in_node_info(info).unwrap().get("osakaTime"), Some("0"));
        assert_eq!(in_node_info(b"{\"protocols\":{}}"), None);
        let config = br#"{"current":{"activationTime":0,"blobSchedule":{"baseFeeUpdateFraction":5007716,"max":9,"target":6},
            "precompiles":{"P256VERIFY":"0x0100"},"systemContracts":{"HISTORY_STORAGE_ADDRESS":"0x00","DEPOSIT_CONTRACT_ADDRESS":"0x00000000219ab540356cbb839cbe05303d7705fa"}},"next":null}"#;
        let members = in_eth_config(config).unwrap();
        assert_eq!(members.get("pragueTime"), Some("0"));
        assert_eq!(members.get("osakaTime"), Some("0"));
        assert!(members.get("amsterdamTime").is_none());
        assert!(members.get("blobSchedule").unwrap().contains("\"osaka\": {"));
    }
}
