//! Lodestar reads the keystores of its layout, and refuses a wrong password.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{Done, Run, repository};

/// The directory of `scripts/install_lodestar.sh`.
fn lodestar() -> PathBuf {
    let directory = std::env::var_os("LODESTAR_DIR")
        .map_or_else(|| repository().join("target/lodestar"), PathBuf::from);
    let program = directory.join("node_modules/@chainsafe/lodestar/lib/index.js");
    assert!(program.exists(), "Lodestar is missing: run scripts/install_lodestar.sh");
    directory
}

/// `lodestar validator list`: opens every keystore and prints its public key.
fn list(done: &Done, keys: &Path, secrets: &Path) -> Output {
    let directory = lodestar();
    Command::new("node")
        .arg("--require")
        .arg(directory.join("withresolvers.cjs"))
        .arg(directory.join("node_modules/@chainsafe/lodestar/lib/index.js"))
        .args(["validator", "list", "--dataDir"])
        .arg(done.out().join("lodestar"))
        .arg("--paramsFile")
        .arg(done.out().join("metadata/config.yaml"))
        .arg("--keystoresDir")
        .arg(keys)
        .arg("--secretsDir")
        .arg(secrets)
        // Lodestar reads every variable with this prefix as a flag.
        .env_remove("LODESTAR_DIR")
        .env("LODESTAR_PRESET", "minimal")
        .output()
        .unwrap()
}

fn listed(output: &Output) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter(|line| line.starts_with("0x")).map(ToOwned::to_owned).collect()
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn keystores_open_and_only_with_their_passwords() {
    let done = Run::new().args(["--layout", "lodestar,lighthouse"]).succeeds();
    for (keys, secrets) in [("lodestar-keys", "lodestar-secrets"), ("keys", "secrets")] {
        let keys = done.out().join("validator-keys").join(keys);
        let secrets = done.out().join("validator-keys").join(secrets);
        let expected = names(&keys);
        assert_eq!(expected.len(), 64);
        assert_eq!(listed(&list(&done, &keys, &secrets)), expected);
    }
    let keys = done.out().join("validator-keys/lodestar-keys");
    let secrets = done.out().join("validator-keys/lodestar-secrets");
    let any = names(&secrets).first().unwrap().clone();
    std::fs::write(secrets.join(any), "wrong").unwrap();
    let output = list(&done, &keys, &secrets);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn two_clients_of_a_split_share_no_key() {
    let done = Run::new().args(["--split", "0-31:lodestar,32-63:lodestar"]).succeeds();
    let part = |name: &str| {
        let directory = done.out().join("validator-keys").join(name);
        listed(&list(&done, &directory.join("lodestar-keys"), &directory.join("lodestar-secrets")))
    };
    let (first, second) = (part("1-lodestar-0-31"), part("2-lodestar-32-63"));
    assert_eq!((first.len(), second.len(), first.intersection(&second).count()), (32, 32, 0));
}
