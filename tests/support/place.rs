//! A runtime directory that several runs write, one after the other.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{repository, sha256};

/// Two phrases that everybody knows.
pub const FIRST: &str = "test test test test test test test test test test test junk";
pub const SECOND: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

pub struct Place(tempfile::TempDir);

impl Place {
    /// With the sample's files beside it, for everybody to read.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        for file in ["metadata.json", "el/genesis.template.json", "cl/config.yaml"] {
            let copy = directory.path().join("snapshot").join(file);
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            std::fs::copy(repository().join("sample").join(file), copy).unwrap();
        }
        Self(directory)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    /// The arguments of a run with `count` validators of `phrase`.
    pub fn arguments(&self, phrase: &str, count: usize) -> Vec<String> {
        let mnemonics = format!("{}-{count}.yaml", &phrase[..4]);
        let text = format!("- mnemonic: \"{phrase}\"\n  count: {count}\n");
        std::fs::write(self.path().join(&mnemonics), text).unwrap();
        ["init", "snapshot", "--mnemonics", &mnemonics, "--out", "out"].map(str::to_owned).to_vec()
    }

    pub fn init(&self, phrase: &str, count: usize) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.args(self.arguments(phrase, count)).current_dir(self.path());
        command
    }

    /// The same behind some lines of shell, which end with `"$@"`.
    pub fn shell(&self, script: &str, phrase: &str, count: usize) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_regenesis")]);
        command.args(self.arguments(phrase, count)).current_dir(self.path());
        command
    }

    /// A run that ends well, and leaves a complete genesis.
    pub fn succeeds(&self, phrase: &str, count: usize) {
        let output = self.init(phrase, count).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert_eq!(self.complete(), Some(count));
    }

    /// How many validators the genesis has; `None` if it has no marker. With a marker, it must be
    /// complete: every file as it was written, and no other.
    pub fn complete(&self) -> Option<usize> {
        let marker = std::fs::read(self.out().join("regenesis.json")).ok()?;
        let summary: serde_json::Value = serde_json::from_slice(&marker).unwrap();
        let listed = summary["files"].as_array().unwrap().iter();
        let listed: BTreeMap<_, _> = listed
            .map(|file| {
                (
                    file["path"].as_str().unwrap().to_owned(),
                    file["sha256"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let mut found = BTreeMap::new();
        for directory in ["metadata", "jwt", "validator-keys"] {
            for path in tree(&self.out().join(directory)) {
                if path.is_file() {
                    let name = path.strip_prefix(self.out()).unwrap().display().to_string();
                    found.insert(name, sha256(&std::fs::read(&path).unwrap()));
                }
            }
        }
        assert_eq!(found, listed);
        let keystores = found.keys().filter(|path| path.ends_with("keystore.json")).count();
        assert_eq!(summary["keystores"]["count"], keystores);
        Some(keystores)
    }
}

/// All that is below a directory, links not followed, and the directory itself.
pub fn tree(directory: &Path) -> Vec<PathBuf> {
    let mut all = vec![directory.to_owned()];
    let mut next = 0;
    while let Some(path) = all.get(next).cloned() {
        next += 1;
        if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            all.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    all
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
