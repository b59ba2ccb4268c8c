//! Names beside the files that are written, and what stands at the very place of one.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Home, State, assert_kept};

const KEYS: [&str; 8] = [
    "keys",
    "keystores",
    "--insecure",
    "--source-mnemonic=test test test test test test test test test test test junk",
    "--source-max=2",
    "--out-loc",
    "keys",
    "--prysm-pass=x",
];

/// Runs a command with the user's files and directories beside what it writes.
fn beside(home: &Home, arguments: &[&str], directory: &str, stems: &[&str]) {
    for stem in stems {
        for end in [".new", ".old", ".tmp", ".bak", "~"] {
            home.write(format!("{directory}/{stem}{end}/mine"), "mine");
            home.write(format!("{directory}/.{stem}{end}"), "mine");
        }
    }
    let users: State = home
        .state("")
        .into_iter()
        .filter(|(_, (.., content))| *content == super::sha256(b"mine"))
        .collect();
    assert!(users.len() >= stems.len() * 10);
    home.ok(arguments);
    assert_kept(&users, &home.state(""));
}

#[test]
fn similar_names_are_not_temporary_files() {
    let home = Home::new();
    beside(&home, &KEYS, ".", &["keys"]);
    home.capture();
    beside(
        &home,
        &["compose", "out"],
        "out",
        &["up", "up.sh", "docker-compose", "docker-compose.yml"],
    );
    let baked =
        ["bake", "bake.json", "validators", "validators.bin", "keystores", "keystores.jsonl"];
    beside(&home, &["bake", "out"], "out/baked", &baked);
    beside(&home, &["capture", "--state", "genesis.json", "--out", "fresh"], ".", &["fresh"]);
    beside(&home, &["init", "out", "--leave-program"], "runtime/bin", &["regenesis"]);
}

/// Every other kind of file, where regenesis expects a regular one.
const ODD: [(&str, &str); 4] = [
    ("a directory", "mkdir -p X/mine; touch X/mine/file"),
    ("a symbolic link", "ln -s \"$PWD/elsewhere\" X"),
    ("a symbolic link", "ln -s nowhere X"),
    ("a FIFO", "mkfifo X"),
];

#[test]
fn only_a_file_is_replaced() {
    for (verb, files) in [
        ("compose", &["docker-compose.yml", "up.sh"][..]),
        ("bake", &["baked/bake.json", "baked/validators.bin", "baked/keystores.jsonl"]),
        ("capture", &["cl/config.yaml", "baked/validators.bin", "metadata.json", "up.sh"]),
    ] {
        for file in files {
            for (is, script) in ODD {
                let home = Home::new();
                home.write("elsewhere", "a target");
                home.capture();
                let place = format!("out/{file}");
                home.shell(&format!("rm {place}; {}", script.replace('X', &place)));
                let capture = super::CAPTURE;
                let command: &[&str] = if verb == "capture" { &capture } else { &[verb, "out"] };
                home.refuses(command, &format!("{place}: is {is}"));
            }
        }
    }
}

#[test]
fn only_a_directory_is_written_into() {
    for (verb, directory) in [("bake", "baked"), ("capture", "baked"), ("capture", "el")] {
        for (is, script) in [
            ("a symbolic link", "mv X elsewhere; ln -s ../elsewhere X"),
            ("a symbolic link", "rm -r X; ln -s ../nowhere X"),
            ("a file", "rm -r X; echo mine >X"),
        ] {
            let home = Home::new();
            home.capture();
            let place = format!("out/{directory}");
            home.shell(&script.replace('X', &place));
            let capture = super::CAPTURE;
            let command: &[&str] = if verb == "capture" { &capture } else { &[verb, "out"] };
            home.refuses(command, &format!("{place}: is {is}"));
        }
    }
    let home = Home::new();
    for script in ["mkdir keys", "ln -s nowhere keys", "echo mine >keys", "mkfifo keys"] {
        home.shell(&format!("rm -rf keys; {script}"));
        home.refuses(&KEYS, "keys: already exists");
    }
}

#[test]
fn a_signal_removes_the_unfinished_file() {
    let home = Home::new();
    home.capture();
    let before = home.state("out/el");
    let bake = ["bake", "out", "--keystores", "scrypt"];
    let mut child = home.command(&bake).stderr(Stdio::null()).spawn().unwrap();
    let begun = || {
        let names =
            std::fs::read_dir(home.at("out/baked")).unwrap().map(|e| e.unwrap().file_name());
        names
            .into_iter()
            .any(|name| name.to_string_lossy().starts_with(".keystores.jsonl.regenesis-"))
    };
    let since = Instant::now();
    while !begun() {
        assert!(since.elapsed() < Duration::from_mins(1) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(130), None));
    home.has_no_scratch();
    assert_eq!(home.state("out/el"), before);
    home.ok(&["bake", "out"]);
    home.ok(&["verify", "out"]);
}
