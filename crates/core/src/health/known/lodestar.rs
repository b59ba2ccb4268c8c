//! Lodestar 1.5 to 1.40: beacon node and validator client.

use super::failure::Failure;
use super::{Rule, says, warns};

pub(super) const RULES: &[Rule] = &[
    warns(Failure::OtherConsensusData, &["Not the same genesisValidatorRoot"]),
    warns(Failure::OtherConsensusData, &["Not the same genesisTime"]),
    warns(Failure::Jwt, &["Execution client authentication failed"]),
    warns(Failure::Locked, &["EEXIST", ".json.lock"]),
    says(Failure::DoppelgangerWait, &["Registered validator for doppelganger"]),
    // Repeats while the node waits at its start.
    warns(Failure::Late, &["Node is syncing - waiting for peers"])
        .repeated()
        .until(&["Published block"]),
    // The validator client quotes the beacon node.
    warns(Failure::OlderHead, &["Error proposing block", "payloadId null"])
        .repeated()
        .until(&["Published block"]),
    warns(Failure::LostBlocks, &["payload status is SYNCING"]),
    warns(Failure::LostBlocks, &["payload status is ACCEPTED"]),
    warns(Failure::LostBlocks, &["Execution client is syncing"])
        .until(&["Execution client is synced"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "Nov-28 16:00:00.000[]                error: Not the same genesisValidatorRoot expected=0x1, actual=0x2",
        "Nov-28 16:00:00.000[]                 info: Verified connected beacon node and validator have the same genesisValidatorRoot",
    ),
    (
        "Nov-28 16:00:00.000[]                error: Not the same genesisTime expected=1, actual=2",
        "Nov-28 16:00:00.000[]                 info: Persisted genesisTime",
    ),
    (
        "Nov-28 16:00:00.000[execution]       error: Execution client authentication failed oldState=ONLINE, newState=AUTH_FAILED",
        "Nov-28 16:00:00.000[execution]        info: Execution client became online oldState=OFFLINE, newState=ONLINE",
    ),
    (
        "Nov-28 16:00:00.000[]                error: EEXIST: file already exists, open '/keys/0x1/voting-keystore.json.lock'",
        "Nov-28 16:00:00.000[]                error: EEXIST: file already exists, mkdir '/keys'",
    ),
    (
        "Nov-28 16:00:00.000[]                 info: Registered validator for doppelganger detection remainingEpochs=1",
        "Nov-28 16:00:00.000[]                 info: Doppelganger detection skipped for validator initialized before genesis",
    ),
    (
        "Nov-28 16:00:00.000[]                error: Error on getProposerDuties: Service Unavailable: Node is syncing - waiting for peers",
        "Nov-28 16:00:02.000[]                 info: Published block slot=4",
    ),
    (
        "Nov-28 16:00:00.000[]                error: Error proposing block slot=4 - notifyForkchoiceUpdate returned payloadId null",
        "Nov-28 16:00:02.000[]                 info: Published block slot=5",
    ),
    (
        "Nov-28 16:00:00.000[]                error: Execution payload status is SYNCING",
        "Nov-28 16:00:00.000[]                debug: Execution payload status is SYNCING",
    ),
    (
        "Nov-28 16:00:00.000[]                error: Execution payload status is ACCEPTED",
        "Nov-28 16:00:00.000[]                 info: Execution payload status is VALID",
    ),
    (
        "Nov-28 16:00:00.000[execution]        warn: Execution client is syncing oldState=ONLINE, newState=SYNCING",
        "Nov-28 16:00:02.000[execution]        info: Execution client is synced oldState=SYNCING, newState=SYNCED",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r"
Nov-28 16:00:00.000[]                 info: Lodestar network=devnet, version=v1.34.0
Nov-28 16:00:00.000[execution]       error: Execution client went offline oldState=ONLINE, newState=OFFLINE
Nov-28 16:00:00.000[execution]        info: Execution client became online oldState=OFFLINE, newState=ONLINE
Nov-28 16:00:00.000[execution]        warn: Execution client is syncing oldState=ONLINE, newState=SYNCING
Nov-28 16:00:00.000[execution]        info: Execution client is synced oldState=SYNCING, newState=SYNCED
Nov-28 16:00:00.000[]                 warn: Low peer count peers=0
Nov-28 16:00:00.000[]                error: Error on getProposerDuties: Service Unavailable: Node is syncing - waiting for peers
Nov-28 16:00:00.000[]                 info: Doppelganger detection skipped for validator initialized before genesis
Nov-28 16:00:02.000[]                 info: Searching peers - peers: 0 - slot: 4 - head: 3 0x1 - exec-block: valid(3 0x2) - finalized: 0x0:0
Nov-28 16:00:02.000[]                 info: Published block slot=4
Nov-28 16:00:02.000[]                 info: Published attestations slot=4, count=8
";
