//! OP-stack L2s on a new L1, with real geth, op-geth, op-node and op-batcher and the suite's consensus
//! client: the services of the stack, as processes of this machine.

mod agreement;
mod captured;
mod enclave;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use regenesis::services::{Clients, L2, Options, Text, stack_with};
use serde_json::{Value, json};

use crate::nodes::history::run;
use crate::nodes::host::Host;
use crate::nodes::{http, tools};
use crate::support::{regenesis, repository};

/// The first account of the development mnemonic, which has funds on both layers.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// The contract on the L1 that configures the second L2.
const SYSTEM_CONFIG: &str = "0x9c3f1cb725c195aeefce1f4a739d8e2b4f2e0dd6";
/// The `DisputeGameFactory` of the sample.
const FACTORY: &str = "0xe9c32b947969cb6f0369df7dc284d7da34df9909";
/// An account without funds.
const RECIPIENT: &str = "0x00000000000000000000000000000000000000aA";
/// The tip of the L2 and its L1 origins, by their safety.
const HEADS: [&str; 3] = ["unsafe_l2", "safe_l2", "finalized_l2"];
/// Two checkpoints must be justified: the beacon chain finalizes nothing in its first 64 seconds.
const FINALITY: Duration = Duration::from_mins(4);
const SOON: Duration = Duration::from_mins(2);

/// The second genesis is of the captured chains: the L1, and the L2 with its state.
#[test]
fn an_l2_lives_on_every_new_l1() {
    let directory = tempfile::tempdir().unwrap();
    let mut snapshot = sample(directory.path());
    let mut net = Net::of(&snapshot, &["op"]);
    let mut geneses = Vec::new();
    let mut counter = None;
    for boot in 1..=2 {
        let summary = net.boot(&snapshot);
        net.reaches("op", HEADS, 0, FINALITY);
        let block_0 = net.l2("op", "eth_getBlockByNumber", json!(["0x0", false])).unwrap();
        assert_eq!(block_0["hash"], summary["l2"][0]["block_hash"]);
        assert_eq!(net.host.log("op-geth").contains("wiped the data of another run"), boot == 2);
        if let Some(counter) = &counter {
            net.has_counter("op", counter);
        }
        net.deposits("op", "0x751a97b905640bb261eb9b6ca57f76ea56ef3b94");
        net.transfers("op");
        net.is_healthy("op");
        geneses.push(block_0["hash"].clone());
        if boot == 1 {
            for service in ["op-geth", "op-node", "op-batcher"] {
                net.heals_after_a_kill_of("op", service);
            }
            counter = Some(net.deploys_counter("op"));
            snapshot = net.captured("op", directory.path());
        }
    }
    assert_ne!(geneses[0], geneses[1]);
}

/// The first has a proposer, the second has blobs.
#[test]
fn two_l2s_share_an_l1() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = sample(directory.path());
    add_second(&snapshot);
    add_proposer(&snapshot);
    let mut net = Net::of(&snapshot, &["op", "two"]);
    net.boot(&snapshot);
    net.reaches("op", HEADS, 0, FINALITY);
    net.reaches("two", HEADS, 0, SOON);
    for (name, portal) in [
        ("op", "0x751a97b905640bb261eb9b6ca57f76ea56ef3b94"),
        ("two", "0xc368b3e82fc237a5bf45e17aef8add0f9666b115"),
    ] {
        net.deposits(name, portal);
        net.transfers(name);
        net.is_healthy(name);
    }
    net.host.eventually("a proposal", FINALITY, |host| {
        // gameCount()
        let call = json!([{"to": FACTORY, "data": "0x4d1975b4"}, "latest"]);
        let count = http::call(host.port("el", 8545), "eth_call", call)?;
        let games = count.as_str().is_some_and(|word| word.ends_with(|digit| digit != '0'));
        if games { Ok(()) } else { Err(host.log("op-proposer")) }
    });
}

/// The sample `op` with its compose file, in a new directory.
fn sample(parent: &Path) -> PathBuf {
    let snapshot = parent.join("snapshot");
    run(regenesis().args(["compose", "--sample", "op"]).arg(&snapshot));
    snapshot
}

