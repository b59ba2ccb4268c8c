//! The verbs that operate stacks, as a user calls them, on the real daemon and with both versions of Compose.

mod deploy;
pub mod machine;
mod rollup;
mod testcontainers;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::nodes::snapshot;
use crate::support::rng::Rng;
use machine::{Machine, Version};
use serde_json::Value;

const BOTH: [Version; 2] = [Version::V1, Version::V2];

#[test]
fn a_stack_lives_through_every_verb() {
    for version in BOTH {
        let machine = Machine::new(version);
        let name = machine.name.as_str();
        let up = machine.succeeds(&["up", "--name", name, "--output", "json"]);
        let summary: Value = serde_json::from_str(&up.stdout).unwrap();
        assert_eq!(summary["eth_rpc_url"], machine.url("el"), "{up:?}");
        assert_eq!(summary["chain_id"], 271_828);
        let run_id = summary["run_id"].clone();
        assert_eq!(machine.succeeds(&["port", name, "beacon"]).stdout.trim(), machine.url("cl"));
        let list = machine.json(&["list", "--json"]);
        let listed = list["stacks"].as_array().unwrap();
        let own = listed.iter().find(|stack| stack["name"] == name).unwrap();
        assert_eq!(
            (&own["state"], &own["execution"]),
            (&"running".into(), &machine.url("el").into())
        );

        let status = machine.status();
        assert_eq!((&status["alive"], &status["format"]), (&true.into(), &1.into()), "{status}");
        assert_eq!(status["genesis"]["run_id"], run_id);
        let before = status["execution"]["latest"]["number"].as_u64().unwrap();
        for key in ["q", "\u{3}"] {
            let (code, screen) = machine.watches(&["status", name, "--watch"], "ends", key);
            assert_eq!(code, 0, "{screen}");
            for text in [&*machine.url("el"), "alive, block", "service", "healthy"] {
                assert!(screen.contains(text), "{text}: {screen}");
            }
        }

        // Again, without the settings: the running chain stays as it is.
        let events = machine.without_ports(&["up", "--name", name, "--json"]).stdout;
        let events: Vec<Value> =
            events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(events.iter().all(|event| event["format"] == 1), "{events:?}");
        let is_step = |event: &Value| event["event"] == "step" && event["milliseconds"].is_f64();
        let (last, steps) = events.split_last().unwrap();
        assert!(steps.len() > 2 && steps.iter().all(is_step), "{events:?}");
        assert_eq!((&last["event"], &last["run_id"]), (&"ready".into(), &run_id), "{events:?}");
        machine.succeeds(&["restart", name]);
        machine.succeeds(&["restart", name, "el"]);
        let status = machine.status();
        assert_eq!(status["genesis"]["run_id"], run_id, "a restart keeps the genesis");
        assert!(status["execution"]["latest"]["number"].as_u64().unwrap() > before, "{status}");
        assert_eq!(machine.fails(&["restart", name, "init"]).code, 2);

        let logs = machine.succeeds(&["logs", name, "init", "el"]).stdout;
        assert!(logs.contains(run_id.as_str().unwrap()), "{logs}");
        assert!(
            logs.lines().all(|line| line.starts_with("init | ") || line.starts_with("el   | "))
        );

        let fresh = machine.succeeds(&["up", "--name", name, "--fresh", "--output", "env"]);
        assert!(!fresh.stdout.contains(run_id.as_str().unwrap()), "{fresh:?}");
        let url = format!("ETH_RPC_URL={}\n", machine.url("el"));
        assert!(fresh.stdout.contains(&url), "{fresh:?}");

        let follow = ["logs", name, "init", "el", "--follow"];
        let services = ["init | ", "el   | "];
        let followed = machine.interrupted_after(&follow, &services);
        assert_eq!(followed.code, 130, "{followed:?}");
        for service in services {
            assert!(followed.stdout.lines().any(|line| line.starts_with(service)), "{followed:?}");
        }

        let before = machine.status()["genesis"]["run_id"].clone();
        let asked = machine.fails(&["reset", name]);
        assert_eq!(asked.code, 2, "without a terminal it needs --yes: {asked:?}");
        assert_eq!(machine.status()["genesis"]["run_id"], before);
        let volume = format!("{name}_el");
        let created = || machine::docker(&["volume", "inspect", "-f", "{{.CreatedAt}}", &volume]);
        let old = created();
        let reset = machine.without_ports(&["reset", name, "--yes"]);
        assert!(reset.stdout.contains(&format!("volume {volume}\n")), "{reset:?}");
        assert_ne!(created(), old, "the data is still there");
        let status = machine.status();
        assert_ne!(status["genesis"]["run_id"], before);
        assert_eq!(status["execution"]["url"], machine.url("el"), "a reset keeps the ports");

        let down = machine.succeeds(&["down", name]);
        assert!(down.stderr.contains("starts a new genesis"), "{down:?}");
        let unknown = machine.fails(&["logs", "no-such-stack", "op-node"]);
        assert!(unknown.stderr.contains("there is no stack no-such-stack"), "{unknown:?}");
        let stopped = machine.fails(&["status", name, "--json"]);
        let status: Value = serde_json::from_str(&stopped.stdout).unwrap();
        assert_eq!((stopped.code, &status["state"]), (11, &"stopped".into()), "{status}");
        machine.without_ports(&["up", "--name", name]);
        assert_eq!(
            machine.status()["execution"]["url"],
            machine.url("el"),
            "a stop keeps the ports"
        );
    }
}

