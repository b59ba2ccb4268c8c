//! The options in a TOML file: the names of the flags, with `_`.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::super::Failure;
use crate::creation::{NAMES, Options, Place, Value};
use crate::exit;
use crate::spelling;
use crate::yaml::shown;

/// Reads the options of a file.
///
/// # Errors
/// The text is not TOML, a key is unknown, or a value is neither a text, a number nor a list of them.
pub(super) fn read(file: &Path, text: &str) -> Result<Options, Failure> {
    let label = file.display().to_string();
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let wrong = |at: usize, problem: &str, hint: &str| {
        let message = format!("{label} line {}: {problem}", line(at));
        Failure::new(exit::INPUT, message, Some(hint))
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        // The first line: the parser's others may quote the file, which may have a mnemonic.
        let what = error.message().lines().next().unwrap_or_default();
        wrong(at, &format!("is not valid TOML: {what}"), "write NAME = VALUE, texts in quotes")
    })?;
    let mut options = Options::default();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        let name = key.get_ref();
        let Some(known) = NAMES.into_iter().find(|known| known == name) else {
            let hint = match spelling::nearest(name, NAMES) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("the keys are {}", NAMES.join(", ")),
            };
            return Err(wrong(at, &format!("{} is unknown", shown(name)), &hint));
        };
        let items: Vec<_> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut values = Vec::new();
        for item in items {
            let text = match item.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => integer(number.as_str(), number.radix()),
                DeValue::Float(number) => number.as_str().to_owned(),
                other => {
                    let problem = format!("{known} is a TOML {}", other.type_str());
                    let hint = "expected a text in quotes, a number, or a list of them";
                    return Err(wrong(item.span().start, &problem, hint));
                }
            };
            let place = Place::File(label.clone(), line(item.span().start));
            values.push(Value { text: text.into(), place });
        }
        options.set(known, values);
    }
    Ok(options)
}

/// A number of TOML, which has its digits without their prefix, as the flags write it.
fn integer(digits: &str, radix: u32) -> String {
    let digits = digits.trim_start_matches('+').replace('_', "");
    match radix {
        16 => format!("0x{digits}"),
        // Too many digits are no number of the flag, either.
        _ => u128::from_str_radix(&digits, radix).map_or(digits, |number| number.to_string()),
    }
}
