//! Files with a complete state, one format a file.
//!
//! To add a format, add its file and its line in [`FORMATS`].

mod anvil;
mod forge;
mod genesis;
mod geth;
mod limited;
mod op_deployer;
mod packed;

use std::io::Read;

use alloy_primitives::B256;
use rayon::prelude::*;

use super::Error;
use super::account::Account;
use super::block::Block;
use crate::el;
use crate::el::error::shorten;
use crate::el::genesis::Member;
use crate::el::json::unescape;
use crate::el::stream::Stream;

/// A file that is being read.
pub type Text = Stream<Box<dyn Read + Send>>;

/// Receives accounts as they are read.
pub type Sink<'a> = dyn FnMut(Account) -> Result<(), Error> + 'a;

/// A format of files.
pub trait Format: Sync {
    /// Its name in messages.
    fn name(&self) -> &'static str;

    /// Whether a file with this outline has the format.
    fn fits(&self, outline: &Outline) -> bool;

    /// Reads a file of this format from its start; if it has several states, that of chain `chain_id`.
    ///
    /// # Errors
    /// The file does not have this format after all, or `sink` fails.
    fn read(
        &self,
        text: &mut Text,
        chain_id: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<StateFileHeader, Error>;
}

/// All formats. The first that fits applies.
const FORMATS: [&dyn Format; 6] = [
    &geth::Lines,
    &geth::Dump,
    &anvil::State,
    &genesis::Genesis,
    &forge::Alloc,
    &op_deployer::State,
];

/// The content of a file besides its accounts.
#[derive(Debug, Default)]
pub struct StateFileHeader {
    /// The part of the file that has the state, if it has several.
    pub part: Option<String>,
    /// The state root in the file.
    pub state_root: Option<B256>,
    /// The block of the state.
    pub block: Option<Block>,
    /// The members of a genesis besides its alloc.
    pub genesis: Vec<Member>,
}

/// The keys of a file's first object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The keys, in order.
    pub keys: Vec<String>,
    /// Whether another value follows the object.
    pub sequence: bool,
}

impl Outline {
    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
    }
}

/// Longest value of a valid file: an account of two million slots.
const LONGEST: usize = 256 << 20;
/// Most keys of an outline.
const KEYS: usize = 64;

/// Reads the state in a file of any format, which `open` opens at its start: plain or gzip, as hex or
/// within the answer to a call.
///
/// # Errors
/// The format is unknown, the file is damaged or incomplete, or `sink` fails.
pub fn read(
    open: &dyn Fn() -> Result<Box<dyn Read + Send>, Error>,
    sink: &mut Sink<'_>,
) -> Result<(&'static str, StateFileHeader), Error> {
    read_chain(open, None, sink)
}

/// As [`read`]; if the file has several states, that of chain `chain_id`.
///
/// # Errors
/// As [`read`].
pub fn read_chain(
    open: &dyn Fn() -> Result<Box<dyn Read + Send>, Error>,
    chain_id: Option<u64>,
    sink: &mut Sink<'_>,
) -> Result<(&'static str, StateFileHeader), Error> {
    let open = || packed::unpack(open()?);
    let text = || Ok::<_, Error>(Stream::within(open()?, LONGEST));
    let outline = outline(&mut text()?)?;
    let fits = |format: &&&dyn Format| format.fits(&outline);
    let Some(format) = FORMATS.iter().find(fits) else {
        let found = match &outline.keys[..] {
            [] => "an empty object".to_owned(),
            keys => format!("an object with {}", keys[..keys.len().min(4)].join(", ")),
        };
        return Err(Error::UnknownFile { found });
    };
    let header = format.read(&mut text()?, chain_id, sink)?;
    Ok((format.name(), header))
}

/// Most bytes of an answer with a state: far more than any devnet has.
pub const LONGEST_DUMP: u64 = 64 << 30;
/// The same for an answer that stays in memory.
const LONGEST_ALLOC: u64 = 4 << 30;

