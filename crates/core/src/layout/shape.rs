//! Which paths of a runtime directory belong to a run: those that its summary lists; all others are
//! foreign. Without a summary, the layouts decide which paths a run may have written.

use std::collections::{HashMap, HashSet};

use super::{LAYOUTS, Layout, OWNED, SECRETS, places};
use crate::summary::Finished;

/// Files of `metadata/` that every run writes.
pub const ALWAYS: [&str; 11] = [
    "genesis.json",
    "genesis.ssz",
    "config.yaml",
    "deposit_contract.txt",
    "deposit_contract_block.txt",
    "deploy_block.txt",
    "deposit_contract_block_hash.txt",
    "boot_enr.yaml",
    "bootstrap_nodes.txt",
    "genesis_validators_root.txt",
    "validator_names.yaml",
];
/// Files of `metadata/` that some runs write.
const SOMETIMES: [&str; 4] = ["chain.rlp", "mnemonics.yaml", "besu.json", "chainspec.json"];
const PARSED: &str = "parsedConsensusGenesis.json";

/// Files that clients write beside their keys, useless once their genesis is replaced.
const CLIENTS: [&str; 13] = [
    "slashing_protection.sqlite",
    "slashing_protection.sqlite-journal",
    "slashing_protection.sqlite-shm",
    "slashing_protection.sqlite-wal",
    "slashing_protection.sqlite3",
    "slashing_protection.sqlite3-journal",
    "slashing_protection.sqlite3-shm",
    "slashing_protection.sqlite3-wal",
    "validator_definitions.yml",
    "validator_key_cache.json",
    "api-token.txt",
    "auth-token",
    "validator.db",
];

/// The relation of a path to the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file that a run wrote.
    File,
    /// A directory that contains files of a run.
    Directory,
    /// A file or a lock that a validator client wrote beside its keys.
    Client,
    /// Anything else.
    Foreign,
}

/// A point in time: seconds and nanoseconds.
pub type Time = (i64, i64);

/// A file that a run wrote.
#[derive(Debug)]
pub struct Listed {
    /// Size, in bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// When the run had finished: a later change of the file is not the run's.
    pub by: Time,
}

/// The files that runs wrote, according to their summaries.
#[derive(Debug, Default)]
pub struct Listing {
    files: HashMap<String, Vec<Listed>>,
    directories: HashSet<String>,
    /// Directories of keystores at paths that users chose.
    key_directories: HashSet<String>,
    /// The first run of the list.
    pub run_id: Option<String>,
}

impl Listing {
    /// Reads summaries of runs, each with the time at which it was written, the latest first. Damaged
    /// summaries are skipped.
    pub fn of<'a>(summaries: impl IntoIterator<Item = (&'a [u8], Time)>) -> Self {
        let mut listing = Self::default();
        let parsed = summaries
            .into_iter()
            .filter_map(|(bytes, by)| Finished::parse(bytes).ok().map(|finished| (finished, by)));
        for (Finished { run_id, files, inputs, .. }, by) in parsed {
            listing.run_id.get_or_insert(run_id);
            let layout = inputs.as_ref().and_then(|inputs| inputs.arrangement.get("--layout"));
            let placed = layout.into_iter().flat_map(|layout| places::key_directories(layout));
            listing.key_directories.extend(placed.map(str::to_owned));
            for file in files {
                let mut path = &file.path[..];
                while let Some((directory, _)) = path.rsplit_once('/') {
                    if !listing.directories.insert(directory.to_owned()) {
                        break;
                    }
                    path = directory;
                }
                let listed = Listed { size: file.size, sha256: file.sha256, by };
                listing.files.entry(file.path).or_default().push(listed);
            }
        }
        listing
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The paths of the files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every file, at any path.
    pub fn all(&self) -> impl Iterator<Item = &Listed> {
        self.files.values().flatten()
    }

    /// Whether a directory is one of a client's keystores, inside the path that the user chose for them:
    /// only runs create it.
    pub fn is_below_keys(&self, directory: &str) -> bool {
        let mut parents = directory.match_indices('/').map(|(end, _)| &directory[..end]);
        parents.any(|parent| self.key_directories.contains(parent))
    }

    /// Whether a client wrote the file or lock at a path, beside keystores at a path that the user chose.
    pub fn is_clients(&self, path: &str) -> bool {
        is_clients(path, |keystore| self.files.contains_key(keystore))
    }

    /// The file at a path, once for each run that wrote it.
    pub fn listed(&self, path: &str) -> &[Listed] {
        self.files.get(path).map_or(&[], Vec::as_slice)
    }

    /// The kind of a path.
    pub fn kind(&self, path: &str) -> Kind {
        match () {
            () if self.files.contains_key(path) => Kind::File,
            () if self.directories.contains(path) => Kind::Directory,
            () if is_client(path, |keystore| self.files.contains_key(keystore)) => Kind::Client,
            () => Kind::Foreign,
        }
    }
}

