//! Nethermind 1. Its lines on the console have no level.

use super::failure::Failure;
use super::{Rule, says};

pub(super) const RULES: &[Rule] = &[
    says(Failure::OtherExecutionData, &["Unexpected genesis hash, expected"]),
    says(Failure::Jwt, &["Message authentication error:"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "28 Nov 16:00:00 | Unexpected genesis hash, expected 0x1, but was 0x2",
        "28 Nov 16:00:00 | Genesis hash :  0x1",
    ),
    (
        "28 Nov 16:00:00 | Message authentication error: The token cannot be found.",
        "28 Nov 16:00:00 | The authentication secret has been loaded from /runtime/jwt/jwtsecret",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r"
28 Nov 16:00:00 | Nethermind is starting up
28 Nov 16:00:00 | Generating authentication secret...
28 Nov 16:00:00 | No sync peers available. Waiting for the consensus client.
28 Nov 16:00:00 | Received New Block:     4 (0x1...2) | limit 36,000,000 | Extra Data: Nethermind
28 Nov 16:00:00 | Received ForkChoice: 4 (0x1...2), Safe: 0 (0x3...4), Finalized: 0 (0x3...4)
28 Nov 16:00:00 | Synced Chain Head to 4 (0x1...2)
28 Nov 16:00:00 | Processed             4     |      1.2 ms  |  slot      2,000 ms
28 Nov 16:00:00 | Peers: 0 | with best block: 0
";
