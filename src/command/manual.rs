//! `regenesis completions` and `regenesis man`: what shells and `man` read, derived from the
//! command line itself.

mod stacks;

use clap::Command;
use clap_complete::Shell;

use super::{Failure, print};

const COMPLETIONS_EXAMPLES: &str = "Examples:
  regenesis completions bash > ~/.local/share/bash-completion/completions/regenesis
  regenesis completions zsh > ~/.zfunc/_regenesis
  regenesis completions fish > ~/.config/fish/completions/regenesis.fish";

const MAN_EXAMPLES: &str = "Examples:
  regenesis man | man -l -                 read the page of the program
  regenesis man keys keystores > regenesis-keys-keystores.1";

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// Shell that reads the script
    shell: Shell,
}

/// Print a manual page in roff format
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// Verb to describe; a verb of keys follows keys [default: the program]
    verb: Vec<String>,
}

/// Prints the completions of `program`.
///
/// # Errors
/// stdout cannot be written.
pub fn completions(args: &CompletionsArgs, mut program: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "regenesis", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    print(stacks::with_names(args.shell, script, &program).as_bytes())
}

/// Prints a page of the manual of `program`.
///
/// # Errors
/// There is no such verb, or stdout cannot be written.
pub fn man(args: &ManArgs, mut program: Command) -> Result<(), Failure> {
    // Verbs that clap adds (`help`) repeat the other pages.
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
    print(with_examples(&String::from_utf8_lossy(&roff)).as_bytes())
}

/// The page with its examples, which `clap_mangen` fills like prose, as they are typed.
fn with_examples(page: &str) -> String {
    let Some((start, rest)) = page.split_once(".SH EXTRA\n") else { return page.to_owned() };
    let end = rest.find("\n.SH ").map_or(rest.len(), |at| at + 1);
    let (examples, rest) = rest.split_at(end);
    let examples = examples.strip_prefix("Examples:\n").unwrap_or(examples);
    format!("{start}.SH EXAMPLES\n.nf\n{examples}.fi\n{rest}")
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
