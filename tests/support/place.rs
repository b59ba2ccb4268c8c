//! A temporary directory with files, in which commands run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{PROGRAM, SNAPSHOT, regenesis, repository};

pub struct Place(tempfile::TempDir);

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the sample, without its bake, in `snapshot/`.
    pub fn with_sample() -> Self {
        let place = Self::new();
        place.add_sample("snapshot");
        place
    }

    /// Copies the sample, without its bake.
    pub fn add_sample(&self, to: &str) {
        for file in SNAPSHOT {
            let content = std::fs::read(repository().join("sample").join(file)).unwrap();
            self.write(Path::new(to).join(file), content);
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path().join(path)
    }

    pub fn has(&self, path: impl AsRef<Path>) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }

    /// Writes a file and creates its directory.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Copies the program under test; returns the path of the copy. See [`Self::executable`].
    pub fn copy_program(&self) -> PathBuf {
        self.shell(&format!("cp {PROGRAM} regenesis"));
        self.at("regenesis")
    }

    /// Writes an executable. Another process does it: while this one has the file open for writing, a
    /// child of another thread may inherit it, and the kernel refuses to execute such a file.
    pub fn executable(&self, path: &str, text: &str) {
        self.write(format!("{path}.text"), text);
        self.shell(&format!("cp {path}.text {path}; rm {path}.text; chmod 755 {path}"));
    }

    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.at(path);
        let bytes = std::fs::read(&path);
        let bytes = bytes.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn json(&self, path: impl AsRef<Path>) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    /// Replaces the first occurrence of a text that the file must contain.
    pub fn edit(&self, path: impl AsRef<Path>, from: &str, to: &str) {
        let text = self.read(&path);
        assert!(text.contains(from), "{}: no {from}", path.as_ref().display());
        self.write(path, text.replacen(from, to, 1));
    }

    /// Runs a script that must succeed.
    pub fn shell(&self, script: &str) {
        let mut command = Command::new("sh");
        let ended = Ended::of(command.args(["-ec", script]).current_dir(self.path()));
        assert_eq!(ended.code, Some(0), "{script}: {}", ended.stderr);
    }

    /// `regenesis` with these arguments, here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = regenesis();
        command.args(arguments).current_dir(self.path());
        command
    }

    /// Runs `regenesis` with these arguments to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments))
    }
}

impl Ended {
    /// Runs a command to its end, without input.
    pub fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).output().unwrap().into()
    }

    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts the exit code and words of the error.
    pub fn fails(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(words), "no {words:?}: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
