//! Teku 22 to 25: beacon node and validator client.

use super::failure::Failure;
use super::{Rule, says, warns};

pub(super) const RULES: &[Rule] = &[
    warns(Failure::OtherConsensusData, &["Failed to initialize storage", "existing database"]),
    warns(Failure::Jwt, &["Check the same JWT secret is configured for Teku"]),
    warns(Failure::Locked, &["eystore", " already in use"]),
    says(Failure::DoppelgangerWait, &["Starting doppelganger detection for public keys"]),
    says(Failure::DoppelgangerStop, &["Validator doppelganger detected"]),
    warns(Failure::DoppelgangerStop, &["Detected", "validators doppelganger"]),
    // The exception of a block that has no payload; it may be a line of its own.
    says(Failure::OlderHead, &["Unable to obtain an executionPayloadContext"])
        .repeated()
        .until(&["Published block "]),
    warns(Failure::LostBlocks, &["because the Execution Client is syncing"])
        .until(&["Execution Client syncing complete"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "2026-11-28 16:00:00.000 FATAL - Failed to initialize storage. Check the existing database matches the current network configuration. Set log level to debug for more information.",
        "2026-11-28 16:00:00.000 INFO  - Storage initialization complete",
    ),
    (
        "2026-11-28 16:00:00.000 ERROR - Execution Client request failed. Check the same JWT secret is configured for Teku and the Execution Client.",
        "2026-11-28 16:00:00.000 ERROR - Execution Client request failed. Make sure the Execution Client is online and can respond to requests.",
    ),
    (
        "2026-11-28 16:00:00.000 ERROR - Keystore file /keys/0x1.json already in use.",
        "2026-11-28 16:00:00.000 INFO  - Loading 64 validator keys...",
    ),
    (
        "2026-11-28 16:00:00.000 INFO  - Starting doppelganger detection for public keys: b28ab22",
        "2026-11-28 16:00:00.000 INFO  - Doppelganger detection check finished. Stopping doppelganger detection for public keys b28ab22.",
    ),
    (
        "2026-11-28 16:00:00.000 INFO  - Validator doppelganger detected. Public keys: b28ab22. Shutting down...",
        "2026-11-28 16:00:00.000 INFO  - No validator doppelganger detected. Stopping doppelganger detection service.",
    ),
    (
        "2026-11-28 16:00:00.000 FATAL - Detected 1 validators doppelganger: Index: 4, Public key: b28ab22",
        "2026-11-28 16:00:00.000 INFO  - No validators doppelganger detected.",
    ),
    (
        "java.lang.IllegalStateException: Unable to obtain an executionPayloadContext",
        "2026-11-28 16:00:02.000 INFO  - Validator   *** Published block                Count: 1, Slot: 4, Root: 0x1",
    ),
    (
        "2026-11-28 16:00:00.000 WARN  - Unable to execute the current chain head block payload because the Execution Client is syncing. Activating optimistic sync of the beacon chain node",
        "2026-11-28 16:00:02.000 INFO  - Execution Client syncing complete. Continuing to sync beacon chain blocks",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r"
2026-11-28 16:00:00.000 INFO  - Teku version: teku/v25.9.0
2026-11-28 16:00:00.000 INFO  - Initializing storage
2026-11-28 16:00:00.000 INFO  - Storage initialization complete
2026-11-28 16:00:00.000 WARN  - Not loading specified initial state as chain data already exists.
2026-11-28 16:00:00.000 ERROR - Execution Client request failed. Make sure the Execution Client is online and can respond to requests.
2026-11-28 16:00:00.000 INFO  - Execution Client is responding to requests again after a previous failure
2026-11-28 16:00:00.000 INFO  - Loaded 64 Validators: b28ab22
2026-11-28 16:00:00.000 WARN  - Late Block Import *** Block: 0x1 (4) Proposer: 3 Result: success Timings: Received 900ms
2026-11-28 16:00:00.000 ERROR - Validator   *** Failed to produce block  Slot: 3 Validator: b28ab22
java.lang.IllegalStateException: Unable to obtain an executionPayloadContext
2026-11-28 16:00:02.000 INFO  - Slot Event  *** Slot: 4, Block: 0x1, Justified: 0, Finalized: 0, Peers: 0
2026-11-28 16:00:02.000 INFO  - Validator   *** Published block              Count: 1, Slot: 4, Root: 0x1
";
