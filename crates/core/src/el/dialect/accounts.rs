//! The alloc in a spelling that every client reads as the same accounts.
//!
//! geth accepts three spellings of a number. Besu reads a nonce as hex even without `0x`
//! (`GenesisReader.parseUnsignedLong`: 18 is 0x18), and merges the entries of a repeated address
//! where geth uses the last one. So numbers are hex with `0x`, addresses are unique, and no slot is
//! zero.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::ops::Range;

use alloy_primitives::U256;
use rayon::prelude::*;

use super::super::error::{Error, Problem, invalid};
use super::super::json::{Cursor, fold, unescape};
use super::super::number::{
    hex_bytes, hex_or_decimal_64, hex_or_decimal_256, storage_word, unprefixed_address,
};
use super::super::stream::Stream;
use crate::file::{Encode, OpenRange};

/// The effective entries of an alloc, by their position in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// The objects of accounts, with their braces.
    allocs: Vec<Range<u64>>,
    /// Offsets of the entries that a later entry replaces, sorted.
    replaced: Vec<u64>,
    /// Entries after them.
    added: Vec<String>,
}

impl Accounts {
    /// Scans the allocs of a file. `open` opens a range of the file. `added` are raw entries that
    /// replace those of the file.
    ///
    /// # Errors
    /// The file cannot be read, or has changed since its accounts were read.
    pub fn scan<R: Read>(
        allocs: Vec<Range<u64>>,
        added: &[String],
        open: impl Fn(Range<u64>) -> io::Result<R>,
    ) -> Result<Self, Error> {
        let added =
            added.iter().map(|entry| respelled_entry(entry)).collect::<Result<Vec<_>, _>>()?;
        let mut last: HashMap<[u8; 20], u64> = HashMap::new();
        let mut replaced = Vec::new();
        for range in &allocs {
            let mut stream = Stream::new(open(range.clone())?);
            each_batch(&mut stream, |batch| {
                let addresses: Vec<_> = batch
                    .par_iter()
                    .map(|(offset, key, value)| {
                        spell(key, value).map(|_| ())?;
                        Ok((range.start + offset, unprefixed_address(&unescape(key))?))
                    })
                    .collect::<Result<_, Error>>()?;
                for (offset, address) in addresses {
                    replaced.extend(last.insert(address, offset));
                }
                Ok(())
            })?;
        }
        for (address, _) in &added {
            replaced.extend(last.remove(address));
        }
        replaced.sort_unstable();
        let added = added.into_iter().map(|(_, text)| text).collect();
        Ok(Self { allocs, replaced, added })
    }

    /// Writes one object of all accounts, one entry per line.
    ///
    /// # Errors
    /// Those of `open` and `out`, or the file has changed since the scan.
    pub fn write<R: Read>(
        &self,
        open: impl Fn(Range<u64>) -> io::Result<R>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let changed = |error: Error| io::Error::other(format!("the alloc changed: {error}"));
        let mut separator = "{\n    ";
        for range in &self.allocs {
            let mut stream = Stream::new(open(range.clone())?);
            let mut written = Ok(());
            each_batch(&mut stream, |batch| {
                let counts = |offset: &u64| self.replaced.binary_search(offset).is_err();
                let batch = batch.par_iter().filter(|(offset, ..)| counts(&(range.start + offset)));
                let texts: Vec<String> =
                    batch.map(|(_, key, value)| spell(key, value)).collect::<Result<_, Error>>()?;
                for text in texts {
                    if written.is_ok() {
                        written = out.write_all(format!("{separator}{text}").as_bytes());
                        separator = ",\n    ";
                    }
                }
                Ok(())
            })
            .map_err(changed)?;
            written?;
        }
        for text in &self.added {
            out.write_all(format!("{separator}{text}").as_bytes())?;
            separator = ",\n    ";
        }
        out.write_all(if separator.starts_with('{') { b"{}" } else { b"\n  }" })
    }
}

impl Encode for Accounts {
    fn encode_to(&self, source: &OpenRange<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.write(source, &mut &mut *out)
    }
}

/// The offset, the raw key and the raw value of an entry.
type Entry<'a> = (u64, &'a [u8], &'a [u8]);

