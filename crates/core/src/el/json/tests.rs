use super::*;

fn accepts(text: &str) -> bool {
    let mut cursor = Cursor::new(text.as_bytes(), 0);
    cursor.value().and_then(|_| cursor.end()).is_ok()
}

/// `serde_json` is the oracle of the grammar.
#[test]
fn accepts_the_same_texts_as_serde_json() {
    let cases = [
        "{}",
        "[]",
        "null",
        "true",
        "nul",
        "\"\"",
        "\"a\\u00e9\\n\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "0",
        "-0",
        "01",
        "1.",
        ".5",
        "1.5e+10",
        "1e",
        "-",
        "+1",
        "[1,2]",
        "[1,]",
        "[,1]",
        "{\"a\":1}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":[{\"b\":{}}]}",
        "[[[[]]]]",
        "[}",
        "{]",
        "\"abc",
        "\"a\nb\"",
        "",
        "  ",
        "tru",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "\u{feff}{}",
        "[\"\\",
        "\"\\u\"",
        "{\"a\":1}}",
    ];
    for case in cases {
        let oracle = serde_json::from_str::<serde_json::Value>(case).is_ok();
        assert_eq!(accepts(case), oracle, "{case:?}");
    }
}

#[test]
fn rejects_deep_nesting() {
    assert!(accepts(&("[".repeat(10_000) + &"]".repeat(10_000))));
    assert!(!accepts(&("[".repeat(10_001) + &"]".repeat(10_001))));
}

#[test]
fn keys_fold_as_in_go() {
    assert_eq!(&*fold("gasLimit".as_bytes()), b"gaslimit");
    assert_eq!(&*fold("blob\u{17f}chedule".as_bytes()), b"blobschedule");
    assert_eq!(&*unescape(b"gas\\u004cimit"), b"gasLimit");
}
