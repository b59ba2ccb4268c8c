//! `values.env`: what a shell makes of its assignments, without a shell.
//!
//! ethereum-genesis-generator sources the file. Real files have assignments, declarations, helper
//! variables, quotes and expansions: those mean here what they mean in bash. Whatever would run a
//! program is refused.

use std::collections::BTreeSet;
use std::fmt;

use super::shell::Shell;
use super::{Error, Origin};

/// An assignment. Its value may be a phrase.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it is set to.
    pub value: String,
    /// Line of the file, from 1.
    pub line: usize,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment({} in line {})", self.name, self.line)
    }
}

/// What a file sets.
#[derive(Debug, Default)]
pub struct Script {
    /// Its assignments, in order.
    pub assignments: Vec<Assignment>,
    /// The variables that its expansions read: helpers, where nothing else knows them.
    pub used: BTreeSet<String>,
}

/// Reads a file. `known` is what variables are before it.
///
/// # Errors
/// A line is no assignment, a quote has no end, or something is to be executed.
pub fn parse(text: &str, known: impl Fn(&str) -> Option<String>) -> Result<Script, Error> {
    let mut shell = Shell::new(text, &known);
    loop {
        shell.skip_to_command();
        if shell.rest.is_empty() {
            return Ok(shell.into_script());
        }
        shell.command()?;
    }
}

pub(super) fn fault(name: &str, line: usize, what: &str, hint: &str) -> Error {
    let (origin, name) = (Origin::File(line), name.to_owned());
    Error { name, origin, what: what.to_owned(), hint: hint.to_owned() }
}

/// A quote or a brace that nothing closes.
pub(super) fn unended(name: &str, line: usize) -> Error {
    fault(name, line, "has a quote or a brace without its end", "look for it from there on")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let known = |name: &str| (name == "OUTER").then(|| "outer".to_owned());
        let found = parse(text, known).unwrap().assignments;
        found.into_iter().map(|assignment| (assignment.name, assignment.value)).collect()
    }

    fn value(text: &str) -> String {
        values(&format!("A={text}")).remove(0).1
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(value("1"), "1");
        assert_eq!(value(r#""two words" # comment"#), "two words");
        assert_eq!(value(r#"'{"0x1": {"balance": "$1ETH"}}'"#), r#"{"0x1": {"balance": "$1ETH"}}"#);
        assert_eq!(value(r#""{\"a\": \"b\"}""#), r#"{"a": "b"}"#);
        assert_eq!(value("a'b'\"c\"\\ d"), "abc d");
        assert_eq!(value("$OUTER-${OUTER}"), "outer-outer");
        assert_eq!(value("\"${NONE:-x y}\"${OUTER:-z}"), "x youter");
        assert_eq!(value("${NONE:-\"\"}"), "");
        assert_eq!(value("'a\nb'"), "a\nb");
        assert_eq!(value("a#b"), "a#b");
        assert_eq!(value(""), "");
    }

    #[test]
    fn assignments_follow_each_other() {
        let text = "#!/bin/bash\nexport A=1 B=2; C=$A$B\r\n\n  export D=\"${C}\"";
        let pairs = values(text);
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "2"), ("C", "12"), ("D", "12")]);
        let lines = parse("A='\n\n'\nB=1", |_| None).unwrap().assignments;
        assert_eq!((lines[0].line, lines[1].line), (1, 4));
        let script = parse("HELPER=4\nA=$HELPER\nunset A", |_| None).unwrap();
        assert_eq!(script.assignments.len(), 1);
        assert!(script.used.contains("HELPER"));
    }

    #[test]
    fn nothing_is_executed() {
        for text in [
            "A=$(date +%s)",
            "A=`date`",
            "A=\"$(date)\"",
            "A=\"${B:-$(date)}\"",
            "A=$((`date`))",
            "echo hello",
            "A=1 && B=2",
            "A=\"x",
            "A='x",
            "A=${B",
            "A=${B:-",
            "A=$((1",
            "A=$((1/0))",
            "A=$((1+))",
            "A=$1",
            "A=${@}",
            "A=${B@Q}",
            "A=${B:?}",
            "source other.env",
            "if true; then",
            "A=(1 2)",
            "=1",
            "export A-B=1",
        ] {
            assert!(parse(text, |_| None).is_err(), "{text}");
        }
        assert_eq!(parse("A=1\nB=\"x", |_| None).unwrap_err().origin, Origin::File(2));
        // Neither deep nesting nor growth takes the program down.
        let deep = format!("A={}{}", "${B:-".repeat(100_000), "}".repeat(100_000));
        assert!(parse(&deep, |_| None).is_err());
        let deep = format!("A=$(({}1{}))", "(".repeat(100_000), ")".repeat(100_000));
        assert!(parse(&deep, |_| None).is_err());
        let growing = format!("A=xxxxxxxx\n{}", "A=$A$A\n".repeat(60));
        assert!(parse(&growing, |_| None).is_err());
    }
}
