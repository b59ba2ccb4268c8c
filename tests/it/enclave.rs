//! What a capture reads of a real enclave, by the labels and command lines of its containers.

mod services;
mod stack;

use serde_json::{Value, json};

use crate::support::repository;
use regenesis::enclave::{Choice, Error, Plan, Service, parse, select};

const EL: &str = "el-1-geth-lighthouse";
const NODES: [&str; 2] = ["op-cl-1-op-node-op-geth-001", "op-cl-2-op-node-op-geth-001"];
const ROLLUP: &str = "--rollup.config=/network-configs/rollup-20201.json";

/// `docker inspect` of the containers in `enclave.json`.
fn inspected() -> Vec<Value> {
    let path = repository().join("tests/fixtures/kurtosis-cdk-op-20201/enclave.json");
    let text = std::fs::read(path).unwrap();
    let described: Value = serde_json::from_slice(&text).unwrap();
    let container = |service: &Value| {
        let binding = |port: &Value| {
            let key = format!("{}/{}", port["private"], port["transport"].as_str().unwrap());
            let host = port["public"].as_u64().map(|number| number.to_string());
            let hosts = host.map(|number| json!([{"HostIp": "0.0.0.0", "HostPort": number}]));
            (key, hosts.unwrap_or_default())
        };
        let ports = service["ports"].as_array().unwrap().iter().map(binding);
        let ports: serde_json::Map<String, Value> = ports.collect();
        let command = match service["name"].as_str().unwrap() {
            name if name == NODES[0] => {
                json!([
                    "op-node",
                    "--l2=http://op-el-1-op-geth-op-node-001:8551",
                    ROLLUP,
                    "--sequencer.enabled"
                ])
            }
            name if name == NODES[1] => {
                json!(["op-node", "--l2=http://op-el-2-op-geth-op-node-001:8551", ROLLUP])
            }
            "op-el-1-op-geth-op-node-001" => {
                json!([
                    "sh",
                    "-c",
                    "geth init --datadir=/data /network-configs/genesis-20201.json && geth"
                ])
            }
            "op-batcher-001" => {
                json!([
                    "op-batcher",
                    format!("--rollup-rpc=http://{}:8547", NODES[0]),
                    "--private-key=0xkey"
                ])
            }
            _ => json!(null),
        };
        json!({"Id": service["container_name"], "State": {"Status": "running"},
               "Config": {"Image": service["image"].as_str().unwrap_or("lighthouse"), "Entrypoint": null,
                          "Cmd": command, "Labels": service["labels"]},
               "NetworkSettings": {"Ports": ports}})
    };
    described["services"].as_array().unwrap().iter().map(container).collect()
}

fn services(containers: &[Value]) -> Vec<Service> {
    parse(&Value::from(containers.to_vec()).to_string()).unwrap()
}

fn all(services: &[Service]) -> Vec<&Service> {
    services.iter().collect()
}

#[test]
fn a_real_enclave_is_read_by_its_labels() {
    let services = services(&inspected());
    let enclave = select(&services, "snapshot-test").unwrap();
    assert_eq!(enclave.len(), 12);
    assert_eq!(select(&services, "57a8923684ef").unwrap().len(), 12);
    let plan = Plan::of(&enclave, Choice::default()).unwrap();
    assert_eq!(plan.execution.name, EL);
    assert_eq!(plan.execution.published(&["rpc"]), Some("127.0.0.1:33630"));
    assert_eq!(plan.beacon.unwrap().name, "cl-1-lighthouse-geth");
    assert!(plan.reads_history.is_none());
    let [l2] = &plan.l2[..] else { panic!("{plan:?}") };
    assert_eq!(l2.node.name, NODES[0], "the one that sequences");
    assert_eq!(l2.execution.unwrap().name, "op-el-1-op-geth-op-node-001");
    assert_eq!(l2.batcher.unwrap().name, "op-batcher-001");
    assert_eq!(l2.batcher_key(), Some("0xkey"));
    assert!(!format!("{plan:?}").contains("0xkey"));
    assert_eq!(l2.rollup, "/network-configs/rollup-20201.json");
    let (service, path) = &l2.genesis_files(20201)[0];
    assert_eq!(service.name, l2.execution.unwrap().name);
    assert_eq!(path, "/network-configs/genesis-20201.json");
    let read = enclave.iter().filter(|service| plan.reads(service).is_some());
    assert_eq!(read.count(), 7);
}

/// The clients of ethereum-package, with the names that it gives to their ports.
const CLIENTS: [(&str, &str, &str); 6] = [
    ("besu", "rpc", "teku"),
    ("erigon", "ws-rpc", "nimbus"),
    ("geth", "rpc", "lighthouse"),
    ("nethermind", "rpc", "prysm"),
    ("reth", "rpc", "lodestar"),
    ("ethrex", "rpc", "grandine"),
];