/// Gives the L2 of the sample a proposer: the account that its contracts allow. In the sample, it is the
/// batcher, which becomes another one.
fn add_proposer(snapshot: &Path) {
    let at = |path: &str| snapshot.join(path);
    std::fs::rename(at("l2/op/batcher.key"), at("l2/op/proposer.key")).unwrap();
    std::fs::write(at("l2/op/game-factory"), FACTORY).unwrap();
    let key = "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356";
    std::fs::write(at("l2/op/batcher.key"), key).unwrap();
    let genesis = at("el/genesis.template.json");
    let mut l1: Value = serde_json::from_slice(&std::fs::read(&genesis).unwrap()).unwrap();
    let contract = "0xb39e4cb1704093755076eb5e0004d089f5026fea";
    set_batcher(&mut l1, contract, "14dC79964da2C08b23698B3D3cc7Ca32193d9955");
    std::fs::write(genesis, l1.to_string()).unwrap();
    run(regenesis().arg("compose").arg(snapshot));
    let stack = std::fs::read_to_string(at("docker-compose.yml")).unwrap();
    assert!(stack.contains("op-proposer:"), "{stack}");
}

/// Sets the batcher in a `SystemConfig` contract: two batchers with one account would use each other's
/// nonces.
fn set_batcher(l1: &mut Value, contract: &str, batcher: &str) {
    let slot = format!("0x{:064x}", 0x67);
    let storage = &mut l1["alloc"][contract]["storage"];
    assert!(storage[&slot].is_string(), "{storage}");
    storage[&slot] = json!(format!("0x{batcher:0>64}"));
}

/// A second L2 with contracts of its own. Its block 0 is that of the first: a chain id is no part of it.
fn add_second(snapshot: &Path) {
    let read = |path: &str| -> Value {
        serde_json::from_slice(&std::fs::read(snapshot.join(path)).unwrap()).unwrap()
    };
    let write = |path: &str, json: &Value| {
        std::fs::create_dir_all(snapshot.join("l2/two")).unwrap();
        std::fs::write(snapshot.join(path), json.to_string()).unwrap();
    };
    let mut metadata = read("metadata.json");
    metadata["l2"] = json!(["op", "two"]);
    write("metadata.json", &metadata);
    let packed = repository().join("tests/fixtures/op-l1-contracts/l1-alloc-b.json.gz");
    let mut contracts = String::new();
    let packed = std::fs::read(packed).unwrap();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut contracts).unwrap();
    let contracts: BTreeMap<String, Value> = serde_json::from_str(&contracts).unwrap();
    let mut l1 = read("el/genesis.template.json");
    l1["alloc"].as_object_mut().unwrap().extend(contracts);
    set_batcher(&mut l1, SYSTEM_CONFIG, "23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f");
    write("el/genesis.template.json", &l1);
    let mut genesis = read("l2/op/genesis.json");
    genesis["config"]["chainId"] = json!(14);
    write("l2/two/genesis.json", &genesis);
    let mut rollup = read("l2/op/rollup.json");
    rollup["l2_chain_id"] = json!(14);
    rollup["batch_inbox_address"] = json!("0x00d7b6990105719101dabeb77144f2a3385c8034");
    rollup["deposit_contract_address"] = json!("0xc368b3e82fc237a5bf45e17aef8add0f9666b115");
    rollup["l1_system_config_address"] = json!(SYSTEM_CONFIG);
    write("l2/two/rollup.json", &rollup);
    write("l2/two/fund.json", &read("l2/op/fund.json"));
    let key = "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97";
    std::fs::write(snapshot.join("l2/two/batcher.key"), key).unwrap();
}

/// Sends a transaction, and waits until it is mined.
fn sends(key: &str, port: u16, arguments: &[&str]) {
    let mut cast = Command::new(tools::foundry("cast"));
    cast.args(["send", "--private-key", key, "--rpc-url", &format!("http://127.0.0.1:{port}")]);
    run(cast.args(arguments));
}

/// A stack with L2s.
struct Net {
    host: Host,
    /// Of an account with funds on both layers.
    key: &'static str,
}

impl Net {
    fn of(snapshot: &Path, names: &[&str]) -> Self {
        let chain = |name: &&str| {
            let rollup = std::fs::read(snapshot.join(format!("l2/{name}/rollup.json"))).unwrap();
            let rollup: Value = serde_json::from_slice(&rollup).unwrap();
            let chain_id = rollup["l2_chain_id"].as_u64().unwrap();
            let proposer = snapshot.join(format!("l2/{name}/proposer.key")).exists();
            let proposer = proposer.then(|| FACTORY.parse().unwrap());
            L2 { name: (*name).to_owned(), chain_id, batcher: true, proposer }
        };
        let chains: Vec<_> = names.iter().map(chain).collect();
        let mut stack = stack_with(Options::of_sample(Clients::default()), &chains);
        for service in &mut stack.services {
            if service.name == "two-batcher" {
                let calldata = Text::from("--data-availability-type=calldata");
                let blobs = "--data-availability-type=blobs".into();
                let flag = service.arguments.iter_mut().find(|text| **text == calldata);
                *flag.unwrap() = blobs;
            }
        }
        Self { host: Host::new(stack), key: KEY }
    }

