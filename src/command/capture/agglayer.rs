//! The agglayer of an enclave: which networks it serves, and whether one of them has settled.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use toml::de::{DeTable, DeValue};

use super::super::Failure;
use super::super::steps::Steps;
use super::enclave::fetch;
use super::l2::FoundL2;
use crate::capture;
use crate::capture::Captured;
use crate::capture::chain::{BlockId, pin};
use crate::capture::settlement::{self, Rollup};
use crate::enclave::{Account, Found, Keys, L2, Role, Service, suffix};
use crate::exit;
use crate::file::OutFile;
use crate::io::console::Console;
use crate::io::fs;
use crate::networks::{self, Networks};
use crate::rpc::Rpc;
use crate::snapshot::NETWORKS;

/// Programs whose config names the rollup manager: the config's path in the container, and its keys.
/// Source: kurtosis-cdk `src/agglayer.star`, `src/chain/shared/aggkit.star`.
const CONFIGS: [(&str, &str, [&str; 2]); 2] = [
    ("agglayer", "/etc/agglayer/config.toml", ["l1", "rollup-manager-contract"]),
    ("aggkit", "/etc/aggkit/config.toml", ["L1Config", "polygonRollupManagerAddress"]),
];

/// What an agglayer's config has about its L1 and its networks.
#[derive(Debug)]
pub(super) struct Agglayer {
    /// The config, as `SERVICE:PATH`.
    config: String,
    manager: Address,
    networks: Vec<Served>,
}

/// A network that an agglayer serves.
#[derive(Debug)]
struct Served {
    id: u32,
    service: String,
    program: String,
    l2_chain_id: Option<u64>,
    signer: Option<Address>,
}

const UNCHECKED: &str = "cannot check whether a rollup has settled";

