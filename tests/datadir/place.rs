//! A directory with runtimes, data directories and programs in it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_regenesis");

/// What the programs named `geth` and `lighthouse` do: they write chain data to `$DATA`.
const GETH: &str =
    "mkdir -p $DATA/geth/chaindata $DATA/keystore; echo $$ >$DATA/geth/chaindata/chain";
const LIGHTHOUSE: &str = "mkdir -p $DATA/beacon/chain_db $DATA/validators; echo $$ >$DATA/beacon/chain_db/chain; \
     echo signed >$DATA/validators/slashing_protection.sqlite";

pub struct Place(tempfile::TempDir);

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub said: String,
}

/// A run that goes on, and is killed with its test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Place {
    /// A directory with a runtime.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.program("geth", GETH);
        place.program("lighthouse", LIGHTHOUSE);
        place.init();
        place
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Puts a shell script into `PATH`.
    pub fn program(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Writes a file, making its directory.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn has(&self, path: &str) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    /// Gives a command our directory and our programs, and no variable of regenesis.
    pub fn prepare(&self, command: &mut Command) {
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.at("bin").display()));
        command.env("DATA", "data").current_dir(self.0.path());
    }

    /// Makes a new genesis; its run id.
    pub fn init(&self) -> String {
        self.init_to("runtime")
    }

    pub fn init_to(&self, runtime: &str) -> String {
        let ended = ended(&mut self.command(&["init", "--out", runtime]));
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        let summary: serde_json::Value =
            serde_json::from_str(&self.read(&format!("{runtime}/regenesis.json"))).unwrap();
        summary["run_id"].as_str().unwrap().to_owned()
    }

    /// `regenesis run` with these arguments, to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(&["run"]).args(arguments))
    }

    /// A client on `data`, which must succeed; what was said.
    pub fn client(&self, client: &str) -> String {
        self.runs(&["--datadir", "data", "--", client])
    }

    /// The same with arguments of one's own.
    pub fn runs(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        ended.said
    }

    /// A run that must be refused, with this code, and change nothing in `untouched`.
    pub fn refused(&self, code: i32, untouched: &str, arguments: &[&str]) -> String {
        let before = tree(&self.at(untouched));
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{}", ended.said);
        assert!(ended.said.contains("hint: "), "{}", ended.said);
        assert_eq!(tree(&self.at(untouched)), before, "{}", ended.said);
        ended.said
    }

    /// Starts a run that goes on; its stderr is `NAME.log`.
    pub fn start(&self, name: &str, arguments: &[&str]) -> Running {
        let log = std::fs::File::create(self.at(&format!("{name}.log"))).unwrap();
        let mut command = self.command(&["run"]);
        Running(command.args(arguments).stderr(log).stdin(Stdio::null()).spawn().unwrap())
    }

    /// The files that were set aside, by their paths below the directory of each time.
    pub fn set_aside(&self) -> Vec<String> {
        let root = self.at("data/.regenesis-set-aside");
        let Ok(times) = std::fs::read_dir(root) else { return Vec::new() };
        let times = times.map(|time| time.unwrap().path());
        let mut files: Vec<_> = times
            .flat_map(|time| {
                tree(&time)
                    .into_keys()
                    .map(move |path| path.strip_prefix(&time).unwrap().to_owned())
            })
            .map(|path| path.to_str().unwrap().to_owned())
            .collect();
        files.sort();
        files
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ended { code: output.status.code(), said }
}

/// Everything below a directory that is no directory, with its content; links are not followed.
pub fn tree(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return files };
    for entry in entries {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            files.extend(tree(&path));
        } else {
            // One with a hole of a terabyte is none of the program's.
            let small = kind.is_file() && path.metadata().unwrap().len() < 1 << 24;
            files.insert(
                path.clone(),
                if small { std::fs::read(&path).unwrap() } else { Vec::new() },
            );
        }
    }
    files
}

pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process is alive. A zombie, which nobody has reaped, is not.
pub fn is_alive(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim()));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
}
