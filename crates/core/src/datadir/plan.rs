//! The plan of a wipe: the fate of each entry of a data directory.

use std::ffi::OsString;

use super::clients::{KnownClients, is_keys};
use super::mark::Mark;
use super::{Contents, Start};

/// The plan of a wipe. Paths are relative to the data directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Entries to delete: an earlier run created them and can create them again.
    pub remove: Vec<OsString>,
    /// Paths to set aside: they would break the new chain, and may belong to the user.
    pub aside: Vec<OsString>,
    /// Entries that stay.
    pub keep: Vec<OsString>,
    /// Paths within the entries to delete that stay.
    pub spare: Vec<OsString>,
}

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
pub(super) fn of_ours(start: &Start<'_>, data: &Contents, mark: &Mark) -> Plan {
    let ran = KnownClients::of(mark.programs.iter().map(String::as_str));
    let runs = KnownClients::of(start.programs.iter().map(String::as_str));
    let signed = |path: &str| ran.is_signed(path) || runs.is_signed(path) || !ran.are_all;
    let mut fates = Vec::new();
    let mut plan = Plan::default();
    for path in data.signed.iter().filter(|path| signed(path) && !is_in(path, &mark.copied)) {
        plan.aside.push(path.into());
    }
    for entry in data.entries.iter().filter(|entry| !plan.aside.contains(entry)) {
        // No client writes names that are not UTF-8.
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
        } else if !ran.are_all || runs.is_data(name) {
            Fate::Aside
        } else {
            Fate::Keep
        };
        fates.push((fate, entry.clone()));
    }
    plan.with(fates)
}

/// The plan for `--take-over` of a directory without a mark.
///
/// # Errors
/// The entry that may belong to the user.
pub(super) fn of_take_over(start: &Start<'_>, data: &Contents) -> Result<Plan, OsString> {
    let runs = KnownClients::of(start.programs.iter().map(String::as_str));
    let has_keys = data.entries.iter().any(|entry| is_keys(entry.to_str().unwrap_or_default()));
    let mut fates = Vec::new();
    let mut plan = Plan::default();
    for path in &data.signed {
        // If these keys sign on another chain too, only this record prevents a slashing.
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

    use super::*;
    use crate::identity::DirectoryIdentity;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn directory(entries: &[&str], signed: &[&str]) -> Contents {
        let entries = entries.iter().map(OsString::from).collect();
        Contents { entries, signed: names(signed), ..Default::default() }
    }

    fn mark(programs: &[&str]) -> Mark {
        let mut mark = Mark::new(DirectoryIdentity { inode: 1, birth: None, device: None });
        mark.add_programs(&names(programs));
        mark
    }

    fn start<'a>(programs: &'a [String], copies: &'a [String]) -> Start<'a> {
        Start { run_id: "b2", max_idle: Duration::MAX, programs, copies, take_over: true }
    }

    #[test]
    fn chain_data_of_a_known_client_is_removed_and_the_rest_stays() {
        let found = directory(&["geth", "keystore", "jwtsecret", "thesis.tex", "db"], &[]);
        let plan = of_ours(&start(&names(&["geth"]), &[]), &found, &mark(&["geth"]));
        assert_eq!(plan.remove, ["geth"]);
        assert!(plan.aside.is_empty());
        assert_eq!(plan.keep, ["keystore", "jwtsecret", "thesis.tex", "db"]);
    }

    #[test]
    fn everything_but_keys_of_an_unknown_client_is_set_aside() {
        let found = directory(&["geth", "keystore", "chain", "created"], &[]);
        let mut mark = mark(&["sh"]);
        mark.add_created(&names(&["sh"]), names(&["created", "keystore"]).into_iter());
        let plan = of_ours(&start(&names(&["sh"]), &[]), &found, &mark);
        assert_eq!(plan.remove, ["created"]);
        assert_eq!(plan.aside, ["geth", "chain"]);
        assert_eq!(plan.keep, ["keystore"]);
    }

    #[test]
    fn entries_named_like_data_of_a_new_client_are_set_aside() {
        let found = directory(&["geth", "db", "notes"], &[]);
        let plan = of_ours(&start(&names(&["reth"]), &[]), &found, &mark(&["geth"]));
        assert_eq!(plan.remove, ["geth"]);
        assert_eq!(plan.aside, ["db"]);
        assert_eq!(plan.keep, ["notes"]);
    }

    #[test]
    fn slashing_protection_is_set_aside_and_keys_stay() {
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
    fn a_copy_is_replaced_and_a_directory_of_the_user_is_set_aside() {
        let copies = names(&["validator-keys"]);
        let found = directory(&["validator-keys"], &[]);
        let mut mark = mark(&["lighthouse"]);
        let programs = names(&["lighthouse"]);
        assert_eq!(of_ours(&start(&programs, &copies), &found, &mark).aside, ["validator-keys"]);
        mark.copied = copies.clone();
        assert_eq!(of_ours(&start(&programs, &copies), &found, &mark).remove, ["validator-keys"]);
    }

    #[test]
    fn a_takeover_wipes_chain_data_and_refuses_unknown_entries() {
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
    fn a_takeover_refuses_slashing_protection_beside_keys() {
        let programs = names(&["lodestar"]);
        let start = start(&programs, &[]);
        let alone = directory(&["chain-db", "validator-db"], &["validator-db"]);
        assert_eq!(of_take_over(&start, &alone).unwrap().aside, ["validator-db"]);
        let with_keys = directory(&["validator-db", "keystores"], &["validator-db"]);
        assert_eq!(of_take_over(&start, &with_keys), Err("validator-db".into()));
    }
}
