//! A genesis in use is kept, an unused one is replaced, and a new genesis never meets data of an earlier
//! run. The clients are small programs: only their lifetime matters.

use crate::support::{PROGRAM, Place, eventually, text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A directory with a runtime and a client's data.
struct Stack(Place);

impl std::ops::Deref for Stack {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

/// A client that is killed at the end of its test.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stack {
    fn new() -> Self {
        Self(Place::new())
    }

    fn init(&self) -> Output {
        self.command(&["init"]).output().unwrap()
    }

    /// `regenesis init`, which must succeed; the run id.
    fn inits(&self) -> String {
        let output = self.init();
        assert!(output.status.success(), "{}", text(&output));
        self.run_id()
    }

    fn run_id(&self) -> String {
        self.json("runtime/regenesis.json")["run_id"].as_str().unwrap().to_owned()
    }

    /// A client with data in `data`, which writes its process id to `data/geth` and keeps running. Its
    /// messages go to `log`.
    fn start(&self, arguments: &[&str]) -> Client {
        let mut command = self.command(&["run", "--datadir", "data"]);
        command.args(arguments).args(["--", "sh", "-c", "echo $$ >data/geth; exec sleep 1000"]);
        let log = std::fs::File::create(self.at("log")).unwrap();
        Client(command.stderr(log).spawn().unwrap())
    }

    /// Waits for a message of the client.
    fn logs(&self, message: &str) {
        eventually(message, || std::fs::read_to_string(self.at("log")).unwrap().contains(message));
    }

    /// Waits until the client has started.
    fn started(&self, client: &Client) {
        let id = format!("{}\n", client.0.id());
        eventually("the client starts", || {
            std::fs::read_to_string(self.at("data/geth")).is_ok_and(|text| text == id)
        });
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
    stack.started(&client);
    let before = tree(&stack.at("runtime"));

    let output = stack.init();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("kept run {first}: clients run on it")), "{said}");
    assert_eq!(tree(&stack.at("runtime")), before);

    drop(client);
    assert_ne!(stack.inits(), first);
}

#[test]
fn a_damaged_genesis_in_use_is_reported() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.started(&client);
    std::fs::write(stack.at("runtime/metadata/genesis.ssz"), "x").unwrap();
    let output = stack.init();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("metadata/genesis.ssz differs from what run"), "{said}");
}

#[test]
fn a_client_waits_for_its_genesis() {
    let stack = Stack::new();
    let client = stack.start(&[]);
    stack.logs("waiting for a genesis in ./runtime");
    assert!(!stack.at("data").exists());
    let run = stack.inits();
    stack.started(&client);
    assert_eq!(std::fs::read_to_string(stack.at("data/.regenesis-run")).unwrap().trim(), run);
}

/// `cp -r runtime/* copy/` does not copy hidden files.
#[test]
fn a_copy_without_hidden_files_is_explained_and_taken_over() {
    let stack = Stack::new();
    stack.inits();
    let copy = "mkdir copy other; cp -r runtime/* copy/; cp -r runtime/* other/; echo >other/jwt/x";
    assert!(
        Command::new("sh").args(["-c", copy]).current_dir(stack.path()).status().unwrap().success()
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
    eventually("the client continues", || said().lines().any(|line| line.starts_with("run ")));
    assert_eq!(said().matches("copy/.regenesis/lock").count(), 1, "{}", said());

    // A file that is not listed belongs to the user.
    let output = stack.command(&["init", "--out", "other"]).output().unwrap();
    let said = text(&output);
    assert!(!output.status.success() && said.contains("other/jwt/x"), "{said}");
}

#[test]
fn data_of_another_run_is_wiped_and_data_of_this_run_kept() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.started(&client);
    std::fs::create_dir(stack.at("data/chain")).unwrap();
    std::fs::write(stack.at("data/chain/block"), "1").unwrap();
    drop(client);

    let client = stack.start(&[]);
    stack.started(&client);
    assert!(stack.at("data/chain/block").exists());
    drop(client);

    stack.inits();
    let client = stack.start(&[]);
    stack.started(&client);
    assert!(!stack.at("data/chain").exists());
}

