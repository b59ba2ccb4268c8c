//! Images that are built from sources of the user, and rebuilt when these change.

use std::path::Path;

use super::machine::{self, Machine, Version};

/// A compose file that builds geth's image from the directory beside it.
const FILE: &str = "services:\n  el:\n    build:\n      context: ./my-geth\n";
const DOCKERFILE: &str = "FROM regenesis-e2e/clients:1\nCOPY version /version\n";

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join(name), text).unwrap();
}

#[test]
fn deploy_rebuilds_what_has_changed_and_restarts_only_that() {
    let machine = Machine::new(Version::V1);
    let snapshot = machine.snapshot();
    let path = snapshot.to_str().unwrap();
    machine.succeeds(&["compose", path]);
    let sources = snapshot.join("my-geth");
    write(&snapshot, "geth.yml", FILE);
    write(&sources, "Dockerfile", DOCKERFILE);
    write(&sources, "version", "1");
    write(&sources, ".dockerignore", "*.md\n");
    let files = format!("{path}/docker-compose.yml:{path}/geth.yml");
    let image = format!("{}:1", machine.name);
    let variables = [("COMPOSE_FILE", &*files), ("GETH_IMAGE", &*image), ("DOCKER_BUILDKIT", "0")];
    let run = |arguments: &[&str]| {
        let ended = machine.with(arguments, &variables);
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended
    };
    run(&["up", path, "--name", &machine.name]);
    let genesis = machine.genesis();
    run(&["deploy", &machine.name, "el"]);
    let first = machine::docker(&["image", "inspect", "-f", "{{.Id}}", &image]);
    let before = ["el", "cl", "vc"].map(|service| machine.container(service));

    write(&sources, "README.md", "no input");
    let same = run(&["deploy", &machine.name, "el"]);
    assert!(same.stderr.contains("nothing has changed"), "{same:?}");
    write(&sources, "version", "2");
    let deployed = run(&["deploy", &machine.name, "el"]);
    assert!(deployed.stderr.contains("building the image of el"), "{deployed:?}");
    let after = ["el", "cl", "vc"].map(|service| machine.container(service));
    assert_ne!(before[0], after[0], "the container of the rebuilt image");
    assert_eq!(before[1..], after[1..], "the others continue");
    let found = machine::docker(&["exec", &after[0], "cat", "/version"]);
    assert_eq!(found, "2");
    assert_eq!(machine.genesis(), genesis, "the chain continues");

    write(&sources, "Dockerfile", "FROM regenesis-e2e/clients:1\nCOPY absent /\n");
    let failed = machine.with(&["deploy", &machine.name, "el"], &variables);
    assert_eq!(failed.code, 10, "{failed:?}");
    assert_eq!(machine.status()["alive"], true, "a failed build leaves the chain alone");
    machine.succeeds(&["purge", &machine.name, "--yes"]);
    machine::docker(&["rmi", "--force", &image, first.trim()]);
}
