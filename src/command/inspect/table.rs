//! The table for a terminal: one line for each known fact.

use std::fmt::Write;

use super::accounts::{Accounts, Contract, Funded};
use super::l2::L2;
use super::{Baked, Consensus, Execution, Inspected};
use crate::capture::overlay::ether;
use crate::geth_database::BakedDatabase;
use crate::snapshot::metadata::{Metadata, Mode, Source};
use crate::stamp::calendar_time;
use crate::visible;

/// The lines of a table: a name and a text.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// Adds a line, unless its text is empty.
    fn add(&mut self, name: &str, text: &str) {
        let text = visible::line(text);
        if !(name.is_empty() && text.trim().is_empty()) {
            let _ = writeln!(self.0, "{name:<12}{text}");
        }
    }
}

impl Inspected {
    /// The table.
    pub(super) fn table(&self) -> String {
        let mut lines = Lines::default();
        // The name of the directory may be missing (`.`).
        let given = Some(&self.metadata.name).filter(|name| !name.is_empty());
        let name = given.unwrap_or(&self.snapshot);
        lines.add("snapshot", &format!("{name}, chain {}", self.metadata.chain_id));
        if let Some(source) = &self.metadata.source {
            add_source(&mut lines, source);
        }
        add_history(&mut lines, &self.metadata);
        add_state_root(&mut lines, &self.metadata);
        self.add_accounts(&mut lines);
        add_execution(&mut lines, &self.execution);
        add_consensus(&mut lines, &self.consensus);
        lines.add("validators", &self.validators.to_string());
        self.l2.iter().for_each(|l2| add_l2(&mut lines, l2));
        lines.add("baked", &baked(self.baked.as_ref()));
        for (path, size) in &self.files {
            lines.add("file", &format!("{path}, {size} bytes"));
        }
        lines.0
    }

    fn add_accounts(&self, lines: &mut Lines) {
        let Self { accounts, metadata, .. } = self;
        if let Some(BakedDatabase { engine, scheme, .. }) = &metadata.database {
            let place = format!("in geth's database alone ({engine}, {scheme} scheme)");
            lines.add("accounts", &format!("{place}: not listed"));
            for (name, shown) in [("accounts", "accounts"), ("storage_slots", "slots")] {
                if let Some(count) = metadata.counts.get(name) {
                    lines.add("", &format!("{count} {shown} when they were captured"));
                }
            }
            return;
        }
        let at = if metadata.mode == Mode::History { " at block 0" } else { "" };
        let Accounts { all, contracts, system_contracts, funded, .. } = accounts;
        lines.add("accounts", &format!("{all}, of them {contracts} with code{at}"));
        if accounts.empty > 0 {
            lines.add("", &format!("{} empty (EIP-161)", accounts.empty));
        }
        lines.add("slots", &accounts.storage_slots.to_string());
        lines.add("contracts", &format!("{system_contracts} that the forks require"));
        for contract in &accounts.largest {
            let Contract { address, balance, code_size, storage_slots, .. } = contract;
            let balance = match ether(balance.0).as_str() {
                "0" => String::new(),
                ether => format!(", {ether} ETH"),
            };
            let text = format!("{address}: {code_size} bytes, {storage_slots} slots{balance}");
            lines.add("", &text);
        }
        lines.add("funded", &format!("{funded} accounts without code"));
        for Funded { address, balance, .. } in &accounts.richest {
            lines.add("", &format!("{address}: {} ETH", ether(balance.0)));
        }
        for (method, count) in &metadata.obtained {
            lines.add("obtained", &format!("{count} by {method}"));
        }
    }
}

fn add_source(lines: &mut Lines, source: &Source) {
    let client = source.client.iter().map(|client| format!(" of {client}"));
    let kind: String = std::iter::once(source.kind.clone()).chain(client).collect();
    lines.add("source", &kind);
    lines.add("", source.description.as_deref().unwrap_or_default());
    if let Some(block) = &source.block {
        let hash = block.hash.map_or_else(String::new, |hash| format!(" {hash}"));
        let time = calendar_time(block.timestamp).unwrap_or_else(|| block.timestamp.to_string());
        lines.add("block", &format!("{}{hash}, {time}", block.number));
    }
}

fn add_history(lines: &mut Lines, metadata: &Metadata) {
    if metadata.mode != Mode::History {
        return;
    }
    let count = |what: &str| metadata.counts.get(what).map(|count| format!("{count} {what}"));
    let counts: Vec<_> = ["blocks", "transactions"].into_iter().filter_map(count).collect();
    lines.add("mode", "history: all blocks; a new beacon chain continues after the last one");
    lines.add("history", &counts.join(", "));
}

fn add_state_root(lines: &mut Lines, metadata: &Metadata) {
    if let Some(root) = metadata.state_root {
        let proven = match (metadata.proven, metadata.derived.is_empty()) {
            (Some(true), true) => ", proven: the block's",
            (Some(true), false) => ", not the block's: changed after it was proven",
            (Some(false), _) => ", not proven",
            (None, _) => "",
        };
        lines.add("state root", &format!("{root}{proven}"));
    }
    for change in &metadata.derived {
        lines.add("changed", change);
    }
    for edit in &metadata.edited {
        lines.add("edited", &format!("{}: {}", edit.at, edit.changes.join(", ")));
    }
}

fn add_execution(lines: &mut Lines, execution: &Execution) {
    let Execution { gas_limit, base_fee, .. } = execution;
    let base_fee = base_fee.as_ref().map(|wei| format!(", base fee {wei} wei"));
    lines.add("block 0", &format!("gas limit {gas_limit}{}", base_fee.unwrap_or_default()));
}

fn add_consensus(lines: &mut Lines, consensus: &Consensus) {
    let Consensus { preset, seconds_per_slot, forks } = consensus;
    lines.add("consensus", &format!("{preset} preset, slots of {seconds_per_slot} s"));
    if let Some(fork) = forks.iter().rfind(|fork| fork.epoch == 0) {
        lines.add("forks", &format!("{} at genesis", fork.name));
    }
    for fork in forks.iter().filter(|fork| fork.epoch > 0) {
        lines.add("", &format!("{} at epoch {}", fork.name, fork.epoch));
    }
}

fn add_l2(lines: &mut Lines, l2: &L2) {
    let L2 { name, chain_id, l1_block, .. } = l2;
    lines.add("L2", &format!("{name}, chain {chain_id}, deployed on block {l1_block} of the L1"));
    let Accounts { all, contracts, .. } = l2.accounts;
    let funded = match l2.funded {
        0 => String::new(),
        funded => format!(", {funded} funded"),
    };
    lines.add("", &format!("{all} accounts, of them {contracts} with code{funded}"));
    let first = l2.forks.iter().rfind(|fork| fork.after == 0);
    let first = first.map_or("bedrock", |fork| fork.name);
    let later = l2.forks.iter().filter(|fork| fork.after > 0);
    let later = later.map(|fork| format!("{} {} s later", fork.name, fork.after));
    let forks: Vec<_> = std::iter::once(format!("{first} at block 0")).chain(later).collect();
    lines.add("", &forks.join(", "));
}

fn baked(baked: Option<&Baked>) -> String {
    match baked {
        None => "no".to_owned(),
        Some(Baked { regenesis, keystores: None }) => format!("by {regenesis}"),
        Some(Baked { regenesis, keystores: Some(count) }) => {
            format!("by {regenesis}, with {count} keystores")
        }
    }
}
