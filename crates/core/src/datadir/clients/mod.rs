//! The files that each client writes to its data directory.
//!
//! To add a client, write its file and add its line to [`CLIENTS`].

mod besu;
mod captured;
mod erigon;
mod geth;
mod lighthouse;
mod lodestar;
mod names;
mod nethermind;
mod nimbus;
mod program;
mod prysm;
mod reth;
mod teku;

pub use names::{
    DEFINITIONS, is_created_at_start, is_ignored, is_key, is_keys, is_validator_record,
};
pub use program::program;

/// Every client that `run` knows.
const CLIENTS: &[Client] = &[
    geth::CLIENT,
    reth::CLIENT,
    besu::CLIENT,
    nethermind::CLIENT,
    erigon::CLIENT,
    lighthouse::CLIENT,
    lodestar::CLIENT,
    prysm::CLIENT,
    teku::CLIENT,
    nimbus::CLIENT,
    captured::CLIENT,
];

/// A client and the paths that it writes, relative to its data directory. A `*` in a path matches any
/// text. `data` and `kept` list an entry of the data directory, or an entry in a directory of it where
/// users put files of their own.
#[derive(Debug)]
struct Client {
    /// The names of its programs.
    programs: &'static [&'static str],
    /// Data that depends on the genesis: useless with another one.
    data: &'static [&'static str],
    /// Files that do not depend on it: keys, identities, settings, logs.
    kept: &'static [&'static str],
    /// Slashing protection. A new chain starts at slot 0, where the record of the old chain forbids every
    /// signature.
    signed: &'static [&'static str],
}

/// `SQLite` keeps these files beside a database.
const SQLITE_SUFFIXES: [&str; 4] = ["", "-journal", "-wal", "-shm"];

fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    (0..=name.len()).any(|at| name.get(at..).is_some_and(|name| matches(rest, name)))
}

fn any(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// Every path where a client may keep slashing protection.
pub fn signed_paths() -> impl Iterator<Item = String> {
    CLIENTS.iter().flat_map(|client| client.signed).flat_map(|path| with_suffixes(path))
}

fn with_suffixes(path: &str) -> impl Iterator<Item = String> {
    let count = if path.contains(".sqlite") { SQLITE_SUFFIXES.len() } else { 1 };
    SQLITE_SUFFIXES[..count].iter().map(move |suffix| format!("{path}{suffix}"))
}

/// The known clients among some programs.
#[derive(Debug)]
pub struct KnownClients {
    clients: Vec<&'static Client>,
    /// Whether every program is a known client.
    pub are_all: bool,
}

impl KnownClients {
    /// Looks up programs by their names.
    pub fn of<'a>(programs: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = Self { clients: Vec::new(), are_all: true };
        for program in programs {
            match CLIENTS.iter().find(|client| any(client.programs, program)) {
                Some(client) => known.clients.push(client),
                None => known.are_all = false,
            }
        }
        known
    }

    /// Whether one of the clients writes chain data under this name, or in a directory of this name.
    pub fn is_data(&self, entry: &str) -> bool {
        let mut data = self.clients.iter().flat_map(|client| client.data);
        data.any(|path| matches(path.split('/').next().unwrap_or_default(), entry))
    }

    /// Whether everything at this path is chain data of one of the clients.
    pub fn is_all_data(&self, path: &str) -> bool {
        self.clients.iter().any(|client| any(client.data, path))
    }

    /// Whether one of the clients writes a file at this path that does not depend on the genesis.
    pub fn is_kept(&self, entry: &str) -> bool {
        self.clients.iter().any(|client| any(client.kept, entry))
    }

    /// Whether one of the clients keeps slashing protection at this path.
    pub fn is_signed(&self, path: &str) -> bool {
        let mut signed = self.clients.iter().flat_map(|client| client.signed);
        signed.any(|known| with_suffixes(known).any(|known| known == path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_complete_names() {
        assert!(matches("wallet*", "wallets") && matches("wallet*", "wallet"));
        assert!(matches("beacon*.log", "beacon-2026-11-28.log"));
        assert!(!matches("beacon*.log", "beacon") && !matches("db", "db2"));
    }

    #[test]
    fn in_a_shared_directory_each_entry_counts() {
        let geth = KnownClients::of(["geth"]);
        assert!(geth.is_data("geth") && !geth.is_all_data("geth") && !geth.is_data("chaindata"));
        assert!(geth.is_all_data("geth/chaindata") && !geth.is_all_data("geth/notes.md"));
        assert!(geth.is_kept("geth/nodekey"));
    }

    #[test]
    fn no_client_lists_keys_as_chain_data() {
        for client in CLIENTS {
            for name in client.data {
                assert!(!is_keys(name) && !any(client.kept, name), "{name}");
                assert!(!client.signed.contains(name), "{name}");
            }
        }
    }

    #[test]
    fn an_sqlite_database_includes_the_files_beside_it() {
        let known = KnownClients::of(["lighthouse"]);
        assert!(known.is_signed("validators/slashing_protection.sqlite-wal"));
        assert!(!known.is_signed("validators/slashing_protection.sqlite.bak"));
        assert!(signed_paths().any(|path| path == "validator-db"));
        assert!(signed_paths().all(|path| path != "validator-db-wal"));
    }
}