#[test]
fn purge_removes_one_stack_and_nothing_else() {
    let (one, other) = (Machine::new(Version::V2), Machine::new(Version::V1));
    let snapshot = one.snapshot();
    let path = snapshot.to_str().unwrap();
    one.succeeds(&["up", path, "--name", &one.name]);
    let files = machine::files(&snapshot);
    let volumes = other.adds_volumes();
    let before = other.everything();
    assert_eq!(before.len(), 2, "{before:?}");
    let stands = one.everything();
    other.succeeds(&["up", path, "--name", &other.name]);
    assert_ne!(one.status()["genesis"]["run_id"], other.status()["genesis"]["run_id"]);
    assert_eq!(one.status()["alive"], true, "two stacks run side by side");

    let asked = other.fails(&["purge", &other.name]);
    assert_eq!(asked.code, 2, "without a terminal it needs --yes: {asked:?}");
    assert_eq!(other.status()["alive"], true);
    let purged = other.succeeds(&["purge", &other.name, "--yes"]);
    assert!(purged.stdout.contains(&format!("volume {}_el\n", other.name)), "{purged:?}");
    assert!(purged.stdout.contains(&format!("kept: the snapshot {path}\n")), "{purged:?}");
    assert_eq!(other.everything(), before);
    assert_eq!(one.everything(), stands);
    machine::docker(&["volume", "rm", &volumes[0], &volumes[1]]);
    assert_eq!(machine::files(&snapshot), files);
    assert_eq!(one.status()["alive"], true);
}

#[test]
fn a_stack_of_up_sh_or_of_docker_compose_is_taken_over() {
    for version in BOTH {
        let machine = Machine::new(version);
        let snapshot = machine.snapshot();
        let path = snapshot.to_str().unwrap();
        machine.succeeds(&["compose", path]);
        for start in [vec!["./up.sh"], [version.words(), &["up", "-d"]].concat()] {
            // up.sh writes a .env that names its project.
            let _ = std::fs::remove_file(snapshot.join(".env"));
            machine.shell(&start, &snapshot);
            let genesis = machine.genesis();
            let up = machine.without_ports(&["up", path, "--output", "json"]);
            let summary: Value = serde_json::from_str(&up.stdout).unwrap();
            assert_eq!(machine.genesis(), genesis, "{start:?}: {up:?}");
            let name = summary["stack"].as_str().unwrap();
            machine.succeeds(&["purge", name, "--yes"]);
        }
    }
}

