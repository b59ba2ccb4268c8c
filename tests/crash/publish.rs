//! A capture into a snapshot that is there, killed at every change of the disk: the same command
//! finishes it, and what is the user's stays.

use std::path::Path;
use std::process::{Command, Output};

use super::support::place::text;
use super::support::repository;

/// The system calls that move a snapshot to its place, and those that remove what it replaces.
const CHANGES: &str = "rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat";
const USERS: [&str; 4] = [".env", "el/notes", "baked/mine", "contracts/A.sol"];

fn regenesis(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
    command.args(arguments).current_dir(directory).output().unwrap()
}

fn succeeds(directory: &Path, arguments: &[&str]) {
    let output = regenesis(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
}

#[test]
fn a_capture_that_is_killed_at_any_change_is_finished() {
    let mut killed = 0;
    let capture = ["capture", "--state", "genesis.json", "--out", "out"];
    for n in 1.. {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        std::fs::copy(repository().join("sample/el/genesis.template.json"), at("genesis.json"))
            .unwrap();
        succeeds(place.path(), &capture);
        for path in USERS {
            let path = at("out").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "mine").unwrap();
        }
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CHANGES}")]);
        strace.args(["-e", &format!("inject={CHANGES}:signal=KILL:when={n}")]);
        strace.arg(env!("CARGO_BIN_EXE_regenesis")).args(capture).args(["--slot-time", "3"]);
        let output = strace.env("RAYON_NUM_THREADS", "2").current_dir(place.path()).output();
        let output = output.expect("strace: apt-get install strace");
        let whole = at("out/metadata.json").exists();
        if whole {
            // Either snapshot, but no mixture.
            succeeds(place.path(), &["verify", "out"]);
        }
        if at("out/.regenesis-capture/plan.json").exists() {
            let bake = regenesis(place.path(), &["bake", "out"]);
            assert_eq!(bake.status.code(), Some(7), "at {n}: {}", text(&bake));
            assert!(text(&bake).contains("a capture was interrupted"), "{}", text(&bake));
        }
        succeeds(place.path(), &capture);
        succeeds(place.path(), &["verify", "out"]);
        for path in USERS {
            assert_eq!(
                std::fs::read_to_string(at("out").join(path)).unwrap(),
                "mine",
                "{path} at {n}"
            );
        }
        assert!(!at("out/.regenesis-capture").exists(), "at {n}: {}", text(&output));
        killed += u32::from(!whole);
        if output.status.success() {
            break;
        }
    }
    assert!(killed > 3, "{killed}");
}

#[test]
fn a_bake_that_is_killed_at_any_change_is_repeated() {
    let place = tempfile::tempdir().unwrap();
    let sample = repository().join("sample");
    let mut killed = 0;
    for n in 1.. {
        let copied = Command::new("sh")
            .args(["-c", "rm -rf s && cp -r \"$0\" s"])
            .arg(&sample)
            .current_dir(place.path())
            .status();
        assert!(copied.unwrap().success());
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CHANGES}")]);
        strace.args(["-e", &format!("inject={CHANGES}:signal=KILL:when={n}")]);
        strace.arg(env!("CARGO_BIN_EXE_regenesis")).args(["bake", "s"]);
        let output = strace.current_dir(place.path()).output();
        let output = output.expect("strace: apt-get install strace");
        succeeds(place.path(), &["bake", "s"]);
        succeeds(place.path(), &["verify", "s"]);
        if output.status.success() {
            break;
        }
        killed += 1;
    }
    assert!(killed > 3, "{killed}");
}
