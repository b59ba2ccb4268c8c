//! What clients write to their data directories, by name.
//!
//! To add a client, add its row in [`CLIENTS`].

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A client, and the names that it gives to what it writes. A `*` in a name stands for anything. A
/// path of two names is of an entry in a directory that users put files of their own into.
#[derive(Debug)]
pub struct Client {
    /// The programs that belong to it.
    programs: &'static [&'static str],
    /// What depends on the genesis: useless to another one.
    data: &'static [&'static str],
    /// What does not: keys, identities, settings, logs.
    kept: &'static [&'static str],
    /// What the validators have signed. A new chain begins at slot 0, where such a database forbids
    /// every signature. Paths from the data directory.
    signed: &'static [&'static str],
}

/// Every client that `run` knows.
const CLIENTS: &[Client] = &[
    Client {
        programs: &["geth"],
        data: &[
            "geth/chaindata",
            "geth/lightchaindata",
            "geth/triedb",
            "geth/triecache*",
            "geth/blobpool",
            "geth/transactions.rlp*",
            "geth/nodes",
            "geth.ipc",
        ],
        kept: &[
            "jwtsecret",
            "logs",
            "geth/nodekey",
            "geth/jwtsecret",
            "geth/LOCK",
            "geth/static-nodes.json",
            "geth/trusted-nodes.json",
            "geth/config.toml",
        ],
        signed: &[],
    },
    Client {
        programs: &["reth"],
        data: &[
            "db",
            "static_files",
            "rocksdb",
            "blobstore",
            "known-peers.json",
            "invalid_block_hooks",
            "txpool-transactions-backup.rlp",
            "exex",
        ],
        kept: &["discovery-secret", "reth.toml", "jwt.hex", "logs"],
        signed: &[],
    },
    Client {
        programs: &["besu"],
        data: &[
            "database",
            "caches",
            "DATABASE_METADATA.json",
            "VERSION_METADATA.json",
            "besu.networks",
            "besu.ports",
            "txpool.dump*",
        ],
        // In a network of signers this is the signer's key.
        kept: &["key", "key.pub", "logs"],
        signed: &[],
    },
    Client {
        programs: &["nethermind", "Nethermind.Runner*"],
        data: &["nethermind_db"],
        kept: &["logs", "plugins", "configs"],
        signed: &[],
    },
    Client {
        programs: &["erigon"],
        data: &[
            "chaindata",
            "snapshots",
            "nodes",
            "LOCK",
            "txpool",
            "temp",
            "caplin",
            "downloader",
        ],
        kept: &["nodekey", "jwt.hex", "logs"],
        signed: &[],
    },
    Client {
        programs: &["lighthouse"],
        data: &[
            "beacon/chain_db",
            "beacon/freezer_db",
            "beacon/blobs_db",
            "beacon/slasher_db",
            "beacon/network",
            "network",
            "chain_db",
            "freezer_db",
            "blobs_db",
            "slasher_db",
        ],
        kept: &["logs", "beacon/logs", "validator_definitions.yml"],
        signed: &["validators/slashing_protection.sqlite", "slashing_protection.sqlite"],
    },
    Client {
        programs: &["lodestar"],
        data: &["chain-db", "peerstore", "enr"],
        kept: &[
            "peer-id.json",
            "beacon*.log",
            "validator*.log",
            ".log_rotate_audit.json",
            "cache",
            "proposerConfigs",
        ],
        signed: &["validator-db"],
    },
    Client {
        programs: &["beacon-chain", "validator", "prysm*"],
        data: &["beaconchaindata", "blobs", "data-columns"],
        kept: &["network-keys", "metaData", "tosaccepted"],
        signed: &["validator.db", "direct/validator.db"],
    },
    Client {
        programs: &["teku"],
        data: &["beacon", "kvstore"],
        // Keys that came through its API are in there.
        kept: &["validator", "logs"],
        signed: &["validator/slashprotection"],
    },
    Client {
        programs: &["nimbus*"],
        data: &["db"],
        kept: &["dynamic-peer-id.key"],
        signed: &["slashing_protection.sqlite3", "validators/slashing_protection.sqlite3"],
    },
];

/// Where clients keep the keys of accounts and validators. No chain is worth a key.
const KEYS: &[&str] = &[
    "keystore",
    "keystores",
    "validators",
    "secrets",
    "wallet*",
    "direct",
    "remoteKeys",
    "accounts",
];

