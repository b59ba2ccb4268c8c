//! The paths of an archive so far: no two entries may write to one place.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use unicode_normalization::UnicodeNormalization;

use super::reader::MOST_ENTRIES;
use super::{Error, MARKER, Refusal, names};

/// The paths of an archive, as hashes: 24 bytes for each entry.
#[derive(Debug, Default)]
pub struct Seen {
    /// By the hash of the path without regard to case: the hash of the path, and whether it is a
    /// directory.
    paths: HashMap<u64, (u64, bool)>,
    hasher: RandomState,
}

impl Seen {
    /// Adds the path of an entry, and its directories. Returns whether it is new; a directory may come
    /// twice.
    ///
    /// # Errors
    /// Another entry has the same path, or one that differs only in case, or is a file on the way; or the
    /// entries and their directories are too many.
    pub fn add(&mut self, path: &str, is_directory: bool) -> Result<bool, Error> {
        // A short archive can name many directories: each of them takes memory, too.
        if self.paths.len() as u64 >= MOST_ENTRIES {
            return Err(Error::TooMany(MOST_ENTRIES));
        }
        let refused = |why| Error::Refused { path: path.to_owned(), why };
        for (at, _) in path.match_indices('/') {
            self.insert(&path[..at], true, true).map_err(refused)?;
        }
        self.insert(path, is_directory, false).map_err(refused)
    }

    fn insert(
        &mut self,
        path: &str,
        is_directory: bool,
        on_the_way: bool,
    ) -> Result<bool, Refusal> {
        let folded: String = path.nfc().flat_map(char::to_lowercase).collect();
        let (key, exact) = (self.hasher.hash_one(&folded), self.hasher.hash_one(path));
        match self.paths.get(&key) {
            None => {
                self.paths.insert(key, (exact, is_directory));
                Ok(true)
            }
            Some((known, _)) if *known != exact => Err(Refusal::Case),
            Some((_, true)) if is_directory => Ok(false),
            Some((_, false)) if on_the_way => Err(Refusal::OnTheWay),
            Some(_) => Err(Refusal::Twice),
        }
    }
}

/// The paths that an archive will have: those that a restore refuses are not packed.
#[derive(Debug, Default)]
pub struct Paths(Seen);

impl Paths {
    /// Adds a path; that of a directory ends with `/`. Names that are not UTF-8 have the character that
    /// replaces invalid bytes.
    ///
    /// # Errors
    /// A restore would refuse it.
    pub fn add(&mut self, path: &str) -> Result<(), Refusal> {
        let inner = names::inner(path.as_bytes())?;
        if inner.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Refusal::Name);
        }
        if inner.eq_ignore_ascii_case(MARKER) {
            return Err(Refusal::Marker);
        }
        self.0.add(&inner, path.ends_with('/')).map(drop).map_err(|error| match error {
            Error::Refused { why, .. } => why,
            _ => Refusal::Long,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implied_directories_count() {
        let paths = (0..MOST_ENTRIES - 2).map(|key| (key, (key, true))).collect();
        let mut seen = Seen { paths, ..Seen::default() };
        seen.add("a/b", false).unwrap();
        assert!(matches!(seen.add("c", false), Err(Error::TooMany(MOST_ENTRIES))));
    }

    #[test]
    fn no_two_entries_share_a_place() {
        let mut seen = Seen::default();
        for (path, is_directory) in
            [("el", true), ("el/a", false), ("el", true), ("cl/b/c", false), ("cl", true)]
        {
            seen.add(path, is_directory).unwrap();
        }
        for (path, is_directory, why) in [
            ("el/a", false, Refusal::Twice),
            ("el", false, Refusal::Twice),
            ("el/a", true, Refusal::Twice),
            ("EL/x", false, Refusal::Case),
            ("el/A", false, Refusal::Case),
            ("el/a/b", false, Refusal::OnTheWay),
        ] {
            let error = seen.add(path, is_directory).unwrap_err();
            assert!(
                matches!(&error, Error::Refused { why: found, .. } if *found == why),
                "{error}"
            );
        }
        seen.add("u\u{308}", false).unwrap();
        assert!(seen.add("\u{fc}", false).is_err(), "the same name on macOS");
    }
}
