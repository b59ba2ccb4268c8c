//! The values of a JSON file. Numbers stay text: chain specs of cdk-erigon have some with 49 digits.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Scalar;

/// The deepest nesting of objects and lists.
const MAX_DEPTH: usize = 64;

/// The values of a file.
///
/// # Errors
/// The line, from 1, that is not JSON.
pub(super) fn scalars(text: &str) -> Result<Vec<Scalar>, usize> {
    let all: &RawValue = serde_json::from_str(text).map_err(|error| error.line().max(1))?;
    let mut found = Vec::new();
    let walk = Walk { start: text.as_ptr().addr(), text };
    walk.add(all.get(), &mut Vec::new(), &mut found)?;
    Ok(found)
}

struct Walk<'a> {
    /// The address of the file's first byte: a value is a part of the file.
    start: usize,
    text: &'a str,
}

impl<'a> Walk<'a> {
    fn add(
        &self,
        raw: &'a str,
        path: &mut Vec<String>,
        found: &mut Vec<Scalar>,
    ) -> Result<(), usize> {
        let at = raw.as_ptr().addr().saturating_sub(self.start);
        let line = || 1 + self.text.get(..at).unwrap_or_default().matches('\n').count();
        if path.len() > MAX_DEPTH {
            return Err(line());
        }
        match raw.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = parsed(raw, line)?;
                for (key, member) in members {
                    path.push(key);
                    self.add(member.get(), path, found)?;
                    path.pop();
                }
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = parsed(raw, line)?;
                for (index, item) in items.into_iter().enumerate() {
                    path.push(index.to_string());
                    self.add(item.get(), path, found)?;
                    path.pop();
                }
            }
            Some(b'"') => {
                let value: String = parsed(raw, line)?;
                found.push(Scalar { path: path.clone(), value, span: at..at + raw.len() });
            }
            _ => {
                let span = at..at + raw.len();
                found.push(Scalar { path: path.clone(), value: raw.to_owned(), span });
            }
        }
        Ok(())
    }
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a str, line: impl Fn() -> usize) -> Result<T, usize> {
    serde_json::from_str(raw).map_err(|_| line())
}
