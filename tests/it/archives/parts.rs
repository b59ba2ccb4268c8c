//! An archive in several files, which a list names.

use serde_json::json;

use super::files;
use crate::support::{Place, sha256};

const RESTORE: [&str; 3] = ["restore", "list.json", "copy"];

/// A packed sample in three files below `parts/`.
fn place() -> Place {
    let place = Place::with_sample();
    place.run(&["pack", "snapshot", "s.tar.zst"]).succeeds();
    let archive = std::fs::read(place.at("s.tar.zst")).unwrap();
    let mut parts = Vec::new();
    for (number, part) in archive.chunks(archive.len().div_ceil(3)).enumerate() {
        let path = format!("parts/{number} of 3");
        place.write(&path, part);
        parts.push(json!({"path": path, "size": part.len(), "sha256": sha256(part)}));
    }
    let list = json!({"format": 1, "sha256": sha256(&archive), "files": parts});
    place.write("list.json", list.to_string());
    place
}

#[test]
fn the_files_of_a_list_are_one_archive() {
    let place = place();
    let done = place.run(&RESTORE).succeeds();
    assert!(!done.stderr.contains("warning"), "{}", done.stderr);
    assert_eq!(files(&place.at("copy")), files(&place.at("snapshot")));
    // Its digest is that of the archive.
    let again = place.run(&["restore", "s.tar.zst", "copy"]).succeeds();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
}

#[test]
fn a_list_that_does_not_fit_its_files_is_refused() {
    let place = place();
    let right = place.read("list.json");
    let middle = std::fs::read(place.at("parts/1 of 3")).unwrap();
    place.write("list.json", right.replace(&sha256(&middle), &"0".repeat(64)));
    place.run(&RESTORE).fails(5, "parts/1 of 3: sha256 is");
    place.write("list.json", right.replacen("\"sha256\":\"", "\"sha256\":\"zz", 1));
    place.run(&RESTORE).fails(3, "is not a list of an archive's files");
    place.write("list.json", right.replace("parts/1", "../parts/1"));
    place.run(&RESTORE).fails(3, "outside the directory");
    place.write("list.json", &right);
    place.write("parts/1 of 3", &middle[1..]);
    place.run(&RESTORE).fails(4, "has another size than listed");
    place.shell("rm 'parts/1 of 3'");
    place.run(&RESTORE).fails(12, "does not exist");
    assert!(!place.has("copy") && !place.has("copy.restore"));
}
