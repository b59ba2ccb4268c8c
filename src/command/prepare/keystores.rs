//! The keystores of a run, some at a time: a devnet may have a hundred thousand.

use rayon::prelude::*;

use super::super::Failure;
use super::Wanted;
use super::inputs::announce;
use crate::keys::Sealed;
use crate::keys::{Kdf, Keystore, password};
use crate::rim::console::Console;
use crate::rim::fs;
use crate::snapshot::Input;
use crate::snapshot::bake;
use crate::snapshot::validators::SigningKey;

/// How many keystores are held at once.
const AT_ONCE: usize = 1024;

/// Where the keystores come from.
#[derive(Debug)]
pub enum Keystores {
    /// They are sealed now.
    Unsealed(Vec<SigningKey>),
    /// A bake has so many.
    Baked(Input, usize),
}

impl Keystores {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Unsealed(keys) => keys.len(),
            Self::Baked(_, count) => *count,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they are the same at every boot.
    pub fn are_baked(&self) -> bool {
        matches!(self, Self::Baked(..))
    }

    /// Calls `take` with the keystores in order, if any are wanted. Sealing takes all cores.
    ///
    /// # Errors
    /// The bake cannot be read; what `take` says.
    pub fn each(
        &self,
        wanted: &Wanted<'_>,
        console: &Console,
        mut take: impl FnMut(&[Sealed]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let total = self.len();
        let mut done = 0;
        let mut take = |sealed: &[Sealed]| {
            done += sealed.len();
            console.progress(|| format!("keystore {done} of {total}"));
            take(sealed)
        };
        match (self, wanted.kdf) {
            (_, None) => Ok(()),
            (Self::Unsealed(keys), Some(kdf)) => {
                announce(console, "sealing", total, "keystores");
                // Progress shows what is slow: a hundred keystores of scrypt take a minute.
                let at_once =
                    if kdf == Kdf::Light { AT_ONCE } else { 4 * rayon::current_num_threads() };
                keys.chunks(at_once).try_for_each(|keys| take(&seal(keys, kdf, wanted)?))
            }
            (Self::Baked(input, _), Some(_)) => fs::each_lines(input, AT_ONCE, |lines| {
                // Its digest was right: only another program wrote such lines.
                let sealed = bake::decode_keystores(lines).map_err(|error| {
                    Failure::input(
                        input,
                        None,
                        &error.to_string(),
                        Some("regenesis bake makes it anew"),
                    )
                })?;
                take(&sealed)
            }),
        }
    }
}

fn seal(keys: &[SigningKey], kdf: Kdf, wanted: &Wanted<'_>) -> Result<Vec<Sealed>, Failure> {
    let entropy = wanted.entropy;
    let sealed = keys.par_iter().map(|key| {
        let password = password(entropy, &key.pubkey);
        let (secret, pubkey, path) = (&key.secret, &key.pubkey, &key.path);
        let keystore = Keystore::seal(secret, pubkey, path, &password, kdf, entropy)?.to_json();
        Ok(Sealed { pubkey: key.pubkey, keystore, password })
    });
    let sealed: Result<_, crate::keys::Error> = sealed.collect();
    sealed.map_err(|error| Failure::bug(format!("a keystore cannot be sealed: {error}")))
}
