//! The YAML of consensus configs and mnemonics: mappings and lists of scalars. Every scalar stays text:
//! `0x10000000` is a fork version, not the number 268435456.

use std::ops::Range;

use granit_parser::{Event, Parser, Span};

/// A node and the line on which it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Line of the file, from 1.
    pub line: usize,
    /// The bytes of a scalar in the file, with its quotes.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// The three kinds of node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text without its quotes; `~` for an empty value.
    Scalar(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with their lines and values, in the order of the file; no key repeats.
    Mapping(Vec<(String, usize, Node)>),
}

/// The deepest nesting of lists and mappings; real files need three levels.
const MAX_DEPTH: usize = 32;

/// An error at a line of a YAML file. It quotes the file only through [`shown`]: the text may be a
/// mnemonic.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// Line of the file, from 1.
    pub line: usize,
    /// The error.
    pub what: String,
    /// The remedy.
    pub hint: &'static str,
}

impl Error {
    fn new(line: usize, what: impl Into<String>, hint: &'static str) -> Self {
        Self { line, what: what.into(), hint }
    }
}

/// Text of a file as messages show it: in quotes, unless it may be a mnemonic or a key.
pub fn shown(text: &str) -> String {
    // An address has 42 characters; phrases and keys have more. A single word is not a secret.
    if text.len() <= 44 && !text.trim().contains(char::is_whitespace) {
        return format!("{text:?}");
    }
    format!("a text of {} characters", text.chars().count())
}

/// Parses a file with one document.
///
/// # Errors
/// Broken YAML, a repeated key, a second document, anchors and aliases, bytes that are not text.
pub fn parse(text: &[u8]) -> Result<Node, Error> {
    const ENCODING: &str = "save the file as UTF-8 without a byte order mark";
    let line_of = |offset: usize| 1 + memchr::memchr_iter(b'\n', &text[..offset]).count();
    let text = std::str::from_utf8(text)
        .map_err(|e| Error::new(line_of(e.valid_up_to()), "is not UTF-8 text", ENCODING))?;
    if text.starts_with('\u{feff}') {
        return Err(Error::new(1, "starts with a byte order mark", ENCODING));
    }
    if let Some(nul) = text.find('\0') {
        return Err(Error::new(line_of(nul), "has a NUL byte", ENCODING));
    }
    let lone_return = |at: &usize| text.as_bytes().get(at + 1) != Some(&b'\n');
    if let Some(at) = memchr::memchr_iter(b'\r', text.as_bytes()).find(lone_return) {
        let what = "has a carriage return within a line";
        return Err(Error::new(line_of(at), what, "end lines with a line feed"));
    }
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd, _) => {
                return Err(Error::new(1, "is empty", "check that the file was copied completely"));
            }
            (event, span) => {
                let node = events.node(&event, &span, 0)?;
                loop {
                    match events.next()? {
                        (Event::StreamEnd, _) => return Ok(node),
                        (Event::DocumentEnd, _) => {}
                        (_, span) => {
                            let (line, what) = (span.start.line(), "has a second YAML document");
                            return Err(Error::new(line, what, "keep one, without `---`"));
                        }
                    }
                }
            }
        }
    }
}

