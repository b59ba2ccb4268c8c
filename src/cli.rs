//! The command line: the list of verbs, and the conventions that all of them follow.

mod mistakes;

use clap::builder::{StringValueParser, StyledStr, TypedValueParser};
use clap::error::ContextValue;
use clap::error::ErrorKind::{
    DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand as DisplayHelpOnMissing, DisplayVersion,
};
use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, Parser,
    Subcommand,
};

use crate::command::tools::{self, Tool};
use crate::command::{Failure, bake, compose, health, init, inspect, keys, run, verify, watch};
#[cfg(feature = "host")]
use crate::command::{capture, diff, edit, kube, manual, new, oci, pack, restore, stack};
use crate::exit;
use crate::io::console::Console;
use crate::io::environment;
use crate::io::process;
use crate::io::{signal, supervised};
use crate::visible;

const EXAMPLES: &str = "Examples:
  regenesis init                     from the embedded sample, into ./runtime
  regenesis init my-snapshot         from a snapshot directory
  regenesis bake my-snapshot         precompute once, for a faster init
  regenesis verify my-snapshot       check that a snapshot is complete";

const HOST_EXAMPLES: &str = if cfg!(feature = "host") {
    "
  regenesis new my-chain --chain-id 1337
                                     a chain of your own, from nothing
  regenesis up my-snapshot           the complete chain in Docker, until it builds blocks
  regenesis capture --el-rpc 127.0.0.1:8545 --out my-snapshot
                                     from a running geth or anvil, verified by its state root"
} else {
    ""
};

const ALL_EXAMPLES: &str = "Examples:
  regenesis all                      from the environment and /config/values.env, into /data
  regenesis all --egg-values values.env --out ./output
  regenesis all --layout egg,lighthouse
                                     with keystores

REGENESIS_OUT is ignored here: the image sets it for init.";

/// Ethereum devnet snapshots that never rot: a fresh execution and consensus genesis at every boot.
#[derive(Debug, Parser)]
#[command(
    name = "regenesis",
    // Help and usage would show argv[0], which may contain terminal control sequences.
    bin_name = "regenesis",
    version,
    after_help = format!("{EXAMPLES}{HOST_EXAMPLES}\n\n{}", exit::HELP)
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(Box<init::Args>),
    /// Generate a network like ethereum-genesis-generator's `all`: from its variables and
    /// /config/values.env, into /data
    #[command(
        mut_arg("out", |out| out.default_value("/data")),
        mut_args(|arg| {
            let hidden = init::SNAPSHOT_FILES.contains(&arg.get_id().as_str());
            arg.hide(hidden)
        }),
        after_help = ALL_EXAMPLES
    )]
    All(Box<init::Args>),
    #[cfg(feature = "host")]
    #[command(flatten)]
    Stack(stack::Verb),
    #[cfg(feature = "host")]
    Capture(Box<capture::Args>),
    #[cfg(feature = "host")]
    New(Box<new::Args>),
    #[cfg(feature = "host")]
    Edit(edit::Args),
    #[cfg(feature = "host")]
    Diff(diff::Args),
    Bake(bake::Args),
    Keys(keys::Args),
    Verify(verify::Args),
    Inspect(inspect::Args),
    Compose(compose::Args),
    #[cfg(feature = "host")]
    Kube(kube::Args),
    Run(run::Args),
    /// Internal: a step of `regenesis run`
    #[command(name = process::STEP, hide = true)]
    RunStep(run::StepArgs),
    Health(health::Args),
    Watch(watch::Args),
    #[cfg(feature = "host")]
    Pack(pack::Args),
    #[cfg(feature = "host")]
    Restore(restore::Args),
    #[cfg(feature = "host")]
    Push(oci::push::Args),
    #[cfg(feature = "host")]
    Pull(oci::pull::Args),
    #[cfg(feature = "host")]
    Oci(oci::Args),
    #[cfg(feature = "host")]
    Completions(manual::CompletionsArgs),
    #[cfg(feature = "host")]
    Man(manual::ManArgs),
}

