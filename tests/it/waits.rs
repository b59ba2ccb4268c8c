//! Inputs without a writer are refused, and long work is announced: the program never hangs silently.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use crate::support::place::Ended;
use crate::support::{PROGRAM, Place, SNAPSHOT, regenesis, without_variables};

/// A place with a snapshot of one validator.
fn one_validator() -> Place {
    let place = Place::with_sample();
    place.edit("snapshot/val/mnemonics.yaml", "count: 64", "count: 1");
    // The digests of the sample do not match the edited file.
    place.edit("snapshot/metadata.json", "\"files\"", "\"other\"");
    place
}

/// `regenesis`; `timeout` ends it with 124 when it waits for a writer.
fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    without_variables(&mut command);
    command.args(["120", PROGRAM]).args(arguments).current_dir(place.path());
    command
}

/// Exit code and stderr.
fn runs(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let ended = Ended::of(&mut command(place, arguments));
    (ended.code, ended.stderr)
}

/// Puts something other than a regular file at a path.
fn put(place: &Place, kind: &str, file: &str) {
    let path = place.at(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(&path);
    match kind {
        "named pipe" => {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }
        "link to a named pipe" => {
            let pipe = place.at("elsewhere");
            let _ = std::fs::remove_file(&pipe);
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            symlink(pipe, path).unwrap();
        }
        // The socket remains after its listener is gone.
        "socket" => drop(UnixListener::bind(path).unwrap()),
        "directory" => std::fs::create_dir(path).unwrap(),
        // A downloaded snapshot may contain one.
        "link to a device" => symlink("/dev/ptmx", path).unwrap(),
        _ => unreachable!(),
    }
}

const KINDS: [&str; 5] =
    ["named pipe", "link to a named pipe", "socket", "directory", "link to a device"];

fn assert_refused(what: &str, (code, stderr): (Option<i32>, String), path: &str, codes: &[i32]) {
    assert!(code.is_some_and(|code| codes.contains(&code)), "{what}: {code:?} {stderr}");
    assert!(stderr.contains(path) && stderr.contains("hint: "), "{what}: {stderr}");
    let says = ["not a regular file", "s a directory", "is a link, which"];
    assert!(says.iter().any(|words| stderr.contains(words)), "{what}: {stderr}");
}

#[test]
fn special_files_in_a_snapshot_are_refused() {
    for kind in KINDS {
        for file in SNAPSHOT {
            let place = one_validator();
            put(&place, kind, &format!("snapshot/{file}"));
            for verb in ["inspect", "verify", "bake", "init"] {
                let what = format!("{kind} {file} {verb}");
                assert_refused(&what, runs(&place, &[verb, "snapshot"]), file, &[3]);
            }
        }
        let place = one_validator();
        put(&place, kind, "snapshot/val/validators.txt");
        assert_refused(kind, runs(&place, &["init", "snapshot"]), "val/validators.txt", &[3]);
        for file in ["docker-compose.yml", "up.sh", ".env"] {
            let place = one_validator();
            put(&place, kind, &format!("snapshot/{file}"));
            // A link is refused for being one, whatever its target.
            assert_refused(kind, runs(&place, &["verify", "snapshot"]), file, &[3, 5]);
        }
    }
}

#[test]
fn special_files_in_a_bake_and_a_history_never_hang() {
    for kind in KINDS {
        for file in ["baked/bake.json", "baked/validators.bin", "baked/keystores.jsonl"] {
            let place = one_validator();
            assert_eq!(runs(&place, &["bake", "snapshot"]).0, Some(0));
            put(&place, kind, &format!("snapshot/{file}"));
            for verb in ["verify", "init"] {
                let (code, stderr) = runs(&place, &[verb, "snapshot"]);
                assert_ne!(code, Some(124), "{kind} {file} {verb}: {stderr}");
                assert!(code == Some(0) || stderr.contains("error: "), "{kind} {file}: {stderr}");
            }
        }
        for file in ["el/genesis.json", "el/chain.rlp", "el/head.rlp"] {
            let place = one_validator();
            let genesis = std::fs::read(place.at("snapshot/el/genesis.template.json"));
            place.write("snapshot/el/genesis.json", genesis.unwrap());
            place.write("snapshot/el/chain.rlp", "");
            place.write("snapshot/el/head.rlp", "");
            put(&place, kind, &format!("snapshot/{file}"));
            for verb in ["inspect", "verify", "bake", "init"] {
                let (code, stderr) = runs(&place, &[verb, "snapshot"]);
                assert_ne!(code, Some(124), "{kind} {file} {verb}: {stderr}");
                assert!(code == Some(0) || stderr.contains("error: "), "{kind} {file}: {stderr}");
            }
        }
    }
}

#[test]
fn special_files_in_flags_are_refused() {
    for kind in KINDS {
        let place = one_validator();
        put(&place, kind, "input");
        for arguments in [
            &["init", "snapshot", "--genesis", "input"][..],
            &["init", "snapshot", "--config", "input"],
            &["init", "snapshot", "--mnemonics", "input"],
            &["init", "snapshot", "--validators", "input"],
            &["init", "snapshot", "--shadow-fork-block", "input"],
            &["init", "--egg-values", "input"],
            &["capture", "--out", "new", "--state", "input"],
            &[
                "capture",
                "--out",
                "new",
                "--state",
                "snapshot/el/genesis.template.json",
                "--merge",
                "input",
            ],
            &[
                "capture",
                "--out",
                "new",
                "--state",
                "snapshot/el/genesis.template.json",
                "--mnemonics",
                "input",
            ],
            &["health", "--explain", "--log", "input"],
        ] {
            let what = format!("{kind} {arguments:?}");
            assert_refused(&what, runs(&place, arguments), "input", &[3]);
        }
        put(&place, kind, "runtime/metadata/config.yaml");
        place.write("runtime/regenesis.json", "{}");
        let what = format!("{kind} config.yaml");
        assert_refused(&what, runs(&place, &["health"]), "config.yaml", &[3]);
        std::fs::remove_file(place.at("runtime/regenesis.json")).unwrap();
        put(&place, kind, "runtime/regenesis.json");
        assert_refused(kind, runs(&place, &["health"]), "regenesis.json", &[3]);
    }
}

/// A pipe of the shell has a writer, so the program waits for it.
#[test]
fn streams_that_a_user_names_are_read() {
    let place = one_validator();
    let mnemonics = std::fs::read(place.at("snapshot/val/mnemonics.yaml")).unwrap();
    let mut init = command(&place, &["init", "snapshot", "--mnemonics", "/dev/stdin"]);
    let mut init = init.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Write late.
    let mut stdin = init.stdin.take().unwrap();
    let mut lines = BufReader::new(init.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("state root")));
    stdin.write_all(&mnemonics).unwrap();
    drop(stdin);
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(init.wait().unwrap().success(), "{rest:?}");

    let log = "echo 'Fatal: no space left on device' | \"$0\" health --explain --log";
    for name in ["-", "/dev/stdin"] {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{log} {name}"), PROGRAM]);
        let output = shell.current_dir(place.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("the disk is full"), "{name}: {stderr}");
    }
    let (code, stderr) = runs(&place, &["init", "snapshot", "--mnemonics", "/dev/null"]);
    assert!(code == Some(3) && stderr.contains("/dev/null line 1: is empty"), "{stderr}");
}

