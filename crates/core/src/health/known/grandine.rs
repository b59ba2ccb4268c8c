//! Grandine 1 and 2, which is beacon node and validator client in one.

use super::failure::Failure;
use super::{Rule, warns};

pub(super) const RULES: &[Rule] = &[
    warns(Failure::Preset, &["preset is not included in this executable"]),
    warns(Failure::Port, &["port (", ") is unavailable; make sure no other instance"]),
    warns(Failure::OlderHead, &["payload_id expected but was none", "status: Valid"])
        .repeated()
        .until(&["started work on execution payload"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "[2026-11-28T16:00:00Z ERROR grandine] minimal preset is not included in this executable",
        "[2026-11-28T16:00:00Z INFO  grandine] preset: minimal",
    ),
    (
        "error: HTTP API port (5052) is unavailable; make sure no other instance of the application is running or specify a different port with --http-port",
        "[2026-11-28T16:00:00Z INFO  http_api] HTTP server listening on 0.0.0.0:5052",
    ),
    (
        "[2026-11-28T16:00:00.000Z]  WARN eth1_api::execution_service:166: payload_id expected but was none: ForkChoiceUpdatedResponse { payload_status: PayloadStatusV1 { status: Valid, latest_valid_hash: Some(0x1), validation_error: None }, payload_id: None } peers=[0/0]",
        "[2026-11-28T16:00:02.000Z]  INFO block_producer::block_producer:1591: started work on execution payload with id Fulu(0x1) for head 0x2 at slot 4 peers=[0/0]",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = r"
[2026-11-28T16:00:00Z INFO  grandine] starting beacon node
[2026-11-28T16:00:00Z INFO  grandine] preset: minimal
[2026-11-28T16:00:00Z INFO  grandine] loaded 64 validator key(s)
[2026-11-28T16:00:00Z WARN  eth1_api] Eth1 RPC endpoint http://el:8551/ returned an error: error sending request
[2026-11-28T16:00:00Z WARN  p2p] Not enough peers to publish the message
[2026-11-28T16:00:00Z WARN  eth1_api::execution_service] payload_id expected but was none: ForkChoiceUpdatedResponse { payload_status: PayloadStatusV1 { status: Syncing, latest_valid_hash: None, validation_error: None }, payload_id: None }
[2026-11-28T16:00:02Z INFO  block_producer] started work on execution payload with id Fulu(0x1) for head 0x2 at slot 4
[2026-11-28T16:00:02Z INFO  runtime] [Peers: 0/0] slot: 4, head slot: 3
[2026-11-28T16:00:02Z INFO  validator] validator 3 proposing block in slot 4
[2026-11-28T16:00:02Z WARN  validator] validator with public key 0x1 was not found in beacon state!
";
