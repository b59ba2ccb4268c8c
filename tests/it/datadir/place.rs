//! A directory with runtime directories, data directories and programs.

use crate::support::place::Ended;
use crate::support::{Place, regenesis, without_variables};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The programs named `geth` and `lighthouse` write chain data to `$DATA`.
const GETH: &str =
    "mkdir -p $DATA/geth/chaindata $DATA/keystore; echo $$ >$DATA/geth/chaindata/chain";
const LIGHTHOUSE: &str = "mkdir -p $DATA/beacon/chain_db $DATA/validators; echo $$ >$DATA/beacon/chain_db/chain; \
     echo signed >$DATA/validators/slashing_protection.sqlite";

pub struct Host(Place);

impl std::ops::Deref for Host {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

/// A run that is killed at the end of its test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Host {
    /// With a runtime.
    pub fn new() -> Self {
        let place = Self(Place::new());
        place.program("geth", GETH);
        place.program("lighthouse", LIGHTHOUSE);
        place.init();
        place
    }

    /// Adds a shell script to `PATH`.
    pub fn program(&self, name: &str, script: &str) {
        self.write("bin/.keep", "");
        self.executable(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = regenesis();
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    /// Sets a command's directory and `PATH`, and removes regenesis's variables.
    pub fn prepare(&self, command: &mut Command) {
        without_variables(command);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.at("bin").display()));
        command.env("DATA", "data").current_dir(self.path());
    }

    /// Generates a new genesis, and returns its run id.
    pub fn init(&self) -> String {
        self.init_to("runtime")
    }

    pub fn init_to(&self, runtime: &str) -> String {
        Ended::of(&mut self.command(&["init", "--out", runtime])).succeeds();
        let summary = self.json(format!("{runtime}/regenesis.json"));
        summary["run_id"].as_str().unwrap().to_owned()
    }

    /// `regenesis run` with these arguments, to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(&["run"]).args(arguments))
    }

    /// Runs a client on `data`, which must succeed; returns the messages.
    pub fn client(&self, client: &str) -> String {
        self.runs(&["--datadir", "data", "--", client])
    }

    /// Runs with these arguments, which must succeed; returns the messages.
    pub fn runs(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stderr
    }

    /// A run that must fail with this code, and change nothing in `untouched`; returns the messages.
    pub fn refused(&self, code: i32, untouched: &str, arguments: &[&str]) -> String {
        let before = tree(&self.at(untouched));
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
        assert_eq!(tree(&self.at(untouched)), before, "{}", ended.stderr);
        ended.stderr
    }

    /// Starts a run in the background; its stderr goes to `NAME.log`.
    pub fn start(&self, name: &str, arguments: &[&str]) -> Running {
        let log = std::fs::File::create(self.at(format!("{name}.log"))).unwrap();
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

/// Every entry below a directory, except directories, with its content; links are not followed.
pub fn tree(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return files };
    for entry in entries {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            files.extend(tree(&path));
        } else {
            // Skips the sparse file of a terabyte that a test creates.
            let small = kind.is_file() && path.metadata().unwrap().len() < 1 << 24;
            files.insert(
                path.clone(),
                if small { std::fs::read(&path).unwrap() } else { Vec::new() },
            );
        }
    }
    files
}

/// Whether a process is alive; a zombie is not.
pub fn is_alive(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim()));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
}
