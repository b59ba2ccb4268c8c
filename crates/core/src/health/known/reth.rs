//! reth 1.

use super::failure::Failure;
use super::{Rule, says, warns};

pub(super) const RULES: &[Rule] = &[
    says(Failure::OtherExecutionData, &["genesis hash in the storage does not match"]),
    warns(Failure::Jwt, &["Invalid JWT:"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "Error: genesis hash in the storage does not match the specified chainspec: chainspec is 0x1, database is 0x2",
        "2026-11-28T16:00:00Z  INFO Genesis hash of the storage: 0x1",
    ),
    (
        "2026-11-28T16:00:00Z ERROR Invalid JWT: JWT decoding error: InvalidToken",
        "2026-11-28T16:00:00Z  INFO Creating JWT auth secret file path=\"/data/jwt.hex\"",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r#"
2026-11-28T16:00:00.000000Z  INFO Initialized tracing, debug log directory: /data/logs
2026-11-28T16:00:00.000000Z  INFO Starting reth version="1.9.0"
2026-11-28T16:00:00.000000Z  INFO Verifying storage consistency.
2026-11-28T16:00:00.000000Z  INFO RPC auth server started url=0.0.0.0:8551
2026-11-28T16:00:00.000000Z  WARN Beacon client online, but no consensus updates received for a while. This may be because of a reth error, or an error in the beacon client! Please investigate reth and beacon client logs! period=120s
2026-11-28T16:00:02.000000Z  INFO Received forkchoice updated message when syncing head_block_hash=0x1
2026-11-28T16:00:02.000000Z  INFO Forkchoice updated head_block_hash=0x1 status=Valid
2026-11-28T16:00:02.000000Z  INFO Block added to canonical chain number=4 hash=0x1
2026-11-28T16:00:02.000000Z  INFO Canonical chain committed number=4 hash=0x1
2026-11-28T16:00:02.000000Z  INFO Status connected_peers=0 latest_block=4
"#;
