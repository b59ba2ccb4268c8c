use super::*;

fn document(format: Format, text: &str) -> Document {
    Document::parse(format, text.as_bytes()).unwrap()
}

/// Replaces the values with these keys.
fn changed(document: &Document, changes: &[(&str, &str)]) -> Result<String, Error> {
    let place = |field: &str| document.scalars.iter().position(|one| one.field() == field).unwrap();
    let changes: Vec<_> =
        changes.iter().map(|(field, value)| (place(field), (*value).to_owned())).collect();
    document.with(&changes).map(|new| new.text)
}

#[test]
fn only_the_bytes_of_a_value_change() {
    let toml =
        "# é\nA=\"x\"   # why\n[t]\n  n = 37\n  l = ['a', \"\"]\n  m = {P = \"\"\"y\"\"\"}\n";
    let found = document(Format::Toml, toml);
    let fields: Vec<_> = found.scalars.iter().map(|one| (one.field(), &*one.value)).collect();
    let expected = [("A", "x"), ("t.n", "37"), ("t.l.0", "a"), ("t.l.1", ""), ("t.m.P", "y")];
    assert_eq!(fields, expected.map(|(field, value)| (field.to_owned(), value)));
    let changes = [("A", "long"), ("t.n", "1"), ("t.l.0", "b"), ("t.l.1", "c"), ("t.m.P", "z")];
    assert_eq!(
        changed(&found, &changes).unwrap(),
        "# é\nA=\"long\"   # why\n[t]\n  n = 1\n  l = ['b', \"c\"]\n  m = {P = \"\"\"z\"\"\"}\n"
    );

    let yaml = "# é\na.b: http://x:1 # why\nc: \"y\"\nd: [67, '68']\ne:\n  f: 10_000\n";
    let found = document(Format::Yaml, yaml);
    assert_eq!(found.get(&["a.b"]), Some("http://x:1"));
    let changes = [("a.b", "http://longer:2"), ("c", "z"), ("d.1", "9"), ("e.f", "1")];
    assert_eq!(
        changed(&found, &changes).unwrap(),
        "# é\na.b: http://longer:2 # why\nc: \"z\"\nd: [67, '9']\ne:\n  f: 1\n"
    );

    let many = "9".repeat(49);
    let json = format!("{{\"a\": {many},\n \"b\": [\"x\\u0041\", true], \"c\": {{}}}}\n");
    let found = document(Format::Json, &json);
    assert_eq!(found.get(&["a"]), Some(&*many));
    assert_eq!(found.get(&["b", "0"]), Some("xA"));
    assert_eq!(changed(&found, &[("b.0", "y")]).unwrap(), json.replace("x\\u0041", "y"));
}

#[test]
fn a_value_that_would_end_its_quotes_is_refused() {
    let found = document(Format::Toml, "a = \"x\"\nb = 1\n");
    for value in ["\"", "x\"\nc = \"", "\\"] {
        assert!(changed(&found, &[("a", value)]).is_err(), "{value}");
    }
    assert!(changed(&found, &[("b", "1\nc = 2")]).is_err());
    let found = document(Format::Yaml, "a: x\nb: y\n");
    assert!(changed(&found, &[("a", "x # y")]).is_err());
}

#[test]
fn an_error_has_its_line_and_no_secret() {
    for (format, text, line) in [
        (Format::Toml, "a = 1\nPassword = \"secretword\n", 2),
        (Format::Toml, "a = \"secretword\"\na = 2\n", 2),
        (Format::Yaml, "a: 1\nb: \"secretword\n", 2),
        (Format::Json, "{\"a\": 1,\n\"secretword\": }", 2),
    ] {
        let error = Document::parse(format, text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secretword"), "{error}");
        let Error::Syntax { line: found, .. } = error else { panic!("{error}") };
        assert!(found.abs_diff(line) <= 1, "{text:?}: line {found}");
    }
    assert_eq!(Document::parse(Format::Json, b"\xff").unwrap_err(), Error::NotText);
    let deep = "[".repeat(100) + &"]".repeat(100);
    assert!(Document::parse(Format::Json, deep.as_bytes()).is_err());
    let found = document(Format::Toml, "Password = \"secretword\"");
    assert!(!format!("{found:?} {:?}", found.scalars).contains("secretword"));
}
