//! `summary.json`: the networks, contracts, services and accounts of a captured enclave. It has no secret.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::Serialize;
use serde_json::Value;

use super::funds::TestAccounts;
use super::sources::suffix;
use super::{Account, Funds, Manifest, Role, Service, manifest, network, started};
use crate::operate::l2;
use crate::services::{self as stack, Clients, Enclave, L2, Options, Setting, stack_of};
use crate::snapshot::SUMMARY;
use crate::snapshot::metadata::{Metadata, SourceBlock};

/// Contracts by name, with the keys that `combined.json` has them under: kurtosis-cdk renamed them.
const CONTRACTS: [(&str, &[&str]); 14] = [
    ("rollup_manager", &["AgglayerManager", "polygonRollupManagerAddress"]),
    ("bridge", &["AgglayerBridge", "polygonZkEVMBridgeAddress"]),
    ("global_exit_root", &["AgglayerGER", "polygonZkEVMGlobalExitRootAddress"]),
    ("agglayer_gateway", &["AgglayerGateway", "aggLayerGatewayAddress"]),
    ("pol_token", &["polTokenAddress"]),
    ("timelock", &["timelockContractAddress"]),
    ("proxy_admin", &["proxyAdminAddress"]),
    ("deployer_contract", &["zkEVMDeployerContract"]),
    ("rollup", &["rollupAddress"]),
    ("verifier", &["verifierAddress"]),
    ("data_committee", &["polygonDataCommitteeAddress"]),
    ("gas_token", &["gasTokenAddress"]),
    ("l2_bridge", &["polygonZkEVML2BridgeAddress"]),
    ("l2_global_exit_root", &["LegacyAgglayerGERL2"]),
];
/// The first of them that belong to one network; those before serve all.
const OF_NETWORK: &str = "rollup";

/// Addresses by the name of their contract.
pub type Addresses = BTreeMap<String, Address>;

/// The contracts of an enclave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contracts {
    /// Those that serve all networks.
    pub shared: Addresses,
    /// Those of one network, by its name.
    pub networks: BTreeMap<String, Addresses>,
}

impl Contracts {
    /// Adds those of a file, if it is a `combined.json`: that of the network in its name, else of its
    /// service.
    pub(super) fn add(&mut self, service: &Service, path: &str, bytes: &[u8]) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some(suffix) =
            name.strip_prefix("combined").and_then(|rest| rest.strip_suffix(".json"))
        else {
            return;
        };
        let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else { return };
        let suffix = suffix.strip_prefix('-').filter(|suffix| !suffix.is_empty());
        let own = suffix.or_else(|| network(service)).map(str::to_owned);
        let of_network = CONTRACTS.iter().position(|(name, _)| *name == OF_NETWORK);
        for (index, (name, keys)) in CONTRACTS.iter().enumerate() {
            let address = keys.iter().find_map(|key| members.get(*key)?.as_str()?.parse().ok());
            let Some(address) = address.filter(|address| *address != Address::ZERO) else {
                continue;
            };
            let is_shared = of_network.is_some_and(|first| index < first);
            let all = match &own {
                Some(network) if !is_shared => self.networks.entry(network.clone()).or_default(),
                _ => &mut self.shared,
            };
            all.entry((*name).to_owned()).or_insert(address);
        }
    }
}

/// The summary of an enclave.
#[derive(Debug, Serialize)]
pub struct Summary {
    format: u64,
    enclave: String,
    uuid: String,
    l1: Layer1,
    /// By the suffix of their services, or by the chain id.
    networks: BTreeMap<String, Network>,
    /// The services that belong to no network.
    services: BTreeMap<String, Endpoints>,
    /// The accounts that belong to no network.
    accounts: Vec<Holder>,
    /// The accounts of mnemonics that have ETH on the L1.
    test_accounts: Vec<TestAccounts>,
}

/// An account with its balance.
#[derive(Debug, Serialize)]
struct Holder {
    #[serde(flatten)]
    account: Account,
    /// Wei on the L1 at the captured block, as a decimal number; `None` if the node no longer has it.
    balance: Option<String>,
}

