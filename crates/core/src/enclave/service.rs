//! The services of enclaves, as `docker inspect` describes their containers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Role;
use super::words::{Start, Words};
use crate::operate::Unexpected;

const TYPE: &str = "com.kurtosistech.container-type";
const USER_SERVICE: &str = "user-service";
/// A filter of `docker ps` for the services of all enclaves. Source of the labels: kurtosis
/// `container-engine-lib/…/docker_label_key/label_key_consts.go`.
pub const FILTER: &str = "label=com.kurtosistech.container-type=user-service";
const ENCLAVE: &str = "com.kurtosistech.enclave-name";
const ENCLAVE_ID: &str = "com.kurtosistech.enclave-id";
const NAME: &str = "com.kurtosistech.id";
const ADDRESS: &str = "com.kurtosistech.private-ip";
const PORTS: &str = "com.kurtosistech.ports";
const CLIENT: &str = "com.kurtosistech.custom.ethereum-package.client";
const NODE: &str = "com.kurtosistech.custom.ethereum-package.node-index";
const NETWORK: &str = "com.kurtosistech.custom.op.network.id";
const PARTICIPANT: &str = "com.kurtosistech.custom.op.network.participant.name";

/// A service of an enclave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The name of its enclave.
    pub enclave: String,
    /// The UUID of its enclave.
    pub enclave_id: String,
    /// Its name, which is its host name in the enclave.
    pub name: String,
    /// The id of its container.
    pub container: String,
    /// `created`, `running`, `exited` …
    pub state: String,
    /// The name of its image.
    pub image: String,
    /// What it is for.
    pub role: Role,
    /// `geth`, `lighthouse` …, if a label says so.
    pub client: Option<String>,
    /// ethereum-package's number of the node that it is a part of.
    pub node: Option<String>,
    /// The chain id of its L2, by optimism-package's label.
    pub network: Option<String>,
    /// optimism-package's name of the node that it is a part of.
    pub participant: Option<String>,
    /// Its address in the enclave.
    pub address: Option<String>,
    /// Its command line, word by word.
    pub words: Words,
    /// How it was started.
    pub start: Start,
    /// Its ports, in the order of their names.
    pub ports: Vec<Port>,
}

/// A port that a package declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// `rpc`, `http` …
    pub name: String,
    /// Its number in the container.
    pub number: u16,
    /// `HOST:PORT` where this machine listens for it; only while the container runs.
    pub published: Option<String>,
}

impl Service {
    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.state == "running"
    }

    /// `HOST:PORT` of the first of these ports that is published.
    pub fn published(&self, names: &[&str]) -> Option<&str> {
        let named = |name: &&str| self.ports.iter().find(|port| port.name == **name);
        names.iter().filter_map(named).find_map(|port| port.published.as_deref())
    }

    /// The program that its image is named after.
    pub fn program(&self) -> &str {
        super::role::program(&self.image)
    }

    /// Whether `host` is this service, as others in the enclave address it.
    pub(super) fn is_at(&self, host: &str) -> bool {
        self.name == host || self.address.as_deref() == Some(host)
    }
}

/// Parses `docker inspect` of containers; those of no enclave are left out.
///
/// # Errors
/// The text is not what Docker documents.
pub fn parse(json: &str) -> Result<Vec<Service>, Unexpected> {
    // Without a match, docker prints an empty array or nothing.
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let parsed: Vec<Container> = serde_json::from_str(json)
        .map_err(|source| Unexpected { command: "docker inspect", source })?;
    let mut services: Vec<_> = parsed.into_iter().filter_map(service).collect();
    let key = |service: &Service| {
        (service.enclave.clone(), service.enclave_id.clone(), service.name.clone())
    };
    services.sort_by_key(key);
    Ok(services)
}

fn service(raw: Container) -> Option<Service> {
    let labels = raw.config.labels.unwrap_or_default();
    let label = |name: &str| labels.get(name).filter(|value| !value.is_empty()).cloned();
    if label(TYPE)? != USER_SERVICE {
        return None;
    }
    let bindings = raw.network_settings.ports.unwrap_or_default();
    let declared = label(PORTS).unwrap_or_default();
    let ports = declared.split(',').filter_map(|text| port(text, &bindings)).collect();
    let start = Start {
        image: raw.config.image.clone(),
        entrypoint: raw.config.entrypoint.unwrap_or_default(),
        cmd: raw.config.cmd.unwrap_or_default(),
        env: raw.config.env.unwrap_or_default(),
    };
    Some(Service {
        role: Role::of(&labels, &raw.config.image),
        enclave: label(ENCLAVE)?,
        enclave_id: label(ENCLAVE_ID)?,
        name: label(NAME)?,
        container: raw.id,
        state: raw.state.status,
        client: label(CLIENT),
        node: label(NODE),
        network: label(NETWORK),
        participant: label(PARTICIPANT),
        address: label(ADDRESS),
        image: raw.config.image,
        words: Words::of(&start),
        start,
        ports,
    })
}

/// A port of the label: `NAME:NUMBER/PROTOCOL`, and perhaps `/APPLICATION`.
fn port(text: &str, bindings: &BTreeMap<String, Option<Vec<Host>>>) -> Option<Port> {
    let (name, rest) = text.split_once(':')?;
    let mut parts = rest.split('/');
    let number = parts.next()?.parse().ok()?;
    let protocol = parts.next().unwrap_or("TCP").to_ascii_lowercase();
    let hosts = bindings.get(&format!("{number}/{protocol}")).and_then(Option::as_ref);
    let hosts = hosts.map(Vec::as_slice).unwrap_or_default();
    // Docker lists IPv4 and IPv6 apart: any address of this machine will do, and IPv4 is always there.
    let host = hosts.iter().find(|host| !host.ip.contains(':')).or_else(|| hosts.first());
    let published = host.map(|host| match host.ip.as_str() {
        "" | "0.0.0.0" => format!("127.0.0.1:{}", host.port),
        "::" => format!("[::1]:{}", host.port),
        ip if ip.contains(':') => format!("[{ip}]:{}", host.port),
        ip => format!("{ip}:{}", host.port),
    });
    Some(Port { name: name.to_owned(), number, published })
}

// The parts of Docker's answer that are read.

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    id: String,
    state: State,
    config: Config,
    network_settings: NetworkSettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    image: String,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    ports: Option<BTreeMap<String, Option<Vec<Host>>>>,
}

#[derive(Deserialize)]
struct Host {
    #[serde(rename = "HostIp", default)]
    ip: String,
    #[serde(rename = "HostPort", default)]
    port: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_port_is_an_address_of_this_machine() {
        let json = |hosts: &str| format!(r#"{{"8545/tcp": {hosts}, "30303/udp": null}}"#);
        let published = |hosts: &str| {
            let bindings = serde_json::from_str(&json(hosts)).unwrap();
            port("rpc:8545/TCP/http", &bindings).unwrap().published
        };
        let host = |ip| format!(r#"{{"HostIp": "{ip}", "HostPort": "33630"}}"#);
        let two = format!("[{}, {}]", host("::"), host("0.0.0.0"));
        assert_eq!(published(&two).unwrap(), "127.0.0.1:33630");
        assert_eq!(published(&format!("[{}]", host("::"))).unwrap(), "[::1]:33630");
        assert_eq!(published(&format!("[{}]", host("10.0.0.1"))).unwrap(), "10.0.0.1:33630");
        assert_eq!(published("null"), None);
        assert_eq!(published("[]"), None);
        assert!(port("nonsense", &BTreeMap::new()).is_none());
    }
}
