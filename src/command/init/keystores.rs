//! Puts the validator keystores into the runtime directory, and reads them again.

use rayon::prelude::*;

use super::super::Failure;
use super::super::prepare::Steps;
use super::super::prepare::keystores::Keystores;
use super::settings::Settings;
use super::write::damaged;
use crate::layout::lighthouse::{self, Sealed, keystore_path, secret_path};
use crate::rim::staging::Staging;

/// Stages the keystores; those of a bake that are there already stay where they are.
pub(super) fn stage(
    keystores: &Keystores,
    settings: &Settings,
    staging: &mut Staging<'_>,
    steps: &mut Steps<'_>,
) -> Result<(), Failure> {
    let count = keystores.len();
    if keystores.are_baked() && keep(keystores, settings, staging, steps)? {
        steps.done("keys", &format!("{count} keystores are in place"));
        return Ok(());
    }
    keystores.each(&settings.wanted(), steps.console, |sealed| {
        staging.write(&lighthouse::files(sealed))?;
        check(staging, sealed, keystores.are_baked())
    })?;
    steps.done("seal", &format!("{count} keystores, kdf {}, read again", settings.kdf));
    Ok(())
}

fn keep(
    keystores: &Keystores,
    settings: &Settings,
    staging: &mut Staging<'_>,
    steps: &Steps<'_>,
) -> Result<bool, Failure> {
    let mut in_place = Some(Vec::new());
    keystores.each(&settings.wanted(), steps.console, |sealed| {
        let files = lighthouse::files(sealed);
        in_place = in_place.take().and_then(|mut all| {
            all.extend(staging.in_place(&files)?);
            Some(all)
        });
        Ok(())
    })?;
    let kept = in_place.is_some();
    in_place.into_iter().for_each(|files| staging.keep(lighthouse::DIRECTORY, files));
    Ok(kept)
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
