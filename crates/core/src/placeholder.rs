//! Values that a template's author left for others to fill in.

/// The hint for a variable that no shell expanded.
pub const VARIABLE: &str = "this is a variable that no shell expanded: write its value, or run \
                            envsubst < template > file";
const PLACEHOLDER: &str = "this is a placeholder: write a value in its place";

/// Words of placeholders, in lower case.
const WORDS: [&str; 7] =
    ["placeholder", "replace", "your", "todo", "fixme", "changeme", "change_me"];
/// Pairs of characters around placeholders.
const BRACKETS: [(char, char); 2] = [('<', '>'), ('{', '}')];

/// The hint for a value that is a placeholder, or an unexpanded variable.
pub fn hint(value: &str) -> Option<&'static str> {
    if let Some(hint) = variable(value) {
        return Some(hint);
    }
    let text = value.trim_matches('"').to_lowercase();
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    let is_bracketed =
        BRACKETS.iter().any(|(open, close)| text.contains(*open) && text.contains(*close));
    // Objects are values of another type, and not placeholders.
    let is_bracketed = is_bracketed && !value.starts_with('{');
    let is_masked =
        digits.len() > 2 && digits.bytes().all(|byte| matches!(byte, b'x' | b'.' | b'?'));
    let has_word = WORDS.iter().any(|word| text.contains(word));
    (is_bracketed || is_masked || has_word).then_some(PLACEHOLDER)
}

/// The hint for a text that has `$NAME` or `${NAME}`. Unlike [`hint`], it is also for phrases and paths,
/// which may have any word.
pub fn variable(text: &str) -> Option<&'static str> {
    let has_variable = text.match_indices('$').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('{');
        rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
    });
    has_variable.then_some(VARIABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_variables_are_distinguished_from_wrong_values() {
        for variable in ["\"$CHAIN_ID\"", "0x${ADDRESS}", "\"0x$_a\"", "${BALANCE:-1}"] {
            assert_eq!(hint(variable), Some(VARIABLE), "{variable}");
        }
        for placeholder in
            ["\"<ADDRESS>\"", "\"{{ .Address }}\"", "0xYOUR_ADDRESS", "TODO", "0xXXXX", "\"0x...\""]
        {
            assert_eq!(hint(placeholder), Some(PLACEHOLDER), "{placeholder}");
        }
        for wrong in
            ["", "\"0x\"", "0xzz", "$", "$5", "{}", "{\"a\": 1}", "-1", "1e3", "lots", "[1]"]
        {
            assert_eq!(hint(wrong), None, "{wrong}");
        }
    }
}
