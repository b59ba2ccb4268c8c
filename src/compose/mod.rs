//! The stack: `docker-compose.yml` for a snapshot, one service a file.
//!
//! Every service starts by `regenesis run` from the runtime volume, so that no order of starts and
//! no left-over data can make a stack of two genesis; see the decision on leases.

mod geth;
mod init;
mod lighthouse;
pub mod project;
pub mod seal;

use std::fmt::Write as _;

use crate::cl;
use crate::cl::config::{Config, FAR_FUTURE_EPOCH};

/// The pinned images and the settings, with their names: the defaults of what is written.
pub const ENV: &str = include_str!("../../compose/settings.env");
/// `up.sh`: the same for every snapshot.
pub const UP: &str = include_str!("../../compose/up.sh");
/// The name of the compose file in a snapshot.
pub const FILE: &str = "docker-compose.yml";
/// The name of the script that brings the stack up.
pub const UP_FILE: &str = "up.sh";

/// The user of all services: files of one are the others' too.
const USER: &str = "65532:65532";
/// The same user, by number.
pub const USER_ID: u32 = 65532;
/// This program in the runtime volume.
const PROGRAM: &str = "/runtime/bin/regenesis";

/// What differs between stacks.
#[derive(Debug, Clone, Copy)]
pub struct Stack {
    /// Where `init` finds its snapshot.
    pub snapshot: Source,
    /// Whether fulu is active or scheduled: a lone node must then keep all data columns.
    pub fulu: bool,
}

impl Stack {
    /// The stack in the directory of a snapshot with this config.
    ///
    /// # Errors
    /// `FULU_FORK_EPOCH` is no number.
    pub fn in_snapshot(config: &Config) -> Result<Self, cl::Error> {
        let fulu = config.optional_u64("FULU_FORK_EPOCH")?;
        Ok(Self {
            snapshot: Source::Here,
            fulu: fulu.is_some_and(|epoch| epoch != FAR_FUTURE_EPOCH),
        })
    }
}

/// Where `init` finds its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Where the variable `SNAPSHOT` says, as an absolute path; else the embedded sample.
    Variable,
    /// In the directory of the compose file.
    Here,
}

/// A service, in the compose file's words. Empty lists are left out.
#[derive(Debug, Default)]
struct Service {
    name: &'static str,
    image: &'static str,
    command: Vec<String>,
    environment: Vec<(&'static str, String)>,
    ports: Vec<&'static str>,
    volumes: Vec<String>,
    /// Whether it is a client, which starts by `regenesis run` and is checked by `regenesis health`.
    client: bool,
    /// Whether it needs a place for temporary files: the root of every service is read-only.
    tmpfs: bool,
    /// Whether it has no network.
    offline: bool,
    stop_grace_period: &'static str,
}

/// The services, in the order of the file. A further client is one more line.
fn services(stack: Stack) -> Vec<Service> {
    vec![init::service(stack), geth::service(), lighthouse::beacon(stack), lighthouse::validator()]
}

/// The text of the compose file.
pub fn file(stack: Stack) -> String {
    let mut text = String::from(
        "# Written by regenesis compose. Settings belong in .env, or in variables of the shell.\n\
         services:\n",
    );
    for service in services(stack) {
        service.write(&mut text);
    }
    text.push_str("volumes:\n  runtime: {}\n  el: {}\n  cl: {}\n  vc: {}\n");
    with_defaults(&text)
}

/// `${NAME}` becomes `${NAME:-default}`, with the defaults of `.env`.
fn with_defaults(text: &str) -> String {
    let settings = ENV.lines().filter(|line| !line.starts_with('#'));
    settings.filter_map(|line| line.split_once('=')).fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), &format!("${{{name}:-{value}}}"))
    })
}

impl Service {
    fn write(&self, out: &mut String) {
        let mut line = |depth: usize, text: &str| {
            let _ = writeln!(out, "{:1$}{text}", "", depth * 2);
        };
        line(1, &format!("{}:", self.name));
        line(2, &format!("image: {}", quoted(self.image)));
        line(2, &format!("user: {}", quoted(USER)));
        if self.client {
            line(2, &format!("entrypoint: [{}]", quoted(PROGRAM)));
        }
        line(2, "command:");
        self.command.iter().for_each(|word| line(3, &format!("- {}", quoted(word))));
        if !self.environment.is_empty() {
            line(2, "environment:");
        }
        for (name, value) in &self.environment {
            line(3, &format!("{name}: {}", quoted(value)));
        }
        if !self.ports.is_empty() {
            line(2, "ports:");
        }
        self.ports.iter().for_each(|port| line(3, &format!("- {}", quoted(port))));
        line(2, "volumes:");
        self.volumes.iter().for_each(|volume| line(3, &format!("- {}", quoted(volume))));
        if self.client {
            line(2, "depends_on:");
            line(3, "init:");
            line(4, "condition: service_completed_successfully");
            line(2, "healthcheck:");
            line(
                3,
                &format!("test: [\"CMD\", {}, \"health\", {}]", quoted(PROGRAM), quoted(self.name)),
            );
            line(3, "interval: 5s");
            line(3, "timeout: 5s");
            line(3, "retries: 3");
            line(3, "start_period: 30s");
            line(2, "restart: unless-stopped");
        } else {
            line(2, "restart: \"no\"");
        }
        if self.offline {
            line(2, "network_mode: none");
        }
        line(2, "read_only: true");
        if self.tmpfs {
            line(2, "tmpfs: [\"/tmp\"]");
        }
        line(2, "cap_drop: [ALL]");
        line(2, "security_opt: [\"no-new-privileges:true\"]");
        line(2, &format!("stop_grace_period: {}", self.stop_grace_period));
    }
}

/// A double-quoted YAML scalar: JSON's strings are such.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Words of a command line.
fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|&word| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_default_and_every_default_a_use() {
        let text = file(Stack { snapshot: Source::Variable, fulu: true });
        let bare: Vec<_> = text
            .match_indices("${")
            .filter(|(at, _)| {
                let end = text[*at..].find('}').unwrap();
                !text[*at..*at + end].contains(":-")
            })
            .collect();
        assert!(bare.is_empty(), "{bare:?}");
        for line in ENV.lines().filter(|line| line.contains('=') && !line.starts_with('#')) {
            let name = line.split_once('=').unwrap().0;
            assert!(text.contains(&format!("${{{name}:-")), "{name} is used nowhere");
        }
    }

    #[test]
    fn the_file_is_yaml() {
        for snapshot in [Source::Variable, Source::Here] {
            let text = file(Stack { snapshot, fulu: false });
            assert!(!text.contains("--supernode"));
            assert_eq!(text.matches("- \"/runtime/bin/regenesis\"").count(), 0);
            assert_eq!(text.matches("entrypoint: [\"/runtime/bin/regenesis\"]").count(), 3);
            crate::yaml::parse(text.as_bytes()).unwrap();
        }
    }
}
