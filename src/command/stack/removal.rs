//! What `purge` and `reset` share: the question before data goes, and its removal.

use super::super::{Failure, given};
use crate::exit;
use crate::io::{console, docker};
use crate::operate::stacks::Stack;

/// The name of the stack, which `--yes` requires: no script removes the only stack that happens to be there.
pub(super) fn name_for(stack: Option<&str>, yes: bool) -> Result<Option<&str>, Failure> {
    let name = stack.and_then(given);
    if yes && name.is_none() {
        let hint = "regenesis list shows the names";
        return Err(Failure::usage("--yes needs the name of the stack", hint));
    }
    Ok(name)
}

/// Asks on the terminal.
pub(super) fn confirm(question: &str, name: &str) -> Result<(), Failure> {
    match console::ask(&format!("{question}? Type {name}: ")) {
        Some(answer) if answer == name => Ok(()),
        Some(_) => {
            Err(Failure::new(exit::USAGE, "the answer is not the name: nothing is removed", None))
        }
        None => Err(Failure::usage("stdin is not a terminal: nothing is removed", "add --yes")),
    }
}

/// The error of a stack that is no longer what was listed.
pub(super) fn changed(stack: &Stack) -> Failure {
    let message = format!("{}: has changed meanwhile: nothing is removed", stack.name);
    Failure::new(exit::USAGE, message, Some("run this again"))
}

/// Removes what is listed with this command of docker.
pub(super) fn remove<'a>(
    command: &[&'a str],
    what: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    let what: Vec<_> = what.collect();
    if !what.is_empty() {
        docker::run(&[command, &what].concat())?;
    }
    Ok(())
}
