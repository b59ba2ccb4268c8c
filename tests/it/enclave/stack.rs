//! The stack of a captured enclave: the services of kurtosis-cdk in `docker-compose.yml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use regenesis::compose;
use regenesis::enclave::document::{Document, Format};
use regenesis::enclave::{
    Assembled, Choice, Enclave, Fetched, File, Funds, Hosts, Manifest, Plan, Service, Summary,
    assemble, parse, sources, started,
};
use regenesis::services::{
    self, Clients, L2, Options, SnapshotSource, Stack, stack_of, stack_with,
};
use regenesis::snapshot::metadata::{Metadata, Mode};
use serde_json::{Value, json};

use super::services::bytes;
use crate::support::{Place, repository};

const CLOUD: &str = "europe-west2-docker.pkg.dev/prj-polygonlabs-devtools-dev/public";
const PASSWORD: &str = "master_password";

pub fn container(
    name: &str,
    image: &str,
    ports: &str,
    line: (&[&str], &[&str]),
    env: &[&str],
) -> Value {
    let labels = json!({
        "com.kurtosistech.container-type": "user-service", "com.kurtosistech.enclave-name": "cdk",
        "com.kurtosistech.enclave-id": "57a8923684ef", "com.kurtosistech.id": name,
        "com.kurtosistech.ports": ports,
    });
    json!({
        "Id": format!("{name}--1"), "State": {"Status": "running"},
        "Config": {"Image": image, "Entrypoint": line.0, "Cmd": line.1, "Env": env, "Labels": labels},
        "NetworkSettings": {"Ports": {}},
    })
}

/// A service with its command line, as kurtosis-cdk writes it.
fn service(name: &str) -> Value {
    let run =
        |program, image, ports, cmd: &[&str]| container(name, image, ports, (&[program], cmd), &[]);
    let shell =
        |image, ports, line| container(name, image, ports, (&["/bin/sh", "-c"], &[line]), &[]);
    let erigon = |sequencer| {
        let variable = format!("CDK_ERIGON_SEQUENCER={sequencer}");
        let ports = "data-streamer:6900/TCP,rpc:8123/TCP/http,ws-rpc:8133/TCP/ws";
        let line = "cdk-erigon --config /etc/cdk-erigon/config.yaml";
        let entrypoint = "/usr/local/share/proc-runner/proc-runner.sh";
        let env = [&*variable, "PATH=/bin"];
        container(
            name,
            "ghcr.io/0xpolygon/cdk-erigon:v2.61.24",
            ports,
            (&[entrypoint], &[line]),
            &env,
        )
    };
    match name {
        "agglayer" => run(
            "/usr/local/bin/agglayer",
            &format!("{CLOUD}/agglayer:0.4.4-remove-agglayer-prover"),
            "aglr-admin:4446/TCP/http,aglr-grpc:4443/TCP/grpc,aglr-readrpc:4444/TCP/http,prometheus:9092/TCP",
            &["run", "--cfg", "/etc/agglayer/config.toml"],
        ),
        "aggkit-003" | "aggkit-001" => run(
            "/usr/local/bin/aggkit",
            "ghcr.io/agglayer/aggkit:0.8.0-beta7",
            "pprof:6060/TCP/http,rpc:5576/TCP/http",
            &["run", "--cfg=/etc/aggkit/config.toml", "--components=aggsender"],
        ),
        // Of a fork.
        "aggkit-prover-003" => container(
            name,
            "registry.example/stranger/aggkit-prover:1",
            "grpc:4446/TCP/grpc",
            (
                &["/usr/local/bin/aggkit-prover"],
                &["run", "--config-path", "/etc/aggkit-prover/config.toml"],
            ),
            &["NETWORK_PRIVATE_KEY=0x1234", "RUST_LOG=info,prover=debug"],
        ),
        "cdk-data-availability-002" => run(
            "/app/cdk-data-availability",
            "ghcr.io/0xpolygon/cdk-data-availability:0.0.13",
            "dac:8484/TCP",
            &["run", "--cfg", "/etc/cdk-data-availability/config.toml"],
        ),
        "cdk-erigon-rpc-001" => erigon(0),
        "cdk-erigon-sequencer-001" => erigon(1),
        "cdk-node-001" => shell(
            "ghcr.io/0xpolygon/cdk:0.5.4",
            "aggregator:50081/TCP/grpc,rest:5577/TCP/http,rpc:5576/TCP/http",
            "sleep 20 && cdk-node run --cfg=/etc/cdk/config.toml --components=sequence-sender,aggregator \
             --save-config-path=/tmp --custom-network-file=/etc/cdk/genesis.json",
        ),
        "postgres-001" => container(
            name,
            "postgres:17.6",
            "postgres:5432/TCP/postgresql",
            (&["docker-entrypoint.sh"], &["-N 1000"]),
            &["POSTGRES_DB=master", "POSTGRES_PASSWORD=master_password"],
        ),
        "zkevm-bridge-service-003" => run(
            "/app/zkevm-bridge",
            "ghcr.io/0xpolygon/zkevm-bridge-service:v0.6.4-RC2",
            "grpc:9090/TCP/grpc,rpc:8080/TCP/http",
            &["run", "--cfg", "/etc/zkevm/bridge-config.toml"],
        ),
        "zkevm-pool-manager-001" => shell(
            "ghcr.io/0xpolygon/zkevm-pool-manager:0.1.3",
            "http:8545/TCP/http",
            "/app/zkevm-pool-manager run --cfg /etc/pool-manager/config.toml",
        ),
        "zkevm-prover-001" => shell(
            "hermeznetwork/zkevm-prover:v8.0.0-RC16-fork.12",
            "executor:50071/TCP/grpc,hash-db:50061/TCP/grpc",
            "[[ \"x86_64\" == \"aarch64\" ]] && export A=1; /usr/local/bin/zkProver -c /etc/zkevm-prover/config.json",
        ),
        other => panic!("{other}"),
    }
}

