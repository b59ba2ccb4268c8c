//! `--copy`: keys in the data directory, from a runtime directory that stays unchanged.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::place::{Host, tree};

const COPY: [&str; 4] = ["--datadir", "data", "--copy", "validator-keys"];

fn modes(directory: &Path) -> Vec<(String, u32)> {
    let mut modes: Vec<_> = tree(directory)
        .into_keys()
        .flat_map(|path| [path.parent().unwrap().to_owned(), path])
        .map(|path| {
            let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
            (name, path.metadata().unwrap().permissions().mode() & 0o7777)
        })
        .collect();
    modes.sort();
    modes.dedup();
    modes
}

/// The names and contents of files, by their paths from the directory.
fn content(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let of = |path: std::path::PathBuf| {
        path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned()
    };
    tree(directory).into_iter().map(|(path, content)| (of(path), content)).collect()
}

#[test]
fn keys_are_copied_for_new_data_only() {
    let place = Host::new();
    // A step finds them in place.
    let step = ["--once", "sh", "-c", "test -d data/validator-keys/keys", ";", "--", "lighthouse"];
    place.runs(&[&COPY[..], &step].concat());
    let (from, to) = (place.at("runtime/validator-keys"), place.at("data/validator-keys"));
    assert!(!content(&from).is_empty());
    assert_eq!(content(&from), content(&to));
    assert_eq!(modes(&from), modes(&to));
    assert!(modes(&to).iter().any(|(_, mode)| *mode == 0o600));

    // A restart keeps the files that the client wrote beside them; a new genesis does not.
    for name in ["slashing_protection.sqlite", "validator_definitions.yml", "api-token.txt"] {
        place.write(format!("data/validator-keys/keys/{name}"), "signed");
    }
    let keystore = content(&to).into_iter().find(|(path, _)| path.ends_with("keystore.json"));
    place.write(format!("data/validator-keys/{}.lock", keystore.unwrap().0), "");
    place.runs(&[&COPY[..], &step].concat());
    assert!(place.has("data/validator-keys/keys/slashing_protection.sqlite"));
    place.init();
    place.runs(&[&COPY[..], &step].concat());
    assert!(!place.has("data/validator-keys/keys/slashing_protection.sqlite"));
    assert!(!place.set_aside().iter().any(|path| path.starts_with("validator-keys")));
    assert_eq!(content(&from), content(&to));
}

#[test]
fn an_imported_key_in_a_copy_is_not_lost() {
    let place = Host::new();
    let run = [&COPY[..], &["--", "lighthouse"]].concat();
    place.runs(&run);
    let key = format!("0x{}", "ab".repeat(48));
    let imported = [
        format!("validator-keys/keys/{key}/voting-keystore.json"),
        "validator-keys/mine/keystore-m_12381.json".to_owned(),
        format!("validator-keys/secrets/{key}"),
    ];
    for path in &imported {
        place.write(format!("data/{path}"), "mine");
    }
    // It contains the password of an imported key.
    let definitions = "validator-keys/keys/validator_definitions.yml".to_owned();
    place.write(format!("data/{definitions}"), "");
    place.init();
    place.runs(&run);
    let mut aside = place.set_aside();
    aside.retain(|path| path.starts_with("validator-keys"));
    let [keystore, other, secret] = imported;
    assert_eq!(aside, [keystore, definitions, other, secret]);
    let copied = content(&place.at("data/validator-keys"));
    assert_eq!(copied, content(&place.at("runtime/validator-keys")));
}

#[test]
fn changes_and_additions_to_a_copy_are_not_lost() {
    let place = Host::new();
    let run = [&COPY[..], &["--", "lighthouse"]].concat();
    place.runs(&run);
    let (changed, _) = content(&place.at("data/validator-keys")).remove(0);
    let names = [&*changed, "my-mnemonic.txt", "keys/signer.pem", "wallets/w.json"];
    let mut theirs = names.map(|name| format!("validator-keys/{name}"));
    theirs.sort();
    for path in &theirs {
        place.write(format!("data/{path}"), "mine");
    }
    place.init();
    let said = place.runs(&run);
    assert!(
        said.contains("data/.regenesis-set-aside when you no longer need its contents"),
        "{said}"
    );
    let copies = |paths: Vec<String>| {
        paths.into_iter().filter(|path| path.starts_with("validator-keys")).collect::<Vec<_>>()
    };
    assert_eq!(copies(place.set_aside()), theirs);
    // The next genesis sets nothing else aside.
    place.init();
    place.runs(&run);
    assert_eq!(copies(place.set_aside()), theirs);
}

#[test]
fn definitions_of_a_remote_signer_are_not_lost() {
    let place = Host::new();
    let run = [&COPY[..], &["--", "lighthouse"]].concat();
    place.runs(&run);
    let copied = content(&place.at("data/validator-keys"));
    let mut keystores = copied
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("keys/")?.strip_suffix("/voting-keystore.json"));
    let key = keystores.next().unwrap();
    let definitions = "data/validator-keys/keys/validator_definitions.yml";
    place.write(definitions, format!("- voting_public_key: \"{key}\"\n"));
    place.init();
    place.runs(&run);
    let is_aside = || place.set_aside().iter().any(|path| definitions.ends_with(path));
    assert!(!is_aside());
    let other = format!("- voting_public_key: \"0x{}\"\n  type: web3signer\n", "ab".repeat(48));
    place.write(definitions, &other);
    place.init();
    place.runs(&run);
    assert!(is_aside());
}

#[test]
fn a_copy_replaces_only_an_earlier_copy() {
    let place = Host::new();
    place.client("lighthouse");
    place.write("data/validator-keys/mine", "mine");
    place.init();
    place.runs(&[&COPY[..], &["--", "lighthouse"]].concat());
    assert!(place.set_aside().contains(&"validator-keys/mine".to_owned()));
    assert!(place.has("data/validator-keys/keys"));
}

#[test]
fn only_directories_of_init_are_copied() {
    let place = Host::new();
    for name in ["..", "/etc", "validator-keys/keys", "bin", ".regenesis", "."] {
        place.refused(2, ".", &["--datadir", "data", "--copy", name, "--", "true"]);
    }
    place.refused(2, ".", &["--copy", "jwt", "--", "true"]);
    let said = place.run(&["--datadir", "data", "--copy", "parsed", "--", "true"]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(said.stderr.contains("runtime/parsed"), "{}", said.stderr);
    // An empty variable, as Compose sets it, counts as unset.
    let mut command = place.command(&["run", "--datadir", "data", "--", "true"]);
    assert!(command.env("REGENESIS_COPY", "").output().unwrap().status.success());
}

#[test]
fn a_link_in_the_runtime_is_not_copied() {
    let place = Host::new();
    place.write("secret", "mine");
    std::os::unix::fs::symlink(place.at("secret"), place.at("runtime/jwt/link")).unwrap();
    let ended = place.run(&["--datadir", "data", "--copy", "jwt", "--", "true"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(!place.has("data/.regenesis-run"));
}
