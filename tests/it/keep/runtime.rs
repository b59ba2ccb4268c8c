//! `init --out` on something that is there.

use crate::support::PROGRAM;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::{Home, State, assert_kept};

const INIT: [&str; 3] = ["init", "--out", "rt"];

/// Files that were set aside, by their path in the runtime directory.
fn kept(home: &Home) -> Vec<(String, PathBuf)> {
    let directory = home.at("rt/.regenesis/kept");
    let Ok(runs) = std::fs::read_dir(&directory) else { return Vec::new() };
    let mut kept = Vec::new();
    for run in runs.map(|run| run.unwrap().path()) {
        for path in super::tree(&run).into_iter().filter(|path| !path.is_dir()) {
            kept.push((path.strip_prefix(&run).unwrap().display().to_string(), path));
        }
    }
    kept.sort();
    kept
}

fn content(state: State) -> Vec<String> {
    state.into_values().map(|(.., content)| content).collect()
}

#[test]
fn a_link_at_our_directory_is_refused() {
    for earlier_run in [false, true] {
        let home = Home::new();
        home.write("target/old/mine", "mine");
        home.write("target/new/mine", "mine");
        home.write("target/init", "mine");
        home.write("target/lock", "mine");
        if earlier_run {
            home.ok(&INIT);
            home.shell("cp rt/.regenesis/mark target; rm -r rt/.regenesis");
        } else {
            home.shell("mkdir rt");
        }
        symlink("../target", home.at("rt/.regenesis")).unwrap();
        home.refuses(&INIT, "rt/.regenesis: is a symbolic link");
    }
}

#[test]
fn a_copied_mark_authorises_nothing_in_a_runtime() {
    let key = format!("0x{}", "ab".repeat(48));
    let keystore = format!("validator-keys/keys/{key}/voting-keystore.json");
    for (path, also) in [
        ("metadata/notes", ""),
        ("metadata/config.yaml", ""),
        ("jwt/jwtsecret", ""),
        (&keystore[..], ""),
        ("parsed/parsedConsensusGenesis.json", ""),
        ("network-configs/mine", ""),
        ("validator-keys/slashing_protection.sqlite", ""),
        // With a summary that lists other files, or other bytes.
        ("metadata/notes", "regenesis.json"),
        ("metadata/config.yaml", "regenesis.json"),
        (&keystore[..], "regenesis.json"),
        ("metadata/config.yaml", "jwt"),
    ] {
        let home = Home::new();
        home.ok(&INIT);
        home.write(format!("mine/{path}"), "mine");
        home.shell(&format!("cp -r rt/.regenesis mine; [ -z '{also}' ] || cp -r rt/{also} mine"));
        let named = if also == "jwt" { "mine/jwt/jwtsecret" } else { path };
        home.refuses(&["init", "--out", "mine"], named);
    }
    // A file that is not a valid summary.
    let home = Home::new();
    home.ok(&INIT);
    home.write("mine/regenesis.json", "mine");
    home.shell("cp -r rt/.regenesis mine");
    home.refuses(&["init", "--out", "mine"], "mine/regenesis.json");
}

#[test]
fn temporary_files_without_a_mark_are_kept() {
    let home = Home::new();
    home.write("rt/.regenesis/new/mine", "new");
    home.write("rt/.regenesis/old/metadata/mine", "old");
    home.write("rt/.regenesis/former/mine", "former");
    home.write("rt/notes", "mine");
    let said = home.ok(&INIT);
    let kept: Vec<_> = kept(&home).into_iter().map(|(path, _)| path).collect();
    let all = [".regenesis/former/mine", ".regenesis/new/mine", ".regenesis/old/metadata/mine"];
    assert_eq!(kept, all);
    assert_eq!(said.matches("kept files that regenesis did not write: ").count(), 1, "{said}");
    assert_eq!(home.read("rt/notes"), "mine");
}

#[test]
fn a_copied_runtime_is_taken_over_and_an_edited_one_is_not() {
    let home = Home::new();
    home.ok(&INIT);
    home.shell("cp -r rt copy");
    home.ok(&["init", "--out", "copy"]);
    home.ok(&["init", "--out", "copy"]);
    assert!(!home.at("copy/.regenesis/kept").exists());
    for file in ["metadata/config.yaml", "metadata/genesis.json", "jwt/jwtsecret"] {
        home.shell(&format!("rm -rf copy; cp -r rt copy; echo >>copy/{file}"));
        home.refuses(&["init", "--out", "copy"], file);
    }
    // A volume of an earlier version has no mark.
    home.shell("rm rt/.regenesis/mark; touch rt/validator-keys/keys/slashing_protection.sqlite");
    home.ok(&INIT);
    assert!(!home.at("rt/.regenesis/kept").exists());
    assert!(!home.at("rt/validator-keys/keys/slashing_protection.sqlite").exists());
}

