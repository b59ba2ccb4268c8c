//! `regenesis init` in a temporary directory: a test reads as inputs, arguments and outcome.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{SNAPSHOT, regenesis, repository};

/// A run of `regenesis init` before it starts.
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
    /// `regenesis init --out <a fresh directory>/out`, without `REGENESIS_*` variables.
    pub fn new() -> Self {
        Self::of("init")
    }

    /// The same for another verb that creates a network.
    pub fn of(verb: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = regenesis();
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

    /// Writes a file next to the output directory.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Copies the sample snapshot, without its bake, to `snapshot/` next to the output directory.
    pub fn snapshot(self) -> Self {
        SNAPSHOT.into_iter().fold(self, |run, name| {
            let content = std::fs::read(repository().join("sample").join(name)).unwrap();
            run.file(&format!("snapshot/{name}"), content)
        })
    }

    /// Runs `init` on the sample with the same output first.
    pub fn after_init(self, arguments: &[&str]) -> Self {
        let mut command = regenesis();
        command.arg("init").args(arguments).arg("--out").arg(self.directory.path().join("out"));
        let output = command.current_dir(self.directory.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self
    }

    /// The working directory of the run.
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

    /// Every file of the output with its content, except the summary and `.regenesis/`.
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

    /// Asserts that the run did not create the output directory.
    pub fn wrote_nothing(&self) {
        assert!(!self.out().exists(), "{} exists", self.out().display());
    }
}
