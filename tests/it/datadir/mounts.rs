//! Data directories on volumes: with mounts in them, full, or fresh. Each script runs in its own mount
//! namespace.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::place::Host;
use crate::support::PROGRAM;
use crate::support::place::Ended;

/// Runs a script as root of a mount namespace, with the program as `$R`.
fn as_root(place: &Host, script: &str) -> Ended {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "sh", "-ec", script]).env("R", PROGRAM);
    place.prepare(&mut command);
    Ended::of(&mut command)
}

#[test]
fn a_wipe_stays_on_its_mount() {
    let mounts = [
        // A directory on the same file system, one on another, and a file.
        (
            "geth/chaindata/theirs",
            "mkdir data/geth/chaindata/theirs; mount --bind theirs data/geth/chaindata/theirs",
        ),
        (
            "geth/chaindata/a/b",
            "mkdir -p data/geth/chaindata/a/b; mount -t tmpfs none data/geth/chaindata/a/b; echo >data/geth/chaindata/a/b/x",
        ),
        (
            "geth/chaindata/file",
            "touch data/geth/chaindata/file; mount --bind theirs/mine data/geth/chaindata/file",
        ),
        ("geth", "mount --bind theirs data/geth"),
    ];
    for (at, mount) in mounts {
        let place = Host::new();
        place.client("geth");
        place.write("theirs/mine", "mine");
        place.write("data/geth/chaindata/another", "");
        place.init();
        let run = "\"$R\" run --datadir data -- geth";
        let script = format!("{mount}; {run} && exit 99; test -e theirs/mine; {run}");
        let ended = as_root(&place, &script);
        assert_eq!(ended.code, Some(7), "{at}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(&format!("data/{at}\" is a mount")),
            "{at}: {}",
            ended.stderr
        );
        assert_eq!(place.read("theirs/mine"), "mine");
        // Nothing else was deleted.
        assert!(
            place.has("data/geth/chaindata/another") && place.has("data/geth/chaindata/chain"),
            "{at}"
        );
    }
}

#[test]
fn a_mount_is_not_set_aside() {
    let place = Host::new();
    place.runs(&["--datadir", "data", "--", "sh", "-c", "mkdir data/chain; touch data/other"]);
    place.write("theirs/mine", "mine");
    place.init();
    let script = "mount --bind theirs data/chain; \"$R\" run --datadir data -- true";
    let ended = as_root(&place, script);
    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    assert!(place.has("data/other") && place.set_aside().is_empty());
    assert_eq!(place.read("theirs/mine"), "mine");
}

#[test]
fn an_empty_mount_stays_and_causes_no_error() {
    let place = Host::new();
    place.client("geth");
    place.write("data/geth/chaindata/old", "");
    place.init();
    let script = "mkdir data/geth/chaindata/empty; mount -t tmpfs none data/geth/chaindata/empty; \
                  \"$R\" run --datadir data -- geth";
    let ended = as_root(&place, script);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!place.has("data/geth/chaindata/old") && place.has("data/geth/chaindata/empty"));
}

/// Docker can mount separate volumes for a data directory and a directory in it.
#[test]
fn keys_on_a_mount_of_their_own_stay() {
    let place = Host::new();
    place.client("geth");
    place.write("theirs/UTC--x", "mine");
    place.init();
    let script = "mount --bind theirs data/keystore; \"$R\" run --datadir data -- geth";
    let ended = as_root(&place, script);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(place.read("theirs/UTC--x"), "mine");
}

#[test]
fn a_runtime_directory_mounted_at_another_path_is_refused() {
    let place = Host::new();
    std::fs::create_dir(place.at("alias")).unwrap();
    let script = "mount --bind runtime alias; \"$R\" run --datadir alias -- true";
    let ended = as_root(&place, script);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(place.has("runtime/jwt/jwtsecret"));
}

#[test]
fn a_full_volume_is_freed() {
    // One runs out of bytes, the other out of inodes.
    for (size, fill) in [
        ("size=256k", "dd if=/dev/zero of=data/geth/chaindata/fill bs=4k 2>/dev/null || true"),
        (
            "nr_inodes=64",
            "i=0; while touch data/geth/chaindata/$i 2>/dev/null; do i=$((i+1)); done",
        ),
    ] {
        let place = Host::new();
        std::fs::create_dir(place.at("data")).unwrap();
        let script = format!(
            "mount -t tmpfs -o {size} none data; \"$R\" run --datadir data -- geth; {fill}; \
             \"$R\" init; \"$R\" run --datadir data -- geth; test -s data/.regenesis-run; \
             test -s data/geth/chaindata/chain; test $(ls data/geth/chaindata | wc -l) = 1"
        );
        let ended = as_root(&place, &script);
        assert_eq!(ended.code, Some(0), "{size}: {}", ended.stderr);
    }
}

/// A fresh ext4 volume has a directory that only root may read.
#[test]
fn a_fresh_volume_works_for_a_client_without_root() {
    let place = Host::new();
    let program = place.copy_program();
    std::fs::create_dir_all(place.at("data/lost+found")).unwrap();
    let mode = |path: &str, mode| {
        std::fs::set_permissions(place.at(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("data/lost+found", 0o000);
    mode(".", 0o755);
    let mut command = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(place.at("data"), Some(65532), Some(65532)).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65532", "--regid=65532", "--clear-groups"]).arg(&program);
        command
    } else {
        Command::new(&program)
    };
    place.prepare(&mut command);
    command.args(["run", "--datadir", "data", "--", "geth"]).env("HOME", "/nonexistent");
    for _ in 0..2 {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        place.init();
    }
    assert!(place.has("data/lost+found"));
}
