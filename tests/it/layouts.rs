//! Each layout as its client reads it: names, access rights, and the strictest reading of the
//! JSON that the client's own source has.

use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::support::{Done, Run, regenesis};
use regenesis::keys::{Keystore, Wallet};
use serde::Deserialize;

/// The keystore format that Lighthouse (`crypto/eth2_keystore`, `deny_unknown_fields`) and Grandine
/// (`eip_2335`: `uuid` and `path` are required, `name` is refused) both accept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "that it can be read is what is tested")]
struct StrictKeystore {
    crypto: StrictCrypto,
    #[serde(default)]
    description: String,
    pubkey: String,
    path: String,
    uuid: String,
    version: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct StrictCrypto {
    kdf: StrictModule,
    checksum: StrictModule,
    cipher: StrictModule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct StrictModule {
    function: String,
    params: serde_json::Map<String, serde_json::Value>,
    message: String,
}

fn init() -> Run {
    Run::new().args(["--timestamp", "1700000000"])
}

/// Names in a directory of the output.
fn names(done: &Done, directory: &str) -> BTreeSet<String> {
    let directory = done.out().join(directory);
    let entries = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Reads a keystore as the strictest client does, opens it, and returns its public key.
fn open(done: &Done, keystore: &str, password: &str) -> String {
    let json = done.read(keystore);
    let strict: StrictKeystore = serde_json::from_slice(&json).unwrap();
    let path: Vec<&str> = strict.path.split('/').collect();
    assert_eq!((path[..3].join("/").as_str(), path.len()), ("m/12381/3600", 6), "{keystore}");
    assert_eq!((strict.version, strict.uuid.len()), (4, 36));
    let password = done.text(password);
    // Lodestar refuses passwords of several lines, or of more than 512 characters.
    assert!(!password.is_empty() && password.len() <= 512 && !password.contains('\n'));
    let opened = Keystore::from_json(&json).unwrap().open(&password).unwrap();
    assert_eq!(hex::encode(opened.public_key()), strict.pubkey);
    format!("0x{}", strict.pubkey)
}

/// The public keys of the sample's validators.
fn pubkeys(done: &Done) -> BTreeSet<String> {
    let names = names(done, "validator-keys/keys");
    assert_eq!(names.len(), 64);
    names
}

/// All files 0600, all directories 0700: what Nimbus and Prysm demand.
fn private(directory: &Path) -> usize {
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(directory), 0o700, "{}", directory.display());
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += private(&path);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            files += 1;
        }
    }
    files
}

#[test]
fn every_client_finds_every_key() {
    let layouts = "lighthouse,lodestar,teku,nimbus,prysm,grandine";
    let done = init().args(["--layout", layouts]).succeeds();
    assert!(done.stderr.contains("two that sign with one key are slashed"), "{}", done.stderr);
    let keys = pubkeys(&done);
    let nested = |keystores: &str, file: &str, secrets: &str| {
        assert_eq!(names(&done, &format!("validator-keys/{keystores}")), keys, "{keystores}");
        assert_eq!(names(&done, &format!("validator-keys/{secrets}")), keys, "{secrets}");
        for key in &keys {
            let directory = format!("validator-keys/{keystores}/{key}");
            assert_eq!(names(&done, &directory).len(), 1);
            let password = format!("validator-keys/{secrets}/{key}");
            assert_eq!(&open(&done, &format!("{directory}/{file}"), &password), key);
        }
    };
    nested("keys", "voting-keystore.json", "secrets");
    nested("lodestar-keys", "voting-keystore.json", "lodestar-secrets");
    nested("nimbus-keys", "keystore.json", "nimbus-secrets");
    for client in ["teku", "grandine"] {
        let flat = |directory: &str, ending: &str| {
            let names = names(&done, &format!("validator-keys/{client}-{directory}"));
            names.iter().map(|name| name.strip_suffix(ending).unwrap().to_owned()).collect()
        };
        let (keystores, passwords): (BTreeSet<_>, BTreeSet<_>) =
            (flat("keys", ".json"), flat("secrets", ".txt"));
        assert!(keystores == keys && passwords == keys, "{client}: the stems must match");
        for key in &keys {
            let keystore = format!("validator-keys/{client}-keys/{key}.json");
            let password = format!("validator-keys/{client}-secrets/{key}.txt");
            assert_eq!(&open(&done, &keystore, &password), key);
        }
    }
    assert_eq!(private(&done.out().join("validator-keys")), 5 * 64 * 2 + 3);
}

