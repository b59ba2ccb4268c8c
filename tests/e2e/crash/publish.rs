//! A capture into an existing snapshot, killed at every disk operation: the same command
//! completes it, and user files stay.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::text;
use crate::support::{PROGRAM, regenesis, repository};

/// The system calls that move a snapshot into place and remove the one it replaces.
const CHANGES: &str = "rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat";
const USERS: [&str; 4] = [".env", "el/notes", "baked/mine", "contracts/A.sol"];

fn run_in(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = regenesis();
    command.args(arguments).current_dir(directory).output().unwrap()
}

fn succeeds(directory: &Path, arguments: &[&str]) {
    let output = run_in(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
}

#[test]
fn a_capture_killed_at_any_operation_is_completed() {
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
        strace.arg(PROGRAM).args(capture).args(["--slot-time", "3"]);
        let output = strace.env("RAYON_NUM_THREADS", "2").current_dir(place.path()).output();
        let output = output.expect("strace: apt-get install strace");
        let whole = at("out/metadata.json").exists();
        if whole {
            // One of the two snapshots, never a mixture.
            succeeds(place.path(), &["verify", "out"]);
        }
        if at("out/.regenesis-capture/plan.json").exists() {
            let bake = run_in(place.path(), &["bake", "out"]);
            assert_eq!(bake.status.code(), Some(7), "at {n}: {}", text(&bake));
            assert!(text(&bake).contains("was interrupted"), "{}", text(&bake));
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

/// Runs `arguments` until `KILL` at the `n`th change of the disk.
fn killed(directory: &Path, n: u32, arguments: &[&str]) -> Output {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CHANGES}")]);
    strace.args(["-e", &format!("inject={CHANGES}:signal=KILL:when={n}")]);
    strace.arg(PROGRAM).args(arguments).env("RAYON_NUM_THREADS", "2");
    strace.current_dir(directory).output().expect("strace: apt-get install strace")
}

#[test]
fn a_new_chain_killed_at_any_operation_is_absent_or_complete() {
    let new = ["new", "out", "--chain-id", "7", "--validators", "1"];
    let mut absent = 0;
    for n in 1.. {
        let place = tempfile::tempdir().unwrap();
        let output = killed(place.path(), n, &new);
        if place.path().join("out").exists() {
            succeeds(place.path(), &["verify", "out"]);
        } else {
            absent += 1;
            succeeds(place.path(), &new);
            succeeds(place.path(), &["verify", "out"]);
            assert!(!place.path().join("out.capture").exists(), "at {n}: {}", text(&output));
        }
        if output.status.success() {
            break;
        }
    }
    assert!(absent > 3, "{absent}");
}

#[test]
fn an_edit_killed_at_any_operation_is_absent_or_completed_once() {
    const ACCOUNT: &str = "0x1111111111111111111111111111111111111111";
    let edit = ["edit", "out", "--fund", &format!("{ACCOUNT}=1")];
    let (mut absent, mut half) = (0, 0);
    let original = tempfile::tempdir().unwrap();
    succeeds(original.path(), &["new", "out", "--chain-id", "7", "--validators", "1"]);
    for n in 1.. {
        let place = tempfile::tempdir().unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(original.path().join("out")).arg(place.path());
        assert!(copy.status().unwrap().success());
        let at = |path: &str| place.path().join(path);
        std::fs::write(at("out/.env"), "mine").unwrap();
        let output = killed(place.path(), n, &edit);
        let is_complete = || {
            let metadata = std::fs::read_to_string(at("out/metadata.json")).unwrap_or_default();
            metadata.contains("\"edited\"") && !at("out/.regenesis-capture/plan.json").exists()
        };
        if !is_complete() {
            absent += 1;
            half += u32::from(!at("out/metadata.json").exists());
            succeeds(place.path(), &edit);
        }
        assert!(is_complete(), "at {n}: {}", text(&output));
        succeeds(place.path(), &["bake", "out"]);
        succeeds(place.path(), &["verify", "out"]);
        let genesis = std::fs::read(at("out/el/genesis.template.json")).unwrap();
        let genesis: serde_json::Value = serde_json::from_slice(&genesis).unwrap();
        assert_eq!(genesis["alloc"][ACCOUNT]["balance"], "0xde0b6b3a7640000", "at {n}");
        assert_eq!(std::fs::read_to_string(at("out/.env")).unwrap(), "mine");
        assert!(!at("out/.regenesis-capture").exists() || is_complete(), "at {n}");
        if output.status.success() {
            break;
        }
    }
    assert!(absent > 3 && half > 0, "{absent}, {half}");
}

#[test]
fn a_bake_killed_at_any_operation_is_repeated() {
    let place = tempfile::tempdir().unwrap();
    let sample = repository().join("sample");
    let bake = ["bake", "s", "--geth-datadir", "yes"];
    let mut killed = 0;
    for n in 1.. {
        let copied = Command::new("sh")
            .args(["-c", "rm -rf s && cp -r \"$0\" s"])
            .arg(&sample)
            .current_dir(place.path())
            .status();
        assert!(copied.unwrap().success());
        succeeds(place.path(), &bake);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CHANGES}")]);
        strace.args(["-e", &format!("inject={CHANGES}:signal=KILL:when={n}")]);
        strace.arg(PROGRAM).args(bake);
        let output = strace.current_dir(place.path()).output();
        let output = output.expect("strace: apt-get install strace");
        succeeds(place.path(), &bake);
        succeeds(place.path(), &["verify", "s"]);
        if output.status.success() {
            break;
        }
        killed += 1;
    }
    assert!(killed > 3, "{killed}");
}
