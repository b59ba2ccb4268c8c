//! `regenesis keys` against the recorded output of eth2-val-tools (`tests/vectors/keys`).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{regenesis, repository};
use regenesis::keys::{Keystore, Wallet};
use serde_json::Value;

const TEST: &str = "test test test test test test test test test test test junk";
const GIANT: &str = "giant issue aisle success illegal bike spike question tent bar rely arctic \
                     volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete";
const ROOT: &str = "0xaa4ab565b4d90485172796b2558fbca7d756634db94e379e6a010a34f74ed5ae";
const ADDRESS: &str = "0xf97e180c050e5Ab072211Ad2C213Eb5AEE4DF134";

fn keys(args: &[&str]) -> Output {
    let mut command = regenesis();
    command.arg("keys").args(args).output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = keys(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn vector(name: &str) -> String {
    let path = repository().join("tests/vectors/keys").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn deposits_equal_the_reference() {
    let range = ["--source-min", "3", "--source-max", "7", "--fork-version", "0x10000038"];
    let phrases = ["deposit-data", "--validators-mnemonic", GIANT, "--withdrawals-mnemonic", TEST];
    assert_eq!(stdout(&[&phrases[..], &range].concat()), vector("deposit-data.txt"));
    let list = [
        "deposit-data",
        "--validators-mnemonic",
        TEST,
        "--withdrawals-mnemonic",
        TEST,
        "--fork-version=0x00000000",
        "--amount=1000000000",
        "--source-max=2",
        "--as-json-list",
    ];
    assert_eq!(stdout(&list), vector("deposit-data-list.txt"));
    let _: Vec<Value> = serde_json::from_str(&stdout(&list)).unwrap();
}

#[test]
fn credential_changes_equal_the_reference() {
    let change = |phrase, root, address, rest: &[&str]| {
        let head = ["bls-address-change", "--withdrawals-mnemonic", phrase];
        let chain = ["--genesis-validators-root", root, "--execution-address", address];
        stdout(&[&head[..], &chain, rest].concat())
    };
    let range = ["--fork-version", "0x10000038", "--source-min", "1", "--source-max", "4"];
    assert_eq!(change(GIANT, ROOT, ADDRESS, &range), vector("bls-address-change.txt"));
    let mainnet = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95";
    let one = "0x0000000000000000000000000000000000000001";
    let list = ["--fork-version", "0x00000000", "--source-max", "2", "--as-json-list"];
    assert_eq!(change(TEST, mainnet, one, &list), vector("bls-address-change-list.txt"));
}

#[test]
fn pubkeys_equal_the_reference() {
    let args = ["pubkeys", "--validators-mnemonic", GIANT, "--source-min=42", "--source-max=50"];
    assert_eq!(stdout(&args), vector("pubkeys.txt"));
    assert_eq!(stdout(&["pubkeys", "--validators-mnemonic", GIANT]), "");
}

#[test]
fn a_mnemonic_is_random_and_valid_without_a_newline() {
    let phrase = stdout(&["mnemonic"]);
    assert_eq!(phrase.split(' ').count(), 24);
    assert_eq!(phrase.trim(), phrase);
    assert_ne!(stdout(&["mnemonic"]), phrase);
    let list = stdout(&["pubkeys", "--validators-mnemonic", &phrase, "--source-max", "1"]);
    assert_eq!(list.len(), 2 + 96 + 1);
    let seed = "00".repeat(32);
    let seeded = || stdout(&["mnemonic", "--seed", &seed]);
    assert_eq!(seeded(), seeded());
}

/// A directory for `--out-loc`, with `regenesis keys keystores` run on it.
struct Tree {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn keystores(more: &[&str]) -> Tree {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node-0-keystores");
    let out = path.to_str().unwrap();
    let args =
        ["keystores", "--source-mnemonic", GIANT, "--source-min", "42", "--source-max", "44"];
    let prysm = ["--prysm-pass", "password", "--out-loc", out];
    assert_eq!(stdout(&[&args[..], &prysm, more].concat()), "");
    Tree { _directory: directory, path }
}

impl Tree {
    /// Paths of all files, sorted.
    fn files(&self) -> Vec<String> {
        let (mut files, mut open) = (Vec::new(), vec![self.path.clone()]);
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let path = path.strip_prefix(&self.path).unwrap().to_str().unwrap().to_owned();
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path.join(path)).unwrap()
    }

    fn modes(&self) -> Vec<u32> {
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let files = self.files();
        let mut modes: Vec<u32> = files.iter().map(|path| mode(&self.path.join(path))).collect();
        modes.push(mode(&self.path.join("keys")));
        modes.sort_unstable();
        modes.dedup();
        modes
    }
}

/// The names and types in a JSON value, without its values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), shape(value))).collect()
        }
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        other => other.clone(),
    }
}

