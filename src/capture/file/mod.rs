//! Files that have a whole state, one kind a file.

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

/// Where accounts go as they are read.
pub type Sink<'a> = dyn FnMut(Account) -> Result<(), Error> + 'a;

/// A kind of file.
pub trait Format: Sync {
    /// What messages call it.
    fn name(&self) -> &'static str;

    /// Whether a file of this outline is one.
    fn fits(&self, outline: &Outline) -> bool;

    /// Reads a file of this kind from its start; the state of chain `chain_id`, if it has several.
    ///
    /// # Errors
    /// The file is not of this kind after all, or `sink` fails.
    fn read(
        &self,
        text: &mut Text,
        chain_id: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<Told, Error>;
}

/// All kinds, the first that fits is it.
const FORMATS: [&dyn Format; 6] = [
    &geth::Lines,
    &geth::Dump,
    &anvil::State,
    &genesis::Genesis,
    &forge::Alloc,
    &op_deployer::State,
];

/// What a file says besides its accounts.
#[derive(Debug, Default)]
pub struct Told {
    /// Which part of the file the state is, if it has several.
    pub part: Option<String>,
    /// The state root that it claims.
    pub state_root: Option<B256>,
    /// The block whose state it is.
    pub block: Option<Block>,
    /// The members of a genesis but for its alloc.
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

/// No value of a file that is right is longer: an account of two million slots.
const LONGEST: usize = 256 << 20;
/// More keys than these say nothing new.
const KEYS: usize = 64;

/// Reads the state in a file that `open` opens at its start, of whichever kind it is: plain or
/// gzip, as hex or within the answer to a call.
///
/// # Errors
/// The file is of no known kind, is damaged or not whole, or `sink` fails.
pub fn read(
    open: &dyn Fn() -> Result<Box<dyn Read + Send>, Error>,
    sink: &mut Sink<'_>,
) -> Result<(&'static str, Told), Error> {
    read_chain(open, None, sink)
}

/// [`read`], and of a file with several states that of chain `chain_id`.
///
/// # Errors
/// As [`read`].
pub fn read_chain(
    open: &dyn Fn() -> Result<Box<dyn Read + Send>, Error>,
    chain_id: Option<u64>,
    sink: &mut Sink<'_>,
) -> Result<(&'static str, Told), Error> {
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
    let told = format.read(&mut text()?, chain_id, sink)?;
    Ok((format.name(), told))
}

/// The most bytes of an answer that are taken for a state: far more than any devnet's.
pub const LONGEST_DUMP: u64 = 64 << 30;
/// The same where what is read stays in memory.
const LONGEST_ALLOC: u64 = 4 << 30;

/// The state in the answer of a node, of which there is one reading only.
///
/// # Errors
/// As [`read`], or the answer has more than `most` bytes, unpacked.
pub fn read_anvil(
    answer: Box<dyn Read + Send>,
    most: u64,
    sink: &mut Sink<'_>,
) -> Result<Told, Error> {
    limited::read(answer, most, |text| anvil::State.read(text, None, sink))
}

/// The alloc in the answer of a node.
///
/// # Errors
/// As [`read`], or the answer is too long.
pub fn read_alloc(answer: Box<dyn Read + Send>, sink: &mut Sink<'_>) -> Result<(), Error> {
    limited::read(answer, LONGEST_ALLOC, |text| forge::Alloc.read(text, None, sink).map(drop))
}

/// The entries of an alloc without its braces.
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

/// Calls `each` at the value of every member of the object that is next, with the key.
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

/// Calls `each` with every element of the array that is next.
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

/// Reads the object of accounts that is next.
fn accounts(text: &mut Text, sink: &mut Sink<'_>) -> Result<(), Error> {
    text.expect(b'{', "an object of accounts")?;
    if text.peek()? == Some(b'}') {
        return Ok(text.expect(b'}', "`}`")?);
    }
    loop {
        let batch = text.entries()?;
        let (bytes, origin) = (&batch.text, batch.origin);
        for share in batch.pairs.chunks(1024) {
            let read: Vec<_> = share
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

/// An entry of a file, with its place in the file in an error.
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
