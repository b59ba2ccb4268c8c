//! `regenesis keys mnemonic`.

use zeroize::Zeroizing;

use super::super::init::seed;
use super::super::{Failure, print};
use crate::keys::{Entropy, Mnemonic, SecretText};

/// Print a random phrase of 24 words (BIP-39), without a newline
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 32 bytes in hex from which the phrase is derived, for reproducible output
    #[arg(long, value_name = "HEX")]
    seed: Option<SecretText>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let entropy = Entropy::new(seed(args.seed.as_deref())?);
    let mnemonic = Mnemonic::generate(&Zeroizing::new(entropy.derive("mnemonic", &[])));
    let mnemonic = mnemonic.map_err(|error| Failure::bug(error.to_string()))?;
    print(mnemonic.phrase().as_bytes())
}
