//! Prysm 5 to 7: beacon node and validator client.

use super::failure::Failure;
use super::{Rule, says, warns};

/// The beacon node logs this for every block.
const BUILDS: &[&str] = &["Synced new block"];
/// The validator client logs this for every block.
const PROPOSES: &[&str] = &["Submitted new block"];

pub(super) const RULES: &[Rule] = &[
    warns(Failure::Jwt, &["HTTP authentication to your execution client is not working"]),
    warns(Failure::Jwt, &["could not authenticate connection to execution client"]),
    warns(
        Failure::PresetRevision,
        &["parent root", "does not match the latest block header signing root"],
    ),
    warns(Failure::Preset, &["Config does not match any known preset"]),
    warns(Failure::ShortSlots, &["invalid decreasing offsets"]),
    warns(Failure::ForkVersion, &["configset cannot add config with conflicting fork version"]),
    warns(Failure::SlashingProtection, &["rejected by local slashing protection"])
        .repeated()
        .until(PROPOSES),
    warns(Failure::SlashingProtection, &["block rejected by local protection"])
        .repeated()
        .until(PROPOSES),
    warns(Failure::Locked, &["cannot obtain database lock"]),
    says(Failure::DoppelgangerWait, &["Running doppelganger check"]),
    warns(
        Failure::DoppelgangerStop,
        &["Duplicate instances exists in the network for validator keys"],
    ),
    says(Failure::OlderHead, &["Received nil payload ID on VALID engine response"])
        .repeated()
        .until(BUILDS),
    says(Failure::OlderHead, &["Could not get local payload: nil payload"])
        .repeated()
        .until(BUILDS),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        r#"time="2026-11-28 16:00:00" level=error msg="HTTP authentication to your execution client is not working. Please ensure you are setting a correct value for the --jwt-secret flag in Prysm" prefix=execution"#,
        r#"time="2026-11-28 16:00:00" level=info msg="Connected to new endpoint: http://el:8551" prefix=execution"#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=error msg="Could not connect to execution endpoint" error="could not authenticate connection to execution client: 401 Unauthorized" prefix=execution"#,
        r#"time="2026-11-28 16:00:00" level=error msg="Could not connect to execution endpoint" error="connection refused" prefix=execution"#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=error msg="parent root 0x1 does not match the latest block header signing root in state 0x2""#,
        r#"time="2026-11-28 16:00:00" level=info msg="Synced new block" block=0x1"#,
    ),
    (
        r#"level=fatal msg="Config does not match any known preset""#,
        r#"level=info msg="Config matches a known preset""#,
    ),
    ("panic: invalid decreasing offsets", r#"level=debug msg="no invalid decreasing offsets""#),
    (
        r#"level=fatal msg="configset cannot add config with conflicting fork version schedule""#,
        r#"level=info msg="configset added""#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=error msg="Failed attestation slashing protection check" error="attempted to make slashable attestation, rejected by local slashing protection" prefix=client"#,
        r#"time="2026-11-28 16:00:02" level=info msg="Submitted new block" prefix=client"#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=error msg="Failed block slashing protection check" error="block rejected by local protection" prefix=client"#,
        r#"time="2026-11-28 16:00:02" level=info msg="Submitted new block" prefix=client"#,
    ),
    (
        r#"level=fatal msg="cannot obtain database lock, database may be in use by another process""#,
        r#"level=info msg="Opened validator DB""#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=info msg="Running doppelganger check" prefix=validator"#,
        r#"time="2026-11-28 16:00:00" level=info msg="Doppelganger check disabled" prefix=validator"#,
    ),
    (
        r#"level=fatal msg="Could not succeed with doppelganger check: Duplicate instances exists in the network for validator keys: 0x1""#,
        r#"level=info msg="Doppelganger check passed""#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=error msg="Received nil payload ID on VALID engine response" prefix=blockchain"#,
        r#"time="2026-11-28 16:00:02" level=info msg="Synced new block" prefix=blockchain"#,
    ),
    (
        r#"time="2026-11-28 16:00:00" level=error msg="Could not get local payload: nil payload with block hash""#,
        r#"time="2026-11-28 16:00:02" level=info msg="Synced new block" prefix=blockchain"#,
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r#"
time="2026-11-28 16:00:00" level=warning msg="In order to receive transaction fees from proposing blocks, you must provide flag --suggested-fee-recipient" prefix=node
time="2026-11-28 16:00:00" level=error msg="There were some issues parsing the config from a yaml file" error="unknown field HEZE_FORK_EPOCH" prefix=params
time="2026-11-28 16:00:00" level=error msg="Could not connect to execution endpoint" error="connection refused" prefix=execution
time="2026-11-28 16:00:00" level=info msg="Connected to new endpoint: http://el:8551" prefix=execution
time="2026-11-28 16:00:00" level=warning msg="No peers, waiting" prefix=p2p
time="2026-11-28 16:00:00" level=error msg="Received nil payload ID on VALID engine response" prefix=blockchain
time="2026-11-28 16:00:02" level=info msg="Synced new block" prefix=blockchain
time="2026-11-28 16:00:02" level=info msg="Submitted new block" prefix=client
time="2026-11-28 16:00:02" level=info msg="Submitted new attestations" prefix=client
"#;
