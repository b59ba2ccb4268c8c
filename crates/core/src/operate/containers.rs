//! Containers and volumes, as `docker inspect` describes them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{SERVICES, Unexpected, l2};
use crate::services::service_data;

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const DIRECTORY: &str = "com.docker.compose.project.working_dir";
const FILES: &str = "com.docker.compose.project.config_files";
const ONE_OFF: &str = "com.docker.compose.oneoff";
const VOLUME: &str = "com.docker.compose.volume";

/// The program that starts every client, in the runtime volume.
const PROGRAM: &str = "/runtime/bin/regenesis";
/// A variable that `init` and `watch` have in every stack of ours.
const MARK: &str = "REGENESIS_CLIENT_DATA";
/// A variable of clients: how they are supervised.
const SUPERVISE: &str = "REGENESIS_SUPERVISE";

/// A container of a Compose project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    pub project: String,
    /// Its service.
    pub service: String,
    /// The directory of the project.
    pub directory: String,
    /// The compose files of the project.
    pub files: Vec<String>,
    /// The image's name.
    pub image: String,
    /// `created`, `running`, `paused`, `restarting`, `exited` …
    pub state: String,
    /// Its last exit code.
    pub exit_code: i64,
    /// The result of its health check, if it has one.
    pub health: Option<String>,
    /// When it last started, in RFC 3339.
    pub started: String,
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// The published ports.
    pub ports: Vec<Binding>,
    /// Host directories by their path in the container.
    pub directories: BTreeMap<String, String>,
}

/// A port of a container that the host listens for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Binding {
    /// The port in the container.
    pub container: u16,
    /// The host's address.
    pub address: String,
    /// The host's port.
    pub host: u16,
}

/// A named volume of a Compose project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its full name.
    pub name: String,
    /// The project that it belongs to.
    pub project: String,
    /// Its name in the compose file.
    pub key: String,
}

impl Container {
    /// Whether it runs.
    pub fn runs(&self) -> bool {
        matches!(self.state.as_str(), "running" | "paused" | "restarting")
    }

    /// Whether it is a service of a stack that regenesis describes, and not a service of the same name.
    pub fn is_ours(&self) -> bool {
        let is_client = self.arguments.first().is_some_and(|program| program == PROGRAM);
        if SERVICES.contains(&self.service.as_str()) {
            return is_client || self.environment.contains_key(MARK);
        }
        is_client && (self.network().is_some() || self.is_captured())
    }

    /// The L2 that it is a client of.
    pub fn network(&self) -> Option<&str> {
        let is_l2 = self.environment.get(SUPERVISE).is_some_and(|role| role == l2::ROLE);
        l2::network(&self.service).filter(|_| is_l2)
    }

    /// Whether it is a service of a captured enclave, by the directory of its data.
    pub fn is_captured(&self) -> bool {
        let datadir = format!("--datadir={}", service_data(&self.service));
        self.arguments.contains(&datadir)
    }
}

/// Parses `docker inspect` of containers; those of no project, and one-off ones, are left out.
///
/// # Errors
/// The text is not what Docker documents.
pub fn containers(json: &str) -> Result<Vec<Container>, Unexpected> {
    let parsed: Vec<raw::Container> = parse("docker inspect", json)?;
    Ok(parsed.into_iter().filter_map(container).collect())
}

/// Parses `docker volume inspect`; volumes of no project are left out.
///
/// # Errors
/// The text is not what Docker documents.
pub fn volumes(json: &str) -> Result<Vec<Volume>, Unexpected> {
    let parsed: Vec<raw::Volume> = parse("docker volume inspect", json)?;
    let volume = |raw: raw::Volume| {
        let labels = raw.labels.unwrap_or_default();
        Some(Volume {
            project: labels.get(PROJECT)?.clone(),
            key: labels.get(VOLUME)?.clone(),
            name: raw.name,
        })
    };
    Ok(parsed.into_iter().filter_map(volume).collect())
}

fn parse<T: serde::de::DeserializeOwned>(
    command: &'static str,
    json: &str,
) -> Result<Vec<T>, Unexpected> {
    // Without a match, docker prints an empty array or nothing.
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(json).map_err(|source| Unexpected { command, source })
}

fn container(raw: raw::Container) -> Option<Container> {
    let labels = raw.config.labels.unwrap_or_default();
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    if label(ONE_OFF).eq_ignore_ascii_case("true") {
        return None;
    }
    let variables = raw.config.env.unwrap_or_default();
    let variables = variables.iter().filter_map(|line| line.split_once('='));
    let ports = raw.host_config.port_bindings.unwrap_or_default();
    let mounts = raw.mounts.unwrap_or_default();
    let arguments = raw.config.entrypoint.unwrap_or_default();
    Some(Container {
        id: raw.id,
        name: raw.name.trim_start_matches('/').to_owned(),
        project: labels.get(PROJECT)?.clone(),
        service: labels.get(SERVICE)?.clone(),
        directory: label(DIRECTORY),
        files: label(FILES).split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect(),
        image: raw.config.image,
        state: raw.state.status,
        exit_code: raw.state.exit_code,
        health: raw.state.health.map(|health| health.status),
        started: raw.state.started_at,
        arguments: arguments.into_iter().chain(raw.config.cmd.unwrap_or_default()).collect(),
        environment: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ports: ports.into_iter().flat_map(|(port, hosts)| bindings(&port, hosts)).collect(),
        directories: mounts
            .into_iter()
            .filter(|mount| mount.kind == "bind")
            .map(|mount| (mount.destination, mount.source))
            .collect(),
    })
}

fn bindings(port: &str, hosts: Option<Vec<raw::Host>>) -> Vec<Binding> {
    let Some(container) = port.split('/').next().and_then(|port| port.parse().ok()) else {
        return Vec::new();
    };
    let binding = |host: raw::Host| {
        Some(Binding { container, address: host.ip, host: host.port.parse().ok()? })
    };
    hosts.unwrap_or_default().into_iter().filter_map(binding).collect()
}

/// The parts of Docker's answers that are read.
mod raw {
    use super::{BTreeMap, Deserialize};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct Container {
        pub(super) id: String,
        pub(super) name: String,
        pub(super) state: State,
        pub(super) config: Config,
        pub(super) host_config: HostConfig,
        pub(super) mounts: Option<Vec<Mount>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct State {
        pub(super) status: String,
        pub(super) exit_code: i64,
        pub(super) started_at: String,
        pub(super) health: Option<Health>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct Health {
        pub(super) status: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct Config {
        pub(super) image: String,
        pub(super) env: Option<Vec<String>>,
        pub(super) entrypoint: Option<Vec<String>>,
        pub(super) cmd: Option<Vec<String>>,
        pub(super) labels: Option<BTreeMap<String, String>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct HostConfig {
        pub(super) port_bindings: Option<BTreeMap<String, Option<Vec<Host>>>>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Host {
        #[serde(rename = "HostIp", default)]
        pub(super) ip: String,
        #[serde(rename = "HostPort", default)]
        pub(super) port: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct Mount {
        #[serde(rename = "Type")]
        pub(super) kind: String,
        #[serde(default)]
        pub(super) source: String,
        pub(super) destination: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct Volume {
        pub(super) name: String,
        pub(super) labels: Option<BTreeMap<String, String>>,
    }
}

#[cfg(test)]
mod tests;
