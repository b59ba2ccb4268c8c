//! Shell commands whose only effect is to set variables.

use std::collections::BTreeMap;

use super::Error;
use super::values::{Assignment, Script, error};

/// Builtins that assign the words after them.
const DECLARATIONS: [&str; 4] = ["export", "declare", "typeset", "readonly"];

/// A shell that executes nothing.
pub(super) struct Shell<'a> {
    pub(super) rest: &'a str,
    pub(super) line: usize,
    /// The variable that is being assigned, for messages.
    pub(super) subject: String,
    /// Whether the current text has no effect: a word that an expansion does not use.
    pub(super) idle: bool,
    /// The number of expansions around the current text.
    pub(super) depth: usize,
    known: &'a dyn Fn(&str) -> Option<String>,
    set: BTreeMap<String, Option<String>>,
    script: Script,
}

impl<'a> Shell<'a> {
    pub(super) fn new(text: &'a str, known: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
            subject: String::new(),
            idle: false,
            depth: 0,
            known,
            set: BTreeMap::new(),
            script: Script::default(),
        }
    }

    pub(super) fn into_script(self) -> Script {
        self.script
    }

    pub(super) fn error(&self, problem: &str, hint: &str) -> Error {
        error(&self.subject, self.line, problem, hint)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        self.line += usize::from(next == '\n');
        Some(next)
    }

    pub(super) fn take(&mut self, prefix: &str) -> bool {
        let found = self.rest.starts_with(prefix);
        if found {
            for _ in prefix.chars() {
                self.next();
            }
        }
        found
    }

    /// The value of a variable; `None` if it is not set.
    pub(super) fn value(&mut self, name: &str) -> Option<String> {
        self.script.used.insert(name.to_owned());
        match self.set.get(name) {
            Some(value) => value.clone(),
            None => (self.known)(name),
        }
    }

    pub(super) fn assign(&mut self, name: &str, value: String, line: usize) {
        if !self.idle {
            self.set.insert(name.to_owned(), Some(value.clone()));
            self.script.assignments.push(Assignment { name: name.to_owned(), value, line });
        }
    }

    /// Skips blanks and escaped line ends.
    fn skip_blanks(&mut self) {
        while self.take(" ")
            || self.take("\t")
            || self.take("\r")
            || self.take("\\\n")
            || self.take("\\\r\n")
        {}
    }

    fn skip_comment(&mut self) {
        if self.rest.starts_with('#') {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.rest = &self.rest[end..];
        }
    }

    pub(super) fn skip_to_command(&mut self) {
        loop {
            self.skip_blanks();
            self.skip_comment();
            if !(self.take("\n") || self.take(";")) {
                return;
            }
        }
    }

    /// Whether the command has another word.
    fn has_word(&mut self) -> bool {
        self.skip_blanks();
        self.skip_comment();
        !self.rest.is_empty() && !self.rest.starts_with(['\n', ';'])
    }

    pub(super) fn name(&mut self) -> &'a str {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !name(c)).unwrap_or(self.rest.len());
        let end = if self.rest.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end };
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }

    fn ends_here(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with([' ', '\t', '\r', '\n', ';'])
    }

    pub(super) fn command(&mut self) -> Result<(), Error> {
        let line = self.line;
        if self.take(":") && self.ends_here() {
            return self.words();
        }
        let name = self.name();
        if DECLARATIONS.contains(&name) && self.ends_here() {
            return self.declaration();
        }
        match name {
            "set" if self.ends_here() => self.words(),
            "unset" if self.ends_here() => self.unset(),
            name if self.assignment(name)? => Ok(()),
            _ => Err(not_an_assignment(line)),
        }
    }

    /// Parses an assignment to `name`. Returns whether there is one.
    fn assignment(&mut self, name: &str) -> Result<bool, Error> {
        let more = self.rest.starts_with("+=");
        if name.is_empty() || !(self.take("+=") || self.take("=")) {
            return Ok(false);
        }
        name.clone_into(&mut self.subject);
        let line = self.line;
        let before = if more { self.value(name).unwrap_or_default() } else { String::new() };
        let value = before + &self.word()?;
        self.assign(name, value, line);
        Ok(true)
    }

    fn declaration(&mut self) -> Result<(), Error> {
        while self.has_word() {
            let line = self.line;
            if self.take("-") || self.take("+") {
                self.name();
                continue;
            }
            let name = self.name();
            let bare = !name.is_empty() && self.ends_here();
            if !bare && !self.assignment(name)? {
                return Err(not_an_assignment(line));
            }
        }
        Ok(())
    }

    fn unset(&mut self) -> Result<(), Error> {
        while self.has_word() {
            let line = self.line;
            self.take("-v");
            self.skip_blanks();
            let name = self.name();
            if name.is_empty() || !self.ends_here() {
                return Err(not_an_assignment(line));
            }
            self.set.insert(name.to_owned(), None);
            self.script.assignments.retain(|assignment| assignment.name != name);
        }
        Ok(())
    }

    /// Parses the words of a command, whose expansions may assign variables.
    fn words(&mut self) -> Result<(), Error> {
        "a word".clone_into(&mut self.subject);
        while self.has_word() {
            self.word()?;
        }
        Ok(())
    }

    /// Parses the text up to an unquoted blank.
    fn word(&mut self) -> Result<String, Error> {
        let mut word = String::new();
        if self.rest.starts_with("~/") || self.rest.starts_with('~') && self.rest.len() == 1 {
            self.next();
            word.push_str(&self.value("HOME").unwrap_or_else(|| "~".to_owned()));
        }
        while !self.ends_here() {
            if self.take("\\\n") || self.take("\\\r\n") {
                continue;
            }
            if let Some(sign @ ('&' | '|' | '<' | '>' | '(' | ')')) = self.rest.chars().next() {
                let problem = format!("has an unquoted {sign}");
                return Err(self.error(&problem, "put the value in single quotes"));
            }
            self.piece(false, &mut word)?;
        }
        Ok(word)
    }
}

fn not_an_assignment(line: usize) -> Error {
    // Not quoted: it may be a word of a mnemonic without quotes.
    let hint = "write export NAME=value, with quotes around a value that has blanks";
    error("the line", line, "is not an assignment", hint)
}