/// The kind of a path according to the layouts alone.
pub fn kind(path: &str) -> Kind {
    let (top, rest) = path.split_once('/').unwrap_or((path, ""));
    let is_file = match (top, rest) {
        (_, "") if OWNED.contains(&top) => return Kind::Directory,
        _ if is_client(path, is_keystore) => return Kind::Client,
        ("metadata", name) => ALWAYS.contains(&name) || SOMETIMES.contains(&name),
        ("network-configs", "parsed") => return Kind::Directory,
        ("network-configs", name) => match name.strip_prefix("parsed/") {
            Some(name) => name == PARSED,
            None => ALWAYS.contains(&name) || SOMETIMES.contains(&name),
        },
        ("parsed", name) => name == PARSED,
        ("jwt", name) => name == "jwtsecret",
        (SECRETS, rest) => return kind_of_key(rest),
        _ => false,
    };
    if is_file { Kind::File } else { Kind::Foreign }
}

/// The kind of a path below [`SECRETS`].
fn kind_of_key(path: &str) -> Kind {
    let mut parts: Vec<&str> = path.split('/').collect();
    if is_split(parts[0]) {
        parts.remove(0);
    }
    let matches = |pattern: &&[&str]| {
        parts.len() <= pattern.len()
            && parts.iter().zip(*pattern).all(|(part, known)| matches_part(part, known))
    };
    let patterns = LAYOUTS.iter().flat_map(|(_, layout)| match layout {
        Layout::Keys(layout) => layout.paths,
        Layout::Network(_) => &[],
    });
    match patterns.copied().find(matches) {
        Some(pattern) if pattern.len() == parts.len() => Kind::File,
        Some(_) => Kind::Directory,
        None => Kind::Foreign,
    }
}