/// Reads the state in a node's answer, which can be read only once.
///
/// # Errors
/// As [`read`], or the answer has more than `most` bytes, unpacked.
pub fn read_anvil(
    answer: Box<dyn Read + Send>,
    most: u64,
    sink: &mut Sink<'_>,
) -> Result<StateFileHeader, Error> {
    limited::read(answer, most, |text| anvil::State.read(text, None, sink))
}

/// Reads the alloc in a node's answer.
///
/// # Errors
/// As [`read`], or the answer is too long.
pub fn read_alloc(answer: Box<dyn Read + Send>, sink: &mut Sink<'_>) -> Result<(), Error> {
    limited::read(answer, LONGEST_ALLOC, |text| forge::Alloc.read(text, None, sink).map(drop))
}

/// Reads the entries of an alloc without braces.
///
/// # Errors
/// As [`read`].
pub fn read_entries(entries: Box<dyn Read + Send>, sink: &mut Sink<'_>) -> Result<(), Error> {
    let alloc = b"{".chain(entries).chain(&b"}"[..]);
    accounts(&mut Stream::within(Box::new(alloc), LONGEST), sink)
}

fn outline(text: &mut Text) -> Result<Outline, Error> {
    let mut outline = Outline::default();
    members(text, |key, text| {
        if outline.keys.len() < KEYS {
            outline.keys.push(String::from_utf8_lossy(key).into_owned());
        }
        Ok(text.skip()?)
    })?;
    outline.sequence = text.peek()?.is_some();
    Ok(outline)
}

/// Reads the next object: calls `each` at the value of every member, with the key.
fn members(
    text: &mut Text,
    mut each: impl FnMut(&[u8], &mut Text) -> Result<(), Error>,
) -> Result<(), Error> {
    text.expect(b'{', "`{`")?;
    let mut more = text.peek()? != Some(b'}');
    while more {
        if text.peek()? != Some(b'"') {
            text.expect(b'"', "a key in double quotes")?;
        }
        let (key, _) = text.value()?;
        let key = unescape(&key[1..key.len() - 1]).into_owned();
        text.expect(b':', "`:`")?;
        each(&key, text)?;
        more = text.peek()? == Some(b',');
        if more {
            text.expect(b',', "`,`")?;
        }
    }
    Ok(text.expect(b'}', "`,` or `}`")?)
}

/// Reads the next array: calls `each` with every element.
fn elements(
    text: &mut Text,
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    text.expect(b'[', "`[`")?;
    let mut more = text.peek()? != Some(b']');
    while more {
        each(text.value()?.0)?;
        more = text.peek()? == Some(b',');
        if more {
            text.expect(b',', "`,`")?;
        }
    }
    Ok(text.expect(b']', "`,` or `]`")?)
}

/// Reads the next object, whose members are accounts.
fn accounts(text: &mut Text, sink: &mut Sink<'_>) -> Result<(), Error> {
    text.expect(b'{', "an object of accounts")?;
    if text.peek()? == Some(b'}') {
        return Ok(text.expect(b'}', "`}`")?);
    }
    loop {
        let batch = text.entries()?;
        let (bytes, origin) = (&batch.text, batch.origin);
        for pairs in batch.pairs.chunks(1024) {
            let read: Vec<_> = pairs
                .par_iter()
                .map(|(key, value)| {
                    let offset = origin + key.start as u64;
                    entry(&bytes[key.clone()], &bytes[value.clone()], offset)
                })
                .collect();
            read.into_iter().try_for_each(|account| sink(account?))?;
        }
        if batch.last {
            return Ok(());
        }
        text.recycle(batch);
    }
}

/// An entry of a file; an error has its offset in the file.
fn entry(key: &[u8], value: &[u8], offset: u64) -> Result<Account, Error> {
    let key = unescape(key);
    Account::parse(&key, value).map_err(|mut error| {
        error.offset = Some(offset);
        let error: el::Error = if key.is_empty() { error } else { error.under(shorten(&key)) };
        error.into()
    })
}

#[cfg(test)]
mod tests;
