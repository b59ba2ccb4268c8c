//! Validator keystores, in batches: a devnet may have a hundred thousand.

use rayon::prelude::*;

use super::{Error, Request};
use crate::file::{Input, InputReader, OutFile, ReadError, each_lines};
use crate::keys::{Kdf, Keystore, PublicKey, Sealed, SecretKey, password};
use crate::layout::plan::Plan;
use crate::progress::{Progress, announce};
use crate::snapshot::bake;
use crate::snapshot::validators::SigningKey;

/// Keystores that are held at once.
const BATCH: usize = 1024;
const CANNOT_SEAL: &str = "a keystore cannot be sealed";
const OTHER_KEYS: &str = "has keystores that differ from those of its validators";

/// Where the keystores come from.
#[derive(Debug)]
pub enum Keystores {
    /// The keys are sealed in this run.
    Unsealed(Vec<SigningKey>),
    /// A bake's file has the keystores of these keys, in this order.
    Baked(Input, Vec<PublicKey>),
}

impl Keystores {
    /// Number of keystores.
    pub fn len(&self) -> usize {
        match self {
            Self::Unsealed(keys) => keys.len(),
            Self::Baked(_, keys) => keys.len(),
        }
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `take` with the keystores in order, a batch at a time; not at all if the request has no
    /// key derivation function. Sealing uses all cores.
    ///
    /// # Errors
    /// The bake cannot be read; those of `take`.
    pub fn each<E: From<Error>>(
        &self,
        request: &Request<'_>,
        reader: &dyn InputReader,
        progress: &dyn Progress,
        mut take: impl FnMut(&[Sealed]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(kdf) = request.kdf else { return Ok(()) };
        let total = self.len();
        let mut done = 0;
        let mut take = |sealed: &[Sealed]| {
            done += sealed.len();
            progress.advance(&|| format!("keystore {done} of {total}"));
            take(sealed)
        };
        match self {
            Self::Unsealed(keys) => {
                announce(progress, "sealing", total, "keystores");
                // Small batches show progress: a hundred keystores of scrypt take a minute.
                let batch =
                    if kdf == Kdf::Light { BATCH } else { 4 * rayon::current_num_threads() };
                keys.chunks(batch).try_for_each(|keys| take(&seal(keys, kdf, request)?))
            }
            Self::Baked(input, keys) => {
                let wrong = |what| Error::snapshot(input, what, "run regenesis bake again");
                let failed = |source| Error::from(ReadError { input: input.clone(), source });
                let file = reader.open(input).map_err(Error::from)?;
                let mut rest = &keys[..];
                each_lines(
                    file,
                    BATCH,
                    |error| failed(error).into(),
                    |lines| take(&baked(lines, &mut rest).map_err(wrong)?),
                )?;
                if rest.is_empty() { Ok(()) } else { Err(wrong(OTHER_KEYS.to_owned()).into()) }
            }
        }
    }

    /// Calls `take` with the files of the keystores in `plan`'s layouts, a batch at a time, and last
    /// with the files that hold all keys of a client. Fresh keystores are opened first: each must
    /// return its key.
    ///
    /// # Errors
    /// As [`Keystores::each`].
    pub fn each_files<E: From<Error>>(
        &self,
        request: &Request<'_>,
        plan: &Plan,
        reader: &dyn InputReader,
        progress: &dyn Progress,
        mut take: impl FnMut(&[OutFile]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut first, mut keys) = (0, Vec::new());
        self.each::<E>(request, reader, progress, |sealed| {
            take(&plan.files(first, sealed))?;
            first += sealed.len();
            // Baked keystores were opened by the bake.
            if let Self::Baked(input, _) = self
                && plan.has_wallets()
                && !have_kdf(sealed, request.kdf)
            {
                let what = "has keystores whose key derivation differs from that in bake.json";
                return Err(Error::snapshot(input, what, "run regenesis bake again").into());
            }
            if plan.has_wallets() || matches!(self, Self::Unsealed(_)) {
                let opened = open(sealed)?;
                keys.extend(opened.into_iter().filter(|_| plan.has_wallets()));
            }
            Ok(())
        })?;
        let Some(kdf) = request.kdf else { return Ok(()) };
        let wallets = plan.together(&keys, kdf, request.entropy);
        take(&wallets.map_err(|source| Error::Keys { action: CANNOT_SEAL, source })?)
    }
}

/// The keystores in these lines of a bake, which must be those of the next keys of `rest`. The digest of
/// the file is right, but another program may have written the lines.
fn baked(lines: &[u8], rest: &mut &[PublicKey]) -> Result<Vec<Sealed>, String> {
    let sealed = bake::decode_keystores(lines).map_err(|error| error.to_string())?;
    let Some((keys, more)) = rest.split_at_checked(sealed.len()) else {
        return Err(OTHER_KEYS.to_owned());
    };
    *rest = more;
    let is_same = sealed.iter().zip(keys).all(|(sealed, key)| sealed.pubkey == *key);
    if is_same { Ok(sealed) } else { Err(OTHER_KEYS.to_owned()) }
}

fn seal(keys: &[SigningKey], kdf: Kdf, request: &Request<'_>) -> Result<Vec<Sealed>, Error> {
    let entropy = request.entropy;
    let sealed = keys.par_iter().map(|key| {
        let password = password(entropy, &key.pubkey);
        let (secret, pubkey, path) = (&key.secret, &key.pubkey, &key.path);
        let keystore = Keystore::seal(secret, pubkey, path, &password, kdf, entropy)?.to_json();
        Ok(Sealed { pubkey: key.pubkey, keystore, password })
    });
    let sealed: Result<_, _> = sealed.collect();
    sealed.map_err(|source| Error::Keys { action: CANNOT_SEAL, source })
}

/// Whether the keystores of a bake, which another program may have written, have the parameters of `kdf`:
/// others may take gigabytes to open.
fn have_kdf(sealed: &[Sealed], kdf: Option<Kdf>) -> bool {
    let found = |sealed: &Sealed| Keystore::from_json(&sealed.keystore).ok()?.kdf();
    sealed.par_iter().all(|sealed| found(sealed) == kdf)
}

/// Every keystore opens with its password and returns its key.
fn open(sealed: &[Sealed]) -> Result<Vec<(PublicKey, SecretKey)>, Error> {
    let opened: Result<_, _> = sealed.par_iter().map(|key| Ok((key.pubkey, key.open()?))).collect();
    opened.map_err(|source| Error::Keys { action: CANNOT_SEAL, source })
}
