//! Lighthouse's beacon node and validator client.

use super::{FEE_RECIPIENT, Options, Port, Service, Setting, Text, Variable, arguments};

const IMAGE: Setting = Setting::named("LIGHTHOUSE_IMAGE");
const HTTP_PORT: Setting = Setting::named("CL_HTTP_PORT");
/// Without peers, Lighthouse warns 10 to 20 times a slot that it publishes to no one. Its filter knows
/// levels only, and these lines are warnings.
const LEVEL: Setting = Setting::named("LIGHTHOUSE_LOG_LEVEL");

fn level() -> Text {
    Text::from("--debug-level=").setting(LEVEL)
}

fn fee_recipient() -> Text {
    Text::from("--suggested-fee-recipient=").setting(FEE_RECIPIENT)
}

pub(super) fn beacon(options: Options) -> Service {
    let mut command = arguments(&[
        "run",
        "--datadir=/data",
        "--take-over",
        "--",
        "lighthouse",
        "beacon_node",
        "--testnet-dir=/runtime/metadata",
        "--datadir=/data",
        "--logfile-max-number=0",
    ]);
    command.push(level());
    command.push(Text::from("--execution-endpoint=http://").host("el").literal(":8551"));
    command.extend(arguments(&[
        "--execution-jwt=/runtime/jwt/jwtsecret",
        "--http",
        "--http-address=0.0.0.0",
        "--disable-packet-filter",
        "--disable-upnp",
        "--enr-address=127.0.0.1",
        "--disable-enr-auto-update",
        "--target-peers=0",
        "--allow-insecure-genesis-sync",
    ]));
    if options.clients.execution.prepares_payloads() {
        command.push("--always-prepare-payload".into());
    }
    command.push(fee_recipient());
    if options.fulu {
        command.push("--supernode".into());
    }
    Service {
        ports: vec![Port::published("http", 5052, HTTP_PORT)],
        temporary: vec!["/tmp".to_owned()],
        ..Service::client("cl", IMAGE, command)
    }
}

/// It writes its slashing database beside the keystores, and the runtime volume is read-only to clients:
/// it signs from a copy of the keystores in its own volume.
pub(super) fn validator() -> Service {
    let mut command = arguments(&[
        "run",
        "--datadir=/data",
        "--take-over",
        "--copy=validator-keys",
        "--",
        "lighthouse",
        "validator_client",
        "--testnet-dir=/runtime/metadata",
        "--datadir=/data",
        "--validators-dir=/data/validator-keys/keys",
        "--secrets-dir=/data/validator-keys/secrets",
        "--logfile-max-number=0",
        "--init-slashing-protection",
    ]);
    command.push(level());
    command.push(Text::from("--beacon-nodes=http://").host("cl").literal(":5052"));
    command.push(fee_recipient());
    let mut service = Service::client("vc", IMAGE, command);
    let beacon = Text::from("http://").host("cl").literal(":5052");
    service.environment.push(Variable::new("REGENESIS_CL", beacon));
    service.temporary.push("/tmp".to_owned());
    service
}
