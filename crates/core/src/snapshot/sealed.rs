//! Files of a snapshot against their digests in `metadata.json`: those that a user edited by hand.

use std::collections::BTreeMap;

use super::metadata::{Edit, Metadata, Mode};
use super::{CHAIN, HEAD, OWN_GENESIS};
use crate::file::FileDigest;

/// How a file differs from its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It has other bytes.
    Edited,
    /// The metadata does not list it.
    Added,
    /// It does not exist.
    Removed,
}

impl Difference {
    /// In a list of changes.
    pub fn description(self, path: &str) -> String {
        match self {
            Self::Edited => format!("{path} by hand"),
            Self::Added => format!("{path} added by hand"),
            Self::Removed => format!("{path} removed by hand"),
        }
    }
}

/// How the files `found` differ from those that the metadata lists, by path. `known` are the paths that a
/// snapshot may have: an entry for another file is not compared.
pub fn differences(
    metadata: &Metadata,
    found: &BTreeMap<String, FileDigest>,
    known: impl Fn(&str) -> bool,
) -> BTreeMap<String, Difference> {
    let mut differences = BTreeMap::new();
    for (path, file) in found {
        match metadata.files.get(path) {
            Some(listed) if listed == file => {}
            Some(_) => drop(differences.insert(path.clone(), Difference::Edited)),
            None => drop(differences.insert(path.clone(), Difference::Added)),
        }
    }
    let gone = metadata.files.keys().filter(|path| known(path) && !found.contains_key(*path));
    differences.extend(gone.map(|path| (path.clone(), Difference::Removed)));
    differences
}

/// The first file whose hand edit cannot be sealed, because other files of the snapshot depend on it.
pub fn unsealable<'a>(
    metadata: &Metadata,
    differences: &'a BTreeMap<String, Difference>,
) -> Option<&'a str> {
    let fixed = [OWN_GENESIS, CHAIN, HEAD];
    let is_fixed =
        |path: &&String| metadata.mode == Mode::History && fixed.contains(&path.as_str());
    differences.keys().find(is_fixed).map(String::as_str)
}

impl Metadata {
    /// Seals files: records their digests, and the edit with the digests of before. `found` are all files
    /// of the snapshot, `changes` all changes, `of_state` those of the state among them.
    pub fn seal(
        &mut self,
        found: &BTreeMap<String, FileDigest>,
        differences: &BTreeMap<String, Difference>,
        mut edit: Edit,
    ) {
        for path in differences.keys() {
            let before = match found.get(path) {
                Some(file) => self.files.insert(path.clone(), file.clone()),
                None => self.files.remove(path),
            };
            edit.before.extend(before.map(|file| (path.clone(), file)));
        }
        edit.state_root = self.state_root;
        self.edited.push(edit);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CONFIG, GENESIS, MNEMONICS, VALIDATORS};
    use super::*;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, FileDigest> {
        let file = |(path, text): &(&str, &str)| {
            ((*path).to_owned(), FileDigest::of(*path, text.as_bytes()))
        };
        files.iter().map(file).collect()
    }

    #[test]
    fn edits_by_hand_are_sealed_with_the_digests_of_before() {
        let before = files(&[(GENESIS, "a"), (CONFIG, "b"), (VALIDATORS, "c"), ("other", "d")]);
        let mut metadata = Metadata { files: before.clone(), ..Metadata::default() };
        let found = files(&[(GENESIS, "a"), (CONFIG, "B"), (MNEMONICS, "m")]);
        let known = |path: &str| path != "other";
        let differences = differences(&metadata, &found, known);
        let expected = [
            (CONFIG, Difference::Edited),
            (MNEMONICS, Difference::Added),
            (VALIDATORS, Difference::Removed),
        ];
        let expected = expected.map(|(path, difference)| (path.to_owned(), difference));
        assert_eq!(differences, BTreeMap::from(expected));
        assert_eq!(unsealable(&metadata, &differences), None);
        metadata.seal(&found, &differences, Edit::default());
        let paths: Vec<_> = metadata.files.keys().map(String::as_str).collect();
        assert_eq!(paths, [CONFIG, GENESIS, "other", MNEMONICS]);
        assert_eq!(metadata.edited[0].before[CONFIG], before[CONFIG]);
        assert_eq!(metadata.edited[0].before.len(), 2);
        assert!(super::differences(&metadata, &found, known).is_empty());
    }

    #[test]
    fn blocks_and_their_genesis_are_not_edited() {
        let mut metadata = Metadata { mode: Mode::History, ..Metadata::default() };
        metadata.files = files(&[(CHAIN, "a"), (CONFIG, "b")]);
        let found = files(&[(CHAIN, "x"), (CONFIG, "x")]);
        let differences = differences(&metadata, &found, |_| true);
        assert_eq!(unsealable(&metadata, &differences), Some(CHAIN));
    }
}
