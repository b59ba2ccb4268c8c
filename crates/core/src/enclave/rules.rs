//! The values of configs that a snapshot changes, and how.
//!
//! A state starts its L1 again at block 0, so blocks of the old one no longer exist. A history keeps all
//! blocks, with their numbers, hashes and times. Hashes and times of L2s are in `l2/`, and every boot
//! computes them again; no config below has any.

use super::Role;
use super::document::{Document, Error, Scalar};
use super::hosts::{Hosts, named};
use crate::services::service_data;
use crate::snapshot::metadata::Mode;

/// How a value is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A block of the L1 from which events are read. History: kept. State: 1, since programs take 0 for a
    /// missing value; a 0 stays, as it means the first block already.
    Block,
    /// One or several addresses of services, as URL, `HOST:PORT` or host. Names are kept, because the chain
    /// has them too. The private address of a service becomes its name, and a port that the service has in
    /// the enclave becomes that of the stack.
    Address,
    /// A directory for data: this one in the service's data directory, or with `None` the data directory
    /// itself. It is in the volume whose data a new genesis discards.
    Storage(Option<&'static str>),
}

impl Rule {
    /// Its name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Address => "address",
            Self::Storage(_) => "storage",
        }
    }
}

use Rule::{Address, Block, Storage};

const PROOFS: &str = "aggchain-proof-service";
const BUILDER: &str = "aggchain-proof-builder";

/// Keys that lead to a value; `*` is any one key.
type Keys = &'static [&'static str];

/// The rules by program. Sources: kurtosis-cdk `static_files/`, and the configs of captured enclaves.
const RULES: [(&str, &[(Keys, Rule)]); 9] = [
    (
        "agglayer",
        &[
            (&["full-node-rpcs", "*"], Address),
            (&["l1", "node-url"], Address),
            (&["l1", "ws-node-url"], Address),
            // The first block of the first epoch: certificates are settled at the end of one.
            (&["epoch", "block-clock", "genesis-block"], Block),
            (&["storage", "db-path"], Storage(Some("storage"))),
            (&["storage", "backup", "path"], Storage(Some("backups"))),
        ],
    ),
    (
        "aggkit",
        &[
            // The data directory itself, which exists: SQLite does not create one.
            (&["PathRWData"], Storage(None)),
            (&["L1URL"], Address),
            // The L2's, as is RPCURL: only L1URL and L1Config.URL are of the L1.
            (&["L2URL"], Address),
            (&["OpNodeURL"], Address),
            (&["RPCURL"], Address),
            (&["AggLayerURL"], Address),
            (&["AggchainProofURL"], Address),
            (&["L1Config", "URL"], Address),
            (&["AggSender", "ValidatorClient", "URL"], Address),
            (&["AggSender", "AggkitProverClient", "GRPC", "URL"], Address),
            (&["AggSender", "AgglayerClient", "GRPC", "URL"], Address),
            (&["AggchainProofGen", "AggkitProverClient", "GRPC", "URL"], Address),
            (&["Validator", "AgglayerClient", "GRPC", "URL"], Address),
            (&["rollupCreationBlockNumber"], Block),
            (&["rollupManagerCreationBlockNumber"], Block),
            (&["genesisBlockNumber"], Block),
            (&["L1InfoTreeSync", "InitialBlock"], Block),
            (&["Validator", "LerQuerierConfig", "RollupCreationBlockL1"], Block),
        ],
    ),
    (
        "aggkit-prover",
        &[
            (&[PROOFS, BUILDER, "contracts", "l1-rpc-endpoint"], Address),
            (&[PROOFS, BUILDER, "contracts", "l2-execution-layer-rpc-endpoint"], Address),
            (&[PROOFS, BUILDER, "contracts", "l2-consensus-layer-rpc-endpoint"], Address),
            (&[PROOFS, "proposer-service", "l1-rpc-endpoint"], Address),
            (&[PROOFS, "proposer-service", "client", "proposer-endpoint"], Address),
        ],
    ),
    (
        "bridge",
        &[
            (&["Etherman", "l1URL"], Address),
            (&["Etherman", "L2URLs", "*"], Address),
            (&["SyncDB", "PgStorage", "Host"], Address),
            (&["BridgeServer", "DB", "PgStorage", "Host"], Address),
            // Of the L1 alone: L2GenBlockNumbers are blocks of the L2s.
            (&["NetworkConfig", "L1GenBlockNumber"], Block),
        ],
    ),
    (
        "cdk-data-availability",
        &[
            (&["L1", "WsURL"], Address),
            (&["L1", "RpcURL"], Address),
            (&["L1", "GenesisBlock"], Block),
            (&["DB", "Host"], Address),
        ],
    ),
    (
        "cdk-erigon",
        &[
            (&["datadir"], Storage(Some("storage"))),
            (&["zkevm.l1-rpc-url"], Address),
            (&["zkevm.l2-sequencer-rpc-url"], Address),
            (&["zkevm.l2-datastreamer-url"], Address),
            (&["zkevm.pool-manager-url"], Address),
            (&["zkevm.da-url"], Address),
            (&["zkevm.executor-urls"], Address),
            (&["zkevm.l1-first-block"], Block),
            (&["zkevm.l1-sync-start-block"], Block),
        ],
    ),
    (
        "cdk-node",
        &[
            (&["PathRWData"], Storage(None)),
            (&["L1URL"], Address),
            (&["L2URL"], Address),
            (&["RPCURL"], Address),
            (&["WitnessURL"], Address),
            (&["AggLayerURL"], Address),
            (&["Aggregator", "DB", "Host"], Address),
            (&["ClaimSponsor", "EthTxManager", "Etherman", "URL"], Address),
            (&["rollupCreationBlockNumber"], Block),
            (&["rollupManagerCreationBlockNumber"], Block),
            (&["genesisBlockNumber"], Block),
        ],
    ),
    (
        "pool manager",
        &[
            (&["Sender", "SequencerURL"], Address),
            (&["Monitor", "L2NodeURL"], Address),
            (&["DB", "Host"], Address),
        ],
    ),
    ("prover", &[(&["aggregatorClientHost"], Address), (&["databaseURL"], Address)]),
];

