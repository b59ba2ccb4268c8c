//! Inputs that nobody writes to, and work that takes long: nothing is waited for in silence.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use support::repository;

const SNAPSHOT: [&str; 4] =
    ["metadata.json", "el/genesis.template.json", "cl/config.yaml", "val/mnemonics.yaml"];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for file in SNAPSHOT {
            let content = std::fs::read_to_string(repository().join("sample").join(file)).unwrap();
            let content = content.replace("count: 64", "count: 1");
            place.write(&format!("snapshot/{file}"), content.replace("\"files\"", "\"counts2\""));
        }
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // Whoever waits for a writer waits for ever: `timeout` ends with 124.
        let mut command = Command::new("timeout");
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.args(["30", env!("CARGO_BIN_EXE_regenesis")]).args(arguments);
        command.current_dir(self.path());
        command
    }

    fn runs(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// Puts something at a path that is no file.
    fn put(&self, kind: &str, file: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        match kind {
            "named pipe" => {
                assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            }
            "link to a named pipe" => {
                let pipe = self.path().join("elsewhere");
                let _ = std::fs::remove_file(&pipe);
                assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
                symlink(pipe, path).unwrap();
            }
            // It stays after its listener is gone.
            "socket" => drop(UnixListener::bind(path).unwrap()),
            "directory" => std::fs::create_dir(path).unwrap(),
            // As a stranger's snapshot may have it.
            "link to a device" => symlink("/dev/ptmx", path).unwrap(),
            _ => unreachable!(),
        }
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
fn files_of_a_snapshot() {
    for kind in KINDS {
        for file in SNAPSHOT {
            let place = Place::new();
            place.put(kind, &format!("snapshot/{file}"));
            for verb in ["inspect", "verify", "bake", "init"] {
                let what = format!("{kind} {file} {verb}");
                assert_refused(&what, place.runs(&[verb, "snapshot"]), file, &[3]);
            }
        }
        let place = Place::new();
        place.put(kind, "snapshot/val/validators.txt");
        assert_refused(kind, place.runs(&["init", "snapshot"]), "val/validators.txt", &[3]);
        for file in ["docker-compose.yml", "up.sh", ".env"] {
            let place = Place::new();
            place.put(kind, &format!("snapshot/{file}"));
            // A link is refused as one, whatever it leads to.
            assert_refused(kind, place.runs(&["verify", "snapshot"]), file, &[3, 5]);
        }
    }
}

#[test]
fn files_of_a_bake_and_of_a_past() {
    for kind in KINDS {
        for file in ["baked/bake.json", "baked/validators.bin", "baked/keystores.jsonl"] {
            let place = Place::new();
            assert_eq!(place.runs(&["bake", "snapshot"]).0, Some(0));
            place.put(kind, &format!("snapshot/{file}"));
            for verb in ["verify", "init"] {
                let (code, stderr) = place.runs(&[verb, "snapshot"]);
                assert_ne!(code, Some(124), "{kind} {file} {verb}: {stderr}");
                assert!(code == Some(0) || stderr.contains("error: "), "{kind} {file}: {stderr}");
            }
        }
        for file in ["el/genesis.json", "el/chain.rlp", "el/head.rlp"] {
            let place = Place::new();
            let genesis = std::fs::read(place.path().join("snapshot/el/genesis.template.json"));
            place.write("snapshot/el/genesis.json", genesis.unwrap());
            place.write("snapshot/el/chain.rlp", "");
            place.write("snapshot/el/head.rlp", "");
            place.put(kind, &format!("snapshot/{file}"));
            for verb in ["inspect", "verify", "bake", "init"] {
                let (code, stderr) = place.runs(&[verb, "snapshot"]);
                assert_ne!(code, Some(124), "{kind} {file} {verb}: {stderr}");
                assert!(code == Some(0) || stderr.contains("error: "), "{kind} {file}: {stderr}");
            }
        }
    }
}

#[test]
fn files_that_flags_name() {
    for kind in KINDS {
        let place = Place::new();
        place.put(kind, "input");
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
            assert_refused(&what, place.runs(arguments), "input", &[3]);
        }
        place.put(kind, "runtime/metadata/config.yaml");
        place.write("runtime/regenesis.json", "{}");
        let what = format!("{kind} config.yaml");
        assert_refused(&what, place.runs(&["health"]), "config.yaml", &[3]);
        std::fs::remove_file(place.path().join("runtime/regenesis.json")).unwrap();
        place.put(kind, "runtime/regenesis.json");
        assert_refused(kind, place.runs(&["health"]), "regenesis.json", &[3]);
    }
}

/// What a shell gives has a writer, and is waited for.
#[test]
fn streams_that_a_user_names_are_read() {
    let place = Place::new();
    let mnemonics = std::fs::read(place.path().join("snapshot/val/mnemonics.yaml")).unwrap();
    let mut init = place.command(&["init", "snapshot", "--mnemonics", "/dev/stdin"]);
    let mut init = init.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A writer that is late.
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
        shell.args(["-c", &format!("{log} {name}"), env!("CARGO_BIN_EXE_regenesis")]);
        let output = shell.current_dir(place.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("the disk is full"), "{name}: {stderr}");
    }
    let (code, stderr) = place.runs(&["init", "snapshot", "--mnemonics", "/dev/null"]);
    assert!(code == Some(3) && stderr.contains("/dev/null line 1: is empty"), "{stderr}");
}

const PHRASE: &str = "test test test test test test test test test test test junk";

/// Off a terminal no progress is shown: one line says what takes so long, and a signal ends it.
#[test]
fn a_million_keys_are_announced_and_can_be_interrupted() {
    let entry = |count: u32| format!("- mnemonic: \"{PHRASE}\"\n  count: {count}\n");
    for (verb, text, says) in [
        ("init", entry(1_000_000), "deriving 1,000,000 validator keys"),
        ("bake", entry(1_000_000), "deriving 1,000,000 validator keys"),
        ("verify", entry(10_001), "deriving 10,001 validator keys"),
        ("init", entry(9_000) + &entry(9_000), "deriving 18,000 validator keys"),
    ] {
        let place = Place::new();
        place.write("snapshot/val/mnemonics.yaml", text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
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
        assert!(!place.path().join("snapshot/baked").exists(), "nothing is left");
    }
}

#[test]
fn few_keys_are_not_announced_and_too_many_are_refused() {
    let place = Place::new();
    let (code, stderr) = place.runs(&["init", "snapshot"]);
    assert!(code == Some(0) && !stderr.contains("deriving"), "{stderr}");
    let entry = format!("- mnemonic: \"{PHRASE}\"\n  count: 1000000\n");
    place.write("snapshot/val/mnemonics.yaml", entry.repeat(50));
    for verb in ["init", "bake", "verify", "inspect"] {
        let (code, stderr) = place.runs(&[verb, "snapshot"]);
        assert_eq!(code, Some(3), "{stderr}");
        let says = "mnemonics.yaml line 9: the counts up to this entry add up to 5000000";
        assert!(stderr.contains(says) && stderr.contains("hint: "), "{stderr}");
    }
}
