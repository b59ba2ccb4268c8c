//! `networks.json`: read for `inspect` and `verify`.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::steps::Steps;
use super::{Failure, print, print_json};
use crate::file::Input;
use crate::io::fs;
use crate::networks::{Network, Networks};
use crate::snapshot::NETWORKS;
use crate::visible;

#[derive(Serialize)]
struct Listed<'a> {
    networks: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    sequencer_type: &'static str,
    consensus_type: &'static str,
    deployment_suffix: &'a str,
    l2_chain_id: u64,
    network_id: u32,
    accounts: Vec<Account>,
}

#[derive(Serialize)]
struct Account {
    role: &'static str,
    address: String,
    /// Whether the file has its private key.
    key: bool,
}

/// Reads a file, and checks it.
fn read(input: &Input) -> Result<Networks, Failure> {
    Networks::parse(&fs::read(input)?).map_err(|error| {
        Failure::input(input, Some(error.line), &error.to_string(), Some(error.hint()))
    })
}

/// Checks the file in a snapshot, if it has one.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub(super) fn verify(snapshot: &Path, steps: &Steps<'_>) -> Result<(), Failure> {
    let path = snapshot.join(NETWORKS);
    if fs::exists(&path) {
        let networks = read(&Input::file(path))?;
        steps.done("networks", &format!("{} in {NETWORKS}", networks.iter().count()));
    }
    Ok(())
}

/// Prints the networks of a file, without their keys.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub(super) fn show(input: &Input, json: bool) -> Result<(), Failure> {
    let networks = read(input)?;
    let networks: Vec<_> = networks.iter().map(row).collect();
    if json {
        return print_json(&Listed { networks });
    }
    let mut text = String::new();
    for row in &networks {
        let _ = writeln!(
            text,
            "network {}  {}  chain {}  {}, {}",
            row.network_id,
            row.deployment_suffix,
            row.l2_chain_id,
            row.sequencer_type,
            row.consensus_type
        );
        for account in &row.accounts {
            let key = if account.key { "with its key" } else { "without its key" };
            let _ = writeln!(text, "  {:<14}  {}  {key}", account.role, account.address);
        }
    }
    print(visible::lines(&text).as_bytes())
}

fn row(network: &Network) -> Row<'_> {
    let accounts = network.accounts.iter().map(|account| Account {
        role: account.role,
        address: account.address.to_string(),
        key: account.key.is_some(),
    });
    Row {
        sequencer_type: network.sequencer.name(),
        consensus_type: network.consensus.name(),
        deployment_suffix: &network.deployment_suffix,
        l2_chain_id: network.l2_chain_id,
        network_id: network.network_id,
        accounts: accounts.collect(),
    }
}
