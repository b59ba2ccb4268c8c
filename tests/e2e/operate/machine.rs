//! This machine with one version of Compose, ports of its own, and a stack that ends with the test.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::process::free_ports;
use crate::nodes::{http, snapshot};
use crate::support::{PROGRAM, regenesis, repository, without_variables};

/// The two programs called Docker Compose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

impl Version {
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::V1 => &["docker-compose"],
            Self::V2 => &["docker", "compose"],
        }
    }
}

#[derive(Debug)]
pub struct Machine {
    version: Version,
    directory: tempfile::TempDir,
    /// A name for a stack.
    pub name: String,
    ports: [u16; 6],
}

/// A program that has ended; killed by a signal, its code is -1.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Machine {
    pub fn new(version: Version) -> Self {
        let ports = free_ports();
        let name = format!("regenesis-operate-{}-{}", std::process::id(), ports[0]);
        Self { version, directory: tempfile::tempdir().unwrap(), name, ports }
    }

    /// Sets the environment of a command, without the ports.
    fn prepare(&self, command: &mut Command) {
        without_variables(command);
        // Without the plugin, docker-compose is found.
        let plugins = if self.version == Version::V1 { "/nonexistent" } else { "target/docker" };
        command.env("DOCKER_CONFIG", repository().join(plugins));
        command.env("XDG_STATE_HOME", self.directory.path().join("state"));
        // Tests run beside others.
        command.envs([("WAIT", "300"), ("REGENESIS_WAIT", "300")]);
        for (setting, image) in [
            ("REGENESIS_IMAGE", "regenesis:e2e"),
            ("GETH_IMAGE", "regenesis-e2e/clients:1"),
            ("LIGHTHOUSE_IMAGE", "regenesis-e2e/consensus:1"),
            ("OP_GETH_IMAGE", "regenesis-e2e/op-stack:1"),
            ("OP_NODE_IMAGE", "regenesis-e2e/op-stack:1"),
            ("OP_BATCHER_IMAGE", "regenesis-e2e/op-stack:1"),
        ] {
            command.env(setting, image);
        }
        let calls = self.directory.path().join("bin");
        if calls.exists() {
            command.env("PATH", format!("{}:{}", calls.display(), std::env::var("PATH").unwrap()));
        }
    }

    fn prepare_with_ports(&self, command: &mut Command) {
        self.prepare(command);
        let l1 = ["EL_HTTP_PORT", "EL_WS_PORT", "CL_HTTP_PORT"];
        let l2 = ["L2_OP_HTTP_PORT", "L2_OP_WS_PORT", "L2_OP_NODE_PORT"];
        let names = [l1, l2].concat();
        command.envs(names.iter().zip(self.ports.map(|port| port.to_string())));
    }

    /// The variables that commands have here, without the ports.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut command = regenesis();
        self.prepare(&mut command);
        let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// `regenesis` with further variables.
    pub fn with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = regenesis();
        self.prepare_with_ports(&mut command);
        command.envs(variables.iter().copied()).args(arguments).stdin(Stdio::null());
        Ended::of(command.output().unwrap())
    }

    pub fn succeeds(&self, arguments: &[&str]) -> Ended {
        let ended = self.with(arguments, &[]);
        assert_eq!(ended.code, 0, "regenesis {arguments:?}: {ended:?}");
        ended
    }

    pub fn fails(&self, arguments: &[&str]) -> Ended {
        let ended = self.with(arguments, &[]);
        assert_ne!(ended.code, 0, "regenesis {arguments:?}: {ended:?}");
        ended
    }

    /// `regenesis`, which must succeed, where no variable sets a port.
    pub fn without_ports(&self, arguments: &[&str]) -> Ended {
        let mut command = regenesis();
        self.prepare(&mut command);
        let ended = Ended::of(command.args(arguments).stdin(Stdio::null()).output().unwrap());
        assert_eq!(ended.code, 0, "regenesis {arguments:?}: {ended:?}");
        ended
    }

    /// `regenesis`, and a signal after some time.
    pub fn interrupted(&self, arguments: &[&str], after: Duration, signal: &str) -> Ended {
        let mut command = regenesis();
        self.prepare_with_ports(&mut command);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(after);
        send(signal, &child);
        Ended::of(child.wait_with_output().unwrap())
    }

    /// `regenesis`, and SIGINT as soon as it has printed a line with each of these beginnings, or after three
    /// minutes.
    pub fn interrupted_after(&self, arguments: &[&str], beginnings: &[&str]) -> Ended {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut command = regenesis();
        self.prepare_with_ports(&mut command);
        command.args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
        let child = command.stdout(file.reopen().unwrap()).spawn().unwrap();
        let printed = || std::fs::read(file.path()).unwrap();
        let is_complete = || {
            let text = String::from_utf8_lossy(&printed()).into_owned();
            let has = |beginning: &&str| text.lines().any(|line| line.starts_with(*beginning));
            beginnings.iter().all(has)
        };
        let end = Instant::now() + Duration::from_mins(3);
        while !is_complete() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
        send("INT", &child);
        let output = child.wait_with_output().unwrap();
        Ended::of(Output { stdout: printed(), ..output })
    }

    /// `regenesis` on a terminal, which gets `key` when it shows `text`: its exit code, and all that was
    /// written. The terminal must be left as it was.
    pub fn watches(&self, arguments: &[&str], text: &str, key: &str) -> (i32, String) {
        let line = [&[PROGRAM], arguments].concat().join(" ");
        // The terminal of `script` has no size.
        let line = format!("stty rows 30 cols 120; {line}; code=$?; stty -a; exit $code");
        let mut command = Command::new("script");
        self.prepare_with_ports(&mut command);
        command.args(["-qefc", &line, "/dev/null"]).env("TERM", "xterm-256color");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut screen, mut buffer, mut is_sent) = (String::new(), [0; 4096], false);
        loop {
            let length = output.read(&mut buffer).unwrap();
            if length == 0 {
                break;
            }
            screen += &String::from_utf8_lossy(&buffer[..length]);
            if !is_sent && screen.contains(text) {
                keys.write_all(key.as_bytes()).unwrap();
                is_sent = true;
            }
        }
        let code = child.wait().unwrap().code().unwrap_or(-1);
        let (_, after) = screen.split_once("\u{1b}[?1049h").expect("it takes the screen");
        let (_, after) = after.split_once("\u{1b}[?1049l").expect("it leaves the screen");
        for mode in ["icanon", "isig", "echo"] {
            assert!(after.split_whitespace().any(|word| word == mode), "{mode}: {after}");
        }
        (code, screen)
    }

    /// Another program in a directory, which must succeed.
    pub fn shell(&self, line: &[&str], directory: &Path) {
        let mut command = Command::new(line[0]);
        self.prepare_with_ports(&mut command);
        let output = command.args(&line[1..]).current_dir(directory).output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeeds(arguments).stdout).unwrap()
    }

    /// `regenesis status --json` of a stack that lives. On a busy machine, a chain misses slots: it may need
    /// some time for its next block.
    pub fn status(&self) -> Value {
        let ask = || self.with(&["status", &self.name, "--json"], &[]);
        let end = Instant::now() + Duration::from_mins(2);
        let mut ended = ask();
        while ended.code == 11 && Instant::now() < end {
            std::thread::sleep(Duration::from_secs(1));
            ended = ask();
        }
        assert_eq!(ended.code, 0, "not alive within two minutes: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Hash of the genesis block.
    pub fn genesis(&self) -> Value {
        let ask = || http::call(self.ports[0], "eth_getBlockByNumber", json!(["0x0", false]));
        let mut answer = ask();
        for _ in 0..60 {
            if answer.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
            answer = ask();
        }
        answer.unwrap()["hash"].clone()
    }

    pub fn url(&self, service: &str) -> String {
        let services = ["el", "", "cl", "op-geth", "", "op-node"];
        let place = services.iter().position(|known| *known == service).unwrap();
        let port = self.ports[place];
        format!("http://127.0.0.1:{port}")
    }

    /// A new snapshot that the containers can read.
    pub fn snapshot(&self) -> PathBuf {
        // Plain docker compose names the project after it.
        let directory = self.directory.path().join(&self.name);
        snapshot::snapshot("fulu", &directory);
        let open = Command::new("chmod").args(["-R", "a+rX"]).arg(self.directory.path()).status();
        assert!(open.unwrap().success());
        directory.canonicalize().unwrap()
    }

    /// A directory that ends with the test.
    pub fn place(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    /// The directory of this program's own files.
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state/regenesis")
    }

    /// Puts a `docker` into PATH that records its calls in the returned file.
    pub fn records_calls(&self) -> PathBuf {
        let (bin, calls) = (self.directory.path().join("bin"), self.directory.path().join("calls"));
        let found = Command::new("sh").args(["-c", "command -v docker"]).output().unwrap();
        let docker = String::from_utf8(found.stdout).unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$@\" >>'{}'\nexec {} \"$@\"\n",
            calls.display(),
            docker.trim()
        );
        std::fs::create_dir(&bin).unwrap();
        std::fs::write(bin.join("docker"), script).unwrap();
        let executable = Command::new("chmod").arg("+x").arg(bin.join("docker")).status();
        assert!(executable.unwrap().success());
        calls
    }

    /// Containers, volumes and networks whose names start with the name of this stack.
    pub fn everything(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (kind, list) in [
            ("container", &["ps", "-a", "--format", "{{.Names}}"][..]),
            ("volume", &["volume", "ls", "--format", "{{.Name}}"]),
            ("network", &["network", "ls", "--format", "{{.Name}}"]),
        ] {
            let lines = docker(list);
            let own = lines.lines().filter(|name| name.starts_with(&self.name));
            all.extend(own.map(|name| format!("{kind} {name}")));
        }
        all
    }

    /// Creates a volume of the user's in the project of this stack, and one whose name only looks like it.
    pub fn adds_volumes(&self) -> [String; 2] {
        let names = [format!("{}_database", self.name), format!("{}_el-backup", self.name)];
        let project = format!("com.docker.compose.project={}", self.name);
        let key = "com.docker.compose.volume=database";
        docker(&["volume", "create", "--label", &project, "--label", key, &names[0]]);
        docker(&["volume", "create", &names[1]]);
        names
    }

    /// The container of a service.
    pub fn container(&self, service: &str) -> String {
        let project = format!("label=com.docker.compose.project={}", self.name);
        let service = format!("label=com.docker.compose.service={service}");
        let found = docker(&["ps", "-aq", "--filter", &project, "--filter", &service]);
        assert_eq!(found.lines().count(), 1, "{service}: {found}");
        found.trim().to_owned()
    }

    /// The containers of this test that run.
    pub fn running(&self) -> BTreeSet<String> {
        let filter = format!("name=^{}[-_]", self.name);
        docker(&["ps", "--filter", &filter, "--format", "{{.Names}}"])
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.with(&["purge", &self.name, "--yes"], &[]);
        let own = self.directory.path().join(&self.name);
        let Ok(own) = own.canonicalize() else { return };
        let filter = format!("label=com.docker.compose.project.working_dir={}", own.display());
        let format = "{{.Label \"com.docker.compose.project\"}}";
        let projects = docker(&["ps", "-a", "--filter", &filter, "--format", format]);
        for name in projects.lines().collect::<BTreeSet<_>>() {
            self.with(&["purge", name, "--yes"], &[]);
        }
    }
}

fn send(signal: &str, child: &Child) {
    let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The files below a directory, with their contents.
pub fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    files
}
