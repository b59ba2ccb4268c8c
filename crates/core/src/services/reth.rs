//! reth.
//!
//! By default reth keeps its last blocks in memory, and loses them at `kill -9`: the persistence
//! threshold 0 writes each one. `--builder.deadline=1` ends the building of a block after a second: engine
//! calls time out while it lasts. The window for proofs is what a later capture of this chain needs.
//!
//! `debug` is not served: a capture reads the state from proofs, and geth's protection of the HTTP port
//! against other host names has no counterpart.

use super::{Port, Seconds, Service, Setting, arguments};

const NAME: &str = "el";
const IMAGE: Setting = Setting::named("RETH_IMAGE");
const HTTP_PORT: Setting = Setting::named("EL_HTTP_PORT");
const WS_PORT: Setting = Setting::named("EL_WS_PORT");

/// The root file system is read-only, and Docker keeps the log.
const COMMON: [&str; 3] =
    ["--chain=/runtime/metadata/genesis.json", "--datadir=/data", "--log.file.max-files=0"];

pub(super) fn service() -> Service {
    let reth =
        |verb, rest: &[&'static str]| arguments(&[&["reth", verb], &COMMON[..], rest].concat());
    let mut command = arguments(&["run", "--datadir=/data", "--take-over", "--once"]);
    command.extend(reth("init", &[";"]));
    command.push("--import".into());
    command.extend(reth("import", &["/runtime/metadata/chain.rlp", ";"]));
    command.push("--".into());
    command.extend(reth(
        "node",
        &[
            "--disable-discovery",
            "--max-outbound-peers=0",
            "--max-inbound-peers=0",
            "--ipcdisable",
            "--http",
            "--http.addr=0.0.0.0",
            "--http.api=eth,net,web3",
            "--ws",
            "--ws.addr=0.0.0.0",
            "--ws.api=eth,net,web3",
            "--builder.deadline=1",
            "--engine.persistence-threshold=0",
            "--engine.memory-block-buffer-target=0",
            "--engine.cross-block-cache-size=16",
            "--rpc.eth-proof-window=100000",
            "--authrpc.addr=0.0.0.0",
            "--authrpc.jwtsecret=/runtime/jwt/jwtsecret",
        ],
    ));
    Service {
        ports: vec![
            Port::published("http", 8545, HTTP_PORT),
            Port::published("ws", 8546, WS_PORT),
            Port::internal("engine", 8551),
        ],
        temporary: vec!["/tmp".to_owned()],
        stop_grace: Seconds(60),
        ..Service::client(NAME, IMAGE, command)
    }
}
