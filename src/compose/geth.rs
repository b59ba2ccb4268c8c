//! geth.
//!
//! With leveldb, the hash scheme and an archive the chain survives `kill -9`: pebble keeps the end
//! of its log in the process, and the path scheme keeps the state there. The genesis comes by a step
//! of its own: with `--override.genesis` geth would hash the alloc again at every restart.

use super::{Service, words};

const DATABASE: [&str; 4] =
    ["--datadir=/data", "--db.engine=leveldb", "--state.scheme=hash", "--cache=128"];

pub(super) fn service() -> Service {
    let mut command = words(&["run", "--datadir=/data", "--once", "geth"]);
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
        "--http.vhosts=*",
        "--http.corsdomain=*",
        "--http.api=eth,net,web3,debug,txpool",
        "--ws",
        "--ws.addr=0.0.0.0",
        "--ws.origins=*",
        "--ws.api=eth,net,web3",
        "--rpc.allow-unprotected-txs",
        "--authrpc.addr=0.0.0.0",
        "--authrpc.vhosts=*",
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
        read_only: true,
        stop_grace_period: "60s",
        ..Service::default()
    }
}
