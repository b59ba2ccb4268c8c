//! Passwords and keys from the URLs of nodes. No message shows them, even if a node sends them back.
//!
//! They belong to the process, not to one client: a node's text can reach messages far from the client
//! that received it.

use std::sync::{PoisonError, RwLock};

use crate::keys::SecretText;

static KNOWN: RwLock<Vec<SecretText>> = RwLock::new(Vec::new());

/// Replaces a secret.
const MASK: &str = "***";

/// Hides these secrets from now on.
pub fn add(secrets: Vec<SecretText>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for secret in secrets {
        if !known.iter().any(|one| **one == *secret) {
            known.push(secret);
        }
    }
}

/// `text` without secrets.
pub fn hidden(text: &str) -> String {
    beginning(text, usize::MAX)
}

/// The first `most` characters of `text` without secrets. A secret that is cut in two is hidden too.
pub fn beginning(text: &str, most: usize) -> String {
    hide(text, &KNOWN.read().unwrap_or_else(PoisonError::into_inner), most)
}

/// The first `most` characters of `text` without `secrets`, however the text escapes them.
pub fn hide(text: &str, secrets: &[SecretText], most: usize) -> String {
    let (mut out, mut length, mut hidden_to) = (String::new(), 0, 0);
    for (at, c) in text.char_indices() {
        if length >= most {
            break;
        }
        let found = secrets.iter().filter_map(|secret| length_at(&text[at..], secret)).max();
        if at >= hidden_to {
            match found {
                Some(_) => out.push_str(MASK),
                None => out.push(c),
            }
            length += if found.is_some() { MASK.len() } else { 1 };
        }
        // Two secrets may overlap.
        hidden_to = hidden_to.max(at + found.unwrap_or_default());
    }
    out
}

/// Length of `secret` in `text` in bytes, if `text` starts with it.
fn length_at(text: &str, secret: &str) -> Option<usize> {
    let rest = secret.chars().try_fold(text, |rest, c| without(rest, c))?;
    Some(text.len() - rest.len()).filter(|length| *length > 0)
}

/// The rest of a text that starts with `c`: unescaped, or escaped as in URLs, JSON, programming
/// languages or HTML, also nested.
fn without(text: &str, c: char) -> Option<&str> {
    let escaped = || percent(text, c).or_else(|| backslash(text, c)).or_else(|| entity(text, c));
    let plain = |text: &str| {
        let first = text.chars().next()?;
        let same = first.eq_ignore_ascii_case(&c) || (first, c) == ('+', ' ');
        same.then_some(first.len_utf8())
    };
    escaped().or_else(|| plain(text).map(|length| &text[length..]))
}

/// `%C3%BC`
fn percent(text: &str, c: char) -> Option<&str> {
    c.encode_utf8(&mut [0; 4])
        .bytes()
        .try_fold(text, |text, byte| number(text.strip_prefix('%')?, 2, byte.into()))
}

/// `\"`, `\xfc`, `\u00fc`, `\u{fc}`, or two UTF-16 units; several levels double the backslashes.
fn backslash(text: &str, c: char) -> Option<&str> {
    let bare = |text: &'_ str| text.trim_start_matches('\\').len();
    let after = text.get(text.len() - bare(text)..).filter(|after| after.len() < text.len())?;
    let code = u32::from(c);
    let braced = || {
        let (digits, rest) = after.strip_prefix("u{")?.split_once('}')?;
        (u32::from_str_radix(digits, 16) == Ok(code)).then_some(rest)
    };
    let units = || {
        c.encode_utf16(&mut [0; 2]).iter().try_fold(text, |text, unit| {
            let text = text.strip_prefix('\\')?.trim_start_matches('\\');
            number(text.strip_prefix('u')?, 4, (*unit).into())
        })
    };
    let hex = || number(after.strip_prefix('x')?, 2, code);
    let plain = || after.strip_prefix(c).filter(|_| c != '\\');
    braced().or_else(units).or_else(hex).or_else(plain)
}

/// `&quot;`, `&#34;`, `&#x22;`
fn entity(text: &str, c: char) -> Option<&str> {
    let (name, rest) = text.strip_prefix('&')?.split_once(';')?;
    let named = match name {
        "quot" => '"',
        "amp" => '&',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        _ => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => code.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    (named == c).then_some(rest)
}

/// The rest of a text that starts with `expected` in this number of hex digits.
fn number(text: &str, digits: usize, expected: u32) -> Option<&str> {
    let (number, rest) = text.split_at_checked(digits)?;
    (u32::from_str_radix(number, 16) == Ok(expected)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = r#"p"ss\w'rd <ü&😀%z"#;

    fn shown(text: &str) -> String {
        hide(text, &[SECRET.to_owned().into()], usize::MAX)
    }

    #[test]
    fn secrets_are_found_in_every_escaping() {
        let json = serde_json::to_string(SECRET).unwrap();
        let percent =
            SECRET.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
        let form = "p%22ss%5Cw%27rd+%3C%C3%BC%26%F0%9F%98%80%25z";
        let html = "p&quot;ss\\w&#39;rd &lt;&#xFC;&amp;&#128512;%z";
        let ascii = r"p\u0022ss\u005cw\u0027rd\u0020\u003c\u00fc\u0026\ud83d\ude00\u0025z";
        let python = r"p\x22ss\\w\'rd <\xfc&\u{1f600}%z";
        let nested = serde_json::to_string(&json).unwrap();
        let of_ascii = serde_json::to_string(ascii).unwrap();
        let debug = format!("{SECRET:?}");
        for text in [
            SECRET,
            &json,
            &percent,
            form,
            html,
            ascii,
            python,
            &nested,
            &of_ascii,
            &debug,
            &percent.to_uppercase(),
            &SECRET.to_uppercase().replace('Ü', "ü"),
        ] {
            let whole = shown(&format!("no {text}, sorry"));
            assert!(whole.contains("***") && whole.len() < 25, "{text}: {whole}");
        }
        for text in ["p\"ss", "p%", "p\\", "p&", "p\\u{", "p%2\u{fc}", "p\\ud83d", "&#x110000;", ""]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn secrets_are_hidden_before_the_text_is_cut() {
        let secrets = ["hunter2".to_owned().into(), "er2-and-more".to_owned().into()];
        for before in 0..70 {
            let text = format!("{}hunter2 {}", "-".repeat(before), "hunter2".repeat(40));
            let shown = hide(&text, &secrets, 60);
            assert!(!shown.contains('h') && shown.len() <= 62, "{shown}");
        }
        assert_eq!(hide("hunter2-and-more!", &secrets, 60), "***!", "they overlap");
        assert_eq!(hide("hunter", &secrets, 60), "hunter");
        assert_eq!(hide("", &[String::new().into()], 60), "");
    }
}
