//! The configs and keystores of an enclave's services in a snapshot, on files of real enclaves and of
//! kurtosis-cdk's templates.

use std::path::Path;

use alloy_primitives::{Address, U256};
use regenesis::enclave::document::{Document, Format};
use regenesis::enclave::{
    Assembled, Choice, Enclave, Fetched, File, Funds, Hosts, Manifest, Plan, Role, Service,
    Summary, assemble, keystores, parse, rewrite, sources,
};
use regenesis::l2::read_key;
use regenesis::snapshot::metadata::{Metadata, Mode};
use regenesis::{Content, OutFile};
use serde_json::{Value, json};

use crate::support::repository;

const EL: &str = "el-1-geth-lighthouse";
const L2_EL: &str = "op-el-1-op-reth-op-node-003";
const L2_NODE: &str = "op-cl-1-op-node-op-reth-003";
const SEQUENCER: &str = "0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed";
/// kurtosis-cdk publishes it.
const BATCHER_KEY: &str = "0xa51bc3351fffe667d7f2fd30dc040687e2d65e2f941837bad219bb1f0466dfaa";
const PASSWORD: &str = "pSnv6Dh5s9ahuzGzH9RoCDrKAMddaX3m";

/// The services of an enclave with the L2 `NAMES[1..]` and everything that kurtosis-cdk adds.
fn services([el, l2_el, l2_node]: [&str; 3]) -> Vec<Service> {
    let mut containers = Vec::new();
    let mut add = |name: &str, image: &str, ports: &str, cmd: &[&str], kind: Option<&str>| {
        let address = format!("172.16.0.{}", containers.len() + 10);
        let mut labels = json!({
            "com.kurtosistech.container-type": "user-service", "com.kurtosistech.enclave-name": "cdk",
            "com.kurtosistech.enclave-id": "57a8923684ef", "com.kurtosistech.id": name,
            "com.kurtosistech.private-ip": address, "com.kurtosistech.ports": ports,
        });
        if let Some(kind) = kind {
            let label = "com.kurtosistech.custom.ethereum-package.client-type";
            labels[label] = kind.into();
        }
        containers.push(json!({
            "Id": format!("{name}--1"), "State": {"Status": "running"},
            "Config": {"Image": image, "Entrypoint": null, "Cmd": cmd, "Env": ["A=B"], "Labels": labels},
            "NetworkSettings": {"Ports": {}},
        }));
    };
    let l1 = "engine-rpc:8551/TCP,rpc:8545/TCP,ws:8546/TCP";
    add(el, "ethereum/client-go:v1.16.8", l1, &[], Some("execution"));
    add(l2_el, "x/op-reth:1", "rpc:8545/TCP/http", &[], None);
    let url = format!("--l2=http://{l2_el}:8551");
    let node = ["op-node", &url, "--rollup.config=/network-configs/rollup-20203.json"];
    add(l2_node, "x/op-node:1", "rpc:8547/TCP/http", &node, None);
    for (name, image, ports) in [
        ("agglayer", "x/agglayer:0.4", "aglr-grpc:4443/TCP"),
        ("aggkit-003", "x/aggkit:0.8", "rpc:5576/TCP"),
        ("aggkit-prover-003", "x/aggkit-prover:1", "api:4446/TCP"),
        ("cdk-data-availability-002", "x/cdk-data-availability:1", "http:8484/TCP"),
        ("cdk-erigon-rpc-001", "x/cdk-erigon:1", "rpc:8123/TCP"),
        ("cdk-erigon-sequencer-001", "x/cdk-erigon:1", "rpc:8123/TCP"),
        ("cdk-node-001", "x/cdk:1", "rpc:5576/TCP"),
        ("contracts-001", "x/agglayer-contracts:1", "http:8080/TCP"),
        ("postgres-001", "postgres:16.2", "postgres:5432/TCP"),
        ("zkevm-bridge-service-003", "x/zkevm-bridge-service:1", "rpc:8080/TCP"),
        ("zkevm-pool-manager-001", "x/zkevm-pool-manager:1", "http:8545/TCP"),
        ("zkevm-prover-001", "x/zkevm-prover:1", "executor:50071/TCP"),
        ("cdk-erigon-rpc-002", "x/cdk-erigon:1", "rpc:8123/TCP"),
        ("cdk-erigon-sequencer-002", "x/cdk-erigon:1", "rpc:8123/TCP"),
        ("cdk-node-002", "x/cdk:1", "rpc:5576/TCP"),
        ("postgres-002", "postgres:16.2", "postgres:5432/TCP"),
        ("zkevm-bridge-service-001", "x/zkevm-bridge-service:1", "rpc:8080/TCP"),
        ("zkevm-bridge-service-002", "x/zkevm-bridge-service:1", "rpc:8080/TCP"),
        ("zkevm-pool-manager-002", "x/zkevm-pool-manager:1", "http:8545/TCP"),
        ("zkevm-prover-002", "x/zkevm-prover:1", "executor:50071/TCP"),
    ] {
        add(name, image, ports, &["run", "--private-key=0xkey"], None);
    }
    let key = format!("--private-key={BATCHER_KEY}");
    add("op-batcher-001", "x/op-batcher:1", "http:8548/TCP", &["op-batcher", &key], None);
    parse(&Value::from(containers).to_string()).unwrap()
}

