//! Programs of this repository.

use std::path::PathBuf;
use std::process::Command;

/// `e2e/consensus`, the driver of the Engine API.
pub fn consensus() -> Command {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().unwrap().with_file_name("examples").join("consensus");
    let remedy = "cargo build --features e2e --example consensus";
    assert!(program.exists(), "{} is missing: {remedy}", program.display());
    Command::new(program)
}
