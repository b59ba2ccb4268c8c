//! The output's files: modes, replacement, links, and errors of directories that cannot be written.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::runtime::{FIRST, Runtime, SECOND, tree};
use crate::support::sha256;
use crate::support::text;

/// Every entry below a directory with the digest of a file or the target of a link.
fn contents(directory: &Path) -> BTreeMap<PathBuf, String> {
    let content = |path: &Path| match std::fs::read_link(path) {
        Ok(target) => target.display().to_string(),
        Err(_) => std::fs::read(path).map_or_else(|_| String::new(), |bytes| sha256(&bytes)),
    };
    tree(directory).into_iter().map(|path| (path.clone(), content(&path))).collect()
}

/// Asserts that there is one error, with a remedy.
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
        let place = Runtime::new();
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
fn a_second_run_replaces_the_first_completely() {
    let place = Runtime::new();
    place.succeeds(FIRST, 5);
    let keystores = || {
        let paths = tree(&place.out().join("validator-keys/keys")).into_iter();
        paths.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let first = keystores();
    // Left by clients of an old chain. keep.rs tests files of users.
    let others = ["validator-keys/slashing_protection.sqlite"];
    for path in others.iter().copied().chain(["notes", "data/geth/LOCK"]) {
        std::fs::create_dir_all(place.out().join(path).parent().unwrap()).unwrap();
        std::fs::write(place.out().join(path), "left").unwrap();
    }
    place.succeeds(SECOND, 3);
    assert!(keystores().iter().skip(1).all(|path| !first.contains(path)));
    assert!(others.iter().all(|path| !place.out().join(path).exists()));
    // Files that regenesis does not own stay.
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
    // The output directory may be a link.
    let place = Runtime::new();
    std::fs::create_dir(place.path().join("real")).unwrap();
    symlink("real", place.out()).unwrap();
    place.succeeds(FIRST, 2);
    place.succeeds(SECOND, 1);
    assert_eq!(std::fs::read_link(place.out()).unwrap(), Path::new("real"));
    assert!(place.path().join("real/regenesis.json").is_file());
    // Its entries may not be links.
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
    // A keystore that is a link, in a directory that regenesis wrote.
    let keystores = tree(&place.out().join("validator-keys"));
    let keystore = keystores.iter().find(|path| path.ends_with("voting-keystore.json")).unwrap();
    std::fs::remove_file(keystore).unwrap();
    symlink(&marker, keystore).unwrap();
    place.succeeds(FIRST, 3);
    assert_eq!(contents(&elsewhere), before);
}

#[test]
fn files_of_others_stay() {
    let refused = |prepare: &dyn Fn(&Runtime), says: &[&str]| {
        let place = Runtime::new();
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
        let foreign = |place: &Runtime| std::fs::create_dir_all(place.out().join(name)).unwrap();
        refused(&foreign, &[name, "choose another --out"]);
    }
    let own_file = |place: &Runtime| {
        std::fs::create_dir(place.out()).unwrap();
        std::fs::write(place.out().join(".regenesis"), "a file").unwrap();
    };
    refused(&own_file, &[".regenesis"]);
    let own_link = |place: &Runtime| {
        std::fs::create_dir_all(place.path().join("elsewhere")).unwrap();
        std::fs::create_dir(place.out()).unwrap();
        symlink("../elsewhere", place.out().join(".regenesis")).unwrap();
    };
    refused(&own_link, &[".regenesis"]);
}

/// A run as an unprivileged user: modes do not restrict root.
fn unprivileged(place: &Runtime, arguments: &[String]) -> Command {
    // Other users may not be able to read the original binary.
    let program = place.copy_program();
    let mut command = Command::new("setpriv");
    if rustix::process::getuid().is_root() {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    }
    command.arg(program).args(arguments).current_dir(place.path());
    command
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_path_without_write_permission_is_named_and_left() {
    let refused = |modes: &[(&str, u32)], says: &[&str]| {
        let place = Runtime::new();
        if modes.len() > 1 {
            place.succeeds(FIRST, 1);
        }
        let mut command = unprivileged(&place, &place.arguments(FIRST, 1));
        let before = contents(place.path());
        modes.iter().for_each(|(path, mode)| set_mode(&place.path().join(path), *mode));
        let output = command.output().expect("setpriv: apt-get install util-linux");
        assert_refused(&output, 7, &["ermission denied", "hint: check the owner of "]);
        assert_refused(&output, 7, &[" belongs to uid ", "regenesis runs as uid ", ": chown "]);
        assert_refused(&output, 7, says);
        if rustix::process::getuid().is_root() {
            assert_refused(&output, 7, &["belongs to uid 0", "runs as uid 65534", "chown 65534 "]);
        }
        modes.iter().for_each(|(path, _)| set_mode(&place.path().join(path), 0o755));
        assert_eq!(contents(place.path()), before);
    };
    refused(&[("", 0o555)], &["out: "]);
    // A genesis that belongs to another user.
    refused(
        &[("out", 0o555), ("out/.regenesis", 0o555), ("out/.regenesis/init", 0o444)],
        &["init: "],
    );
    refused(&[("out", 0o555), ("out/.regenesis", 0o000)], &["out/.regenesis"]);
}

/// A new file needs its own directory to be writable, not the one above.
#[test]
fn the_directory_of_a_new_file_is_named() {
    let place = Runtime::new();
    let mut command = unprivileged(&place, &["compose".to_owned(), "snapshot".to_owned()]);
    set_mode(&place.path().join("snapshot"), 0o555);
    let output = command.output().expect("setpriv: apt-get install util-linux");
    set_mode(&place.path().join("snapshot"), 0o755);
    assert_refused(
        &output,
        7,
        &[": snapshot belongs to uid ", "hint: check the owner of snapshot"],
    );
}

#[test]
fn a_path_without_read_permission_is_named() {
    for file in ["test-1.yaml", "snapshot/cl/config.yaml", "snapshot/el/genesis.template.json"] {
        let place = Runtime::new();
        let mut command = unprivileged(&place, &place.arguments(FIRST, 1));
        set_mode(&place.path().join(file), 0o000);
        let output = command.output().expect("setpriv: apt-get install util-linux");
        assert_refused(&output, 3, &[file, "ermission denied", "hint: check the file's owner"]);
        assert!(!place.out().exists());
    }
}

/// A file size limit fails in the middle of a write, like a full disk.
#[test]
fn an_incomplete_write_leaves_no_marker() {
    // In blocks of 512 bytes: below every file, below the state, below the execution genesis.
    for blocks in [0, 1, 8, 32] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let place = Runtime::new();
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

/// More accounts than `init` keeps in memory need a temporary file, which a full disk has no room for.
#[test]
fn accounts_that_cannot_be_sorted_leave_the_previous_run() {
    let place = Runtime::new();
    place.succeeds(FIRST, 2);
    let before = contents(&place.out());
    let genesis = place.path().join("snapshot/el/genesis.template.json");
    let text = std::fs::read_to_string(&genesis).unwrap();
    let (head, alloc) = text.split_once("\"alloc\": {").unwrap();
    let entry = |number: u32| format!("\"{number:040x}\": {{\"balance\": \"1\"}},");
    let entries: String = (1000..131_000).map(entry).collect();
    std::fs::write(&genesis, format!("{head}\"alloc\": {{{entries}{alloc}")).unwrap();
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$@\"";
    let output = place.shell(limited, SECOND, 2).output().unwrap();
    let says = ["alloc cannot be sorted in a temporary file: out: ", "ulimit -f"];
    assert_refused(&output, 7, &says);
    assert_eq!(contents(&place.out()), before);
    place.succeeds(SECOND, 2);
}

#[test]
fn a_full_stdout_is_reported() {
    let place = Runtime::new();
    let output = place.shell("exec \"$@\" --json > /dev/full", FIRST, 1).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(text(&output).contains("error: stdout: "), "{}", text(&output));
    assert_eq!(place.complete(), Some(1), "the files are there");
    // The reader closes the pipe early.
    let output = place.shell("\"$@\" --json | true", FIRST, 1).output().unwrap();
    assert!(!text(&output).contains("panicked"), "{}", text(&output));
}

#[test]
fn an_invalid_earlier_secret_does_not_stop_a_run() {
    let place = Runtime::new();
    place.succeeds(FIRST, 2);
    std::fs::write(place.out().join("jwt/jwtsecret"), "0x12").unwrap();
    let output = place.init(SECOND, 2).args(["--jwt", "keep"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("warning: out/jwt/jwtsecret: "), "{said}");
    assert_eq!(place.complete(), Some(2));
}