const NAMES: [&str; 11] = [
    "agglayer",
    "aggkit-003",
    "aggkit-prover-003",
    "cdk-data-availability-002",
    "cdk-erigon-rpc-001",
    "cdk-erigon-sequencer-001",
    "cdk-node-001",
    "postgres-001",
    "zkevm-bridge-service-003",
    "zkevm-pool-manager-001",
    "zkevm-prover-001",
];

/// The L1 and an L2 of an enclave, as [`service`] has the others.
fn clients(el: &str, l2_el: &str, l2_node: &str) -> Vec<Value> {
    let mut l1 = container(el, "ethereum/client-go:v1.16.8", "rpc:8545/TCP", (&[], &[]), &[]);
    l1["Config"]["Labels"]["com.kurtosistech.custom.ethereum-package.client-type"] =
        "execution".into();
    let url = format!("--l2=http://{l2_el}:8551");
    let node = [&*url, "--rollup.config=/network-configs/rollup-20203.json"];
    vec![
        l1,
        container(l2_el, "x/op-geth:1", "rpc:8545/TCP", (&[], &[]), &[]),
        container(l2_node, "x/op-node:1", "rpc:8547/TCP", (&["op-node"], &node), &[]),
    ]
}

/// The files of a service in kurtosis-cdk's templates.
fn files(service: &Service) -> Vec<File> {
    let root = repository().join("tests/fixtures/rendered-enclave").join(&service.name);
    let Some(sources) = sources(service) else { return Vec::new() };
    let path = |path: &str| root.join(path.trim_start_matches('/'));
    let mut files = Vec::new();
    for (source, _) in sources {
        if let Ok(bytes) = std::fs::read(path(source)) {
            files.push(File::config_of(source, bytes));
        }
        for entry in std::fs::read_dir(path(source)).into_iter().flatten() {
            let entry = entry.unwrap();
            let source = format!("{source}/{}", entry.file_name().to_str().unwrap());
            let bytes = std::fs::read(entry.path()).unwrap();
            files.push(File::plain(source, bytes));
        }
    }
    files
}

/// What a capture of these containers writes.
fn assembled(containers: Vec<Value>, mode: Mode) -> Assembled {
    let services = parse(&Value::from(containers).to_string()).unwrap();
    let all: Vec<_> = services.iter().collect();
    let plan = Plan::of(&all, Choice::default()).unwrap();
    let hosts = Hosts::of(&all, &plan, &["op-20203".to_owned()]);
    let fetched = all.iter().filter(|service| sources(service).is_some());
    let fetched = fetched.map(|&service| Fetched { service, files: files(service) }).collect();
    assemble(&Enclave { name: "cdk", uuid: "57a8923684ef", mode, hosts: &hosts }, fetched)
}

