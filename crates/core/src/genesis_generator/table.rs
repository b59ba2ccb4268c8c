//! The meaning of the variables, and the names that belong to ethereum-genesis-generator.

use std::fmt::Write as _;

pub use super::names::VARIABLES;
use crate::spelling;

/// `FAR_FUTURE_EPOCH`: never.
pub const NEVER: &str = "18446744073709551615";

/// The meaning of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The key of `config.yaml` with the same name.
    Config,
    /// The key of `config.yaml` with the same name, and the time of the hardfork.
    Fork,
    /// An input of the files: the code reads it by its name.
    Derived,
    /// None: it configures a feature that is not supported.
    Idle,
    /// Only the default is supported. With the remedy.
    Only(&'static str),
    /// None: the newest release does not read it.
    Unread,
}

/// A variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its value if it is not set. An empty [`Meaning::Config`] has the preset's value.
    pub default: &'static str,
    /// Its meaning.
    pub meaning: Meaning,
    /// The releases that read it, such as `3.1.0-3.4.5`, or `6.0.5-` up to the newest.
    pub releases: &'static str,
}

/// Prefixes that no other program uses. A name that is not in the table is misspelled, or of a
/// newer release.
const PREFIXES: [&str; 12] = [
    "BPO_",
    "EL_PREMINE",
    "EL_AND_CL_",
    "SHADOW_FORK_",
    "DEPOSIT_CONTRACT_",
    "WITHDRAWAL_",
    "ADDITIONAL_VALIDATOR_",
    "ADDITIONAL_PRELOADED_",
    "GENESIS_",
    "MAX_BLOBS_PER_BLOCK_",
    "TARGET_BLOBS_PER_BLOCK_",
    "CHURN_LIMIT_",
];

/// The variable called `name`.
pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// Whether a variable of the environment belongs to ethereum-genesis-generator.
pub fn is_known(name: &str) -> bool {
    let fork = name.ends_with("_FORK_EPOCH") || name.ends_with("_FORK_VERSION");
    let known = find(name).is_some_and(|variable| !AMBIGUOUS.contains(&variable.name));
    fork || known || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Variables of earlier releases whose names other programs use too.
const AMBIGUOUS: [&str; 1] = ["PRESET"];

/// The variable with an effect whose name is most similar to `name`.
pub fn nearest(name: &str) -> Option<&'static str> {
    let read = VARIABLES.iter().filter(|variable| variable.meaning != Meaning::Unread);
    spelling::nearest(name, read.map(|variable| variable.name))
}

/// The table as Markdown, for `docs/egg-parity.md`.
pub fn to_markdown() -> String {
    let mut out = String::from("| variable | default | read by | here |\n|---|---|---|---|\n");
    let mut variables: Vec<&Variable> = VARIABLES.iter().collect();
    variables.sort_by_key(|variable| variable.name);
    for Variable { name, default, meaning, releases } in variables {
        let here = match meaning {
            Meaning::Config => "key of `config.yaml`",
            Meaning::Fork => "fork of both layers",
            Meaning::Derived => "honoured",
            Meaning::Idle => "no effect",
            Meaning::Only(_) => "the default only",
            Meaning::Unread => "no effect, with a warning",
        };
        let default = match *default {
            "" => String::new(),
            NEVER => "never".to_owned(),
            phrase if phrase.len() > 70 => "*a phrase*".to_owned(),
            text => format!("`{text}`"),
        };
        let releases = if releases.is_empty() { "no release" } else { releases };
        let _ = writeln!(out, "| `{name}` | {default} | {releases} | {here} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, variable) in VARIABLES.iter().enumerate() {
            let twin = VARIABLES[index + 1..].iter().find(|twin| twin.name == variable.name);
            assert!(twin.is_none(), "{}", variable.name);
        }
        assert_eq!(nearest("NUMBER_OF_VALIDATOR"), Some("NUMBER_OF_VALIDATORS"));
        assert_eq!(nearest("PATH"), None);
        assert!(is_known("EIP9999_FORK_EPOCH") && !is_known("HOME") && !is_known("PRESET"));
    }

    /// The newest release reads every variable that is not marked as unread.
    #[test]
    fn unread_variables_are_those_of_older_releases() {
        for variable in VARIABLES {
            let current = variable.releases.ends_with('-');
            let seconds = variable.name == "SLOT_DURATION_IN_SECONDS";
            let unread = variable.meaning == Meaning::Unread;
            assert_eq!(current || seconds, !unread, "{}", variable.name);
        }
    }
}
