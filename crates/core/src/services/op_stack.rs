//! The clients of an OP-stack L2: op-geth, op-node as its sequencer, op-batcher, and
//! op-proposer.
//!
//! Only op-geth keeps data, which only a new genesis of the L1 makes useless: the chain data of its
//! L2, in a directory of the volume `rollups`, with geth's settings that survive `kill -9`.
//! All start through `regenesis run` with `--supervise=l2`: they hold the genesis as the
//! clients of the L1 do, and stop when `watch` replaces it.

use alloy_primitives::Address;

use super::geth::DATABASE;
use super::{
    HealthCheck, LARGE, Mount, Port, SMALL, Seconds, Service, Setting, Text, Variable, Volume,
    VolumeContent, arguments,
};

/// The volume with the data of all L2s.
pub const DATA: &str = "rollups";

const GETH_IMAGE: Setting = Setting::named("OP_GETH_IMAGE");
const NODE_IMAGE: Setting = Setting::named("OP_NODE_IMAGE");
const BATCHER_IMAGE: Setting = Setting::named("OP_BATCHER_IMAGE");
const PROPOSER_IMAGE: Setting = Setting::named("OP_PROPOSER_IMAGE");

/// How `run --supervise` and `health` call a client of an L2.
const SUPERVISED: &str = "l2";

/// The ports of the first L2 on the host; each further one has the next ten.
const FIRST_PORT: u16 = 9545;

/// An OP-stack L2 of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L2 {
    /// Its name in the snapshot.
    pub name: String,
    /// Its chain id.
    pub chain_id: u64,
    /// Whether the snapshot has the key of its batcher: without it, no block of the L2 becomes safe.
    pub batcher: bool,
    /// The `DisputeGameFactory` on the L1, if the snapshot has the key of its proposer: without it, no
    /// withdrawal can be proven.
    pub proposer: Option<Address>,
}

/// The volume of all L2s.
pub(super) fn volume() -> Volume {
    Volume { name: DATA.to_owned(), content: VolumeContent::L2Data }
}

/// The services of the L2 at this place in the list of all. `shared`: the clients of the L1 and of all L2s
/// have one network.
pub(super) fn services(chain: &L2, index: usize, shared: bool) -> Vec<Service> {
    let names =
        Names { chain, index, ports: if shared { Ports::after(index) } else { Ports::OWN } };
    let batcher = chain.batcher.then(|| names.batcher());
    let proposer = chain.proposer.map(|factory| names.proposer(factory));
    [names.geth(), names.node()].into_iter().chain(batcher).chain(proposer).collect()
}

/// Where the clients of an L2 listen.
struct Ports {
    http: u16,
    ws: u16,
    engine: u16,
    node: u16,
    batcher: u16,
    proposer: u16,
    /// Whether these differ from the defaults of op-geth, op-batcher and op-proposer.
    named: bool,
}

impl Ports {
    const OWN: Self = Self {
        http: 8545,
        ws: 8546,
        engine: 8551,
        node: 9545,
        batcher: 8545,
        proposer: 8545,
        named: false,
    };

    /// As on the host of a compose file, and the ports after them.
    fn after(index: usize) -> Self {
        let http = nth(index);
        let [ws, node, engine, batcher, proposer] =
            [1, 2, 3, 4, 5].map(|offset| http.saturating_add(offset));
        Self { http, ws, engine, node, batcher, proposer, named: true }
    }
}

/// The first of the ten ports of the L2 at this place in the list of all.
fn nth(index: usize) -> u16 {
    let place = u16::try_from(index).unwrap_or(u16::MAX);
    FIRST_PORT.saturating_add(place.saturating_mul(10))
}

/// The names that an L2 gives to its services, files and settings.
struct Names<'a> {
    chain: &'a L2,
    index: usize,
    ports: Ports,
}