    fn boot(&mut self, snapshot: &Path) -> Value {
        self.host.boot(snapshot)
    }

    fn l2(&self, name: &str, method: &str, params: Value) -> Result<Value, String> {
        http::call(self.host.port(&format!("{name}-geth"), 8545), method, params)
    }

    /// The numbers of these heads, as op-node has them.
    fn heads<const N: usize>(&self, name: &str, heads: [&str; N]) -> Result<[u64; N], String> {
        let status = self.host.call(&format!("{name}-node"), 9545, "optimism_syncStatus")?;
        Ok(heads.map(|head| status[head]["number"].as_u64().unwrap_or_default()))
    }

    /// Waits until each of these heads has a higher number.
    fn reaches<const N: usize>(
        &mut self,
        name: &str,
        heads: [&'static str; N],
        number: u64,
        limit: Duration,
    ) {
        let begin = Instant::now();
        let mut left = heads.to_vec();
        self.host.eventually(name, limit, |host| {
            let net = host.call(&format!("{name}-node"), 9545, "optimism_syncStatus")?;
            left.retain(|head| {
                let reached = net[head]["number"].as_u64().is_some_and(|at| at > number);
                if reached {
                    println!(
                        "{name}: {head} > {number} after {:.1} s",
                        begin.elapsed().as_secs_f64()
                    );
                }
                !reached
            });
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}: {net}")) }
        });
    }

    fn balance(&self, name: &str) -> Result<u128, String> {
        let balance = self.l2(name, "eth_getBalance", json!([RECIPIENT, "latest"]))?;
        let digits = balance.as_str().unwrap_or_default().trim_start_matches("0x").to_owned();
        u128::from_str_radix(&digits, 16).map_err(|error| error.to_string())
    }

    /// A deposit through `OptimismPortal` arrives on the L2.
    fn deposits(&mut self, name: &str, portal: &str) {
        let before = self.balance(name).unwrap();
        let deposit = "depositTransaction(address,uint256,uint64,bool,bytes)";
        let wei = "1000000000000000000";
        let arguments = ["--value", wei, portal, deposit, RECIPIENT, wei, "100000", "false", "0x"];
        sends(self.key, self.host.port("el", 8545), &arguments);
        let begin = Instant::now();
        self.arrives(name, before + 1_000_000_000_000_000_000);
        println!("{name}: the deposit arrived after {:.1} s", begin.elapsed().as_secs_f64());
    }

    /// A transaction of the L2 is mined.
    fn transfers(&mut self, name: &str) {
        let before = self.balance(name).unwrap();
        let node = self.host.port(&format!("{name}-geth"), 8545);
        sends(self.key, node, &["--value", "5", RECIPIENT]);
        self.arrives(name, before + 5);
    }

    fn arrives(&mut self, name: &str, balance: u128) {
        let node = self.host.port(&format!("{name}-geth"), 8545);
        self.host.eventually("the balance", SOON, |_| {
            let found = http::call(node, "eth_getBalance", json!([RECIPIENT, "latest"]))?;
            if found == format!("{balance:#x}") { Ok(()) } else { Err(found.to_string()) }
        });
    }

    fn is_healthy(&self, name: &str) {
        let el = format!("http://127.0.0.1:{}", self.host.port(&format!("{name}-geth"), 8545));
        let mut health = regenesis();
        health.args(["health", "l2", "--el", &el]).arg("--runtime").arg(self.host.runtime());
        let said = run(&mut health);
        assert!(said.contains(&format!("l2: healthy, {name}: block ")), "{said}");
    }

    /// After `kill -9`, the blocks are the same, and all heads advance.
    fn heals_after_a_kill_of(&mut self, name: &str, service: &str) {
        let [last, safe] = self.heads(name, ["unsafe_l2", "safe_l2"]).unwrap();
        let block = json!([format!("{safe:#x}"), false]);
        let before = self.l2(name, "eth_getBlockByNumber", block.clone()).unwrap();
        self.host.kill(service);
        println!("kill -9 of {service} at {last}");
        self.host.eventually("it starts again", SOON, |host| {
            host.call(&format!("{name}-node"), 9545, "optimism_version").map(|_| ())
        });
        self.reaches(name, ["unsafe_l2", "safe_l2"], last + 3, SOON);
        let after = self.l2(name, "eth_getBlockByNumber", block).unwrap();
        assert_eq!(before["hash"], after["hash"], "{service}");
    }
}
