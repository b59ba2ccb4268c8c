//! geth 1.13 to 1.17.

use super::failure::Failure;
use super::{Rule, says, warns};

/// geth logs this for every new block.
const BUILDS: &[&str] = &["Imported new potential chain segment"];

pub(super) const RULES: &[Rule] = &[
    says(Failure::OtherExecutionData, &["database contains incompatible genesis"]),
    says(Failure::Mainnet, &["Writing default main-net genesis block"]),
    warns(Failure::Jwt, &["invalid JWT secret"]),
    warns(Failure::Jwt, &["Invalid JWT secret"]),
    warns(Failure::Locked, &["datadir already used by another process"]),
    says(Failure::OlderHead, &["Ignoring beacon update to old head"]).repeated().until(BUILDS),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "Fatal: Failed to write genesis block: database contains incompatible genesis (have a, new b)",
        "INFO [11-28|16:00:00.000] Successfully wrote genesis state database=chaindata hash=0x1",
    ),
    (
        "INFO [11-28|16:00:00.000] Writing default main-net genesis block",
        "INFO [11-28|16:00:00.000] Writing custom genesis block",
    ),
    (
        "Fatal: Failed to create the protocol stack: invalid JWT secret",
        "INFO [11-28|16:00:00.000] Loaded JWT secret file path=/runtime/jwt/jwtsecret crc32=0x1",
    ),
    (
        "ERROR[11-28|16:00:00.000] Invalid JWT secret path=/runtime/jwt/jwtsecret length=31",
        "INFO [11-28|16:00:00.000] Generated JWT secret path=/runtime/jwt/jwtsecret",
    ),
    (
        "Fatal: Failed to create the protocol stack: datadir already used by another process",
        "INFO [11-28|16:00:00.000] Using LevelDB as the backing database",
    ),
    (
        "INFO [11-28|16:00:00.000] Ignoring beacon update to old head while syncing number=1,034 hash=0x1",
        "INFO [11-28|16:00:02.000] Imported new potential chain segment number=1035 hash=0x2",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r#"
INFO [11-28|16:00:00.000] Starting Geth on Ethereum mainnet...
WARN [11-28|16:00:00.000] Failed to load snapshot err="missing or corrupted snapshot"
INFO [11-28|16:00:00.000] Loaded JWT secret file path=/runtime/jwt/jwtsecret crc32=0x8a0e3c1b
INFO [11-28|16:00:00.000] HTTP server started endpoint=[::]:8545 auth=false prefix= cors= vhosts=localhost
WARN [11-28|16:00:00.000] Engine API enabled protocol=eth
WARN [11-28|16:00:00.000] Unclean shutdown detected booted=2026-11-28T15:00:00+0000 age=1h
WARN [11-28|16:00:00.000] Beacon client online, but no consensus updates received in a while. Please fix your beacon client to follow the chain!
INFO [11-28|16:00:01.000] Ignoring beacon update to old head while syncing number=3 hash=0x1
INFO [11-28|16:00:01.500] Ignoring beacon update to old head number=3 hash=0x1 age=1s have=4
INFO [11-28|16:00:02.000] Starting work on payload id=0x01
INFO [11-28|16:00:02.100] Updated payload id=0x01 number=4 hash=0x2
INFO [11-28|16:00:02.200] Imported new potential chain segment number=4 hash=0x2 blocks=1 txs=0
WARN [11-28|16:00:02.300] Nil finalized block cannot evict old blobs
INFO [11-28|16:00:02.400] Chain head was updated number=4 hash=0x2
"#;
