//! A running stack, driven as a user drives it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::http;

/// The two programs that people call Docker Compose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// What takes Lighthouse's place: no image of it is to be had without a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// `e2e/consensus`
    Consensus,
    Lodestar,
    /// Lighthouse itself, where its image can be pulled.
    Shipped,
    /// `e2e/consensus` in a stack that has of ours the init image alone.
    Embedded,
}

/// What a stack is made of.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    pub version: Version,
    pub clients: Clients,
    /// A directory, or the sample.
    pub snapshot: Option<&'a Path>,
    /// `REGENESIS_LEAD`
    pub lead: &'a str,
}

#[derive(Debug)]
pub struct Stack {
    pub version: Version,
    environment: Vec<(&'static str, String)>,
    /// Port of the execution client.
    pub execution: u16,
    /// Port of the beacon node.
    pub beacon: u16,
}

/// A first block of a fresh genesis, and three more, at most.
pub const FRESH: Duration = Duration::from_mins(1);
/// What is promised after an event.
pub const SOON: Duration = Duration::from_secs(30);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Version {
    fn command(self) -> Command {
        match self {
            Self::V1 => Command::new("docker-compose"),
            Self::V2 => {
                let mut command = Command::new("docker");
                // Where scripts/install_compose.sh puts the plugin.
                command.env("DOCKER_CONFIG", root().join("target/docker")).arg("compose");
                command
            }
        }
    }

    /// As it calls itself.
    pub fn number(self) -> String {
        let output = self.command().args(["version", "--short"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Stack {
    /// Nothing runs yet.
    pub fn new(plan: Plan<'_>) -> Self {
        let [execution, websocket, beacon] = ports();
        let files = match plan.clients {
            Clients::Lodestar => "docker-compose.yml:../e2e/docker/lodestar.yml",
            Clients::Consensus => "docker-compose.yml:../e2e/docker/consensus.yml",
            Clients::Shipped => "docker-compose.yml",
            Clients::Embedded => "../e2e/docker/embed.yml",
        };
        let text = |value: &dyn ToString| value.to_string();
        let mut environment = vec![
            ("COMPOSE_FILE", files.to_owned()),
            ("COMPOSE_PROJECT_NAME", format!("regenesis-e2e-{execution}")),
            ("REGENESIS_IMAGE", "regenesis:e2e".to_owned()),
            ("REGENESIS_LEAD", plan.lead.to_owned()),
            ("EL_HTTP_PORT", text(&execution)),
            ("EL_WS_PORT", text(&websocket)),
            ("CL_HTTP_PORT", text(&beacon)),
        ];
        if let Some(snapshot) = plan.snapshot {
            open_to_all(snapshot);
            environment.push(("SNAPSHOT", snapshot.display().to_string()));
        }
        Self { version: plan.version, environment, execution, beacon }
    }

    /// In the environment and the directory of the stack.
    fn prepared(&self, mut command: Command) -> Command {
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.current_dir(root().join("compose"));
        command
    }

    /// `docker compose …`
    pub fn tries(&self, arguments: &[&str]) -> Output {
        self.prepared(self.version.command()).args(arguments).output().unwrap()
    }

    /// `docker compose …`, which must succeed.
    pub fn compose(&self, arguments: &[&str]) -> String {
        succeeded(&format!("docker compose {}", arguments.join(" ")), self.tries(arguments))
    }

    pub fn docker(&self, arguments: &[&str]) -> String {
        let output = self.prepared(Command::new("docker")).args(arguments).output().unwrap();
        succeeded(&format!("docker {}", arguments.join(" ")), output)
    }

    /// `./up.sh`, with what it says.
    pub fn up_sh(&self) -> (bool, String) {
        let mut command = self.prepared(Command::new("./up.sh"));
        // Without the plugin it takes the program.
        let plugins = if self.version == Version::V1 { "/nonexistent" } else { "target/docker" };
        let output = command.env("DOCKER_CONFIG", root().join(plugins)).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
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

    /// `kill -9`
    pub fn kill(&self, services: &[&str]) {
        self.to_containers(&["kill", "--signal", "KILL"], services);
    }

    /// The name of a volume.
    pub fn volume(&self, name: &str) -> String {
        let project = self.environment.iter().find(|(key, _)| *key == "COMPOSE_PROJECT_NAME");
        format!("{}_{name}", project.unwrap().1)
    }

    /// A shell, as the user of the stack, in the volumes `runtime` and `el`.
    pub fn shell(&self, script: &str) -> String {
        let mount = |name: &str| format!("{}:/{name}", self.volume(name));
        let (runtime, el, base) = (mount("runtime"), mount("el"), "regenesis-e2e/base:1");
        let run = ["run", "--rm", "-u", "65532:65532", "-v", &runtime, "-v", &el];
        self.docker(&[&run[..], &[base, "sh", "-ec", script]].concat())
    }

    /// What a service has said since then.
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
        self.eth("eth_blockNumber", json!([])).map(|head| number(&head))
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

    /// Asserts that both clients run the genesis in the runtime volume; its `regenesis.json`.
    pub fn genesis_is_ours(&self) -> Value {
        let summary = self.summary();
        assert_eq!(self.genesis(), summary["el"]["block_hash"].as_str().unwrap());
        let header = http::get(self.beacon, "/eth/v1/beacon/headers/genesis").unwrap();
        assert_eq!(header["root"], summary["cl"]["block_root"]);
        summary
    }

    /// Waits for three blocks more, at most so long; how long it took.
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

    /// As [`Self::lives`] for a fresh genesis, or a failure with the last words of all.
    pub fn must_live(&self, what: &str) -> Duration {
        self.lives(FRESH).unwrap_or_else(|| panic!("dead: {what}\n{}", self.last_words()))
    }

    /// What `docker compose logs | regenesis health --explain --log -` says.
    pub fn explain(&self) -> String {
        let log = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&log, self.tries(&["logs", "--no-color"]).stdout).unwrap();
        let mut health = self.prepared(Command::new(env!("CARGO_BIN_EXE_regenesis")));
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
    }
}

fn succeeded(what: &str, output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The user of `init` must see the snapshot.
fn open_to_all(snapshot: &Path) {
    let mode = Command::new("chmod").args(["-R", "a+rX"]).arg(snapshot.parent().unwrap()).status();
    assert!(mode.unwrap().success());
}

/// Ports that nobody listens on, and that no connection gets while a stack is down for a moment:
/// below those that the system gives away.
fn ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU16 = AtomicU16::new(21_000);
    std::array::from_fn(|_| {
        loop {
            let port = NEXT.fetch_add(1, Ordering::Relaxed);
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    })
}

pub fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
