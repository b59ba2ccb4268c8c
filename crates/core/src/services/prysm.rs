//! Prysm's beacon node and validator client, at the paths that their images have had since Prysm 3.
//!
//! Without `--sync-from=head` the beacon node falls back to the finalized block after a restart, or to
//! genesis, and its validators refuse to vote for what they have already voted against.

use super::{FEE_RECIPIENT, Options, Port, Service, Setting, Text, Variable, arguments};

/// The layout of `init` with this client's keys.
pub(super) const LAYOUT: &str = "prysm";

const BEACON_IMAGE: Setting = Setting::named("PRYSM_BEACON_IMAGE");
const VALIDATOR_IMAGE: Setting = Setting::named("PRYSM_VALIDATOR_IMAGE");
const HTTP_PORT: Setting = Setting::named("CL_HTTP_PORT");

const NETWORK: [&str; 3] = [
    "--datadir=/data",
    "--accept-terms-of-use",
    "--chain-config-file=/runtime/metadata/config.yaml",
];

fn fee_recipient() -> Text {
    Text::from("--suggested-fee-recipient=").setting(FEE_RECIPIENT)
}

pub(super) fn beacon(options: Options) -> Service {
    let mut command = arguments(&["run", "--datadir=/data", "--take-over", "--"]);
    command.push("/app/cmd/beacon-chain/beacon-chain".into());
    command.extend(arguments(&NETWORK));
    command.extend(arguments(&[
        "--genesis-state=/runtime/metadata/genesis.ssz",
        "--contract-deployment-block=0",
        "--sync-from=head",
        "--jwt-secret=/runtime/jwt/jwtsecret",
    ]));
    command.push(Text::from("--execution-endpoint=http://").host("el").literal(":8551"));
    command.extend(arguments(&[
        "--http-host=0.0.0.0",
        "--http-port=5052",
        "--rpc-host=0.0.0.0",
        "--min-sync-peers=0",
        "--no-discovery",
        "--p2p-static-id",
        "--disable-ephemeral-log-file",
    ]));
    command.push(fee_recipient());
    if options.clients.execution.loses_blocks() {
        // By default Prysm keeps headers only, and reads the payloads from the execution client.
        command.push("--save-full-execution-payloads".into());
    }
    if options.minimal {
        command.push("--minimal-config".into());
    }
    if options.fulu {
        command.push("--supernode".into());
    }
    Service {
        ports: vec![Port::published("http", 5052, HTTP_PORT), Port::internal("grpc", 4000)],
        temporary: vec!["/tmp".to_owned()],
        ..Service::client("cl", BEACON_IMAGE, command)
    }
}

pub(super) fn validator(options: Options) -> Service {
    let mut command =
        arguments(&["run", "--datadir=/data", "--take-over", "--copy=validator-keys", "--"]);
    command.push("/app/cmd/validator/validator".into());
    command.extend(arguments(&NETWORK));
    command.extend(arguments(&[
        "--wallet-dir=/data/validator-keys/prysm",
        "--wallet-password-file=/data/validator-keys/prysm-password.txt",
        "--disable-ephemeral-log-file",
    ]));
    command.push(Text::from("--beacon-rpc-provider=").host("cl").literal(":4000"));
    command.push(fee_recipient());
    if options.minimal {
        command.push("--minimal-config".into());
    }
    let mut service = Service::client("vc", VALIDATOR_IMAGE, command);
    let beacon = Text::from("http://").host("cl").literal(":5052");
    service.environment.push(Variable::new("REGENESIS_CL", beacon));
    service.temporary.push("/tmp".to_owned());
    service
}