/// Options without an environment variable, by verb. The image sets `REGENESIS_OUT` for `init`; `all`
/// writes where ethereum-genesis-generator does. The stack sets `REGENESIS_GETH_DATADIR` for `init`, where
/// it is a directory.
///
/// In a pod, a Kubernetes service called `regenesis` sets `REGENESIS_PORT`.
const WITHOUT_VARIABLE: [(&str, &str); 3] =
    [("all", "out"), ("bake", "geth_datadir"), ("health", "port")];

/// The only positional argument that a variable can set.
const SNAPSHOT: &str = "snapshot";

/// The command line as it is parsed, documented and completed.
pub fn program() -> Command {
    Cli::command().mut_subcommands(with_conventions)
}

/// Gives every option its variable, and every verb with examples the exit codes in `--help`.
fn with_conventions(verb: Command) -> Command {
    let name = verb.get_name().to_owned();
    let long_help = verb.get_after_help().map(|examples| format!("{examples}\n\n{}", exit::HELP));
    let verb = match long_help {
        Some(text) => verb.after_long_help(text),
        None => verb,
    };
    verb.mut_args(|arg| with_variable(&name, arg)).mut_subcommands(with_conventions)
}

/// Sets the variable of an option: `--slot-time` is `REGENESIS_SLOT_TIME`. `--help` never prints its
/// value, which may be a secret.
fn with_variable(verb: &str, arg: Arg) -> Arg {
    let name = arg.get_id().as_str().to_owned();
    let is_named = arg.get_long().is_some() || name == SNAPSHOT;
    if !is_named || WITHOUT_VARIABLE.contains(&(verb, &name)) {
        return arg;
    }
    let variable = format!("{}{}", mistakes::PREFIX, name.to_uppercase());
    let arg = arg.env(variable).hide_env_values(true);
    if matches!(arg.get_action(), ArgAction::SetTrue) { arg.value_parser(switch()) } else { arg }
}

/// Parses the variable of a switch: a misspelt value must not turn it on.
fn switch() -> impl TypedValueParser<Value = bool> {
    let parse = |text: String| match text.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "n" | "off" => Ok(false),
        _ => Err("expected true or false"),
    };
    StringValueParser::new().try_map(parse)
}

/// The work that a command line asks for.
enum Task {
    Verb(Verb),
    /// Another tool's work, under its name.
    Tool(&'static Tool, ArgMatches),
}

impl Task {
    fn install_signals(&self) -> Result<(), Failure> {
        let refused = |error: std::io::Error| Failure::bug(error.to_string());
        match self {
            Self::Verb(Verb::Run(args)) if args.supervises() => {
                supervised::install().map_err(refused)
            }
            // A handler would lose the signals that arrive while it becomes its program.
            Self::Verb(Verb::RunStep(_)) => Ok(()),
            _ => signal::install().map_err(|error| Failure::bug(error.to_string())),
        }
    }
}

/// The work, and whether it prints JSON.
fn parse() -> Result<(Task, bool), clap::Error> {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(tool) = tools::named(arguments.first()) {
        let arguments = tool.arguments(&arguments);
        return Ok((Task::Tool(tool, tool.command().try_get_matches_from(arguments)?), false));
    }
    let matches = program().try_get_matches_from(arguments)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut program()))?;
    Ok((Task::Verb(cli.verb), prints_json(&matches)))
}

/// Whether the verb has `--json`.
fn prints_json(matches: &ArgMatches) -> bool {
    let mut verb = matches;
    while let Some((_, matches)) = verb.subcommand() {
        verb = matches;
    }
    matches!(verb.try_get_one::<bool>("json"), Ok(Some(true)))
}

/// Replaces an argument that may be a mnemonic, typed where no option expects one.
const HIDDEN: &str = "(hidden: a phrase of 12 words or more)";

