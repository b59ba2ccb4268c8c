//! Makes text from files, nodes and logs safe for a terminal: escapes the characters that control the
//! terminal, are invisible, or reorder the text.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal does not simply draw `c`: control characters, and format characters that are
/// invisible or change the direction of the text (Unicode's `Bidi_Control` and
/// `Default_Ignorable_Code_Point`, line and paragraph separators, interlinear annotations).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A line of text with unsafe characters, including line ends, escaped as `\u{..}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false, show)
}

/// Text with unsafe characters escaped, except line feeds.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n', show)
}

/// Equivalent JSON, with unsafe characters in its strings escaped as `\uXXXX`.
pub fn json(text: &str) -> Cow<'_, str> {
    escape(
        text,
        |c| matches!(c, '\n' | '\t' | '\r'),
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

fn show(out: &mut String, c: char) {
    out.extend(c.escape_unicode());
}

fn escape(
    text: &str,
    keep: impl Fn(char) -> bool,
    replace: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    let is_bad = |c: char| is_unsafe(c) && !keep(c);
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_bad(c) {
            replace(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_control_a_terminal_are_escaped() {
        for (text, shown) in [
            ("plain, ünïcode, 日本, é", "plain, ünïcode, 日本, é"),
            ("\x1b]52;c;aGk=\x07", "\\u{1b}]52;c;aGk=\\u{7}"),
            ("one\ntwo\r\tthree", "one\\u{a}two\\u{d}\\u{9}three"),
            ("\u{7f}\u{9b}31m", "\\u{7f}\\u{9b}31m"),
            ("a\u{202e}b\u{2066}c\u{feff}", "a\\u{202e}b\\u{2066}c\\u{feff}"),
            (
                "\u{200b}\u{200f}\u{2028}\u{2060}\u{e0041}",
                "\\u{200b}\\u{200f}\\u{2028}\\u{2060}\\u{e0041}",
            ),
            ("\u{61c}\u{ad}\u{3164}", "\\u{61c}\\u{ad}\\u{3164}"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(lines("one\ntwo\r\n"), "one\ntwo\\u{d}\n");
    }

    #[test]
    fn escaped_json_is_equivalent() {
        let name = "a\u{202e}b\u{7f}\u{9b}\u{e0041}\u{200b}\x1b\"\\ü";
        let value = serde_json::json!({ name: [name] });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = json(&text);
            assert!(!shown.contains(|c| is_unsafe(c) && c != '\n'), "{shown:?}");
            assert!(shown.contains("\\udb40\\udc41") && shown.contains('ü'), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