/// Prysm's `AccountsKeystoreRepresentation` and `accountStore`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct PrysmWallet {
    crypto: StrictCrypto,
    uuid: String,
    version: u8,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrysmAccounts {
    private_keys: Vec<String>,
    public_keys: Vec<String>,
}

#[test]
fn prysm_has_one_wallet() {
    use base64ct::{Base64, Encoding};
    let done = init().args(["--layout", "prysm"]).succeeds();
    assert_eq!(names(&done, "validator-keys").len(), 2);
    // One directory whose name is a kind of wallet, or Prysm finds none.
    let (direct, options) = ("direct".to_owned(), "keymanageropts.json".to_owned());
    assert_eq!(names(&done, "validator-keys/prysm"), BTreeSet::from([direct, options]));
    let json = done.read("validator-keys/prysm/direct/accounts/all-accounts.keystore.json");
    let strict: PrysmWallet = serde_json::from_slice(&json).unwrap();
    assert_eq!((strict.version, strict.name.as_str()), (4, "keystore"));
    let wallet: Wallet = serde_json::from_slice(&json).unwrap();
    let opened = wallet.open(&done.text("validator-keys/prysm-password.txt")).unwrap();
    let accounts: PrysmAccounts = serde_json::from_slice(&opened).unwrap();
    assert_eq!((accounts.private_keys.len(), accounts.public_keys.len()), (64, 64));
    for (secret, pubkey) in accounts.private_keys.iter().zip(&accounts.public_keys) {
        let secret: [u8; 32] = Base64::decode_vec(secret).unwrap().try_into().unwrap();
        let secret = regenesis::keys::SecretKey::from_bytes(&secret).unwrap();
        assert_eq!(secret.public_key().to_vec(), Base64::decode_vec(pubkey).unwrap());
    }
    let other = init().args(["--layout", "prysm"]).succeeds();
    assert_ne!(
        done.text("validator-keys/prysm-password.txt"),
        other.text("validator-keys/prysm-password.txt")
    );
}

#[test]
fn eth2_val_tools_tree_is_complete() {
    let done = init().args(["--layout", "eth2-val-tools"]).succeeds();
    let top: Vec<String> = names(&done, "validator-keys").into_iter().collect();
    let expected = [
        "keys",
        "lodestar-secrets",
        "nimbus-keys",
        "prysm",
        "prysm-password.txt",
        "pubkeys.json",
        "secrets",
        "teku-keys",
        "teku-secrets",
    ];
    assert_eq!(top, expected);
    let keys = pubkeys(&done);
    let listed: Vec<String> =
        serde_json::from_str(&done.text("validator-keys/pubkeys.json")).unwrap();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), keys);
    // The order of the mnemonic, not that of a directory.
    assert_ne!(listed, keys.iter().cloned().collect::<Vec<_>>());
    for key in &keys {
        let at = |path: String| done.read(&format!("validator-keys/{path}"));
        let keystore = at(format!("keys/{key}/voting-keystore.json"));
        assert_eq!(keystore, at(format!("nimbus-keys/{key}/keystore.json")));
        assert_eq!(keystore, at(format!("teku-keys/{key}.json")));
        let password = at(format!("secrets/{key}"));
        assert_eq!(password, at(format!("teku-secrets/{key}.txt")));
        assert_eq!(password, at(format!("lodestar-secrets/{key}")));
    }
}

#[test]
fn network_layouts_repeat_metadata() {
    let done = init().args(["--layout", "egg,kurtosis"]).succeeds();
    assert!(!done.out().join("validator-keys").exists());
    let (metadata, flat) = (names(&done, "metadata"), names(&done, "network-configs"));
    assert!(metadata.contains("mnemonics.yaml"));
    for name in &metadata {
        let copy = done.read(&format!("network-configs/{name}"));
        assert_eq!(copy, done.read(&format!("metadata/{name}")), "{name}");
    }
    assert_eq!(flat.difference(&metadata).collect::<Vec<_>>(), ["parsed"]);
    let parsed = "parsed/parsedConsensusGenesis.json";
    assert_eq!(done.read(parsed), done.read(&format!("network-configs/{parsed}")));
    let root = done.json(parsed)["genesis_validators_root"].as_str().unwrap().to_owned();
    assert_eq!(root, done.text("metadata/genesis_validators_root.txt"));
}

