//! The mark of a data directory: proof that `run` started with it empty, and a list of everything that
//! was put there since.

use serde::{Deserialize, Serialize};

use super::clients::KnownClients;
use crate::identity::DirectoryIdentity;

const VERSION: u32 = 1;

/// The maximum number of names in [`Mark::created`]; entries beyond it count as unknown.
const MAX_CREATED: usize = 1000;

/// The mark. It is valid only in the directory that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    version: u32,
    /// The directory.
    pub directory: DirectoryIdentity,
    /// The programs that have been started on it.
    pub programs: Vec<String>,
    /// The directories that `--copy` put there.
    pub copied: Vec<String>,
    /// The entries created by steps that are not known clients.
    pub created: Vec<String>,
    /// The database that `init` has put there for geth, until geth starts on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<StampedDatabase>,
}

/// A database with the genesis of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StampedDatabase {
    /// The run.
    pub run_id: String,
    /// The database's own directory, wherever it is; `None` while `init` writes it.
    pub directory: Option<DirectoryIdentity>,
}

impl Mark {
    /// The mark of an empty directory.
    pub fn new(directory: DirectoryIdentity) -> Self {
        let (programs, copied, created) = Default::default();
        Self { version: VERSION, directory, programs, copied, created, database: None }
    }

    /// Reads a mark; `None` if the text is not a mark, or has another version.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mark: Self = serde_json::from_slice(json).ok()?;
        (mark.version == VERSION).then_some(mark)
    }

    /// The content of the mark's file.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Adds programs. Returns whether the mark has changed.
    pub fn add_programs(&mut self, programs: &[String]) -> bool {
        let known = self.programs.len();
        for program in programs {
            if !self.programs.contains(program) {
                self.programs.push(program.clone());
            }
        }
        self.programs.len() > known
    }

    /// Adds entries that steps created. Returns whether the mark has changed. The files of known clients
    /// are recognised by name and need not be listed.
    pub fn add_created(&mut self, steps: &[String], entries: impl Iterator<Item = String>) -> bool {
        if KnownClients::of(steps.iter().map(String::as_str)).are_all {
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
        Mark::new(DirectoryIdentity { inode: 7, birth: Some((1, 2)), device: None })
    }

    #[test]
    fn a_mark_round_trips() {
        let mut mark = mark();
        assert!(mark.add_programs(&["geth".to_owned()]));
        assert!(!mark.add_programs(&["geth".to_owned()]));
        assert!(mark.add_created(&["sh".to_owned()], ["chain".to_owned()].into_iter()));
        let without = String::from_utf8(mark.to_json()).unwrap();
        assert!(!without.contains("database"), "{without}");
        let directory = Some(DirectoryIdentity { inode: 8, birth: None, device: Some((8, 1)) });
        mark.database = Some(StampedDatabase { run_id: "a1".to_owned(), directory });
        assert_eq!(Mark::parse(&mark.to_json()), Some(mark));
    }

    #[test]
    fn files_of_known_clients_are_not_listed() {
        let created = || ["notes.txt".to_owned()].into_iter();
        assert!(!mark().add_created(&["geth".to_owned()], created()));
        assert!(!mark().add_created(&[], created()));
    }

    #[test]
    fn other_text_is_not_a_mark() {
        let newer = String::from_utf8(mark().to_json())
            .unwrap()
            .replace("\"version\": 1", "\"version\": 2");
        for text in ["", "{}", "a1\n", "[1]", newer.as_str()] {
            assert_eq!(Mark::parse(text.as_bytes()), None, "{text}");
        }
    }
}
