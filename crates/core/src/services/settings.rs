//! The user's settings: images, ports, addresses. `settings.env` has the names and the defaults.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// `settings.env`: a line `NAME=default` for each setting, and comments.
pub const FILE: &str = include_str!("settings.env");

/// A named value that the user can set, in the shell or in `.env`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The environment variable.
    pub name: Cow<'static, str>,
    /// Its value where the variable is unset or empty.
    pub default: Cow<'static, str>,
}

impl Setting {
    /// The setting `name` of `settings.env`. A constant with a name that is missing there does not
    /// compile.
    pub(super) const fn named(name: &'static str) -> Self {
        Self::with_default(name, default_of(name))
    }

    /// A setting whose default depends on where it is used.
    pub(super) const fn with_default(name: &'static str, default: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), default: Cow::Borrowed(default) }
    }
}

const fn default_of(name: &str) -> &'static str {
    let (text, name) = (FILE.as_bytes(), name.as_bytes());
    let mut start = 0;
    while start < text.len() {
        let mut end = start;
        while end < text.len() && text[end] != b'\n' {
            end += 1;
        }
        let value = start + name.len() + 1;
        if value <= end && text[value - 1] == b'=' && is_at(text, start, name) {
            return FILE.split_at(end).0.split_at(value).1;
        }
        start = end + 1;
    }
    panic!("settings.env lacks this setting")
}

const fn is_at(text: &[u8], start: usize, name: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() {
        if text[start + at] != name[at] {
            return false;
        }
        at += 1;
    }
    true
}
