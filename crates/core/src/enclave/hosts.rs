//! The host names of an enclave in its snapshot.
//!
//! Names are on chain: in the URLs of data availability committees, of aggsender validators, of trusted
//! sequencers. So a snapshot keeps every name, and a service of the stack must get the old name as an alias.
//! Only addresses and ports that the stack does not have are replaced.

use std::collections::BTreeMap;

use super::{Plan, Role, Service};

/// The ports of the stack, by the role of a service and the name that the packages give to its port.
const PORTS: [(Role, &str, u16); 10] = [
    (Role::Execution, "rpc", 8545),
    (Role::Execution, "ws", 8546),
    (Role::Execution, "engine-rpc", 8551),
    (Role::Beacon, "http", 5052),
    (Role::L2Execution, "rpc", 8545),
    (Role::L2Execution, "ws", 8546),
    (Role::L2Execution, "engine-rpc", 8551),
    (Role::L2Node, "rpc", 9545),
    (Role::L2Node, "http", 9545),
    (Role::Batcher, "http", 8545),
];

/// The services of an enclave, by the host names that other services use.
#[derive(Debug)]
pub struct Hosts<'a> {
    services: Vec<&'a Service>,
    /// Those that the stack runs, by the old name.
    stack: BTreeMap<&'a str, String>,
}

/// The parts of a URL, `HOST:PORT` or host.
struct Url<'a> {
    /// The scheme, and the user with a password.
    before: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
}

impl<'a> Url<'a> {
    fn of(text: &'a str) -> Self {
        let start = text.find("://").map_or(0, |at| at + "://".len());
        let rest = &text[start..];
        let end = start + rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let start = text[start..end].rfind('@').map_or(start, |at| start + at + 1);
        let (before, path) = (&text[..start], &text[end..]);
        match text[start..end].rsplit_once(':') {
            Some((host, port)) => Self { before, host, port: Some(port), path },
            None => Self { before, host: &text[start..end], port: None, path },
        }
    }
}

/// The hosts of a URL, `HOST:PORT` or host, or of several of them with commas between.
pub(super) fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(|url| Url::of(url.trim()).host).filter(|host| !host.is_empty())
}

impl<'a> Hosts<'a> {
    /// The hosts of an enclave; `l2` are the names of the L2s of the plan in the snapshot.
    pub fn of(services: &[&'a Service], plan: &Plan<'a>, l2: &[String]) -> Self {
        let mut stack = BTreeMap::new();
        for service in services {
            match service.role {
                Role::Execution => _ = stack.insert(&*service.name, "el".to_owned()),
                Role::Beacon => _ = stack.insert(&*service.name, "cl".to_owned()),
                _ => {}
            }
        }
        stack.insert(&plan.execution.name, "el".to_owned());
        for (l2, name) in plan.l2.iter().zip(l2) {
            for (service, part) in l2.clients(services) {
                stack.insert(&service.name, format!("{name}-{part}"));
            }
        }
        Self { services: services.to_vec(), stack }
    }

    /// The services of the stack that must get the old names as aliases, by the old names.
    pub fn aliases(&self) -> &BTreeMap<&'a str, String> {
        &self.stack
    }

    /// The names of all services of the enclave.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.services.iter().map(|service| &*service.name)
    }

    /// A URL, `HOST:PORT`, or several of them with commas between, as the snapshot has it; `None`: as it is.
    pub(super) fn url(&self, text: &str) -> Option<String> {
        let parts: Vec<_> = text.split(',').collect();
        let new: Vec<_> =
            parts.iter().map(|part| self.one(part).unwrap_or_else(|| (*part).to_owned())).collect();
        (new != parts).then(|| new.join(","))
    }

    fn one(&self, url: &str) -> Option<String> {
        let Url { before, host, port, path } = Url::of(url);
        let service = self.services.iter().find(|service| service.is_at(host))?;
        let number = port.and_then(|port| port.parse().ok());
        let port = match number.and_then(|number| self.port(service, number)) {
            Some(number) => Some(number.to_string()),
            None => port.map(str::to_owned),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{before}{}{port}{path}", service.name))
    }

    /// The stack's port for one of a service that it runs.
    fn port(&self, service: &Service, number: u16) -> Option<u16> {
        if !self.stack.contains_key(&*service.name) {
            return None;
        }
        let port = service.ports.iter().find(|port| port.number == number)?;
        let is_of =
            |(role, name, _): &&(Role, &str, u16)| *role == service.role && *name == port.name;
        PORTS.iter().find(is_of).map(|(.., number)| *number)
    }
}
