//! The seal: a line with a digest of all other lines. regenesis recognises its own files by it.
//!
//! Every version recognises the files of every other version, and never replaces one that was edited.

use sha2::{Digest, Sha256};

use super::{FILE, UP, UP_FILE, file};
use crate::services::{Clients, Options, SnapshotSource, stack};

const BEFORE: &str = "# regenesis seal ";
const AFTER: &str = ": once this file is edited, regenesis leaves it alone";

/// `text` with its seal: on the first line, or on the second if the first is `#!`.
pub fn seal(text: &str) -> String {
    let (head, rest) = split(text);
    format!("{head}{BEFORE}{}{AFTER}\n{rest}", digest(head, rest))
}

/// Whether the seal of `text` is valid: nothing was edited since [`seal`].
pub fn is_unedited(text: &str) -> bool {
    let (head, rest) = split(text);
    let Some((line, rest)) = rest.split_once('\n') else { return false };
    let sealed = line.strip_prefix(BEFORE).and_then(|line| line.strip_suffix(AFTER));
    sealed == Some(&digest(head, rest))
}

/// `text` without its seal, and the number of the seal's line, from 1; `None` if no line has the exact
/// form of a seal. [`is_unedited`] checks the seal itself.
pub fn unsealed(text: &str) -> Option<(String, usize)> {
    let (head, rest) = split(text);
    let (line, rest) = rest.split_once('\n')?;
    let digest = line.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| (format!("{head}{rest}"), if head.is_empty() { 1 } else { 2 }))
}

/// Whether regenesis wrote `text` as its file `name`, and the text is unedited: its seal is valid, or it
/// is this version's file without a seal, as the first release wrote it.
pub fn is_ours(name: &str, text: &str) -> bool {
    let mut stacks = [SnapshotSource::Here, SnapshotSource::Variable]
        .into_iter()
        .flat_map(|snapshot| [false, true].map(|fulu| (snapshot, fulu)))
        .map(|(snapshot, fulu)| {
            stack(Options { snapshot, fulu, ..Options::of_sample(Clients::default()) })
        });
    is_unedited(text)
        || name == UP_FILE && text == UP
        || name == FILE && stacks.any(|stack| text == file(&stack))
}

/// The `#!` line, if there is one, and all other lines.
fn split(text: &str) -> (&str, &str) {
    match text.split_inclusive('\n').next() {
        Some(line) if line.starts_with("#!") => text.split_at(line.len()),
        _ => ("", text),
    }
}

fn digest(head: &str, rest: &str) -> String {
    hex::encode(Sha256::new().chain_update(head).chain_update(rest).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/sh\n# What it does.\necho up\n";

    #[test]
    fn the_seal_is_a_comment_after_the_interpreter() {
        let sealed = seal(SCRIPT);
        let lines: Vec<_> = sealed.lines().collect();
        assert_eq!((lines[0], lines[2], lines.len()), ("#!/bin/sh", "# What it does.", 4));
        assert!(lines[1].starts_with(BEFORE), "{sealed}");
        assert!(seal("services:\n").starts_with(BEFORE));
    }

    #[test]
    fn every_edit_breaks_the_seal() {
        for text in [SCRIPT, "services:\n  el: {}\n", "", "no line feed"] {
            let sealed = seal(text);
            assert!(is_unedited(&sealed), "{sealed}");
            assert!(!is_unedited(text), "{text}");
            for at in 0..sealed.len() {
                for edit in ["", "x", "\n"] {
                    let edited = format!("{}{edit}{}", &sealed[..at], &sealed[at + 1..]);
                    assert!(edited == sealed || !is_unedited(&edited), "{edited:?}");
                }
                let longer = format!("{}x{}", &sealed[..at], &sealed[at..]);
                assert!(!is_unedited(&longer), "{longer:?}");
            }
            assert!(!is_unedited(&format!("{sealed}\n")));
        }
    }
}
