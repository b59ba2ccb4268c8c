//! The questions to a user who gave no option.

use super::super::Failure;
use crate::creation::{Options, Place, Value};
use crate::io::console;

const HINT: &str = "pass --chain-id NUMBER and what else differs from the defaults, or --from FILE; on a \
                    terminal, regenesis asks";

/// The questions, each with the option that its answer sets. An empty answer is the default.
const QUESTIONS: [(&str, &str); 5] = [
    ("chain_id", "Chain ID [1337]: "),
    ("slot_time", "Seconds per slot [2]: "),
    ("validators", "Number of validators [64]: "),
    ("fund", "Account with ETH, ADDR=ETH [20 accounts of anvil and Hardhat]: "),
    ("preset", "Preset, minimal or mainnet [minimal]: "),
];

/// Asks on the terminal.
///
/// # Errors
/// There is no terminal.
pub(super) fn ask() -> Result<Options, Failure> {
    let mut options = Options::default();
    for (name, question) in QUESTIONS {
        let answer = console::ask(question).ok_or_else(|| {
            Failure::usage("nothing describes the chain: --chain-id is missing", HINT)
        })?;
        let text = if answer.is_empty() && name == "chain_id" { "1337".to_owned() } else { answer };
        options.set(name, [Value { text: text.into(), place: Place::Flag }]);
    }
    Ok(options)
}
