//! The values of a TOML file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Scalar;

/// The values of a file.
///
/// # Errors
/// The line, from 1, that is not TOML.
pub(super) fn scalars(text: &str) -> Result<Vec<Scalar>, usize> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        1 + text.get(..at).unwrap_or(text).matches('\n').count()
    })?;
    let mut found = Vec::new();
    add_table(table.get_ref(), text, &mut Vec::new(), &mut found);
    Ok(found)
}

fn add_table(table: &DeTable<'_>, text: &str, path: &mut Vec<String>, found: &mut Vec<Scalar>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        add(value, text, path, found);
        path.pop();
    }
}

fn add(value: &Spanned<DeValue<'_>>, text: &str, path: &mut Vec<String>, found: &mut Vec<Scalar>) {
    let span = value.span();
    let raw = || text.get(span.clone()).unwrap_or_default().to_owned();
    let value = match value.get_ref() {
        DeValue::Table(table) => return add_table(table, text, path, found),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                add(item, text, path, found);
                path.pop();
            }
            return;
        }
        DeValue::String(value) => value.to_string(),
        _ => raw(),
    };
    found.push(Scalar { path: path.clone(), value, span });
}