const NAMES: [&str; 3] = [EL, L2_EL, L2_NODE];

fn with_hosts<T>(names: [&str; 3], test: impl FnOnce(&[Service], &Hosts<'_>) -> T) -> T {
    let services = services(names);
    let all: Vec<_> = services.iter().collect();
    let plan = Plan::of(&all, Choice::default()).unwrap();
    let hosts = Hosts::of(&all, &plan, &["op-20203".to_owned()]);
    test(&services, &hosts)
}

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/fixtures").join(path)).unwrap()
}

/// Every config of kurtosis-cdk's templates.
const CONFIGS: [(&str, &str); 17] = [
    ("agglayer", "/etc/agglayer/config.toml"),
    ("aggkit-003", "/etc/aggkit/config.toml"),
    ("aggkit-prover-003", "/etc/aggkit-prover/config.toml"),
    ("cdk-data-availability-002", "/etc/cdk-data-availability/config.toml"),
    ("cdk-erigon-rpc-001", "/etc/cdk-erigon/config.yaml"),
    ("cdk-erigon-sequencer-001", "/etc/cdk-erigon/config.yaml"),
    ("cdk-node-001", "/etc/cdk/config.toml"),
    ("zkevm-bridge-service-003", "/etc/zkevm/bridge-config.toml"),
    ("zkevm-pool-manager-001", "/etc/pool-manager/config.toml"),
    ("zkevm-prover-001", "/etc/zkevm-prover/config.json"),
    ("cdk-erigon-rpc-002", "/etc/cdk-erigon/config.yaml"),
    ("cdk-erigon-sequencer-002", "/etc/cdk-erigon/config.yaml"),
    ("cdk-node-002", "/etc/cdk/config.toml"),
    ("zkevm-bridge-service-001", "/etc/zkevm/bridge-config.toml"),
    ("zkevm-bridge-service-002", "/etc/zkevm/bridge-config.toml"),
    ("zkevm-pool-manager-002", "/etc/pool-manager/config.toml"),
    ("zkevm-prover-002", "/etc/zkevm-prover/config.json"),
];

/// The lines of a config that the snapshot changes, as `SERVICE: OLD => NEW`.
fn changed(
    role: Role,
    service: &str,
    path: &str,
    old: &str,
    mode: Mode,
    hosts: &Hosts<'_>,
) -> Vec<String> {
    let format = Format::of(path).unwrap();
    let config = Document::parse(format, old.as_bytes()).unwrap();
    let (new, changes) = rewrite(service, role, &config, mode, hosts).unwrap();
    let text = new.text();
    Document::parse(format, text.as_bytes()).unwrap();
    assert_eq!(old.lines().count(), text.lines().count(), "{service}");
    let different = old.lines().zip(text.lines()).filter(|(old, new)| old != new);
    let lines: Vec<_> = different
        .map(|(old, new)| format!("{service}: {} => {}", old.trim(), new.trim()))
        .collect();
    // Lines with several values would hide one.
    assert_eq!(lines.len(), changes.len(), "{service}: {changes:?}");
    lines
}

