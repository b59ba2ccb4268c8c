//! The command line: the list of verbs.

#[cfg(feature = "host")]
use clap::CommandFactory as _;
use clap::builder::StyledStr;
use clap::error::ContextValue;
use clap::error::ErrorKind::{
    DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand as DisplayHelpOnMissing, DisplayVersion,
};
use clap::{Parser, Subcommand};

#[cfg(feature = "host")]
use crate::command::manual;
use crate::command::{Failure, bake, capture, compose, health, init, inspect, keys, run, verify};
use crate::exit;
use crate::rim::console::Console;
use crate::rim::{process, signal};
use crate::visible;

const EXAMPLES: &str = "Examples:
  regenesis init                     the embedded sample, to ./runtime
  regenesis init my-snapshot         a snapshot directory
  regenesis capture --el-rpc 127.0.0.1:8545 --out my-snapshot
                                     a running geth or anvil, proven by its state root
  regenesis bake my-snapshot         once, so that every init of it is faster
  regenesis verify my-snapshot       whether a snapshot is whole";

const ALL_EXAMPLES: &str = "Examples:
  regenesis all                      from the environment and /config/values.env, to /data
  regenesis all --egg-values values.env --out ./output
  regenesis all --layout egg,lighthouse
                                     keystores too";

/// Ethereum devnet snapshots that never rot: execution and consensus genesis, made anew at every
/// boot.
#[derive(Debug, Parser)]
#[command(
    name = "regenesis",
    // Otherwise help and usage show argv[0], which may hold what commands a terminal.
    bin_name = "regenesis",
    version,
    after_help = format!("{EXAMPLES}\n\n{}", exit::HELP)
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(Box<init::Args>),
    /// What ethereum-genesis-generator's `all` does: a network from its variables and
    /// /config/values.env, to /data
    // REGENESIS_OUT is where the image has init write to: not here.
    #[command(
        mut_arg("out", |out| out.env(None::<&str>).default_value("/data")),
        mut_args(|arg| {
            let hidden = init::SNAPSHOT_FILES.contains(&arg.get_id().as_str());
            arg.hide(hidden)
        }),
        after_help = ALL_EXAMPLES,
        after_long_help = format!("{ALL_EXAMPLES}\n\n{}", exit::HELP)
    )]
    All(Box<init::Args>),
    Capture(Box<capture::Args>),
    Bake(bake::Args),
    Keys(keys::Args),
    Verify(verify::Args),
    Inspect(inspect::Args),
    Compose(compose::Args),
    Run(run::Args),
    /// A step of `regenesis run`, which starts this itself
    #[command(name = process::STEP, hide = true)]
    RunStep(run::StepArgs),
    Health(health::Args),
    #[cfg(feature = "host")]
    Completions(manual::CompletionsArgs),
    #[cfg(feature = "host")]
    Man(manual::ManArgs),
}

/// The parser's error with every argument that it quotes on one line, whatever is in it.
fn visible_error(mut error: clap::Error) -> clap::Error {
    let shown = |text: &str| visible::line(text).into_owned();
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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            if matches!(error.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissing) {
                let _ = error.print();
            } else {
                console.usage(&visible_error(error).render().to_string());
            }
            return code;
        }
    };
    let installed = signal::install().map_err(|error| Failure::bug(error.to_string()));
    let done = installed.and_then(|()| match &cli.verb {
        Verb::Init(args) => init::run(args, &console),
        Verb::All(args) => init::run_all(args, &console),
        Verb::Capture(args) => capture::run(args, &console),
        Verb::Bake(args) => bake::run(args, &console),
        Verb::Keys(args) => keys::run(args, &console),
        Verb::Verify(args) => verify::run(args, &console),
        Verb::Inspect(args) => inspect::run(args, &console),
        Verb::Compose(args) => compose::run(args, &console),
        Verb::Run(args) => run::run(args, &console),
        Verb::RunStep(args) => run::step(args),
        Verb::Health(args) => health::run(args, &console),
        #[cfg(feature = "host")]
        Verb::Completions(args) => manual::completions(args, Cli::command()),
        #[cfg(feature = "host")]
        Verb::Man(args) => manual::man(args, Cli::command()),
    });
    match done {
        Ok(()) => exit::DONE,
        Err(failure) => {
            console.error(&failure.message, failure.hint.as_deref());
            failure.exit
        }
    }
}
