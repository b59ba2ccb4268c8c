//! Addresses and slots of a chain, from wherever they can be learnt.

use serde_json::json;

use super::super::Failure;
use super::super::prepare::Steps;
use super::settings::Settings;
use crate::capture::chain::Chain;
use crate::capture::preimages::Known;
use crate::capture::{self, file, walk};
use crate::rim::fs;
use crate::rim::rpc::Client;
use crate::rpc::{self, Rpc};
use crate::snapshot::Snapshot;

/// What is known of a chain, and how far it was looked for.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub(super) known: Known,
    /// Whether the blocks were looked through.
    pub(super) walked: bool,
}

impl Knowledge {
    /// From what every devnet has, the given genesis, and the one in the node's database.
    pub(super) fn begin(
        node: Option<(&Client<'_>, &Chain)>,
        settings: &Settings,
        steps: &mut Steps<'_>,
    ) -> Result<Self, Failure> {
        let mut known = Known::common();
        for input in
            [Some(&Snapshot::sample().genesis), settings.genesis.as_ref()].into_iter().flatten()
        {
            let open = || {
                fs::open(input).map_err(|error| capture::Error::Read(std::io::Error::other(error)))
            };
            let read = file::read(&open, &mut |account| {
                known.add_genesis_account(account);
                Ok(())
            });
            read.map_err(|error| Failure::state_file(input, &error))?;
        }
        if let Some((node, chain)) = node {
            let read = stored_genesis(node, chain, &mut known);
            match read {
                Ok(()) | Err(capture::Error::Rpc(rpc::Error::Refused { .. })) => {}
                Err(error) => return Err(Failure::capture(&error)),
            }
        }
        steps.done("learn", &format!("{} addresses from genesis", known.len()));
        Ok(Self { known, walked: false })
    }

    /// And from every block.
    pub(super) fn walk(
        &mut self,
        node: &Client<'_>,
        last: u64,
        steps: &mut Steps<'_>,
    ) -> Result<(), Failure> {
        let console = steps.console;
        let progress = |block: u64| console.progress(|| format!("block {block} of {last}"));
        walk::walk(node, last, &mut self.known, &progress)
            .map_err(|error| Failure::capture(&error))?;
        self.known.guess_mappings();
        self.walked = true;
        steps.done("learn", &format!("{} addresses with those of {last} blocks", self.known.len()));
        Ok(())
    }
}

/// geth keeps the alloc that its genesis was made of. Source: geth `core/rawdb/schema.go`
/// (`genesisPrefix`).
fn stored_genesis(
    node: &Client<'_>,
    chain: &Chain,
    known: &mut Known,
) -> Result<(), capture::Error> {
    let key = format!("0x{}{}", hex::encode("ethereum-genesis-"), hex::encode(chain.genesis));
    let answer = node.stream("debug_dbGet", &json!([key]))?;
    file::read_alloc(answer, &mut |account| {
        known.add_genesis_account(account);
        Ok(())
    })
}
