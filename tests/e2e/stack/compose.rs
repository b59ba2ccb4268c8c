//! A running stack, operated as by a user.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::plan::{Clients, Plan, Version, root, without_healing};
use super::recipe::{self, Names};
use super::rig::Rig;
use crate::nodes::http;
use crate::nodes::process::free_ports;
use crate::support::{regenesis, without_variables};

/// The fields end in this order, after the containers.
#[derive(Debug)]
pub struct Stack {
    pub version: Version,
    names: Names,
    environment: Vec<(&'static str, String)>,
    rig: Rig,
    /// Port of the execution client.
    pub execution: u16,
    /// Port of the beacon node.
    pub beacon: u16,
}

/// A volume that only the suite uses.
const COPIES: &str = "copy";
/// After this, a user starts a fresh stack again, if it has not made three blocks.
pub const FRESH: Duration = Duration::from_mins(1);
/// The promise of docs/lifecycle.md: three blocks after an event.
pub const SOON: Duration = Duration::from_secs(30);
/// A chain without three blocks by then is dead. A busy machine is only late.
pub const LIMIT: Duration = Duration::from_mins(3);
/// The limit for an answer that is asked for again: a connection to a container that ends may get none.
const POLL: Duration = Duration::from_secs(5);
/// The first finalized block takes four epochs of eight slots of two seconds.
const FINALITY: Duration = Duration::from_mins(4);

impl Stack {
    /// Starts nothing.
    pub fn new(plan: Plan<'_>) -> Self {
        let [execution, websocket, beacon] = free_ports();
        let rig = Rig::new(plan.rig);
        let names = if plan.clients == Clients::Embedded {
            Names::Recipe(recipe::folder())
        } else {
            Names::Shipped
        };
        let files = match &names {
            Names::Recipe(folder) => recipe::files(folder.path(), plan.rig),
            Names::Shipped => plan.clients.files().to_owned() + rig.file(),
        };
        let mut environment = vec![
            ("COMPOSE_FILE", files),
            ("COMPOSE_PROJECT_NAME", format!("regenesis-e2e-{execution}")),
            ("REGENESIS_IMAGE", "regenesis:e2e".to_owned()),
            ("REGENESIS_LEAD", plan.lead.to_owned()),
            ("EL_HTTP_PORT", execution.to_string()),
            ("EL_WS_PORT", websocket.to_string()),
            ("CL_HTTP_PORT", beacon.to_string()),
        ];
        environment.extend(plan.clients.environment());
        environment.extend(rig.environment());
        if let Some(heal) = without_healing() {
            environment.push(("REGENESIS_HEAL", heal));
        }
        if let Some(snapshot) = plan.snapshot {
            open_to_all(snapshot);
            environment.push(("SNAPSHOT", snapshot.display().to_string()));
        }
        Self { version: plan.version, names, environment, rig, execution, beacon }
    }

    /// What is special about its machine.
    pub fn rig(&self) -> &Rig {
        &self.rig
    }

    /// Sets the environment and the directory of the stack.
    fn prepared(&self, mut command: Command) -> Command {
        without_variables(&mut command);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.current_dir(root().join("compose"));
        command
    }

    /// `docker compose …`
    pub fn tries(&self, arguments: &[&str]) -> Output {
        let arguments = arguments.iter().map(|word| self.names.of(word));
        self.prepared(self.version.command()).args(arguments).output().unwrap()
    }

    /// `docker compose …`, which must succeed.
    pub fn compose(&self, arguments: &[&str]) -> String {
        let output = self.tries(arguments);
        // On a busy machine, Docker 20.10 may keep an endpoint of a removed container until it restarts. Then
        // the network stays after `down`, and the next `up` uses it.
        if String::from_utf8_lossy(&output.stderr).contains("has active endpoints") {
            return String::new();
        }
        // Compose says which service failed, not why.
        let logs = if output.status.success() { String::new() } else { self.last_words() };
        succeeded(&format!("docker compose {}\n{logs}", arguments.join(" ")), output)
    }

    /// `docker compose up -d` with one more variable, which must succeed.
    pub fn up_with(&self, name: &str, value: &str) {
        let mut command = self.prepared(self.version.command());
        let output = command.env(name, value).args(["up", "-d"]).output().unwrap();
        succeeded(&format!("{name}={value} docker compose up -d"), output);
    }

    pub fn docker(&self, arguments: &[&str]) -> String {
        let output = self.prepared(Command::new("docker")).args(arguments).output().unwrap();
        succeeded(&format!("docker {}", arguments.join(" ")), output)
    }

