//! Puts the validator keystores into the runtime directory, and reads them again.

use rayon::prelude::*;

use super::super::Failure;
use super::super::prepare::Steps;
use super::super::prepare::keystores::Keystores;
use super::settings::Settings;
use super::write::damaged;
use crate::layout::lighthouse::{self, Sealed, keystore_path, secret_path};
use crate::rim::staging::Staging;

/// Stages the keystores.
pub(super) fn stage(
    keystores: &Keystores,
    settings: &Settings,
    staging: &mut Staging<'_>,
    steps: &mut Steps<'_>,
) -> Result<(), Failure> {
    keystores.each(&settings.wanted(), steps.console, |sealed| {
        staging.write(&lighthouse::files(sealed))?;
        check(staging, sealed, keystores.are_baked())
    })?;
    staging.remove_other_secrets()?;
    steps.done("seal", &format!("{} keystores, kdf {}", keystores.len(), settings.kdf));
    Ok(())
}

/// Every written keystore is the one that was meant. One that was sealed in this run must also
/// open with its written password and give its key; a baked one was opened when it was baked.
fn check(staging: &Staging<'_>, sealed: &[Sealed], baked: bool) -> Result<(), Failure> {
    sealed.par_iter().try_for_each(|key| {
        let path = keystore_path(&key.pubkey);
        let written = staging.read(&path)? == key.keystore
            && staging.read(&secret_path(&key.pubkey))? == key.password.as_bytes();
        if written && (baked || key.opens()) { Ok(()) } else { Err(damaged(&path)) }
    })
}
