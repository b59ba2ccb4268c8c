//! The URLs under which the host reaches the clients of a stack.

use super::l2;
use super::stacks::Stack;

/// A port of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name on the command line.
    pub name: String,
    /// The service.
    pub service: String,
    /// The port in the container.
    pub number: u16,
    scheme: &'static str,
}

/// The ports of the L1: name, service, number and scheme. The first of a service also answers to the name of
/// the service.
const OF_L1: [(&str, &str, u16, &str); 3] =
    [("http", "el", 8545, "http"), ("ws", "el", 8546, "ws"), ("beacon", "cl", 5052, "http")];

/// The ports of an L2, each with the end of its name and of its service.
const OF_L2: [(&str, &str, u16, &str); 3] =
    [("http", "geth", 8545, "http"), ("ws", "geth", 8546, "ws"), ("node", "node", 9545, "http")];

/// All ports of a stack with these L2s.
pub fn all<'a>(l2s: impl IntoIterator<Item = &'a str>) -> Vec<Port> {
    let own = |(name, service, number, scheme): (&str, &str, _, _)| Port {
        name: name.to_owned(),
        service: service.to_owned(),
        number,
        scheme,
    };
    let mut ports: Vec<_> = OF_L1.into_iter().map(own).collect();
    for l2 in l2s {
        ports.extend(OF_L2.into_iter().map(|(name, service, number, scheme)| Port {
            name: format!("{l2}-{name}"),
            service: format!("{l2}-{service}"),
            number,
            scheme,
        }));
    }
    ports
}

/// The port with a name: its own or that of its service.
pub fn named(name: &str) -> Option<Port> {
    let l2 = name.strip_suffix("-http").or_else(|| name.strip_suffix("-ws"));
    let l2 = l2.or_else(|| l2::network(name));
    all(l2).into_iter().find(|port| port.name == name || port.service == name)
}

impl Port {
    /// Its URL, if the host listens for it.
    pub fn url(&self, stack: &Stack) -> Option<String> {
        let address = stack.address(&self.service, self.number)?;
        Some(format!("{}://{address}", self.scheme))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::containers::Binding;
    use crate::operate::stacks::stacks;
    use crate::operate::stacks::tests::container;

    #[test]
    fn a_url_has_a_scheme() {
        let mut el = container("a", "el", "running");
        let host = |container, host| Binding { container, address: "127.0.0.1".into(), host };
        el.ports = vec![host(8545, 9545), host(8546, 9546)];
        let stack = stacks(vec![el], vec![]).remove(0);
        let url = |name: &str| named(name).and_then(|port| port.url(&stack));
        assert_eq!(url("el").as_deref(), Some("http://127.0.0.1:9545"));
        assert_eq!(url("ws").as_deref(), Some("ws://127.0.0.1:9546"));
        assert_eq!(url("cl"), None);
        assert_eq!(named("rpc"), None);
    }

    #[test]
    fn a_port_of_an_l2_has_its_name() {
        let port = |name: &str| named(name).map(|port| (port.service, port.number));
        let geth = |number| Some(("my-op-geth".to_owned(), number));
        assert_eq!(port("my-op-http"), geth(8545));
        assert_eq!(port("my-op-geth"), geth(8545));
        assert_eq!(port("my-op-ws"), geth(8546));
        assert_eq!(port("my-op-node"), Some(("my-op-node".to_owned(), 9545)));
        assert_eq!([port("my-op-beacon"), port("my-op-batcher")], [None, None]);
        assert_eq!(all(["op"]).len(), 6);
    }
}
