use std::collections::BTreeSet;

use alloy_primitives::Address;

use super::*;

fn stack_of(clients: Clients) -> Stack {
    stack(Options { snapshot: SnapshotSource::Here, ..Options::of_sample(clients) })
}

fn here() -> Stack {
    stack_of(Clients::default())
}

fn service<'a>(stack: &'a Stack, name: &str) -> &'a Service {
    stack.services.iter().find(|service| service.name == name).unwrap()
}

#[test]
fn a_stack_survives_serde() {
    for clients in Clients::all() {
        let stack = stack(Options { fulu: false, ..Options::of_sample(clients) });
        let text = serde_json::to_string(&stack).unwrap();
        assert_eq!(serde_json::from_str::<Stack>(&text).unwrap(), stack);
    }
}

#[test]
fn every_name_in_a_stack_is_that_of_something_in_it() {
    Clients::all().map(stack_of).for_each(|stack| check_names(&stack));
}

fn check_names(stack: &Stack) {
    let services: BTreeSet<_> = stack.services.iter().map(|service| &*service.name).collect();
    let volumes: BTreeSet<_> = stack.volumes.iter().map(|volume| &*volume.name).collect();
    assert_eq!(services.len(), stack.services.len());
    for service in &stack.services {
        let texts = service.environment.iter().map(|variable| &variable.value);
        for part in service.arguments.iter().chain(texts).flat_map(|text| &text.0) {
            let Part::Host(host) = part else { continue };
            assert!(services.contains(&**host), "{}: {host}", service.name);
        }
        for dependency in &service.depends_on {
            assert!(services.contains(&*dependency.service), "{}", service.name);
        }
        for mount in &service.mounts {
            let MountSource::Volume(name) = &mount.source else { continue };
            assert!(volumes.contains(&**name), "{}: {name}", service.name);
        }
        for published in service.ports.iter().filter_map(|port| port.published.as_ref()) {
            assert!(published.port.default.parse::<u16>().is_ok(), "{published:?}");
        }
    }
}

#[test]
fn only_init_and_watch_write_the_runtime_volume() {
    let stack = here();
    let writes = |service: &&Service| {
        service.mounts.iter().any(|mount| {
            mount.source == MountSource::Volume("runtime".to_owned()) && !mount.read_only
        })
    };
    let writers: Vec<_> = stack.services.iter().filter(writes).map(|s| &*s.name).collect();
    assert_eq!(writers, [init::NAME, watch::NAME]);
    assert_eq!(service(&stack, init::NAME).network, Network::Offline);
}

/// `watch` runs `init`: with other variables or without the snapshot, it would make another chain.
#[test]
fn watch_has_all_that_init_has() {
    for stack in Clients::all().map(stack_of) {
        let (init, watch) = (service(&stack, init::NAME), service(&stack, watch::NAME));
        assert!(init.environment.iter().all(|variable| watch.environment.contains(variable)));
        assert_eq!(init.mounts, watch.mounts);
        assert_eq!((&init.image, init.user), (&watch.image, watch.user));
    }
}

#[test]
fn every_client_has_a_supervisor_that_knows_it() {
    for stack in Clients::all().map(stack_of) {
        for name in ["el", "cl", "vc"] {
            let supervise = Variable::new("REGENESIS_SUPERVISE", name);
            assert!(service(&stack, name).environment.contains(&supervise), "{name}");
        }
    }
}

/// With a proposer where it has a batcher.
fn l2(name: &str, batcher: bool) -> L2 {
    let proposer = batcher.then(|| Address::repeat_byte(0xda));
    L2 { name: name.to_owned(), chain_id: 13, batcher, proposer }
}

fn with_l2s() -> Stack {
    let chains = [l2("op", true), l2("a-b", false)];
    let options = Options::of_sample(Clients::default());
    stack_with(Options { snapshot: SnapshotSource::Here, ..options }, &chains)
}

#[test]
fn an_l2_is_up_to_four_services_beside_those_of_the_l1() {
    let stack = with_l2s();
    check_names(&stack);
    let l1: Vec<_> = here().services.into_iter().map(|service| service.name).collect();
    let names: Vec<_> = stack.services.iter().map(|service| service.name.clone()).collect();
    let l2 = ["op-geth", "op-node", "op-batcher", "op-proposer", "a-b-geth", "a-b-node"];
    assert_eq!(names, [l1, l2.map(str::to_owned).to_vec()].concat());
    for name in l2 {
        let service = service(&stack, name);
        assert!(service.environment.contains(&Variable::new("REGENESIS_SUPERVISE", "l2")));
        assert_eq!(service.restart, RestartPolicy::Always);
        let runtime = Mount { read_only: true, ..Mount::volume("runtime", RUNTIME) };
        assert_eq!(service.mounts[0], runtime, "{name}");
        assert_eq!(service.mounts.len(), if name.ends_with("geth") { 2 } else { 1 });
    }
    // The data of an L2 is no reason to keep or to renew the genesis of the L1.
    let init = service(&stack, init::NAME);
    let data = Variable::new("REGENESIS_CLIENT_DATA", "/data/el,/data/cl,/data/vc");
    assert!(init.environment.contains(&data));
    assert!(init.mounts.contains(&Mount::volume("rollups", "/data/rollups")));
}

/// In one network, no two services may listen on the same port; that of peers counts, too.
#[test]
fn services_that_share_a_network_share_no_port() {
    let chains = [l2("op", true), l2("a-b", true)];
    for clients in Clients::all() {
        let options = Options { shares_network: true, ..Options::of_sample(clients) };
        let stack = stack_with(options, &chains);
        let ports: Vec<_> = stack.services.iter().flat_map(|service| &service.ports).collect();
        let numbers: BTreeSet<_> = ports.iter().map(|port| port.number).collect();
        assert_eq!(numbers.len(), ports.len(), "{ports:?}");
        let has = |name: &str, argument: &str| {
            let arguments = &service(&stack, name).arguments;
            assert!(arguments.contains(&argument.to_owned().into()), "{name}: {argument}");
        };
        has("op-geth", "--http.port=9545");
        has("op-geth", "--port=0");
        has("op-batcher", "--rpc.port=9549");
        has("op-proposer", "--rpc.port=9550");
        assert!(service(&stack, "op-proposer").arguments.iter().any(|argument| {
            format!("{argument:?}").contains("--rollup-rpc")
                && format!("{argument:?}").contains("9547")
        }));
        has("a-b-node", "--rpc.port=9557");
    }
}

#[test]
fn every_l2_has_ports_of_its_own() {
    let stack = with_l2s();
    let published = stack.services.iter().flat_map(|service| &service.ports);
    let published = published.filter_map(|port| port.published.as_ref());
    let ports: Vec<_> = published.map(|host| (&*host.port.name, &*host.port.default)).collect();
    let numbers: BTreeSet<_> = ports.iter().map(|(_, number)| number).collect();
    assert_eq!(numbers.len(), ports.len());
    for port in [("L2_OP_HTTP_PORT", "9545"), ("L2_A_B_NODE_PORT", "9557")] {
        assert!(ports.contains(&port), "{ports:?}");
    }
}
