//! Quotes and expansions in a word, as in bash.

use super::Error;
use super::expansion::SUPPORTED;
use super::shell::Shell;
use super::values::unclosed;

const WRITE_IT_OUT: &str = "write the value itself: nothing is executed here";

/// The limit of nested expansions.
const MAX_DEPTH: usize = 64;
/// The limit of a value in bytes, for a file that doubles a value on each line.
const MAX_LENGTH: usize = 1 << 24;

impl Shell<'_> {
    /// Parses a character, a quoted text or an expansion. `inside`: in double quotes.
    pub(super) fn piece(&mut self, inside: bool, word: &mut String) -> Result<(), Error> {
        match self.next() {
            Some('\'') if !inside => self.literal(word),
            Some('"') => self.quoted(word),
            Some('\\') => {
                self.escape(inside, word);
                Ok(())
            }
            Some('$') => self.expansion(inside, word),
            Some('`') if self.idle => self.skip_until('`'),
            Some('`') => Err(self.error("contains a command", WRITE_IT_OUT)),
            other => {
                word.extend(other);
                Ok(())
            }
        }
    }

    fn escape(&mut self, inside: bool, word: &mut String) {
        match self.next() {
            Some('\n') => {}
            Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
            next => {
                if inside {
                    word.push('\\');
                }
                word.extend(next);
            }
        }
    }

    fn skip_until(&mut self, end: char) -> Result<(), Error> {
        let line = self.line;
        while let Some(next) = self.next() {
            if next == end {
                return Ok(());
            }
        }
        Err(unclosed(&self.subject, line))
    }

    fn skip_command(&mut self) -> Result<(), Error> {
        let (line, mut depth) = (self.line, 1_usize);
        while depth > 0 {
            match self.next().ok_or_else(|| unclosed(&self.subject, line))? {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn literal(&mut self, word: &mut String) -> Result<(), Error> {
        let line = self.line;
        loop {
            match self.next() {
                None => return Err(unclosed(&self.subject, line)),
                Some('\'') => return Ok(()),
                other => word.extend(other),
            }
        }
    }

    fn quoted(&mut self, word: &mut String) -> Result<(), Error> {
        let line = self.line;
        loop {
            if self.take("\"") {
                return Ok(());
            }
            if self.rest.is_empty() {
                return Err(unclosed(&self.subject, line));
            }
            self.piece(true, word)?;
        }
    }

    /// Parses the text after a `$`.
    fn expansion(&mut self, inside: bool, word: &mut String) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("has expansions nested too deeply", WRITE_IT_OUT));
        }
        let expanded = self.expanded(inside, word);
        self.depth -= 1;
        expanded?;
        if word.len() > MAX_LENGTH {
            return Err(self.error("grows beyond 16 MB", "write a shorter value"));
        }
        Ok(())
    }

    fn expanded(&mut self, inside: bool, word: &mut String) -> Result<(), Error> {
        let line = self.line;
        if self.take("((") {
            let number = self.arithmetic(line)?;
            word.push_str(&number.to_string());
            return Ok(());
        }
        if self.take("(") {
            if self.idle {
                return self.skip_command();
            }
            return Err(self.error("contains a command", WRITE_IT_OUT));
        }
        if self.take("{") {
            let value = self.braces(inside, line)?;
            word.push_str(&value);
            return Ok(());
        }
        if !inside && self.take("'") {
            return self.ansi(line, word);
        }
        if !inside && self.take("\"") {
            return self.quoted(word);
        }
        if self.rest.starts_with(|c: char| c.is_ascii_digit() || "@*#?!-".contains(c)) {
            let hint = "quote a literal $: '$1' or \\$1";
            return Err(self.error("has a parameter that only a running shell has", hint));
        }
        match self.name() {
            "" => word.push('$'),
            variable => word.push_str(&self.value(variable).unwrap_or_default()),
        }
        Ok(())
    }

    /// `$'…'`.
    fn ansi(&mut self, line: usize, word: &mut String) -> Result<(), Error> {
        loop {
            match self.next().ok_or_else(|| unclosed(&self.subject, line))? {
                '\'' => return Ok(()),
                '\\' => match self.next() {
                    Some('n') => word.push('\n'),
                    Some('t') => word.push('\t'),
                    Some('r') => word.push('\r'),
                    Some(next @ ('\\' | '\'' | '"' | '?')) => word.push(next),
                    _ => return Err(self.error("has an unsupported escape in $'…'", SUPPORTED)),
                },
                other => word.push(other),
            }
        }
    }
}