fn rendered_enclave(mode: Mode) -> Assembled {
    let mut all = clients(
        "el-1-geth-lighthouse",
        "op-el-1-op-geth-op-node-003",
        "op-cl-1-op-node-op-geth-003",
    );
    all.extend(NAMES.map(service));
    assembled(all, mode)
}

const OPTIONS: Options = Options {
    snapshot: SnapshotSource::Here,
    fulu: true,
    minimal: false,
    clients: Clients {
        execution: services::Execution::Geth,
        consensus: services::Consensus::Lighthouse,
    },
    shares_network: false,
};

fn op() -> L2 {
    L2 { name: "op-20203".to_owned(), chain_id: 20203, batcher: true, proposer: None }
}

fn stack(manifest: &Manifest) -> Stack {
    stack_of(OPTIONS, &[op()], &started(manifest).enclave)
}

fn find<'a>(stack: &'a Stack, name: &str) -> &'a services::Service {
    stack.services.iter().find(|service| service.name == name).unwrap()
}

#[test]
fn the_services_of_three_networks_are_in_the_compose_file() {
    let found = rendered_enclave(Mode::History);
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    assert_eq!(started(&found.manifest).left_out, Vec::<String>::new());
    let text = compose::file(&stack(&found.manifest));
    Document::parse(Format::Yaml, text.as_bytes()).unwrap();
    let path = repository().join("tests/it/enclave/stack.yml");
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap());
    // Passwords are only in files that their owner alone may read.
    assert!(!text.contains(PASSWORD) && !text.contains("0x1234"));
    let manifest = String::from_utf8(found.manifest.to_json()).unwrap();
    assert!(!manifest.contains(PASSWORD) && !manifest.contains("0x1234"));
    let secret = "services/001/postgres-001/variables/POSTGRES_PASSWORD";
    assert!(found.files.iter().any(|file| file.path == secret && file.secret));
}

#[test]
fn a_stack_without_captured_services_stays_as_it_is() {
    let with = |manifest: &Manifest| stack_of(OPTIONS, &[op()], &started(manifest).enclave);
    let mut manifest = rendered_enclave(Mode::History).manifest;
    manifest.services.clear();
    manifest.aliases.clear();
    assert_eq!(with(&manifest), stack_with(OPTIONS, &[op()]));
    // A manifest of an earlier version has no `start`.
    let mut json: Value =
        serde_json::from_slice(&rendered_enclave(Mode::History).manifest.to_json()).unwrap();
    for service in json["services"].as_array_mut().unwrap() {
        service.as_object_mut().unwrap().remove("start");
    }
    let manifest = Manifest::parse(json.to_string().as_bytes()).unwrap();
    let stack = with(&manifest);
    assert_eq!(stack.services.len(), stack_with(OPTIONS, &[op()]).services.len());
    assert_eq!(find(&stack, "el").aliases, ["el-1-geth-lighthouse"]);
    json["format"] = 2.into();
    assert!(Manifest::parse(json.to_string().as_bytes()).is_err());
}

#[test]
fn every_setting_and_port_of_an_enclave_is_unique_and_every_service_has_its_files() {
    let found = rendered_enclave(Mode::History);
    let stack = stack(&found.manifest);
    let mut ports = BTreeMap::new();
    for service in &stack.services {
        for host in service.ports.iter().filter_map(|port| port.published.as_ref()) {
            let port = host.port.default.parse::<u16>().unwrap();
            assert_eq!(ports.insert(port, host.port.name.clone()), None, "{port}");
        }
        for dependency in &service.depends_on {
            let place = |name: &str| stack.services.iter().position(|one| one.name == name);
            assert!(place(&dependency.service).unwrap() < place(&service.name).unwrap());
        }
    }
    assert_eq!(ports[&10_000], "ENCLAVE_AGGLAYER_AGLR_GRPC_PORT");
    // Network 001 is the first, 002 the second; the sequencer is the second cdk-erigon.
    assert_eq!(ports[&11_205], "ENCLAVE_CDK_ERIGON_SEQUENCER_001_RPC_PORT");
    assert_eq!(ports[&12_250], "ENCLAVE_CDK_DATA_AVAILABILITY_002_DAC_PORT");
    let aggkit = find(&stack, "aggkit-003");
    let before: Vec<_> = aggkit.depends_on.iter().map(|one| &*one.service).collect();
    let l2 = ["op-20203-geth", "op-20203-node", "agglayer", "aggkit-prover-003"];
    assert_eq!(before, [&["init", "el", "cl"][..], &l2].concat());
    for (service, file) in [("agglayer", "config.toml"), ("cdk-erigon-rpc-001", "config.yaml")] {
        let mounts = format!("{:?}", find(&stack, service).mounts);
        assert!(mounts.contains(file), "{mounts}");
    }
}

