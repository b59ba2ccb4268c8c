//! What a wipe does with each entry of a data directory.

use std::ffi::OsString;

use super::clients::{Known, is_keys};
use super::mark::Mark;
use super::{DataDirectory, Start};

/// What a wipe does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Entries to delete: a former run put them there, and can make them again.
    pub remove: Vec<OsString>,
    /// Paths to move out of the client's way: they would spoil the new chain, and may be somebody's.
    pub aside: Vec<OsString>,
    /// Entries that stay where they are.
    pub keep: Vec<OsString>,
    /// Paths in what is to be deleted that stay where they are.
    pub spare: Vec<OsString>,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Remove,
    Aside,
    Keep,
}

impl Plan {
    fn with(mut self, fates: Vec<(Fate, OsString)>) -> Self {
        for (fate, entry) in fates {
            match fate {
                Fate::Remove => self.remove.push(entry),
                Fate::Aside => self.aside.push(entry),
                Fate::Keep => self.keep.push(entry),
            }
        }
        self
    }
}

/// The plan for a directory with a mark.
pub(super) fn of_ours(start: &Start<'_>, data: &DataDirectory, mark: &Mark) -> Plan {
    let ran = Known::of(mark.programs.iter().map(String::as_str));
    let runs = Known::of(start.programs.iter().map(String::as_str));
    let signed = |path: &str| ran.is_signed(path) || runs.is_signed(path) || !ran.everything;
    let mut fates = Vec::new();
    let mut plan = Plan::default();
    for path in data.signed.iter().filter(|path| signed(path) && !is_in(path, &mark.copied)) {
        plan.aside.push(path.into());
    }
    for entry in data.entries.iter().filter(|entry| !plan.aside.contains(entry)) {
        // A name that is no text is no client's.
        let name = entry.to_str().unwrap_or_default();
        let list = |names: &[String]| names.iter().any(|listed| listed == name);
        let fate = if list(&mark.copied) {
            Fate::Remove
        } else if list(start.copies) {
            Fate::Aside
        } else if is_keys(name) {
            Fate::Keep
        } else if ran.is_data(name) {
            Fate::Remove
        } else if ran.is_kept(name) || runs.is_kept(name) {
            Fate::Keep
        } else if list(&mark.created) {
            Fate::Remove
        } else if !ran.everything || runs.is_data(name) {
            Fate::Aside
        } else {
            Fate::Keep
        };
        fates.push((fate, entry.clone()));
    }
    plan.with(fates)
}

/// The plan for a directory without a mark that the client takes over, or what forbids it.
pub(super) fn of_take_over(start: &Start<'_>, data: &DataDirectory) -> Result<Plan, OsString> {
    let runs = Known::of(start.programs.iter().map(String::as_str));
    let has_keys = data.entries.iter().any(|entry| is_keys(entry.to_str().unwrap_or_default()));
    let mut fates = Vec::new();
    let mut plan = Plan::default();
    for path in &data.signed {
        // Whoever used these keys elsewhere would be slashed without it.
        if has_keys || path.contains('/') || !runs.is_signed(path) {
            return Err(path.into());
        }
        plan.aside.push(path.into());
    }
    for entry in data.entries.iter().filter(|entry| !plan.aside.contains(entry)) {
        let name = entry.to_str().unwrap_or_default();
        let fate = if is_keys(name) || runs.is_kept(name) {
            Fate::Keep
        } else if runs.is_data(name) && !start.copies.iter().any(|copy| copy == name) {
            Fate::Remove
        } else {
            return Err(entry.clone());
        };
        fates.push((fate, entry.clone()));
    }
    Ok(plan.with(fates))
}

