//! Nimbus 23 to 26: beacon node and validator client.

use super::failure::Failure;
use super::{Rule, says, warns};

/// The beacon node logs this for every block of its validators.
const PROPOSES: &[&str] = &["Block proposed"];

pub(super) const RULES: &[Rule] = &[
    warns(Failure::Preset, &["not compatible with the current build"]),
    says(Failure::DoppelgangerWait, &["Doppelganger detection active - skipping validator duties"]),
    warns(Failure::DoppelgangerStop, &["Doppelganger detection triggered"]),
    warns(
        Failure::OlderHead,
        &["Failed to get execution payload from EL", "Head block is not a valid payload"],
    )
    .repeated()
    .until(PROPOSES),
    // Since 2026.
    warns(
        Failure::OlderHead,
        &["Execution client did not return payload id", "status=VALID"],
    )
    .repeated()
    .until(PROPOSES),
    says(Failure::LostBlocks, &["Execution client not in sync"]).repeated().until(PROPOSES),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "FAT 2026-11-28 16:00:00.000+00:00 The selected network is not compatible with the current build",
        "INF 2026-11-28 16:00:00.000+00:00 The selected network is compatible",
    ),
    (
        "NTC 2026-11-28 16:00:00.000+00:00 Doppelganger detection active - skipping validator duties while observing the network",
        "NTC 2026-11-28 16:00:00.000+00:00 Doppelganger detection disabled",
    ),
    (
        "FAT 2026-11-28 16:00:00.000+00:00 Doppelganger detection triggered! It appears a validator loaded into this process is already live",
        "INF 2026-11-28 16:00:00.000+00:00 Doppelganger detection complete",
    ),
    (
        "WRN 2026-11-28 16:00:00.000+00:00 Failed to get execution payload from EL topics=\"elman\" url=http://el:8551 reason=\"Head block is not a valid payload\"",
        "NTC 2026-11-28 16:00:02.000+00:00 Block proposed topics=\"beacval\" blockRoot=1 signature=2 validator=3",
    ),
    (
        "WRN 2026-11-28 16:00:00.000+00:00 Execution client did not return payload id topics=\"elman\" url=http://el:8551 status=VALID",
        "NTC 2026-11-28 16:00:02.000+00:00 Block proposed topics=\"beacval\" blockRoot=1 signature=2 validator=3",
    ),
    (
        "INF 2026-11-28 16:00:00.000+00:00 Execution client not in sync; skipping validator duties for now topics=\"beacval\" slot=12 headSlot=9",
        "NTC 2026-11-28 16:00:02.000+00:00 Block proposed topics=\"beacval\" blockRoot=1 signature=2 validator=3",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r#"
INF 2026-11-28 16:00:00.000+00:00 Launching beacon node topics="beacnde" version=v25.9.0
WRN 2026-11-28 16:00:00.000+00:00 Connection to EL node degraded topics="elman" url=http://el:8551 failedRequest=newPayload statusCode=0 err="Request timed out"
INF 2026-11-28 16:00:00.000+00:00 Execution client not in sync; skipping validator duties for now topics="beacval" slot=1 headSlot=0
WRN 2026-11-28 16:00:00.000+00:00 Failed to get execution payload from EL topics="elman" url=http://el:8551 reason="Request timed out"
WRN 2026-11-28 16:00:00.000+00:00 Execution client did not return payload id topics="elman" url=http://el:8551 status=SYNCING
NTC 2026-11-28 16:00:00.000+00:00 Doppelganger detection disabled
WRN 2026-11-28 16:00:00.000+00:00 Peer count low, no new peers discovered topics="networking"
INF 2026-11-28 16:00:02.000+00:00 Slot start topics="beacnde" slot=4 epoch=0 sync=synced peers=0 head=1:3 finalized=0:0
NTC 2026-11-28 16:00:02.000+00:00 Block proposed topics="beacval" blockRoot=1 signature=2 validator=3
NTC 2026-11-28 16:00:02.000+00:00 Attestation sent topics="message_router"
"#;
