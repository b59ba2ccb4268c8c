//! The stack of a snapshot as values: `init`, an execution client, and the beacon node and validator
//! client of a consensus client.
//!
//! Nothing here speaks the language of an orchestrator: [`crate::compose`] renders these values as a
//! compose file, and other renderers can start from the same ones. Each service is one file, and one
//! line of [`stack`]; those of a captured enclave are rows of [`PROGRAMS`].
//!
//! Every client starts through `regenesis run`, from the program in the runtime volume. Neither the
//! order in which containers start nor chain data left by an earlier run can then mix two geneses; see
//! docs/decisions/0007-lease-and-record.md.

mod captured;
mod geth;
mod init;
mod lighthouse;
mod lodestar;
mod model;
mod op_stack;
mod prysm;
mod reth;
pub mod settings;
mod text;
mod watch;

use crate::cl;
use crate::cl::config::{Config, FAR_FUTURE_EPOCH};
use crate::cl::preset;
pub use captured::{Captured, Enclave, PROGRAMS, Program, data as service_data};
pub use init::IMAGE;
pub use model::{
    Condition, Dependency, HealthCheck, LogRotation, Mount, MountSource, Network, Port, Published,
    Reserve, RestartPolicy, Seconds, Service, Stack, Variable, Volume, VolumeContent,
};
pub use op_stack::{DATA as L2_VOLUME, L2};
pub use settings::Setting;
pub use text::{Part, Text};
pub use watch::NAME as WATCH;

/// The user and group of all services, by number: each can read the files of the others.
pub const USER_ID: u32 = 65532;

/// Where every service mounts the runtime volume.
const RUNTIME: &str = "/runtime";
/// This program, as `init --leave-program` leaves it in the runtime volume.
const PROGRAM: &str = "/runtime/bin/regenesis";
/// A new stack logs less than that in a day: docs/stack.md has the figures.
const LOG: LogRotation = LogRotation { megabytes: 10, files: 3 };
/// Of a service that computes little: `init`, `watch`, op-batcher.
const SMALL: Reserve = Reserve { milli_cpus: 50, mebibytes: 64 };
/// Of a client with chain data.
const LARGE: Reserve = Reserve { milli_cpus: 250, mebibytes: 1024 };
/// Of any other client.
const MEDIUM: Reserve = Reserve { milli_cpus: 100, mebibytes: 256 };
const BIND: Setting = Setting::named("BIND");
const FEE_RECIPIENT: Setting = Setting::named("FEE_RECIPIENT");

/// How stacks differ.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where `init` finds its snapshot.
    pub snapshot: SnapshotSource,
    /// Whether Fulu is active or scheduled: a lone beacon node must then custody all data columns.
    pub fulu: bool,
    /// Whether the preset is `minimal`: Prysm and Lodestar do not read it from the config.
    pub minimal: bool,
    /// The clients.
    pub clients: Clients,
    /// Whether all services share one network, as the containers of a pod do: no two then listen on the
    /// same port.
    pub shares_network: bool,
}

/// The clients of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clients {
    /// The execution client.
    pub execution: Execution,
    /// The consensus client.
    pub consensus: Consensus,
}

impl Clients {
    /// Every pair.
    pub fn all() -> impl Iterator<Item = Self> {
        let with = |execution| Consensus::ALL.map(|consensus| Self { execution, consensus });
        Execution::ALL.into_iter().flat_map(with)
    }
}

/// The execution clients of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Execution {
    /// geth.
    #[default]
    Geth,
    /// reth.
    Reth,
}