/// Whether a part of a path matches a part of a pattern.
fn matches_part(part: &str, pattern: &str) -> bool {
    let Some(suffix) = pattern.strip_prefix("0x") else { return part == pattern };
    let key = part.strip_prefix("0x").and_then(|part| part.strip_suffix(suffix));
    key.is_some_and(|key| key.len() == 96 && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a directory is that of a client in a split: `NUMBER-LAYOUT-FIRST-LAST`.
fn is_split(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = name.split('-');
    let (first, last) = (parts.next(), parts.next_back());
    [first, last, parts.next_back()].iter().all(|part| part.is_some_and(is_number))
        && parts.next().is_some()
}

/// The part of a path below [`SECRETS`].
fn below_secrets(path: &str) -> Option<&str> {
    path.strip_prefix(SECRETS)?.strip_prefix('/')
}

/// Whether a path is that of a keystore according to the layouts.
fn is_keystore(path: &str) -> bool {
    below_secrets(path).is_some_and(|rest| kind_of_key(rest) == Kind::File)
}

/// Whether a validator client writes a file of this name beside its keys. Only locks of keystores count:
/// others, such as `poetry.lock`, are the user's.
fn is_client(path: &str, is_keystore: impl Fn(&str) -> bool) -> bool {
    below_secrets(path).is_some() && is_clients(path, is_keystore)
}

/// The same for a path beside keystores.
fn is_clients(path: &str, is_keystore: impl Fn(&str) -> bool) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_lock =
        || path.strip_suffix(".json.lock").is_some_and(|rest| is_keystore(&format!("{rest}.json")));
    CLIENTS.contains(&name) || is_lock()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Entropy, Kdf, Sealed};
    use crate::layout::plan::Plan;

    #[test]
    fn the_paths_of_a_layout_are_those_of_its_files() {
        let sealed =
            Sealed { pubkey: [7; 48], keystore: Vec::new(), password: String::new().into() };
        for layouts in [
            &["lighthouse", "lodestar", "teku", "nimbus", "prysm", "grandine"][..],
            &["eth2-val-tools"],
        ] {
            assert_known(&Plan::parse(layouts, None).unwrap(), &sealed);
        }
        let split = Plan::parse(&[], Some("0:lighthouse,1-3:eth2-val-tools")).unwrap();
        assert_known(&split, &sealed);
    }

    fn assert_known(plan: &Plan, sealed: &Sealed) {
        let entropy = Entropy::new([1; 32]);
        let mut files = plan.files(0, std::slice::from_ref(sealed));
        files.extend(plan.together(&[], Kdf::Light, &entropy).unwrap());
        assert!(!files.is_empty());
        for file in files {
            assert_eq!(kind(&file.path), Kind::File, "{}", file.path);
            let mut path = &file.path[..];
            while let Some((directory, _)) = path.rsplit_once('/') {
                assert_eq!(kind(directory), Kind::Directory, "{directory}");
                path = directory;
            }
        }
    }

    #[test]
    fn paths_of_no_layout_are_foreign() {
        let key = format!("0x{}", "0a".repeat(48));
        for path in [
            "metadata/notes",
            "metadata/genesis.json/x",
            "jwt/old",
            "validator-keys/notes",
            &format!("validator-keys/keys/{key}/voting-keystore.json.bak"),
            "validator-keys/keys/0x12/voting-keystore.json",
            "validator-keys/slashing_protection_backup.json",
            "validator-keys/1-lighthouse-0/keys",
            "validator-keys/poetry.lock",
            "validator-keys/keys/notes.json.lock",
            "parsed/x",
            "notes",
            "metadatas/genesis.json",
        ] {
            assert_eq!(kind(path), Kind::Foreign, "{path}");
        }
        for path in [
            "validator-keys/keys/slashing_protection.sqlite",
            &format!("validator-keys/teku-keys/{key}.json.lock"),
        ] {
            assert_eq!(kind(path), Kind::Client, "{path}");
        }
        assert_eq!(kind("metadata/slashing_protection.sqlite"), Kind::Foreign);
    }

    #[test]
    fn unlisted_paths_are_foreign() {
        let listed =
            br#"{"run_id": "1", "files": [{"path": "metadata/genesis.json", "size": 0, "sha256":
            "0000000000000000000000000000000000000000000000000000000000000000"}]}"#;
        let listing = Listing::of([(&b"damaged"[..], (9, 0)), (listed, (8, 5))]);
        assert_eq!(listing.run_id.as_deref(), Some("1"));
        assert_eq!(listing.kind("metadata/genesis.json"), Kind::File);
        let [file] = listing.listed("metadata/genesis.json") else { panic!("{listing:?}") };
        assert_eq!((file.size, file.sha256, file.by), (0, [0; 32], (8, 5)));
        assert!(listing.listed("metadata").is_empty());
        assert_eq!(listing.kind("metadata"), Kind::Directory);
        assert_eq!(listing.kind("metadata/genesis.ssz"), Kind::Foreign);
        assert!(!listing.is_empty() && Listing::of([]).is_empty());
    }
}
