//! A mark is valid only in the directory that it names. A status that cannot be read means that the data
//! is incomplete.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::place::Host;

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

#[test]
fn a_copied_mark_authorises_nothing() {
    let place = Host::new();
    place.client("geth");
    place.write("other/geth/chain", "mine");
    for file in [".regenesis-run", ".regenesis-datadir"] {
        copy(&place.at(format!("data/{file}")), &place.at(format!("other/{file}")));
    }
    // A complete copy, and one unpacked from an archive.
    copy(&place.at("data"), &place.at("copied"));
    let unpack = "mkdir unpacked; tar -cC data . | tar -xC unpacked";
    let tar = Command::new("sh").args(["-c", unpack]).current_dir(place.at(".")).status();
    assert!(tar.unwrap().success());
    place.init();
    for datadir in ["other", "copied", "unpacked"] {
        place.refused(7, datadir, &["--datadir", datadir, "--", "geth"]);
    }
}

#[test]
fn a_mark_moved_to_another_directory_authorises_nothing() {
    let place = Host::new();
    place.client("geth");
    place.write("other/geth/chain", "mine");
    for file in [".regenesis-run", ".regenesis-datadir"] {
        std::fs::rename(place.at(format!("data/{file}")), place.at(format!("other/{file}")))
            .unwrap();
    }
    place.init();
    place.refused(7, "other", &["--datadir", "other", "--", "geth"]);
    // The directory that lost its mark is refused, too.
    place.refused(7, "data", &["--datadir", "data", "--", "geth"]);
}

/// Its chain data is still that of an earlier run.
#[test]
fn a_renamed_directory_keeps_its_mark() {
    let place = Host::new();
    place.client("geth");
    std::fs::rename(place.at("data"), place.at("renamed")).unwrap();
    place.write("renamed/thesis.tex", "mine");
    place.init();
    let said = place.runs(&["--datadir", "renamed", "--", "true"]);
    assert!(said.contains("wiped") && !place.has("renamed/geth"), "{said}");
    assert_eq!(place.read("renamed/thesis.tex"), "mine");
}

/// Replaces one of our files with something else.
fn spoil(place: &Host, name: &str, how: usize) {
    let path = place.at(format!("data/{name}"));
    std::fs::remove_file(&path).unwrap();
    match how {
        0 => std::fs::write(&path, b"\xff\xfe\x00").unwrap(),
        1 => {
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("mine"), "mine").unwrap();
        }
        2 => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
        3 => symlink(place.at("elsewhere"), &path).unwrap(),
        4 => symlink("/dev/zero", &path).unwrap(),
        5 => std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap(),
        _ => {}
    }
}

#[test]
fn an_unreadable_status_is_replaced() {
    for how in 0..=6 {
        let place = Host::new();
        place.write("elsewhere", "mine");
        place.client("geth");
        place.write("data/geth/chaindata/old", "");
        spoil(&place, ".regenesis-run", how);
        let said = place.client("geth");
        assert!(said.contains("wiped"), "{how}: {said}");
        assert!(!place.has("data/geth/chaindata/old"), "{how}");
        assert_eq!(place.read("elsewhere"), "mine");
        if how == 1 {
            assert_eq!(place.set_aside(), [".regenesis-run/mine"]);
        }
        // From then on the data is complete.
        assert!(place.client("geth").contains("resumes"), "{how}");
    }
}

#[test]
fn an_unreadable_mark_is_invalid() {
    for how in 0..=6 {
        let place = Host::new();
        place.write("elsewhere", "mine");
        place.client("geth");
        spoil(&place, ".regenesis-datadir", how);
        assert!(place.client("geth").contains("resumes"), "{how}");
        place.init();
        place.refused(7, "data", &["--datadir", "data", "--", "geth"]);
        let said = place.runs(&["--datadir", "data", "--take-over", "--", "geth"]);
        assert!(said.contains("wiped"), "{how}: {said}");
        place.init();
        assert!(place.client("geth").contains("wiped"), "{how}");
        assert_eq!(place.read("elsewhere"), "mine");
    }
}

/// A mark names entries, not paths.
#[test]
fn a_forged_mark_has_no_effect_outside() {
    let place = Host::new();
    place.write("mine/x", "mine");
    place.client("sh");
    let mark = place.read("data/.regenesis-datadir");
    let mut mark: serde_json::Value = serde_json::from_str(&mark).unwrap();
    let outside = serde_json::json!(["..", "../mine", "../mine/x", place.at("mine"), "", "."]);
    mark["created"] = outside.clone();
    mark["copied"] = outside;
    place.write("data/.regenesis-datadir", mark.to_string());
    place.write("data/chain", "");
    place.init();
    place.client("true");
    assert_eq!(place.read("mine/x"), "mine");
}
