//! Expansions in braces, as in bash.

use super::Error;
use super::arithmetic;
use super::pattern::{self, Pattern};
use super::shell::Shell;
use super::values::{error, unclosed};

/// The remedy for an unsupported expansion.
pub(super) const SUPPORTED: &str = "write the value itself: only ${NAME}, its defaults, substrings and \
                                    replacements are supported";

impl Shell<'_> {
    /// Parses the text between `${` and `}`.
    pub(super) fn braces(&mut self, inside: bool, line: usize) -> Result<String, Error> {
        let unknown =
            |shell: &Self| error(&shell.subject, line, "has an unsupported expansion", SUPPORTED);
        let length = self.rest.starts_with('#') && !self.rest.starts_with("#}") && self.take("#");
        let indirect = !length && self.take("!");
        let mut name = self.name().to_owned();
        if name.is_empty() {
            return Err(if self.rest.contains('}') {
                unknown(self)
            } else {
                self.not_closed(line)
            });
        }
        if indirect {
            name = self.value(&name).unwrap_or_default();
        }
        let value = self.value(&name);
        if self.take("}") {
            let value = value.unwrap_or_default();
            return Ok(if length { value.chars().count().to_string() } else { value });
        }
        if length {
            return Err(unknown(self));
        }
        let colon = self.rest.starts_with(':')
            && self.rest[1..].starts_with(['-', '=', '+', '?'])
            && self.take(":");
        let given = value.clone().filter(|value| !colon || !value.is_empty());
        let text = value.unwrap_or_default();
        if self.take("-") {
            let default = self.branch(given.is_some(), inside, line)?;
            return Ok(given.unwrap_or(default));
        }
        if self.take("=") {
            let default = self.branch(given.is_some(), inside, line)?;
            return Ok(given.unwrap_or_else(|| {
                self.assign(&name, default.clone(), line);
                default
            }));
        }
        if self.take("+") {
            let word = self.branch(given.is_none(), inside, line)?;
            return Ok(given.map_or_else(String::new, |_| word));
        }
        if self.take("?") {
            self.branch(true, inside, line)?;
            let unset = || {
                let problem = format!("needs {name}, which is not set");
                error(&self.subject, line, &problem, "set it before this line")
            };
            return given.ok_or_else(unset);
        }
        self.edited(&text, line).and_then(|edited| edited.ok_or_else(|| unknown(self)))
    }

    /// Applies `#`, `%`, `/`, `:` or a change of case to a value. `None`: none of them follows.
    fn edited(&mut self, text: &str, line: usize) -> Result<Option<String>, Error> {
        for (sign, longest) in [("##", true), ("#", false), ("%%", true), ("%", false)] {
            if self.take(sign) {
                let pattern = self.pattern(&['}'], line)?;
                self.close(line)?;
                let front = sign.starts_with('#');
                return Ok(Some(pattern::without(text, &pattern, front, longest)));
            }
        }
        for (sign, all) in [("//", true), ("/", false)] {
            if self.take(sign) {
                let at = if self.take("#") {
                    pattern::At::Front
                } else if self.take("%") {
                    pattern::At::End
                } else {
                    pattern::At::Anywhere { all }
                };
                let pattern = self.pattern(&['/', '}'], line)?;
                let with =
                    if self.take("/") { self.until_brace(false, line)? } else { String::new() };
                self.close(line)?;
                return Ok(Some(pattern::replaced(text, &pattern, &with, at)));
            }
        }
        for (sign, upper, all) in
            [("^^", true, true), ("^", true, false), (",,", false, true), (",", false, false)]
        {
            if self.take(sign) {
                if !self.take("}") {
                    return Ok(None);
                }
                return Ok(Some(pattern::cased(text, upper, all)));
            }
        }
        if self.take(":") {
            return self.substring(text, line).map(Some);
        }
        Ok(None)
    }

    fn substring(&mut self, text: &str, line: usize) -> Result<String, Error> {
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let expression = self.raw(&[':', '}'], line)?;
        let from = arithmetic::evaluate(&expression, self, line)?;
        let from = if from < 0 { count + from } else { from };
        let mut to = count;
        if self.take(":") {
            let expression = self.raw(&['}'], line)?;
            let length = arithmetic::evaluate(&expression, self, line)?;
            to = if length < 0 { count + length } else { from.saturating_add(length) };
        }
        self.close(line)?;
        if !(0..=count).contains(&from) || to < from {
            return Ok(String::new());
        }
        let index = |number: i64| usize::try_from(number).unwrap_or_default();
        Ok(text.chars().skip(index(from)).take(index(to - from)).collect())
    }

    fn not_closed(&self, line: usize) -> Error {
        unclosed(&self.subject, line)
    }

    fn close(&mut self, line: usize) -> Result<(), Error> {
        if self.take("}") { Ok(()) } else { Err(self.not_closed(line)) }
    }

    /// Parses the word of an expansion and the closing brace. `idle`: the word is not used.
    fn branch(&mut self, idle: bool, inside: bool, line: usize) -> Result<String, Error> {
        let before = self.idle;
        self.idle |= idle;
        let word = self.until_brace(inside, line).and_then(|word| self.close(line).map(|()| word));
        self.idle = before;
        word
    }

    fn until_brace(&mut self, inside: bool, line: usize) -> Result<String, Error> {
        let mut word = String::new();
        while !self.rest.starts_with('}') {
            if self.rest.is_empty() {
                return Err(self.not_closed(line));
            }
            self.piece(inside, &mut word)?;
        }
        Ok(word)
    }

    /// Parses a pattern, in which quoted characters are literal.
    fn pattern(&mut self, ends: &[char], line: usize) -> Result<Pattern, Error> {
        let mut pattern = Pattern::default();
        while !self.rest.starts_with(ends) {
            let quoted = self.rest.starts_with(['\'', '"', '\\']);
            if self.rest.is_empty() {
                return Err(self.not_closed(line));
            }
            let mut piece = String::new();
            self.piece(false, &mut piece)?;
            pattern.push(&piece, quoted);
        }
        Ok(pattern)
    }

    /// Parses the text of an expression.
    fn raw(&mut self, ends: &[char], line: usize) -> Result<String, Error> {
        let mut text = String::new();
        while !self.rest.starts_with(ends) {
            if self.rest.is_empty() {
                return Err(self.not_closed(line));
            }
            self.piece(true, &mut text)?;
        }
        Ok(text)
    }

    /// Evaluates the text between `$((` and `))`.
    pub(super) fn arithmetic(&mut self, line: usize) -> Result<i64, Error> {
        let (mut text, mut depth) = (String::new(), 0_usize);
        loop {
            if depth == 0 && self.take("))") {
                return arithmetic::evaluate(&text, self, line);
            }
            match self.rest.chars().next() {
                None => return Err(self.not_closed(line)),
                Some('(') => depth += 1,
                Some(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.piece(true, &mut text)?;
        }
    }
}
