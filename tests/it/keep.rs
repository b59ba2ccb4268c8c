//! User files stay as they are: content, timestamps and links, also at paths that
//! look like those of regenesis.

mod access;
mod bake;
mod capture;
mod names;
mod runtime;
mod stack;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::runtime::tree;
use crate::support::{Place, repository, sha256, text};

/// An entry by path: kind and mode, modification time, digest of the content or target of the link.
type State = BTreeMap<PathBuf, (u32, (i64, i64), String)>;

/// A user's directory with a genesis file.
struct Home(Place);

impl std::ops::Deref for Home {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Home {
    fn new() -> Self {
        let home = Self(Place::new());
        let sample = repository().join("sample/el/genesis.template.json");
        std::fs::copy(sample, home.at("genesis.json")).unwrap();
        home
    }

    /// Everything below `path`, without timestamps of directories.
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

    /// Runs a command that must succeed; returns stderr.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        self.has_no_scratch();
        text(&output)
    }

    /// Runs a command that must fail with exit code 7, name `path`, offer a remedy, and change nothing.
    fn refuses(&self, arguments: &[&str], path: &str) {
        let before = self.state("");
        let output = self.command(arguments).output().unwrap();
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

    /// Asserts that no temporary file is left.
    fn has_no_scratch(&self) {
        let left: Vec<_> = tree(self.path())
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

/// Asserts that every earlier entry is unchanged.
fn assert_kept(before: &State, after: &State) {
    for (path, was) in before {
        assert_eq!(after.get(path), Some(was), "{}", path.display());
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}
