//! The work files of an L2 among those of its L1.

use std::io;

use alloy_primitives::B256;

use crate::capture::work_files::{Append, WorkFiles};
use crate::file::{Input, InputReader};

/// The start of the names of an L2's work files.
const PREFIX: &str = "l2-";
/// The checkpoints of an L2, one per line: a run that was killed leaves at most the last one incomplete.
pub(in crate::capture) const CHECKPOINTS: &str = "checkpoints";

/// Work files of an L2.
pub(super) struct Named<'a> {
    name: &'a str,
    /// The captured block of the L1, which starts each checkpoint: beside another block, a later run does
    /// not resume.
    l1: String,
    all: &'a dyn WorkFiles,
    inputs: &'a dyn InputReader,
}

impl<'a> Named<'a> {
    /// The files of the L2 `name` among `all`, captured beside the block `l1`.
    pub(super) fn new(
        name: &'a str,
        l1: Option<(u64, B256)>,
        all: &'a dyn WorkFiles,
        inputs: &'a dyn InputReader,
    ) -> Self {
        let l1 = l1.map_or_else(|| "unknown".to_owned(), |(_, hash)| hash.to_string());
        Self { name, l1, all, inputs }
    }

    fn file(&self, file: &str) -> String {
        format!("{PREFIX}{}-{file}", self.name)
    }
}

/// The name of a work file of an L1 that `name` would be without that of the L2.
pub fn of_l1(name: &str) -> &str {
    let of_l2 = name.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('-'));
    of_l2.map_or(name, |(_, file)| file)
}

impl WorkFiles for Named<'_> {
    fn checkpoint(&self) -> Option<Vec<u8>> {
        let text = self.inputs.read(&self.all.input(&self.file(CHECKPOINTS))).ok()?;
        last_of(&text, &self.l1)
    }

    fn set_checkpoint(&self, checkpoint: &[u8]) -> io::Result<()> {
        let name = self.file(CHECKPOINTS);
        let length = self.inputs.length(&self.all.input(&name)).unwrap_or_default();
        let Some(mut file) = self.all.append(&name, length)? else { return Ok(()) };
        // The last line of a run that was killed may be incomplete.
        file.write_all(&[b"\n", self.l1.as_bytes(), b" ", checkpoint, b"\n"].concat())?;
        file.flush()
    }

    fn append(&self, name: &str, length: u64) -> io::Result<Option<Box<dyn Append>>> {
        self.all.append(&self.file(name), length)
    }

    fn input(&self, name: &str) -> Input {
        self.all.input(&self.file(name))
    }

    /// That of the L1 decides.
    fn set_resumable(&self, _: bool) {}
}

/// The last complete checkpoint in `text`, if it is one beside the block `l1`.
fn last_of(text: &[u8], l1: &str) -> Option<Vec<u8>> {
    let complete = &text[..text.iter().rposition(|byte| *byte == b'\n')?];
    let line = complete.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    Some(line.strip_prefix(l1.as_bytes())?.strip_prefix(b" ")?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_files_of_an_l2_are_recognised() {
        for (name, file) in [
            ("l2-op-alloc", "alloc"),
            ("l2-my-op-aside.1", "aside.1"),
            ("alloc", "alloc"),
            ("l2-notes", "l2-notes"),
        ] {
            assert_eq!(of_l1(name), file);
        }
        assert!(crate::capture::is_work_file("l2-op-alloc"));
        assert!(!crate::capture::is_work_file("l2-op-notes"));
    }

    #[test]
    fn a_run_resumes_from_the_last_complete_checkpoint_beside_the_same_block() {
        let text = b"\n0xaa {\"cursor\":1}\n\n0xaa {\"cursor\":2}\n\n0xaa {\"curs";
        assert_eq!(last_of(text, "0xaa").as_deref(), Some(&b"{\"cursor\":2}"[..]));
        assert_eq!(last_of(text, "0xab"), None);
        for text in [&b""[..], b"0xaa {\"curs", b"\n"] {
            assert_eq!(last_of(text, "0xaa"), None);
        }
    }
}