#[derive(Debug, Serialize)]
struct Layer1 {
    chain_id: u64,
    mode: crate::snapshot::metadata::Mode,
    block: Option<SourceBlock>,
    contracts: Addresses,
}

#[derive(Debug, Default, Serialize)]
struct Network {
    /// That of its OP-stack L2, if that is captured.
    l2_chain_id: Option<u64>,
    contracts: Addresses,
    services: BTreeMap<String, Endpoints>,
    accounts: Vec<Holder>,
}

#[derive(Debug, Serialize)]
struct Endpoints {
    role: String,
    image: String,
    /// `HOST:PORT` among the services, by the name of the port.
    internal: BTreeMap<String, String>,
    /// `HOST:PORT` on the machine of a stack, with its default ports, by the name of the port.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    external: BTreeMap<String, String>,
    /// The service of the stack that has its host name.
    in_stack: Option<String>,
}

impl Summary {
    /// Its path in a snapshot.
    pub const PATH: &str = SUMMARY;

    /// The summary of a capture.
    pub fn of(
        metadata: &Metadata,
        manifest: &Manifest,
        accounts: &[Account],
        contracts: &Contracts,
        funds: Funds,
    ) -> Self {
        let mut networks: BTreeMap<String, Network> = BTreeMap::new();
        for (name, contracts) in &contracts.networks {
            networks.entry(name.clone()).or_default().contracts.clone_from(contracts);
        }
        let (mut services, mut shared) = (BTreeMap::new(), Vec::new());
        let enclave = started(manifest).enclave;
        let ports = enclave.host_ports();
        let clients = clients(metadata, manifest, &enclave);
        for service in &manifest.services {
            if clients.iter().any(|(name, _)| **name == service.name) {
                continue;
            }
            let all = match &service.network {
                Some(network) => &mut networks.entry(network.clone()).or_default().services,
                None => &mut services,
            };
            let started = enclave.services.iter().any(|one| one.name == service.name);
            let ports = started.then(|| ports.get(&*service.name).cloned().unwrap_or_default());
            all.insert(service.name.clone(), endpoints(service, manifest, ports));
        }
        for account in accounts {
            let balance = funds.balances.get(&account.address).map(ToString::to_string);
            let all = match &account.network {
                Some(network) => &mut networks.entry(network.clone()).or_default().accounts,
                None => &mut shared,
            };
            all.push(Holder { account: account.clone(), balance });
        }
        for (name, service) in clients {
            // As [`network`] has it of a service: the suffix, else the chain id.
            let l2 = l2::network(&service.name);
            let chain_id = l2.and_then(|l2| l2.strip_prefix("op-"));
            let all = match l2.and_then(|_| suffix(name).or(chain_id)) {
                Some(network) => {
                    let network = networks.entry(network.to_owned()).or_default();
                    network.l2_chain_id = chain_id.and_then(|id| id.parse().ok());
                    &mut network.services
                }
                None => &mut services,
            };
            all.insert(name.clone(), client(name, &service));
        }
        let block = metadata.source.as_ref().and_then(|source| source.block.clone());
        let l1 = Layer1 {
            chain_id: metadata.chain_id,
            mode: metadata.mode,
            block,
            contracts: contracts.shared.clone(),
        };
        let Manifest { enclave, uuid, .. } = manifest;
        let (enclave, uuid) = (enclave.clone(), uuid.clone());
        let test_accounts = funds.test_accounts;
        Self { format: 1, enclave, uuid, l1, networks, services, accounts: shared, test_accounts }
    }

