//! Drop-in replacements: under the name of another tool, this program accepts that tool's command line.
//! The name is that of argv[0], as with busybox: the image `-tools` has a symbolic link for each.
//!
//! A new tool is one file and one line in [`TOOLS`].

mod eth2_testnet_genesis;
mod eth2_val_tools;
mod eth_beacon_genesis;
mod outputs;
mod presets;
mod state;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{ArgMatches, Command};

use super::Failure;
use crate::io::console::Console;

/// A tool whose command line we accept.
#[derive(Debug)]
pub struct Tool {
    /// Its name.
    name: &'static str,
    command: fn() -> Command,
    run: fn(&ArgMatches, &Console) -> Result<(), Failure>,
    /// Its boolean flags, which Go programs also accept as `--flag=true`.
    switches: &'static [&'static str],
}

/// All tools, by the names of their programs.
const TOOLS: [Tool; 4] = [
    eth_beacon_genesis::tool("eth-beacon-genesis"),
    eth_beacon_genesis::tool("eth-genesis-state-generator"),
    eth2_testnet_genesis::TOOL,
    eth2_val_tools::TOOL,
];

/// The tool that `program`, argv[0], names.
pub fn named(program: Option<&OsString>) -> Option<&'static Tool> {
    const ALL: &[Tool] = &TOOLS;
    let name = Path::new(program?).file_name()?;
    ALL.iter().find(|tool| name == tool.name)
}

impl Tool {
    /// The parser of its command line.
    pub fn command(&self) -> Command {
        (self.command)().name(self.name).bin_name(self.name).version(env!("CARGO_PKG_VERSION"))
    }

    /// Arguments as the parser expects them: without the values that Go programs accept for switches.
    pub fn arguments(&self, arguments: &[OsString]) -> Vec<OsString> {
        let mut parsed = Vec::new();
        for (position, argument) in arguments.iter().enumerate() {
            if argument == "--" {
                parsed.extend_from_slice(&arguments[position..]);
                break;
            }
            parsed.extend(self.argument(argument));
        }
        parsed
    }

    fn argument(&self, argument: &OsStr) -> Option<OsString> {
        let kept = Some(argument.to_owned());
        let Some(flag) = argument.to_str().and_then(|text| text.strip_prefix("--")) else {
            return kept;
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        match value {
            Some("true" | "1" | "t") if self.switches.contains(&name) => {
                Some(format!("--{name}").into())
            }
            Some("false" | "0" | "f") if self.switches.contains(&name) => None,
            _ => kept,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// An argument or an input is not valid, or an output cannot be written.
    pub fn run(&self, matches: &ArgMatches, console: &Console) -> Result<(), Failure> {
        (self.run)(matches, console)
    }
}

/// The arguments of a subcommand as its type.
fn parsed<T: clap::FromArgMatches>(matches: &ArgMatches) -> Result<T, Failure> {
    T::from_arg_matches(matches).map_err(|error| Failure::usage(error.to_string(), "see --help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(tool: &str, given: &[&str]) -> Vec<OsString> {
        let tool = named(Some(&OsString::from(tool))).unwrap();
        tool.arguments(&given.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_path_names_a_tool() {
        for name in ["/app/eth2-val-tools", "eth-beacon-genesis", "./eth-genesis-state-generator"] {
            assert!(named(Some(&name.into())).is_some(), "{name}");
        }
        for name in ["regenesis", "/usr/bin/regenesis", "eth2-val-tools/regenesis", ""] {
            assert!(named(Some(&name.into())).is_none(), "{name}");
        }
        assert!(named(None).is_none());
        TOOLS.iter().for_each(|tool| tool.command().debug_assert());
    }

    #[test]
    fn switches_may_have_a_value() {
        let given =
            ["eth2-val-tools", "keystores", "--insecure=true", "--out-loc=true", "--", "--pprof"];
        let expected =
            ["eth2-val-tools", "keystores", "--insecure", "--out-loc=true", "--", "--pprof"];
        assert_eq!(arguments(given[0], &given), expected.map(OsString::from));
        let off = ["eth2-val-tools", "keystores", "--insecure=false"];
        assert_eq!(arguments(off[0], &off).len(), 2);
    }
}