#[test]
fn the_summary_has_the_addresses_inside_and_outside() {
    let found = rendered_enclave(Mode::History);
    let (accounts, contracts) = (&found.accounts, &found.contracts);
    let metadata = Metadata { l2: vec!["op-20203".to_owned()], ..Metadata::default() };
    let summary = Summary::of(&metadata, &found.manifest, accounts, contracts, Funds::default());
    let json: Value = serde_json::from_slice(&summary.to_json()).unwrap();
    let rpc = &json["networks"]["003"]["services"]["aggkit-003"];
    assert_eq!(rpc["internal"]["rpc"], "aggkit-003:5576");
    assert_eq!(rpc["external"]["rpc"], "127.0.0.1:13400");
    assert_eq!(rpc["in_stack"], "aggkit-003");
    let agglayer = &json["services"]["agglayer"];
    assert_eq!(agglayer["external"]["aglr-readrpc"], "127.0.0.1:10001");
    // The clients, under the names that they had.
    let el = &json["services"]["el-1-geth-lighthouse"];
    assert_eq!(el["internal"]["http"], "el-1-geth-lighthouse:8545");
    assert_eq!(el["external"]["ws"], "127.0.0.1:8546");
    assert_eq!((&el["role"], &el["in_stack"]), (&"L1 execution".into(), &"el".into()));
    let aliases = found.manifest.aliases.iter();
    let node =
        aliases.filter(|(_, client)| *client == "op-20203-node").map(|(name, _)| name).next();
    let node = &json["networks"]["003"]["services"][node.unwrap()];
    assert_eq!(node["external"]["rpc"], "127.0.0.1:9547");
    assert_eq!((&node["role"], &node["in_stack"]), (&"L2 node".into(), &"op-20203-node".into()));
    let ids = ["001", "003"].map(|network| &json["networks"][network]["l2_chain_id"]);
    assert_eq!(ids, [&Value::Null, &20203.into()]);
    let lines = summary.lines().join("\n");
    assert!(lines.contains("aggkit-003: pprof 127.0.0.1:13403, rpc 127.0.0.1:13400"), "{lines}");
    assert!(lines.contains("el-1-geth-lighthouse: http 127.0.0.1:8545"), "{lines}");
}

/// The enclave of 2 February 2026, whose agglayer and aggkit had these command lines.
#[test]
fn a_real_enclave_has_its_names_and_its_agglayer() {
    let mut containers = super::inspected();
    containers.extend([service("agglayer"), service("aggkit-001")]);
    for one in &mut containers {
        let labels = &mut one["Config"]["Labels"];
        labels["com.kurtosistech.enclave-name"] = "snapshot-test".into();
        labels["com.kurtosistech.enclave-id"] = "57a8923684ef".into();
    }
    let found = assembled(containers, Mode::History);
    let stack = stack(&found.manifest);
    assert_eq!(find(&stack, "el").aliases, ["el-1-geth-lighthouse"]);
    assert_eq!(find(&stack, "cl").aliases, ["cl-1-lighthouse-geth"]);
    let nodes = ["op-cl-1-op-node-op-geth-001", "op-cl-2-op-node-op-geth-001"];
    assert_eq!(find(&stack, "op-20203-node").aliases, nodes);
    let aggkit = find(&stack, "aggkit-001");
    assert_eq!(aggkit.image.default, "ghcr.io/agglayer/aggkit:0.8.0-beta7");
    assert!(aggkit.depends_on.iter().any(|one| one.service == "op-20203-geth"));
    let services: Vec<_> = stack.services.iter().map(|service| &*service.name).collect();
    assert_eq!(services[services.len() - 2..], ["agglayer", "aggkit-001"]);
}