const PHRASE: &str = "test test test test test test test test test test test junk";

/// Without a terminal there is no progress bar: one line announces the work, and a signal ends it.
#[test]
fn a_million_keys_are_announced_and_can_be_interrupted() {
    let entry = |count: u32| format!("- mnemonic: \"{PHRASE}\"\n  count: {count}\n");
    for (verb, text, says) in [
        ("init", entry(1_000_000), "deriving 1,000,000 validator keys"),
        ("bake", entry(1_000_000), "deriving 1,000,000 validator keys"),
        ("verify", entry(10_001), "deriving 10,001 validator keys"),
        ("init", entry(9_000) + &entry(9_000), "deriving 18,000 validator keys"),
    ] {
        let place = one_validator();
        place.write("snapshot/val/mnemonics.yaml", text);
        let mut command = regenesis();
        command.args([verb, "snapshot"]).current_dir(place.path()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| line.ok().filter(|line| line.contains("deriving")));
        let line = line.unwrap();
        assert!(line.contains(says) && line.contains("Ctrl-C"), "{line}");
        assert!(line.contains("snapshot/val/mnemonics.yaml"), "{line}");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(!place.at("snapshot/baked").exists(), "nothing is left");
    }
}

#[test]
fn few_keys_are_not_announced_and_too_many_are_refused() {
    let place = one_validator();
    let (code, stderr) = runs(&place, &["init", "snapshot"]);
    assert!(code == Some(0) && !stderr.contains("deriving"), "{stderr}");
    let entry = format!("- mnemonic: \"{PHRASE}\"\n  count: 1000000\n");
    place.write("snapshot/val/mnemonics.yaml", entry.repeat(50));
    for verb in ["init", "bake", "verify", "inspect"] {
        let (code, stderr) = runs(&place, &[verb, "snapshot"]);
        assert_eq!(code, Some(3), "{stderr}");
        let says = "mnemonics.yaml line 9: the counts up to this entry add up to 5000000";
        assert!(stderr.contains(says) && stderr.contains("hint: "), "{stderr}");
    }
}