fn all_changed(mode: Mode, edit: impl Fn(String) -> String) -> Vec<String> {
    with_hosts(NAMES, |services, hosts| {
        let lines = CONFIGS.iter().flat_map(|(name, path)| {
            let service = services.iter().find(|service| service.name == *name).unwrap();
            let sources = sources(service).unwrap();
            assert!(sources.iter().any(|(source, _)| source == path), "{name}: {sources:?}");
            let text = fixture(&format!("rendered-enclave/{name}{path}"));
            let text = edit(String::from_utf8(text).unwrap());
            changed(service.role, name, path, &text, mode, hosts)
        });
        lines.collect()
    })
}

/// What the stack has on another port than the enclave: op-node.
const PORTS: [&str; 2] = [
    "aggkit-003: OpNodeURL = \"http://op-cl-1-op-node-op-reth-003:8547\" => \
     OpNodeURL = \"http://op-cl-1-op-node-op-reth-003:9545\"",
    "aggkit-prover-003: l2-consensus-layer-rpc-endpoint = \"http://op-cl-1-op-node-op-reth-003:8547\" => \
     l2-consensus-layer-rpc-endpoint = \"http://op-cl-1-op-node-op-reth-003:9545\"",
];

/// The directories of data, which are below `/data` in the stack.
fn storage() -> Vec<String> {
    let line = |service: &str, key: &str, old: &str, new: &str| {
        let new = format!("/data/service_{service}{new}");
        if key.ends_with(':') {
            return format!("{service}: {key} {old} => {key} {new}");
        }
        format!("{service}: {key} = \"{old}\" => {key} = \"{new}\"")
    };
    let erigon = "./data/dynamic-kurtosis-sequencer";
    vec![
        line("agglayer", "db-path", "/etc/agglayer/storage", "/storage"),
        line("agglayer", "path", "/etc/agglayer/backups", "/backups"),
        line("aggkit-003", "PathRWData", "/tmp", ""),
        line("cdk-erigon-rpc-001", "datadir:", erigon, "/storage"),
        line("cdk-erigon-sequencer-001", "datadir:", erigon, "/storage"),
        line("cdk-node-001", "PathRWData", "/tmp", ""),
        line("cdk-erigon-rpc-002", "datadir:", erigon, "/storage"),
        line("cdk-erigon-sequencer-002", "datadir:", erigon, "/storage"),
        line("cdk-node-002", "PathRWData", "/tmp", ""),
    ]
}

