//! `regenesis new`: a snapshot of a chain that nothing was captured from.

mod questions;
mod source;
mod toml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::capture::staged::StagedSnapshot;
use super::edit::refuse_capture;
use super::init::generator;
use super::steps::Steps;
use super::{Failure, access, bake};
use crate::capture::{Captured, WorkFiles as _};
use crate::creation::{self, Options, Plan, Request};
use crate::exit;
use crate::io::console::Console;
use crate::io::fs;
use crate::keys::SecretText;
use crate::snapshot_files::work::{Place, Work, share};
use source::Source;

const EXAMPLES: &str = "Examples:
  regenesis new my-chain --chain-id 1337              then run: regenesis up my-chain
  regenesis new my-chain --chain-id 1337 --slot-time 1 --validators 4 \\
      --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=100 \\
      --predeploy 0x00000000000000000000000000000000000000aa=out/Counter.sol/Counter.json
  regenesis new my-chain --chain-id 1337 --preset mainnet --fork electra --fork fulu=10
  regenesis new my-chain --from chain.toml            the same names: chain_id = 1337
  regenesis new my-chain --from values.env            variables of ethereum-genesis-generator
  regenesis new my-chain                              asks, on a terminal

Without --fund, the first 20 accounts of anvil and Hardhat have 1,000,000 ETH each, and without
--mnemonic, the validators have the sample's phrase: these keys are public. To keep your own phrase
out of the process list, set REGENESIS_MNEMONIC, or write it to a file: --mnemonic @FILE.";

/// Create the snapshot of a new chain, for up or init to start
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Directory to write, which does not exist yet or is empty
    directory: PathBuf,
    /// File with the options: TOML, or values.env of ethereum-genesis-generator
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Chain ID
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    chain_id: Option<String>,
    /// Seconds per slot [default: 2]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    slot_time: Option<String>,
    /// Number of validators [default: 64]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    validators: Option<String>,
    /// Phrase of the validators, or the file that has it [default: the sample's]
    #[arg(long, value_name = "PHRASE|@FILE")]
    mnemonic: Option<SecretText>,
    /// Account with ETH at block 0 [default: the accounts of anvil and Hardhat]
    #[arg(long, value_name = "ADDR=ETH", value_delimiter = ',')]
    fund: Vec<String>,
    /// Gas limit of block 0 [default: 60000000]
    #[arg(long, value_name = "GAS", allow_hyphen_values = true)]
    gas_limit: Option<String>,
    /// Base fee of block 0 in wei per gas [default: geth's, 1000000000]
    #[arg(long, value_name = "WEI", allow_hyphen_values = true)]
    base_fee: Option<String>,
    /// Contract at block 0: code in hex, an account in JSON, or an artifact of Foundry or Hardhat
    #[arg(long, value_name = "ADDR=FILE", value_delimiter = ',')]
    predeploy: Vec<String>,
    /// Consensus preset [default: minimal]
    #[arg(long, value_name = "mainnet|minimal")]
    preset: Option<String>,
    /// Last fork at genesis, and forks at a later epoch: electra, fulu=10 [default: fulu]
    #[arg(long, value_name = "NAME[=EPOCH]", value_delimiter = ',')]
    fork: Vec<String>,
    /// Print the snapshot's metadata.json to stdout
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// An option is not valid, the directory has files, or it cannot be written. Nothing is written then.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let out = &args.directory;
    if out.as_os_str().is_empty() {
        return Err(Failure::usage("DIRECTORY is empty", "name the directory to write"));
    }
    // A place that cannot be used is reported before any question.
    let place = empty(out)?;
    let lock = share(out, console).map_err(|held| bake::busy(&held))?;
    let name = match place.name().filter(|name| super::capture::is_name(name)) {
        Some(name) => name,
        None => "chain".to_owned(),
    };
    let source = Source::of(args)?;
    let steps = Steps::start(console);
    console.title(&format!("regenesis {} · new chain {name}", env!("CARGO_PKG_VERSION")));
    let captured = match source {
        Source::Options(options, directory) => of_options(&options, &directory, name)?,
        Source::Variables(file) => of_variables(&file, name, console)?,
    };
    let counts = &captured.metadata.counts;
    let count = |what: &str| counts.get(what).copied().unwrap_or_default();
    let (accounts, validators) = (count("accounts"), count("validators"));
    let chain_id = captured.metadata.chain_id;
    steps.done("chain", &format!("{chain_id}: {accounts} accounts, {validators} validators"));
    let mut work = Work::open(place)?;
    refuse_capture(&work)?;
    work.set_resumable(false);
    let staged = match StagedSnapshot::write(captured, &work, &steps) {
        Ok(staged) => staged,
        Err(failure) => {
            work.remove()?;
            return Err(failure);
        }
    };
    work.check_place()?;
    work.publish()?;
    drop(lock);
    let out = out.display();
    steps.done("write", &out.to_string());
    console.title(&format!("{out} is ready: regenesis up {out}, or regenesis init {out}"));
    access::give(&args.directory, console);
    if args.json {
        super::print(&staged.metadata.to_json())?;
    }
    Ok(())
}

