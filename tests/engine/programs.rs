//! The programs of this repository.

use std::path::PathBuf;
use std::process::Command;

/// `regenesis`, without any variable of ours.
pub fn regenesis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
        command.env_remove(key);
    }
    command
}

/// The driver of the Engine API.
pub fn consensus() -> Command {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().unwrap().with_file_name("examples").join("consensus");
    Command::new(program)
}
