//! A genesis in use is kept, one that nobody uses is replaced, and data of a former run never meet
//! a new genesis. The clients are small programs: only how long they live matters.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests meet the world"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regenesis");

/// A directory with a runtime and a client's data.
struct Stack(tempfile::TempDir);

/// A client that is ended with its test.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stack {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.args(arguments).current_dir(self.0.path());
        command
    }

    fn init(&self) -> Output {
        self.command(&["init"]).output().unwrap()
    }

    /// `regenesis init`, which must succeed; the run id.
    fn inits(&self) -> String {
        let output = self.init();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.run_id()
    }

    fn run_id(&self) -> String {
        let marker = std::fs::read(self.at("runtime/regenesis.json")).unwrap();
        let marker: serde_json::Value = serde_json::from_slice(&marker).unwrap();
        marker["run_id"].as_str().unwrap().to_owned()
    }

    /// A client with data in `data`, which writes its process id to `data/geth` and stays.
    fn start(&self, arguments: &[&str]) -> Client {
        let mut command = self.command(&["run", "--datadir", "data"]);
        command.args(arguments).args(["--", "sh", "-c", "echo $$ >data/geth; exec sleep 1000"]);
        Client(command.stderr(Stdio::null()).spawn().unwrap())
    }

    /// Waits until the client has begun.
    fn begun(&self, client: &Client) {
        let id = format!("{}\n", client.0.id());
        eventually("the client begins", || {
            std::fs::read_to_string(self.at("data/geth")).is_ok_and(|text| text == id)
        });
    }
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every file below `directory` with its content and modification time.
fn tree(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            let modified = path.metadata().unwrap().modified().unwrap();
            files.insert(path.clone(), (std::fs::read(&path).unwrap(), modified));
        }
    }
    files
}

#[test]
fn a_genesis_in_use_is_kept_to_the_byte() {
    let stack = Stack::new();
    let first = stack.inits();
    let client = stack.start(&[]);
    stack.begun(&client);
    let before = tree(&stack.at("runtime"));

    let output = stack.init();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("kept run {first}: clients run on it")), "{said}");
    assert_eq!(tree(&stack.at("runtime")), before);

    drop(client);
    assert_ne!(stack.inits(), first);
}

#[test]
fn a_damaged_genesis_in_use_is_told() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.begun(&client);
    std::fs::write(stack.at("runtime/metadata/genesis.ssz"), "x").unwrap();
    let output = stack.init();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("metadata/genesis.ssz is not what run"), "{said}");
}

#[test]
fn a_client_waits_for_its_genesis() {
    let stack = Stack::new();
    let client = stack.start(&[]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!stack.at("data").exists());
    let run = stack.inits();
    stack.begun(&client);
    assert_eq!(std::fs::read_to_string(stack.at("data/.regenesis-run")).unwrap().trim(), run);
}