/// Where Lighthouse lists its keys.
pub const DEFINITIONS: &str = "validator_definitions.yml";

/// What a validator client keeps of the old chain and of its keys, beside them. Some of it names
/// imported keys, or protects them.
const BESIDE_KEYS: &[&str] = &[
    DEFINITIONS,
    "slashing_protection.sqlite*",
    "slashprotection",
    "validator.db*",
    "validator-db",
];

/// What a validator client writes beside its keys whenever it starts.
const BY_ITSELF: &[&str] = &[
    "*.lock",
    "*.log",
    "logs",
    "LOCK",
    "validator_key_cache.json",
    "api-token.txt",
    "auth-token",
    "tosaccepted",
    ".secp-sk",
];

/// What file systems, repositories and desktops leave in a directory.
const NOBODYS: &[&str] = &["lost+found", ".gitkeep", ".gitignore", ".keep", ".DS_Store"];

/// Programs that run the program which their first argument names.
const RUNNERS: &[&str] = &["node", "dotnet", "sh", "bash", "dash", "tini", "dumb-init"];

/// The hexadecimal digits of a validator's public key.
const PUBLIC_KEY: usize = 96;

/// `SQLite` keeps these beside its database.
const SQLITE_SUFFIXES: [&str; 4] = ["", "-journal", "-wal", "-shm"];

fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    (0..=name.len()).any(|at| name.get(at..).is_some_and(|name| matches(rest, name)))
}

