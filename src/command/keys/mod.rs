//! `regenesis keys`: validator keys as eth2-val-tools makes them, with its flags.

mod bls_address_change;
mod deposit_data;
mod keystores;
mod list;
mod mnemonic;
mod pubkeys;

use std::ops::Range;

use clap::Subcommand;

use super::Failure;
use crate::exit;
use crate::keys::{Accounts, Mnemonic};
use crate::rim::console::Console;

const EXAMPLES: &str = "Examples:
  regenesis keys keystores --insecure --prysm-pass password --out-loc /node-0-keystores \\
      --source-mnemonic \"$MNEMONIC\" --source-min 0 --source-max 64
  regenesis keys pubkeys --validators-mnemonic \"$(regenesis keys mnemonic)\" --source-max 8
  regenesis keys deposit-data --validators-mnemonic \"$V\" --withdrawals-mnemonic \"$W\" \\
      --fork-version 0x10000038 --source-max 1

The flags are those of eth2-val-tools. A range is --source-min to --source-max, the last excluded.
Every flag has an environment variable: --source-mnemonic is REGENESIS_SOURCE_MNEMONIC, which keeps
the phrase out of the list of processes.";

/// Validator keystores, public keys, deposits, and withdrawal changes, as eth2-val-tools makes them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Keystores(keystores::Args),
    Pubkeys(pubkeys::Args),
    Mnemonic(mnemonic::Args),
    DepositData(deposit_data::Args),
    BlsAddressChange(bls_address_change::Args),
}

/// Runs the verb.
///
/// # Errors
/// A flag is wrong, or the output cannot be written.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    match &args.verb {
        Verb::Keystores(args) => keystores::run(args, console),
        Verb::Pubkeys(args) => pubkeys::run(args),
        Verb::Mnemonic(args) => mnemonic::run(args),
        Verb::DepositData(args) => deposit_data::run(args),
        Verb::BlsAddressChange(args) => bls_address_change::run(args),
    }
}

/// A range of accounts.
#[derive(Debug, clap::Args)]
struct Source {
    /// First account
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        env = "REGENESIS_SOURCE_MIN",
        hide_env_values = true
    )]
    source_min: u32,
    /// The account behind the last one
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        env = "REGENESIS_SOURCE_MAX",
        hide_env_values = true
    )]
    source_max: u32,
}

impl Source {
    fn range(&self) -> Result<Range<u32>, Failure> {
        if self.source_max < self.source_min {
            let (min, max) = (self.source_min, self.source_max);
            let what = format!("--source-max is {max}, less than --source-min, which is {min}");
            return Err(Failure::usage(what, "the range goes from the first to behind the last"));
        }
        Ok(self.source_min..self.source_max)
    }
}

/// The accounts of the phrase that `flag` gives. No message quotes the phrase.
fn accounts(flag: &str, phrase: &str) -> Result<Accounts, Failure> {
    let mnemonic = Mnemonic::parse(phrase).map_err(|error| {
        Failure::usage(format!("{flag}: {error}"), "regenesis keys mnemonic makes one")
    })?;
    Accounts::of(&mnemonic).map_err(|error| Failure::bug(error.to_string()))
}

/// `text` as bytes of hex, `0x` optional.
fn hex_bytes<const N: usize>(flag: &str, text: &str) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        let what = format!("{flag} is {shown:?}, expected 0x and {} hex digits", 2 * N);
        Failure::usage(what, "see --help for an example")
    })?;
    Ok(bytes)
}