#[test]
fn a_killed_run_is_repaired_with_and_without_mark() {
    for mark in ["", "rm rt/.regenesis/mark", "cp -r rt rt2; rm -r rt; mv rt2 rt"] {
        let home = Home::new();
        home.ok(&INIT);
        home.shell(&format!("rm rt/regenesis.json; mkdir -p rt/.regenesis/new/jwt; {mark}"));
        let old = content(home.state("rt/metadata"));
        let said = home.ok(&INIT);
        // Nothing lists what is there: it is put aside, all of it.
        assert!(said.contains("kept files that regenesis did not write: "), "{said}");
        let kept = kept(&home);
        let of = |name: &str| kept.iter().filter(|(path, _)| path.starts_with(name)).count();
        assert_eq!((of("metadata/"), of("jwt/")), (old.len() - 1, 1), "{kept:?}");
        assert_eq!(of("validator-keys/"), 128);
        home.ok(&INIT);
    }
    // Between the two directories, in a run of an earlier version.
    for place in ["old", "new"] {
        let home = Home::new();
        home.ok(&INIT);
        home.shell(&format!(
            "rm rt/regenesis.json rt/.regenesis/mark; mkdir rt/.regenesis/{place}
            mv rt/metadata rt/.regenesis/{place}"
        ));
        home.ok(&INIT);
        home.ok(&INIT);
    }
}

#[test]
fn user_files_in_a_runtime_stay() {
    let home = Home::new();
    home.ok(&INIT);
    for path in
        ["NOTES.md", "metadata/notes", "metadata/own/deep/file", "jwt/old", "data/geth/LOCK"]
    {
        home.write(format!("rt/{path}"), path);
    }
    home.write("rt/parsed/mine", "mine");
    home.write("rt/network-configs/mine", "mine");
    symlink("nowhere", home.at("rt/metadata/link")).unwrap();
    let is_ours = |path: &PathBuf| {
        let path = path.strip_prefix(home.at("rt")).unwrap();
        path.starts_with(".regenesis") || path.ends_with("regenesis.json") || path.is_dir()
    };
    let listed = home.read("rt/regenesis.json");
    let users = |state: State| -> State {
        let users = state.into_iter().filter(|(path, _)| {
            let name = path.strip_prefix(home.at("rt")).unwrap().display().to_string();
            !path.is_dir() && !is_ours(path) && !listed.contains(&format!("\"{name}\""))
        });
        users.collect()
    };
    let before = users(home.state("rt"));
    assert_eq!(before.len(), 8, "{before:?}");
    let said = home.ok(&INIT);
    assert_kept(&before, &users(home.state("rt")));
    assert!(!said.contains("is kept"), "{said}");
    // The run fails, or takes another layout, or none of the keys.
    let failed =
        home.command(&INIT).env("PATH", "").args(["--mnemonics", "nowhere"]).output().unwrap();
    assert!(!failed.status.success());
    home.ok(&[&INIT[..], &["--layout", "egg,teku"]].concat());
    home.ok(&[&INIT[..], &["--layout", "egg"]].concat());
    home.ok(&INIT);
    assert_kept(&before, &home.state("rt"));
    assert!(!home.at("rt/parsed/parsedConsensusGenesis.json").exists());
}

#[test]
fn entries_at_paths_of_a_run_are_kept() {
    let home = Home::new();
    home.ok(&INIT);
    let key = format!("0x{}", "ab".repeat(48));
    let keystore = format!("validator-keys/keys/{key}/voting-keystore.json");
    let users = [
        "metadata/mnemonics.yaml",
        "bin/regenesis",
        "validator-keys/notes",
        "validator-keys/backup/a/b",
        "validator-keys/keys/slashing_protection_backup.json",
        "validator-keys/keys/slashing_protection.sqlite",
        "validator-keys/keys/validator_definitions.yml",
        &keystore,
    ];
    for path in users {
        home.write(format!("rt/{path}"), path);
    }
    home.shell(
        "mkdir \"$(echo rt/validator-keys/keys/0x* | cut -d' ' -f1)/voting-keystore.json.lock\"",
    );
    let said = home.ok(&[&INIT[..], &["--layout", "egg,lighthouse", "--leave-program"]].concat());
    let kept = kept(&home);
    let paths: Vec<_> = kept.iter().map(|(path, _)| &path[..]).collect();
    let mut wanted = users;
    wanted.sort_unstable();
    assert_eq!(paths, wanted);
    for (path, place) in kept {
        assert_eq!(std::fs::read_to_string(place).unwrap(), path);
    }
    assert!(said.contains("rt/.regenesis/kept/"), "{said}");
    // It stays after another run, and our own files are not mistaken for the user's.
    home.ok(&[&INIT[..], &["--leave-program"]].concat());
    assert_eq!(self::kept(&home).len(), wanted.len());
}

