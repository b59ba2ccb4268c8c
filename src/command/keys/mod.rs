//! `regenesis keys`: validator keys like those of eth2-val-tools, with its options.

mod bls_address_change;
mod deposit_data;
mod keystores;
mod list;
mod mnemonic;
mod pubkeys;

use std::ops::Range;

use clap::Subcommand;

use super::Failure;
use crate::io::console::Console;
use crate::keys::{Accounts, Mnemonic};
use crate::placeholder;

const EXAMPLES: &str = "Examples:
  regenesis keys keystores --insecure --prysm-pass password --out-loc /node-0-keystores \\
      --source-mnemonic \"$MNEMONIC\" --source-min 0 --source-max 64
  regenesis keys pubkeys --validators-mnemonic \"$(regenesis keys mnemonic)\" --source-max 8
  regenesis keys deposit-data --validators-mnemonic \"$V\" --withdrawals-mnemonic \"$W\" \\
      --fork-version 0x10000038 --source-max 1

The options are those of eth2-val-tools. A range starts with --source-min and ends before
--source-max. Every option has an environment variable: set REGENESIS_SOURCE_MNEMONIC instead of
--source-mnemonic to keep the phrase out of the process list.";

/// Generate validator keystores, public keys, deposits and withdrawal changes like eth2-val-tools
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
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
/// An option is invalid, or the output cannot be written.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    match &args.verb {
        Verb::Keystores(args) => keystores::run(args, console),
        Verb::Pubkeys(args) => pubkeys::run(args, console),
        Verb::Mnemonic(args) => mnemonic::run(args),
        Verb::DepositData(args) => deposit_data::run(args),
        Verb::BlsAddressChange(args) => bls_address_change::run(args),
    }
}

/// A range of accounts.
#[derive(Debug, clap::Args)]
struct Source {
    /// First account
    #[arg(long, value_name = "N", default_value_t = 0)]
    source_min: u32,
    /// End of the range; this account is excluded
    #[arg(long, value_name = "N", default_value_t = 0)]
    source_max: u32,
}

impl Source {
    fn range(&self) -> Result<Range<u32>, Failure> {
        if self.source_max < self.source_min {
            let (min, max) = (self.source_min, self.source_max);
            let what = format!("--source-max is {max}, less than --source-min {min}");
            return Err(Failure::usage(
                what,
                "the range starts with --source-min and ends before --source-max",
            ));
        }
        Ok(self.source_min..self.source_max)
    }
}

/// The accounts of `phrase`, the value of `flag`. No message quotes it.
fn accounts(flag: &str, phrase: &str) -> Result<Accounts, Failure> {
    let mnemonic = Mnemonic::parse(phrase).map_err(|error| {
        let hint = "regenesis keys mnemonic generates one";
        Failure::usage(format!("{flag}: {error}"), placeholder::variable(phrase).unwrap_or(hint))
    })?;
    Accounts::of(&mnemonic).map_err(|error| Failure::bug(error.to_string()))
}

/// `text` as bytes in hex; `0x` is optional.
pub(super) fn hex_bytes<const N: usize>(flag: &str, text: &str) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        let what = format!("{flag} is {shown:?}, expected 0x and {} hex digits", 2 * N);
        Failure::usage(what, "see --help for the format")
    })?;
    Ok(bytes)
}