#[test]
fn every_client_of_an_l1_is_found_and_has_its_own_beacon_node() {
    let mut containers = Vec::new();
    for (index, (el, port, cl)) in CLIENTS.iter().enumerate() {
        for (kind, client, port) in
            [("execution", el, port), ("beacon", cl, &"http"), ("validator", cl, &"x")]
        {
            let (name, number) = (format!("{kind}-of-{client}"), 8000 + 10 * index);
            let ports = format!("metrics:9001/TCP,{port}:{number}/TCP/http");
            let mut one = stack::container(&name, "registry/mine:1", &ports, (&[], &[]), &[]);
            let node = index.to_string();
            for (label, value) in
                [("client-type", kind), ("client", *client), ("node-index", &node)]
            {
                let label = format!("com.kurtosistech.custom.ethereum-package.{label}");
                one["Config"]["Labels"][label] = value.into();
            }
            one["NetworkSettings"]["Ports"][format!("{number}/tcp")] =
                json!([{"HostIp": "0.0.0.0", "HostPort": number.to_string()}]);
            containers.push(one);
        }
    }
    let services = services(&containers);
    for (index, (el, port, cl)) in CLIENTS.iter().enumerate() {
        let name = format!("execution-of-{el}");
        let choice = Choice { el: Some(&name), ..Choice::default() };
        let plan = Plan::of(&all(&services), choice).unwrap();
        let address = format!("127.0.0.1:{}", 8000 + 10 * index);
        assert_eq!(plan.execution.published(&[port]), Some(&*address));
        assert_eq!(plan.beacon.unwrap().name, format!("beacon-of-{cl}"));
    }
    let several = Plan::of(&all(&services), Choice::default()).unwrap_err();
    assert!(several.hint().contains("--el"), "{several}: {}", several.hint());
}

#[test]
fn names_decide_nothing_where_labels_and_images_do() {
    let mut containers = inspected();
    for (number, container) in containers.iter_mut().enumerate() {
        container["Config"]["Labels"]["com.kurtosistech.id"] = format!("mine-{number}").into();
    }
    let services = services(&containers);
    let plan = Plan::of(&all(&services), Choice::default()).unwrap();
    assert!(plan.execution.name.starts_with("mine-") && plan.beacon.is_some());
    // The command line still names the old host, which no service has.
    assert!(plan.l2[0].execution.is_none());
}

#[test]
fn labels_of_optimism_package_join_the_parts_of_an_l2() {
    let mut containers = inspected();
    let label = |container: &mut Value, name: &str, value: &str| {
        container["Config"]["Labels"][format!("com.kurtosistech.custom.op.{name}")] = value.into();
    };
    for container in &mut containers {
        let name =
            container["Config"]["Labels"]["com.kurtosistech.id"].as_str().unwrap().to_owned();
        let Some(rest) = name.strip_prefix("op-").filter(|name| name.contains("l-")) else {
            continue;
        };
        container["Config"]["Image"] = "mine/fork:1".into();
        label(container, "kind", &rest[..2]);
        label(container, "network.id", "20201");
        label(container, "network.participant.name", &rest[3..4]);
        let switch = rest.starts_with("cl-1").then_some("--sequencer.enabled");
        container["Config"]["Cmd"] = json!(switch.into_iter().collect::<Vec<_>>());
    }
    let services = services(&containers);
    let plan = Plan::of(&all(&services), Choice::default()).unwrap();
    assert_eq!(plan.l2[0].node.name, NODES[0]);
    assert_eq!(plan.l2[0].execution.unwrap().name, "op-el-1-op-geth-op-node-001");
    assert_eq!(plan.l2[0].rollup, "/network-configs/rollup-20201.json");
}

#[test]
fn an_ambiguous_enclave_names_the_flag_that_decides() {
    let mut containers = inspected();
    for container in &mut containers {
        if container["Config"]["Labels"]["com.kurtosistech.id"] == NODES[0] {
            container["Config"]["Cmd"].as_array_mut().unwrap().pop();
        }
    }
    let several = services(&containers);
    let choose = |choice| Plan::of(&all(&several), choice).map(|plan| plan.l2.len());
    let error = choose(Choice::default()).unwrap_err();
    assert!(error.to_string().contains(&NODES.join(", ")), "{error}");
    assert!(error.hint().contains("--op-node"), "{}", error.hint());
    assert_eq!(choose(Choice { op_nodes: Some(&[NODES[1]]), ..Choice::default() }), Ok(1));
    assert_eq!(choose(Choice { op_nodes: Some(&[]), ..Choice::default() }), Ok(0));
    let wrong = choose(Choice { op_nodes: Some(&[EL]), ..Choice::default() }).unwrap_err();
    assert!(matches!(wrong, Error::NoService { flag: "--op-node", .. }), "{wrong}");
    // No beacon node is left to choose.
    let alone: Vec<_> = several.iter().filter(|service| service.name == EL).collect();
    let wrong = Plan::of(&alone, Choice { cl: Some("cl-9"), ..Choice::default() }).unwrap_err();
    assert!(wrong.hint().contains("leave out --cl"), "{}", wrong.hint());

    let other = containers.iter().cloned().map(|mut container| {
        container["Config"]["Labels"]["com.kurtosistech.enclave-id"] = "aaaaaaaaaaaa".into();
        container
    });
    let two = services(&containers.iter().cloned().chain(other).collect::<Vec<_>>());
    let error = select(&two, "snapshot-test").unwrap_err();
    assert!(matches!(error, Error::SameName { .. }), "{error}");
    assert_eq!(select(&two, "aaaaaaaaaaaa").unwrap().len(), 12);
    assert!(matches!(select(&two, "other"), Err(Error::UnknownEnclave { .. })));
    assert_eq!(select(&[], "other"), Err(Error::NoEnclave));
    assert!(parse("").unwrap().is_empty() && parse("{}").is_err());
}

#[test]
fn what_reads_old_logs_needs_the_blocks() {
    let mut containers = inspected();
    let mut agglayer = containers[0].clone();
    agglayer["Config"]["Image"] = "ghcr.io/agglayer/agglayer:0.4.4".into();
    agglayer["Config"]["Labels"]["com.kurtosistech.id"] = "settlement".into();
    containers.push(agglayer);
    let services = services(&containers);
    let plan = Plan::of(&all(&services), Choice::default()).unwrap();
    assert_eq!(plan.reads_history.unwrap().name, "settlement");
}
