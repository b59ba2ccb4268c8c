//! Config files in TOML, YAML and JSON whose single values are read and replaced.
//!
//! A parser of the format finds the bytes of each value. A change replaces these bytes and no others:
//! comments, order, blank lines and numbers of any size stay as they are.

mod json;
mod toml;
mod yaml;

use std::fmt;
use std::ops::Range;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML with one document.
    Yaml,
    /// JSON.
    Json,
}

/// A text, number or switch of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The keys that lead to it; an element of a list has its number, from 0.
    pub path: Vec<String>,
    /// Its text, without quotes.
    pub value: String,
    /// Its bytes in the file, with quotes.
    span: Range<usize>,
}

/// A file and its values. It may have passwords, so `Debug` prints none.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    format: Format,
    text: String,
    scalars: Vec<Scalar>,
}

/// A file is not of its format, or a value of it cannot be replaced. No message quotes the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not UTF-8.
    #[error("is not UTF-8 text")]
    NotText,
    /// The parser refuses it.
    #[error("line {line}: is not valid {format}")]
    Syntax {
        /// Its format.
        format: Format,
        /// The line, from 1.
        line: usize,
    },
    /// A new value would change others.
    #[error("{field} cannot be replaced")]
    Fixed {
        /// The keys of the value, with dots between them.
        field: String,
    },
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Json => "JSON",
        })
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scalar({})", self.field())
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} values)", self.format, self.scalars.len())
    }
}

impl Format {
    /// The format that the end of a file's name says.
    pub fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Scalar {
    /// Its keys, with dots between them.
    pub fn field(&self) -> String {
        self.path.join(".")
    }
}

impl Document {
    /// Parses a file.
    ///
    /// # Errors
    /// It is not of this format.
    pub fn parse(format: Format, bytes: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::NotText)?.to_owned();
        let mut scalars = match format {
            Format::Toml => toml::scalars(&text),
            Format::Yaml => yaml::scalars(&text),
            Format::Json => json::scalars(&text),
        }
        .map_err(|line| Error::Syntax { format, line })?;
        scalars.sort_by_key(|scalar| scalar.span.start);
        Ok(Self { format, text, scalars })
    }

    /// Its values, in the order of the file.
    pub fn scalars(&self) -> &[Scalar] {
        &self.scalars
    }

    /// The value with these keys.
    pub fn get(&self, path: &[&str]) -> Option<&str> {
        let found = self.scalars.iter().find(|scalar| scalar.path == path);
        found.map(|scalar| scalar.value.as_str())
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same file with other values at these places in [`Document::scalars`].
    ///
    /// # Errors
    /// A value has characters that would end its quotes.
    pub fn with(&self, changes: &[(usize, String)]) -> Result<Self, Error> {
        let mut text = self.text.clone();
        let mut expected = self.scalars.clone();
        let mut changes: Vec<_> = changes.iter().collect();
        changes.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
        for (index, value) in changes {
            let Some(scalar) = expected.get_mut(*index) else { continue };
            scalar.value.clone_from(value);
            let range = scalar.span.clone();
            let found = text.get(range.clone()).unwrap_or_default();
            let quotes = quotes(found);
            let new = format!("{quotes}{value}{quotes}");
            text.replace_range(range, &new);
        }
        let new = Self::parse(self.format, text.as_bytes())?;
        let same = |(old, new): (&Scalar, &Scalar)| old.path == new.path && old.value == new.value;
        let different = expected.iter().zip(&new.scalars).find(|pair| !same(*pair));
        match different {
            Some((old, _)) => Err(Error::Fixed { field: old.field() }),
            None if new.scalars.len() == expected.len() => Ok(new),
            None => Err(Error::Fixed { field: "the last value".to_owned() }),
        }
    }
}

/// The quotes with which a value starts and ends.
fn quotes(raw: &str) -> &str {
    let Some(first) = raw.chars().next().filter(|first| ['"', '\''].contains(first)) else {
        return "";
    };
    let run = raw.len() - raw.trim_start_matches(first).len();
    // TOML has texts of several lines in three quotes; two are an empty text.
    if run >= 3 && raw.len() >= 6 { &raw[..3] } else { &raw[..1] }
}

#[cfg(test)]
mod tests;
