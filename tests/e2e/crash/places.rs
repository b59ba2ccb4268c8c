//! `--layout PATH=NAME`, killed at every change of the disk: every file at a chosen path is the old one or
//! the new one, no file of the user's is touched, and the next run completes it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::runtime::{FIRST, Runtime, SECOND, tree};
use crate::support::{PROGRAM, sha256, text};

/// The system calls that move, remove or create an entry.
const CHANGES: [&str; 7] =
    ["rename", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat"];
const LAYOUT: &str = "jwt.hex=jwt,el/genesis.json=genesis,cl/genesis.ssz=state,cl/keys=lighthouse";
const USERS: [&str; 3] = ["el/notes", "cl/notes", "mine/jwt.hex"];

/// The files of a directory, with their digests, except those in `.regenesis`.
fn files(out: &Path) -> BTreeMap<String, String> {
    let files = tree(out).into_iter().filter(|path| path.is_file());
    let named = files.map(|path| {
        let name = path.strip_prefix(out).unwrap().display().to_string();
        (name, sha256(&std::fs::read(path).unwrap()))
    });
    named.filter(|(name, _)| !name.starts_with(".regenesis/")).collect()
}

/// Asserts that a directory with a marker has each file of the summary, and `USERS` in any case.
fn check(out: &Path, context: &str) -> bool {
    let found = files(out);
    for path in USERS {
        assert_eq!(found.get(path), Some(&sha256(b"mine")), "{path} {context}");
    }
    let Some(marker) = std::fs::read(out.join("regenesis.json")).ok() else { return false };
    let summary: serde_json::Value = serde_json::from_slice(&marker).unwrap();
    for file in summary["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        assert_eq!(
            found.get(path).map(String::as_str),
            file["sha256"].as_str(),
            "{path} {context}"
        );
    }
    let ours = found.len() - USERS.len() - 1;
    assert_eq!(ours, summary["files"].as_array().unwrap().len(), "{context}: {found:?}");
    true
}

fn arguments(place: &Runtime, phrase: &str, count: usize, layout: &str) -> Vec<String> {
    let mut arguments = place.arguments(phrase, count);
    arguments.extend(["--layout", layout].map(str::to_owned));
    arguments
}

fn run(place: &Runtime, phrase: &str, count: usize, layout: &str) -> Output {
    let arguments = arguments(place, phrase, count, layout);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    place.command(&arguments).output().unwrap()
}

fn succeeds(place: &Runtime, phrase: &str, count: usize, layout: &str) {
    let output = run(place, phrase, count, layout);
    assert!(output.status.success(), "{}", text(&output));
}

fn killed_at_every_change(second: &str) {
    let unfinished: u32 = CHANGES.iter().map(|change| killed_at_every(change, second)).sum();
    assert!(unfinished > 20, "{unfinished}");
}

/// Kills a run at each call of `change`: strace counts every system call for itself. Returns the number of
/// runs that left no marker.
fn killed_at_every(change: &str, second: &str) -> u32 {
    let mut unfinished = 0;
    for n in 1.. {
        let place = Runtime::new();
        succeeds(&place, FIRST, 3, LAYOUT);
        for path in USERS {
            let path = place.out().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "mine").unwrap();
        }
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={change}")]);
        strace.args(["-e", &format!("inject={change}:signal=KILL:when={n}")]);
        strace.arg(PROGRAM).args(arguments(&place, SECOND, 2, second));
        let output = strace.env("RAYON_NUM_THREADS", "2").current_dir(place.path()).output();
        let output = output.expect("strace: apt-get install strace");
        let context = format!("at {change} {n}");
        unfinished += u32::from(!check(&place.out(), &context));
        succeeds(&place, SECOND, 2, second);
        assert!(check(&place.out(), &context));
        assert!(!place.out().join(".regenesis/replaced").exists(), "{context}");
        assert!(!place.out().join(".regenesis/kept").exists(), "{context}");
        if output.status.success() {
            break;
        }
    }
    unfinished
}

#[test]
fn placed_files_are_replaced_or_left_at_any_kill() {
    killed_at_every_change(LAYOUT);
}

#[test]
fn placed_files_are_removed_or_left_at_any_kill() {
    killed_at_every_change("el/jwt.hex=jwt");
}

/// Files cannot be renamed to another mount.
#[test]
fn a_mount_at_a_chosen_path_is_refused() {
    let place = Runtime::new();
    for directory in ["out/el", "mounted"] {
        std::fs::create_dir_all(place.path().join(directory)).unwrap();
    }
    let arguments = arguments(&place, FIRST, 2, "el/jwt.hex=jwt").join(" ");
    let script =
        format!("mount --bind mounted out/el && \"$0\" {arguments}; echo $?; ls -A out el");
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", &script, PROGRAM]);
    let output = unshare.current_dir(place.path()).output();
    let output = output.expect("unshare: apt-get install util-linux");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("7\n"), "{stdout}{}", text(&output));
    assert!(text(&output).contains("out/el: is a mount of its own"), "{}", text(&output));
    assert_eq!(files(&place.out()).len(), 0);
}
