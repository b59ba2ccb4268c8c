//! `eth2-val-tools` (0d6d1dd): `regenesis keys` has its subcommands and flags.

use clap::{Arg, ArgAction, ArgMatches, Args as _, Command};

use super::super::{Failure, keys};
use super::{Tool, parsed};
use crate::io::console::Console;

pub(super) const TOOL: Tool =
    Tool { name: "eth2-val-tools", command, run, switches: &["insecure", "as-json-list", PPROF] };

/// A switch of `keystores` that only profiles the original.
const PPROF: &str = "pprof";

fn command() -> Command {
    let pprof = Arg::new(PPROF).long(PPROF).action(ArgAction::SetTrue);
    let pprof = pprof.help("No effect: writes no profile of a Go program");
    keys::Args::augment_args(Command::new(TOOL.name))
        .after_help("")
        .mut_subcommand("keystores", |keystores| keystores.arg(pprof))
}

fn run(matches: &ArgMatches, console: &Console) -> Result<(), Failure> {
    if matches.subcommand_matches("keystores").is_some_and(|matches| matches.get_flag(PPROF)) {
        console.warning("--pprof has no effect: no profile is written");
    }
    keys::run(&parsed::<keys::Args>(matches)?, console)
}
