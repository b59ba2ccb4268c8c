use super::*;

/// A reader that returns one byte at a time, to test every boundary.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = usize::from(!self.0.is_empty() && !out.is_empty());
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

#[test]
fn values_are_complete() {
    let mut stream = Stream::new(Drip(b" {\"a\": [1, \"}\"]} 17"));
    assert_eq!(stream.value().unwrap(), (&b"{\"a\": [1, \"}\"]}"[..], 1));
    assert_eq!(stream.value().unwrap(), (&b"17"[..], 17));
    assert!(stream.value().is_err());
}

#[test]
fn values_are_skipped() {
    for text in ["{\"a\": [1, \"}\\\"\"], \"b\": {}}", "[]", "17", "\"x\"", "[[[\"]\"]]]"] {
        let all = format!(" {text} 5 ");
        let mut stream = Stream::new(Drip(all.as_bytes()));
        stream.skip().unwrap();
        assert_eq!(stream.value().unwrap().0, b"5", "{text}");
    }
    for text in ["[1", "{\"a", "[\"]"] {
        assert!(Stream::new(text.as_bytes()).skip().is_err(), "{text}");
    }
}

#[test]
fn a_value_that_never_ends_is_an_error() {
    let text = vec![b'a'; 16 << 20];
    let text = [b"\"", &text[..]].concat();
    let error = Stream::within(&text[..], 1 << 20).value().unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

fn all_entries(text: impl Read) -> Result<Vec<(String, String)>, Error> {
    let mut stream = Stream::new(text);
    stream.expect(b'{', "{")?;
    let mut all = Vec::new();
    loop {
        let batch = stream.entries()?;
        let own =
            |range: &Range<usize>| String::from_utf8(batch.text[range.clone()].to_vec()).unwrap();
        all.extend(batch.pairs.iter().map(|(k, v)| (own(k), own(v))));
        if batch.last {
            return Ok(all);
        }
        stream.recycle(batch);
    }
}

#[test]
fn entries_are_delimited() {
    let text = br#"{ "a" : {"x": "}"} , "b":[1,2],"c":null,"d" : "q\"" }"#;
    let pairs = all_entries(&text[..]).unwrap();
    assert_eq!(all_entries(Drip(text)).unwrap(), pairs);
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let expected = [("a", r#"{"x": "}"}"#), ("b", "[1,2]"), ("c", "null"), ("d", r#""q\"""#)];
    assert_eq!(pairs, expected);
    for cut in 1..text.len() {
        assert!(all_entries(&text[..cut]).is_err(), "cut at {cut}");
    }
}