#[test]
fn the_tree_and_its_files_match_the_reference() {
    let tree = keystores(&["--insecure"]);
    let expected = vector("keystores-tree.txt");
    assert_eq!(tree.files(), expected.lines().collect::<Vec<_>>());
    assert_eq!(tree.read("pubkeys.json"), vector("pubkeys.json"));
    assert_eq!(tree.read("prysm/keymanageropts.json"), vector("keymanageropts.json"));

    let reference: Value = serde_json::from_str(&vector("keystore.json")).unwrap();
    let pubkey = format!("0x{}", reference["pubkey"].as_str().unwrap());
    let text = tree.read(&format!("keys/{pubkey}/voting-keystore.json"));
    let ours: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shape(&ours), shape(&reference));
    assert_eq!(ours["crypto"]["kdf"]["params"]["c"], 2);
    // Both open, and contain the same key.
    let open = |json: &str, password: &str| {
        let keystore = Keystore::from_json(json.as_bytes()).unwrap();
        *keystore.open(password).unwrap().as_bytes()
    };
    // The reference writes no path; ours is that of the account.
    let named = vector("keystore.json");
    let secret = open(&named, &vector("keystore-password.txt"));
    assert_eq!(open(&text, &tree.read(&format!("secrets/{pubkey}"))), secret);

    // The wallets contain the same lists.
    let wallet = |json: &str| -> Value {
        let mut json: Value = serde_json::from_str(json).unwrap();
        json["name"] = "keystore".into();
        let wallet: Wallet = serde_json::from_value(json).unwrap();
        serde_json::from_slice(&wallet.open("password").unwrap()).unwrap()
    };
    let ours = tree.read("prysm/direct/accounts/all-accounts.keystore.json");
    assert_eq!(wallet(&ours), wallet(&vector("prysm-wallet.json")));
}

#[test]
fn only_insecure_keystores_are_readable_by_others() {
    assert_eq!(keystores(&["--insecure"]).modes(), [0o644, 0o755]);
    let tree = keystores(&["--max-parallel", "1"]);
    assert_eq!(tree.modes(), [0o600, 0o700]);
    let path = tree.files().into_iter().find(|path| path.starts_with("keys/")).unwrap();
    let keystore: Value = serde_json::from_str(&tree.read(&path)).unwrap();
    assert_eq!(keystore["crypto"]["kdf"]["params"]["c"], 262_144);
}

#[test]
fn a_seed_reproduces_the_files() {
    let seed = "ab".repeat(32);
    let (one, two) = (keystores(&["--insecure", "--seed", &seed]), keystores(&["--insecure"]));
    let again = keystores(&["--insecure", "--seed", &seed]);
    for path in one.files() {
        assert_eq!(one.read(&path), again.read(&path), "{path}");
    }
    let differ = one.files().into_iter().filter(|path| one.read(path) != two.read(path)).count();
    assert_eq!(differ, one.files().len() - 2, "all but pubkeys.json and keymanageropts.json");
}

#[test]
fn errors_are_reported_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let there = directory.path().to_str().unwrap();
    let new = directory.path().join("new");
    let new = new.to_str().unwrap();
    let secret = "zoo zoo zoo";
    let cases: [(&[&str], i32, &str); 8] = [
        (&["keystores", "--source-mnemonic", TEST, "--out-loc", there], 7, "already exists"),
        (&["keystores", "--source-mnemonic", secret, "--out-loc", new], 2, "3 words, expected 12"),
        (&["keystores", "--out-loc", new], 2, "--source-mnemonic"),
        (
            &["pubkeys", "--validators-mnemonic", TEST, "--source-min=2", "--source-max=1"],
            2,
            "--source-max is 1, less than --source-min",
        ),
        (&["pubkeys", "--validators-mnemonic", TEST, "--source-max=4294967296"], 2, "4294967296"),
        (
            &[
                "deposit-data",
                "--validators-mnemonic",
                TEST,
                "--withdrawals-mnemonic",
                TEST,
                "--fork-version=0x1",
            ],
            2,
            "--fork-version is \"0x1\", expected 0x and 8 hex digits",
        ),
        (&["deposit-data", "--validators-mnemonic", TEST], 2, "--withdrawals-mnemonic"),
        (&["mnemonic", "--seed", "12"], 2, "--seed has 2 characters"),
    ];
    for (args, code, what) in cases {
        let output = keys(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(what) && !stderr.contains("zoo"), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty() && !Path::new(new).exists(), "{args:?}");
    }
    assert_eq!(std::fs::read_dir(there).unwrap().count(), 0);
}
