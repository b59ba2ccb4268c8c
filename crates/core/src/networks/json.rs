//! JSON values that know their line.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Error, Problem};
use crate::yaml::shown;

/// A value of the file, and its JSON path.
#[derive(Clone)]
pub(super) struct At<'a> {
    text: &'a str,
    raw: &'a str,
    pub(super) path: String,
}

impl<'a> At<'a> {
    /// The document.
    pub(super) fn document(text: &'a [u8]) -> Result<Self, Error> {
        let syntax =
            |line, what: String| Error { line, field: String::new(), problem: Problem::Json(what) };
        let text = std::str::from_utf8(text).map_err(|error| {
            let line = 1 + memchr::memchr_iter(b'\n', &text[..error.valid_up_to()]).count() as u64;
            syntax(line, "it is not UTF-8".to_owned())
        })?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            syntax(error.line().max(1) as u64, what.to_owned())
        })?;
        Ok(Self { text, raw: raw.get(), path: String::new() })
    }

    /// Line of the value in the file, from 1.
    fn line(&self) -> u64 {
        // `raw` is a part of `text`.
        let offset = self.raw.as_ptr() as usize - self.text.as_ptr() as usize;
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..offset]).count() as u64
    }

    pub(super) fn error(&self, problem: Problem) -> Error {
        Error { line: self.line(), field: self.path.clone(), problem }
    }

    /// The same error at a member that need not exist.
    pub(super) fn error_at(&self, member: &str, problem: Problem) -> Error {
        Error { line: self.line(), field: self.member_path(member), problem }
    }

    pub(super) fn invalid(&self, expected: impl Into<String>) -> Error {
        let value = match self.raw.as_bytes()[0] {
            b'{' => "an object".to_owned(),
            b'[' => "a list".to_owned(),
            b'"' => shown(&self.text_value().unwrap_or_default()),
            _ => self.raw.to_owned(),
        };
        self.error(Problem::Invalid { value, expected: expected.into() })
    }

    fn member_path(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    fn part(&self, raw: &'a RawValue, path: String) -> Self {
        Self { text: self.text, raw: raw.get(), path }
    }

    /// The members of an object, in their order.
    pub(super) fn members(&self) -> Result<Vec<(String, Self)>, Error> {
        if !self.raw.starts_with('{') {
            return Err(self.invalid("an object"));
        }
        let members: Members<'a> = serde_json::from_str(self.raw)
            .map_err(|error| self.error(Problem::Json(error.to_string())))?;
        let at = |(name, raw): (String, &'a RawValue)| {
            let path = self.member_path(&shortened(&name));
            (name, self.part(raw, path))
        };
        Ok(members.0.into_iter().map(at).collect())
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> Result<Vec<Self>, Error> {
        if !self.raw.starts_with('[') {
            return Err(self.invalid("a list"));
        }
        let elements: Vec<&'a RawValue> = serde_json::from_str(self.raw)
            .map_err(|error| self.error(Problem::Json(error.to_string())))?;
        let at = |(index, raw)| self.part(raw, format!("{}[{index}]", self.path));
        Ok(elements.into_iter().enumerate().map(at).collect())
    }

    /// A string; `None` for another type.
    pub(super) fn text_value(&self) -> Option<String> {
        serde_json::from_str(self.raw).ok()
    }

    /// A whole number without quotes; `None` for another type.
    pub(super) fn number(&self) -> Option<u64> {
        serde_json::from_str(self.raw).ok()
    }
}

/// A key of the file in a message: a secret may be in its place.
fn shortened(name: &str) -> String {
    if name.chars().count() > 44 { shown(name) } else { name.to_owned() }
}

/// The members of an object, where a key may repeat.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object).map(Members)
    }
}
