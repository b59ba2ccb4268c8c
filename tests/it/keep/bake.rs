//! `bake` in a snapshot that holds files of the user.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{CAPTURE, Home};

const BAKE: [&str; 2] = ["bake", "out"];
const FILES: [&str; 4] = ["bake.json", "validators.bin", "keystores.jsonl", "seen.json"];

#[test]
fn a_file_that_no_bake_wrote_is_named() {
    for file in FILES {
        for script in [
            "echo mine >out/baked/X",
            "mkdir -p t; mv out/baked/* t; echo mine >out/baked/X",
            "rm out/baked/bake.json; echo mine >out/baked/X",
        ] {
            let home = Home::new();
            home.capture();
            home.shell(&script.replace('X', file));
            home.refuses(&BAKE, &format!("out/baked/{file}: was edited"));
            // Without keystores, too, which removes those that are there.
            home.refuses(&["bake", "out", "--keystores", "none"], file);
            home.shell(&format!("rm out/baked/{file}"));
            home.ok(&BAKE);
        }
    }
    let home = Home::new();
    home.capture();
    home.shell("echo mine >>out/baked/keystores.jsonl");
    home.refuses(&BAKE, "out/baked/keystores.jsonl");
}

#[test]
fn files_of_an_interrupted_bake_are_replaced() {
    for script in [
        "rm out/baked/bake.json",
        "truncate -s 0 out/baked/*",
        "truncate -s 100 out/baked/bake.json",
        "rm out/baked/bake.json; truncate -s 1000 out/baked/validators.bin",
        "rm out/baked/bake.json; truncate -s -7 out/baked/keystores.jsonl",
    ] {
        let home = Home::new();
        home.capture();
        home.shell(script);
        home.ok(&BAKE);
        home.ok(&BAKE);
        home.ok(&["verify", "out"]);
    }
}

#[test]
fn a_bake_and_a_capture_wait_for_each_other() {
    let home = Home::new();
    home.capture();
    let lock = std::fs::File::open(home.at("out")).unwrap();
    for arguments in [&BAKE[..], &CAPTURE] {
        lock.lock().unwrap();
        let mut command = home.command(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let waits = lines.find(|line| line.contains("waiting for"));
        assert!(
            waits.is_some_and(|line| line.ends_with("which holds the lock on out")),
            "{arguments:?}"
        );
        lock.unlock().unwrap();
        let rest: Vec<_> = lines.collect();
        assert!(child.wait().unwrap().success(), "{rest:?}");
    }
    // Captures have a lock of their own.
    lock.lock_shared().unwrap();
    home.capture();
}
