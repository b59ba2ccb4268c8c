//! What is written, for whom, and what happens where it cannot be.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::place::{FIRST, Place, SECOND, text, tree};
use support::sha256;

/// Every entry below a directory with its content: of a file its digest, of a link its target.
fn contents(directory: &Path) -> BTreeMap<PathBuf, String> {
    let content = |path: &Path| match std::fs::read_link(path) {
        Ok(target) => target.display().to_string(),
        Err(_) => std::fs::read(path).map_or_else(|_| String::new(), |bytes| sha256(&bytes)),
    };
    tree(directory).into_iter().map(|path| (path.clone(), content(&path))).collect()
}

/// Asserts one error with a remedy.
fn assert_refused(output: &Output, code: i32, says: &[&str]) {
    let stderr = text(output);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{stderr}");
    assert!(stderr.lines().any(|line| line.starts_with("hint: ")), "{stderr}");
    assert!(!stderr.contains("panicked") && output.stdout.is_empty(), "{stderr}");
    for text in says {
        assert!(stderr.contains(text), "no {text:?} in {stderr}");
    }
}

#[test]
fn modes_do_not_follow_the_umask() {
    for umask in ["000", "022", "027", "077", "777"] {
        let place = Place::new();
        for phrase in [FIRST, SECOND] {
            let script = format!("umask {umask}; exec \"$@\"");
            let output = place.shell(&script, phrase, 2).output().unwrap();
            assert!(output.status.success(), "{}", text(&output));
            for path in tree(&place.out()) {
                let name = path.strip_prefix(place.out()).unwrap().display().to_string();
                let secret = name.starts_with("jwt") || name.starts_with("validator-keys");
                let expected = match (secret, path.is_dir()) {
                    (true, true) => 0o700,
                    (true, false) => 0o600,
                    (false, true) => 0o755,
                    (false, false) => 0o644,
                };
                let mode = path.metadata().unwrap().permissions().mode() & 0o7777;
                assert_eq!(mode, expected, "{name} is {mode:o} with umask {umask}");
            }
        }
    }
}