impl Names<'_> {
    fn service(&self, client: &str) -> String {
        format!("{}-{client}", self.chain.name)
    }

    fn file(&self, file: &str) -> String {
        format!("/runtime/l2/{}/{file}", self.chain.name)
    }

    /// `--flag=URL`, with a port of another service of this L2.
    fn url(&self, flag: &str, client: &str, port: u16) -> Text {
        let text = Text::from(format!("{flag}=http://")).host(self.service(client));
        text.literal(format!(":{port}"))
    }

    /// The setting of a port of the host, such as `L2_OP_HTTP_PORT`.
    fn port(&self, name: &str, offset: u16) -> Setting {
        let chain = self.chain.name.to_ascii_uppercase().replace('-', "_");
        let number = nth(self.index).saturating_add(offset);
        Setting {
            name: format!("L2_{chain}_{name}_PORT").into(),
            default: number.to_string().into(),
        }
    }

    fn client(&self, client: &str, image: Setting, arguments: Vec<Text>) -> Service {
        Service::supervised(self.service(client), SUPERVISED, image, arguments)
    }

    fn geth(&self) -> Service {
        let datadir = format!("--datadir=/data/{}", self.chain.name);
        let geth = |rest: Vec<Text>| {
            let database = [vec!["geth".into(), datadir.clone().into()], arguments(&DATABASE)];
            database.into_iter().flatten().chain(rest).collect::<Vec<_>>()
        };
        let mut command = arguments(&["run"]);
        command.extend([datadir.clone().into(), "--take-over".into(), "--once".into()]);
        command.extend(geth(vec!["init".into(), self.file("genesis.json").into(), ";".into()]));
        command.push("--".into());
        command.extend(geth(arguments(&[
            "--gcmode=archive",
            "--syncmode=full",
            "--nodiscover",
            "--maxpeers=0",
            "--ipcdisable",
            "--rollup.disabletxpoolgossip",
            "--http",
            "--http.addr=0.0.0.0",
        ])));
        command.push(format!("--networkid={}", self.chain.chain_id).into());
        let name = self.service("geth");
        let hosts = Text::from("--http.vhosts=localhost,").host(name.clone());
        command.push(hosts.literal(",host.docker.internal"));
        command.extend(arguments(&[
            "--http.corsdomain=http://localhost:*,https://localhost:*,http://127.0.0.1:*",
            // op-batcher sets the size of its blocks through `miner`.
            "--http.api=eth,net,web3,debug,txpool,miner",
            "--ws",
            "--ws.addr=0.0.0.0",
            "--ws.origins=http://localhost,https://localhost,http://127.0.0.1",
            "--ws.api=eth,net,web3",
            "--rpc.allow-unprotected-txs",
            "--authrpc.addr=0.0.0.0",
        ]));
        command.push(Text::from("--authrpc.vhosts=localhost,").host(name));
        command.push(format!("--authrpc.jwtsecret={}", self.file("jwtsecret")).into());
        let Ports { http, ws, engine, .. } = self.ports;
        if self.ports.named {
            let flags = [("http.port", http), ("ws.port", ws), ("authrpc.port", engine)];
            command.extend(flags.map(|(flag, port)| Text::from(format!("--{flag}={port}"))));
            // Without peers it listens for them all the same, on the port of the L1's geth.
            command.push("--port=0".into());
        }
        let mut service = self.client("geth", GETH_IMAGE, command);
        service.mounts.push(Mount::volume(DATA, "/data"));
        if self.ports.named {
            let url = format!("http://127.0.0.1:{http}");
            service.environment.push(Variable::new("REGENESIS_EL", url));
        }
        Service {
            ports: vec![
                Port::published("http", http, self.port("HTTP", 0)),
                Port::published("ws", ws, self.port("WS", 1)),
                Port::internal("engine", engine),
            ],
            stop_grace: Seconds(60),
            reserve: LARGE,
            ..service
        }
    }

    /// With the default intervals of its polls, minutes pass before op-node sees a finalized L1 block, and
    /// it takes every poll for a reorganisation.
    fn node(&self) -> Service {
        let mut command = arguments(&["run", "--", "op-node"]);
        command.push(Text::from("--l1=http://").host("el").literal(":8545"));
        command.push(Text::from("--l1.beacon=http://").host("cl").literal(":5052"));
        command.push(self.url("--l2", "geth", self.ports.engine));
        for (flag, file) in [
            ("--l2.jwt-secret", "jwtsecret"),
            ("--rollup.config", "rollup.json"),
            ("--rollup.l1-chain-config", "l1-chain-config.json"),
        ] {
            command.push(format!("{flag}={}", self.file(file)).into());
        }
        command.extend(arguments(&[
            "--l1.trustrpc",
            "--l1.http-poll-interval=1s",
            "--l1.epoch-poll-interval=4s",
            "--sequencer.enabled",
            "--sequencer.l1-confs=0",
            "--verifier.l1-confs=0",
            "--p2p.disable",
            "--rpc.addr=0.0.0.0",
        ]));
        command.push(format!("--rpc.port={}", self.ports.node).into());
        Service {
            ports: vec![Port::published("rpc", self.ports.node, self.port("NODE", 2))],
            health_check: Some(HealthCheck::listens(&[self.ports.node])),
            ..self.client("node", NODE_IMAGE, command)
        }
    }

    /// The key is in a file, so that neither the compose file nor the command line of a process shows it.
    fn batcher(&self) -> Service {
        let mut command = arguments(&["run"]);
        let key = self.file("batcher.key");
        command.push(format!("--secret=OP_BATCHER_PRIVATE_KEY={key}").into());
        command.extend(arguments(&["--", "op-batcher"]));
        command.push(Text::from("--l1-eth-rpc=http://").host("el").literal(":8545"));
        command.push(self.url("--l2-eth-rpc", "geth", self.ports.http));
        command.push(self.url("--rollup-rpc", "node", self.ports.node));
        command.extend(arguments(&[
            "--data-availability-type=calldata",
            "--poll-interval=1s",
            "--max-channel-duration=2",
            "--num-confirmations=1",
            "--sub-safety-margin=4",
        ]));
        if self.ports.named {
            command.push(format!("--rpc.port={}", self.ports.batcher).into());
        }
        Service {
            health_check: Some(HealthCheck::listens(&[self.ports.batcher])),
            reserve: SMALL,
            ..self.client("batcher", BATCHER_IMAGE, command)
        }
    }

    /// A game a minute for the last finalized block, of the kind that every deployment has: the contract
    /// accepts it from one account.
    fn proposer(&self, factory: Address) -> Service {
        let mut command = arguments(&["run"]);
        let key = self.file("proposer.key");
        command.push(format!("--secret=OP_PROPOSER_PRIVATE_KEY={key}").into());
        command.extend(arguments(&["--", "op-proposer"]));
        command.push(Text::from("--l1-eth-rpc=http://").host("el").literal(":8545"));
        command.push(self.url("--rollup-rpc", "node", self.ports.node));
        command.push(format!("--game-factory-address={factory}").into());
        command.extend(arguments(&[
            "--game-type=1",
            "--proposal-interval=60s",
            "--poll-interval=4s",
            "--num-confirmations=1",
        ]));
        if self.ports.named {
            command.push(format!("--rpc.port={}", self.ports.proposer).into());
        }
        let health_check = Some(HealthCheck::listens(&[self.ports.proposer]));
        Service { health_check, ..self.client("proposer", PROPOSER_IMAGE, command) }
    }
}