/// A snapshot may come from a stranger.
#[test]
fn an_edited_compose_file_runs_only_if_the_user_names_it() {
    let machine = Machine::new(Version::V2);
    let snapshot = machine.snapshot();
    let (path, file) = (snapshot.to_str().unwrap(), snapshot.join("docker-compose.yml"));
    machine.succeeds(&["compose", path, "--execution", "reth"]);
    let dry = machine.succeeds(&["up", path, "--dry-run"]);
    assert!(dry.stdout.contains("RETH_IMAGE="), "it starts the clients of the file: {dry:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("read_only: true", "read_only: false")).unwrap();
    let refused = machine.fails(&["up", path]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("docker-compose.yml: was edited"), "{refused:?}");
    assert_eq!(machine.everything(), BTreeSet::new());
    let named = [("COMPOSE_FILE", file.to_str().unwrap())];
    let dry = machine.with(&["up", path, "--dry-run"], &named);
    assert_eq!(dry.code, 0, "{dry:?}");
}

#[test]
fn a_dry_run_asks_docker_and_changes_nothing() {
    const READS: [&str; 8] =
        ["version", "compose", "ps", "inspect", "volume", "image", "info", "docker-compose"];
    let machine = Machine::new(Version::V2);
    let calls = machine.records_calls();
    let before = machine.everything();
    let dry = machine.succeeds(&["up", "--name", &machine.name, "--dry-run"]);
    assert!(dry.stdout.contains("REGENESIS_IMAGE=regenesis:e2e (shell)"), "{dry:?}");
    assert!(dry.stdout.contains("COMPOSE_PROJECT_NAME="), "{dry:?}");
    assert!(dry.stdout.contains("  WAIT=300 (--wait)\n"), "{dry:?}");
    assert!(dry.stdout.contains("start: init writes the genesis"), "{dry:?}");
    let calls = std::fs::read_to_string(calls).unwrap();
    assert!(calls.lines().count() > 5, "{calls}");
    for call in calls.lines() {
        let words: Vec<_> = call.split(' ').collect();
        assert!(READS.contains(&words[0]), "docker {call}");
        let reads = match words[0] {
            "compose" => words[1] == "version",
            "volume" => ["ls", "inspect"].contains(&words[1]),
            "image" => words[1] == "inspect",
            _ => true,
        };
        assert!(reads, "docker {call}");
    }
    assert_eq!(machine.everything(), before);
    assert!(!machine.state().exists(), "it wrote files");
}

/// The moments are random; `OPERATE_SEED` repeats those of a failure.
#[test]
fn a_killed_or_interrupted_up_is_continued() {
    let seed = std::env::var("OPERATE_SEED").map_or(7, |seed| seed.parse().unwrap());
    let mut rng = Rng::new(seed);
    let machine = Machine::new(Version::V2);
    for round in 0..6 {
        let pause = Duration::from_millis(rng.next() % 4000);
        let signal = if round % 2 == 0 { "KILL" } else { "INT" };
        let ended = machine.interrupted(&["up", "--name", &machine.name, "--fresh"], pause, signal);
        println!("SIG{signal} after {pause:?}: {ended:?}");
        let has_acted = ["    stop  ", "   start  "].iter().any(|step| ended.stderr.contains(step));
        if ended.code == 130 && has_acted {
            let left = format!("regenesis down {} stops it", machine.name);
            assert!(ended.stderr.contains(&left), "{ended:?}");
        }
    }
    machine.succeeds(&["up", "--name", &machine.name]);
    assert_eq!(machine.status()["alive"], true);
}

#[test]
fn failures_have_their_own_exit_codes_and_leave_nothing_running() {
    for version in BOTH {
        let machine = Machine::new(version);
        let name = machine.name.as_str();
        let up = ["up", "--name", name, "--wait", "20"];
        let fails = |variables: &[(&str, &str)], code: i32, said: &str| {
            let ended = machine.with(&up, variables);
            assert_eq!(ended.code, code, "{version:?} {variables:?}: {ended:?}");
            assert!(ended.stderr.contains(said), "{version:?} {variables:?}: {ended:?}");
            assert!(ended.stderr.contains("hint: "), "{ended:?}");
            assert_eq!(
                machine.running(),
                BTreeSet::new(),
                "{variables:?} leaves something running"
            );
        };
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let busy = format!("port {port} is in use");
        fails(&[("EL_HTTP_PORT", &port)], 9, &busy);
        let ended = machine.with(&["up", "--name", name, "--json"], &[("EL_HTTP_PORT", &port)]);
        let last: Value = serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&last["event"], &last["exit"]), (&"failed".into(), &9.into()), "{ended:?}");
        let absent = "regenesis-e2e/absent:1";
        fails(&[("GETH_IMAGE", absent)], 10, "set GETH_IMAGE");
        fails(&[("PATH", "/nonexistent")], 8, "Docker is missing");
        fails(&[("DOCKER_HOST", "unix:///nonexistent")], 8, "Docker does not answer");
        fails(&[("EL_HTTP_PORT", "http")], 2, "EL_HTTP_PORT is \"http\"");
        fails(&[("REGENESIS_TIMESTAMP", "soon")], 2, "REGENESIS_TIMESTAMP is \"soon\"");
        // Each is valid, and only init knows that they contradict each other.
        let both = [("REGENESIS_TIMESTAMP", "keep"), ("REGENESIS_LEAD", "5")];
        fails(&both, 2, "init failed");
        // An image without the client.
        fails(&[("LIGHTHOUSE_IMAGE", "regenesis-e2e/base:1")], 11, "is not running");
        let nowhere = machine.fails(&["up", "/nonexistent/snapshot"]);
        assert_eq!(nowhere.code, 3, "{nowhere:?}");
        let broken = machine.snapshot();
        std::fs::write(broken.join("cl/config.yaml"), "FULU_FORK_EPOCH: soon\n").unwrap();
        assert_eq!(machine.fails(&["up", broken.to_str().unwrap()]).code, 3);
    }
}

