//! `values.env`, evaluated without a shell.
//!
//! ethereum-genesis-generator sources the file. Real files have assignments, declarations, helper
//! variables, quotes and expansions, which have the same meaning as in bash. Anything that would
//! run a program is rejected.

use std::collections::BTreeSet;
use std::fmt;

use super::shell::Shell;
use super::{Error, Origin};

/// An assignment. Its value may be a mnemonic.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Line of the file, from 1.
    pub line: usize,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment({} in line {})", self.name, self.line)
    }
}

/// The assignments of a file.
#[derive(Debug, Default)]
pub struct Script {
    /// In order.
    pub assignments: Vec<Assignment>,
    /// The variables that its expansions read. Those that are unknown otherwise are helpers.
    pub used: BTreeSet<String>,
}

/// Parses a file. `known` returns the value of a variable before the file.
///
/// # Errors
/// A line is not an assignment, a quote is not closed, or a command would be executed.
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

pub(super) fn error(name: &str, line: usize, problem: &str, hint: &str) -> Error {
    let (origin, name) = (Origin::File(line), name.to_owned());
    Error { name, origin, problem: problem.to_owned(), hint: hint.to_owned() }
}

/// A quote or a brace that is not closed.
pub(super) fn unclosed(name: &str, line: usize) -> Error {
    error(name, line, "has a quote or a brace that is not closed", "close it after this line")
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
    fn words_expand_as_in_bash() {
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
        // Deep nesting and exponential growth are errors, not crashes.
        let deep = format!("A={}{}", "${B:-".repeat(100_000), "}".repeat(100_000));
        assert!(parse(&deep, |_| None).is_err());
        let deep = format!("A=$(({}1{}))", "(".repeat(100_000), ")".repeat(100_000));
        assert!(parse(&deep, |_| None).is_err());
        let growing = format!("A=xxxxxxxx\n{}", "A=$A$A\n".repeat(60));
        assert!(parse(&growing, |_| None).is_err());
    }
}
