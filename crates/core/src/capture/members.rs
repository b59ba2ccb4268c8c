//! The members of a JSON object as raw text, in their order.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::el::genesis::Member;

/// Raw JSON values by key, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((key, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl Members {
    /// The members of an object.
    ///
    /// # Errors
    /// The text is not an object.
    pub fn parse(object: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(object)
    }

    /// The members of a genesis besides its alloc.
    pub fn of(members: &[Member]) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self(members.iter().map(|member| (text(&member.key), text(&member.value))).collect())
    }

    /// The raw value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, key: &str, value: impl ToString) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value.to_string(),
            None => self.0.push((key.to_owned(), value.to_string())),
        }
    }

    /// The object with one member per line, indented by `indent` blanks.
    pub fn to_json(&self, indent: usize) -> String {
        let blank = " ".repeat(indent);
        let line = |(key, value): &(String, String)| {
            format!("{blank}  {}: {value}", Value::from(key.as_str()))
        };
        let lines: Vec<_> = self.0.iter().map(line).collect();
        format!("{{\n{}\n{blank}}}", lines.join(",\n"))
    }
}