impl Execution {
    /// All of them. A further client is one file, one variant and one line of each function here.
    pub const ALL: [Self; 2] = [Self::Geth, Self::Reth];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Geth => "geth",
            Self::Reth => "reth",
        }
    }

    /// Whether it builds a block at every slot and still answers the beacon node in time.
    fn prepares_payloads(self) -> bool {
        match self {
            Self::Geth => true,
            Self::Reth => false,
        }
    }

    /// Whether it can lose its last blocks, which `watch` replays from those of the beacon node.
    fn loses_blocks(self) -> bool {
        match self {
            Self::Geth => false,
            Self::Reth => true,
        }
    }

    fn service(self) -> Service {
        match self {
            Self::Geth => geth::service(),
            Self::Reth => reth::service(),
        }
    }
}

/// The consensus clients of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consensus {
    /// Lighthouse.
    #[default]
    Lighthouse,
    /// Prysm.
    Prysm,
    /// Lodestar.
    Lodestar,
}

impl Consensus {
    /// All of them. A further client is one file, one variant and one line of each function here.
    pub const ALL: [Self; 3] = [Self::Lighthouse, Self::Prysm, Self::Lodestar];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lighthouse => "lighthouse",
            Self::Prysm => "prysm",
            Self::Lodestar => "lodestar",
        }
    }

    /// The layout that `init` must write; `None` if it is the default.
    fn layout(self) -> Option<&'static str> {
        match self {
            Self::Lighthouse => None,
            Self::Prysm => Some(prysm::LAYOUT),
            Self::Lodestar => Some(lodestar::LAYOUT),
        }
    }

    /// The beacon node and the validator client.
    fn services(self, options: Options) -> [Service; 2] {
        match self {
            Self::Lighthouse => [lighthouse::beacon(options), lighthouse::validator()],
            Self::Prysm => [prysm::beacon(options), prysm::validator(options)],
            Self::Lodestar => [lodestar::beacon(options), lodestar::validator(options)],
        }
    }
}

/// Where `init` finds its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotSource {
    /// In the directory that the variable `SNAPSHOT` names by its absolute path; without it, `init`
    /// uses the embedded sample.
    Variable,
    /// In the directory of the stack.
    Here,
}

impl Options {
    /// The options for the embedded sample, or the snapshot that the variable `SNAPSHOT` names.
    pub fn of_sample(clients: Clients) -> Self {
        let snapshot = SnapshotSource::Variable;
        Self { snapshot, fulu: true, minimal: true, clients, shares_network: false }
    }

    /// The options for the directory of a snapshot with this `config.yaml`.
    ///
    /// # Errors
    /// `FULU_FORK_EPOCH` is not a number, or `PRESET_BASE` is not a preset.
    pub fn in_snapshot(config: &Config, clients: Clients) -> Result<Self, cl::Error> {
        let fulu = config.optional_u64("FULU_FORK_EPOCH")?;
        Ok(Self {
            snapshot: SnapshotSource::Here,
            fulu: fulu.is_some_and(|epoch| epoch != FAR_FUTURE_EPOCH),
            minimal: preset::base(config)? == "minimal",
            clients,
            shares_network: false,
        })
    }
}

/// The stack without an L2.
pub fn stack(options: Options) -> Stack {
    stack_with(options, &[])
}

/// The stack with these L2s.
pub fn stack_with(options: Options, chains: &[L2]) -> Stack {
    stack_of(options, chains, &Enclave::default())
}

/// The stack with these L2s and services of an enclave. A further service is one more line.
pub fn stack_of(options: Options, chains: &[L2], enclave: &Enclave) -> Stack {
    let Clients { execution, consensus } = options.clients;
    let mut clients = vec![execution.service()];
    clients.extend(consensus.services(options));
    let names = clients.iter().map(|client| client.name.clone());
    let data = names.map(|name| Volume { name, content: VolumeContent::ClientData });
    let runtime = Volume { name: "runtime".to_owned(), content: VolumeContent::Runtime };
    let has_l2 = !chains.is_empty() || !enclave.services.is_empty();
    let l2_data = has_l2.then(op_stack::volume);
    let volumes: Vec<_> = std::iter::once(runtime).chain(data).chain(l2_data).collect();
    let init = init::service(options, &volumes);
    let watch = watch::service(&init);
    let shared = options.shares_network;
    let l2 = chains.iter().enumerate();
    let l2 = l2.flat_map(|(index, chain)| op_stack::services(chain, index, shared));
    let services = std::iter::once(init).chain(clients).chain([watch]).chain(l2);
    let mut services = services.collect();
    enclave.join(&mut services);
    Stack { services, volumes }
}

