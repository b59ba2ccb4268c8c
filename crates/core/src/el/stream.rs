//! Cuts a JSON file that may be larger than memory into complete texts.
//!
//! A genesis file is one object with a small head and an `alloc` that can have gigabytes. The
//! stream buffers a part of it. It returns the values of the head one by one, and the entries of
//! the alloc by the thousand, for all cores.

use std::io::Read;
use std::ops::Range;

use super::error::{Error, Found, Problem};
use super::json::Cursor;

/// The number of bytes to read at a time. The buffer grows for a longer value.
const READ_SIZE: usize = 1 << 20;

/// A file, partly in memory.
#[derive(Debug)]
pub struct Stream<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    /// Offset in the file of the buffer's first byte.
    origin: u64,
    ended: bool,
    /// The limit of a value in bytes.
    longest: usize,
    /// A buffer that was returned for reuse.
    spare: Vec<u8>,
}

/// Key (between its quotes) and value of an entry, as ranges of [`Entries::text`].
type Entry = (Range<usize>, Range<usize>);

/// Complete entries of an object. They own their text, so that the stream can continue meanwhile.
#[derive(Debug, Default)]
pub struct Entries {
    /// The bytes that the stream had in memory.
    pub text: Vec<u8>,
    /// Offset in the file of the text's first byte.
    pub origin: u64,
    /// The entries, in the order of the file.
    pub pairs: Vec<Entry>,
    /// Whether the object's closing brace was read.
    pub last: bool,
}

impl Entries {
    /// Offset in the file after the last entry.
    pub fn end(&self) -> u64 {
        self.origin + self.pairs.last().map_or(0, |(_, value)| value.end as u64)
    }
}

impl<R: Read> Stream<R> {
    /// Reads from the start of a file.
    pub fn new(reader: R) -> Self {
        Self::within(reader, usize::MAX)
    }

    /// The same for untrusted text: a value longer than `longest` bytes is an error.
    pub fn within(reader: R, longest: usize) -> Self {
        let (buffer, spare) = (Vec::new(), Vec::new());
        Self { reader, buffer, at: 0, origin: 0, ended: false, longest, spare }
    }

    /// Offset in the file of the next byte.
    pub fn offset(&self) -> u64 {
        self.origin + self.at as u64
    }

    /// Reads more of the file. Doubles the buffer if none of it was consumed.
    fn more(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.origin += self.at as u64;
        self.at = 0;
        if self.buffer.len() >= self.longest {
            return Err(Error::new(Problem::TooLong(self.longest), Some(self.origin)));
        }
        let size = READ_SIZE.max(self.buffer.len()) as u64;
        let read = self.reader.by_ref().take(size).read_to_end(&mut self.buffer)?;
        self.ended = (read as u64) < size;
        Ok(read > 0)
    }

