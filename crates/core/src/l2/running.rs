//! Compares the config of a running op-node with `rollup.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::{Error, Part, Problem};
use super::rollup::{Rollup, is_time};

/// A field that op-node has another value for.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its JSON path.
    pub field: String,
    /// The value in `rollup.json`.
    pub file: String,
    /// The value of op-node.
    pub node: String,
}

/// The fields of op-node's answer to `optimism_rollupConfig` that differ from `rollup`, and the number of
/// those that were compared. A field that op-node does not know has no effect, unless it is a time.
///
/// # Errors
/// The answer is not a JSON object.
pub fn differences(rollup: &Rollup, answer: &[u8]) -> Result<(Vec<Difference>, usize), Error> {
    let answer: Value = serde_json::from_slice(answer)
        .map_err(|error| Error::new(Part::Rollup, "", Problem::Json(error.to_string())))?;
    if !answer.is_object() {
        return Err(Error::new(Part::Rollup, "", Problem::Json("expected `{`".to_owned())));
    }
    let (mut file, mut node) = (BTreeMap::new(), BTreeMap::new());
    rollup.members().for_each(|(key, value)| leaves(key.clone(), value, &mut file));
    leaves(String::new(), &answer, &mut node);
    let compared = node.len();
    let shown =
        |value: Option<&Value>| value.map_or_else(|| "not set".to_owned(), Value::to_string);
    let mut differences = Vec::new();
    let mut add = |field: &String, file: Option<&Value>, node: Option<&Value>| {
        let (file, node) = (shown(file), shown(node));
        differences.push(Difference { field: field.clone(), file, node });
    };
    for (field, value) in &node {
        match file.get(field) {
            Some(ours) if is_equal(ours, value) => {}
            None if is_zero(value) && !is_time(field) => {}
            ours => add(field, ours.copied(), Some(value)),
        }
    }
    for (field, value) in file.iter().filter(|(field, _)| is_time(field)) {
        if !node.contains_key(field) {
            add(field, Some(value), None);
        }
    }
    Ok((differences, compared))
}

/// The values of `value` that are not objects, by path; `null` is not a value.
fn leaves<'a>(path: String, value: &'a Value, out: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(path, value, out);
            }
        }
        value => {
            out.insert(path, value);
        }
    }
}

/// Addresses and hashes may differ in case.
fn is_equal(one: &Value, other: &Value) -> bool {
    let texts = one.as_str().zip(other.as_str());
    texts.map_or(one == other, |(one, other)| one.eq_ignore_ascii_case(other))
}

/// Whether a value is the one of a field that is not set.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim_start_matches("0x").bytes().all(|byte| byte == b'0'),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Bool(set) => !set,
        _ => false,
    }
}