#[test]
fn a_step_runs_until_it_succeeds_once() {
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
        stack.started(&client);
        assert_eq!(count(), 2);
    }
}

#[test]
fn unknown_files_are_not_wiped() {
    let stack = Stack::new();
    stack.inits();
    std::fs::create_dir(stack.at("data")).unwrap();
    std::fs::write(stack.at("data/thesis.tex"), "").unwrap();
    let output = stack.command(&["run", "--datadir", "data", "--", "true"]).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("contains \"thesis.tex\"") && said.contains("hint: "), "{said}");
    assert!(stack.at("data/thesis.tex").exists());

    let output = stack.command(&["run", "--datadir", ".", "--", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_idle_chain_waits_for_a_new_genesis() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.started(&client);
    drop(client);
    let old = std::time::SystemTime::now() - Duration::from_mins(2);
    for path in ["data", "data/geth"] {
        std::fs::File::open(stack.at(path)).unwrap().set_modified(old).unwrap();
    }
    let client = stack.start(&["--max-idle", "60"]);
    stack.logs("waiting for a new genesis");
    // It does not lock the genesis while it waits, so that init can replace it.
    let run = stack.inits();
    stack.started(&client);
    assert_eq!(std::fs::read_to_string(stack.at("data/.regenesis-run")).unwrap().trim(), run);
}

#[test]
fn a_stopped_chain_is_kept_while_its_clients_can_continue() {
    let stack = Stack::new();
    let renew = |extra: &[&str]| {
        let mut command = stack.command(&["init", "--renew", "stale", "--client-data", "data"]);
        let output = command.args(extra).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        (text(&output), stack.run_id())
    };
    let runs = || {
        let client = stack.start(&[]);
        stack.started(&client);
    };
    let first = renew(&[]).1;
    runs();
    let before = tree(&stack.at("runtime"));
    let (said, kept) = renew(&[]);
    assert!(said.contains(&format!("kept run {first}: its clients continue")), "{said}");
    assert_eq!(kept, first);
    assert_eq!(tree(&stack.at("runtime")), before);

    // The default replaces it.
    let second = stack.inits();
    assert_ne!(second, first);
    let (said, third) = renew(&[]);
    let cause = "because data has no chain data of the last genesis (--renew stale); its blocks";
    assert_eq!(said.matches("new genesis").count(), 1, "one line: {said}");
    assert!(said.contains(&format!("\nnew genesis: replaces run {second} of ")), "{said}");
    assert!(said.contains(cause), "{said}");
    assert_ne!(third, second);

    runs();
    let (said, fourth) = renew(&["--max-idle", "30"]);
    assert!(said.contains("clients resume within 30 s"), "{said}");
    assert_ne!(fourth, third);

    runs();
    std::fs::write(stack.at("runtime/metadata/genesis_validators_root.txt"), "x").unwrap();
    let (said, fifth) = renew(&[]);
    assert!(said.contains("differs from what the last run wrote"), "{said}");
    assert_ne!(fifth, fourth);

    runs();
    let (said, sixth) = renew(&["--add-system-contracts"]);
    assert!(said.contains("--add-system-contracts changed"), "{said}");
    assert_ne!(sixth, fifth);

    let mut last = sixth;
    let secret = "11".repeat(32);
    for (extra, reason) in [
        (&["--layout", "teku"][..], "--layout changed"),
        (&["--jwt", &secret], "--jwt sets its secret"),
        (&["--timestamp", "1800000000"], "--timestamp sets its time"),
    ] {
        // Without the flag first, so that only the flag differs.
        last = stack.inits();
        runs();
        let (said, next) = renew(extra);
        assert!(said.contains(reason), "{said}");
        assert_ne!(next, last);
        last = next;
    }

    stack.inits();
    runs();
    std::fs::remove_file(stack.at("runtime/metadata/genesis_validators_root.txt")).unwrap();
    let (said, eighth) = renew(&[]);
    assert!(said.contains("genesis_validators_root.txt"), "{said}");
    assert_ne!(eighth, last);
}

#[test]
fn keeping_needs_the_data_directories() {
    let stack = Stack::new();
    let output = stack.command(&["init", "--renew", "stale"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("--client-data"), "{}", text(&output));
    assert!(!stack.at("runtime").exists());
}

/// A summary that another user wrote: its paths are opened.
#[test]
fn a_summary_that_names_files_elsewhere_is_damaged() {
    let stack = Stack::new();
    stack.inits();
    let client = stack.start(&[]);
    stack.started(&client);
    assert!(Command::new("mkfifo").arg(stack.at("pipe")).status().unwrap().success());
    let mut summary = stack.json("runtime/regenesis.json");
    summary["files"][0]["path"] = "../pipe".into();
    std::fs::write(stack.at("runtime/regenesis.json"), summary.to_string()).unwrap();
    let output = stack.init();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("files lists \"../pipe\", outside the directory"), "{said}");
}

#[test]
fn client_data_that_is_no_directory_is_refused_at_once() {
    let stack = Stack::new();
    stack.inits();
    assert!(Command::new("mkfifo").arg(stack.at("pipe")).status().unwrap().success());
    let mut command = stack.command(&["init", "--renew", "stale", "--client-data", "data , pipe"]);
    let output = command.output().unwrap();
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("--client-data \"pipe\" is not a directory"), "{said}");
}

