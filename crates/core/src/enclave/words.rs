//! Command lines of services. They may have private keys, so `Debug` prints none.

use std::fmt;

use serde::Serialize;

/// How a container was started, as `docker inspect` says.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub struct Start {
    /// The name of its image.
    pub image: String,
    /// Its entrypoint.
    pub entrypoint: Vec<String>,
    /// The arguments of its entrypoint.
    pub cmd: Vec<String>,
    /// Its variables, as `NAME=VALUE`.
    pub env: Vec<String>,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Start({})", self.image)
    }
}

/// The words of a command line.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Words(Vec<String>);

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.0.len())
    }
}

impl Words {
    /// Packages start several commands with one argument of `sh -c`: this splits it into its words.
    pub(super) fn of(start: &Start) -> Self {
        let words = start.entrypoint.iter().chain(&start.cmd).flat_map(|text| {
            text.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned())
        });
        Self(words.collect())
    }

    /// The words that start with the first executable, without what a shell does before it.
    pub(super) fn command(&self, is_executable: impl Fn(&str) -> bool) -> Option<&[String]> {
        let at = self.0.iter().position(|word| is_executable(word))?;
        self.0.get(at..)
    }

    /// The value of `--flag=VALUE` or `--flag VALUE`; of several, the last, which is the one that counts.
    pub fn value<'a>(&'a self, flag: &str) -> Option<&'a str> {
        let at = |(index, word): (usize, &'a String)| match word.strip_prefix(flag)? {
            "" => self.0.get(index + 1).map(String::as_str),
            rest => rest.strip_prefix('='),
        };
        self.0.iter().enumerate().rev().find_map(at)
    }

    /// Whether the switch `flag` is set.
    pub fn has(&self, flag: &str) -> bool {
        let value = self.0.iter().rev().find_map(|word| word.strip_prefix(flag));
        value.is_some_and(|rest| rest.is_empty() || rest == "=true")
    }

    /// The paths of files whose names start with `start` and end with `.json`.
    pub fn files<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        let path = move |word: &'a String| {
            let path = word.split_once('=').map_or(word.as_str(), |(_, value)| value);
            let name = path.rsplit('/').next()?;
            let fits = path.starts_with('/') && name.starts_with(start);
            (fits && name.strip_suffix(".json").is_some()).then_some(path)
        };
        self.0.iter().filter_map(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_both_forms_and_the_last_counts() {
        let words = |text: &str| Words(text.split(' ').map(str::to_owned).collect());
        let found =
            words("op-node --l2=http://a:1 --l2.jwt-secret=x --rollup.config /c/rollup-7.json");
        assert_eq!(found.value("--l2"), Some("http://a:1"));
        assert_eq!(found.value("--rollup.config"), Some("/c/rollup-7.json"));
        assert_eq!(found.value("--l1"), None);
        assert_eq!(words("--a=1 --a=2").value("--a"), Some("2"));
        for (text, is) in [("--s", true), ("--s=true", true), ("--s=false", false), ("--se", false)]
        {
            assert_eq!(words(text).has("--s"), is, "{text}");
        }
        let found = words("geth init --datadir=/d /c/genesis-7.json && geth --x=/c/genesis.txt");
        assert_eq!(found.files("genesis").collect::<Vec<_>>(), ["/c/genesis-7.json"]);
        let found = words("--chain=/c/genesis-7.json --private-key=0xabcdef");
        assert_eq!(found.files("genesis").collect::<Vec<_>>(), ["/c/genesis-7.json"]);
        assert!(!format!("{found:?}").contains("abcdef"));
    }
}