/// Valid for the strictest YAML parser: the name has no line break and only printable characters.
#[test]
fn every_mnemonic_name_is_valid_yaml() {
    for name in [
        "plain",
        "it's \"quoted\" \\ {a: b} # c",
        "a\u{0}\u{1b}[2J\u{7}b\u{7f}",
        "a\nerror: forged\r\tb",
        "\u{80}\u{85}\u{9b}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}",
        "\u{301}ü日\u{1f600}\u{202e}\u{e0041}",
    ] {
        let quoted =
            name.chars().fold(String::new(), |text, c| text + &format!("\\U{:08x}", u32::from(c)));
        let phrase = "test test test test test test test test test test test junk";
        let mnemonics = format!("- mnemonic: {phrase}\n  count: 4\n  name: \"{quoted}\"\n");
        let run = init().snapshot().file("mnemonics.yaml", mnemonics).args([
            "--genesis=snapshot/el/genesis.template.json",
            "--config=snapshot/cl/config.yaml",
            "--mnemonics=mnemonics.yaml",
        ]);
        let text = run.succeeds().text("metadata/validator_names.yaml");
        let is_printable = |c: char| {
            matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
                && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
        };
        let line = text.strip_suffix('\n').unwrap();
        assert!(line.chars().all(is_printable), "{line:?}");
        let start = "- 0-3: { src: ";
        let source = line.strip_prefix(start).unwrap().strip_suffix(", from: 0, to: 3 }").unwrap();
        assert_eq!(serde_json::from_str::<String>(source).unwrap(), name);
        // Our own YAML parser reads the same name.
        let parsed = regenesis::yaml::parse(text.as_bytes()).unwrap();
        assert!(format!("{parsed:?}").contains(&format!("{name:?}")), "{parsed:?}");
    }
}

#[test]
fn a_split_assigns_each_client_its_own_keys() {
    let done = init().args(["--split", "0-31:lighthouse,32-62:teku"]).succeeds();
    assert!(done.stderr.contains("assigns the keys 63-63 to no client"), "{}", done.stderr);
    let parts: Vec<String> = names(&done, "validator-keys").into_iter().collect();
    assert_eq!(parts, ["1-lighthouse-0-31", "2-teku-32-62"]);
    let first = names(&done, "validator-keys/1-lighthouse-0-31/keys");
    let second = names(&done, "validator-keys/2-teku-32-62/teku-keys");
    let second = second.iter().map(|name| name.strip_suffix(".json").unwrap().to_owned()).collect();
    assert_eq!((first.len(), first.intersection(&second).count()), (32, 0));
    assert_eq!(second.len(), 31);
    let failed = init().args(["--split", "0-64:lighthouse"]).fails(2);
    assert!(
        failed.stderr.contains("names key 64, but there are only 64 keys"),
        "{}",
        failed.stderr
    );
    failed.wrote_nothing();
}

#[test]
fn another_layout_removes_files_of_the_earlier_one() {
    let done = init().args(["--layout", "kurtosis,lodestar"]).succeeds();
    assert!(done.out().join("network-configs").exists());
    let mut command = regenesis();
    let again = command.args(["init", "--layout", "teku", "--out"]).arg(done.out()).output();
    assert!(again.unwrap().status.success());
    let top: Vec<String> = names(&done, "").into_iter().collect();
    assert_eq!(top, [".regenesis", "jwt", "metadata", "regenesis.json", "validator-keys"]);
    let keys: Vec<String> = names(&done, "validator-keys").into_iter().collect();
    assert_eq!(keys, ["teku-keys", "teku-secrets"]);
}

#[test]
fn files_change_their_owner_or_the_run_fails() {
    let uid = std::fs::metadata("/proc/self").unwrap().uid();
    let gid = std::fs::metadata("/proc/self").unwrap().gid();
    let own = init().args(["--chown", &format!("{uid}:{gid}")]).succeeds();
    assert_eq!(own.out().join("metadata/genesis.ssz").metadata().unwrap().uid(), uid);
    let given = init().args(["--chown", "1234:5678"]).run();
    let key = given.out().join("validator-keys/keys");
    if uid == 0 {
        assert_eq!(given.code, Some(0), "{}", given.stderr);
        let owner = |path: &Path| {
            let meta = path.metadata().unwrap();
            (meta.uid(), meta.gid(), meta.permissions().mode() & 0o777)
        };
        assert_eq!(owner(&key), (1234, 5678, 0o700));
        assert_eq!(owner(&given.out().join("jwt/jwtsecret")), (1234, 5678, 0o600));
    } else {
        assert_eq!(given.code, Some(7), "{}", given.stderr);
        assert!(given.stderr.contains("leave out --chown"), "{}", given.stderr);
        assert!(!key.exists());
    }
    init().args(["--chown", "root:root"]).fails(2).wrote_nothing();
    init().args(["--layout", "unknown"]).fails(2).wrote_nothing();
}
