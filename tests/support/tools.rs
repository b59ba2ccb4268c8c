//! The real programs that tests run. One that is missing is an error that says how to get it: a
//! test that needs it is never skipped.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// geth: `GETH`, or the one in `PATH`, or the one that `go install` has made.
pub fn geth() -> PathBuf {
    let install = "go install github.com/ethereum/go-ethereum/cmd/geth@v1.17.4";
    find("GETH", "geth", go_programs(), install)
}

/// The last geth of the 1.16 line, whose cursors are in base64; as [`geth`], by `GETH_1_16`.
pub fn geth_1_16() -> PathBuf {
    find("GETH_1_16", "geth-v1.16.8", go_programs(), "scripts/install_geth.sh v1.16.8")
}

/// op-geth, by `OP_GETH`.
pub fn op_geth() -> PathBuf {
    find("OP_GETH", "op-geth", go_programs(), "scripts/install_opstack.sh")
}

/// Where Go's programs are installed.
fn go_programs() -> impl Iterator<Item = PathBuf> {
    let go = Command::new("go").args(["env", "GOPATH"]).output();
    let go = go.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join("go"));
    go.ok().map(PathBuf::from).into_iter().chain(home).map(|path| path.join("bin"))
}

/// A program of foundry's: `ANVIL` or `CAST`, or the one in `PATH`, or the one that
/// `scripts/install_foundry.sh` has made.
pub fn foundry(name: &str) -> PathBuf {
    find(&name.to_uppercase(), name, foundry_programs(), "scripts/install_foundry.sh")
}

/// The oldest anvil that npm has; as [`foundry`], by `ANVIL_1_4`.
pub fn anvil_1_4() -> PathBuf {
    find("ANVIL_1_4", "anvil-1.4.4", foundry_programs(), "scripts/install_foundry.sh 1.4.4")
}

fn foundry_programs() -> impl Iterator<Item = PathBuf> {
    // The test itself is in target/<profile>/deps.
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap_or(Path::new("."));
    std::iter::once(target.join("foundry/bin"))
}

fn find(variable: &str, name: &str, more: impl Iterator<Item = PathBuf>, install: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::var_os(variable).map(PathBuf::from).or_else(|| {
        let directories = std::env::split_paths(&path).chain(more);
        directories.map(|directory| directory.join(name)).find(|file| file.is_file())
    });
    found.unwrap_or_else(|| panic!("no {name} here, get it with: {install}"))
}

/// A directory in memory, where there is one: databases are made and dropped in every case.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}
