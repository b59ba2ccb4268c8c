use super::*;

const INSPECTED: &str = r#"[{
  "Id": "4f2", "Name": "/chain-1-el-1",
  "State": {"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-29T03:00:00.5Z",
            "Health": {"Status": "healthy"}},
  "Config": {"Image": "geth:1", "Env": ["REGENESIS_SUPERVISE=el", "EMPTY="],
             "Entrypoint": ["/runtime/bin/regenesis"], "Cmd": ["run", "--", "geth"],
             "Labels": {"com.docker.compose.project": "chain-1",
                        "com.docker.compose.service": "el",
                        "com.docker.compose.oneoff": "False",
                        "com.docker.compose.project.working_dir": "/x/chain",
                        "com.docker.compose.project.config_files": "/x/chain/a.yml,/x/chain/b.yml"}},
  "HostConfig": {"PortBindings": {"8545/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9545"}],
                                  "8546/tcp": null}},
  "Mounts": [{"Type": "volume", "Destination": "/data"},
             {"Type": "bind", "Source": "/x/chain", "Destination": "/snapshot"}]
}, {
  "Id": "5", "Name": "/other", "State": {"Status": "exited", "ExitCode": 1, "StartedAt": ""},
  "Config": {"Image": "busybox", "Env": null, "Entrypoint": null, "Cmd": null, "Labels": null},
  "HostConfig": {"PortBindings": null}, "Mounts": null
}]"#;

#[test]
fn a_container_of_a_project_is_read_and_another_left_out() {
    let all = containers(INSPECTED).unwrap();
    assert_eq!(all.len(), 1);
    let el = &all[0];
    assert_eq!((el.name.as_str(), el.service.as_str()), ("chain-1-el-1", "el"));
    assert_eq!(el.files, ["/x/chain/a.yml", "/x/chain/b.yml"]);
    assert_eq!(el.arguments, ["/runtime/bin/regenesis", "run", "--", "geth"]);
    assert_eq!(el.ports.len(), 1);
    assert_eq!((el.ports[0].container, el.ports[0].host), (8545, 9545));
    assert_eq!(el.directories["/snapshot"], "/x/chain");
    assert_eq!(el.health.as_deref(), Some("healthy"));
    assert!(el.is_ours() && el.runs());
    assert!(containers("").unwrap().is_empty() && containers("[]\n").unwrap().is_empty());
    assert!(containers("{}").is_err());
}

#[test]
fn a_service_of_the_same_name_in_another_project_is_not_ours() {
    let el = containers(INSPECTED).unwrap().remove(0);
    let other = Container { arguments: vec!["geth".to_owned()], ..el.clone() };
    assert!(!other.is_ours());
    assert!(!Container { service: "explorer".to_owned(), ..el.clone() }.is_ours());
    let l2 = Container { service: "op-geth".to_owned(), ..el };
    assert!(!l2.is_ours(), "supervised as another client");
    let role = ("REGENESIS_SUPERVISE".to_owned(), "l2".to_owned());
    let l2 = Container { environment: [role].into(), ..l2 };
    assert!(l2.is_ours() && l2.network() == Some("op"));
    let own = Container { service: "agglayer".to_owned(), ..l2 };
    assert!(!own.is_ours(), "a user's service");
    let arguments = ["/runtime/bin/regenesis", "run", "--datadir=/data/service_agglayer"];
    let captured = Container { arguments: arguments.map(str::to_owned).to_vec(), ..own };
    assert!(captured.is_ours() && captured.is_captured() && captured.network().is_none());
}

#[test]
fn a_volume_has_a_project_and_a_key() {
    let text = r#"[{"Name": "chain-1_el", "Labels": {"com.docker.compose.project": "chain-1",
                    "com.docker.compose.volume": "el"}}, {"Name": "mine", "Labels": null}]"#;
    let found = volumes(text).unwrap();
    let el = ("chain-1_el", "chain-1", "el");
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].name, &*found[0].project, &*found[0].key), el);
}