/// kurtosis-cdk runs one aggkit for each member of a committee, and for each validator.
#[test]
fn the_members_of_a_committee_are_services_of_their_network() {
    const MEMBERS: [(&str, &str); 2] = [
        ("aggkit-003-aggoracle-committee-001", "aggoracle"),
        ("aggkit-003-aggsender-validator-002", "aggsender-validator"),
    ];
    let mut all = clients(
        "el-1-geth-lighthouse",
        "op-el-1-op-geth-op-node-003",
        "op-cl-1-op-node-op-geth-003",
    );
    all.extend(["agglayer", "aggkit-003"].map(service));
    for (name, components) in MEMBERS {
        let components = format!("--components={components}");
        let command = ["run", "--cfg=/etc/aggkit/config.toml", &*components];
        let mut member = service("aggkit-003");
        member["Id"] = name.into();
        member["Config"]["Labels"]["com.kurtosistech.id"] = name.into();
        member["Config"]["Cmd"] = json!(command);
        all.push(member);
    }
    let found = assembled(all, Mode::History);
    assert_eq!(started(&found.manifest).left_out, Vec::<String>::new());
    let stack = stack(&found.manifest);
    let mut ports = BTreeMap::new();
    for (name, components) in MEMBERS {
        let own = found.manifest.services.iter().find(|service| service.name == name).unwrap();
        assert_eq!((own.network.as_deref(), &*own.role), (Some("003"), "aggkit"));
        let started = find(&stack, name);
        let arguments = format!("{:?}", started.arguments);
        assert!(arguments.contains(&format!("--components={components}")), "{arguments}");
        let before: Vec<_> = started.depends_on.iter().map(|one| &*one.service).collect();
        assert!(before.contains(&"agglayer") && before.contains(&"op-20203-node"), "{before:?}");
        for port in &started.ports {
            let published = port.published.as_ref().unwrap();
            assert_eq!(ports.insert(published.port.default.to_string(), name), None, "{port:?}");
        }
    }
    assert_eq!(ports.len(), 4, "{ports:?}");
}

#[test]
fn a_state_starts_nothing_that_reads_old_logs() {
    let started = started(&rendered_enclave(Mode::State).manifest);
    let names: Vec<_> = started.enclave.services.iter().map(|one| &*one.name).collect();
    let expected = [
        "aggkit-prover-003",
        "cdk-data-availability-002",
        "postgres-001",
        "zkevm-pool-manager-001",
        "zkevm-prover-001",
    ];
    assert_eq!((names, started.left_out.len()), (expected.to_vec(), 6));
}

#[test]
fn a_snapshot_of_a_stranger_chooses_neither_programs_nor_places() {
    type Edit = fn(&mut Manifest);
    let first: Edit =
        |manifest| manifest.services[0].start.as_mut().unwrap().command[0] = "sh".into();
    let edits: [Edit; 7] = [
        first,
        |manifest| manifest.services[0].name = "el".to_owned(),
        |manifest| manifest.services[0].name = "x-geth".to_owned(),
        |manifest| manifest.services[0].name = "x\n  y".to_owned(),
        |manifest| manifest.services[0].role = "x".to_owned(),
        |manifest| {
            manifest.services[0].files[0].path = "services/../../etc/aggkit/config.toml".to_owned();
        },
        |manifest| {
            let start = manifest.services[0].start.as_mut().unwrap();
            start.variables.insert("LD_PRELOAD".to_owned(), "/x".to_owned());
        },
    ];
    let whole = rendered_enclave(Mode::History).manifest;
    let count = started(&whole).enclave.services.len();
    // The entry point of the database runs the program that its first argument names.
    let mut database = whole.clone();
    let own = database.services.iter_mut().find(|service| service.name == "postgres-001").unwrap();
    own.start.as_mut().unwrap().command.extend(["bash".to_owned(), "x.sh".to_owned()]);
    assert_eq!(started(&database).left_out.len(), 1);
    for edit in edits {
        let mut manifest = whole.clone();
        edit(&mut manifest);
        let found = started(&manifest);
        assert_eq!((found.enclave.services.len(), found.left_out.len()), (count - 1, 1));
    }
    // A file outside the directories of the program is not mounted, and an alias hides no service.
    let mut manifest = whole.clone();
    manifest.services[0].files[0].source = "/usr/local/bin/aggkit".to_owned();
    manifest.aliases.insert("cl".to_owned(), "el".to_owned());
    manifest.aliases.insert("a.b".to_owned(), "el".to_owned());
    let stack = stack(&manifest);
    let aggkit = find(&stack, "aggkit-003");
    assert!(
        aggkit.mounts.iter().all(|mount| !format!("{mount:?}").contains("services/003/aggkit-003"))
    );
    assert_eq!(find(&stack, "el").aliases, ["el-1-geth-lighthouse"]);
    // An image of an unknown repository is no default: the user must choose one.
    let text = compose::file(&stack);
    assert!(text.contains("${AGGKIT_PROVER_IMAGE:?") && !text.contains("stranger"), "{text}");
}

