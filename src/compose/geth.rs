//! geth.
//!
//! With leveldb, the hash scheme and an archive the chain survives `kill -9`: pebble keeps the end
//! of its log in the process, and the path scheme keeps the state there. The genesis comes by a step
//! of its own: with `--override.genesis` geth would hash the alloc again at every restart.
//!
//! Wallets on an idle chain offer a tip of 1 wei, the least that geth's pool accepts. geth's miner asks
//! for 1,000,000 by default, and would leave such a transaction pending for ever.
//!
//! The HTTP port serves `debug`, which writes files. A page reaches it only from an origin and under a
//! host name of this machine: geth checks origins in a preflight, and host names against DNS rebinding.

use super::{Service, words};

const DATABASE: [&str; 4] =
    ["--datadir=/data", "--db.engine=leveldb", "--state.scheme=hash", "--cache=128"];

pub(super) fn service() -> Service {
    let mut command = words(&["run", "--datadir=/data", "--take-over", "--once", "geth"]);
    command.extend(words(&DATABASE));
    // Preimages are what a dump of this chain needs later.
    command.extend(words(&["--cache.preimages", "init", "/runtime/metadata/genesis.json", ";"]));
    command.extend(words(&["--import", "geth"]));
    command.extend(words(&DATABASE));
    command.extend(words(&["--gcmode=archive", "--cache.preimages", "import"]));
    command.extend(words(&["/runtime/metadata/chain.rlp", ";"]));
    command.extend(words(&["--", "geth"]));
    command.extend(words(&DATABASE));
    command.extend(words(&[
        "--gcmode=archive",
        "--syncmode=full",
        "--cache.preimages",
        "--nodiscover",
        "--maxpeers=0",
        "--ipcdisable",
        "--http",
        "--http.addr=0.0.0.0",
        "--http.vhosts=localhost,el,host.docker.internal",
        "--http.corsdomain=http://localhost:*,https://localhost:*,http://127.0.0.1:*",
        "--http.api=eth,net,web3,debug,txpool",
        "--ws",
        "--ws.addr=0.0.0.0",
        "--ws.origins=http://localhost,https://localhost,http://127.0.0.1",
        "--ws.api=eth,net,web3",
        "--miner.gasprice=1",
        "--rpc.allow-unprotected-txs",
        "--authrpc.addr=0.0.0.0",
        "--authrpc.vhosts=localhost,el",
        "--authrpc.jwtsecret=/runtime/jwt/jwtsecret",
    ]));
    Service {
        name: "el",
        image: "${GETH_IMAGE}",
        command,
        environment: vec![("REGENESIS_RUNTIME", "/runtime".to_owned())],
        ports: vec!["${BIND}:${EL_HTTP_PORT}:8545", "${BIND}:${EL_WS_PORT}:8546"],
        volumes: words(&["runtime:/runtime:ro", "el:/data"]),
        client: true,
        stop_grace_period: "60s",
        ..Service::default()
    }
}