/// `cp -r runtime/* copy/` leaves the hidden files behind.
#[test]
fn a_copy_without_hidden_files_is_explained_and_taken_over() {
    let stack = Stack::new();
    stack.inits();
    let copy = "mkdir copy other; cp -r runtime/* copy/; cp -r runtime/* other/; echo >other/jwt/x";
    assert!(
        Command::new("sh")
            .args(["-c", copy])
            .current_dir(stack.0.path())
            .status()
            .unwrap()
            .success()
    );
    let log = stack.at("log");
    let mut command = stack.command(&["run", "--runtime", "copy", "--", "sleep", "1000"]);
    let client = command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let _client = Client(client);
    let said = || std::fs::read_to_string(&log).unwrap();
    eventually("the client says what is missing", || {
        said().contains("no copy/.regenesis/lock")
            && said().contains("run regenesis init --out copy")
    });
    let output = stack.command(&["init", "--out", "copy"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    eventually("the client goes on", || said().lines().any(|line| line.starts_with("run ")));
    assert_eq!(said().matches("copy/.regenesis/lock").count(), 1, "{}", said());

    // What is not listed is somebody's.
    let output = stack.command(&["init", "--out", "other"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("other/jwt/x"), "{said}");
}

#[test]
fn data_of_another_run_are_wiped_and_of_this_one_kept() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.begun(&client);
    std::fs::create_dir(stack.at("data/chain")).unwrap();
    std::fs::write(stack.at("data/chain/block"), "1").unwrap();
    drop(client);

    let client = stack.start(&[]);
    stack.begun(&client);
    assert!(stack.at("data/chain/block").exists());
    drop(client);

    stack.inits();
    let client = stack.start(&[]);
    stack.begun(&client);
    assert!(!stack.at("data/chain").exists());
}

#[test]
fn what_runs_once_runs_until_it_succeeds() {
    let stack = Stack::new();
    stack.inits();
    let once = "echo >>count; mkdir -p data/keystore; test -e allowed";
    let arguments = ["--once", "sh", "-c", once, ";"];
    let count = || std::fs::read(stack.at("count")).unwrap().len();
    let mut failing = stack.start(&arguments);
    assert_eq!(failing.0.wait().unwrap().code(), Some(6));
    assert_eq!(count(), 1);

    std::fs::write(stack.at("allowed"), "").unwrap();
    for _ in 0..2 {
        let client = stack.start(&arguments);
        stack.begun(&client);
        assert_eq!(count(), 2);
    }
}

#[test]
fn what_may_be_anything_is_not_wiped() {
    let stack = Stack::new();
    stack.inits();
    std::fs::create_dir(stack.at("data")).unwrap();
    std::fs::write(stack.at("data/thesis.tex"), "").unwrap();
    let output = stack.command(&["run", "--datadir", "data", "--", "true"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("holds \"thesis.tex\"") && said.contains("hint: "), "{said}");
    assert!(stack.at("data/thesis.tex").exists());

    let output = stack.command(&["run", "--datadir", ".", "--", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_chain_that_stood_still_waits_for_a_new_genesis() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.begun(&client);
    drop(client);
    let old = std::time::SystemTime::now() - Duration::from_mins(2);
    for path in ["data", "data/geth"] {
        std::fs::File::open(stack.at(path)).unwrap().set_modified(old).unwrap();
    }
    let client = stack.start(&["--max-idle", "60"]);
    std::thread::sleep(Duration::from_millis(500));
    // It holds no lease while it waits, or there would never be a new genesis.
    let run = stack.inits();
    stack.begun(&client);
    assert_eq!(std::fs::read_to_string(stack.at("data/.regenesis-run")).unwrap().trim(), run);
}

#[test]
fn a_client_that_is_not_there_is_told() {
    let stack = Stack::new();
    stack.inits();
    let output = stack.command(&["run", "--", "no-such-client"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("error: no-such-client: "), "{said}");
}

#[test]
fn of_eight_inits_at_once_one_wins() {
    for round in 0..20 {
        let stack = Stack::new();
        // Every second round there is a former run.
        let former = (round % 2 == 1).then(|| stack.inits());
        std::fs::create_dir_all(stack.at("runtime/.regenesis")).unwrap();
        let turn = stack.at("runtime/.regenesis/init");
        let gate = std::fs::File::create(&turn).unwrap();
        gate.lock().unwrap();
        let start = || {
            let mut command = stack.command(&["init", "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let inits: Vec<Child> = (0..8).map(|_| start()).collect();
        eventually("all wait for their turn", || inits.iter().all(|init| has_open(init, &turn)));
        drop(gate);
        let mut reported = std::collections::BTreeSet::new();
        for init in inits {
            let output = init.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            reported.insert(summary["run_id"].as_str().unwrap().to_owned());
        }
        assert_eq!(reported, [stack.run_id()].into(), "round {round}");
        assert_ne!(former, Some(stack.run_id()));
    }
}

/// One replaces what another made, while a third has just read that it is there.
#[test]
fn of_inits_one_after_the_other_none_fails() {
    let stack = Stack::new();
    stack.inits();
    let inits: Vec<Child> = (0..40)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            stack.command(&["init"]).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for init in inits {
        let output = init.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn has_open(process: &Child, path: &Path) -> bool {
    let path = path.canonicalize().unwrap();
    let Ok(open) = std::fs::read_dir(format!("/proc/{}/fd", process.id())) else { return false };
    open.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == path))
}

#[test]
fn the_program_is_left_for_the_clients() {
    let stack = Stack::new();
    let init = || stack.command(&["init", "--leave-program"]).status().unwrap();
    assert!(init().success());
    let left = stack.at("runtime/bin/regenesis");
    assert!(std::fs::read(&left).unwrap() == std::fs::read(PROGRAM).unwrap());
    let before = left.metadata().unwrap().modified().unwrap();
    assert!(init().success());
    assert_eq!(left.metadata().unwrap().modified().unwrap(), before);
    let mut client = Command::new(&left);
    client.args(["run", "--", "true"]).current_dir(stack.0.path()).stderr(Stdio::null());
    assert!(client.status().unwrap().success());
}