#[test]
fn a_second_run_replaces_the_first_wholly() {
    let place = Place::new();
    place.succeeds(FIRST, 5);
    let keystores = || {
        let paths = tree(&place.out().join("validator-keys/keys")).into_iter();
        paths.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let first = keystores();
    // What clients leave there, of a chain that is gone; tests/keep.rs has what people leave.
    let others = ["validator-keys/slashing_protection.sqlite"];
    for path in others.iter().copied().chain(["notes", "data/geth/LOCK"]) {
        std::fs::create_dir_all(place.out().join(path).parent().unwrap()).unwrap();
        std::fs::write(place.out().join(path), "left").unwrap();
    }
    place.succeeds(SECOND, 3);
    assert!(keystores().iter().skip(1).all(|path| !first.contains(path)));
    assert!(others.iter().all(|path| !place.out().join(path).exists()));
    // Beside what we own, nothing is touched.
    for path in ["notes", "data/geth/LOCK"] {
        assert_eq!(std::fs::read(place.out().join(path)).unwrap(), b"left");
    }
    // Fewer keys of the same phrase, and none.
    place.succeeds(SECOND, 1);
    let own: Vec<_> = tree(&place.out().join(".regenesis")).into_iter().skip(1).collect();
    assert!(
        own.iter().all(|path| ["lock", "init", "mark"].iter().any(|name| path.ends_with(name))),
        "{own:?}"
    );
}

#[test]
fn links_in_the_output_are_not_followed() {
    // The directory itself may be one.
    let place = Place::new();
    std::fs::create_dir(place.path().join("real")).unwrap();
    symlink("real", place.out()).unwrap();
    place.succeeds(FIRST, 2);
    place.succeeds(SECOND, 1);
    assert_eq!(std::fs::read_link(place.out()).unwrap(), Path::new("real"));
    assert!(place.path().join("real/regenesis.json").is_file());
    // What is in it, may not: neither is written through.
    let elsewhere = place.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for name in ["metadata", "jwt", "validator-keys"] {
        let (there, target) = (place.out().join(name), elsewhere.join(name));
        std::fs::rename(&there, &target).unwrap();
        symlink(&target, &there).unwrap();
    }
    let marker = elsewhere.join("marker");
    std::fs::rename(place.out().join("regenesis.json"), &marker).unwrap();
    symlink(&marker, place.out().join("regenesis.json")).unwrap();
    let before = contents(&elsewhere);
    place.succeeds(FIRST, 3);
    assert_eq!(contents(&elsewhere), before);
    // A keystore that is a link, below directories that are ours.
    let keystores = tree(&place.out().join("validator-keys"));
    let keystore = keystores.iter().find(|path| path.ends_with("voting-keystore.json")).unwrap();
    std::fs::remove_file(keystore).unwrap();
    symlink(&marker, keystore).unwrap();
    place.succeeds(FIRST, 3);
    assert_eq!(contents(&elsewhere), before);
}

#[test]
fn what_is_not_ours_is_left() {
    let refused = |prepare: &dyn Fn(&Place), says: &[&str]| {
        let place = Place::new();
        prepare(&place);
        place.arguments(FIRST, 1);
        let before = contents(place.path());
        assert_refused(&place.init(FIRST, 1).output().unwrap(), 7, says);
        assert_eq!(contents(place.path()), before);
    };
    refused(
        &|place| std::fs::write(place.out(), "a file").unwrap(),
        &["out", "must be a directory"],
    );
    refused(&|place| symlink("nowhere", place.out()).unwrap(), &["out: ", "must be a directory"]);
    for name in ["metadata", "jwt", "validator-keys", "regenesis.json"] {
        let foreign = |place: &Place| std::fs::create_dir_all(place.out().join(name)).unwrap();
        refused(&foreign, &[name, "choose another --out"]);
    }
    let own_file = |place: &Place| {
        std::fs::create_dir(place.out()).unwrap();
        std::fs::write(place.out().join(".regenesis"), "a file").unwrap();
    };
    refused(&own_file, &[".regenesis"]);
    let own_link = |place: &Place| {
        std::fs::create_dir_all(place.path().join("elsewhere")).unwrap();
        std::fs::create_dir(place.out()).unwrap();
        symlink("../elsewhere", place.out().join(".regenesis")).unwrap();
    };
    refused(&own_link, &[".regenesis"]);
}

/// A run by a user without rights; root has all of them, whatever the modes say.
fn unprivileged(place: &Place) -> Command {
    // Our own binary may lie where others cannot read it.
    let program = place.path().join("regenesis");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_regenesis"), &program).unwrap();
    }
    let mut command = Command::new("setpriv");
    if rustix::process::getuid().is_root() {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    }
    command.arg(program).args(place.arguments(FIRST, 1)).current_dir(place.path());
    command
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_written_is_named_and_left() {
    let refused = |modes: &[(&str, u32)], says: &[&str]| {
        let place = Place::new();
        if modes.len() > 1 {
            place.succeeds(FIRST, 1);
        }
        let mut command = unprivileged(&place);
        let before = contents(place.path());
        modes.iter().for_each(|(path, mode)| set_mode(&place.path().join(path), *mode));
        let output = command.output().expect("setpriv: apt-get install util-linux");
        assert_refused(&output, 7, &["ermission denied", "hint: check the owner"]);
        assert_refused(&output, 7, says);
        modes.iter().for_each(|(path, _)| set_mode(&place.path().join(path), 0o755));
        assert_eq!(contents(place.path()), before);
    };
    refused(&[("", 0o555)], &["out: "]);
    // The genesis of another user.
    refused(
        &[("out", 0o555), ("out/.regenesis", 0o555), ("out/.regenesis/init", 0o444)],
        &["init: "],
    );
    refused(&[("out", 0o555), ("out/.regenesis", 0o000)], &["out/.regenesis"]);
}

#[test]
fn what_may_not_be_read_is_named() {
    for file in ["test-1.yaml", "snapshot/cl/config.yaml", "snapshot/el/genesis.template.json"] {
        let place = Place::new();
        let mut command = unprivileged(&place);
        set_mode(&place.path().join(file), 0o000);
        let output = command.output().expect("setpriv: apt-get install util-linux");
        assert_refused(&output, 3, &[file, "ermission denied", "hint: check the file's owner"]);
        assert!(!place.out().exists());
    }
}

/// A limit on the size of files is met as a full disk is: in the middle of a write.
#[test]
fn a_file_that_cannot_be_written_whole_leaves_no_marker() {
    // In blocks of 512 bytes: less than any file, than the state, than the execution genesis.
    for blocks in [0, 1, 8, 32] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let place = Place::new();
        let limited = |phrase| place.shell(&script, phrase, 2).output().unwrap();
        assert_refused(&limited(FIRST), 7, &["out/.regenesis/", "arge", "ulimit -f"]);
        assert!(!place.out().exists(), "a first run that failed leaves nothing");
        place.succeeds(SECOND, 3);
        assert_refused(&limited(FIRST), 7, &["out/.regenesis/"]);
        assert!(!place.out().join(".regenesis/new").exists());
        assert_ne!(place.complete(), Some(2));
        place.succeeds(FIRST, 2);
    }
}

#[test]
fn a_full_stdout_is_told() {
    let place = Place::new();
    let output = place.shell("exec \"$@\" --json > /dev/full", FIRST, 1).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(text(&output).contains("error: stdout: "), "{}", text(&output));
    assert_eq!(place.complete(), Some(1), "the files are there");
    // Who reads only a part of it, closes it.
    let output = place.shell("\"$@\" --json | true", FIRST, 1).output().unwrap();
    assert!(!text(&output).contains("panicked"), "{}", text(&output));
}

#[test]
fn a_former_secret_that_is_none_does_not_stop_a_run() {
    let place = Place::new();
    place.succeeds(FIRST, 2);
    std::fs::write(place.out().join("jwt/jwtsecret"), "0x12").unwrap();
    let output = place.init(SECOND, 2).args(["--jwt", "keep"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("warning: out/jwt/jwtsecret: "), "{said}");
    assert_eq!(place.complete(), Some(2));
}
