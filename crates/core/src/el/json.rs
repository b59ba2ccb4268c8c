//! JSON as geth reads it: the grammar of Go's `encoding/json`, keys compared without case.
//!
//! A [`Cursor`] parses a complete text in memory and returns raw slices of it, so that values are
//! not copied before they are needed. [`super::stream`] cuts files into such texts.

use std::borrow::Cow;

use super::error::{Error, Found, Problem};

/// Go's limit on nested arrays and objects.
const MAX_DEPTH: usize = 10_000;

/// A reading position in a JSON text.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    /// Offset of `text` in its file, for error messages.
    origin: u64,
    /// The number of objects around the position.
    depth: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the beginning of `text`, which is at byte `origin` of its file.
    pub fn new(text: &'a [u8], origin: u64) -> Self {
        Self::within(text, origin, 0)
    }

    /// The same for a text nested in `depth` objects of the file.
    pub fn within(text: &'a [u8], origin: u64, depth: usize) -> Self {
        Self { text, at: 0, origin, depth }
    }

    /// The next byte that is not white space, or `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// The position in the text.
    pub fn at(&self) -> usize {
        self.at
    }

    /// A syntax error at this position.
    pub fn expected(&self, expected: &'static str) -> Error {
        let found = Found(self.text.get(self.at).copied());
        Error::new(Problem::Syntax { expected, found }, Some(self.origin + self.at as u64))
    }

    fn byte(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string. Returns the bytes between its quotes, with its escapes checked but not
    /// replaced.
    pub fn string(&mut self) -> Result<&'a [u8], Error> {
        self.byte(b'"', "a string")?;
        let start = self.at;
        loop {
            let rest = &self.text[self.at..];
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len();
                return Err(self.expected("`\"`"));
            };
            // The minimum, because the compiler vectorises it.
            if rest[..found].iter().min().is_some_and(|least| *least < 0x20) {
                self.at += rest.iter().position(|byte| *byte < 0x20).unwrap_or(found);
                return Err(self.expected("no control character in a string"));
            }
            self.at += found;
            if self.text[self.at] == b'"' {
                self.at += 1;
                return Ok(&self.text[start..self.at - 1]);
            }
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        self.at += 1;
        let length = match self.text.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') => 5,
            _ => return Err(self.expected("an escape such as `\\n` or `\\u0041`")),
        };
        let digits = self.text.get(self.at + 1..self.at + length).unwrap_or(b"-");
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(self.expected("four hex digits after `\\u`"));
        }
        self.at += length;
        Ok(())
    }

    /// Reads any value and returns its raw text.
    pub fn value(&mut self) -> Result<&'a [u8], Error> {
        self.peek();
        let start = self.at;
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    open.push(b'}');
                    self.deep_enough(&open)?;
                    if self.peek() != Some(b'}') {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    open.push(b']');
                    self.deep_enough(&open)?;
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b'"') => drop(self.string()?),
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return Err(self.expected("a value")),
            }
            // After a value: close arrays and objects, or continue with the next element.
            loop {
                let Some(&close) = open.last() else { return Ok(&self.text[start..self.at]) };
                match self.peek() {
                    Some(byte) if byte == close => {
                        self.at += 1;
                        open.pop();
                    }
                    Some(b',') => {
                        self.at += 1;
                        if close == b'}' {
                            self.key()?;
                        }
                        break;
                    }
                    _ if close == b'}' => return Err(self.expected("`,` or `}`")),
                    _ => return Err(self.expected("`,` or `]`")),
                }
            }
        }
    }

    fn deep_enough(&self, open: &[u8]) -> Result<(), Error> {
        if self.depth + open.len() > MAX_DEPTH {
            Err(self.expected("less nesting"))
        } else {
            Ok(())
        }
    }

    /// Reads a key and its colon.
    pub fn key(&mut self) -> Result<&'a [u8], Error> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let key = self.string()?;
        self.byte(b':', "`:`")?;
        Ok(key)
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Error> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        let digits = |cursor: &mut Self| {
            let start = cursor.at;
            while cursor.text.get(cursor.at).is_some_and(u8::is_ascii_digit) {
                cursor.at += 1;
            }
            if cursor.at == start { Err(cursor.expected("a digit")) } else { Ok(()) }
        };
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            digits(self)?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            digits(self)?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            digits(self)?;
        }
        Ok(())
    }

    /// Reads an object. Calls `member` at each value with its key (unescaped).
    ///
    /// `member` must read exactly that value. An error that it returns gets the key as its path.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&[u8], &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.byte(b'{', "an object")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        self.depth += 1;
        loop {
            let key = unescape(self.key()?);
            self.peek();
            let value = self.origin + self.at as u64;
            member(&key, self).map_err(|mut error| {
                error.offset.get_or_insert(value);
                error.under(super::error::shorten(&key))
            })?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    self.depth -= 1;
                    return Ok(());
                }
                _ => return Err(self.expected("`,` or `}`")),
            }
        }
    }

    /// Checks that only white space follows.
    pub fn end(&mut self) -> Result<(), Error> {
        if self.peek().is_none() { Ok(()) } else { Err(self.expected("nothing more")) }
    }
}

/// A raw string with its escapes replaced. Lone surrogates and invalid UTF-8, which Go repairs,
/// stay as they are: no known key contains them.
pub fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice::<String>(&quoted)
        .map_or(Cow::Borrowed(raw), |text| Cow::Owned(text.into_bytes()))
}

/// `key` in lower case, with the case folding of Go: `GASLIMIT` is `gaslimit`.
pub fn fold(key: &[u8]) -> Cow<'_, [u8]> {
    if key.iter().all(u8::is_ascii_lowercase) {
        return Cow::Borrowed(key);
    }
    // The two non-ASCII characters that fold to an ASCII letter: U+017F and U+212A.
    let text = String::from_utf8_lossy(key).replace('\u{17f}', "s").replace('\u{212a}', "k");
    Cow::Owned(text.to_ascii_lowercase().into_bytes())
}

#[cfg(test)]
mod tests;
