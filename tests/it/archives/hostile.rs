//! Archives that attack the machine are refused, and nothing of them stays.

use super::names;
use super::tar::{archive, entry, file};
use crate::support::Place;

#[test]
fn hostile_entries_are_refused() {
    let link = |path: &str, target: &str| entry(b'2', path, target, 0, b"");
    let same = |path: &str, target: &str| entry(b'1', path, target, 0, b"");
    let long = "d/".repeat(70) + "x";
    let pax = |text: &str| entry(b'x', "pax", "", text.len() as u64, text.as_bytes());
    for (what, entries, words) in [
        ("traversal", vec![file("../evil", b"x")], "leads out of the directory"),
        ("traversal later", vec![file("a/../../evil", b"x")], "leads out of the directory"),
        ("absolute", vec![file("/tmp/evil", b"x")], "the path is absolute"),
        ("pax path", vec![pax("16 path=../evil\n"), file("a", b"x")], "leads out"),
        ("link out", vec![link("a", "../outside")], "the link to ../outside leads out"),
        ("absolute link", vec![link("a", "/etc")], "the link to /etc leads out"),
        (
            "link over a link",
            vec![entry(b'5', "d/", "", 0, b""), link("d/up", ".."), link("a", "d/up/../..")],
            "leads out",
        ),
        ("through a link", vec![link("a", "b"), file("a/evil", b"x")], "is on the way"),
        ("over a link", vec![link("a", "b"), file("a", b"x")], "has this path twice"),
        ("hard link out", vec![same("a", "../outside/secret")], "leads out"),
        ("hard link to nothing", vec![same("a", "b")], "no earlier file of the archive"),
        ("hard link to a link", vec![link("l", "x"), same("a", "l")], "no earlier file"),
        ("device", vec![entry(b'3', "null", "", 0, b"")], "is a device"),
        ("pipe", vec![entry(b'6', "pipe", "", 0, b"")], "is a named pipe"),
        ("sparse", vec![entry(b'S', "sparse", "", 0, b"")], "is a sparse file"),
        ("pax sparse", vec![pax("22 GNU.sparse.major=1\n"), file("a", b"x")], "is sparse"),
        ("twice", vec![file("a", b"x"), file("a", b"y")], "has this path twice"),
        ("case", vec![file("a", b"x"), file("A", b"y")], "differs only in case"),
        ("file and directory", vec![file("a", b"x"), file("a/b", b"y")], "is on the way"),
        ("control character", vec![file("a\x1b[2J", b"x")], "has a control character"),
        ("marker", vec![file(".regenesis-restored.json", b"{}")], "the name of the marker"),
        ("staging", vec![file(".regenesis-restore/mark", b"")], "of the working directory"),
        ("deep", vec![pax_of(&long), file("a", b"")], "too long or too deep"),
        ("data in a directory", vec![entry(b'5', "d", "", 9, b"")], "has 9 bytes of data"),
        ("negative", vec![negative()], "the size of an entry is not a number"),
    ] {
        let place = Place::new();
        place.write("outside/secret", "mine");
        place.write("evil.tar", archive(&[vec![file("first", b"1")], entries].concat()));
        place.run(&["restore", "evil.tar", "copy"]).fails(3, words);
        assert_eq!(names(place.path()), ["evil.tar", "outside"], "{what}");
        assert_eq!(place.read("outside/secret"), "mine", "{what}");
        // Nor into a directory that exists.
        place.shell("mkdir copy");
        place.run(&["restore", "evil.tar", "copy"]).fails(3, words);
        assert_eq!(names(&place.at("copy")), [""; 0], "{what}");
    }
}

fn pax_of(path: &str) -> Vec<u8> {
    let rest = path.len() + " path=\n".len();
    let text = format!("{} path={path}\n", rest + 3);
    assert_eq!(text.len(), rest + 3);
    entry(b'x', "pax", "", text.len() as u64, text.as_bytes())
}

/// A size with the sign bit of base 256.
fn negative() -> Vec<u8> {
    let mut block = file("a", b"");
    block[124..136].copy_from_slice(&[0xff; 12]);
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

#[test]
fn a_file_that_the_disk_cannot_hold_is_refused_before_it_is_written() {
    let place = Place::new();
    place.write("huge.tar", archive(&[entry(b'0', "huge", "", 1 << 62, b"x")]));
    place.run(&["restore", "huge.tar", "copy"]).fails(13, "has 4611686018427387904 bytes, and");
    assert!(!place.has("copy"));
    // A restore that fails for want of room can be resumed.
    assert!(place.has("copy.restore/mark"));
}

#[test]
fn rights_that_change_users_are_dropped() {
    let place = Place::new();
    place.write("a.tar", archive(&[file("program", b"x")]));
    place.run(&["restore", "a.tar", "copy"]).succeeds();
    place.shell("test $(stat -c %a copy/program) = 755");
}

#[test]
fn links_within_the_directory_are_kept() {
    let place = Place::new();
    let entries = [
        file("data/a", b"1"),
        entry(b'2', "data/link", "../data/a", 0, b""),
        entry(b'1', "same", "data/a", 0, b""),
    ];
    place.write("a.tar", archive(&entries));
    place.run(&["restore", "a.tar", "copy"]).succeeds();
    assert_eq!((&*place.read("copy/data/link"), &*place.read("copy/same")), ("1", "1"));
    place.shell("test $(readlink copy/data/link) = ../data/a; test copy/same -ef copy/data/a");
}
