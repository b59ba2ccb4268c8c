//! `regenesis keys keystores`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use rayon::prelude::*;

use super::super::Failure;
use super::super::init::seed;
use super::{Source, accounts};
use crate::file::OutFile;
use crate::io::console::Console;
use crate::io::tree::{NewTree, remove_unfinished};
use crate::keys::{
    self, Accounts, Entropy, Kdf, Keystore, Path, PublicKey, Sealed, SecretKey, SecretText,
    password,
};
use crate::layout::{Keyring, eth2_val_tools};

/// The number of keystores in memory.
const AT_ONCE: usize = 256;

/// Write the keystores of a range of accounts, in eth2-val-tools' directory tree
///
/// With --insecure, all users can read the files, as with eth2-val-tools: they protect nothing.
/// Without it, only their owner can.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Mnemonic of the validators
    #[arg(long, value_name = "PHRASE")]
    source_mnemonic: SecretText,
    #[command(flatten)]
    source: Source,
    /// Output directory; it must not exist yet
    #[arg(long, value_name = "DIR", default_value = "assigned_data")]
    out_loc: PathBuf,
    /// Password of the Prysm wallet
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    prysm_pass: SecretText,
    /// Use PBKDF2 with 2 rounds instead of 262144: instant, but protects nothing
    #[arg(long)]
    insecure: bool,
    /// Number of cores to use [default: all]
    #[arg(long, value_name = "N")]
    max_parallel: Option<NonZeroUsize>,
    /// 32 bytes in hex from which passwords and salts are derived, for reproducible output
    #[arg(long, value_name = "HEX")]
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
    for left in remove_unfinished(&args.out_loc) {
        console.note(&format!("removed {}, which a killed run left", left.display()));
    }
    let tree = NewTree::create(&args.out_loc)?;
    let as_reference = |mut file: OutFile| {
        file.secret = !args.insecure;
        file
    };
    let wrong = |error: keys::Error| Failure::bug(format!("a keystore: {error}"));
    let indices: Vec<u32> = range.collect();
    let total = indices.len();
    let mut keys = Vec::with_capacity(total);
    // Small chunks update the progress often enough when sealing is slow.
    let at_once = if args.insecure { AT_ONCE } else { 4 * rayon::current_num_threads() };
    for indices in indices.chunks(at_once) {
        let sealed = indices.par_iter().map(|index| seal(&accounts, *index, kdf, &entropy));
        let sealed: Vec<_> = sealed.collect::<Result<_, _>>().map_err(wrong)?;
        let files = sealed.iter().flat_map(|(_, sealed)| (eth2_val_tools::LAYOUT.each)(sealed));
        tree.write(&files.map(as_reference).collect::<Vec<_>>())?;
        keys.extend(sealed.into_iter().map(|(key, _)| key));
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

/// The key of an account and its keystore, which is opened once to check it.
fn seal(
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
