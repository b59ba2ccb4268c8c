//! The types of a stack.

use serde::{Deserialize, Serialize};

use super::{Setting, Text};

/// Services that run together, and the volumes that they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// The services, in the order in which they start.
    pub services: Vec<Service>,
    /// Every named volume that a service mounts.
    pub volumes: Vec<Volume>,
}

/// A container.
///
/// Every renderer runs it with a read-only root file system, without capabilities and without a way to
/// gain privileges: no service needs them, so that there is no value for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, and its host name for the other services.
    pub name: String,
    /// Its other host names.
    pub aliases: Vec<String>,
    /// Its image. Without a default, the user must choose one.
    pub image: Setting,
    /// The program that runs instead of the image's entry point.
    pub program: Option<String>,
    /// The arguments of the program, or of the image's entry point.
    pub arguments: Vec<Text>,
    /// Its environment variables.
    pub environment: Vec<Variable>,
    /// The ports on which it listens.
    pub ports: Vec<Port>,
    /// The volumes and directories that it sees.
    pub mounts: Vec<Mount>,
    /// Directories for temporary files, in memory.
    pub temporary: Vec<String>,
    /// The services that it waits for.
    pub depends_on: Vec<Dependency>,
    /// How its health is checked.
    pub health_check: Option<HealthCheck>,
    /// The restart policy.
    pub restart: RestartPolicy,
    /// The network that it joins.
    pub network: Network,
    /// The user and group that it runs as, by number.
    pub user: u32,
    /// How long it may take to stop before it is killed.
    pub stop_grace: Seconds,
    /// How much of its log is kept.
    pub log: LogRotation,
    /// What a scheduler sets aside for it. A machine with one stack needs no such figures.
    pub reserve: Reserve,
}

/// A share of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// Processor time, in thousandths of a core.
    pub milli_cpus: u32,
    /// Memory, in MiB.
    pub mebibytes: u32,
}

/// The size at which the log of a service rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRotation {
    /// The size of a file, in MB.
    pub megabytes: u32,
    /// The number of files.
    pub files: u32,
}

/// A number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Text,
}

/// A TCP port of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The protocol spoken there: `http`, `ws`, `engine`. For a captured service, its name in the enclave.
    pub name: String,
    /// The port in the container.
    pub number: u16,
    /// Where the host listens for it; `None`: only other services reach it.
    pub published: Option<Published>,
}

/// A listener of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The address to bind.
    pub address: Setting,
    /// The port to bind.
    pub port: Setting,
}

/// A named volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// What it keeps.
    pub content: VolumeContent,
}

/// What a volume keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeContent {
    /// The runtime directory: `init` writes it, clients only read it.
    Runtime,
    /// The chain data of the client of the same name.
    ClientData,
    /// The chain data of the L2s and of captured services, in a directory for each.
    L2Data,
}

/// A volume or a directory at a path of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// The absolute path in the container.
    pub target: Text,
    /// Whether the service can only read it.
    pub read_only: bool,
}

/// What a [`Mount`] mounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountSource {
    /// The volume of this name.
    Volume(String),
    /// A file or a directory of the host; a relative path is relative to the directory of the stack.
    Directory(Text),
}

/// A service that another one waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The service to wait for.
    pub service: String,
    /// What to wait for.
    pub condition: Condition,
}

/// What a dependency must have reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It exited with code 0.
    Completed,
    /// It was started.
    Started,
}

/// A command that succeeds while the service is healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The program and its arguments, run in the container without a shell.
    pub command: Vec<String>,
    /// The time between two checks.
    pub interval: Seconds,
    /// How long a check may take.
    pub timeout: Seconds,
    /// How many checks must fail in a row before the service is unhealthy.
    pub retries: u32,
    /// The time after the start in which failures do not count.
    pub start_period: Seconds,
}

/// The restart policy of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// Nothing: it runs once.
    Never,
    /// It starts again, and with the container engine. After `kill -9` of its daemon, Docker counts
    /// containers as stopped by the user, and starts only those with this policy.
    Always,
}

/// The network of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The stack's own, where services reach each other by name.
    Stack,
    /// None.
    Offline,
}
