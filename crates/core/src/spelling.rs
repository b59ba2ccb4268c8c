//! Suggestions for misspelled names.

/// The name in `known` that `name` may be a misspelling of.
///
/// Differences in case, and a few letters added, missing or swapped, count as a misspelling. Another
/// number does not: `EIP7594_FORK_EPOCH` does not stand for `EIP7441_FORK_EPOCH`.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match name.chars().count() {
        0..=2 => 0,
        3..=6 => 1,
        7..=12 => 2,
        13..=64 => 3,
        _ => return None,
    };
    let folded = name.to_ascii_lowercase();
    let candidates = known.into_iter().filter_map(|known| {
        let other = known.to_ascii_lowercase();
        let distance = distance(&other, &folded);
        let close =
            distance <= allowed && (distance == 0 || !differ_only_in_digits(&other, &folded));
        close.then_some((distance, known))
    });
    candidates.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

fn differ_only_in_digits(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    letters(one) == letters(other)
}

/// The number of letters to replace, add, remove or swap with their neighbour (optimal string
/// alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_recognised() {
        let known = ["EJECTION_BALANCE", "BPO_5_EPOCH", "EIP7441_FORK_EPOCH", "count", "name"];
        let nearest = |name| nearest(name, known);
        assert_eq!(nearest("EJECTON_BALANCE"), Some("EJECTION_BALANCE"));
        assert_eq!(nearest("ejection_balance"), Some("EJECTION_BALANCE"));
        assert_eq!(nearest("EJECITON_BALANCES"), Some("EJECTION_BALANCE"));
        assert_eq!(nearest("cuont"), Some("count"));
        assert_eq!(nearest("nam"), Some("name"));
        assert_eq!(nearest("no"), None);
        assert_eq!(nearest("BPO_6_EPOCH"), None);
        assert_eq!(nearest("EIP7594_FORK_EPOCH"), None);
        assert_eq!(nearest("PATH"), None);
        assert_eq!(nearest(&"x".repeat(100_000)), None);
    }
}
