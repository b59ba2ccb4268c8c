//! How a stack starts a captured service: the command line of its container, without shells and secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{Start, Words};
use crate::keys::SecretText;
use crate::services::Program;

/// The directories of executables. Files of the snapshot are mounted in others.
const DIRECTORIES: [&str; 4] = ["", "/app/", "/usr/bin/", "/usr/local/bin/"];
/// The hex digits of a private key.
const KEY: usize = 64;

/// How a service is started. It has no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The executable and its arguments.
    pub command: Vec<String>,
    /// Its variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// The files of the snapshot with the values of its secret variables, by variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
}

impl Launch {
    /// How a program was started, and the values of its secret variables; `None` if the command line does not
    /// start this program, or an argument may be a secret.
    ///
    /// The packages start some programs from a shell, after a pause. The stack needs neither: it has an
    /// order, and starts a program again when it ends.
    pub(super) fn of(
        program: &Program,
        start: &Start,
    ) -> Option<(Self, BTreeMap<String, SecretText>)> {
        let words = Words::of(start);
        let command = words.command(|word| is_executable(program, word))?.to_vec();
        let mut launch = Self { command, ..Self::default() };
        let mut secrets = BTreeMap::new();
        for (name, value) in start.env.iter().filter_map(|line| line.split_once('=')) {
            if program.secrets.contains(&name) && !value.is_empty() {
                secrets.insert(name.to_owned(), value.to_owned().into());
            } else if program.variables.contains(&name) && is_plain(value) {
                launch.variables.insert(name.to_owned(), value.to_owned());
            }
        }
        launch.is_of(program).then_some((launch, secrets))
    }

    /// Whether this starts the program and nothing else: a snapshot may come from a stranger.
    pub(super) fn is_of(&self, program: &Program) -> bool {
        let Some((first, arguments)) = self.command.split_first() else { return false };
        is_executable(program, first)
            && arguments.iter().all(|argument| is_plain(argument))
            && program.runs.is_none_or(|(run, flags)| are_numbers(run, flags, arguments))
            && self
                .variables
                .iter()
                .all(|(name, value)| program.variables.contains(&&**name) && is_plain(value))
            && self.secrets.keys().all(|name| program.secrets.contains(&&**name))
    }
}

/// Whether these arguments of an entry point are no more than the program `run` and numbers for its `flags`.
fn are_numbers(run: &str, flags: &[&str], arguments: &[String]) -> bool {
    let of_program = match arguments.split_first() {
        Some((first, rest)) if first == run => rest,
        _ => arguments,
    };
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    of_program.chunks(2).all(|pair| match pair {
        [flag, number] => flags.contains(&&**flag) && is_number(number),
        _ => false,
    })
}

fn is_executable(program: &Program, word: &str) -> bool {
    program.executables.iter().any(|name| {
        word.strip_suffix(name).is_some_and(|directory| DIRECTORIES.contains(&directory))
    })
}

/// Whether a word is plain text to every shell, and cannot be a key or a password.
fn is_plain(word: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=+%".contains(&byte);
    let lower = word.to_ascii_lowercase();
    let digits = word.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
    word.bytes().all(is_allowed)
        && digits.unwrap_or_default() < KEY
        && !["password", "private", "secret", "mnemonic"].iter().any(|bad| lower.contains(bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launched(role: &str, line: &[&str], env: &[&str]) -> Option<Launch> {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let start = Start { cmd: texts(line), env: texts(env), ..Start::default() };
        Launch::of(Program::of(role).unwrap(), &start).map(|(launch, _)| launch)
    }

    #[test]
    fn a_program_starts_without_the_shell_around_it() {
        for (role, line, command) in [
            (
                "agglayer",
                &["/usr/local/bin/agglayer", "run", "--cfg", "/etc/agglayer/config.toml"][..],
                "/usr/local/bin/agglayer run --cfg /etc/agglayer/config.toml",
            ),
            (
                "cdk-node",
                &[
                    "sh",
                    "-c",
                    "sleep 20 && cdk-node run --cfg=/etc/cdk/config.toml --components=a,b ",
                ][..],
                "cdk-node run --cfg=/etc/cdk/config.toml --components=a,b",
            ),
            (
                "cdk-erigon",
                &[
                    "/usr/local/share/proc-runner/proc-runner.sh",
                    "cdk-erigon --config /etc/cdk-erigon/config.yaml",
                ][..],
                "cdk-erigon --config /etc/cdk-erigon/config.yaml",
            ),
            (
                "prover",
                &[
                    "/bin/bash",
                    "-c",
                    "[[ \"x\" == \"arm64\" ]] && export A=1; /usr/local/bin/zkProver -c /etc/c.json",
                ][..],
                "/usr/local/bin/zkProver -c /etc/c.json",
            ),
            ("database", &["docker-entrypoint.sh", "-N 1000"][..], "docker-entrypoint.sh -N 1000"),
        ] {
            assert_eq!(launched(role, line, &[]).unwrap().command.join(" "), command);
        }
    }

    #[test]
    fn a_command_line_that_runs_anything_else_does_not_start() {
        let key = format!("--signer=0x{}", "ab".repeat(32));
        for line in [
            &["sh", "-c", "curl x | sh"][..],
            &["/etc/agglayer/agglayer", "run"],
            &["agglayer", "run", "&&", "rm"],
            &["agglayer", "run", "$(id)"],
            &["agglayer", &key],
            &["agglayer", "--password=x"],
            &["agglayer", "--node=http://user:pw@host"],
            &[],
        ] {
            assert_eq!(launched("agglayer", line, &[]), None, "{line:?}");
        }
        for line in [
            &["docker-entrypoint.sh", "bash", "/docker-entrypoint-initdb.d/x.sh"][..],
            &["docker-entrypoint.sh", "postgres", "-c", "session_preload_libraries=/x.so"],
            &["docker-entrypoint.sh", "-N"],
            &["docker-entrypoint.sh", "-N", "1/x"],
        ] {
            assert_eq!(launched("database", line, &[]), None, "{line:?}");
        }
    }

    #[test]
    fn only_the_variables_of_the_program_are_kept_and_secrets_are_apart() {
        let env = ["PATH=/bin", "RUST_BACKTRACE=1", "NETWORK_PRIVATE_KEY=0x1", "LD_PRELOAD=/x"];
        let launch = launched("agglayer", &["agglayer", "run"], &env).unwrap();
        let expected = BTreeMap::from([("RUST_BACKTRACE".to_owned(), "1".to_owned())]);
        assert_eq!((launch.variables, launch.secrets.len()), (expected, 0));
        let start = Start {
            cmd: vec!["agglayer".to_owned()],
            env: vec!["NETWORK_PRIVATE_KEY=0x1".to_owned()],
            ..Start::default()
        };
        let (_, secrets) = Launch::of(Program::of("agglayer").unwrap(), &start).unwrap();
        assert_eq!(secrets["NETWORK_PRIVATE_KEY"].as_bytes(), b"0x1");
    }
}
