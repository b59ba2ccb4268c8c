use super::*;
use crate::operate::containers::Binding;

/// A container of the stack `name`.
pub(in super::super) fn container(name: &str, service: &str, state: &str) -> Container {
    let program = if CLIENTS.contains(&service) { "/runtime/bin/regenesis" } else { "init" };
    let mark = (!CLIENTS.contains(&service))
        .then(|| ("REGENESIS_CLIENT_DATA".to_owned(), "/data/el".to_owned()));
    Container {
        id: format!("{name}-{service}"),
        name: format!("{name}-{service}-1"),
        project: name.to_owned(),
        service: service.to_owned(),
        state: state.to_owned(),
        arguments: vec![program.to_owned()],
        environment: mark.into_iter().collect(),
        ..Container::default()
    }
}

fn volume(project: &str, key: &str) -> Volume {
    Volume { name: format!("{project}_{key}"), project: project.to_owned(), key: key.to_owned() }
}

#[test]
fn a_project_of_others_is_no_stack_and_volumes_alone_are_one() {
    let mut all = ["init", "el", "cl", "vc"].map(|s| container("a", s, "running")).to_vec();
    all.push(Container { service: "explorer".into(), ..container("a", "el", "running") });
    all.push(Container { arguments: vec![], ..container("web", "el", "running") });
    let mut volumes: Vec<_> = VOLUMES.map(|key| volume("b", key)).to_vec();
    volumes.extend([volume("a", "el"), volume("a", "database"), volume("web", "el")]);
    let found = stacks(all, volumes);
    let names: Vec<_> = found.iter().map(|stack| (&*stack.name, stack.state())).collect();
    assert_eq!(names, [("a", State::Running), ("b", State::Removed)]);
    assert_eq!(found[0].volumes.len(), 1, "the database of another service is not ours");
    assert!(found[0].others.contains("explorer"));
}

#[test]
fn a_name_is_needed_only_among_several() {
    let stack = |name: &str, state| stacks(vec![container(name, "el", state)], vec![]).remove(0);
    let (a, b) = (stack("alpha", "exited"), stack("beta", "exited"));
    assert!(matches!(select(&[], None), Err(Unknown::None)));
    assert_eq!(select(std::slice::from_ref(&a), None).unwrap().name, "alpha");
    let two = [a.clone(), b];
    let several = select(&two, None).unwrap_err();
    assert_eq!(several.to_string(), "2 stacks are on this machine: alpha, beta");
    let one_runs = [a.clone(), stack("gamma", "running")];
    assert_eq!(select(&one_runs, None).unwrap().name, "gamma");
    // One that verify --up starts is another's, also if it is the only one that runs.
    let trial = stack("beta-84e68f8447-verify", "running");
    assert_eq!(select(std::slice::from_ref(&trial), None).unwrap().name, trial.name);
    assert_eq!(select(&[a.clone(), trial.clone()], None).unwrap().name, "alpha");
    assert_eq!(select(&[a, stack("ci-verify", "running")], None).unwrap().name, "ci-verify");
    assert_eq!(select(&[stack("gamma", "running"), trial], None).unwrap().name, "gamma");
    let unknown = select(&two, Some("betta")).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no stack betta: did you mean beta?");
}

#[test]
fn words_are_a_name_and_services() {
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    let (two, service, none) = (words("chain el"), words("el cl"), words("one two"));
    assert_eq!(super::words(&[], &two), Ok((Some("chain"), vec!["el"])));
    assert_eq!(super::words(&[], &service), Ok((None, vec!["el", "cl"])));
    assert_eq!(super::words(&[], &none), Err(("one", "two")));
    let l2 = words("chain op-node");
    assert_eq!(super::words(&[], &l2), Err(("chain", "op-node")));
    assert_eq!(super::words(&[rollup("running")], &l2), Ok((Some("chain"), vec!["op-node"])));
}

/// A stack with an L2, whose op-node is in this state.
pub(in super::super) fn rollup(state: &str) -> Stack {
    let role = ("REGENESIS_SUPERVISE".to_owned(), "l2".to_owned());
    let l2 = |service: &str, state: &str| Container {
        environment: [role.clone()].into(),
        arguments: vec!["/runtime/bin/regenesis".to_owned()],
        ..container("a", service, state)
    };
    let mut all = vec![l2("op-batcher", "running"), l2("op-node", state)];
    all.push(l2("op-geth", "running"));
    all.push(container("a", "init", "exited"));
    all.extend(["el", "cl", "vc", "watch"].map(|name| container("a", name, "running")));
    stacks(all, vec![volume("a", "rollups")]).remove(0)
}

#[test]
fn an_l2_belongs_to_its_stack() {
    let stack = rollup("running");
    assert_eq!((stack.state(), stack.others.len()), (State::Running, 0));
    let clients = ["el", "cl", "vc", "op-geth", "op-node", "op-batcher"];
    assert_eq!(stack.clients(), clients);
    assert_eq!(stack.l2s(), ["op"].into());
    assert_eq!(stack.volumes.len(), 1);
    assert_eq!(rollup("exited").state(), State::Partly);
}

/// No chain waits for a captured service, so the state of the stack does not depend on one.
#[test]
fn a_captured_service_belongs_to_its_stack() {
    let captured = Container {
        arguments: ["/runtime/bin/regenesis", "run", "--datadir=/data/service_agglayer"]
            .map(str::to_owned)
            .to_vec(),
        ..container("a", "agglayer", "restarting")
    };
    let mut all = vec![captured, container("a", "init", "exited")];
    all.extend(["el", "cl", "vc", "watch"].map(|name| container("a", name, "running")));
    let stack = stacks(all, vec![volume("a", "rollups")]).remove(0);
    assert_eq!((stack.state(), stack.others.len()), (State::Running, 0));
    assert_eq!(stack.services(), ["init", "el", "cl", "vc", "watch", "agglayer"]);
    assert_eq!((stack.clients(), stack.containers.len()), (vec!["el", "cl", "vc"], 6));
    let asked = ["a", "agglayer"].map(str::to_owned);
    assert_eq!(super::words(&[stack], &asked), Ok((Some("a"), vec!["agglayer"])));
}

#[test]
fn an_address_can_be_called() {
    let mut el = container("a", "el", "running");
    el.ports = vec![Binding { container: 8545, address: "0.0.0.0".into(), host: 9545 }];
    let stack = stacks(vec![el], vec![]).remove(0);
    assert_eq!(stack.address("el", 8545).as_deref(), Some("127.0.0.1:9545"));
    assert_eq!(stack.address("el", 8546), None);
}
