//! Flags with a value for each L2: `NAME=VALUE`.

use std::collections::BTreeMap;

use super::{Failure, given_list};
use crate::snapshot::is_l2_name;

/// The values of `flag` by name.
///
/// # Errors
/// A text has another form, or names an L2 twice.
pub(super) fn named(flag: &str, texts: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = BTreeMap::new();
    for text in given_list(texts) {
        // The value may be a URL with a password: it is not quoted.
        let wrong = |what: &str| {
            Err(Failure::usage(format!("{flag} {what}"), &format!("for example {flag} op=VALUE")))
        };
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let (name, value) = (name.trim(), value.trim());
        if value.is_empty() {
            return wrong("is not NAME=VALUE");
        }
        if !is_l2_name(name) {
            return wrong(&format!(
                "names the L2 {name:?}, expected lower case letters, digits and `-`, at most 40"
            ));
        }
        if all.insert(name.to_owned(), value.to_owned()).is_some() {
            return wrong(&format!("is given twice for {name}"));
        }
    }
    Ok(all)
}
