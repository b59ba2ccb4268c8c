//! The services of OP-stack L2s: `NAME-geth`, `NAME-node`, `NAME-batcher` and `NAME-proposer`.

use alloy_primitives::Address;

use crate::services::L2;
pub use crate::services::L2_VOLUME as VOLUME;

/// The value of `REGENESIS_SUPERVISE` in their containers.
pub const ROLE: &str = "l2";
/// The network of the services that belong to no L2.
pub const L1: &str = "l1";

/// What follows the name of an L2 in those of its services, in the order in which they start.
const SUFFIXES: [&str; 4] = ["-geth", "-node", "-batcher", "-proposer"];

/// The L2 that a service belongs to, by the name of the service.
pub fn network(service: &str) -> Option<&str> {
    SUFFIXES.iter().find_map(|suffix| service.strip_suffix(suffix)).filter(|name| !name.is_empty())
}

/// The place of a service among those of its L2.
pub(super) fn order(service: &str) -> usize {
    SUFFIXES.iter().position(|suffix| service.ends_with(*suffix)).unwrap_or_default()
}

/// The service with the execution client of an L2.
pub fn execution(name: &str) -> String {
    format!("{name}-geth")
}

/// The L2s whose services a compose file describes, in its order: their chain ids and the
/// contracts of their proposers are zero.
pub fn in_compose_file(text: &str) -> Vec<L2> {
    let service = |line: &str, suffix| {
        let name = line.strip_prefix("  ")?.strip_suffix(':')?.strip_suffix(suffix)?;
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
    };
    let names = |suffix| text.lines().filter_map(move |line| service(line, suffix));
    let chain = |name: String| L2 {
        batcher: names("-batcher").any(|found| found == name),
        proposer: names("-proposer").any(|found| found == name).then_some(Address::ZERO),
        chain_id: 0,
        name,
    };
    names("-geth").map(chain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose;
    use crate::services::{Clients, Options, stack_with};

    #[test]
    fn a_service_belongs_to_its_l2() {
        let names = ["op-geth", "my-op-node", "op-proposer", "el", "-geth"].map(network);
        assert_eq!(names, [Some("op"), Some("my-op"), Some("op"), None, None]);
    }

    #[test]
    fn the_l2s_of_a_compose_file_are_found() {
        let chain = |name: &str, batcher: bool| L2 {
            name: name.to_owned(),
            chain_id: 0,
            batcher,
            proposer: batcher.then_some(Address::ZERO),
        };
        let chains = [chain("op", true), chain("my-two", false)];
        let stack = stack_with(Options::of_sample(Clients::default()), &chains);
        assert_eq!(in_compose_file(&compose::file(&stack)), chains);
        // Each service that the file has is one of those.
        let services = stack.services.iter().filter_map(|service| network(&service.name));
        assert_eq!(services.collect::<Vec<_>>(), ["op", "op", "op", "op", "my-two", "my-two"]);
    }
}
