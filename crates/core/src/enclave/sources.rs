//! The files of services that are captured, beside those of the L1 and the L2s.

use super::document::Document;
use super::{Role, Service};
use crate::keys::SecretText;
use crate::snapshot::{SERVICES, is_service_file, is_service_name};

/// What is captured of a path in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A config, with the keystores that it names.
    Config,
    /// A file.
    File,
    /// The files directly in a directory whose names end like this.
    Files(&'static str),
}

const L2_NODE: &str = Role::L2Node.name();

/// The files by program. Sources: kurtosis-cdk `src/chain/*.star`, `src/agglayer.star`, `src/contracts/`,
/// optimism-package `src/cl/op-node/launcher.star`, and the images of the programs.
const SOURCES: [(&str, &str, What); 21] = [
    ("agglayer", "/etc/agglayer/config.toml", What::Config),
    ("aggkit", "/etc/aggkit/config.toml", What::Config),
    ("aggkit-prover", "/etc/aggkit-prover/config.toml", What::Config),
    ("aggkit-prover", "/etc/aggkit-prover/evm-sketch-genesis.json", What::File),
    ("bridge", "/etc/zkevm/bridge-config.toml", What::Config),
    ("cdk-data-availability", "/etc/cdk-data-availability/config.toml", What::Config),
    ("cdk-erigon", "/etc/cdk-erigon/config.yaml", What::Config),
    ("cdk-erigon", "/home/erigon/dynamic-configs", What::Files(".json")),
    ("cdk-node", "/etc/cdk/config.toml", What::Config),
    ("cdk-node", "/etc/cdk/genesis.json", What::File),
    ("contracts", "/opt/output", What::Files(".json")),
    ("contracts", "/opt/keystores", What::Files(".keystore")),
    ("database", "/docker-entrypoint-initdb.d", What::Files(".sql")),
    ("pool manager", "/etc/pool-manager/config.toml", What::Config),
    ("prover", "/etc/zkevm-prover/config.json", What::Config),
    // op-deployer's, in the files artifact that has rollup.json: `op-deployer inspect` reads the first, and
    // the second has the private keys of the L2's roles.
    (L2_NODE, "/network-configs/state.json", What::File),
    (L2_NODE, "/network-configs/wallets.json", What::File),
    // Only their command lines, verbatim.
    ("op-batcher", "", What::File),
    ("op-challenger", "", What::File),
    ("op-proposer", "", What::File),
    ("op-succinct-proposer", "", What::File),
];

/// The paths in the container of a service, with what is captured of each; `None` if nothing of the service
/// is captured.
pub fn sources(service: &Service) -> Option<Vec<(&'static str, What)>> {
    if !is_name(&service.name) {
        return None;
    }
    let own = SOURCES.iter().filter(|(program, ..)| *program == service.role.name());
    let own: Vec<_> = own.map(|(_, path, what)| (*path, *what)).collect();
    if own.is_empty() {
        return None;
    }
    Some(own.into_iter().filter(|(path, _)| !path.is_empty()).collect())
}

/// What a table says of the service.
pub(super) fn described(service: &Service) -> Option<&'static str> {
    sources(service)?;
    Some(match service.role {
        Role::L2Node => return None,
        Role::Other("contracts") => "contract addresses, keystores",
        Role::Other("database") => "scripts that create its databases",
        Role::Other(program) if !program.starts_with("op-") => "config, keystores",
        _ => "command line",
    })
}

/// Whether `What::Files(end)` has the file at this path below the directory.
pub fn is_wanted(path: &str, end: &str) -> bool {
    path.ends_with(end) && is_name(path)
}

/// Whether a service or a file of this name has a place in a snapshot: no separator, not hidden.
fn is_name(name: &str) -> bool {
    name.len() <= 100 && is_service_name(name)
}

/// A keystore that a config names, and its password.
#[derive(Debug)]
pub struct NamedKeystore {
    /// Its path in the container.
    pub path: String,
    /// The password in the same table of the config.
    pub password: Option<SecretText>,
}

/// The keystores that a config names: `SequencerPrivateKeyPath` and `…Password`, or `path` and `password`.
pub fn keystores(config: &Document) -> Vec<NamedKeystore> {
    let mut found: Vec<NamedKeystore> = Vec::new();
    for scalar in config.scalars() {
        let path = &scalar.value;
        let Some((directory, name)) = path.rsplit_once('/') else { continue };
        let is_plain = directory.split('/').skip(1).all(is_name)
            && directory.starts_with('/')
            && is_service_file(&format!("{SERVICES}/network/service{path}"));
        if !(name.ends_with(".keystore") && is_name(name) && is_plain)
            || found.iter().any(|known| known.path == *path)
        {
            continue;
        }
        let password = scalar.path.split_last().and_then(|(key, table)| {
            let key = match key.strip_suffix("Path") {
                Some(start) => format!("{start}Password"),
                None => key.strip_suffix("path").map(|start| format!("{start}password"))?,
            };
            let keys: Vec<_> = table.iter().map(String::as_str).chain([&*key]).collect();
            config.get(&keys).map(|password| password.to_owned().into())
        });
        found.push(NamedKeystore { path: path.clone(), password });
    }
    found
}

/// The network that a service belongs to: the digits of kurtosis-cdk's `deployment_suffix`, else the chain
/// id of optimism-package's label; `None` if it serves all.
pub fn network(service: &Service) -> Option<&str> {
    suffix(&service.name).or(service.network.as_deref().filter(|text| is_name(text)))
}

/// The digits of kurtosis-cdk's `deployment_suffix` in the name of a service. The number of a committee's
/// member may follow.
pub(super) fn suffix(name: &str) -> Option<&str> {
    let is_number = |text: &&str| text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    name.split('-').skip(1).find(is_number)
}
