//! What is the user's stays the user's: every byte, every time stamp, every link, at every place that
//! looks like one of ours.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

#[path = "keep/access.rs"]
mod access;
#[path = "keep/bake.rs"]
mod bake;
#[path = "keep/capture.rs"]
mod capture;
#[path = "keep/names.rs"]
mod names;
#[path = "keep/runtime.rs"]
mod runtime;
#[path = "keep/stack.rs"]
mod stack;
mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::place::{text, tree};
use support::{repository, sha256};

/// What is seen of an entry: kind and mode, last write, content or target.
type State = BTreeMap<PathBuf, (u32, (i64, i64), String)>;

/// A directory of a user, with a genesis in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let sample = repository().join("sample/el/genesis.template.json");
        std::fs::copy(sample, home.at("genesis.json")).unwrap();
        home
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file of the user's.
    fn put(&self, path: &str, text: &str) {
        std::fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        std::fs::write(self.at(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        let path = self.at(path);
        let bytes =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn copy(&self, from: &str, to: &str) {
        shell(self, &format!("cp -r {from} {to}"));
    }

    /// All that is below `path`, the directories' own time stamps left out.
    fn state(&self, path: &str) -> State {
        let state = |path: PathBuf| {
            let meta = path.symlink_metadata().unwrap();
            let time = if meta.is_dir() { (0, 0) } else { (meta.mtime(), meta.mtime_nsec()) };
            let content = match std::fs::read_link(&path) {
                Ok(target) => target.display().to_string(),
                Err(_) if meta.is_file() => sha256(&std::fs::read(&path).unwrap()),
                Err(_) => String::new(),
            };
            (path, (meta.mode(), time, content))
        };
        tree(&self.at(path)).into_iter().map(state).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.args(arguments).current_dir(self.0.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that ends well; returns what it said.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        self.has_no_scratch();
        text(&output)
    }

    /// Runs a command that is refused with 7, names `path`, offers a remedy, and changes nothing.
    fn refuses(&self, arguments: &[&str], path: &str) {
        let before = self.state("");
        let output = self.run(arguments);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(7), "{arguments:?}: {said}");
        let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(errors.len() == 1 && errors[0].contains(path), "no {path} in {said}");
        assert!(said.contains("\nhint: ") && !said.contains("panicked"), "{said}");
        let after = self.state("");
        for (path, was) in &before {
            assert_eq!(after.get(path), Some(was), "{}: {said}", path.display());
        }
        assert_eq!(after.len(), before.len(), "{said}");
    }

    /// No file under a name of its own is left.
    fn has_no_scratch(&self) {
        let left: Vec<_> = tree(self.0.path())
            .into_iter()
            .filter(|path| path.file_name().unwrap().to_string_lossy().contains(".regenesis-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Captures the genesis to `out`.
    fn capture(&self) -> Vec<&'static str> {
        self.ok(&CAPTURE);
        CAPTURE.to_vec()
    }
}

const CAPTURE: [&str; 5] = ["capture", "--state", "genesis.json", "--out", "out"];

/// Asserts that all that was there is there, as it was.
fn assert_kept(before: &State, after: &State) {
    for (path, was) in before {
        assert_eq!(after.get(path), Some(was), "{}", path.display());
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn shell(home: &Home, script: &str) {
    let done =
        Command::new("sh").args(["-ec", script]).current_dir(home.0.path()).output().unwrap();
    assert!(done.status.success(), "{script}: {}", text(&done));
}
