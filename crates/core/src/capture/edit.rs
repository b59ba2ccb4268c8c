//! An edit of a snapshot's genesis: its alloc with an overlay, everything else as it is.

use std::io::Write;

use super::Error;
use super::alloc_writer::{AllocWriter, Counts};
use super::collected::shrunk;
use super::file;
use super::overlay::Overlay;
use super::proof::GenesisParts;
use super::state::CHANGED;
use super::work_files::WorkFiles;
use crate::el::genesis::{Document, Member};
use crate::file::{Input, InputReader, OutFile};
use crate::progress::Progress;

/// A genesis with changes.
#[derive(Debug)]
pub struct Edited {
    /// The file to write.
    pub file: OutFile,
    /// Its accounts and its chain.
    pub counted: Counted,
    /// The changes, for the user.
    pub changes: Vec<String>,
}

/// The contents of a genesis.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Its accounts.
    pub counts: Counts,
    /// Its chain id, if it has one.
    pub chain_id: Option<u64>,
}

impl Counted {
    fn of(counts: Counts, head: Vec<Member>) -> (Self, Document) {
        let document = Document { head, alloc: Vec::new() };
        let chain_id =
            document.genesis().ok().and_then(|genesis| genesis.config.chain_id_64().ok());
        (Self { counts, chain_id }, document)
    }
}

/// Applies `overlay` to the genesis `input` of a snapshot, whose path there is `path`. The accounts pass
/// through a work file: they need no memory.
///
/// # Errors
/// The file is not a genesis, a change is impossible, or a work file cannot be written.
pub fn edit(
    input: &Input,
    path: &str,
    overlay: Overlay,
    reader: &dyn InputReader,
    work: &dyn WorkFiles,
    progress: &dyn Progress,
) -> Result<Edited, Error> {
    let out = work.append(CHANGED, 0).map_err(Error::Write)?;
    let mut alloc = AllocWriter::new(out.ok_or_else(shrunk)?, Counts::default());
    let open = || Ok(reader.open(input)?);
    let (mut header, mut read) = (file::StateFileHeader::default(), 0_u64);
    let changes = overlay.apply(
        |sink| {
            let found = file::read(&open, &mut |account| {
                read += 1;
                progress.advance(&|| format!("{read} accounts"));
                sink(account)
            });
            header = found.map_err(|error| error.in_state_file(input))?.1;
            Ok(())
        },
        &mut alloc,
    )?;
    alloc.out().flush().map_err(Error::Write)?;
    let (length, counts) = (alloc.out().length(), alloc.counts);
    let (counted, document) = Counted::of(counts, header.genesis);
    let head = document.head_json();
    let head = String::from_utf8_lossy(&head);
    let head = head.trim().strip_prefix('{').and_then(|head| head.strip_suffix('}'));
    let head = head.unwrap_or_default().trim_matches('\n');
    let parts = GenesisParts::new(work.input(CHANGED), length, head);
    Ok(Edited { file: parts.into_file(path), counted, changes })
}

/// Counts the accounts of the genesis `input`, and reads its chain id.
///
/// # Errors
/// It cannot be read, or is not a genesis.
pub fn count(
    input: &Input,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<Counted, Error> {
    let open = || Ok(reader.open(input)?);
    let mut counts = Counts::default();
    let read = file::read(&open, &mut |account| {
        counts.accounts += 1;
        counts.contracts += u64::from(!account.code.is_empty());
        counts.storage_slots += account.storage.len() as u64;
        progress.advance(&|| format!("{} accounts", counts.accounts));
        Ok(())
    });
    let read = read.map(|(_, header)| Counted::of(counts, header.genesis).0);
    read.map_err(|error| error.in_state_file(input))
}