#[test]
fn edited_and_added_files_at_our_paths_are_kept() {
    let prysm = "validator-keys/prysm/direct/accounts/all-accounts.keystore.json";
    let init = [&INIT[..], &["--layout", "egg,prysm"]].concat();
    let added = ["poetry.lock", "api-token.txt", "keys/validator_definitions.yml"];
    // Edits that keep the length, keep the time as well, or append.
    for edit in [
        "printf mine | dd of=X conv=notrunc status=none",
        "touch -r X t; printf mine | dd of=X conv=notrunc status=none; touch -r t X",
        "echo mine >>X",
    ] {
        let home = Home::new();
        home.ok(&init);
        let mut users = vec![prysm.to_owned(), "metadata/config.yaml".to_owned()];
        users.iter().for_each(|path| home.shell(&edit.replace('X', &format!("rt/{path}"))));
        users.extend(added.map(|name| format!("validator-keys/{name}")));
        users[2..].iter().for_each(|path| drop(home.write(format!("rt/{path}"), path)));
        users.sort();
        let before: Vec<_> = users.iter().map(|path| home.read(format!("rt/{path}"))).collect();
        let said = home.ok(&init);
        let kept = kept(&home);
        let (paths, places): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
        assert_eq!(paths, users, "{said}");
        let after: Vec<_> =
            places.iter().map(|place| std::fs::read_to_string(place).unwrap()).collect();
        assert_eq!(after, before);
        // Before the keys are sealed, and after the files have their places.
        assert!(said.contains("validator-keys/poetry.lock, and 3 more\n"), "{said}");
        assert!(said.contains("/metadata/config.yaml\n"), "{said}");
        // The next run has nothing to keep.
        home.ok(&init);
        assert_eq!(self::kept(&home).len(), users.len());
    }
    // One whose bytes are the run's is the run's, whenever it was touched.
    let home = Home::new();
    home.ok(&init);
    home.shell(&format!("touch rt/{prysm} rt/metadata/*; touch rt/validator-keys/api-token.txt"));
    home.ok(&init);
    assert_eq!(kept(&home), []);
    assert!(!home.at("rt/validator-keys/api-token.txt").exists());
}

#[test]
fn a_pipe_at_one_of_our_paths_never_hangs() {
    for script in [
        "rm -f rt/bin/regenesis; mkdir -p rt/bin; mkfifo rt/bin/regenesis",
        "mkdir -p rt/.regenesis/former; mkfifo rt/.regenesis/former/x",
        "rm -f rt/.regenesis/program; mkfifo rt/.regenesis/program; echo mine >rt/bin/regenesis",
    ] {
        let home = Home::new();
        home.ok(&[&INIT[..], &["--leave-program"]].concat());
        home.shell(script);
        let mut command = std::process::Command::new("timeout");
        command.args(["60", PROGRAM]).args(INIT).arg("--leave-program");
        let output = command.current_dir(home.path()).output().unwrap();
        let code = output.status.code();
        assert!([Some(0), Some(7)].contains(&code), "{script}: {code:?} {}", super::text(&output));
    }
}

#[test]
fn links_at_our_directories_are_kept() {
    let home = Home::new();
    home.ok(&INIT);
    for name in ["metadata", "jwt", "validator-keys"] {
        home.shell(&format!("mv rt/{name} {name}; ln -s ../{name} rt/{name}"));
    }
    let before = home.state("metadata");
    home.ok(&INIT);
    assert_eq!(home.state("metadata"), before);
    assert_eq!(kept(&home).len(), 3);
    assert!(!home.at("rt/metadata").is_symlink());
    // One file alone.
    home.shell("mv rt/metadata/config.yaml mine; ln -s ../../mine rt/metadata/config.yaml");
    let mine = home.state("mine");
    home.ok(&INIT);
    assert_eq!(home.state("mine"), mine);
}
