//! The stacks of a machine: the Compose projects whose containers or volumes are ours.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::containers::{Container, Volume};
use super::{CLIENTS, SERVICES, VOLUMES, l2};
use crate::compose::project;
use crate::spelling;

/// A stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// The name of its Compose project.
    pub name: String,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Services of the same project that are not ours.
    pub others: BTreeSet<String>,
}

/// What `regenesis verify --up` adds to the name of a project, for a stack that it removes when it ends.
pub const TRIAL: &str = "-verify";

/// Whether a stack runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All clients run, also those of its L2s.
    Running,
    /// Some clients run.
    Partly,
    /// It has containers, and no client runs.
    Stopped,
    /// It has only volumes.
    Removed,
}

impl State {
    /// For a table.
    pub fn text(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Partly => "partly running",
            Self::Stopped => "stopped",
            Self::Removed => "removed, its volumes remain",
        }
    }
}

impl Stack {
    /// Whether it runs.
    pub fn state(&self) -> State {
        let clients = self.clients();
        let running = clients.iter().filter(|name| self.running(name).is_some()).count();
        match running {
            0 if self.containers.is_empty() => State::Removed,
            0 => State::Stopped,
            _ if running == clients.len() => State::Running,
            _ => State::Partly,
        }
    }

    /// The names of its L2s.
    pub fn l2s(&self) -> BTreeSet<&str> {
        self.containers.iter().filter_map(Container::network).collect()
    }

    /// Its services, in the order in which they start.
    pub fn services(&self) -> Vec<&str> {
        SERVICES.into_iter().chain(self.l2_services()).chain(self.captured()).collect()
    }

    /// The services of a captured enclave. No chain waits for them.
    fn captured(&self) -> Vec<&str> {
        let captured = self.containers.iter().filter(|container| container.is_captured());
        let mut services: Vec<_> = captured.map(|container| &*container.service).collect();
        services.sort_unstable();
        services
    }

    /// The services that must run for the chains to continue.
    pub fn clients(&self) -> Vec<&str> {
        CLIENTS.into_iter().chain(self.l2_services()).collect()
    }

    fn l2_services(&self) -> Vec<&str> {
        let mut services: Vec<_> = self
            .containers
            .iter()
            .filter_map(|one| Some((one.network()?, l2::order(&one.service), &*one.service)))
            .collect();
        services.sort_unstable();
        services.into_iter().map(|(.., service)| service).collect()
    }

    /// The container of a service, running or not.
    pub fn container(&self, service: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.service == service)
    }

    /// The container of a service, if it runs.
    pub fn running(&self, service: &str) -> Option<&Container> {
        self.container(service).filter(|container| container.runs())
    }

    /// The directory of its project.
    pub fn directory(&self) -> Option<&str> {
        let mut directories = self.containers.iter().map(|container| container.directory.as_str());
        directories.find(|directory| !directory.is_empty())
    }

    /// Its compose files.
    pub fn files(&self) -> &[String] {
        self.containers
            .iter()
            .map(|container| &*container.files)
            .find(|f| !f.is_empty())
            .unwrap_or(&[])
    }

    /// The directory of its snapshot; `None` for the embedded sample, or if no container is left.
    pub fn snapshot(&self) -> Option<&str> {
        let init = self.container("init").or_else(|| self.container("watch"))?;
        let inside = init.environment.get("REGENESIS_SNAPSHOT").filter(|path| !path.is_empty())?;
        init.directories.get(inside).map(String::as_str)
    }

    /// The address `HOST:PORT` at which the host listens for `port` of a service.
    pub fn address(&self, service: &str, port: u16) -> Option<String> {
        let container = self.container(service)?;
        let binding = container.ports.iter().find(|binding| binding.container == port)?;
        let host = match binding.address.as_str() {
            // Every address of the host includes this one.
            "" | "0.0.0.0" | "::" => "127.0.0.1",
            address => address,
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Some(format!("{host}:{}", binding.host))
    }
}