#[test]
fn a_history_changes_only_ports_and_directories_of_data() {
    let mut expected = [&PORTS.map(str::to_owned)[..], &storage()].concat();
    let mut found = all_changed(Mode::History, |text| text);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_state_changes_every_block_of_the_l1_and_no_other_number() {
    let mut expected = [&PORTS.map(str::to_owned)[..], &storage()].concat();
    let line =
        |service: &str, field: &str| format!("{service}: {field} = \"37\" => {field} = \"1\"");
    let blocks =
        ["rollupCreationBlockNumber", "rollupManagerCreationBlockNumber", "genesisBlockNumber"];
    for service in ["aggkit-003", "cdk-node-001", "cdk-node-002"] {
        expected.extend(blocks.map(|field| line(service, field)));
    }
    expected.push(line("aggkit-003", "InitialBlock"));
    expected.push(line("aggkit-003", "RollupCreationBlockL1"));
    for network in 1..=3 {
        expected.push(line(&format!("zkevm-bridge-service-00{network}"), "L1GenBlockNumber"));
    }
    expected.push("agglayer: genesis-block = 37 => genesis-block = 1".to_owned());
    for service in ["rpc-001", "rpc-002", "sequencer-001", "sequencer-002"] {
        let service = format!("cdk-erigon-{service}");
        expected.push(format!("{service}: zkevm.l1-first-block: 37 => zkevm.l1-first-block: 1"));
    }
    let mut found = all_changed(Mode::State, |text| text);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn an_address_of_a_container_becomes_the_name_of_its_service() {
    let at = |text: String| text.replace(EL, "172.16.0.10").replace("postgres-001", "172.16.0.21");
    let lines = all_changed(Mode::History, at);
    for line in [
        "agglayer: node-url = \"http://172.16.0.10:8545\" => node-url = \"http://el-1-geth-lighthouse:8545\"",
        "cdk-data-availability-002: WsURL = \"ws://172.16.0.10:8546\" => WsURL = \"ws://el-1-geth-lighthouse:8546\"",
        "cdk-erigon-rpc-001: zkevm.l1-rpc-url: http://172.16.0.10:8545 => zkevm.l1-rpc-url: http://el-1-geth-lighthouse:8545",
        "cdk-node-001: Host = \"172.16.0.21\" => Host = \"postgres-001\"",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:#?}");
    }
    let prover = lines.iter().find(|line| line.starts_with("zkevm-prover-001")).unwrap();
    assert!(
        prover.contains("@172.16.0.21:5432/")
            && prover.ends_with("@postgres-001:5432/prover_db\",")
    );
    assert!(!lines.iter().any(|line| line.split(" => ").nth(1).unwrap().contains("172.16.0.")));
}

/// Upstream's tool pointed `RPCURL` of an aggkit at the L1 and its agglayer at port 9600, set blocks to 0,
/// and changed comments and paths.
#[test]
fn an_aggkit_keeps_its_l2_its_agglayer_and_its_blocks() {
    let names = [EL, "op-el-1-op-geth-op-node-001", "op-cl-1-op-node-op-geth-001"];
    let read = |path: &str| {
        String::from_utf8(fixture(&format!("kurtosis-cdk-op-2151908/{path}"))).unwrap()
    };
    let (aggkit, agglayer) = (read("aggkit/config.toml"), read("agglayer/config.toml"));
    let lines = |mode, hosts: &Hosts<'_>| {
        let aggkit = changed(Role::Other("aggkit"), "aggkit", "config.toml", &aggkit, mode, hosts);
        let agglayer =
            changed(Role::Other("agglayer"), "agglayer", "config.toml", &agglayer, mode, hosts);
        [aggkit, agglayer].concat()
    };
    let port = "aggkit: OpNodeURL = \"http://op-cl-1-op-node-op-geth-001:8547\" => \
                OpNodeURL = \"http://op-cl-1-op-node-op-geth-001:9545\"";
    with_hosts(names, |_, hosts| {
        let history = lines(Mode::History, hosts);
        let is_data = |line: &&String| line.contains("/data/service_");
        assert_eq!(history.iter().filter(is_data).count(), 3, "{history:?}");
        assert_eq!(history.iter().filter(|line| !is_data(line)).collect::<Vec<_>>(), [port]);
        let mut state = lines(Mode::State, hosts);
        state.retain(|line| !history.contains(line));
        assert_eq!(state.len(), 6);
        assert!(state.iter().all(|line| line.ends_with("= \"1\"") || line.ends_with("= 1")));
        assert!(!state.iter().any(|line| line.contains("\"0\"") || line.contains("9600")));
    });
}

/// What a capture reads of the enclave 2151908.
fn assembled(mode: Mode) -> Assembled {
    let names = [EL, "op-el-1-op-geth-op-node-001", "op-cl-1-op-node-op-geth-001"];
    with_hosts(names, |services, hosts| {
        let file = |path: &str, from: &str| {
            let bytes = fixture(&format!("kurtosis-cdk-op-2151908/{from}"));
            let is_config = path.contains(".toml");
            if is_config { File::config_of(path, bytes) } else { File::plain(path, bytes) }
        };
        let of = |name: &str, files: Vec<File>| Fetched {
            service: services.iter().find(|service| service.name == name).unwrap(),
            files,
        };
        let fetched = vec![
            of(
                "aggkit-003",
                vec![
                    file("/etc/aggkit/config.toml", "aggkit/config.toml"),
                    file("/etc/aggkit/sequencer.keystore", "aggkit/sequencer.keystore"),
                    file("/etc/aggkit/aggoracle.keystore", "aggkit/aggoracle.keystore"),
                ],
            ),
            of(
                "agglayer",
                vec![
                    file("/etc/agglayer/config.toml", "agglayer/config.toml"),
                    file("/etc/agglayer/aggregator.keystore", "agglayer/aggregator.keystore"),
                ],
            ),
            of(
                "contracts-001",
                vec![
                    file(
                        "/opt/keystores/sovereignadmin.keystore",
                        "aggkit/sovereignadmin.keystore",
                    ),
                    file("/opt/output/combined.json", "combined.json"),
                    file("/opt/keystores/broken.keystore", "combined.json"),
                ],
            ),
        ];
        assemble(&Enclave { name: "cdk", uuid: "57a8923684ef", mode, hosts }, fetched)
    })
}

pub(super) fn bytes(file: &OutFile) -> &[u8] {
    let Content::Bytes(bytes) = &file.content else { panic!("{}", file.path) };
    bytes
}

#[test]
fn keystores_without_an_address_have_accounts() {
    let config = Document::parse(
        Format::Toml,
        &fixture("rendered-enclave/agglayer/etc/agglayer/config.toml"),
    );
    let named = keystores(&config.unwrap());
    assert_eq!((named.len(), &*named[0].path), (1, "/etc/agglayer/aggregator.keystore"));
    assert_eq!(named[0].password.as_deref(), Some(PASSWORD));
    let found = assembled(Mode::History);
    let accounts: Vec<_> = found
        .accounts
        .iter()
        .map(|one| (&*one.role, one.address.to_string(), one.network.as_deref()))
        .collect();
    let expected = [
        ("aggoracle", "0x0b68058E5b2592b1f472AdFe106305295A332A7C", Some("003")),
        ("aggregator", "0xCae5b68Ff783594bDe1b93cdE627c741722c4D4d", None),
        ("sequencer", SEQUENCER, Some("003")),
        ("sovereignadmin", "0xc653eCD4AC5153a3700Fb13442Bcf00A691cca16", Some("001")),
    ];
    assert_eq!(
        accounts,
        expected.map(|(role, address, network)| (role, address.to_owned(), network))
    );
    assert_eq!(found.keys.len(), 4);
    for (address, key) in &found.keys {
        assert_eq!(read_key(key.as_bytes()).unwrap().1, *address);
    }
    // What is no keystore is copied, and named.
    let mut warnings = found.warnings.clone();
    warnings.retain(|warning| !warning.contains("its command line does not start"));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let broken = "contracts-001: /opt/keystores/broken.keystore: not a keystore";
    assert!(warnings[0].starts_with(broken), "{warnings:?}");
    assert_eq!(found.warnings.len() - 1, 2, "agglayer and aggkit: {:?}", found.warnings);
}

#[test]
fn a_key_on_a_command_line_has_an_account() {
    with_hosts(NAMES, |services, hosts| {
        let own = services.iter().find(|service| service.name == "op-batcher-001").unwrap();
        let fetched = vec![Fetched { service: own, files: Vec::new() }];
        let enclave = Enclave { name: "cdk", uuid: "57a8923684ef", mode: Mode::State, hosts };
        let found = assemble(&enclave, fetched);
        let [account] = &found.accounts[..] else { panic!("{:?}", found.accounts) };
        assert_eq!((&*account.role, account.network.as_deref()), ("batcher", Some("001")));
        assert_eq!(account.address, read_key(BATCHER_KEY.as_bytes()).unwrap().1);
        assert!(found.keys.is_empty() && account.keystore.is_none());
    });
}

#[test]
fn every_file_is_listed_with_its_source_and_digest() {
    let found = assembled(Mode::State);
    let manifest: Manifest = serde_json::from_slice(&found.manifest.to_json()).unwrap();
    assert_eq!(manifest.aliases[EL], "el");
    assert_eq!(manifest.aliases["op-cl-1-op-node-op-geth-001"], "op-20203-node");
    let paths: Vec<_> = found.files.iter().map(|file| &*file.path).collect();
    assert!(paths.iter().all(|path| regenesis::snapshot::is_service_file(path)), "{paths:?}");
    for service in &manifest.services {
        assert!(paths.contains(&&*service.command));
        for file in &service.files {
            let written = found.files.iter().find(|one| one.path == file.path).unwrap();
            let digest = regenesis::FileDigest::of(&file.path, bytes(written));
            assert_eq!(digest.sha256, file.sha256, "{}", file.path);
            assert_eq!(file.changes.is_empty(), file.source_sha256 == file.sha256, "{}", file.path);
            assert!(written.secret && Path::new(&file.path).ends_with(&file.source[1..]));
        }
    }
    let aggkit = &manifest.services[0];
    assert_eq!((&*aggkit.role, aggkit.network.as_deref()), ("aggkit", Some("003")));
    assert_eq!(aggkit.command, "services/003/aggkit-003/command.json");
    let command = found.files.iter().find(|file| file.path == aggkit.command).unwrap();
    let command: Value = serde_json::from_slice(bytes(command)).unwrap();
    assert_eq!(command["cmd"], json!(["run", "--private-key=0xkey"]));

    let funds = Funds::read(&found.accounts, None, |address| {
        let is_sequencer = address == SEQUENCER.parse::<Address>().unwrap();
        Ok::<_, ()>(if is_sequencer { U256::from(10).pow(U256::from(21)) } else { U256::ZERO })
    });
    let summary = |funds| {
        let (accounts, contracts) = (&found.accounts, &found.contracts);
        Summary::of(&Metadata::default(), &manifest, accounts, contracts, funds)
    };
    let unknown: Value = serde_json::from_slice(&summary(Funds::default()).to_json()).unwrap();
    assert_eq!(unknown["networks"]["003"]["accounts"][1]["balance"], Value::Null);
    assert_eq!(unknown["test_accounts"], json!([]));
    let summary = summary(funds.unwrap());
    let json = summary.to_json();
    let parsed: Value = serde_json::from_slice(&json).unwrap();
    let l1 = &parsed["l1"]["contracts"];
    assert_eq!(l1["rollup_manager"], "0x6c6c009cc348976db4a908c92b24433d4f6eda43");
    let network = &parsed["networks"]["003"];
    assert_eq!(network["services"]["aggkit-003"]["internal"]["rpc"], "aggkit-003:5576");
    let sequencer = &network["accounts"][1];
    assert_eq!((&sequencer["role"], &sequencer["network"]), (&json!("sequencer"), &json!("003")));
    assert_eq!(sequencer["balance"], "1000000000000000000000");
    assert_eq!(sequencer["keystore"], "services/003/aggkit-003/etc/aggkit/sequencer.keystore");
    assert_eq!(network["accounts"][0]["balance"], "0");
    let test_accounts = &parsed["test_accounts"][0];
    assert_eq!(test_accounts["source"], "kurtosis-cdk");
    assert_eq!(test_accounts["accounts"].as_array().unwrap().len(), 1);
    let own = &parsed["networks"]["001"]["contracts"];
    assert_eq!(own["l2_bridge"], "0xc8cbebf950b9df44d987c8619f092bea980ff038");
    let lines = summary.lines().join("\n");
    assert!(lines.contains("sequencer 0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed"), "{lines}");
    for public in [lines.as_bytes(), &json, &manifest.to_json()] {
        let text = String::from_utf8_lossy(public);
        assert!(!text.contains(PASSWORD) && !text.contains("0xkey"));
        let keys = found.keys.values().map(|key| key.trim_start_matches("0x"));
        assert!(keys.filter(|key| text.contains(*key)).count() == 0, "a private key is shown");
    }
}
