//! `regenesis keys pubkeys`.

use super::super::Failure;
use super::{Source, accounts, list};
use crate::keys::{Accounts, SecretText};

/// Public keys of a range of accounts, one a line
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mnemonic of the validators
    #[arg(
        long,
        value_name = "PHRASE",
        env = "REGENESIS_VALIDATORS_MNEMONIC",
        hide_env_values = true
    )]
    validators_mnemonic: SecretText,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let range = args.source.range()?;
    let accounts = accounts("--validators-mnemonic", &args.validators_mnemonic)?;
    list::print_lines(range, false, |index| {
        let secret = Accounts::signing_key(&accounts.withdrawal_key(index));
        Ok(format!("0x{}", hex::encode(secret.public_key())))
    })
}