/// Calls `take` with the entries of the next object of `stream`, in batches.
fn each_batch<R: Read>(
    stream: &mut Stream<R>,
    mut take: impl FnMut(&[Entry<'_>]) -> Result<(), Error>,
) -> Result<(), Error> {
    stream.expect(b'{', "an object of accounts")?;
    if stream.peek()? == Some(b'}') {
        return Ok(());
    }
    loop {
        let batch = stream.entries()?;
        let text = &batch.text;
        let entry = |(key, value): &(Range<usize>, Range<usize>)| {
            (batch.origin + key.start as u64, &text[key.clone()], &text[value.clone()])
        };
        take(&batch.pairs.iter().map(entry).collect::<Vec<_>>())?;
        if batch.last {
            return Ok(());
        }
        stream.recycle(batch);
    }
}

/// The address of a raw entry `"0x…": {…}`, and its new spelling.
fn respelled_entry(entry: &str) -> Result<([u8; 20], String), Error> {
    let text = format!("{{{entry}}}");
    let mut found = Err(Problem::Missing.into());
    Cursor::new(text.as_bytes(), 0).object(|key, cursor| {
        found = Ok((unprefixed_address(key)?, spell(key, cursor.value()?)?));
        Ok(())
    })?;
    found
}

/// The new spelling of an entry, `"0x…": {…}`.
fn spell(key: &[u8], value: &[u8]) -> Result<String, Error> {
    let address = unprefixed_address(&unescape(key))?;
    let mut cursor = Cursor::new(value, 0);
    let (mut balance, mut nonce, mut code) = (U256::ZERO, 0, Vec::new());
    let mut storage: Vec<([u8; 32], [u8; 32])> = Vec::new();
    cursor.object(|key, cursor| {
        match &*fold(key) {
            b"balance" => balance = unless_null(cursor.value()?, hex_or_decimal_256)?,
            b"nonce" => nonce = unless_null(cursor.value()?, hex_or_decimal_64)?,
            b"code" => code = unless_null(cursor.value()?, hex_bytes)?,
            b"storage" if cursor.peek() == Some(b'{') => cursor.object(|key, cursor| {
                let value = match cursor.peek() {
                    Some(b'"') => storage_word(&unescape(cursor.string()?))?,
                    _ => unless_null(cursor.value()?, |raw| Err(invalid(raw, "a text")))?,
                };
                storage.push((storage_word(key)?, value));
                Ok(())
            })?,
            b"storage" => {
                cursor.value()?;
                storage.clear();
            }
            _ => drop(cursor.value()?),
        }
        Ok(())
    })?;
    let mut text = format!("\"0x{}\": {{\"balance\": \"{balance:#x}\"", hex::encode(address));
    if nonce != 0 {
        let _ = write!(text, ", \"nonce\": \"{nonce:#x}\"");
    }
    if !code.is_empty() {
        let _ = write!(text, ", \"code\": \"0x{}\"", hex::encode(code));
    }
    // The later value of a repeated slot.
    storage.sort_by_key(|(slot, _)| *slot);
    storage.reverse();
    storage.dedup_by_key(|(slot, _)| *slot);
    storage.reverse();
    storage.retain(|(_, value)| *value != [0; 32]);
    for (index, (slot, value)) in storage.iter().enumerate() {
        text.push_str(if index == 0 { ", \"storage\": {" } else { ", " });
        let _ = write!(text, "\"0x{}\": \"0x{}\"", hex::encode(slot), hex::encode(value));
    }
    text.push_str(if storage.is_empty() { "}" } else { "}}" });
    Ok(text)
}

/// `null` undoes an earlier member with the same key.
fn unless_null<T: Default>(
    raw: &[u8],
    read: impl Fn(&[u8]) -> Result<T, Problem>,
) -> Result<T, Problem> {
    if raw == b"null" { Ok(T::default()) } else { read(raw) }
}

#[cfg(test)]
mod tests {
    use super::super::super::alloc::{self, State};
    use super::*;

    fn respelled(text: &str, ranges: &[Range<u64>], added: &[String]) -> String {
        let open = |range: Range<u64>| {
            let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            Ok(&text.as_bytes()[range])
        };
        let accounts = Accounts::scan(ranges.to_vec(), added, open).unwrap();
        let mut out = Vec::new();
        accounts.write(open, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn root(allocs: &[&str], added: &[String]) -> String {
        let mut state = State::default();
        for alloc in allocs {
            let mut stream = Stream::new(alloc.as_bytes());
            stream.expect(b'{', "{").unwrap();
            alloc::read(&mut stream, &mut state, &|_| ()).unwrap();
        }
        if !added.is_empty() {
            state.add_entries(added).unwrap();
        }
        state.root().to_string()
    }

    const A: &str = "1111111111111111111111111111111111111111";

    #[test]
    fn spelling_keeps_the_state() {
        let first = format!(
            r#"{{"{A}":{{"balance":18,"nonce":18,"storage":{{"01":"05","0001":"0x","0x02":"ff","03":""}}}},
            "0X00000000000000000000000000000000000000aB":{{"BALANCE":"0X10","nonce":"18","code":"0x6000","x":[1]}},
            "0x{A}" : {{"balance":"","nonce":null,"storage":{{"04":"01"}},"storage":null}}}}"#
        );
        let second = format!(r#"{{"{A}":{{"balance":"0xff","nonce":"0x12"}}}}"#);
        let text = format!("{first}{second}{{}}");
        let (one, two) = (first.len() as u64, (first.len() + second.len()) as u64);
        let ranges = [0..one, one..two, two..two + 2];
        let spelled = respelled(&text, &ranges, &[]);
        assert_eq!(spelled.matches(A).count(), 1, "{spelled}");
        assert!(spelled.contains(r#""balance": "0xff", "nonce": "0x12"}"#), "{spelled}");
        assert!(spelled.contains(r#""nonce": "0x12", "code": "0x6000"}"#), "{spelled}");
        assert_eq!(root(&[&spelled], &[]), root(&[&first, &second], &[]));
        let spelled = respelled(&text, &ranges[..1], &[]);
        assert_eq!(root(&[&spelled], &[]), root(&[&first], &[]));
        // An entry that is added replaces.
        let added = [format!(r#""{A}": {{"balance": "7", "storage": {{"01": "02"}}}}"#)];
        let spelled = respelled(&text, &ranges, &added);
        assert_eq!(spelled.matches(A).count(), 1, "{spelled}");
        assert_eq!(root(&[&spelled], &[]), root(&[&first, &second], &added));
        let empty = std::slice::from_ref(&(0..3));
        assert_eq!(respelled("{ }", empty, &[]), "{}");
    }
}
