//! YAML as the field's files use it: mappings and lists of scalars, every scalar kept as the
//! text that it is. `0x10000000` is a fork version, not the number 268435456.

use granit_parser::{Event, Parser, Span};

/// A node and the line on which it begins (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Line of the file, from 1.
    pub line: usize,
    /// What stands there.
    pub value: Value,
}

/// The three kinds of node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, unquoted; `~` where the file has nothing.
    Scalar(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with their lines and values, in the file's order, no key twice.
    Mapping(Vec<(String, usize, Node)>),
}

/// Why a text is not YAML of that kind. Never quotes the text: it may be a mnemonic.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Reads one document.
///
/// # Errors
/// Broken YAML, a repeated key, a second document, anchors and aliases, bytes that are not text.
pub fn parse(text: &[u8]) -> Result<Node, Error> {
    let fault = |line, what: &str| Error { line, what: what.to_owned() };
    let line_of = |offset: usize| 1 + memchr::memchr_iter(b'\n', &text[..offset]).count();
    let text = std::str::from_utf8(text)
        .map_err(|e| fault(line_of(e.valid_up_to()), "is not UTF-8 text"))?;
    if text.starts_with('\u{feff}') {
        return Err(fault(1, "begins with a byte order mark"));
    }
    if let Some(nul) = text.find('\0') {
        return Err(fault(line_of(nul), "has a NUL byte"));
    }
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd, _) => return Err(fault(1, "is empty")),
            (event, span) => {
                let node = events.node(&event, &span)?;
                loop {
                    match events.next()? {
                        (Event::StreamEnd, _) => return Ok(node),
                        (Event::DocumentEnd, _) => {}
                        (_, span) => {
                            return Err(fault(span.start.line(), "has a second YAML document"));
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
        match self.0.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Error {
                line: error.marker().line().max(1),
                what: "is not valid YAML here".to_owned(),
            }),
            None => Err(Error { line: 1, what: "ends too early".to_owned() }),
        }
    }

    fn node(&mut self, event: &Event<'a>, span: &Span) -> Result<Node, Error> {
        let line = span.start.line().max(1);
        let fault = |what: String| Err(Error { line, what });
        let value = match event {
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(_, anchor, _)
            | Event::MappingStart(_, anchor, _)
                if *anchor != 0 =>
            {
                return fault("has a YAML anchor, which is not supported".to_owned());
            }
            Event::Scalar(text, ..) => Value::Scalar(text.clone().into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break Value::Sequence(items),
                        (event, span) => items.push(self.node(&event, &span)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut members: Vec<(String, usize, Node)> = Vec::new();
                loop {
                    let (key, line) = match self.next()? {
                        (Event::MappingEnd, _) => break Value::Mapping(members),
                        (Event::Scalar(key, ..), span) => (key.into_owned(), span.start.line()),
                        (_, span) => {
                            let line = span.start.line();
                            return Err(Error { line, what: "has a key that is no text".into() });
                        }
                    };
                    if let Some((_, first, _)) = members.iter().find(|(known, ..)| *known == key) {
                        let what = format!("sets {key} again (first on line {first})");
                        return Err(Error { line, what });
                    }
                    let (event, span) = self.next()?;
                    let mut value = self.node(&event, &span)?;
                    if value.value == Value::Scalar("~".to_owned()) {
                        value.line = line;
                    }
                    members.push((key, line, value));
                }
            }
            _ => return fault("has a YAML alias, which is not supported".to_owned()),
        };
        Ok(Node { line, value })
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
    fn faults_have_a_line_and_no_text() {
        for (text, line, what) in [
            ("A: 1\nA: 2\n", 2, "sets A again (first on line 1)"),
            ("A: [1, 2\nB: 3\n", 2, "is not valid YAML here"),
            ("A: &x secretword\nB: *x\n", 1, "anchor"),
            ("A: 1\n---\nB: 2\n", 2, "second YAML document"),
            ("\u{feff}A: 1\n", 1, "byte order mark"),
            ("A: 1\nB: \0\n", 2, "NUL"),
            ("", 1, "is empty"),
            ("# only a comment\n", 1, "is empty"),
            ("A: \"secretword\n", 2, "is not valid YAML here"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.what.contains(what), "{text:?}: {error}");
            assert!(error.line.abs_diff(line) <= 1, "{text:?}: line {}", error.line);
            assert!(!error.to_string().contains("secretword"), "{error}");
        }
        assert_eq!(parse(b"A: \xff").unwrap_err().to_string(), "is not UTF-8 text");
    }
}