/// Groups containers and volumes by project. A project without a container or the volumes of ours is not a
/// stack.
pub fn stacks(containers: Vec<Container>, volumes: Vec<Volume>) -> Vec<Stack> {
    let mut stacks: BTreeMap<String, Stack> = BTreeMap::new();
    for container in containers {
        let stack = stacks.entry(container.project.clone()).or_default();
        if container.is_ours() {
            stack.containers.push(container);
        } else {
            stack.others.insert(container.service);
        }
    }
    let is_ours = |key: &str| VOLUMES.contains(&key) || key == l2::VOLUME;
    for volume in volumes.into_iter().filter(|volume| is_ours(&volume.key)) {
        stacks.entry(volume.project.clone()).or_default().volumes.push(volume);
    }
    stacks
        .into_iter()
        .map(|(name, stack)| Stack { name, ..stack })
        .filter(|stack| {
            let has = |key: &&str| stack.volumes.iter().any(|volume| volume.key == **key);
            let is_complete = VOLUMES.iter().all(has) && stack.others.is_empty();
            !stack.containers.is_empty() || is_complete
        })
        .collect()
}

/// No stack has the name.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// Another name is known.
    #[error("there is no stack {name}{}", .nearest.as_ref().map_or_else(String::new, |nearest| format!(
        ": did you mean {nearest}?"
    )))]
    Name {
        /// The name.
        name: String,
        /// The stack that was probably meant.
        nearest: Option<String>,
    },
    /// There is no stack.
    #[error("no stack of regenesis is on this machine")]
    None,
    /// A name is required.
    #[error("{} stacks are on this machine: {}", .0.len(), .0.join(", "))]
    Several(Vec<String>),
}

impl Unknown {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Name { .. } => "regenesis list shows the stacks",
            Self::None => "regenesis up starts one",
            Self::Several(_) => "add the name of one",
        }
    }
}

/// Whether a name is that of a [`TRIAL`]; other stacks have the names that users choose.
pub fn is_trial(name: &str) -> bool {
    let digest = name.strip_suffix(TRIAL).and_then(|project| project.rsplit_once('-'));
    digest.is_some_and(|(_, digest)| {
        digest.len() == project::DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The stack with a name; without a name, the only one, or the only one that runs. Without a name, a
/// [`TRIAL`] counts only if there is nothing else: it may be that of a test on the same machine.
///
/// # Errors
/// There is no such stack, or there are several.
pub fn select<'a>(stacks: &'a [Stack], name: Option<&str>) -> Result<&'a Stack, Unknown> {
    if let Some(name) = name {
        return stacks.iter().find(|stack| stack.name == name).ok_or_else(|| Unknown::Name {
            name: name.to_owned(),
            nearest: spelling::nearest(name, stacks.iter().map(|stack| &*stack.name))
                .map(str::to_owned),
        });
    }
    let (trials, lasting): (Vec<_>, Vec<_>) =
        stacks.iter().partition(|stack| is_trial(&stack.name));
    let stacks = if lasting.is_empty() { trials } else { lasting };
    let running = |stack: &&Stack| matches!(stack.state(), State::Running | State::Partly);
    match stacks[..] {
        [] => Err(Unknown::None),
        [stack] => Ok(stack),
        _ => match stacks.iter().copied().filter(running).collect::<Vec<_>>()[..] {
            [stack] => Ok(stack),
            _ => Err(Unknown::Several(stacks.iter().map(|stack| stack.name.clone()).collect())),
        },
    }
}

/// The name of a stack, and services.
pub type Words<'a> = (Option<&'a str>, Vec<&'a str>);

/// Splits `[NAME] SERVICE…` into the name and the services: the names of services are reserved.
///
/// # Errors
/// More than one word is not a service: the first, which would be the name, and the second.
pub fn words<'a>(stacks: &[Stack], words: &'a [String]) -> Result<Words<'a>, (&'a str, &'a str)> {
    let is_service = |word: &&String| {
        let word = word.as_str();
        SERVICES.contains(&word) || stacks.iter().any(|stack| stack.services().contains(&word))
    };
    let (services, names): (Vec<_>, Vec<_>) = words.iter().partition(is_service);
    match names[..] {
        [first, second, ..] => Err((first, second)),
        _ => Ok((names.first().map(|s| s.as_str()), services.into_iter().map(|s| &**s).collect())),
    }
}

#[cfg(test)]
pub(super) mod tests;
