//! The mark of a data directory: that `run` took it into use when nothing was in it, and what has
//! been put there since.

use serde::{Deserialize, Serialize};

use super::clients::Known;

const VERSION: u32 = 1;

/// The most names that a mark lists of what the steps made; the others count as unknown.
const MAX_CREATED: usize = 1000;

/// What tells a directory from every copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its inode.
    pub inode: u64,
    /// When it was made, where the file system tells: seconds and nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<(i64, u32)>,
    /// Its device, where the file system does not tell that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<(u32, u32)>,
}

/// The mark. It is of use only in the directory that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    version: u32,
    /// The directory.
    pub directory: Identity,
    /// The programs that have been started on it.
    pub programs: Vec<String>,
    /// What `--copy` put there.
    pub copied: Vec<String>,
    /// What steps that are no known client made.
    pub created: Vec<String>,
}

impl Mark {
    /// The mark of a directory with nothing in it.
    pub fn new(directory: Identity) -> Self {
        let (programs, copied, created) = Default::default();
        Self { version: VERSION, directory, programs, copied, created }
    }

    /// Reads a mark; `None` if it is none, or of another version.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mark: Self = serde_json::from_slice(json).ok()?;
        (mark.version == VERSION).then_some(mark)
    }

    /// The mark as its file has it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Adds programs; whether that changes the mark.
    pub fn add_programs(&mut self, programs: &[String]) -> bool {
        let known = self.programs.len();
        for program in programs {
            if !self.programs.contains(program) {
                self.programs.push(program.clone());
            }
        }
        self.programs.len() > known
    }

    /// Adds what steps made; whether that changes the mark. What known clients make is known by its
    /// name, so that nothing else need be taken for theirs.
    pub fn add_created(&mut self, steps: &[String], entries: impl Iterator<Item = String>) -> bool {
        if Known::of(steps.iter().map(String::as_str)).everything {
            return false;
        }
        let known = self.created.len();
        for entry in entries.take(MAX_CREATED) {
            if !self.created.contains(&entry) {
                self.created.push(entry);
            }
        }
        self.created.len() > known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark::new(Identity { inode: 7, birth: Some((1, 2)), device: None })
    }

    #[test]
    fn a_mark_survives_its_file() {
        let mut mark = mark();
        assert!(mark.add_programs(&["geth".to_owned()]));
        assert!(!mark.add_programs(&["geth".to_owned()]));
        assert!(mark.add_created(&["sh".to_owned()], ["chain".to_owned()].into_iter()));
        assert_eq!(Mark::parse(&mark.to_json()), Some(mark));
    }

    #[test]
    fn what_known_clients_make_is_not_listed() {
        let made = || ["notes.txt".to_owned()].into_iter();
        assert!(!mark().add_created(&["geth".to_owned()], made()));
        assert!(!mark().add_created(&[], made()));
    }

    #[test]
    fn what_is_no_mark_is_none() {
        let newer = String::from_utf8(mark().to_json())
            .unwrap()
            .replace("\"version\": 1", "\"version\": 2");
        for text in ["", "{}", "a1\n", "[1]", newer.as_str()] {
            assert_eq!(Mark::parse(text.as_bytes()), None, "{text}");
        }
    }
}
