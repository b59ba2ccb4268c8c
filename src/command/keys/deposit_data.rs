//! `regenesis keys deposit-data`.

use serde::Serialize;

use super::super::Failure;
use super::{Source, accounts, hex_bytes, list};
use crate::cl::operations::DepositData;
use crate::keys::{Accounts, Path, SecretText};
use crate::snapshot::validators::credentials_by_key;

/// Print signed deposits for a range of accounts, one JSON object per line
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mnemonic of the validators
    #[arg(long, value_name = "PHRASE")]
    validators_mnemonic: SecretText,
    /// Mnemonic of the withdrawal keys
    #[arg(long, value_name = "PHRASE")]
    withdrawals_mnemonic: SecretText,
    #[command(flatten)]
    source: Source,
    /// Amount of each deposit, in Gwei
    #[arg(long, value_name = "GWEI", default_value_t = 32_000_000_000)]
    amount: u64,
    /// Genesis fork version of the chain, such as 0x10000038
    #[arg(long, value_name = "HEX")]
    fork_version: String,
    /// Print a JSON array
    #[arg(long)]
    as_json_list: bool,
}

/// The fields are sorted by name, as in eth2-val-tools.
#[derive(Serialize)]
struct Line {
    account: String,
    deposit_data_root: String,
    pubkey: String,
    signature: String,
    value: u64,
    version: u8,
    withdrawal_credentials: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let range = args.source.range()?;
    let validators = accounts("--validators-mnemonic", &args.validators_mnemonic)?;
    let withdrawals = accounts("--withdrawals-mnemonic", &args.withdrawals_mnemonic)?;
    let fork_version = hex_bytes("--fork-version", &args.fork_version)?;
    list::print_lines(range, args.as_json_list, |index| {
        let secret = Accounts::signing_key(&validators.withdrawal_key(index));
        let credentials = credentials_by_key(&withdrawals.withdrawal_key(index));
        let deposit = DepositData::signed(&secret, credentials, args.amount, fork_version);
        if !deposit.is_valid(fork_version) {
            return Err(Failure::bug(format!("the deposit of account {index} is not valid")));
        }
        let line = Line {
            account: Path::signing(index).to_string(),
            deposit_data_root: hex::encode(deposit.root()),
            pubkey: hex::encode(deposit.pubkey),
            signature: hex::encode(deposit.signature),
            value: deposit.amount,
            version: 1,
            withdrawal_credentials: hex::encode(deposit.withdrawal_credentials),
        };
        serde_json::to_string(&line).map_err(|error| Failure::bug(error.to_string()))
    })
}
