//! What a capture reads from which service of an enclave.

use std::collections::BTreeMap;

use super::sources::described;
use super::{Error, Role, Service};

/// The directory of the genesis files in the containers of ethereum-package and optimism-package. Source:
/// ethereum-package `src/package_io/constants.star`, `GENESIS_DATA_MOUNTPOINT_ON_CLIENTS`.
const CONFIGS: &str = "/network-configs";
/// Fewer digits of a UUID are a name.
const SHORT_ID: usize = 12;

/// The flags that decide between services.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice<'a> {
    /// The execution client of the L1.
    pub el: Option<&'a str>,
    /// The beacon node of the L1.
    pub cl: Option<&'a str>,
    /// The op-nodes of the L2s to capture, or all that sequence.
    pub op_nodes: Option<&'a [&'a str]>,
}

/// What a capture reads.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The execution client of the L1.
    pub execution: &'a Service,
    /// Its beacon node.
    pub beacon: Option<&'a Service>,
    /// The L2s.
    pub l2: Vec<L2<'a>>,
    /// A service that reads logs since the first block, so that a state is not enough for it.
    pub reads_history: Option<&'a Service>,
}

/// An L2 of an enclave.
#[derive(Debug)]
pub struct L2<'a> {
    /// Its op-node.
    pub node: &'a Service,
    /// The execution client that this op-node drives.
    pub execution: Option<&'a Service>,
    /// The op-batcher that posts its batches.
    pub batcher: Option<&'a Service>,
    /// The path of `rollup.json` in the container of the op-node.
    pub rollup: String,
}

/// The enclaves of these services, by name and UUID.
pub fn enclaves(services: &[Service]) -> BTreeMap<(&str, &str), Vec<&Service>> {
    let mut all: BTreeMap<_, Vec<&Service>> = BTreeMap::new();
    for service in services {
        let key = (service.enclave.as_str(), service.enclave_id.as_str());
        all.entry(key).or_default().push(service);
    }
    all
}

/// The services of the enclave with this name, or this UUID or its first 12 digits.
///
/// # Errors
/// No enclave, or several, have it.
pub fn select<'a>(services: &'a [Service], name: &str) -> Result<Vec<&'a Service>, Error> {
    let all = enclaves(services);
    let is_id = |id: &str| name.len() >= SHORT_ID && id.starts_with(name);
    let mut found: Vec<_> = all.iter().filter(|((_, id), _)| is_id(id)).collect();
    if found.is_empty() {
        found = all.iter().filter(|((known, _), _)| *known == name).collect();
    }
    match &found[..] {
        [(_, services)] => Ok((*services).clone()),
        [] if all.is_empty() => Err(Error::NoEnclave),
        [] => {
            let known = all.keys().map(|(known, _)| (*known).to_owned()).collect();
            Err(Error::UnknownEnclave { name: name.to_owned(), known })
        }
        several => {
            let ids = several.iter().map(|((_, id), _)| (*id).to_owned()).collect();
            Err(Error::SameName { name: name.to_owned(), ids })
        }
    }
}

impl<'a> Plan<'a> {
    /// What to read from the services of one enclave.
    ///
    /// # Errors
    /// A service is missing, or several fit and no flag decides.
    pub fn of(services: &[&'a Service], choice: Choice<'_>) -> Result<Self, Error> {
        let of_role = |role| services.iter().copied().filter(move |service| service.role == role);
        let execution = match choice.el {
            // Any service: it may lack the labels of ethereum-package.
            Some(name) => named("--el", name, services.iter().copied())?,
            None => {
                let found = one("several nodes run the L1", "--el", of_role(Role::Execution))?;
                found
                    .ok_or_else(|| Error::NoExecution { known: names(services.iter().copied()) })?
            }
        };
        let beacon = match choice.cl {
            Some(name) => Some(named("--cl", name, of_role(Role::Beacon))?),
            None => {
                let own = of_role(Role::Beacon)
                    .filter(|service| service.node.is_some() && service.node == execution.node);
                let own: Vec<_> = own.collect();
                let found = if own.is_empty() { of_role(Role::Beacon).collect() } else { own };
                one("several beacon nodes run the L1", "--cl", found.into_iter())?
            }
        };
        let nodes: Vec<_> = of_role(Role::L2Node).collect();
        let nodes = match choice.op_nodes {
            Some(names) => names
                .iter()
                .map(|name| named("--op-node", name, nodes.iter().copied()))
                .collect::<Result<Vec<_>, _>>()?,
            None => sequencers(&nodes)?,
        };
        let l2 = nodes.into_iter().map(|node| L2::of(node, services)).collect::<Result<_, _>>()?;
        let reads_history = services.iter().copied().find(|service| service.role.reads_history());
        Ok(Self { execution, beacon, l2, reads_history })
    }

    /// The paths of a file of the L1: in the container of the execution client, and of the beacon node.
    pub fn l1_files(&self, file: &str) -> Vec<(&'a Service, String)> {
        let places = [Some(self.execution), self.beacon].into_iter().flatten();
        places.map(|service| (service, format!("{CONFIGS}/{file}"))).collect()
    }

    /// What is read from a service; `None`: nothing.
    pub fn reads(&self, service: &Service) -> Option<&'static str> {
        self.reads_chain(service).or_else(|| described(service))
    }

    /// Whether the service is an op-node that this capture does not read.
    pub fn is_left_out(&self, service: &Service) -> bool {
        let is_read = self.l2.iter().any(|l2| l2.node.container == service.container);
        service.role == Role::L2Node && !is_read
    }