fn is_in(path: &str, directories: &[String]) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    directories.iter().any(|directory| directory == first)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::mark::Identity;
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn directory(entries: &[&str], signed: &[&str]) -> DataDirectory {
        let entries = entries.iter().map(OsString::from).collect();
        DataDirectory { entries, signed: names(signed), ..Default::default() }
    }

    fn mark(programs: &[&str]) -> Mark {
        let mut mark = Mark::new(Identity { inode: 1, birth: None, device: None });
        mark.add_programs(&names(programs));
        mark
    }

    fn start<'a>(programs: &'a [String], copies: &'a [String]) -> Start<'a> {
        Start { run_id: "b2", max_idle: Duration::MAX, programs, copies, take_over: true }
    }

    #[test]
    fn of_a_known_client_its_chain_data_go_and_the_rest_stays() {
        let found = directory(&["geth", "keystore", "jwtsecret", "thesis.tex", "db"], &[]);
        let plan = of_ours(&start(&names(&["geth"]), &[]), &found, &mark(&["geth"]));
        assert_eq!(plan.remove, ["geth"]);
        assert!(plan.aside.is_empty());
        assert_eq!(plan.keep, ["keystore", "jwtsecret", "thesis.tex", "db"]);
    }

    #[test]
    fn of_an_unknown_client_everything_but_keys_is_set_aside() {
        let found = directory(&["geth", "keystore", "chain", "made"], &[]);
        let mut mark = mark(&["sh"]);
        mark.add_created(&names(&["sh"]), names(&["made", "keystore"]).into_iter());
        let plan = of_ours(&start(&names(&["sh"]), &[]), &found, &mark);
        assert_eq!(plan.remove, ["made"]);
        assert_eq!(plan.aside, ["geth", "chain"]);
        assert_eq!(plan.keep, ["keystore"]);
    }

    #[test]
    fn a_client_that_comes_later_owns_nothing_yet() {
        let found = directory(&["geth", "db", "notes"], &[]);
        let plan = of_ours(&start(&names(&["reth"]), &[]), &found, &mark(&["geth"]));
        assert_eq!(plan.remove, ["geth"]);
        assert_eq!(plan.aside, ["db"]);
        assert_eq!(plan.keep, ["notes"]);
    }

    #[test]
    fn what_validators_signed_is_set_aside_and_their_keys_stay() {
        let signed = "validators/slashing_protection.sqlite";
        let found = directory(&["beacon", "validators", "secrets"], &[signed]);
        let plan = of_ours(&start(&names(&["lighthouse"]), &[]), &found, &mark(&["lighthouse"]));
        assert_eq!(plan.remove, ["beacon"]);
        assert_eq!(plan.aside, [signed]);
        assert_eq!(plan.keep, ["validators", "secrets"]);
        let found = directory(&["validator-db", "keystores"], &["validator-db"]);
        let plan = of_ours(&start(&names(&["lodestar"]), &[]), &found, &mark(&["lodestar"]));
        assert_eq!(plan.aside, ["validator-db"]);
        assert_eq!(plan.keep, ["keystores"]);
    }

    #[test]
    fn a_copy_is_replaced_and_what_is_in_its_place_set_aside() {
        let copies = names(&["validator-keys"]);
        let found = directory(&["validator-keys"], &[]);
        let mut mark = mark(&["lighthouse"]);
        let programs = names(&["lighthouse"]);
        assert_eq!(of_ours(&start(&programs, &copies), &found, &mark).aside, ["validator-keys"]);
        mark.copied = copies.clone();
        assert_eq!(of_ours(&start(&programs, &copies), &found, &mark).remove, ["validator-keys"]);
    }

    #[test]
    fn who_takes_over_wipes_its_chain_data_and_nothing_that_is_unknown() {
        let programs = names(&["geth"]);
        let start = start(&programs, &[]);
        let plan = of_take_over(&start, &directory(&["geth", "keystore"], &[])).unwrap();
        assert_eq!((plan.remove, plan.keep), (vec!["geth".into()], vec!["keystore".into()]));
        for foreign in ["thesis.tex", "beacon", "validator-keys"] {
            let refused = of_take_over(&start, &directory(&["geth", foreign], &[]));
            assert_eq!(refused, Err(foreign.into()));
        }
    }

    #[test]
    fn who_takes_over_leaves_what_protects_keys() {
        let programs = names(&["lodestar"]);
        let start = start(&programs, &[]);
        let alone = directory(&["chain-db", "validator-db"], &["validator-db"]);
        assert_eq!(of_take_over(&start, &alone).unwrap().aside, ["validator-db"]);
        let with_keys = directory(&["validator-db", "keystores"], &["validator-db"]);
        assert_eq!(of_take_over(&start, &with_keys), Err("validator-db".into()));
    }
}