fn any(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// Whether the entry is nobody's: neither data nor a reason to refuse a directory.
pub fn is_nobodys(entry: &str) -> bool {
    NOBODYS.contains(&entry)
}

/// Whether the entry holds keys.
pub fn is_keys(entry: &str) -> bool {
    any(KEYS, entry)
}

/// Whether a file or directory of this name holds a validator's or an account's key: it has the
/// name of a keystore, or is called after a public key.
pub fn is_key(name: &str) -> bool {
    let is_of_public_key = || {
        let hex = name.strip_prefix("0x").unwrap_or(name).as_bytes();
        hex.len() >= PUBLIC_KEY && hex[..PUBLIC_KEY].iter().all(u8::is_ascii_hexdigit)
    };
    let is_keystore = any(&["*.keystore", "*keystore*.json", "UTC--*"], name);
    (is_keystore || is_of_public_key()) && !any(&["*.lock"], name)
}

/// Whether a validator client keeps something of its chain and of its keys under this name.
pub fn is_beside_keys(name: &str) -> bool {
    any(BESIDE_KEYS, name)
}

/// Whether a validator client writes this beside its keys, without anybody's doing.
pub fn is_by_itself(name: &str) -> bool {
    any(BY_ITSELF, name)
}

/// Every path below which a client may keep what its validators have signed.
pub fn signed_paths() -> impl Iterator<Item = String> {
    CLIENTS.iter().flat_map(|client| client.signed).flat_map(|path| with_suffixes(path))
}

fn with_suffixes(path: &str) -> impl Iterator<Item = String> {
    let count = if path.contains(".sqlite") { SQLITE_SUFFIXES.len() } else { 1 };
    SQLITE_SUFFIXES[..count].iter().map(move |suffix| format!("{path}{suffix}"))
}

/// The name of the program that a command line starts, without its directory.
pub fn program(line: &[OsString]) -> String {
    let base = |word: &OsStr| {
        let name = Path::new(word).file_name().unwrap_or(word);
        name.to_string_lossy().into_owned()
    };
    let Some(first) = line.first() else { return String::new() };
    let name = base(first);
    if !RUNNERS.contains(&name.as_str()) {
        return name;
    }
    let script = line[1..].iter().find(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let script = script.filter(|word| !word.as_encoded_bytes().iter().any(u8::is_ascii_whitespace));
    let parts = script.into_iter().flat_map(|script| Path::new(script).iter());
    // `node …/@chainsafe/lodestar/lib/index.js` is Lodestar.
    let parts: Vec<_> = parts.map(|part| part.to_string_lossy().into_owned()).collect();
    let known = parts.into_iter().rev().find(|part| Known::of([part.as_str()]).everything);
    known.unwrap_or(name)
}

/// What is known of some programs.
#[derive(Debug)]
pub struct Known {
    clients: Vec<&'static Client>,
    /// Whether each of the programs is a client that is known.
    pub everything: bool,
}

impl Known {
    /// Looks up programs by their names.
    pub fn of<'a>(programs: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = Self { clients: Vec::new(), everything: true };
        for program in programs {
            match CLIENTS.iter().find(|client| any(client.programs, program)) {
                Some(client) => known.clients.push(client),
                None => known.everything = false,
            }
        }
        known
    }

    /// Whether one of the clients writes chain data under this name, or in a directory of it.
    pub fn is_data(&self, entry: &str) -> bool {
        let mut data = self.clients.iter().flat_map(|client| client.data);
        data.any(|path| matches(path.split('/').next().unwrap_or_default(), entry))
    }

    /// Whether all that is at this path is chain data of one of the clients.
    pub fn is_all_data(&self, path: &str) -> bool {
        self.clients.iter().any(|client| any(client.data, path))
    }

    /// Whether one of the clients writes something at this path that no genesis depends on.
    pub fn is_kept(&self, entry: &str) -> bool {
        self.clients.iter().any(|client| any(client.kept, entry))
    }

    /// Whether one of the clients keeps at this path what its validators have signed.
    pub fn is_signed(&self, path: &str) -> bool {
        let mut signed = self.clients.iter().flat_map(|client| client.signed);
        signed.any(|known| with_suffixes(known).any(|known| known == path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program_of(line: &[&str]) -> String {
        program(&line.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_program_is_known_by_its_last_name() {
        assert_eq!(program_of(&["/usr/local/bin/geth", "--datadir", "d"]), "geth");
        let lodestar = "/lodestar/node_modules/@chainsafe/lodestar/lib/index.js";
        assert_eq!(program_of(&["node", "--require=/x.cjs", lodestar, "beacon"]), "lodestar");
        assert_eq!(program_of(&["/sbin/tini", "--", "geth"]), "geth");
        let nethermind = program_of(&["dotnet", "/nethermind/Nethermind.Runner.dll"]);
        assert!(Known::of([nethermind.as_str()]).everything);
        assert_eq!(program_of(&["sh", "-c", "echo /geth/ x"]), "sh");
        assert_eq!(program_of(&["sh", "start-geth.sh"]), "sh");
        assert_eq!(program_of(&[]), "");
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        assert!(matches("wallet*", "wallets") && matches("wallet*", "wallet"));
        assert!(matches("beacon*.log", "beacon-2026-11-28.log"));
        assert!(!matches("beacon*.log", "beacon") && !matches("db", "db2"));
    }

    #[test]
    fn a_directory_that_users_write_to_is_known_by_what_is_in_it() {
        let geth = Known::of(["geth"]);
        assert!(geth.is_data("geth") && !geth.is_all_data("geth") && !geth.is_data("chaindata"));
        assert!(geth.is_all_data("geth/chaindata") && !geth.is_all_data("geth/notes.md"));
        assert!(geth.is_kept("geth/nodekey"));
    }

    #[test]
    fn keystores_are_known_by_their_names() {
        let key = "ab".repeat(48);
        let of_key = [format!("0x{key}"), key.clone(), format!("0x{key}.json")];
        for name in of_key.iter().map(String::as_str).chain(["keystore-m_12381_3600_0_0_0.json"]) {
            assert!(is_key(name), "{name}");
        }
        assert!(is_key("UTC--2026-01-01T00-00-00Z--aa") && is_key("all-accounts.keystore.json"));
        for name in ["voting-keystore.json.lock", "validator_definitions.yml", "0xab", "logs"] {
            assert!(!is_key(name), "{name}");
        }
    }

    #[test]
    fn no_client_has_keys_among_its_chain_data() {
        for client in CLIENTS {
            for name in client.data {
                assert!(!is_keys(name) && !any(client.kept, name), "{name}");
                assert!(!client.signed.contains(name), "{name}");
            }
        }
    }

    #[test]
    fn a_database_in_sqlite_has_its_logs_beside_it() {
        let known = Known::of(["lighthouse"]);
        assert!(known.is_signed("validators/slashing_protection.sqlite-wal"));
        assert!(!known.is_signed("validators/slashing_protection.sqlite.bak"));
        assert!(signed_paths().any(|path| path == "validator-db"));
        assert!(signed_paths().all(|path| path != "validator-db-wal"));
    }
}
