//! Besu 22 to 25.

use super::failure::Failure;
use super::{Rule, says};

pub(super) const RULES: &[Rule] =
    &[says(Failure::OtherExecutionData, &["Supplied genesis block does not match"])];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[(
    "2026-11-28 16:00:00.000+00:00 | main | ERROR | Besu | Supplied genesis block does not match chain data stored in /data.",
    "2026-11-28 16:00:00.000+00:00 | main | INFO | Besu | Supplied genesis block hash 0x1",
)];

#[cfg(test)]
pub(super) const HEALTHY: &str = r"
2026-11-28 16:00:00.000+00:00 | main | INFO  | Besu | Starting Besu
2026-11-28 16:00:00.000+00:00 | main | WARN  | Besu | --graphql-http-host has been ignored because --graphql-http-enabled was not defined on the command line.
2026-11-28 16:00:00.000+00:00 | main | INFO  | KeyPairUtil | Attempting to load public key from /data/key
2026-11-28 16:00:00.000+00:00 | main | WARN  | Checkpoint | Unable to find a peer to download from
2026-11-28 16:00:00.000+00:00 | main | INFO  | JsonRpcHttpService | JSON-RPC service started and listening on 0.0.0.0:8545
2026-11-28 16:00:02.000+00:00 | vert.x-worker-thread-0 | INFO  | EngineForkchoiceUpdatedV3 | VALID for fork-choice-update: head: 0x1, finalized: 0x0, safeBlockHash: 0x0
2026-11-28 16:00:02.000+00:00 | vert.x-worker-thread-0 | INFO  | EngineNewPayloadV4 | Imported #4 / 0 tx / base fee 7 wei / 0 (0.0%) gas / (0x1) in 0.010s. Peers: 0
2026-11-28 16:00:14.000+00:00 | EthScheduler-Timer-0 | DEBUG | MergeCoordinator | Ignoring update to old head 3 (0x1)
";
