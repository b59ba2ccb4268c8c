//! Lighthouse's beacon node and validator client.

use super::{Service, Stack, words};

pub(super) fn beacon(stack: Stack) -> Service {
    let mut command = words(&[
        "run",
        "--datadir=/data",
        "--take-over",
        "--",
        "lighthouse",
        "beacon_node",
        "--testnet-dir=/runtime/metadata",
        "--datadir=/data",
        "--logfile-max-number=0",
        "--execution-endpoint=http://el:8551",
        "--execution-jwt=/runtime/jwt/jwtsecret",
        "--http",
        "--http-address=0.0.0.0",
        "--disable-packet-filter",
        "--disable-upnp",
        "--enr-address=127.0.0.1",
        "--disable-enr-auto-update",
        "--target-peers=0",
        "--allow-insecure-genesis-sync",
        "--always-prepare-payload",
        "--suggested-fee-recipient=${FEE_RECIPIENT}",
    ]);
    if stack.fulu {
        command.push("--supernode".to_owned());
    }
    Service {
        name: "cl",
        image: "${LIGHTHOUSE_IMAGE}",
        command,
        environment: vec![("REGENESIS_RUNTIME", "/runtime".to_owned())],
        ports: vec!["${BIND}:${CL_HTTP_PORT}:5052"],
        volumes: words(&["runtime:/runtime:ro", "cl:/data"]),
        client: true,
        tmpfs: true,
        stop_grace_period: "30s",
        ..Service::default()
    }
}

/// It writes its slashing database beside the keystores: it gets a copy of them in a volume of its own,
/// because the runtime volume holds the program that all clients execute.
pub(super) fn validator() -> Service {
    Service {
        name: "vc",
        image: "${LIGHTHOUSE_IMAGE}",
        command: words(&[
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
            "--beacon-nodes=http://cl:5052",
            "--suggested-fee-recipient=${FEE_RECIPIENT}",
        ]),
        environment: vec![
            ("REGENESIS_RUNTIME", "/runtime".to_owned()),
            ("REGENESIS_CL", "http://cl:5052".to_owned()),
        ],
        volumes: words(&["runtime:/runtime:ro", "vc:/data"]),
        client: true,
        tmpfs: true,
        stop_grace_period: "30s",
        ..Service::default()
    }
}
