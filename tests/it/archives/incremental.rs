//! `pack --incremental-from`, and `restore --base`.

use super::files;
use crate::support::Place;

/// `old` and `new`, which has one file more and one that differs.
fn place() -> Place {
    let place = Place::new();
    place.add_sample("old");
    place.add_sample("new");
    place.write("new/val/validators.txt", "\n");
    place.write("new/cl/config.yaml", place.read("new/cl/config.yaml") + "\n# changed\n");
    place
}

#[test]
fn what_the_other_snapshot_has_stays_out() {
    let place = place();
    place.run(&["pack", "old", "old.tar.zst"]).succeeds();
    place.run(&["pack", "new", "full.tar.zst"]).succeeds();
    let sources = ["old", "old.tar.zst", &format!("file://{}", place.at("old.tar.zst").display())]
        .map(str::to_owned);
    let mut archives = Vec::new();
    for (number, from) in sources.iter().enumerate() {
        let archive = format!("{number}.tar.zst");
        let packed = place.run(&["pack", "new", &archive, "--incremental-from", from]).succeeds();
        assert!(packed.stderr.contains("2 files, 3 unchanged"), "{}", packed.stderr);
        archives.push(std::fs::read(place.at(&archive)).unwrap());
        let copy = format!("copy{number}");
        place.run(&["restore", &archive, &copy, "--base", "old"]).succeeds();
        assert_eq!(files(&place.at(&copy)), files(&place.at("new")));
    }
    assert!(archives.windows(2).all(|two| two[0] == two[1]));
    assert!(archives[0].len() < std::fs::read(place.at("full.tar.zst")).unwrap().len() / 2);
    // Of an incremental archive, too, all files count.
    place.run(&["pack", "new", "none.tar.zst", "--incremental-from", "0.tar.zst"]).succeeds();
    place.run(&["restore", "none.tar.zst", "last", "--base", "copy0"]).succeeds();
    assert_eq!(files(&place.at("last")), files(&place.at("new")));
}

#[test]
fn another_base_is_refused() {
    let place = place();
    place.run(&["pack", "new", "a.tar.zst", "--incremental-from", "old"]).succeeds();
    place.run(&["restore", "a.tar.zst", "copy"]).fails(2, "is incremental, and leaves out");
    let base = ["restore", "a.tar.zst", "copy", "--base", "other"];
    place.run(&base).fails(5, "is not the file that the archive was packed with");
    place.add_sample("other");
    place.edit("other/el/genesis.template.json", "0x", "0X");
    place.run(&base).fails(5, "is not the file that the archive was packed with");
    assert!(!place.has("copy") && !place.has("copy.restore"));
    place.run(&["pack", "new", "b.tar.zst", "--incremental-from", "nothere"]).fails(12, "nothere");
    place.write("plain.tar", "x".repeat(2000));
    let plain = ["pack", "new", "b.tar.zst", "--incremental-from", "plain.tar"];
    place.run(&plain).fails(3, "plain.tar: ");
    assert!(!place.has("b.tar.zst"));
}