/// The place of the snapshot: nothing, an empty directory, or what a killed run left there.
fn empty(out: &Path) -> Result<Place, Failure> {
    let hint = "name a directory that does not exist, or an empty one; regenesis edit changes a \
                snapshot";
    let taken =
        |what: &str| Failure::new(exit::OUTPUT, format!("{}: {what}", out.display()), Some(hint));
    match Place::look(out) {
        Ok(place) if place.is_empty() => Ok(place),
        Ok(_) => Err(taken("is a snapshot, and new replaces nothing")),
        Err(crate::io::disk::Error::NoSnapshot { .. } | crate::io::disk::Error::Edited(_)) => {
            Err(taken("has files, and new replaces nothing"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The snapshot of the options. Their files are relative to `directory`.
fn of_options(options: &Options, directory: &Path, name: String) -> Result<Captured, Failure> {
    let mut predeploys = BTreeMap::new();
    for predeploy in options.predeploys().map_err(|error| failure(&error))? {
        let text = text_of(&directory.join(&predeploy.file))?;
        let account = creation::account(&text).map_err(|problem| {
            let file = directory.join(&predeploy.file);
            let hint =
                "expected code in hex, an account in JSON, or an artifact of Foundry or Hardhat";
            Failure::new(exit::INPUT, format!("{} {problem}", file.display()), Some(hint))
        })?;
        predeploys.insert(predeploy.address, account);
    }
    let plan = Plan::of(options, predeploys).map_err(|error| failure(&error))?;
    let network = plan.network(options).map_err(|error| failure(&error))?;
    let request = Request {
        name,
        kind: "regenesis new".to_owned(),
        base_fee: plan.base_fee,
        public: plan.public,
        validators: None,
        version: env!("CARGO_PKG_VERSION"),
    };
    creation::snapshot(&network, request).map_err(|error| Failure::bug(error.to_string()))
}

/// The snapshot of the variables in `file`.
fn of_variables(file: &Path, name: String, console: &Console) -> Result<Captured, Failure> {
    let network = generator::network(file)?;
    network.warnings.iter().for_each(|warning| console.warning(warning));
    for (set, variable, instead) in [
        (network.timed, "GENESIS_TIMESTAMP", "init --timestamp sets the time of a boot"),
        (network.lead.is_some(), "GENESIS_DELAY", "init --lead sets it at a boot"),
        (network.shuffle, "SHUFFLE_VALIDATORS", "init --shuffle-validators does it at a boot"),
        (network.boot_enr.is_some(), "BEACON_STATIC_ENR", "a snapshot has no boot node"),
    ] {
        if set {
            console.warning(&format!("{variable} has no effect in a snapshot: {instead}"));
        }
    }
    let validators = network.validators.as_ref().map(|path| fs::read_file(Path::new(path)));
    let request = Request {
        name,
        kind: "values.env".to_owned(),
        base_fee: None,
        public: false,
        validators: validators.transpose()?,
        version: env!("CARGO_PKG_VERSION"),
    };
    creation::snapshot(&network, request).map_err(|error| Failure::bug(error.to_string()))
}

/// The text of a file.
fn text_of(path: &Path) -> Result<String, Failure> {
    String::from_utf8(fs::read_file(path)?).map_err(|_| {
        let what = format!("{}: is not UTF-8 text", path.display());
        Failure::new(exit::INPUT, what, Some("save it as UTF-8"))
    })
}

/// The failure of an option that is not valid.
fn failure(error: &creation::Error) -> Failure {
    let exit = match error.place {
        Some(creation::Place::File(..)) => exit::INPUT,
        _ => exit::USAGE,
    };
    Failure::new(exit, error.to_string(), Some(&error.hint))
}