impl Service {
    /// A service that runs once and offline, with nothing but an image and arguments.
    fn of(name: impl Into<String>, image: Setting, arguments: Vec<Text>) -> Self {
        Self {
            name: name.into(),
            aliases: Vec::new(),
            image,
            program: None,
            arguments,
            environment: Vec::new(),
            ports: Vec::new(),
            mounts: Vec::new(),
            temporary: Vec::new(),
            depends_on: Vec::new(),
            health_check: None,
            restart: RestartPolicy::Never,
            network: Network::Offline,
            user: USER_ID,
            stop_grace: Seconds(10),
            log: LOG,
            reserve: SMALL,
        }
    }

    /// A client: it waits for `init`, starts through `regenesis run`, which supervises it, and is checked by
    /// `regenesis health`.
    fn client(name: &'static str, image: Setting, arguments: Vec<Text>) -> Self {
        let mut service = Self::supervised(name, name, image, arguments);
        service.mounts.push(Mount::volume(name, "/data"));
        service.reserve = if name == "vc" { MEDIUM } else { LARGE };
        service
    }

    /// A client that `run --supervise` and `health` call `role`, without data.
    fn supervised(
        name: impl Into<String>,
        role: &'static str,
        image: Setting,
        arguments: Vec<Text>,
    ) -> Self {
        Self {
            program: Some(PROGRAM.to_owned()),
            environment: vec![
                Variable::new("REGENESIS_RUNTIME", RUNTIME),
                Variable::new("REGENESIS_SUPERVISE", role),
            ],
            mounts: vec![Mount { read_only: true, ..Mount::volume("runtime", RUNTIME) }],
            depends_on: vec![Dependency {
                service: init::NAME.to_owned(),
                condition: Condition::Completed,
            }],
            health_check: Some(HealthCheck::of(&[role])),
            restart: RestartPolicy::Always,
            network: Network::Stack,
            stop_grace: Seconds(30),
            reserve: MEDIUM,
            ..Self::of(name, image, arguments)
        }
    }
}

impl HealthCheck {
    /// `regenesis health` with these arguments.
    fn of(arguments: &[&str]) -> Self {
        let command = [PROGRAM, "health"].into_iter().chain(arguments.iter().copied());
        Self {
            command: command.map(str::to_owned).collect(),
            interval: Seconds(5),
            timeout: Seconds(5),
            retries: 3,
            start_period: Seconds(30),
        }
    }

    /// Whether a program listens on one of its ports: nothing else is asked of it.
    fn listens(ports: &[u16]) -> Self {
        let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
        let check = Self::of(&["port", &format!("--port={}", ports.join(","))]);
        // Some wait for others, or for blocks, before they listen.
        Self { start_period: Seconds(120), ..check }
    }
}

impl Variable {
    fn new(name: impl Into<String>, value: impl Into<Text>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Mount {
    fn volume(name: &str, target: impl Into<Text>) -> Self {
        let source = MountSource::Volume(name.to_owned());
        Self { source, target: target.into(), read_only: false }
    }
}

impl Port {
    fn internal(name: &'static str, number: u16) -> Self {
        Self { name: name.to_owned(), number, published: None }
    }

    fn published(name: &'static str, number: u16, port: Setting) -> Self {
        let published = Some(Published { address: BIND, port });
        Self { published, ..Self::internal(name, number) }
    }
}

/// Arguments without settings.
fn arguments(words: &[&'static str]) -> Vec<Text> {
    words.iter().map(|&word| word.into()).collect()
}

#[cfg(test)]
mod tests;