    /// The next byte that is not white space.
    pub fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.buffer.get(self.at) {
                self.at += 1;
            }
            if self.at < self.buffer.len() || !self.more()? {
                return Ok(self.buffer.get(self.at).copied());
            }
        }
    }

    /// Skips `byte`, which must be next.
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        let found = self.peek()?;
        if found != Some(byte) {
            let problem = Problem::Syntax { expected, found: Found(found) };
            return Err(Error::new(problem, Some(self.offset())));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads one key or value of the document's object. Returns its raw text and its offset in the
    /// file.
    pub fn value(&mut self) -> Result<(&[u8], u64), Error> {
        self.peek()?;
        let length = loop {
            match value_length(&self.buffer[self.at..], self.ended) {
                Some(length) => break length,
                None if self.more()? => {}
                // The cursor reports what is missing.
                None => break self.buffer.len() - self.at,
            }
        };
        let offset = self.offset();
        let start = self.at;
        self.at += length;
        let text = &self.buffer[start..self.at];
        let mut cursor = Cursor::within(text, offset, 1);
        cursor.value()?;
        cursor.end()?;
        Ok((text, offset))
    }

    /// Skips a value of any length without buffering it. Parses only quotes and brackets.
    pub fn skip(&mut self) -> Result<(), Error> {
        if !matches!(self.peek()?, Some(b'{' | b'[')) {
            return self.value().map(drop);
        }
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                Some(b'"') => {
                    while string_length(&self.buffer[self.at..]).is_none() {
                        if !self.more()? {
                            self.at = self.buffer.len();
                            return self.expect(b'"', "`\"`");
                        }
                    }
                    self.at += string_length(&self.buffer[self.at..]).unwrap_or_default();
                    continue;
                }
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => depth -= 1,
                Some(_) => {}
                None => return self.expect(b'}', "`}` or `]`"),
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Reads entries of an object after its opening brace: those that are complete in memory, at
    /// least one unless the object ends. The values are delimited but not checked.
    pub fn entries(&mut self) -> Result<Entries, Error> {
        let mut found = self.delimited()?;
        let mut rest = std::mem::take(&mut self.spare);
        rest.clear();
        rest.extend_from_slice(&self.buffer[self.at..]);
        found.origin = self.origin;
        found.text = std::mem::replace(&mut self.buffer, rest);
        self.origin += self.at as u64;
        self.at = 0;
        Ok(found)
    }

    /// Returns a batch that is no longer needed, to reuse its memory.
    pub fn recycle(&mut self, read: Entries) {
        self.spare = read.text;
    }

    fn delimited(&mut self) -> Result<Entries, Error> {
        let mut found = Entries::default();
        loop {
            match self.entry()? {
                Some(entry) => {
                    let end = entry.1.end;
                    found.pairs.push(entry);
                    self.at = end;
                    match next_byte(&self.buffer, self.at) {
                        Some((at, b',')) => self.at = at + 1,
                        Some((at, b'}')) => {
                            self.at = at + 1;
                            found.last = true;
                            return Ok(found);
                        }
                        Some((at, _)) => {
                            self.at = at;
                            self.expect(b'}', "`,` or `}`")?;
                        }
                        // The comma may not be in memory yet: put this entry back.
                        None => {
                            let entry = found.pairs.pop();
                            if let Some((key, _)) = entry {
                                self.at = key.start - 1;
                            }
                            if found.pairs.is_empty() {
                                if self.more()? {
                                    continue;
                                }
                                self.at = self.buffer.len();
                                self.expect(b'}', "`,` or `}`")?;
                            }
                            return Ok(found);
                        }
                    }
                }
                None if !found.pairs.is_empty() => return Ok(found),
                None if self.more()? => {}
                None => {
                    let rest = Cursor::new(&self.buffer[self.at..], self.offset());
                    return Err(entry_error(rest));
                }
            }
        }
    }

    /// The next entry, if it is complete in memory. Moves to its key, not past it.
    fn entry(&mut self) -> Result<Option<Entry>, Error> {
        let Some((at, quote)) = next_byte(&self.buffer, self.at) else { return Ok(None) };
        self.at = at;
        if quote != b'"' {
            self.expect(b'"', "a key in double quotes")?;
        }
        let Some(key) = string_length(&self.buffer[at..]) else { return Ok(None) };
        let Some((colon, byte)) = next_byte(&self.buffer, at + key) else { return Ok(None) };
        if byte != b':' {
            self.at = colon;
            self.expect(b':', "`:`")?;
        }
        let Some((value, _)) = next_byte(&self.buffer, colon + 1) else { return Ok(None) };
        let length = value_length(&self.buffer[value..], self.ended);
        Ok(length.map(|length| (at + 1..at + key - 1, value..value + length)))
    }
}

/// The error of an entry at the end of a truncated file.
fn entry_error(mut rest: Cursor<'_>) -> Error {
    let parsed = rest.key().and_then(|_| rest.value());
    parsed.err().unwrap_or_else(|| rest.expected("`}`"))
}

fn next_byte(text: &[u8], from: usize) -> Option<(usize, u8)> {
    text[from..]
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        .map(|blank| (from + blank, text[from + blank]))
}

/// Length of the string at the start of `text` with its quotes, if it ends in `text`.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Length of the value at the start of `text`, if it ends in `text`. Parses only quotes and
/// brackets; the value is checked when it is read.
fn value_length(text: &[u8], ended: bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => {
                at += string_length(&text[at..])?;
                if depth == 0 {
                    return Some(at);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(if depth == 1 { at + 1 } else { at.max(1) }),
            b'}' | b']' => depth -= 1,
            _ if depth == 0 => {
                let word = text[at..].iter().position(|byte| b" \t\n\r,:{}[]\"".contains(byte));
                return word.map(|length| length.max(1)).or(ended.then_some(text.len()));
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests;
