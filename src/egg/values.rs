//! `values.env`: the assignments of a shell script, without a shell.
//!
//! ethereum-genesis-generator sources the file. What is taken here is what such files have in
//! fact: `export NAME=value`, quotes, `$NAME`, `${NAME}` and `${NAME:-default}`. Anything that
//! would run a program is refused.

use std::fmt;

use super::{Error, Origin};

/// An assignment. Its value may be a phrase.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it is set to.
    pub value: String,
    /// Line of the file, from 1.
    pub line: usize,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment({} in line {})", self.name, self.line)
    }
}

/// Reads a file. `known` is what variables are before it.
///
/// # Errors
/// A line is no assignment, a quote has no end, or something is to be executed.
pub fn parse(text: &str, known: impl Fn(&str) -> Option<String>) -> Result<Vec<Assignment>, Error> {
    let mut reader = Reader { rest: text, line: 1 };
    let mut found: Vec<Assignment> = Vec::new();
    loop {
        reader.blanks_and_comments();
        let line = reader.line;
        if reader.rest.is_empty() {
            return Ok(found);
        }
        let name = reader.name();
        if name == "export" && reader.rest.starts_with([' ', '\t']) {
            continue;
        }
        if name.is_empty() || !reader.take('=') {
            // What stands there may be a word of a phrase whose quotes were forgotten.
            let hint = "write export NAME=value, and quotes around a value with blanks";
            return Err(fault("the line", line, "is not an assignment", hint));
        }
        let lookup = |name: &str| {
            let set = found.iter().rev().find(|assignment| assignment.name == name);
            set.map(|assignment| assignment.value.clone()).or_else(|| known(name))
        };
        let value = reader.word(name, &lookup)?;
        found.push(Assignment { name: name.to_owned(), value, line });
    }
}

fn fault(name: &str, line: usize, what: &str, hint: &str) -> Error {
    let (origin, name) = (Origin::File(line), name.to_owned());
    Error { name, origin, what: what.to_owned(), hint: hint.to_owned() }
}

const WRITE_IT_OUT: &str = "nothing is executed here: write the value itself";

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest.starts_with(wanted);
        if found {
            self.next();
        }
        found
    }

    fn blanks_and_comments(&mut self) {
        loop {
            if self.rest.starts_with([' ', '\t', '\r', '\n', ';']) {
                self.next();
            } else if self.rest.starts_with('#') {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            } else {
                return;
            }
        }
    }

    fn name(&mut self) -> &'a str {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !name(c)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }

    /// Everything up to an unquoted blank.
    fn word(
        &mut self,
        name: &str,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, Error> {
        let mut word = String::new();
        loop {
            let line = self.line;
            let Some(next) = self.rest.chars().next() else { return Ok(word) };
            if matches!(next, ' ' | '\t' | '\r' | '\n' | ';') {
                return Ok(word);
            }
            self.next();
            match next {
                '\'' => {
                    let end = self.rest.find('\'').ok_or_else(|| unended(name, line))?;
                    for _ in self.rest[..end].chars() {
                        word.extend(self.next());
                    }
                    self.next();
                }
                '"' => self.quoted(name, line, known, &mut word)?,
                '\\' => word.extend(self.next().filter(|next| *next != '\n')),
                '$' => self.expansion(name, known, &mut word)?,
                '`' | '&' | '|' | '<' | '>' | '(' | ')' => {
                    let what = format!("has an unquoted {next}");
                    return Err(fault(name, line, &what, "put the value into single quotes"));
                }
                other => word.push(other),
            }
        }
    }

    fn quoted(
        &mut self,
        name: &str,
        line: usize,
        known: &dyn Fn(&str) -> Option<String>,
        word: &mut String,
    ) -> Result<(), Error> {
        loop {
            match self.next().ok_or_else(|| unended(name, line))? {
                '"' => return Ok(()),
                '\\' => match self.next() {
                    Some('\n') => {}
                    Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                    next => {
                        word.push('\\');
                        word.extend(next);
                    }
                },
                '$' => self.expansion(name, known, word)?,
                '`' => return Err(fault(name, self.line, "has a command in it", WRITE_IT_OUT)),
                other => word.push(other),
            }
        }
    }

    /// What follows a `$`.
    fn expansion(
        &mut self,
        name: &str,
        known: &dyn Fn(&str) -> Option<String>,
        word: &mut String,
    ) -> Result<(), Error> {
        let line = self.line;
        if self.rest.starts_with('(') {
            return Err(fault(name, line, "has a command in it", WRITE_IT_OUT));
        }
        if !self.take('{') {
            let variable = self.name();
            match variable {
                "" => word.push('$'),
                variable => word.push_str(&known(variable).unwrap_or_default()),
            }
            return Ok(());
        }
        let variable = self.name();
        let end = self.rest.find('}').ok_or_else(|| unended(name, line))?;
        let (operation, _) = self.rest.split_at(end);
        let default = operation.strip_prefix(":-").map(|text| text.trim_matches('"'));
        let plain = operation.is_empty() || default.is_some_and(|text| !text.contains('$'));
        if variable.is_empty() || !plain {
            let hint = "of all expansions, ${NAME} and ${NAME:-default} are understood";
            return Err(fault(name, line, "has an expansion that only a shell has", hint));
        }
        for _ in 0..=operation.chars().count() {
            self.next();
        }
        let value = known(variable).filter(|value| !value.is_empty());
        word.push_str(&value.unwrap_or_else(|| default.unwrap_or_default().to_owned()));
        Ok(())
    }
}