    /// `./up.sh`, with its output.
    pub fn up_sh(&self) -> (bool, String) {
        let mut command = self.prepared(Command::new("./up.sh"));
        // up.sh uses the program if the plugin is missing.
        let plugins = if self.version == Version::V1 { "/nonexistent" } else { "target/docker" };
        command.env("DOCKER_CONFIG", root().join(plugins));
        // The tests run beside others.
        let output = command.env("WAIT", "300").output().unwrap();
        let said = [output.stderr, output.stdout].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// The containers of services, running or not.
    pub fn containers(&self, services: &[&str]) -> Vec<String> {
        let mut arguments = vec!["ps", "-q"];
        if self.version == Version::V2 {
            arguments.push("-a");
        }
        arguments.extend(services);
        self.compose(&arguments).lines().map(ToOwned::to_owned).collect()
    }

    /// `docker COMMAND… CONTAINERS`
    pub fn to_containers(&self, command: &[&str], services: &[&str]) -> String {
        let containers = self.containers(services);
        let containers = containers.iter().map(String::as_str);
        self.docker(&command.iter().copied().chain(containers).collect::<Vec<_>>())
    }

    /// `kill -9`, of those that run.
    pub fn kill(&self, services: &[&str]) {
        self.to_running("kill", services);
    }

    /// Freezes all processes of services, and `thaw` continues them.
    pub fn freeze(&self, services: &[&str]) {
        self.to_running("pause", services);
    }

    pub fn thaw(&self, services: &[&str]) {
        self.to_running("unpause", services);
    }

    /// `docker COMMAND` for each container. Those that end at this moment, in a sequence of events, are left
    /// out.
    fn to_running(&self, command: &str, services: &[&str]) {
        for container in self.containers(services) {
            let mut docker = self.prepared(Command::new("docker"));
            let output = docker.args([command, &container]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let ends = ["is not running", "is not paused", "is restarting", "unable to freeze"];
            let expected = output.status.success() || ends.iter().any(|end| said.contains(end));
            assert!(expected, "docker {command}: {said}");
        }
    }

    /// The name of a volume.
    pub fn volume(&self, name: &str) -> String {
        let project = self.environment.iter().find(|(key, _)| *key == "COMPOSE_PROJECT_NAME");
        format!("{}_{name}", project.unwrap().1)
    }

    /// A shell, as root, in the volumes `runtime`, `el` and `cl`, and in one for copies.
    pub fn shell(&self, script: &str) -> String {
        let mounts =
            ["runtime", "el", "cl", COPIES].map(|name| format!("{}:/{name}", self.volume(name)));
        let mut run = vec!["run", "--rm", "--network", "none"];
        run.extend(mounts.iter().flat_map(|mount| ["-v", mount]));
        run.extend(["regenesis-e2e/base:1", "sh", "-ec", script]);
        self.docker(&run)
    }

    /// The log of a service since `since`.
    pub fn said(&self, service: &str, since: SystemTime) -> String {
        let since = since.duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
        let containers = self.containers(&[service]);
        let Some(container) = containers.first() else { return String::new() };
        let mut logs = self.prepared(Command::new("docker"));
        let output = logs.args(["logs", "--since", &since, container]).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    pub fn eth(&self, method: &str, parameters: Value) -> Result<Value, String> {
        http::call(self.execution, method, parameters)
    }

    fn head(&self) -> Result<u64, String> {
        let head = http::call_within(POLL, self.execution, "eth_blockNumber", json!([]));
        head.map(|head| number(&head))
    }

    /// Hash of the genesis block that the execution client runs.
    pub fn genesis(&self) -> String {
        let block = self.eth("eth_getBlockByNumber", json!(["0x0", false])).unwrap();
        block["hash"].as_str().unwrap().to_owned()
    }

    /// `regenesis.json`
    pub fn summary(&self) -> Value {
        serde_json::from_str(&self.shell("cat /runtime/regenesis.json")).unwrap()
    }

    /// Asserts that both clients run the genesis in the runtime volume; returns its `regenesis.json`.
    pub fn genesis_is_ours(&self) -> Value {
        let summary = self.summary();
        assert_eq!(self.genesis(), summary["el"]["block_hash"].as_str().unwrap());
        let header = http::get(self.beacon, "/eth/v1/beacon/headers/genesis").unwrap();
        assert_eq!(header["root"], summary["cl"]["block_root"]);
        summary
    }

    /// Waits until a block is final.
    pub fn waits_for_finality(&self) {
        let end = Instant::now() + FINALITY;
        let is_final = || {
            let block = self.eth("eth_getBlockByNumber", json!(["finalized", false]));
            block.is_ok_and(|block| block["number"] != "0x0")
        };
        while !is_final() {
            assert!(Instant::now() < end, "nothing is final\n{}", self.last_words());
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Waits up to `limit` for three more blocks; returns the duration.
    pub fn lives(&self, limit: Duration) -> Option<Duration> {
        let (start, mut lowest) = (Instant::now(), u64::MAX);
        while start.elapsed() < limit {
            if let Ok(head) = self.head() {
                lowest = lowest.min(head);
                if head >= lowest + 3 {
                    return Some(start.elapsed());
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        None
    }

    /// Like [`Self::lives`] with [`LIMIT`]; a failure prints all logs.
    pub fn must_live(&self, what: &str) -> Duration {
        self.lives(LIMIT).unwrap_or_else(|| panic!("dead: {what}\n{}", self.last_words()))
    }

    /// The output of `docker compose logs | regenesis health --explain --log -`.
    pub fn explain(&self) -> String {
        let log = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&log, self.tries(&["logs", "--no-color"]).stdout).unwrap();
        let mut health = self.prepared(regenesis());
        let output = health.args(["health", "--explain", "--log"]).arg(log.path()).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    }

    pub fn last_words(&self) -> String {
        let output = self.tries(&["logs", "--no-color", "--tail", "15"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.tries(&["down", "-v", "-t", "2"]);
        // Compose does not know it.
        let _ = Command::new("docker").args(["volume", "rm", "-f", &self.volume(COPIES)]).output();
    }
}

fn succeeded(what: &str, output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes the snapshot readable for the user of `init`, once: `init` refuses files that change while it reads
/// them, and a second `chmod` changes those of a stack that starts at this moment.
fn open_to_all(snapshot: &Path) {
    static OPEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut open = OPEN.lock().unwrap();
    if open.insert(snapshot.to_owned()) {
        let mut chmod = Command::new("chmod");
        let mode = chmod.args(["-R", "a+rX"]).arg(snapshot.parent().unwrap()).status();
        assert!(mode.unwrap().success());
    }
}

pub fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
