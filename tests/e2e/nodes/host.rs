//! The services of a stack as processes of this machine, word for word: their arguments and environment are
//! those of the compose file, with directories and ports of this machine. A service that ends starts
//! again, as Docker restarts it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use regenesis::services::{MountSource, Part, RestartPolicy, Service, Stack, Text};
use serde_json::{Value, json};

use super::process::{Process, free_ports};
use super::programs::consensus;
use super::{http, tools};
use crate::support::{PROGRAM, regenesis};

/// The services of a stack. Dropping it kills them.
pub struct Host {
    services: Vec<Running>,
    /// Service, port in the container, port of this machine.
    ports: Vec<(String, u16, u16)>,
    directory: tempfile::TempDir,
}

struct Running {
    service: Service,
    process: Option<Process>,
    starts: u32,
}

impl Host {
    /// Prepares the clients of `stack`, without `init` and `watch`.
    pub fn new(stack: Stack) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut ports = Vec::new();
        for service in &stack.services {
            for port in &service.ports {
                let [free] = free_ports();
                ports.push((service.name.clone(), port.number, free));
            }
        }
        let is_client =
            |service: &Service| service.restart != RestartPolicy::Never && service.name != "watch";
        let services = stack.services.into_iter().filter(is_client);
        let services = services.map(|service| Running { service, process: None, starts: 0 });
        let host = Self { services: services.collect(), ports, directory };
        for (place, programs) in [
            ("bin", [("lighthouse", consensus().get_program().into()), ("geth", tools::geth())]),
            ("op-bin", [("op-node", tools::op_node()), ("geth", tools::op_geth())]),
        ] {
            std::fs::create_dir(host.at(place)).unwrap();
            for (name, program) in programs {
                symlink(program, host.at(place).join(name)).unwrap();
            }
        }
        symlink(tools::op_batcher(), host.at("op-bin/op-batcher")).unwrap();
        symlink(tools::op_proposer(), host.at("op-bin/op-proposer")).unwrap();
        for volume in &stack.volumes {
            std::fs::create_dir_all(host.at("volumes").join(&volume.name)).unwrap();
        }
        host
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub fn runtime(&self) -> PathBuf {
        self.at("volumes/runtime")
    }

    /// The port of this machine for one of a service.
    pub fn port(&self, service: &str, number: u16) -> u16 {
        let found = self.ports.iter().find(|(name, known, _)| name == service && *known == number);
        found.unwrap_or_else(|| panic!("{service} has no port {number}")).2
    }

    /// Stops all services, stamps a new genesis from `snapshot`, and starts them; its summary.
    pub fn boot(&mut self, snapshot: &Path) -> Value {
        for running in &mut self.services {
            running.process.take().into_iter().for_each(Process::stop);
        }
        let mut init = regenesis();
        init.arg("init").arg(snapshot).arg("--out").arg(self.runtime());
        super::history::run(&mut init);
        for at in 0..self.services.len() {
            self.start(at);
        }
        let summary = std::fs::read(self.runtime().join("regenesis.json")).unwrap();
        serde_json::from_slice(&summary).unwrap()
    }

    fn start(&mut self, at: usize) {
        let mut command = self.command(&self.services[at].service);
        let Self { services, directory, .. } = self;
        let Running { service, process, starts } = &mut services[at];
        *starts += 1;
        let name = format!("{}-{starts}", service.name);
        *process = Some(Process::start(name, &mut command, directory.path()));
    }

    fn command(&self, service: &Service) -> Command {
        assert_eq!(service.program.as_deref(), Some("/runtime/bin/regenesis"));
        let data = service.mounts.iter().find_map(|mount| match &mount.source {
            MountSource::Volume(name) if name != "runtime" => Some(name.as_str()),
            _ => None,
        });
        let data = self.at("volumes").join(data.unwrap_or("none")).display().to_string();
        let here = |text: &Text| self.here(text, &data);
        let mut command = Command::new(PROGRAM);
        crate::support::without_variables(&mut command);
        command.args(service.arguments.iter().map(here)).args(self.own_ports(service));
        for variable in &service.environment {
            command.env(&variable.name, here(&variable.value));
        }
        let is_of_l2 = service.environment.iter().any(|v| v.value == Text::from("l2"));
        let programs = self.at(if is_of_l2 { "op-bin" } else { "bin" });
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", programs.display()));
        command
    }

    /// A text with this machine's directories and ports for those of the containers.
    fn here(&self, text: &Text, data: &str) -> String {
        let text = text.render(|part| match part {
            Part::Literal(text) => text.to_string(),
            Part::Setting(setting) => setting.default.to_string(),
            Part::Host(service) => format!("<{service}>"),
        });
        let runtime = self.runtime().display().to_string();
        let mut text = text.replace("/data", data).replace("/runtime", &runtime);
        for (service, number, port) in &self.ports {
            text = text.replace(&format!("<{service}>:{number}"), &format!("127.0.0.1:{port}"));
        }
        text
    }

    /// The ports on which a service listens, as the flags of its program: the last of two counts.
    fn own_ports(&self, service: &Service) -> Vec<String> {
        let name = service.name.as_str();
        let port = |number| self.port(name, number);
        match name.rsplit('-').next().unwrap_or_default() {
            "el" | "geth" => vec![
                format!("--http.port={}", port(8545)),
                format!("--ws.port={}", port(8546)),
                format!("--authrpc.port={}", port(8551)),
                "--port=0".to_owned(),
            ],
            "cl" => vec![format!("--http-port={}", port(5052))],
            "node" => vec![format!("--rpc.port={}", port(9545))],
            "batcher" | "proposer" => vec!["--rpc.port=0".to_owned()],
            _ => Vec::new(),
        }
    }

    /// Starts every service again that has ended.
    pub fn restart_ended(&mut self) {
        for at in 0..self.services.len() {
            if self.services[at].process.as_mut().is_some_and(Process::has_ended) {
                self.start(at);
            }
        }
    }

    /// `kill -9` of the client of a service; its supervisor ends with it.
    pub fn kill(&self, service: &str) {
        let running = self.services.iter().find(|running| running.service.name == service).unwrap();
        let supervisor = running.process.as_ref().unwrap().id().to_string();
        let found = Command::new("pgrep").args(["-P", &supervisor]).output().unwrap();
        let client = String::from_utf8(found.stdout).unwrap();
        let killed = Command::new("kill").args(["-KILL", client.trim()]).status();
        assert!(killed.unwrap().success(), "{service}: {client}");
    }

    /// The log of the last start of a service.
    pub fn log(&self, service: &str) -> String {
        let running = self.services.iter().find(|running| running.service.name == service).unwrap();
        std::fs::read_to_string(self.at(&format!("{service}-{}.log", running.starts))).unwrap()
    }

    /// Waits until `ask` succeeds, while services restart.
    pub fn eventually<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut ask: impl FnMut(&Self) -> Result<T, String>,
    ) -> T {
        let end = Instant::now() + limit;
        loop {
            match ask(self) {
                Ok(answer) => return answer,
                Err(error) => assert!(Instant::now() < end, "{what}: not in {limit:?}: {error}"),
            }
            self.restart_ended();
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// JSON-RPC of a service.
    pub fn call(&self, service: &str, number: u16, method: &str) -> Result<Value, String> {
        http::call(self.port(service, number), method, json!([]))
    }
}