fn unended(name: &str, line: usize) -> Error {
    fault(name, line, "has a quote or a brace without its end", "look for it from there on")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let known = |name: &str| (name == "OUTER").then(|| "outer".to_owned());
        let found = parse(text, known).unwrap();
        found.into_iter().map(|assignment| (assignment.name, assignment.value)).collect()
    }

    fn value(text: &str) -> String {
        values(&format!("A={text}")).remove(0).1
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(value("1"), "1");
        assert_eq!(value(r#""two words" # comment"#), "two words");
        assert_eq!(value(r#"'{"0x1": {"balance": "$1ETH"}}'"#), r#"{"0x1": {"balance": "$1ETH"}}"#);
        assert_eq!(value(r#""{\"a\": \"b\"}""#), r#"{"a": "b"}"#);
        assert_eq!(value("a'b'\"c\"\\ d"), "abc d");
        assert_eq!(value("$OUTER-${OUTER}"), "outer-outer");
        assert_eq!(value("\"${NONE:-x y}\"${OUTER:-z}"), "x youter");
        assert_eq!(value("${NONE:-\"\"}"), "");
        assert_eq!(value("'a\nb'"), "a\nb");
        assert_eq!(value("a#b"), "a#b");
        assert_eq!(value(""), "");
    }

    #[test]
    fn assignments_follow_each_other() {
        let text = "#!/bin/bash\nexport A=1 B=2; C=$A$B\r\n\n  export D=\"${C}\"";
        let pairs = values(text);
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "2"), ("C", "12"), ("D", "12")]);
        let lines = parse("A='\n\n'\nB=1", |_| None).unwrap();
        assert_eq!((lines[0].line, lines[1].line), (1, 4));
    }

    #[test]
    fn nothing_is_executed() {
        for text in [
            "A=$(date +%s)",
            "A=`date`",
            "A=\"$(date)\"",
            "echo hello",
            "A=1 && B=2",
            "A=\"x",
            "A='x",
            "A=${B",
            "A=${B##x}",
            "A=${B:-$C}",
            "source other.env",
            "if true; then",
            "A=(1 2)",
            "=1",
        ] {
            assert!(parse(text, |_| None).is_err(), "{text}");
        }
        assert_eq!(parse("A=1\nB=\"x", |_| None).unwrap_err().origin, Origin::File(2));
    }
}
