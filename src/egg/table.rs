//! What the variables are for, and which names are theirs.

use std::fmt::Write as _;

pub use super::names::VARIABLES;
use crate::spelling;

/// `FAR_FUTURE_EPOCH`: never.
pub const NEVER: &str = "18446744073709551615";

/// What a variable is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The key of `config.yaml` by the same name.
    Config,
    /// The key of `config.yaml` by the same name, and a hardfork's time.
    Fork,
    /// Both layers, or the execution's; what is made of it stands in the code by its name.
    Made,
    /// Nothing: it belongs to one that is not supported.
    Idle,
    /// Its other values are not to be had here: only the default is taken. With what to do instead.
    Only(&'static str),
    /// Nothing: the newest release does not read it.
    Unread,
}

/// A variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is if nobody sets it; of a [`Meaning::Config`] that is empty, the preset's value.
    pub default: &'static str,
    /// What it is for.
    pub meaning: Meaning,
    /// The releases that read it, such as `3.1.0-3.4.5`; `6.0.5-`: up to the newest.
    pub releases: &'static str,
}

/// Beginnings of names that nobody else has: one that is not in the table is misspelt, or of a
/// newer release.
const FAMILIES: [&str; 12] = [
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

/// Whether a variable of the environment is meant for ethereum-genesis-generator.
pub fn is_theirs(name: &str) -> bool {
    let fork = name.ends_with("_FORK_EPOCH") || name.ends_with("_FORK_VERSION");
    let known = find(name).is_some_and(|variable| !NOT_ONLY_THEIRS.contains(&variable.name));
    fork || known || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Former variables whose names other programs have too.
const NOT_ONLY_THEIRS: [&str; 1] = ["PRESET"];

/// The name, of those that have an effect, that `name` may have been meant for.
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
            Meaning::Made => "honoured",
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
    fn names_are_known_once() {
        for (index, variable) in VARIABLES.iter().enumerate() {
            let twin = VARIABLES[index + 1..].iter().find(|twin| twin.name == variable.name);
            assert!(twin.is_none(), "{}", variable.name);
        }
        assert_eq!(nearest("NUMBER_OF_VALIDATOR"), Some("NUMBER_OF_VALIDATORS"));
        assert_eq!(nearest("PATH"), None);
        assert!(is_theirs("EIP9999_FORK_EPOCH") && !is_theirs("HOME") && !is_theirs("PRESET"));
    }

    /// A release that reads a variable reads it now, unless it is marked as unread.
    #[test]
    fn the_newest_release_decides() {
        for variable in VARIABLES {
            let current = variable.releases.ends_with('-');
            let seconds = variable.name == "SLOT_DURATION_IN_SECONDS";
            let unread = variable.meaning == Meaning::Unread;
            assert_eq!(current || seconds, !unread, "{}", variable.name);
        }
    }
}
