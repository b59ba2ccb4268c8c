//! Quotes of a word, and where its expansions begin, as bash has them.

use super::Error;
use super::expansion::UNDERSTOOD;
use super::shell::Shell;
use super::values::unended;

const WRITE_IT_OUT: &str = "nothing is executed here: write the value itself";

/// How deeply expansions may stand within each other.
const DEPTH: usize = 64;
/// The longest value in bytes: a file that doubles a value on each line ends somewhere.
const LONGEST: usize = 1 << 24;

impl Shell<'_> {
    /// A character, a quoted text or an expansion. `inside`: within double quotes.
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
            Some('`') => Err(self.fault("has a command in it", WRITE_IT_OUT)),
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
        Err(unended(&self.subject, line))
    }

    fn skip_command(&mut self) -> Result<(), Error> {
        let (line, mut depth) = (self.line, 1_usize);
        while depth > 0 {
            match self.next().ok_or_else(|| unended(&self.subject, line))? {
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
                None => return Err(unended(&self.subject, line)),
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
                return Err(unended(&self.subject, line));
            }
            self.piece(true, word)?;
        }
    }

    /// What follows a `$`.
    fn expansion(&mut self, inside: bool, word: &mut String) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.fault("has expansions nested too deeply", WRITE_IT_OUT));
        }
        let expanded = self.expanded(inside, word);
        self.depth -= 1;
        expanded?;
        if word.len() > LONGEST {
            return Err(self.fault("grows beyond 16 MB", "write a shorter value"));
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
            return Err(self.fault("has a command in it", WRITE_IT_OUT));
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
            let hint = "quote a $ that is meant as such: '$1' or \\$1";
            return Err(self.fault("has a parameter that only a running shell has", hint));
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
            match self.next().ok_or_else(|| unended(&self.subject, line))? {
                '\'' => return Ok(()),
                '\\' => match self.next() {
                    Some('n') => word.push('\n'),
                    Some('t') => word.push('\t'),
                    Some('r') => word.push('\r'),
                    Some(next @ ('\\' | '\'' | '"' | '?')) => word.push(next),
                    _ => return Err(self.fault("has an escape in $'…'", UNDERSTOOD)),
                },
                other => word.push(other),
            }
        }
    }
}
