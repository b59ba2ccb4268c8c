//! Runs the program in a directory of its own; a test then reads as a specification.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod chain;
pub mod place;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// A run of `regenesis init` that is being put together.
pub struct Run {
    directory: tempfile::TempDir,
    command: Command,
}

/// A run that has ended.
pub struct Done {
    directory: tempfile::TempDir,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// `regenesis init --out <a fresh directory>/out`, without any variable of ours.
    pub fn new() -> Self {
        Self::of("init")
    }

    /// The same with another verb that makes a network.
    pub fn of(verb: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.arg(verb).arg("--out").arg(directory.path().join("out"));
        command.current_dir(directory.path());
        Self { directory, command }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self
    }

    /// Writes a file beside the output.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Copies the sample snapshot to `snapshot/`, beside the output.
    pub fn snapshot(self) -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        ["metadata.json", "el/genesis.template.json", "cl/config.yaml", "val/mnemonics.yaml"]
            .into_iter()
            .fold(self, |run, name| {
                let content = std::fs::read(sample.join(name)).unwrap();
                run.file(&format!("snapshot/{name}"), content)
            })
    }

    /// Runs `init` of the sample to the same output first.
    pub fn after_init(self, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
        command.arg("init").args(arguments).arg("--out").arg(self.directory.path().join("out"));
        let output = command.current_dir(self.directory.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self
    }

    /// The directory that relative paths mean.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn run(mut self) -> Done {
        let output = self.command.output().unwrap();
        Done {
            directory: self.directory,
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn succeeds(self) -> Done {
        let done = self.run();
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        done
    }

    pub fn fails(self, code: i32) -> Done {
        let done = self.run();
        assert_eq!(done.code, Some(code), "{}", done.stderr);
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
        done
    }
}

impl Done {
    pub fn out(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        let path = self.out().join(path);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).unwrap()
    }

    pub fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(path)).unwrap()
    }

    /// All files of the output but the summary and the lock, with their content.
    pub fn files(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        let mut files = std::collections::BTreeMap::new();
        let mut directories = vec![self.out()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.out()).unwrap().to_string_lossy().into_owned();
                if path.is_dir() && name != ".regenesis" {
                    directories.push(path);
                } else if path.is_file() && name != "regenesis.json" {
                    files.insert(name, std::fs::read(path).unwrap());
                }
            }
        }
        files
    }

    /// Asserts that the output directory was not even made.
    pub fn wrote_nothing(&self) {
        assert!(!self.out().exists(), "{} exists", self.out().display());
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
