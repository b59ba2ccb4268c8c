//! Writes JSON values as YAML in block style.

use std::fmt::Write as _;

use serde_json::Value;

/// The documents of a file. `null` in a mapping, and empty sequences, are left out.
pub(super) fn documents(documents: Vec<Value>) -> String {
    let text = |mut document: Value| {
        tidy(&mut document);
        let mut out = String::new();
        write(&document, 0, &mut out);
        out
    };
    documents.into_iter().map(text).collect::<Vec<_>>().join("---\n")
}

fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| {
                !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
            });
            members.values_mut().for_each(tidy);
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Writes a value from the start of a line.
fn write(value: &Value, depth: usize, out: &mut String) {
    let indent = 2 * depth;
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (index, (key, value)) in members.iter().enumerate() {
                // The first key of a mapping in a sequence follows the dash.
                let indent = if index == 0 && is_after_dash(out) { 0 } else { indent };
                let _ = write!(out, "{:indent$}{}:", "", scalar_text(key));
                below(value, depth, out);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            for value in values {
                let _ = write!(out, "{:indent$}- ", "");
                match value {
                    Value::Object(members) if !members.is_empty() => write(value, depth + 1, out),
                    value => {
                        let _ = writeln!(out, "{}", scalar(value));
                    }
                }
            }
        }
        value => {
            let _ = writeln!(out, "{}", scalar(value));
        }
    }
}

/// Writes the value of a key.
fn below(value: &Value, depth: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(values) => !values.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        write(value, depth + 1, out);
    } else {
        out.push(' ');
        let _ = writeln!(out, "{}", scalar(value));
    }
}

fn is_after_dash(out: &str) -> bool {
    out.ends_with("- ")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => scalar_text(text),
        // Empty collections are the same in both languages.
        value => value.to_string(),
    }
}

/// Plain if no reader can take it for anything but this text; the strings of JSON are double-quoted scalars
/// of YAML.
fn scalar_text(text: &str) -> String {
    let starts_as_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let is_other = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if starts_as_word && is_word && !is_other {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_blocks() {
        let value = json!({
            "args": ["a b", "--x=1", "no", "12", "plain/word.1"],
            "empty": {},
            "gone": null,
            "list": [{"a": 1, "b": [{"c": true}]}, {"d": {"e": "f"}}],
            "none": [],
        });
        let expected = "\
args:
  - \"a b\"
  - \"--x=1\"
  - \"no\"
  - \"12\"
  - plain/word.1
empty: {}
list:
  - a: 1
    b:
      - c: true
  - d:
      e: f
";
        assert_eq!(documents(vec![value]), expected);
        assert_eq!(documents(vec![json!({"a": 1}), json!({"b": 2})]), "a: 1\n---\nb: 2\n");
    }
}
