//! geth.
//!
//! With leveldb, the hash scheme and an archive node, the chain survives `kill -9`: pebble keeps the
//! end of its log in process memory, and the path scheme keeps recent state there. `geth init` is a
//! step of its own, because `--override.genesis` hashes the alloc again at every restart.
//!
//! Wallets on an idle chain offer a tip of 1 wei, the minimum that geth's pool accepts. geth's miner
//! requires 1,000,000 wei by default, and such a transaction stays pending forever.
//!
//! The HTTP port serves the `debug` namespace, which writes files. Web pages reach it only from an
//! origin on this machine and under a host name of this machine: geth checks the origin in the CORS
//! preflight, and the host name against DNS rebinding.

use super::{Port, Seconds, Service, Setting, Text, arguments};

pub(super) const NAME: &str = "el";
const IMAGE: Setting = Setting::named("GETH_IMAGE");
const HTTP_PORT: Setting = Setting::named("EL_HTTP_PORT");
const WS_PORT: Setting = Setting::named("EL_WS_PORT");

pub(super) const DATABASE: [&str; 3] =
    ["--db.engine=leveldb", "--state.scheme=hash", "--cache=128"];

/// `debug_dumpBlock`, and so a later capture of this chain, needs the preimages of hashed keys.
const PREIMAGES: &str = "--cache.preimages";
/// One line a block is left, of five: `Imported new potential chain segment`. Until the first finalized
/// block, the blob pool warns at every slot that it has none. Other warnings stay.
const QUIET: &str = "--log.vmodule=core/blockchain.go=2,miner/payload_building.go=2,\
                     core/txpool/blobpool/limbo.go=1";
const ARCHIVE: &str = "--gcmode=archive";

pub(super) fn service() -> Service {
    let geth = |rest: &[&'static str]| {
        arguments(&[&["geth", "--datadir=/data"], &DATABASE[..], rest].concat())
    };
    let mut command = arguments(&["run", "--datadir=/data", "--take-over", "--once"]);
    command.extend(geth(&[PREIMAGES, "init", "/runtime/metadata/genesis.json", ";"]));
    command.push("--import".into());
    command.extend(geth(&[ARCHIVE, PREIMAGES, "import", "/runtime/metadata/chain.rlp", ";"]));
    command.push("--".into());
    command.extend(geth(&[
        ARCHIVE,
        "--syncmode=full",
        PREIMAGES,
        "--nodiscover",
        "--maxpeers=0",
        "--ipcdisable",
        QUIET,
        "--http",
        "--http.addr=0.0.0.0",
    ]));
    let hosts = Text::from("--http.vhosts=localhost,").host(NAME).literal(",host.docker.internal");
    command.push(hosts);
    command.extend(arguments(&[
        "--http.corsdomain=http://localhost:*,https://localhost:*,http://127.0.0.1:*",
        "--http.api=eth,net,web3,debug,txpool",
        "--ws",
        "--ws.addr=0.0.0.0",
        "--ws.origins=http://localhost,https://localhost,http://127.0.0.1",
        "--ws.api=eth,net,web3",
        "--miner.gasprice=1",
        "--rpc.allow-unprotected-txs",
        "--authrpc.addr=0.0.0.0",
    ]));
    command.push(Text::from("--authrpc.vhosts=localhost,").host(NAME));
    command.push("--authrpc.jwtsecret=/runtime/jwt/jwtsecret".into());
    Service {
        ports: vec![
            Port::published("http", 8545, HTTP_PORT),
            Port::published("ws", 8546, WS_PORT),
            Port::internal("engine", 8551),
        ],
        stop_grace: Seconds(60),
        ..Service::client(NAME, IMAGE, command)
    }
}