#[test]
fn services_with_another_image_of_the_same_program_have_a_setting_of_their_own() {
    let mut manifest = rendered_enclave(Mode::History).manifest;
    let sequencer =
        manifest.services.iter_mut().find(|one| one.name == "cdk-erigon-sequencer-001").unwrap();
    sequencer.image = "hermeznetwork/cdk-erigon:2".to_owned();
    let stack = stack(&manifest);
    assert_eq!(find(&stack, "cdk-erigon-rpc-001").image.name, "CDK_ERIGON_IMAGE");
    let image = &find(&stack, "cdk-erigon-sequencer-001").image;
    assert_eq!(image.name, "ENCLAVE_CDK_ERIGON_SEQUENCER_001_IMAGE");
    assert_eq!(image.default, "hermeznetwork/cdk-erigon:2");
}

/// The sample with the services of an enclave.
fn snapshot(place: &Place, names: &[&str]) -> PathBuf {
    let directory = place.at("snapshot");
    place.run(&["compose", "snapshot", "--sample", "l1"]).succeeds();
    let mut all = clients("el-1-geth-lighthouse", "op-el-1-op-geth-003", "op-cl-1-op-node-003");
    all.extend(names.iter().copied().map(service));
    for file in assembled(all, Mode::History).files {
        let path = directory.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes(&file)).unwrap();
    }
    directory
}

#[test]
fn compose_and_verify_read_the_files_of_the_services() {
    let place = Place::new();
    let directory = snapshot(&place, &["cdk-erigon-rpc-001", "zkevm-pool-manager-001"]);
    place.run(&["compose", "snapshot"]).succeeds();
    let text = std::fs::read_to_string(directory.join("docker-compose.yml")).unwrap();
    assert!(
        text.contains("\n  cdk-erigon-rpc-001:\n") && text.contains("\n  rollups: {}\n"),
        "{text}"
    );
    let verified = place.run(&["verify", "snapshot"]).succeeds();
    assert!(verified.stderr.contains("the stack starts 2"), "{}", verified.stderr);

    let config = "services/001/cdk-erigon-rpc-001/etc/cdk-erigon/config.yaml";
    let original = std::fs::read(directory.join(config)).unwrap();
    std::fs::write(directory.join(config), "datadir: /\n").unwrap();
    place.run(&["verify", "snapshot"]).fails(5, "config.yaml differs from its SHA-256");
    std::fs::remove_file(directory.join(config)).unwrap();
    place.run(&["verify", "snapshot"]).fails(5, "config.yaml is missing");
    place.run(&["compose", "snapshot"]).fails(3, "config.yaml is missing, or is not a file");
    // Docker would mount the file that a link leads to.
    std::os::unix::fs::symlink("/etc/hostname", directory.join(config)).unwrap();
    place.run(&["compose", "snapshot"]).fails(3, "config.yaml is missing, or is not a file");
    std::fs::remove_file(directory.join(config)).unwrap();
    std::fs::write(directory.join(config), original).unwrap();
    let manifest = directory.join("services/manifest.json");
    std::fs::write(&manifest, r#"{"format": 1}"#).unwrap();
    place.run(&["compose", "snapshot"]).fails(3, "manifest.json: missing field");
}

#[test]
fn verify_names_keystores_and_services_that_a_config_needs_and_the_snapshot_lacks() {
    let place = Place::new();
    let directory = snapshot(&place, &["agglayer"]);
    place.run(&["compose", "snapshot"]).succeeds();
    let verified = place.run(&["verify", "snapshot"]).succeeds();
    let missing = "names /etc/agglayer/aggregator.keystore, which its container did not have";
    assert!(verified.stderr.contains(missing), "{}", verified.stderr);
    let lacks =
        "has the host el-1-geth-lighthouse in l1.node-url, and the stack lacks that service";
    assert!(!verified.stderr.contains(lacks), "{}", verified.stderr);
    let path = directory.join("services/manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["others"] = vec!["el-1-geth-lighthouse"].into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let verified = place.run(&["verify", "snapshot"]).succeeds();
    assert!(verified.stderr.contains(lacks), "{}", verified.stderr);
}
