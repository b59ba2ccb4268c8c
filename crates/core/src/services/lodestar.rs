//! Lodestar's beacon node and validator client.
//!
//! A lone Lodestar cannot resume: it starts from its last finalized state and asks peers for the rest.
//! `--max-idle=0` therefore makes it wait for a new genesis instead.

use super::{FEE_RECIPIENT, Options, Port, Service, Setting, Text, Variable, arguments};

/// The layout of `init` with this client's keys.
pub(super) const LAYOUT: &str = "lodestar";

const IMAGE: Setting = Setting::named("LODESTAR_IMAGE");
const HTTP_PORT: Setting = Setting::named("CL_HTTP_PORT");

/// The entry point of the image, with an absolute path.
const PROGRAM: [&str; 2] = ["node", "/usr/app/packages/cli/bin/lodestar"];
const NETWORK: [&str; 2] = ["--dataDir=/data", "--paramsFile=/runtime/metadata/config.yaml"];

fn fee_recipient() -> Text {
    Text::from("--suggestedFeeRecipient=").setting(FEE_RECIPIENT)
}

/// It reads the preset from the environment before it reads any argument.
fn preset(options: Options) -> Variable {
    Variable::new("LODESTAR_PRESET", if options.minimal { "minimal" } else { "mainnet" })
}

pub(super) fn beacon(options: Options) -> Service {
    let mut command = arguments(&["run", "--datadir=/data", "--take-over", "--max-idle=0", "--"]);
    command.extend(arguments(&PROGRAM));
    command.push("beacon".into());
    command.extend(arguments(&NETWORK));
    command.push("--genesisStateFile=/runtime/metadata/genesis.ssz".into());
    command.push(Text::from("--execution.urls=http://").host("el").literal(":8551"));
    command.extend(arguments(&[
        "--jwt-secret=/runtime/jwt/jwtsecret",
        "--eth1=false",
        "--listenAddress=127.0.0.1",
        "--rest",
        "--rest.namespace=*",
        "--rest.address=0.0.0.0",
        "--rest.port=5052",
        "--sync.isSingleNode=true",
        "--network.allowPublishToZeroPeers=true",
        "--network.connectToDiscv5Bootnodes=false",
    ]));
    command.push(fee_recipient());
    if options.fulu {
        command.push("--supernode".into());
    }
    let mut service = Service::client("cl", IMAGE, command);
    service.environment.push(preset(options));
    service.ports.push(Port::published("http", 5052, HTTP_PORT));
    service.temporary.push("/tmp".to_owned());
    service
}

pub(super) fn validator(options: Options) -> Service {
    let mut command =
        arguments(&["run", "--datadir=/data", "--take-over", "--copy=validator-keys", "--"]);
    command.extend(arguments(&PROGRAM));
    command.push("validator".into());
    command.extend(arguments(&NETWORK));
    command.extend(arguments(&[
        "--keystoresDir=/data/validator-keys/lodestar-keys",
        "--secretsDir=/data/validator-keys/lodestar-secrets",
    ]));
    command.push(Text::from("--beaconNodes=http://").host("cl").literal(":5052"));
    command.push(fee_recipient());
    let mut service = Service::client("vc", IMAGE, command);
    let beacon = Text::from("http://").host("cl").literal(":5052");
    service.environment.push(Variable::new("REGENESIS_CL", beacon));
    service.environment.push(preset(options));
    service.temporary.push("/tmp".to_owned());
    service
}
