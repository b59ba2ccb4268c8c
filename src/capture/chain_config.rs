//! The execution `config` of a captured chain, and the head of its genesis.
//!
//! What was active at the captured block is active from block 0 on; what lies ahead keeps its
//! time, as a number that the consensus config's epochs correct at every boot.

use alloy_primitives::Address;
use serde_json::Value;

use super::Error;
use super::block::Block;
use crate::el::chain_config::{ChainConfig, HARDFORKS, Hardfork};
use crate::el::genesis::Member;
use crate::el::json::Cursor;

/// Hardforks by block number without which geth takes none by time.
const BLOCK_FORKS: [&str; 10] = [
    "homesteadBlock",
    "eip150Block",
    "eip155Block",
    "eip158Block",
    "byzantiumBlock",
    "constantinopleBlock",
    "petersburgBlock",
    "istanbulBlock",
    "berlinBlock",
    "londonBlock",
];
/// Consensus engines of chains without a beacon chain, and what geth notes for itself.
const DROPPED: [&str; 3] = ["clique", "ethash", "isDev"];

/// Raw JSON values by key, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// The members of an object.
    ///
    /// # Errors
    /// The text is no object.
    pub fn parse(object: &[u8]) -> Result<Self, crate::el::Error> {
        let mut members = Vec::new();
        Cursor::new(object, 0).object(|key, cursor| {
            let value = String::from_utf8_lossy(cursor.value()?).into_owned();
            members.push((String::from_utf8_lossy(key).into_owned(), value));
            Ok(())
        })?;
        Ok(Self(members))
    }

    /// Those of a genesis but for its alloc.
    pub fn of(members: &[Member]) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self(members.iter().map(|member| (text(&member.key), text(&member.value))).collect())
    }

    /// The raw value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, key: &str, value: impl ToString) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value.to_string(),
            None => self.0.push((key.to_owned(), value.to_string())),
        }
    }

    /// As an object with a member a line, `indent` blanks before each.
    pub fn to_json(&self, indent: usize) -> String {
        let blank = " ".repeat(indent);
        let line = |(key, value): &(String, String)| format!("{blank}  \"{key}\": {value}");
        let lines: Vec<_> = self.0.iter().map(line).collect();
        format!("{{\n{}\n{blank}}}", lines.join(",\n"))
    }
}

/// The config in geth's answer to `admin_nodeInfo`.
pub fn in_node_info(result: &[u8]) -> Option<Members> {
    let mut config = None;
    let walk = Cursor::new(result, 0).object(|key, cursor| {
        if key != b"protocols" || cursor.peek() != Some(b'{') {
            return cursor.value().map(drop);
        }
        cursor.object(|key, cursor| {
            if key != b"eth" || cursor.peek() != Some(b'{') {
                return cursor.value().map(drop);
            }
            cursor.object(|key, cursor| {
                let value = cursor.value()?;
                if key == b"config" {
                    config = Members::parse(value).ok();
                }
                Ok(())
            })
        })
    });
    walk.ok().and(config)
}

/// The config that an answer to `eth_config` (EIP-7910) implies: it names the present fork by its
/// precompiles and system contracts, and its blob limits.
pub fn in_eth_config(result: &[u8]) -> Option<Members> {
    let answer: Value = serde_json::from_slice(result).ok()?;
    let current = answer.get("current")?;
    let has = |list: &str, name: &str| current[list].get(name).is_some();
    let hardfork = if has("precompiles", "P256VERIFY") {
        Some(Hardfork::Osaka)
    } else if has("systemContracts", "HISTORY_STORAGE_ADDRESS") {
        Some(Hardfork::Prague)
    } else if has("systemContracts", "BEACON_ROOTS_ADDRESS") {
        Some(Hardfork::Cancun)
    } else {
        None
    };
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
    for (fork, key, _) in HARDFORKS {
        let only_blobs = (Hardfork::Bpo1..=Hardfork::Bpo5).contains(&fork);
        if Some(fork) <= hardfork && !only_blobs {
            members.set(key, 0);
        }
    }
    members
}

/// A config whose history is behind block 0.
#[derive(Debug, Clone)]
pub struct Flattened {
    /// The raw members.
    pub members: Members,
    /// What geth reads of them.
    pub config: ChainConfig,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Makes block 0 of what was active at `block`; without a block, of what was active at 0.
///
/// # Errors
/// The members are no chain config.
pub fn flatten(
    members: Members,
    chain_id: u64,
    block: Option<&Block>,
) -> Result<Flattened, crate::el::Error> {
    let (number, timestamp) = block.map_or((0, 0), |block| (block.number, block.timestamp));
    let mut flat = Members::default();
    let mut warnings = Vec::new();
    flat.set("chainId", chain_id);
    for key in BLOCK_FORKS {
        flat.set(key, 0);
    }
    for (key, value) in members.0 {
        let at: Option<u64> = value.parse().ok();
        match at {
            _ if key == "chainId" || DROPPED.contains(&key.as_str()) || value == "null" => {}
            Some(at) if key.ends_with("Block") => {
                if at > number {
                    warnings.push(format!(
                        "{key} was to come at block {at}: it is active from block 0 on, as on \
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

/// The members of a genesis but for its alloc, each on a line of its own. `old` are those of the
/// genesis that the chain had, if they are known.
///
/// # Errors
/// None for a config that was flattened.
pub fn head(config: &Flattened, block: Option<&Block>, old: &Members) -> Result<String, Error> {
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
    // What the next transaction meets is what it would have met on the old chain.
    let gas_limit = block.map(|block| quoted(format!("{:#x}", block.gas_limit)));
    let base_fee = block.and_then(|block| block.base_fee_per_gas);
    let base_fee = base_fee.map(|fee| quoted(format!("{fee:#x}")));
    for (key, value) in [("gasLimit", gas_limit), ("baseFeePerGas", base_fee)] {
        if let Some(value) = value.or_else(|| old.get(key).map(str::to_owned)) {
            head.set(key, value);
        }
    }
    let text = head.to_json(0);
    Ok(text.trim_start_matches("{\n").trim_end_matches("\n}").to_owned())
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
    fn the_past_is_block_0_and_the_future_keeps_its_time() {
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
            let text =
                format!("{{{}, \"alloc\": {{}}}}", head(&flat, block.as_ref(), &old).unwrap());
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
    fn nodes_tell_their_config() {
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
