//! Directories that must not be used as a data directory.

use std::os::unix::fs::symlink;

use super::place::Host;
use crate::support::eventually;

/// A `data` directory with a mark, so that only a guard protects its contents.
fn marked() -> Host {
    let place = Host::new();
    place.client("sh");
    place
}

#[test]
fn a_data_directory_must_not_contain_a_runtime_snapshot_working_directory_or_home() {
    let place = Host::new();
    place.write("snapshot/metadata.json", "{}");
    place.write("snapshot/el/genesis.json", "{}");
    place.write("all/snapshot/metadata.json", "{}");
    place.write("all/snapshot/el/genesis.json", "{}");
    place.write("work/inner/x", "");
    symlink("runtime", place.at("link")).unwrap();
    for (datadir, what) in [
        (".", "runtime"),
        ("./data/..", "runtime"),
        ("runtime", "runtime"),
        ("runtime/jwt", "is in the runtime"),
        ("runtime/not/there", "is in the runtime"),
        ("link", "runtime"),
        ("link/jwt", "is in the runtime"),
        ("/", "root"),
        ("snapshot", "snapshot"),
        ("all", "snapshot"),
    ] {
        let said = place.refused(2, ".", &["--datadir", datadir, "--", "true"]);
        assert!(said.contains(what), "{datadir}: {said}");
    }
    for (datadir, what) in [("../..", "working"), ("..", "working"), (".", "working")] {
        let mut command =
            place.command(&["run", "--runtime", "../../runtime", "--datadir", datadir]);
        command.args(["--", "true"]).current_dir(place.at("work/inner"));
        let what = if datadir == "../.." { "runtime" } else { what };
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{datadir}: {said}");
        assert!(said.contains(what), "{datadir}: {said}");
    }
    std::fs::create_dir_all(place.at("homes/me")).unwrap();
    for datadir in ["homes", "homes/me"] {
        let mut command = place.command(&["run", "--datadir", datadir, "--", "true"]);
        let output = command.env("HOME", place.at("homes/me")).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("home directory"));
    }
    let root = place.refused(2, ".", &["--datadir", "/root", "--", "true"]);
    assert!(root.contains("home directory"), "{root}");
}

#[test]
fn a_runtime_directory_yet_to_be_created_must_not_be_in_the_data_directory() {
    let place = marked();
    place.write("data/notes.txt", "mine");
    // Relative, absolute, through a link, through a broken link.
    symlink("data/late", place.at("dangling")).unwrap();
    symlink("data", place.at("link")).unwrap();
    let absolute = place.at("data/late");
    for runtime in ["data/late", "./data/late/more", "link/late", "dangling", "data/x/../late"] {
        let arguments = ["--runtime", runtime, "--datadir", "data", "--", "true"];
        assert!(place.refused(2, "data", &arguments).contains("runtime"));
    }
    let arguments = ["--runtime", absolute.to_str().unwrap(), "--datadir", "data", "--", "true"];
    place.refused(2, "data", &arguments);
}

/// The guards run again when the genesis exists.
#[test]
fn a_runtime_directory_linked_into_the_data_later_is_refused() {
    let place = marked();
    place.write("data/notes.txt", "mine");
    let arguments = ["--runtime", "late", "--datadir", "data", "--", "true"];
    let mut waiting = place.start("waiting", &arguments);
    eventually("it waits", || place.read("waiting.log").contains("waiting for a genesis"));
    place.init_to("data/made");
    symlink("data/made", place.at("late")).unwrap();
    assert_eq!(waiting.0.wait().unwrap().code(), Some(2), "{}", place.read("waiting.log"));
    assert_eq!(place.read("data/notes.txt"), "mine");
    assert!(place.has("data/made/regenesis.json"));
}

#[test]
fn a_data_directory_may_be_a_link() {
    let place = Host::new();
    std::fs::create_dir(place.at("real")).unwrap();
    symlink("real", place.at("data")).unwrap();
    place.client("geth");
    place.init();
    assert!(place.client("geth").contains("wiped"));
    assert!(place.at("data").is_symlink() && place.has("real/geth"));

    // A broken link, too.
    symlink("made/later", place.at("dangling")).unwrap();
    place.runs(&["--datadir", "dangling", "--", "true"]);
    assert!(place.has("made/later/.regenesis-run"));
}

#[test]
fn a_data_directory_that_is_a_file_is_refused() {
    let place = Host::new();
    place.write("file", "mine");
    let said = place.refused(7, ".", &["--datadir", "file", "--", "true"]);
    assert!(said.contains("file"), "{said}");
    place.refused(7, ".", &["--datadir", "file/below", "--", "true"]);
}
