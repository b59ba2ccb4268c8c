//! `geth dump`: one object, or with `--iterative` one account per line. Source: geth
//! `core/state/dump.go`.

use alloy_primitives::B256;

use super::super::Error;
use super::super::account::word;
use super::super::geth::next_page;
use super::{Format, Outline, Sink, StateFileHeader, Text, accounts, entry, members};
use crate::el;

/// `geth dump`, `debug_dumpBlock`, `debug_accountRange`.
#[derive(Debug)]
pub struct Dump;

impl Format for Dump {
    fn name(&self) -> &'static str {
        "geth dump"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.has("accounts") && (outline.has("root") || outline.has("next"))
    }

    fn read(
        &self,
        text: &mut Text,
        _: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<StateFileHeader, Error> {
        let (mut header, mut read, mut next) = (StateFileHeader::default(), 0, None);
        members(text, |key, text| {
            match key {
                b"accounts" if text.peek()? == Some(b'{') => {
                    accounts(text, &mut |account| {
                        read += 1;
                        sink(account)
                    })?;
                }
                b"root" => header.state_root = root(text.value()?.0)?,
                b"next" => next = next_page(text.value()?.0),
                _ => text.skip()?,
            }
            Ok(())
        })?;
        complete(header, read, next)
    }
}

/// `geth dump --iterative`, `geth snapshot dump`: the root on the first line.
#[derive(Debug)]
pub struct Lines;

impl Format for Lines {
    fn name(&self) -> &'static str {
        "geth dump --iterative"
    }

    fn fits(&self, outline: &Outline) -> bool {
        let is_head =
            outline.has("root") && outline.keys.iter().all(|key| is_of_head(key.as_bytes()));
        is_head || outline.sequence && outline.has("balance")
    }

    fn read(
        &self,
        text: &mut Text,
        _: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<StateFileHeader, Error> {
        let (mut header, mut read, mut next) = (StateFileHeader::default(), 0, None);
        while text.peek()?.is_some() {
            let (line, offset) = text.value()?;
            match head(line, offset)? {
                Some(head) => {
                    header.state_root = header.state_root.or(head.root);
                    next = head.next.or(next);
                }
                None => {
                    read += 1;
                    sink(entry(b"", line, offset)?)?;
                }
            }
        }
        complete(header, read, next)
    }
}

/// What a dump has besides its accounts.
#[derive(Default)]
struct Head {
    root: Option<B256>,
    /// The start of the next page.
    next: Option<String>,
}

fn is_of_head(key: &[u8]) -> bool {
    matches!(key, b"root" | b"next")
}

/// The head of a dump, if the line has nothing else; `None` for that of an account, which also has a root.
fn head(line: &[u8], offset: u64) -> Result<Option<Head>, el::Error> {
    // geth writes the balance of an account first: most lines are not read twice.
    let first = line.strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
    if !first.starts_with(b"\"root\"") && !first.starts_with(b"\"next\"") {
        return Ok(None);
    }
    let mut members = Vec::new();
    let mut cursor = el::json::Cursor::new(line, offset);
    cursor.object(|key, cursor| {
        members.push((key.to_vec(), cursor.value()?));
        Ok(())
    })?;
    if !members.iter().all(|(key, _)| is_of_head(key)) {
        return Ok(None);
    }
    let mut head = Head::default();
    for (key, raw) in members {
        match &key[..] {
            b"root" => head.root = root(raw)?,
            _ => head.next = next_page(raw),
        }
    }
    Ok(Some(head))
}

/// Returns the header of a dump with this many accounts; an error if the dump names a next page.
fn complete(
    header: StateFileHeader,
    accounts: usize,
    next: Option<String>,
) -> Result<StateFileHeader, Error> {
    next.map_or(Ok(header), |next| Err(Error::OnePage { accounts, next }))
}

/// A state root; `None` for the empty one in Erigon's pages.
fn root(raw: &[u8]) -> Result<Option<B256>, el::Error> {
    let text = raw.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(raw);
    if text.is_empty() {
        return Ok(None);
    }
    word(text).map(Some).map_err(|problem| el::Error::from(problem).under("root"))
}