struct Events<'a>(Parser<'a, granit_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Error> {
        const HINT: &str = "look for an unclosed quote or bracket, a tab, or a `:` without a space \
                            after it, here and on the lines before";
        match self.0.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                Err(Error::new(error.marker().line().max(1), "is not valid YAML here", HINT))
            }
            None => Err(Error::new(1, "ends too early", HINT)),
        }
    }

    fn node(&mut self, event: &Event<'a>, span: &Span, depth: usize) -> Result<Node, Error> {
        const WRITE_OUT: &str = "write the value wherever it is used";
        let line = span.start.line().max(1);
        if depth > MAX_DEPTH {
            let what = format!("nests lists and mappings more than {MAX_DEPTH} levels deep");
            return Err(Error::new(line, what, "look for stray brackets or dashes"));
        }
        let value = match event {
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(_, anchor, _)
            | Event::MappingStart(_, anchor, _)
                if *anchor != 0 =>
            {
                return Err(Error::new(
                    line,
                    "has a YAML anchor, which is not supported",
                    WRITE_OUT,
                ));
            }
            Event::Scalar(text, ..) => Value::Scalar(text.clone().into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break Value::Sequence(items),
                        (event, span) => items.push(self.node(&event, &span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => self.mapping(depth)?,
            _ => {
                return Err(Error::new(
                    line,
                    "has a YAML alias, which is not supported",
                    WRITE_OUT,
                ));
            }
        };
        Ok(Node { line, span: span.byte_range().unwrap_or_default(), value })
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Error> {
        let mut members: Vec<(String, usize, Node)> = Vec::new();
        loop {
            let (key, line) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Mapping(members)),
                (Event::Scalar(key, ..), span) => (key.into_owned(), span.start.line()),
                (_, span) => {
                    let what = "has a key that is not text";
                    return Err(Error::new(span.start.line(), what, "write `KEY: value`"));
                }
            };
            if let Some((_, first, _)) = members.iter().find(|(known, ..)| *known == key) {
                let what = format!("sets {} again (first on line {first})", shown(&key));
                return Err(Error::new(line, what, "remove one of the two"));
            }
            let (event, span) = self.next()?;
            let mut value = self.node(&event, &span, depth + 1)?;
            if value.value == Value::Scalar("~".to_owned()) {
                value.line = line;
            }
            members.push((key, line, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_text() {
        let text = "A: 0x00000001\nB: '17'\nC: 58750000000000000000000  # comment\nD:\nE:\n  - X: 007\n    Y: ~\n";
        let Value::Mapping(members) = parse(text.as_bytes()).unwrap().value else { panic!() };
        let scalar = |text: &str| Value::Scalar(text.to_owned());
        let found: Vec<_> =
            members.iter().map(|(k, line, n)| (k.as_str(), *line, &n.value)).collect();
        assert_eq!(found[0], ("A", 1, &scalar("0x00000001")));
        assert_eq!(found[1], ("B", 2, &scalar("17")));
        assert_eq!(found[2], ("C", 3, &scalar("58750000000000000000000")));
        assert_eq!(found[3], ("D", 4, &scalar("~")));
        let Value::Sequence(items) = found[4].2 else { panic!() };
        let Value::Mapping(entry) = &items[0].value else { panic!() };
        assert_eq!((entry[0].0.as_str(), entry[0].1, &entry[0].2.value), ("X", 6, &scalar("007")));
        assert_eq!(entry[1].2.value, scalar("~"));
    }

    #[test]
    fn errors_have_a_line_and_no_secret() {
        for (text, line, what) in [
            ("A: 1\nA: 2\n", 2, "sets \"A\" again (first on line 1)"),
            ("A: [1, 2\nB: 3\n", 2, "is not valid YAML here"),
            ("A: &x secretword\nB: *x\n", 1, "anchor"),
            ("A: 1\n---\nB: 2\n", 2, "second YAML document"),
            ("\u{feff}A: 1\n", 1, "byte order mark"),
            ("A: 1\nB: \0\n", 2, "NUL"),
            ("A: 1\r\nB: 2\rC: 3\n", 2, "carriage return"),
            ("", 1, "is empty"),
            ("# only a comment\n", 1, "is empty"),
            ("A: \"secretword\n", 2, "is not valid YAML here"),
            ("secretword b c: 1\nsecretword b c: 2\n", 2, "sets a text of 14 characters again"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.what.contains(what), "{text:?}: {error}");
            assert!(error.line.abs_diff(line) <= 1, "{text:?}: line {}", error.line);
            assert!(!error.to_string().contains("secretword"), "{error}");
        }
        assert_eq!(parse(b"A: \xff").unwrap_err().to_string(), "is not UTF-8 text");
        for (deep, what) in [("- ", "nests lists and mappings"), ("[", "is not valid YAML")] {
            let error = parse(deep.repeat(100_000).as_bytes()).unwrap_err();
            assert!(error.what.contains(what), "{deep}: {error}");
        }
    }
}