#[test]
fn a_missing_client_is_named() {
    let stack = Stack::new();
    stack.inits();
    let output = stack.command(&["run", "--", "no-such-client"]).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("error: no-such-client: "), "{said}");
}

#[test]
fn of_eight_inits_at_once_one_wins() {
    for round in 0..20 {
        let stack = Stack::new();
        // Every second round starts with an earlier run.
        let earlier = (round % 2 == 1).then(|| stack.inits());
        std::fs::create_dir_all(stack.at("runtime/.regenesis")).unwrap();
        let turn = stack.at("runtime/.regenesis/init");
        let gate = std::fs::File::create(&turn).unwrap();
        gate.lock().unwrap();
        let start = || {
            let mut command = stack.command(&["init", "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let inits: Vec<Child> = (0..8).map(|_| start()).collect();
        eventually("all wait for the lock", || inits.iter().all(|init| has_open(init, &turn)));
        drop(gate);
        let mut reported = std::collections::BTreeSet::new();
        for init in inits {
            let output = init.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", text(&output));
            let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            reported.insert(summary["run_id"].as_str().unwrap().to_owned());
        }
        assert_eq!(reported, [stack.run_id()].into(), "round {round}");
        assert_ne!(earlier, Some(stack.run_id()));
    }
}

/// One init replaces a genesis that another has just read.
#[test]
fn no_init_in_a_series_fails() {
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
        assert!(output.status.success(), "{}", text(&output));
    }
}

fn has_open(process: &Child, path: &Path) -> bool {
    let path = path.canonicalize().unwrap();
    let Ok(open) = std::fs::read_dir(format!("/proc/{}/fd", process.id())) else { return false };
    open.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == path))
}

#[test]
fn the_program_is_copied_for_the_clients() {
    let stack = Stack::new();
    let init = || stack.command(&["init", "--leave-program"]).status().unwrap();
    assert!(init().success());
    let left = stack.at("runtime/bin/regenesis");
    assert!(std::fs::read(&left).unwrap() == std::fs::read(PROGRAM).unwrap());
    let before = left.metadata().unwrap().modified().unwrap();
    assert!(init().success());
    assert_eq!(left.metadata().unwrap().modified().unwrap(), before);
    let mut client = Command::new(&left);
    client.args(["run", "--", "true"]).current_dir(stack.path()).stderr(Stdio::null());
    assert!(client.status().unwrap().success());
}