/// A value that was changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// The keys that lead to it, with dots between them.
    pub field: String,
    /// The [`Rule`].
    pub rule: String,
}

/// The rule for a value in the config of a program.
fn rule(program: &str, scalar: &Scalar) -> Option<Rule> {
    let fits = |keys: &Keys| {
        let same = |(key, own): (&&str, &String)| *key == "*" || *key == own;
        keys.len() == scalar.path.len() && keys.iter().zip(&scalar.path).all(same)
    };
    let (_, rules) = RULES.iter().find(|(known, _)| *known == program)?;
    rules.iter().find(|(keys, _)| fits(keys)).map(|(_, rule)| *rule)
}

/// The hosts in the addresses of a program's config, each with the keys that lead to it.
pub fn hosts(program: &str, config: &Document) -> Vec<(String, String)> {
    let scalars = config.scalars().iter();
    let addresses = scalars.filter(|scalar| rule(program, scalar) == Some(Address));
    let pairs = |scalar: &Scalar| {
        let field = scalar.field();
        named(&scalar.value).map(|host| (field.clone(), host.to_owned())).collect::<Vec<_>>()
    };
    addresses.flat_map(pairs).collect()
}

/// The config of a service as the snapshot has it, and what was changed.
///
/// # Errors
/// A value cannot be replaced without changing others.
pub fn rewrite(
    service: &str,
    role: Role,
    config: &Document,
    mode: Mode,
    hosts: &Hosts<'_>,
) -> Result<(Document, Vec<Change>), Error> {
    let (mut changes, mut new) = (Vec::new(), Vec::new());
    for (index, scalar) in config.scalars().iter().enumerate() {
        let Some(rule) = rule(role.name(), scalar) else { continue };
        let value = match rule {
            Rule::Block => block(&scalar.value, mode),
            Rule::Address => hosts.url(&scalar.value),
            Rule::Storage(directory) => Some(storage(service, directory)),
        };
        if let Some(value) = value.filter(|value| *value != scalar.value) {
            changes.push(Change { field: scalar.field(), rule: rule.name().to_owned() });
            new.push((index, value));
        }
    }
    Ok((config.with(&new)?, changes))
}

/// A block of the old L1 in the new one; `None`: as it is.
fn block(value: &str, mode: Mode) -> Option<String> {
    let number: u64 = value.parse().ok()?;
    (mode == Mode::State && number > 1).then(|| "1".to_owned())
}

fn storage(service: &str, directory: Option<&str>) -> String {
    let below = directory.map(|name| format!("/{name}")).unwrap_or_default();
    service_data(service) + &below
}