/// Whether `text` has 12 words in a row that look like those of a BIP-39 mnemonic.
fn has_phrase(text: &str) -> bool {
    let mut row = 0;
    text.split_whitespace().any(|word| {
        // The first word may follow a flag: --seed=word.
        let word = word.rsplit('=').next().unwrap_or(word);
        let word = word.trim_matches(|char: char| !char.is_ascii_alphabetic());
        let is_word = (3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
        row = if is_word { row + 1 } else { 0 };
        row == 12
    })
}

/// The parser's error, with control characters escaped in the arguments that it quotes.
fn visible_error(mut error: clap::Error) -> clap::Error {
    let shown = |text: &str| {
        if has_phrase(text) { HIDDEN.to_owned() } else { visible::line(text).into_owned() }
    };
    let quoted: Vec<_> = error
        .context()
        .map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(shown(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(|text| shown(text)).collect())
                }
                ContextValue::StyledStrs(texts) => {
                    let shown = |text: &StyledStr| StyledStr::from(shown(&text.to_string()));
                    ContextValue::StyledStrs(texts.iter().map(shown).collect())
                }
                other => other.clone(),
            };
            (kind, value)
        })
        .collect();
    for (kind, value) in quoted {
        error.insert(kind, value);
    }
    error
}

/// Runs the program: arguments from the process, messages to stderr, data to stdout. Returns the
/// exit code.
pub fn main() -> u8 {
    let console = Console::new();
    let (task, json) = match parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            if let Some(failure) = mistakes::absent(&error).or_else(|| mistakes::number(&error)) {
                return fail(&failure, &console);
            }
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            if matches!(error.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissing) {
                let _ = error.print();
            } else {
                let arguments: Vec<_> = std::env::args_os().collect();
                let hint = mistakes::unended(&error, &arguments);
                console.usage(&visible_error(error).render().to_string());
                if let Some(hint) = hint {
                    console.usage(&format!("hint: {hint}\n"));
                }
            }
            return code;
        }
    };
    let console = if json { console.without_progress() } else { console };
    // A step of `run` has the environment of the `run` that warned.
    if matches!(&task, Task::Verb(verb) if !matches!(verb, Verb::RunStep(_))) {
        let unknown = mistakes::unknown_variables(environment::variables(), &program());
        unknown.iter().for_each(|warning| console.warning(warning));
    }
    let done = task.install_signals().and_then(|()| match &task {
        Task::Verb(verb) => verb.run(&console),
        Task::Tool(tool, matches) => tool.run(matches, &console).map(|()| exit::DONE),
    });
    match done {
        Ok(code) => code,
        Err(failure) => fail(&failure, &console),
    }
}

fn fail(failure: &Failure, console: &Console) -> u8 {
    console.error(&failure.message, failure.hint.as_deref());
    failure.exit
}

impl Verb {
    /// Returns the exit code.
    fn run(&self, console: &Console) -> Result<u8, Failure> {
        match self {
            Self::Init(args) => init::run(args, console),
            Self::All(args) => init::run_all(args, console),
            #[cfg(feature = "host")]
            Self::Capture(args) => capture::run(args, console),
            #[cfg(feature = "host")]
            Self::New(args) => new::run(args, console),
            #[cfg(feature = "host")]
            Self::Edit(args) => edit::run(args, console),
            #[cfg(feature = "host")]
            Self::Diff(args) => return diff::run(args, console),
            Self::Bake(args) => bake::run(args, console),
            Self::Keys(args) => keys::run(args, console),
            Self::Verify(args) => verify::run(args, console),
            Self::Inspect(args) => inspect::run(args, console),
            Self::Compose(args) => compose::run(args, console),
            #[cfg(feature = "host")]
            Self::Kube(args) => kube::run(args, console),
            Self::Run(args) => return run::run(args, console),
            Self::RunStep(args) => run::step(args),
            Self::Health(args) => health::run(args, console),
            Self::Watch(args) => watch::run(args, console),
            #[cfg(feature = "host")]
            Self::Stack(verb) => verb.run(console),
            #[cfg(feature = "host")]
            Self::Pack(args) => pack::run(args, console),
            #[cfg(feature = "host")]
            Self::Restore(args) => restore::run(args, console),
            #[cfg(feature = "host")]
            Self::Push(args) => oci::push::run(args, console),
            #[cfg(feature = "host")]
            Self::Pull(args) => oci::pull::run(args, console),
            #[cfg(feature = "host")]
            Self::Oci(args) => oci::run(args, console),
            #[cfg(feature = "host")]
            Self::Completions(args) => manual::completions(args, program()),
            #[cfg(feature = "host")]
            Self::Man(args) => manual::man(args, program()),
        }
        .map(|()| exit::DONE)
    }
}
