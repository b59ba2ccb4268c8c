//! Cases: each directory here holds the inputs of one, and in `cmd` the command line that a user
//! types beside them. A test runs the case and states what must come of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A case that has run, in a copy of its directory.
pub struct Case {
    directory: tempfile::TempDir,
    pub code: Option<i32>,

    pub stderr: String,
}

/// Runs the `cmd` of a case; `regenesis` is the program under test.
pub fn run(name: &str) -> Case {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let directory = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-R").arg(case.join(".")).arg(directory.path()).status();
    assert!(copied.unwrap().success(), "{name} is not copied");
    let script = std::fs::read_to_string(case.join("cmd")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_regenesis")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
        command.env_remove(key);
    }
    let command = command.args(["-e", "-c", &script]).env("PATH", path);
    let output = command.current_dir(directory.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");

    Case { directory, code: output.status.code(), stderr }
}

#[allow(dead_code, reason = "every test program uses a part of it")]
impl Case {
    /// A path beside the case's inputs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file that the case wrote.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// Asserts that the case succeeds.
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts that the case fails with this exit code, and names all of these.
    pub fn fails(self, code: i32, names: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for name in names {
            assert!(self.stderr.contains(name), "no {name:?} in: {}", self.stderr);
        }
        self
    }
}
