//! `regenesis completions` and `regenesis man`: what shells and `man` read, derived from the
//! command line itself.

use clap::Command;
use clap_complete::Shell;

use super::{Failure, print};
use crate::exit;

const COMPLETIONS_EXAMPLES: &str = "Examples:
  regenesis completions bash > ~/.local/share/bash-completion/completions/regenesis
  regenesis completions zsh > ~/.zfunc/_regenesis
  regenesis completions fish > ~/.config/fish/completions/regenesis.fish";

const MAN_EXAMPLES: &str = "Examples:
  regenesis man | man -l -                 the page of the program
  regenesis man keys keystores > regenesis-keys-keystores.1";

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = COMPLETIONS_EXAMPLES,
    after_long_help = format!("{COMPLETIONS_EXAMPLES}\n\n{}", exit::HELP)
)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print a manual page in roff: of the program, or of one verb
#[derive(Debug, clap::Args)]
#[command(
    after_help = MAN_EXAMPLES,
    after_long_help = format!("{MAN_EXAMPLES}\n\n{}", exit::HELP)
)]
pub struct ManArgs {
    /// The verb, and its own verb where it has some [default: the program]
    verb: Vec<String>,
}

/// Prints the completions of `program`.
///
/// # Errors
/// stdout cannot be written.
pub fn completions(args: &CompletionsArgs, mut program: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "regenesis", &mut script);
    print(&script)
}

/// Prints a page of the manual of `program`.
///
/// # Errors
/// There is no such verb, or stdout cannot be written.
pub fn man(args: &ManArgs, mut program: Command) -> Result<(), Failure> {
    // Verbs that clap adds (`help`) repeat what the other pages say.
    program = program.disable_help_subcommand(true);
    program.build();
    let mut page = &program;
    for verb in &args.verb {
        let found = page.find_subcommand(verb).filter(|found| !found.is_hide_set());
        page = found.ok_or_else(|| unknown(verb, page))?;
    }
    let mut roff = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut roff)
        .map_err(|error| Failure::bug(error.to_string()))?;
    print(&roff)
}

fn unknown(verb: &str, parent: &Command) -> Failure {
    let shown = parent.get_subcommands().filter(|verb| !verb.is_hide_set());
    let names = shown.map(Command::get_name).collect::<Vec<_>>();
    let message = format!("{} has no verb {verb:?}", parent.get_name());
    if names.is_empty() {
        return Failure::usage(message, "its page describes all that it does");
    }
    Failure::usage(message, &format!("one of: {}", names.join(", ")))
}
