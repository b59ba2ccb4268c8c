//! Cases of real users: a directory of tests/cases has the inputs, and in `cmd` the command line that a user
//! types there. A test runs it and asserts the outcome.
//!
//! Cases of one-sided schedules and of variables share a sample, and are tests with a small edit of it:
//!
//! | case | test |
//! |---|---|
//! | anvil-fork-state, anvil-zero-slot, kurtosis-dir-as-snapshot, op-deployer-state | [`capture`] |
//! | blob-entry-at-fulu | `config::an_entry_may_spell_out_the_limit_of_osaka` |
//! | bpo-at-genesis-one-sided | `config::blob_forks_at_genesis_are_completed` |
//! | config-typo-silent | `config::a_misspelt_key_is_named_with_the_intended_key` |
//! | egg-bpo-same-epoch | `config::values::the_last_blob_fork_of_an_epoch_counts` |
//! | egg-delay-shanghai | `config::forks_at_the_first_slot_are_active_at_genesis` |
//! | egg-values-obsolete | `config::values::names_that_a_release_no_longer_reads_are_warnings` |
//! | egg-values-package-head | `config::values::every_release_of_ethereum_package_passes` |
//! | egg-zero-mnemonic-validators | `config::values::a_list_of_validators_is_enough` |
//! | hint-for-hardhat-and-ganache | `hostile::clients`, with a server that answers as they do |
//! | system-contracts-remedy | `config`, and `changes` for the capture |

mod capture;
mod config;

use crate::support::{PROGRAM, without_variables};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A case after its run, in a copy of its directory.
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
    let program = Path::new(PROGRAM).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    without_variables(&mut command);
    let command = command.args(["-e", "-c", &script]).env("PATH", path);
    let output = command.current_dir(directory.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");

    Case { directory, code: output.status.code(), stderr }
}

impl Case {
    /// A path in the case's directory.
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

    /// Asserts the exit code, and that stderr contains all of `names`.
    pub fn fails(self, code: i32, names: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for name in names {
            assert!(self.stderr.contains(name), "no {name:?} in: {}", self.stderr);
        }
        self
    }
}
