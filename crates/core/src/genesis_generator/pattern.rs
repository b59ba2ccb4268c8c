//! Shell patterns, and the expansions that use them.

/// The characters of a pattern, each with whether it is literal.
#[derive(Debug, Default)]
pub struct Pattern(Vec<(char, bool)>);

/// The position of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At the front only.
    Front,
    /// At the end only.
    End,
    /// At the first match, or at all matches.
    Anywhere {
        /// At all matches.
        all: bool,
    },
}

impl Pattern {
    /// Appends `text`. `quoted`: its characters are literal.
    pub fn push(&mut self, text: &str, quoted: bool) {
        self.0.extend(text.chars().map(|c| (c, quoted)));
    }
}

/// Whether the prefix of `text` of each length matches, in O(pattern × text).
fn lengths(pattern: &[(char, bool)], text: &[char]) -> Vec<bool> {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut rest = pattern;
    while let Some((&(sign, quoted), mut after)) = rest.split_first() {
        if sign == '*' && !quoted {
            let first = reached.iter().position(|here| *here).unwrap_or(reached.len());
            reached[first..].fill(true);
        } else {
            let set = (sign == '[' && !quoted).then(|| set_of(after)).flatten();
            let fits = |c: char| match set {
                Some((set, _)) => in_set(set, c),
                None => (sign == '?' && !quoted) || c == sign,
            };
            for at in (0..text.len()).rev() {
                reached[at + 1] = reached[at] && fits(text[at]);
            }
            reached[0] = false;
            after = set.map_or(after, |(_, after)| after);
        }
        rest = after;
    }
    reached
}

/// The characters of a `[…]` and the rest after it.
#[allow(clippy::type_complexity, reason = "two halves of one slice")]
fn set_of(text: &[(char, bool)]) -> Option<(&[(char, bool)], &[(char, bool)])> {
    let end = text.iter().skip(1).position(|(c, quoted)| *c == ']' && !quoted)? + 1;
    Some((&text[..end], &text[end + 1..]))
}

fn matches(pattern: &[(char, bool)], text: &[char]) -> bool {
    lengths(pattern, text)[text.len()]
}

fn in_set(set: &[(char, bool)], candidate: char) -> bool {
    let set: Vec<char> = set.iter().map(|(c, _)| *c).collect();
    let (negated, mut set) = match set.as_slice() {
        ['!' | '^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut found = false;
    while let Some((first, rest)) = set.split_first() {
        set = match rest {
            ['-', last, rest @ ..] => {
                found |= (*first..=*last).contains(&candidate);
                rest
            }
            rest => {
                found |= *first == candidate;
                rest
            }
        };
    }
    found != negated
}

/// `text` without the shortest or longest match at its front or end.
pub fn without(text: &str, pattern: &Pattern, front: bool, longest: bool) -> String {
    let text: Vec<char> = text.chars().collect();
    let part = |length: usize| if front { &text[..length] } else { &text[text.len() - length..] };
    let mut lengths: Vec<usize> = (0..=text.len()).collect();
    if longest {
        lengths.reverse();
    }
    let found = lengths.into_iter().find(|length| matches(&pattern.0, part(*length)));
    let length = found.unwrap_or_default();
    let kept = if front { &text[length..] } else { &text[..text.len() - length] };
    kept.iter().collect()
}

/// `text` with the longest matches replaced by `with`.
pub fn replaced(text: &str, pattern: &Pattern, with: &str, at: At) -> String {
    let text: Vec<char> = text.chars().collect();
    if pattern.0.is_empty() {
        return text.into_iter().collect();
    }
    let (mut out, mut from, mut done) = (String::new(), 0, false);
    while from < text.len() {
        let here = match at {
            At::Front => from == 0,
            At::End => true,
            At::Anywhere { all } => all || !done,
        };
        let fitting = if here { lengths(&pattern.0, &text[from..]) } else { Vec::new() };
        let longest = fitting.iter().rposition(|fits| *fits).map(|length| from + length);
        let found = longest.filter(|end| *end > from && (at != At::End || *end == text.len()));
        if let Some(end) = found {
            out.push_str(with);
            (from, done) = (end, true);
        } else {
            out.push(text[from]);
            from += 1;
        }
    }
    out
}

/// `text` with the case of all letters, or of the first, changed.
pub fn cased(text: &str, upper: bool, all: bool) -> String {
    let change = |c: char| if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().enumerate().map(|(i, c)| if all || i == 0 { change(c) } else { c }).collect()
}
