//! `regenesis keys keystores`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use rayon::prelude::*;

use super::super::Failure;
use super::super::init::seed;
use super::{Source, accounts};
use crate::keys::{
    self, Accounts, Entropy, Kdf, Keystore, Path, PublicKey, Sealed, SecretKey, SecretText,
    password,
};
use crate::layout::{Keyring, OutFile, eth2_val_tools};
use crate::rim::console::Console;
use crate::rim::tree::NewTree;

/// How many keystores are held at once.
const AT_ONCE: usize = 256;

/// Keystores of a range of accounts, in the tree of eth2-val-tools
///
/// With --insecure the files may be read by everybody, as eth2-val-tools leaves them: they protect
/// nothing. Without it, only their owner reads them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mnemonic of the validators
    #[arg(long, value_name = "PHRASE", env = "REGENESIS_SOURCE_MNEMONIC", hide_env_values = true)]
    source_mnemonic: SecretText,
    #[command(flatten)]
    source: Source,
    /// Directory for the files; must not be there yet
    #[arg(
        long,
        value_name = "DIR",
        default_value = "assigned_data",
        env = "REGENESIS_OUT_LOC",
        hide_env_values = true
    )]
    out_loc: PathBuf,
    /// Password of Prysm's wallet
    #[arg(
        long,
        value_name = "PASSWORD",
        default_value = "",
        hide_default_value = true,
        env = "REGENESIS_PRYSM_PASS",
        hide_env_values = true
    )]
    prysm_pass: SecretText,
    /// PBKDF2 with 2 rounds, not 262144: protects nothing, and is instant
    #[arg(
        long,
        env = "REGENESIS_INSECURE",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    insecure: bool,
    /// Cores to use [default: all]
    #[arg(long, value_name = "N", env = "REGENESIS_MAX_PARALLEL", hide_env_values = true)]
    max_parallel: Option<NonZeroUsize>,
    /// 32 bytes of hex from which passwords and salts are made, to get the same files again
    #[arg(long, value_name = "HEX", env = "REGENESIS_SEED", hide_env_values = true)]
    seed: Option<SecretText>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(cores) = args.max_parallel {
        pool = pool.num_threads(cores.get());
    }
    let pool = pool.build().map_err(|error| Failure::bug(error.to_string()))?;
    pool.install(|| write(args, console))
}

fn write(args: &Args, console: &Console) -> Result<(), Failure> {
    let range = args.source.range()?;
    let accounts = accounts("--source-mnemonic", &args.source_mnemonic)?;
    let entropy = Entropy::new(seed(args.seed.as_deref())?);
    let kdf = if args.insecure { Kdf::Light } else { Kdf::Pbkdf2 };
    let tree = NewTree::create(&args.out_loc)?;
    let as_reference = |mut file: OutFile| {
        file.secret = !args.insecure;
        file
    };
    let wrong = |error: keys::Error| Failure::bug(format!("a keystore: {error}"));
    let indices: Vec<u32> = range.collect();
    let total = indices.len();
    let mut keys = Vec::with_capacity(total);
    // Progress shows what is slow.
    let at_once = if args.insecure { AT_ONCE } else { 4 * rayon::current_num_threads() };
    for indices in indices.chunks(at_once) {
        let made = indices.par_iter().map(|index| one(&accounts, *index, kdf, &entropy));
        let made: Vec<_> = made.collect::<Result<_, _>>().map_err(wrong)?;
        let files = made.iter().flat_map(|(_, sealed)| (eth2_val_tools::LAYOUT.each)(sealed));
        tree.write(&files.map(as_reference).collect::<Vec<_>>())?;
        keys.extend(made.into_iter().map(|(key, _)| key));
        console.progress(|| format!("keystore {} of {total}", keys.len()));
    }
    let password = args.prysm_pass.clone();
    let keyring = Keyring { keys: &keys, password, kdf, entropy: &entropy, client: "" };
    let together = eth2_val_tools::together(&keyring).map_err(wrong)?;
    tree.write(&together.into_iter().map(as_reference).collect::<Vec<_>>())?;
    tree.publish()?;
    console.title(&format!("{}: {total} keystores", args.out_loc.display()));
    Ok(())
}

/// The key of an account, and its keystore, which was opened again.
fn one(
    accounts: &Accounts,
    index: u32,
    kdf: Kdf,
    entropy: &Entropy,
) -> Result<((PublicKey, SecretKey), Sealed), keys::Error> {
    let secret = Accounts::signing_key(&accounts.withdrawal_key(index));
    let pubkey = secret.public_key();
    let (path, password) = (Path::signing(index), password(entropy, &pubkey));
    let keystore = Keystore::seal(&secret, &pubkey, &path, &password, kdf, entropy)?.to_json();
    let sealed = Sealed { pubkey, keystore, password };
    sealed.open()?;
    Ok(((pubkey, secret), sealed))
}