    /// Its JSON.
    #[expect(clippy::missing_panics_doc, reason = "texts and numbers always serialise")]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("texts and numbers always serialise");
        json.push(b'\n');
        json
    }

    /// Its lines for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let line = |name: &str, services: usize, contracts: usize, accounts: &[Holder]| {
            let line = format!("{name}: services {services}, contracts {contracts}");
            let role =
                |Holder { account, .. }: &Holder| format!("{} {}", account.role, account.address);
            let mut roles: Vec<_> = accounts.iter().map(role).collect();
            roles.sort();
            roles.dedup();
            if roles.is_empty() { line } else { format!("{line}; {}", roles.join(", ")) }
        };
        let l1 = line("shared", self.services.len(), self.l1.contracts.len(), &self.accounts);
        let networks = self.networks.iter().map(|(name, network)| {
            let Network { contracts, services, accounts, .. } = network;
            line(&format!("network {name}"), services.len(), contracts.len(), accounts)
        });
        let test_accounts =
            self.test_accounts.iter().map(|TestAccounts { source, accounts, .. }| {
                format!(
                    "test accounts with ETH on the L1: {} of the mnemonic from {source}",
                    accounts.len()
                )
            });
        let of_networks = self.networks.values().flat_map(|network| &network.services);
        let urls = self.services.iter().chain(of_networks).filter_map(|(name, service)| {
            let all: Vec<_> =
                service.external.iter().map(|(port, at)| format!("{port} {at}")).collect();
            (!all.is_empty()).then(|| format!("{name}: {}", all.join(", ")))
        });
        [l1].into_iter().chain(networks).chain(test_accounts).chain(urls).collect()
    }
}

/// The clients of the stack that have host names of the enclave, by these names.
fn clients<'a>(
    metadata: &Metadata,
    manifest: &'a Manifest,
    enclave: &Enclave,
) -> Vec<(&'a String, stack::Service)> {
    // Neither a chain id nor a key changes names and ports.
    let l2 = metadata.l2.iter();
    let l2 = l2.map(|name| L2 { name: name.clone(), chain_id: 0, batcher: false, proposer: None });
    let stack = stack_of(Options::of_sample(Clients::default()), &l2.collect::<Vec<_>>(), enclave);
    let is_captured = |name: &String| enclave.services.iter().any(|one| one.name == *name);
    let of = |(name, client): (&'a String, &String)| {
        Some((name, stack.services.iter().find(|service| service.name == *client)?.clone()))
    };
    let aliases = manifest.aliases.iter().filter(|(alias, _)| !is_captured(alias));
    aliases.filter_map(of).collect()
}

/// The addresses of a client of the stack under a host name of the enclave.
fn client(name: &str, service: &stack::Service) -> Endpoints {
    let role = match &*service.name {
        "el" => Role::Execution,
        "cl" => Role::Beacon,
        other if other.ends_with("-geth") => Role::L2Execution,
        _ => Role::L2Node,
    };
    let internal = service.ports.iter();
    let external = internal.clone().filter_map(|port| Some((port, port.published.as_ref()?)));
    Endpoints {
        role: role.name().to_owned(),
        image: service.image.default.to_string(),
        internal: internal
            .map(|port| (port.name.clone(), format!("{name}:{}", port.number)))
            .collect(),
        external: external
            .map(|(port, host)| (port.name.clone(), format!("127.0.0.1:{}", host.port.default)))
            .collect(),
        in_stack: Some(service.name.clone()),
    }
}

/// The addresses of a service; `ports` are those of the host if a stack starts it.
fn endpoints(
    service: &manifest::Service,
    manifest: &Manifest,
    ports: Option<BTreeMap<&str, Setting>>,
) -> Endpoints {
    let internal = service.ports.iter();
    let in_stack = match &ports {
        Some(_) => Some(service.name.clone()),
        None => manifest.aliases.get(&service.name).cloned(),
    };
    let external = ports.unwrap_or_default().into_iter();
    Endpoints {
        role: service.role.clone(),
        image: service.image.clone(),
        internal: internal
            .map(|(name, number)| (name.clone(), format!("{}:{number}", service.name)))
            .collect(),
        external: external
            .map(|(name, port)| (name.to_owned(), format!("127.0.0.1:{}", port.default)))
            .collect(),
        in_stack,
    }
}
