//! Paths of real programs. A missing program is an error with the command that installs it: a
//! test is never skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

/// geth: from `GETH`, `PATH`, or the directory of `go install`.
pub fn geth() -> PathBuf {
    let install = "go install github.com/ethereum/go-ethereum/cmd/geth@v1.17.4";
    find("GETH", "geth", go_programs(), install)
}

/// The last geth 1.16, whose cursors are in base64; like [`geth`], with `GETH_1_16`.
pub fn geth_1_16() -> PathBuf {
    find("GETH_1_16", "geth-v1.16.8", go_programs(), "scripts/install_geth.sh v1.16.8")
}

/// Prints a leveldb database; like [`geth`], with `LEVELDB_DUMP`.
pub fn leveldb_dump() -> PathBuf {
    let install = "scripts/install_leveldb_dump.sh";
    find("LEVELDB_DUMP", "regenesis-leveldb-dump", go_programs(), install)
}

/// op-geth; like [`geth`], with `OP_GETH`.
pub fn op_geth() -> PathBuf {
    find("OP_GETH", "op-geth", go_programs(), "scripts/install_opstack.sh")
}

/// op-node; like [`geth`], with `OP_NODE`.
pub fn op_node() -> PathBuf {
    find("OP_NODE", "op-node", go_programs(), "scripts/install_opstack.sh")
}

/// op-batcher; like [`geth`], with `OP_BATCHER`.
pub fn op_batcher() -> PathBuf {
    find("OP_BATCHER", "op-batcher", go_programs(), "scripts/install_opstack.sh")
}

/// op-proposer; like [`geth`], with `OP_PROPOSER`.
pub fn op_proposer() -> PathBuf {
    find("OP_PROPOSER", "op-proposer", go_programs(), "scripts/install_opstack.sh")
}

/// op-deployer; like [`geth`], with `OP_DEPLOYER`.
pub fn op_deployer() -> PathBuf {
    find("OP_DEPLOYER", "op-deployer", go_programs(), "scripts/install_opstack.sh")
}

/// The directories of `go install`.
fn go_programs() -> impl Iterator<Item = PathBuf> {
    let go = Command::new("go").args(["env", "GOPATH"]).output();
    let go = go.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join("go"));
    go.ok().map(PathBuf::from).into_iter().chain(home).map(|path| path.join("bin"))
}

/// A program of Foundry: from `ANVIL` or `CAST`, from `PATH`, or from the directory of
/// `scripts/install_foundry.sh`.
pub fn foundry(name: &str) -> PathBuf {
    find(&name.to_uppercase(), name, foundry_programs(), "scripts/install_foundry.sh")
}

/// The oldest anvil on npm; like [`foundry`], with `ANVIL_1_4`.
pub fn anvil_1_4() -> PathBuf {
    find("ANVIL_1_4", "anvil-1.4.4", foundry_programs(), "scripts/install_foundry.sh 1.4.4")
}

fn foundry_programs() -> impl Iterator<Item = PathBuf> {
    // The test program is in target/<profile>/deps.
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

/// A temporary directory, in memory if possible: every case creates databases.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}
