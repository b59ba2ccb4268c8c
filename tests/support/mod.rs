//! Helpers that both test programs share.
#![allow(dead_code, reason = "each of the two programs uses a part of it")]

pub mod chain;
pub mod json;
pub mod place;
pub mod rng;
pub mod run;
pub mod runtime;
pub mod spelling;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub use place::Place;
pub use run::{Done, Run};
use sha2::{Digest, Sha256};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_regenesis");

/// The files of the sample snapshot, without its bake.
pub const SNAPSHOT: [&str; 4] =
    ["metadata.json", "el/genesis.template.json", "cl/config.yaml", "val/mnemonics.yaml"];

/// `regenesis`, without the `REGENESIS_*` variables of the developer's shell.
pub fn regenesis() -> Command {
    let mut command = Command::new(PROGRAM);
    without_variables(&mut command);
    command
}

/// Removes the `REGENESIS_*` variables from the environment of a command.
pub fn without_variables(command: &mut Command) {
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
        command.env_remove(key);
    }
}

/// stderr of a command.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits up to three minutes for a condition: on a busy machine, a process may stand still for long.
pub fn eventually(condition: &str, mut is_met: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(3);
    while !is_met() {
        assert!(Instant::now() < end, "not within three minutes: {condition}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The 28 cases of `tests/vectors` with a genesis file, in the order of their names.
pub fn vectors() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("tests/vectors")).unwrap();
    let mut cases: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("genesis.json").exists());
    cases.sort();
    assert_eq!(cases.len(), 28);
    cases
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
