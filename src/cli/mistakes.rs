//! Mistakes on the command line and in the environment that the parser does not explain.

use std::error::Error as _;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::command::Failure;
use crate::exit;
use crate::spelling;

/// The start of the name of every variable.
pub(super) const PREFIX: &str = "REGENESIS_";

/// Names after the prefix that belong to other programs: the compose file reads the image, and
/// Kubernetes sets the others for a service named `regenesis`.
const OF_OTHERS: [&str; 3] = ["IMAGE", "PORT", "SERVICE_"];

/// The verbs that only a build with the feature `host` has.
const OF_HOST: [&str; 23] = [
    "capture",
    "completions",
    "deploy",
    "diff",
    "doctor",
    "down",
    "edit",
    "kube",
    "list",
    "logs",
    "man",
    "new",
    "oci",
    "pack",
    "port",
    "pull",
    "purge",
    "push",
    "reset",
    "restart",
    "restore",
    "status",
    "up",
];

/// The error of a verb that the init image lacks.
pub(super) fn absent(error: &clap::Error) -> Option<Failure> {
    let Some(ContextValue::String(verb)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    if cfg!(feature = "host") || !OF_HOST.contains(&verb.as_str()) {
        return None;
    }
    Some(Failure::usage(
        format!("{verb}: the init image does not have this verb"),
        "use the program of a release, or the image whose tag ends in -tools, which has no Docker",
    ))
}

/// A warning for each variable in `environment` that no option of `program` has. No warning quotes a
/// value.
pub(super) fn unknown_variables(
    environment: impl IntoIterator<Item = (String, String)>,
    program: &Command,
) -> Vec<String> {
    let mut known = Vec::new();
    add_variables(program, &mut known);
    let known: Vec<_> = known.iter().filter_map(|name| name.strip_prefix(PREFIX)).collect();
    let warning = |(variable, value): (String, String)| {
        let name = variable.strip_prefix(PREFIX)?;
        let is_of_others = OF_OTHERS.iter().any(|other| name.starts_with(other));
        if value.is_empty() || is_of_others || known.contains(&name) {
            return None;
        }
        let meant = spelling::nearest(name, known.iter().copied());
        let meant =
            meant.map_or_else(String::new, |name| format!(". Did you mean {PREFIX}{name}?"));
        Some(format!("{variable} has no effect: no option has this variable{meant}"))
    };
    environment.into_iter().filter_map(warning).collect()
}

fn add_variables(command: &Command, known: &mut Vec<String>) {
    let variables = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    known.extend(variables.map(str::to_owned));
    command.get_subcommands().for_each(|verb| add_variables(verb, known));
}

/// The error of a number that is not decimal: the parser's shows an internal message.
pub(super) fn number(error: &clap::Error) -> Option<Failure> {
    let source = error.source()?.downcast_ref::<ParseIntError>()?;
    if !matches!(source.kind(), IntErrorKind::Empty | IntErrorKind::InvalidDigit) {
        return None;
    }
    let (Some(ContextValue::String(argument)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let (flag, unit) = argument.split_once(' ').unwrap_or((argument, ""));
    let expected = if unit.contains("SECONDS") { "whole seconds" } else { "a decimal number" };
    let value = if super::has_phrase(value) { super::HIDDEN } else { value };
    let message = format!("{flag} is {value:?}, expected {expected}");
    Some(Failure { exit: exit::USAGE, message, hint: None })
}

/// The remedy for a command line whose client became a part of `--once` or `--import`.
pub(super) fn unended(error: &clap::Error, arguments: &[OsString]) -> Option<&'static str> {
    let step = arguments.iter().rposition(|word| word == "--once" || word == "--import")?;
    let is_ended = arguments[step..].iter().any(|word| word == ";");
    let lacks_client = error.kind() == ErrorKind::MissingRequiredArgument;
    (lacks_client && !is_ended).then_some("end --once and --import with a separate argument: \\;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_build_for_the_host_has_the_verbs_of_the_host() {
        let program = crate::cli::program();
        for verb in OF_HOST {
            let is_there = program.find_subcommand(verb).is_some();
            assert_eq!(is_there, cfg!(feature = "host"), "{verb}");
        }
    }
}
