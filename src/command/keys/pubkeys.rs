//! `regenesis keys pubkeys`.

use super::super::Failure;
use super::{Source, accounts, list};
use crate::io::console::Console;
use crate::keys::{Accounts, SecretText};

/// Print the public keys of a range of accounts, one per line
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mnemonic of the validators
    #[arg(long, value_name = "PHRASE")]
    validators_mnemonic: SecretText,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let range = args.source.range()?;
    if range.is_empty() {
        console.warning("the range is empty: set --source-max");
    }
    let accounts = accounts("--validators-mnemonic", &args.validators_mnemonic)?;
    list::print_lines(range, false, |index| {
        let secret = Accounts::signing_key(&accounts.withdrawal_key(index));
        Ok(format!("0x{}", hex::encode(secret.public_key())))
    })
}
