//! Whether the execution client of an L2 runs on the expected genesis, and builds blocks.

use serde::Deserialize;

use super::{Execution, Finding, Health};

/// A sequencer that has built no block for this many seconds has stopped.
const STALLED: u64 = 60;

/// Block 0 of an L2 that `init` wrote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ExpectedL2 {
    /// Its name.
    pub name: String,
    /// Its chain id.
    pub chain_id: u64,
    /// Hash of its block 0.
    pub block_hash: String,
    /// Time of its block 0, in Unix seconds.
    pub timestamp: u64,
}

/// The L2s in `regenesis.json`.
///
/// # Errors
/// The file is damaged.
pub fn expected_l2s(marker: &[u8]) -> Result<Vec<ExpectedL2>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Marker {
        #[serde(default)]
        l2: Vec<ExpectedL2>,
    }
    serde_json::from_slice::<Marker>(marker).map(|marker| marker.l2)
}

/// Health of the execution client of one of these L2s, recognised by its chain id; `now` in Unix seconds.
///
/// # Errors
/// It runs another chain, on another genesis, or is stalled.
pub fn l2(expected: &[ExpectedL2], el: &Execution, now: u64) -> Health {
    let Some(chain) = expected.iter().find(|chain| chain.chain_id == el.chain_id) else {
        let ids: Vec<_> = expected.iter().map(|chain| chain.chain_id.to_string()).collect();
        let known = if ids.is_empty() { "no L2".to_owned() } else { ids.join(", ") };
        let id = el.chain_id;
        return Err(Finding::new(
            format!("the execution client has chain id {id}; regenesis.json lists {known}"),
            "check --el: it is the JSON-RPC of an L2's execution client",
        ));
    };
    let (name, number) = (&chain.name, el.number);
    if el.genesis_hash != chain.block_hash {
        let (found, expected) = (&el.genesis_hash, &chain.block_hash);
        return Err(Finding::new(
            format!(
                "the L2 {name} runs on genesis {found}, expected {expected}: it has data from another run"
            ),
            "start it with regenesis run --datadir, or empty its data directory",
        ));
    }
    let since = now.saturating_sub(el.timestamp.max(chain.timestamp));
    if since > STALLED {
        return Err(Finding::new(
            format!("no block of the L2 {name} after {number} for {since} s"),
            "check that the L1 builds, and see the log of op-node",
        ));
    }
    Ok(match chain.timestamp.checked_sub(now) {
        _ if number > 0 => format!("{name}: block {number}, {since} s old"),
        Some(ahead) if ahead > 0 => format!("{name}: genesis in {ahead} s"),
        _ => format!("{name}: before the first block"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &[u8] = br#"{"run_id": "a1", "l2": [{"name": "op", "chain_id": 13,
        "timestamp": 100, "state_root": "0x1", "block_hash": "0xaa", "accounts": 1, "l1_block": 0}]}"#;

    fn health(chain_id: u64, genesis_hash: &str, number: u64, now: u64) -> Health {
        let genesis_hash = genesis_hash.to_owned();
        let timestamp = 100 + number;
        let el = Execution { chain_id, genesis_hash, number, timestamp };
        l2(&expected_l2s(MARKER).unwrap(), &el, now)
    }

    #[test]
    fn an_l2_is_healthy_until_its_blocks_stop() {
        assert_eq!(health(13, "0xaa", 0, 90).unwrap(), "op: genesis in 10 s");
        assert_eq!(health(13, "0xaa", 0, 160).unwrap(), "op: before the first block");
        assert_eq!(health(13, "0xaa", 7, 110).unwrap(), "op: block 7, 3 s old");
        let stalled = health(13, "0xaa", 7, 168).unwrap_err();
        assert_eq!(stalled.cause, "no block of the L2 op after 7 for 61 s");
    }

    #[test]
    fn another_chain_and_another_genesis_are_named() {
        assert!(health(14, "0xaa", 1, 110).unwrap_err().cause.ends_with("lists 13"));
        assert!(health(13, "0xbb", 1, 110).unwrap_err().cause.contains("0xbb, expected 0xaa"));
        assert_eq!(expected_l2s(b"{}").unwrap(), []);
        assert!(expected_l2s(b"{").is_err());
    }
}
