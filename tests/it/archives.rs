//! `pack` and `restore`: the result is complete and proven, or absent.

mod hostile;
mod incremental;
mod parts;
mod places;
mod resume;
mod server;
mod tar;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use regenesis::archive::MARKER;

use crate::support::{Place, sha256};

/// The files below a directory with their contents, except the marker.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name != MARKER {
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// `text` through a program that compresses.
fn piped(program: &str, text: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(&text).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program}");
    output.stdout
}

#[test]
fn a_packed_snapshot_is_restored_as_it_was() {
    let place = Place::with_sample();
    place.run(&["bake", "snapshot", "--geth-datadir", "yes"]).succeeds();
    place.run(&["compose", "snapshot"]).succeeds();
    place.shell("chmod 600 snapshot/val/mnemonics.yaml");
    let packed = place.run(&["pack", "snapshot", "s.tar.zst"]).succeeds();
    let archive = std::fs::read(place.at("s.tar.zst")).unwrap();
    let digest = sha256(&archive);
    assert_eq!(packed.stdout, format!("{digest}  s.tar.zst\n"));
    assert_eq!(place.read("s.tar.zst.sha256"), packed.stdout);
    place.shell("test $(stat -c %a s.tar.zst) = 600");
    let restored = place.run(&["restore", "s.tar.zst", "copy", "--json"]).succeeds();
    assert!(restored.stdout.contains(&digest), "{}", restored.stdout);
    assert!(!restored.stderr.contains("warning"), "{}", restored.stderr);
    assert_eq!(files(&place.at("copy")), files(&place.at("snapshot")));
    // The stack's user may read the copy by an access list, as `compose` gives it; no other user may.
    place.run(&["compose", "snapshot"]).succeeds();
    let modes = "stat -c %a val/mnemonics.yaml up.sh | tr -d '\\n'";
    place.shell(&format!("test \"$(cd copy && {modes})\" = \"$(cd snapshot && {modes})\""));
    place.shell(&format!("cd copy && {modes} | grep -qx '6.0755'"));
    place.run(&["verify", "copy"]).succeeds();
    // The marker is not part of the snapshot.
    place.run(&["pack", "copy", "again.tar.zst"]).succeeds();
    assert!(std::fs::read(place.at("again.tar.zst")).unwrap() == archive);
}

#[test]
fn every_format_is_recognised_by_its_content() {
    let place = Place::with_sample();
    place.shell(
        "tar -C snapshot -cf plain.tar --format=gnu . && tar -C snapshot -cf pax.tar --format=posix .",
    );
    let plain = std::fs::read(place.at("plain.tar")).unwrap();
    let middle = plain.len() / 2;
    let members = |compress: &dyn Fn(&[u8]) -> Vec<u8>| {
        [compress(&plain[..middle]), compress(&plain[middle..])].concat()
    };
    let gz = |text: &[u8]| piped("gzip", text);
    let bz2 = |text: &[u8]| piped("bzip2", text);
    let xz = |text: &[u8]| piped("xz", text);
    let zst = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
    let skipped = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zst(&plain)].concat();
    for (name, archive) in [
        ("gz", gz(&plain)),
        ("bz2", bz2(&plain)),
        ("xz", xz(&plain)),
        ("zst", zst(&plain)),
        ("gz of two members", members(&gz)),
        ("bz2 of two members", members(&bz2)),
        ("xz of two members", members(&xz)),
        ("zst of two members", members(&zst)),
        ("zst after a frame to skip", skipped),
        ("gz with padding", [gz(&plain), vec![0; 700]].concat()),
        ("posix", std::fs::read(place.at("pax.tar")).unwrap()),
        ("plain", plain.clone()),
    ] {
        place.write("archive.bin", archive);
        place.run(&["restore", "archive.bin", name]).succeeds();
        assert_eq!(files(&place.at(name)), files(&place.at("snapshot")), "{name}");
    }
    // Members of other formats, and what is no archive.
    for (archive, words) in [
        ([gz(&plain), zst(&plain)].concat(), "other data follow the tar.gz data"),
        ([gz(&plain), b"garbage".to_vec()].concat(), "other data follow"),
        (gz(&plain[..plain.len() / 2]), "without the end of a tar archive"),
        (gz(&plain)[..middle / 4].to_vec(), "archive.bin: is damaged"),
        (b"<html>not found</html>".repeat(50), "is not the header of a tar entry"),
        (Vec::new(), "without the end of a tar archive"),
    ] {
        place.write("archive.bin", archive);
        place.run(&["restore", "archive.bin", "none"]).fails(3, words);
        assert!(!place.has("none") && !place.has("none.restore"));
    }
}

#[test]
fn an_archive_can_be_piped() {
    let place = Place::with_sample();
    let packed = place.command(&["pack", "snapshot", "-"]).output().unwrap();
    assert!(packed.status.success());
    let mut restore = place.command(&["restore", "/dev/stdin", "copy"]);
    let mut child = restore.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&packed.stdout).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(files(&place.at("copy")), files(&place.at("snapshot")));
    let stderr = String::from_utf8_lossy(&packed.stderr);
    assert!(stderr.contains(&sha256(&packed.stdout)), "{stderr}");
}
