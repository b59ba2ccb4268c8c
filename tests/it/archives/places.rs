//! Where an archive may be restored to, and packed to.

use rustix::fs::{Mode, OFlags};

use super::tar::{archive, entry, file};
use super::{files, names};
use crate::support::Place;

const RESTORE: [&str; 3] = ["restore", "s.tar.zst", "copy"];

fn place() -> Place {
    let place = Place::with_sample();
    place.run(&["pack", "snapshot", "s.tar.zst"]).succeeds();
    place
}

#[test]
fn a_restored_directory_is_left_alone() {
    let place = place();
    place.run(&RESTORE).succeeds();
    let before = files(&place.at("copy"));
    let again = place.run(&RESTORE).succeeds();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    // Without its digest, the archive is recognised by its place and version.
    place.shell("rm s.tar.zst.sha256");
    assert!(place.run(&RESTORE).succeeds().stderr.contains("nothing to do"));
    place.shell("cp s.tar.zst t.tar.zst");
    place.run(&["restore", "t.tar.zst", "copy"]).fails(7, "and t.tar.zst has no digest");
    // A directory with the name of our staging directory is not ours.
    place.shell("mkdir copy.restore && touch copy.restore/mark copy.restore/marker.json");
    place.run(&RESTORE).succeeds();
    assert!(place.has("copy.restore/mark"));
    // Another archive.
    place.edit("snapshot/metadata.json", "}", ", \"x\": 1}");
    place.run(&["pack", "snapshot", "u.tar.zst"]).succeeds();
    place.run(&["restore", "u.tar.zst", "copy"]).fails(7, "and u.tar.zst has sha256");
    assert_eq!(files(&place.at("copy")), before);
}

#[test]
fn a_directory_of_the_users_is_refused() {
    let place = place();
    place.write("copy/mine", "mine");
    place.run(&RESTORE).fails(7, "copy: has files, and was not restored from an archive");
    assert_eq!(names(&place.at("copy")), ["mine"]);
    place.write("file", "mine");
    place.run(&["restore", "s.tar.zst", "file"]).fails(7, "file: is a file, expected a directory");
    place.shell("ln -s nowhere dangling");
    place.run(&["restore", "s.tar.zst", "dangling"]).fails(7, "dangling");
    // A name of ours with another content.
    place.shell("mkdir other other.restore; rmdir other; touch other.restore/mine");
    place
        .run(&["restore", "s.tar.zst", "other"])
        .fails(7, "other.restore: has the name of a working directory");
    place.write("marked/.regenesis-restored.json", "{}");
    place.run(&["restore", "s.tar.zst", "marked"]).fails(7, ".regenesis-restored.json");
}

#[test]
fn an_empty_directory_is_filled() {
    let place = place();
    place.shell("mkdir -p copy/lost+found");
    place.run(&RESTORE).succeeds();
    assert_eq!(files(&place.at("copy")), files(&place.at("snapshot")));
    let expected = [".regenesis-restored.json", "cl", "el", "lost+found", "metadata.json", "val"];
    assert_eq!(names(&place.at("copy")), expected);
}

#[test]
fn the_file_system_keeps_its_own_lost_and_found() {
    let place = Place::new();
    let lost = entry(b'5', "./lost+found/", "", 0, b"");
    let entries = [lost, file("./lost+found/x", b"1"), file("./a", b"2")];
    place.write("a.tar", archive(&entries));
    place.shell("mkdir -p copy/lost+found");
    place.run(&["restore", "a.tar", "copy"]).succeeds();
    assert_eq!(names(&place.at("copy")), [".regenesis-restored.json", "a", "lost+found"]);
    assert_eq!(names(&place.at("copy/lost+found")), [""; 0]);
    place.run(&["restore", "a.tar", "new"]).succeeds();
    assert_eq!(place.read("new/lost+found/x"), "1");
}

#[test]
fn a_wrong_digest_leaves_nothing() {
    let place = place();
    let other = "ab".repeat(32);
    let flag = ["restore", "s.tar.zst", "copy", "--sha256", &other];
    place.run(&flag).fails(5, &format!("expected {other} (--sha256)"));
    place.write("s.tar.zst.sha256", format!("{other}  s.tar.zst\n"));
    place.run(&RESTORE).fails(5, &format!("expected {other} (.sha256)"));
    assert_eq!(names(place.path()), ["s.tar.zst", "s.tar.zst.sha256", "snapshot"]);
    place.run(&["restore", "s.tar.zst", "copy", "--sha256", "ab"]).fails(2, "--sha256 is \"ab\"");
}

#[test]
fn pack_replaces_no_file() {
    let place = place();
    place.run(&["pack", "snapshot", "s.tar.zst"]).fails(7, "s.tar.zst: already exists");
    place.shell("rm s.tar.zst");
    place.run(&["pack", "snapshot", "s.tar.zst"]).fails(7, "s.tar.zst.sha256: already exists");
    place
        .run(&["pack", "snapshot", "snapshot/val/s.tar.zst"])
        .fails(2, "is in the snapshot itself");
    place.run(&["pack", "nothere", "n.tar.zst"]).fails(3, "nothere");
    place.shell("ln -s /etc/passwd snapshot/val/passwd");
    place.run(&["pack", "snapshot", "l.tar.zst"]).fails(3, "val/passwd: is a symbolic link");
    assert!(!place.has("l.tar.zst") && !place.has("n.tar.zst"));
}

#[test]
fn pack_leaves_nothing_unreadable_out() {
    let place = Place::with_sample();
    // Deeper than a path may be long: not even root reads it.
    let name = "d".repeat(200);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut inner = rustix::fs::open(place.at("snapshot"), flags, Mode::empty()).unwrap();
    for _ in 0..25 {
        rustix::fs::mkdirat(&inner, &*name, Mode::RWXU).unwrap();
        inner = rustix::fs::openat(&inner, &*name, flags, Mode::empty()).unwrap();
    }
    place.run(&["pack", "snapshot", "s.tar.zst"]).fails(3, &format!("snapshot/{name}/{name}"));
    assert!(!place.has("s.tar.zst"));
}
