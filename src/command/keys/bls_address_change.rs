//! `regenesis keys bls-address-change`.

use serde::Serialize;

use super::super::Failure;
use super::{Source, accounts, hex_bytes, list};
use crate::cl::operations::{Chain, SignedBlsToExecutionChange};
use crate::keys::SecretText;

/// Print signed changes from BLS withdrawal keys to an address, one JSON object per line
///
/// Each validator index is the index of the account.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mnemonic of the current withdrawal keys
    #[arg(long, value_name = "PHRASE")]
    withdrawals_mnemonic: SecretText,
    #[command(flatten)]
    source: Source,
    /// Root of the validator registry at genesis; init writes it to `genesis_validators_root.txt`
    #[arg(long, value_name = "HEX")]
    genesis_validators_root: String,
    /// New withdrawal address
    #[arg(long, value_name = "HEX")]
    execution_address: String,
    /// Genesis fork version of the chain, such as 0x10000038
    #[arg(long, value_name = "HEX")]
    fork_version: String,
    /// Print a JSON array
    #[arg(long)]
    as_json_list: bool,
}

/// As in the Beacon API.
#[derive(Serialize)]
struct Line {
    message: Message,
    signature: String,
}

#[derive(Serialize)]
struct Message {
    validator_index: String,
    from_bls_pubkey: String,
    to_execution_address: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let range = args.source.range()?;
    let withdrawals = accounts("--withdrawals-mnemonic", &args.withdrawals_mnemonic)?;
    let address: [u8; 20] = hex_bytes("--execution-address", &args.execution_address)?;
    let chain = Chain {
        genesis_fork_version: hex_bytes("--fork-version", &args.fork_version)?,
        genesis_validators_root: hex_bytes(
            "--genesis-validators-root",
            &args.genesis_validators_root,
        )?
        .into(),
    };
    list::print_lines(range, args.as_json_list, |index| {
        let key = withdrawals.withdrawal_key(index);
        let change = SignedBlsToExecutionChange::signed(&key, index.into(), address, chain);
        if !change.is_valid(chain) {
            return Err(Failure::bug(format!("the change of account {index} is not valid")));
        }
        let message = Message {
            validator_index: change.validator_index.to_string(),
            from_bls_pubkey: format!("0x{}", hex::encode(change.from_bls_pubkey)),
            to_execution_address: format!("0x{}", hex::encode(change.to_execution_address)),
        };
        let signature = format!("0x{}", hex::encode(change.signature));
        let line = serde_json::to_string(&Line { message, signature });
        line.map_err(|error| Failure::bug(error.to_string()))
    })
}