    fn reads_chain(&self, service: &Service) -> Option<&'static str> {
        let is = |other: &Service| other.container == service.container;
        if is(self.execution) {
            return Some("state or blocks, genesis.json");
        }
        if self.beacon.is_some_and(is) {
            return Some("config, mnemonics.yaml");
        }
        self.l2.iter().find_map(|l2| {
            let parts = [
                (Some(l2.node), "rollup.json, op-deployer's files"),
                (l2.execution, "state, genesis.json"),
                (l2.batcher, "command line, the batcher's key"),
            ];
            let is_read =
                |(part, what): (Option<&Service>, _)| part.filter(|p| is(p)).map(|_| what);
            parts.into_iter().find_map(is_read)
        })
    }
}

impl<'a> L2<'a> {
    fn of(node: &'a Service, services: &[&'a Service]) -> Result<Self, Error> {
        let of_role = |role| services.iter().copied().filter(move |service| service.role == role);
        let at = |url: Option<&str>, role| {
            let host = host(url?);
            of_role(role).find(|service| service.is_at(host))
        };
        let own = |role| {
            let same = |service: &&Service| {
                node.network.is_some()
                    && service.network == node.network
                    && service.participant == node.participant
            };
            of_role(role).find(same)
        };
        let execution =
            at(node.words.value("--l2"), Role::L2Execution).or_else(|| own(Role::L2Execution));
        let batcher = of_role(Role::Batcher).find(|batcher| {
            batcher.words.value("--rollup-rpc").is_some_and(|url| node.is_at(host(url)))
        });
        let rollup = rollup(node).ok_or_else(|| Error::NoRollup { name: node.name.clone() })?;
        Ok(Self { node, execution, batcher, rollup })
    }

    /// The places of the genesis of the L2 with this chain id, best first.
    pub fn genesis_files(&self, chain_id: u64) -> Vec<(&'a Service, String)> {
        let name = format!("genesis-{chain_id}.json");
        let started = self.execution.into_iter().flat_map(|service| {
            service.words.files("genesis").map(move |path| (service, path.to_owned()))
        });
        let directory = self.rollup.rsplit_once('/').map_or("", |(directory, _)| directory);
        let beside = (self.node, format!("{directory}/{name}"));
        let usual = self.execution.map(|service| (service, format!("{CONFIGS}/{name}")));
        started.chain(usual).chain([beside]).collect()
    }

    /// The clients of this L2, those of its further nodes too, each with the name of its part in a stack.
    pub(super) fn clients(&self, services: &[&'a Service]) -> Vec<(&'a Service, &'static str)> {
        let is_own = |node: &&Service| {
            node.role == Role::L2Node
                && node.network == self.node.network
                && rollup(node).as_ref() == Some(&self.rollup)
        };
        let nodes = services.iter().copied().filter(is_own);
        let parts = nodes.filter_map(|node| Self::of(node, services).ok()).flat_map(|l2| {
            let execution = l2.execution.map(|service| (service, "geth"));
            let batcher = l2.batcher.map(|service| (service, "batcher"));
            [Some((l2.node, "node")), execution, batcher]
        });
        parts.flatten().collect()
    }

    /// The private key in the command line of the batcher. It is a secret.
    pub fn batcher_key(&self) -> Option<&'a str> {
        self.batcher?.words.value("--private-key")
    }
}

/// The path of an op-node's `rollup.json`: that of its command line, else the one of optimism-package.
fn rollup(node: &Service) -> Option<String> {
    let given = node.words.value("--rollup.config").map(str::to_owned);
    let usual = |id: &String| format!("{CONFIGS}/rollup-{id}.json");
    given.or_else(|| node.network.as_ref().map(usual))
}

/// The op-node that sequences each L2.
fn sequencers<'a>(nodes: &[&'a Service]) -> Result<Vec<&'a Service>, Error> {
    let mut by_chain: BTreeMap<_, Vec<&Service>> = BTreeMap::new();
    for node in nodes {
        by_chain.entry((node.network.clone(), rollup(node))).or_default().push(node);
    }
    let mut found = Vec::new();
    for nodes in by_chain.into_values() {
        let sequencers: Vec<_> =
            nodes.iter().copied().filter(|node| node.words.has("--sequencer.enabled")).collect();
        let nodes = if sequencers.is_empty() { nodes } else { sequencers };
        found.extend(one("several op-nodes run the same L2", "--op-node", nodes.into_iter())?);
    }
    Ok(found)
}

/// The only one of these services, if there is one.
fn one<'a>(
    what: &str,
    flag: &'static str,
    services: impl Iterator<Item = &'a Service>,
) -> Result<Option<&'a Service>, Error> {
    let found: Vec<_> = services.collect();
    match found[..] {
        [] => Ok(None),
        [service] => Ok(Some(service)),
        _ => {
            let names = names(found.into_iter());
            Err(Error::Several { what: what.to_owned(), flag, names })
        }
    }
}

/// The service that a flag names.
fn named<'a>(
    flag: &'static str,
    name: &str,
    services: impl Iterator<Item = &'a Service>,
) -> Result<&'a Service, Error> {
    let fitting: Vec<_> = services.collect();
    fitting.iter().find(|service| service.name == name).copied().ok_or_else(|| Error::NoService {
        flag,
        name: name.to_owned(),
        what: "the enclave has no such service",
        known: names(fitting.into_iter()),
    })
}

fn names<'a>(services: impl Iterator<Item = &'a Service>) -> Vec<String> {
    services.map(|service| service.name.clone()).collect()
}

/// The host of a URL.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let address = authority.rsplit('@').next().unwrap_or_default();
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}
