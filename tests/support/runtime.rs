//! A runtime directory written by several runs, one after another.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PROGRAM, Place, sha256};

/// Two public mnemonics.
pub const FIRST: &str = "test test test test test test test test test test test junk";
pub const SECOND: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

pub struct Runtime(Place);

impl std::ops::Deref for Runtime {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Runtime {
    /// With the sample, without its mnemonics, next to it; world-readable.
    pub fn new() -> Self {
        let place = Place::with_sample();
        std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::remove_file(place.at("snapshot/val/mnemonics.yaml")).unwrap();
        Self(place)
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
        let arguments = self.arguments(phrase, count);
        self.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The same from a shell script, which ends with `"$@"`.
    pub fn shell(&self, script: &str, phrase: &str, count: usize) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", PROGRAM]);
        command.args(self.arguments(phrase, count)).current_dir(self.path());
        command
    }

    /// A run that must succeed and leave a complete genesis.
    pub fn succeeds(&self, phrase: &str, count: usize) {
        let output = self.init(phrase, count).output().unwrap();
        assert!(output.status.success(), "{}", super::text(&output));
        assert_eq!(self.complete(), Some(count));
    }

    /// The number of validators of the genesis; `None` without marker. With a marker it must be
    /// complete: every listed file with its digest, and no other file.
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

/// A directory and everything below it, without following links.
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