#[test]
fn verify_starts_a_snapshot_and_removes_the_stack() {
    let machine = Machine::new(Version::V2);
    let snapshot = machine.snapshot();
    let path = snapshot.to_str().unwrap();
    let (files, before) = (machine::files(&snapshot), machine.everything());
    let verified = machine.json(&["verify", path, "--up", "--json"]);
    assert!(verified["chain"]["head"].as_u64().unwrap() > 0, "{verified}");
    assert!(verified["chain"]["compared"]["accounts"].as_u64().unwrap() > 0, "{verified}");
    // This image has no entry point: geth does not start.
    let broken = [("GETH_IMAGE", "regenesis-e2e/base:1"), ("WAIT", "20")];
    let ended = machine.with(&["verify", path, "--up"], &broken);
    assert!(![0, 2, 101].contains(&ended.code), "{ended:?}");
    assert!(ended.stderr.contains("          init: "), "the last lines of its logs: {ended:?}");
    assert_eq!(machine.everything(), before);
    assert_eq!(machine::files(&snapshot), files);
}

#[test]
fn doctor_names_each_failure_with_its_cure() {
    let machine = Machine::new(Version::V2);
    let report = machine.json(&["doctor", "--json"]);
    let checks = report["checks"].as_array().unwrap();
    let outcome =
        |name: &str| checks.iter().find(|check| check["name"] == name).unwrap()["outcome"].clone();
    for name in ["docker", "compose", "images", "ports"] {
        assert_eq!(outcome(name), "ok", "{report}");
    }
    let snapshot = machine.snapshot();
    snapshot::snapshot("fulu", &snapshot);
    std::fs::write(snapshot.join(".env"), "\nEL_HTP_PORT=9545\n").unwrap();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let misspelt = machine.fails(&["doctor", snapshot.to_str().unwrap()]);
    assert!(misspelt.stdout.contains("did you mean EL_HTTP_PORT?"), "{misspelt:?}");
    let busy = machine.with(&["doctor"], &[("CL_HTTP_PORT", &port)]);
    assert_eq!(busy.code, 5);
    assert!(busy.stdout.contains("choose another: CL_HTTP_PORT=…"), "{busy:?}");
    let fix = ["doctor", "--fix"];
    let asked = machine.with(&fix, &[("GETH_IMAGE", "regenesis-e2e/absent:1")]);
    assert_eq!(asked.code, 2, "without a terminal it needs --yes: {asked:?}");
    assert!(asked.stdout.contains("would get the image regenesis-e2e/absent:1\n"), "{asked:?}");
    machine.succeeds(&["up", "--name", &machine.name]);
    machine::docker(&["pause", &machine.container("cl")]);
    let fixed = machine.with(&["doctor", "--fix", "--yes", &machine.name], &[]);
    assert_eq!(fixed.code, 0, "{fixed:?}");
    assert!(fixed.stdout.contains("would continue "), "{fixed:?}");
    let state = machine::docker(&["inspect", "-f", "{{.State.Status}}", &machine.container("cl")]);
    assert_eq!(state.trim(), "running");
    let none = machine.with(&["doctor"], &[("PATH", "/nonexistent")]);
    assert_eq!(none.code, 8);
    assert!(none.stdout.contains("docs.docker.com/engine/install"), "{none:?}");
}
