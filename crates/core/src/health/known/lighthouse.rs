//! Lighthouse 5 to 8: beacon node and validator client.

use super::failure::Failure;
use super::{Rule, says, warns};

/// The beacon node logs this for every block of its validators.
const BUILDS: &[&str] = &["Valid block from HTTP API"];
/// The validator client logs this for every block. A vote is refused now and then after a restart of the
/// beacon node, because its head was replaced.
const PROPOSES: &[&str] = &["Successfully published block"];

pub(super) const RULES: &[Rule] = &[
    warns(Failure::Jwt, &["stale token"]),
    warns(Failure::Jwt, &["Error during execution engine upcheck", "401 Unauthorized"]),
    warns(Failure::Jwt, &["JwtError"]),
    warns(Failure::TotalDifficulty, &["missing field `totalDifficulty`"]),
    warns(
        Failure::PresetRevision,
        &["Failed to start beacon node", "Head block not found in store"],
    ),
    warns(Failure::BlobRetention, &["Syncing from genesis is insecure"]),
    warns(Failure::Preset, &["YAML configuration incompatible with spec constants"]),
    warns(Failure::SlashingProtection, &["Not signing slashable"]).repeated().until(PROPOSES),
    warns(Failure::SlashingProtection, &["DoubleVote("]).repeated().until(PROPOSES),
    warns(Failure::SlashingProtection, &["DoubleBlockProposal("]).repeated().until(PROPOSES),
    warns(Failure::SlashingProtection, &["Unable to sign block: Slashable"])
        .repeated()
        .until(PROPOSES),
    warns(Failure::KeysReadOnly, &["Failed to start validator client", "Permission denied"]),
    warns(Failure::KeysReadOnly, &["Failed to start validator client", "Read-only file system"]),
    warns(Failure::Locked, &["Failed to start validator client", "LockfileError"]),
    says(Failure::DoppelgangerWait, &["Listening for doppelgangers"]),
    warns(Failure::DoppelgangerStop, &["Doppelganger(s) detected"]),
    says(Failure::OlderHead, &["No payload ID, the engine is likely syncing"])
        .repeated()
        .until(BUILDS),
    says(Failure::OlderHead, &["PayloadIdUnavailable"]).repeated().until(BUILDS),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "Nov 28 16:00:00.000 WARN  Error during execution engine upcheck error: ServerMessage { stale token }",
        "Nov 28 16:00:00.000 INFO  Execution engine online",
    ),
    (
        "Nov 28 16:00:00.000 ERROR Error during execution engine upcheck error: HttpClient(url: http://el:8551/, kind: request, detail: 401 Unauthorized)",
        "Nov 28 16:00:00.000 ERROR Error during execution engine upcheck error: HttpClient(url: http://el:8551/, kind: request, detail: error trying to connect)",
    ),
    (
        "Nov 28 16:00:00.000 CRIT  Failed to start beacon node reason: JwtError(InvalidKey)",
        "Nov 28 16:00:00.000 INFO  JWT loaded",
    ),
    (
        "Nov 28 16:00:00.000 ERRO Unable to check genesis: missing field `totalDifficulty` at line 1",
        "Nov 28 16:00:00.000 DEBG block without missing field `totalDifficulty`",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Failed to start beacon node, reason: Failed to build beacon chain: Head block not found in store",
        "Nov 28 16:00:00.000 DEBUG Head block not found in store of the cache",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Failed to start beacon node, reason: Syncing from genesis is insecure",
        "Nov 28 16:00:00.000 INFO  Starting from known genesis state",
    ),
    (
        "Nov 28 16:00:00.000 CRIT YAML configuration incompatible with spec constants for minimal",
        "Nov 28 16:00:00.000 INFO  Configured network",
    ),
    (
        "Nov 28 16:00:00.000 CRIT  Not signing slashable attestation error: InvalidAttestation(PrevSurroundsNew { .. })",
        "Nov 28 16:00:02.000 INFO  Successfully published block  slot: 12",
    ),
    (
        "Nov 28 16:00:00.000 ERROR not signed: InvalidAttestation(DoubleVote(SignedAttestation { .. }))",
        "Nov 28 16:00:02.000 INFO  Successfully published block  slot: 12",
    ),
    (
        "Nov 28 16:00:00.000 ERROR not signed: InvalidBlock(DoubleBlockProposal(SignedBlock { .. }))",
        "Nov 28 16:00:02.000 INFO  Successfully published block  slot: 12",
    ),
    (
        "Nov 28 16:00:00.000 CRIT  Error whilst producing block: Unable to sign block: Slashable(..)",
        "Nov 28 16:00:02.000 INFO  Successfully published block  slot: 12",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: Unable to open or create slashing protection database: Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" }",
        "Nov 28 16:00:00.000 WARN  Could not set mode: Permission denied",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: Os { code: 30, message: \"Read-only file system\" }",
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: no beacon node",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: Unable to initialize validators: LockfileError(FileLocked(..))",
        "Nov 28 16:00:00.000 WARN  Ignored stale lockfile  path: /keys/0x1/voting-keystore.json.lock, cause: Ungraceful shutdown (harmless) OR non-Lighthouse client using this keystore (risky)",
    ),
    (
        "Nov 28 16:00:00.000 INFO  Listening for doppelgangers  doppelganger_detecting_validators: 64",
        "Nov 28 16:00:00.000 INFO  Doppelganger protection disabled.",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Doppelganger(s) detected  doppelganger_indices: [42]",
        "Nov 28 16:00:00.000 INFO  No Doppelganger(s) detected",
    ),
    (
        "Nov 28 16:00:00.000 ERROR Exec engine unable to produce payload msg: No payload ID, the engine is likely syncing. This has the potential to cause a missed block proposal.",
        "Nov 28 16:00:02.000 INFO  Valid block from HTTP API block_delay: 10ms",
    ),
    (
        "Nov 28 16:00:00.000 WARN  Error processing HTTP API request path: /eth/v3/validator/blocks/12 error: PayloadIdUnavailable",
        "Nov 28 16:00:02.000 INFO  Valid block from HTTP API block_delay: 10ms",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r#"
Nov 28 16:00:00.000 INFO  Doppelganger protection disabled.
Nov 28 16:00:00.000 WARN  Ignored stale lockfile                        path: "/runtime/validator-keys/keys/0x1/voting-keystore.json.lock", cause: "Ungraceful shutdown (harmless) OR non-Lighthouse client using this keystore (risky)"
Nov 28 16:00:00.000 WARN  PBKDF2 parameters are too weak
Nov 28 16:00:00.000 WARN  Unable to connect to a beacon node            retry in: 2 seconds
Nov 28 16:00:00.000 ERROR Failed to resolve pubkey to index
Nov 28 16:00:00.000 INFO  Blob DB initialized
Nov 28 16:00:00.000 INFO  Starting from known genesis state
Nov 28 16:00:00.000 ERROR Error during execution engine upcheck error: HttpClient(url: http://el:8551/, kind: request, detail: error trying to connect)
Nov 28 16:00:00.000 WARN  Low peer count
Nov 28 16:00:00.000 WARN  Could not publish message error: NoPeersSubscribedToTopic
Nov 28 16:00:00.000 ERROR Exec engine unable to produce payload msg: No payload ID, the engine is likely syncing.
Nov 28 16:00:02.000 INFO  Valid block from HTTP API block_delay: 10ms
Nov 28 16:00:02.000 CRIT  Not signing slashable attestation error: InvalidAttestation(DoubleVote(SignedAttestation { .. }))
Nov 28 16:00:02.000 INFO  Successfully published attestations
Nov 28 16:00:02.000 INFO  Synced slot: 12, block: 0x1, epoch: 1, finalized_epoch: 0
"#;
