use super::*;

fn accepts(text: &str) -> bool {
    let mut cursor = Cursor::new(text.as_bytes(), 0);
    cursor.value().and_then(|_| cursor.end()).is_ok()
}

/// `serde_json` is the oracle for what JSON is.
#[test]
fn accepts_what_serde_json_accepts() {
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
fn elements_of_an_array() {
    let all = |text: &'static str| Cursor::new(text.as_bytes(), 0).elements().ok();
    assert_eq!(all("[]").unwrap(), [b""; 0]);
    assert_eq!(all("[1, {\"a\": [2]} ]").unwrap(), [&b"1"[..], b"{\"a\": [2]}"]);
    assert!(all("[1,]").is_none() && all("{}").is_none() && all("[1").is_none());
}

#[test]
fn refuses_what_is_nested_too_deep() {
    assert!(accepts(&("[".repeat(10_000) + &"]".repeat(10_000))));
    assert!(!accepts(&("[".repeat(10_001) + &"]".repeat(10_001))));
}

#[test]
fn keys_fold_as_in_go() {
    assert_eq!(&*fold("gasLimit".as_bytes()), b"gaslimit");
    assert_eq!(&*fold("blob\u{17f}chedule".as_bytes()), b"blobschedule");
    assert_eq!(&*unescape(b"gas\\u004cimit"), b"gasLimit");
}
