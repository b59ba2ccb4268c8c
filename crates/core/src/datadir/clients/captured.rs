//! The services of captured enclaves. A capture changes their configs, which then name these entries.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &[
        "agglayer",
        "aggkit",
        "aggkit-prover",
        "cdk-data-availability",
        "cdk-erigon",
        "cdk-node",
        "docker-entrypoint.sh",
        "zkProver",
        "zkevm-bridge",
        "zkevm-pool-manager",
    ],
    data: &["storage", "backups", "*.sqlite*"],
    kept: &[],
    signed: &[],
};
