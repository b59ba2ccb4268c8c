//! JSON that may be invalid: raw values, any spelling of keys, any whitespace.

use super::rng::Rng;

#[derive(Clone)]
pub enum Json {
    /// A value as raw text.
    Raw(String),
    /// Keys as spelled between the quotes, with their values.
    Object(Vec<(String, Json)>),
}

/// A change at a path of a document. A path is keys joined by dots; `*` is the first key.
pub enum Change {
    /// Sets a raw value.
    Set(&'static str, &'static str),
    /// Sets nested arrays of this depth.
    Nest(&'static str, usize),
    /// Removes the member.
    Remove(&'static str),
    /// Renames the member.
    Rename(&'static str, &'static str),
    /// Changes the written text.
    Text(fn(&mut Rng, Vec<u8>) -> Vec<u8>),
}

impl Json {
    pub fn raw(text: impl ToString) -> Self {
        Self::Raw(text.to_string())
    }

    pub fn quoted(text: impl AsRef<str>) -> Self {
        Self::Raw(format!("\"{}\"", text.as_ref()))
    }

    fn member(&mut self, path: &str) -> (&mut Vec<(String, Json)>, usize) {
        let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
        if let Self::Raw(_) = self {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(members) = self else { unreachable!() };
        let found = members.iter().position(|(key, _)| first == "*" || key == first);
        let index = found.unwrap_or_else(|| {
            members.push((first.to_owned(), Self::raw("0")));
            members.len() - 1
        });
        match rest {
            None => (members, index),
            Some(rest) => members[index].1.member(rest),
        }
    }

    /// Applies `change` and writes the document.
    pub fn written(mut self, change: &Change, rng: &mut Rng) -> Vec<u8> {
        let mut set = |path, value| {
            let (members, index) = self.member(path);
            members[index].1 = Self::Raw(value);
        };
        match *change {
            Change::Set(path, value) => set(path, value.to_owned()),
            Change::Nest(path, depth) => set(path, "[".repeat(depth) + &"]".repeat(depth)),
            Change::Remove(path) => {
                let (members, index) = self.member(path);
                members.remove(index);
            }
            Change::Rename(path, key) => {
                let (members, index) = self.member(path);
                key.clone_into(&mut members[index].0);
            }
            Change::Text(edit) => {
                let text = self.text(rng).into_bytes();
                return edit(rng, text);
            }
        }
        self.text(rng).into_bytes()
    }

    /// Writes the document: compact, indented, or with random whitespace.
    pub fn text(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        let style = rng.pick(&[Style::Compact, Style::Indented, Style::Scattered]);
        self.write(style, 0, rng, &mut out);
        out
    }

    fn write(&self, style: Style, level: usize, rng: &mut Rng, out: &mut String) {
        let Self::Object(members) = self else {
            let Self::Raw(raw) = self else { unreachable!() };
            return out.push_str(raw);
        };
        out.push('{');
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                style.blank(level + 1, rng, out);
                out.push(',');
            }
            style.line(level + 1, rng, out);
            out.extend(["\"", key.as_str(), "\""]);
            style.blank(level, rng, out);
            out.push(':');
            style.blank(level, rng, out);
            value.write(style, level + 1, rng, out);
        }
        style.line(level, rng, out);
        out.push('}');
    }
}

#[derive(Clone, Copy)]
enum Style {
    Compact,
    Indented,
    Scattered,
}

impl Style {
    fn line(self, level: usize, rng: &mut Rng, out: &mut String) {
        match self {
            Self::Indented => out.extend(["\n", &"  ".repeat(level)]),
            _ => self.blank(level, rng, out),
        }
    }

    fn blank(self, _level: usize, rng: &mut Rng, out: &mut String) {
        if let Self::Scattered = self {
            out.push_str(rng.pick(&["", "", "", " ", "\t", "\n", "\r\n", " \t \r"]));
        }
    }
}