impl Agglayer {
    /// Reads the config of the agglayer, else of an aggkit. `l2` has the captured L2s; with `force`, a
    /// config that cannot be read is a warning.
    ///
    /// # Errors
    /// One of the two exists, and its config does not name a rollup manager.
    pub(super) fn find(
        services: &[&Service],
        l2: &[(&L2<'_>, &FoundL2)],
        force: bool,
        console: &Console,
    ) -> Result<Option<Self>, Failure> {
        let mut unread = None;
        for (program, path, member) in CONFIGS {
            let of_program = |service: &&&Service| service.role == Role::Other(program);
            for service in services.iter().filter(of_program) {
                let config = format!("{}:{path}", service.name);
                let text = fetch(&[(service, path.to_owned())])?.map(|file| fs::read(&file));
                let text =
                    text.transpose()?.map(|text| String::from_utf8_lossy(&text).into_owned());
                let table = text.as_deref().and_then(|text| DeTable::parse(text).ok());
                let manager = table.as_ref().and_then(|table| member_of(table.get_ref(), &member));
                match (table.as_ref(), manager.and_then(|manager| manager.parse().ok())) {
                    (Some(table), Some(manager)) => {
                        let networks = served(table.get_ref(), services, l2);
                        return Ok(Some(Self { config, manager, networks }));
                    }
                    (None, _) if text.is_none() => unread = Some(format!("{config} is not there")),
                    _ => unread = Some(format!("{config} has no {}", member.join("."))),
                }
            }
        }
        match unread {
            Some(unread) => unchecked(&unread, force, console).map(|()| None),
            None => Ok(None),
        }
    }

    /// Refuses an L1 on which a rollup has settled, at `block` or before.
    ///
    /// # Errors
    /// One has, or the node does not answer.
    pub(super) fn check(&self, node: &dyn Rpc, block: BlockId, force: bool) -> Result<(), Failure> {
        let block = pin(node, block)?;
        let rollups = match self.rollups(node, block.hash.unwrap_or_default()) {
            // The capture warns at its end.
            Err(_) if force => return Ok(()),
            rollups => rollups?,
        };
        match rollups.iter().find_map(|rollup| settled(rollup, block.number)) {
            Some(failure) if !force => Err(failure),
            _ => Ok(()),
        }
    }

    /// Repeats the check at the captured block, and adds `networks.json`.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn add(
        &self,
        node: &dyn Rpc,
        captured: &mut Captured,
        accounts: Option<(&[Account], &Keys)>,
        force: bool,
        steps: &Steps<'_>,
    ) -> Result<(), Failure> {
        let source = captured.metadata.source.as_ref();
        let block = source.and_then(|source| source.block.as_ref());
        let Some((number, hash)) = block.and_then(|block| Some((block.number, block.hash?))) else {
            return Err(Failure::bug("a node's block without a hash"));
        };
        let rollups = match self.rollups(node, hash) {
            Err(failure) if force => {
                let message = &failure.message;
                steps.console.warning(&format!("{UNCHECKED}: {message}"));
                return Ok(());
            }
            rollups => rollups?,
        };
        match rollups.iter().find_map(|rollup| settled(rollup, number)) {
            Some(failure) if !force => return Err(failure),
            Some(Failure { message, .. }) => steps
                .console
                .warning(&format!("{message}: a new agglayer does not know this settlement")),
            None => steps.done("rollups", &format!("{}, none has settled", rollups.len())),
        }
        let no_keys = Keys::new();
        let accounts = accounts.unwrap_or((&[], &no_keys));
        captured.files.extend(self.file(node, hash, &rollups, accounts, steps));
        Ok(())
    }

    fn rollups(&self, node: &dyn Rpc, block: B256) -> Result<Vec<Rollup>, Failure> {
        settlement::rollups(node, self.manager, block).map_err(|error| match error {
            settlement::Error::Rpc(error) => capture::Error::from(error).into(),
            error @ settlement::Error::NotAManager(_) => {
                let message = format!("{}: {error}", self.config);
                let hint = "--el-rpc or --el must be of the L1 of this agglayer";
                Failure::new(exit::SOURCE, message, Some(hint))
            }
        })
    }

    /// `networks.json` with the networks whose members are all known.
    fn file(
        &self,
        node: &dyn Rpc,
        block: B256,
        rollups: &[Rollup],
        (accounts, keys): (&[Account], &Keys),
        steps: &Steps<'_>,
    ) -> Option<OutFile> {
        let mut known = Vec::new();
        for Served { id, service, program, l2_chain_id, signer } in &self.networks {
            let rollup = rollups.iter().find(|rollup| rollup.id == *id);
            let found = Found {
                network_id: *id,
                service,
                program,
                // cdk-erigon runs with the chain id on the L1; for an OP-stack L2, that may be another one.
                l2_chain_id: l2_chain_id.or_else(|| {
                    rollup.filter(|_| program == "cdk-erigon").map(|rollup| rollup.chain_id)
                }),
                consensus: rollup.and_then(|rollup| rollup.consensus(node, block)),
                sequencer: *signer,
                accounts,
                keys,
            };
            match found.network() {
                Ok(network) => known.push(network),
                Err(missing) => steps.console.note(&format!(
                    "network {id} ({service}) is not in {NETWORKS}: its {missing} was not found"
                )),
            }
        }
        if known.is_empty() {
            return None;
        }
        let text = networks::to_json(&known);
        if let Err(error) = Networks::parse(&text) {
            steps.console.warning(&format!("{NETWORKS} is not written: {error}"));
            return None;
        }
        steps.done("networks", &format!("{} in {NETWORKS}", known.len()));
        Some(OutFile::secret(NETWORKS, text.to_vec()))
    }
}

/// The failure of the capture if nothing says whether a rollup has settled; with `force`, a warning.
pub(super) fn unchecked(why: &str, force: bool, console: &Console) -> Result<(), Failure> {
    let message = format!("{UNCHECKED}: {why}");
    if force {
        console.warning(&message);
        return Ok(());
    }
    let hint = "a snapshot does not have the agglayer's database, and the agglayer cannot rebuild it; \
                --force captures without this check";
    Err(Failure::new(exit::SOURCE, message, Some(hint)))
}

/// The failure of the capture if the rollup has settled, else `None`.
fn settled(rollup: &Rollup, block: u64) -> Option<Failure> {
    let (id, settled) = (rollup.id, rollup.settled()?);
    let message = format!("rollup {id} has settled at block {block}: {settled}");
    let hint = "a snapshot does not have the agglayer's database, and the agglayer cannot rebuild it \
                from the L1: capture a new enclave before you bridge; --force captures this one";
    Some(Failure::new(exit::VERIFICATION, message, Some(hint)))
}

/// The networks in `[full-node-rpcs]`, and their signers in `[proof-signers]`.
fn served(table: &DeTable<'_>, services: &[&Service], l2: &[(&L2<'_>, &FoundL2)]) -> Vec<Served> {
    let chain_ids: BTreeMap<_, _> = l2
        .iter()
        .filter_map(|(l2, found)| Some((suffix(&l2.node.name)?, found.l2_chain_id)))
        .collect();
    let nodes = table.get("full-node-rpcs").and_then(|nodes| nodes.get_ref().as_table());
    let one = |(id, url): (&str, &str)| {
        let host = url.split("://").last()?.split([':', '/']).next()?;
        let service = services.iter().find(|service| service.name == host)?;
        let signer = member_of(table, &["proof-signers", id]);
        Some(Served {
            id: id.parse().ok()?,
            service: service.name.clone(),
            program: service.program().to_owned(),
            l2_chain_id: suffix(&service.name).and_then(|suffix| chain_ids.get(suffix).copied()),
            signer: signer.and_then(|signer| signer.parse().ok()),
        })
    };
    let texts = nodes.into_iter().flat_map(|nodes| nodes.iter());
    let texts =
        texts.filter_map(|(id, url)| Some((id.get_ref().as_ref(), url.get_ref().as_str()?)));
    texts.filter_map(one).collect()
}

/// The text at a path of a TOML document.
fn member_of<'a>(table: &'a DeTable<'_>, path: &[&str; 2]) -> Option<&'a str> {
    let inner = table.get(path[0])?.get_ref().as_table()?;
    inner.get(path[1]).and_then(|value| DeValue::as_str(value.get_ref()))
}
