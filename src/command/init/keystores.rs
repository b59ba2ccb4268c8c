//! Puts the validator keystores into the runtime directory, and reads them again.

use rayon::prelude::*;

use super::super::Failure;
use super::super::prepare::Steps;
use super::super::prepare::keystores::Keystores;
use super::settings::Settings;
use super::write::damaged;
use crate::keys::Sealed;
use crate::keys::{self, PublicKey, SecretKey};
use crate::layout::{Content, OutFile};
use crate::rim::staging::Staging;

/// Stages the keystores.
pub(super) fn stage(
    keystores: &Keystores,
    settings: &Settings,
    staging: &mut Staging<'_>,
    steps: &mut Steps<'_>,
) -> Result<(), Failure> {
    let plan = &settings.plan;
    let mut first = 0;
    let mut opened: Vec<(PublicKey, SecretKey)> = Vec::new();
    keystores.each(&settings.wanted(), steps.console, |sealed| {
        let files = plan.files(first, sealed);
        first += sealed.len();
        staging.write(&files)?;
        check(staging, &files)?;
        // A baked keystore was opened when it was baked.
        if plan.has_wallets() || !keystores.are_baked() {
            let keys = open(sealed).map_err(wrong)?;
            opened.extend(keys.into_iter().filter(|_| plan.has_wallets()));
        }
        Ok(())
    })?;
    let wallets = plan.together(&opened, settings.kdf, &settings.entropy).map_err(wrong)?;
    staging.write(&wallets)?;
    check(staging, &wallets)?;
    staging.remove_other_secrets()?;
    if plan.wants_keys() {
        steps.done("seal", &format!("{} keystores, kdf {}", keystores.len(), settings.kdf));
    }
    Ok(())
}

/// Every written file is the one that was meant.
fn check(staging: &Staging<'_>, files: &[OutFile]) -> Result<(), Failure> {
    files.par_iter().try_for_each(|file| match &file.content {
        Content::Bytes(bytes) if staging.read(&file.path)? != *bytes => Err(damaged(&file.path)),
        _ => Ok(()),
    })
}

/// Every keystore opens with its password and gives its key.
fn open(sealed: &[Sealed]) -> Result<Vec<(PublicKey, SecretKey)>, keys::Error> {
    sealed.par_iter().map(|key| Ok((key.pubkey, key.open()?))).collect()
}

fn wrong(error: keys::Error) -> Failure {
    Failure::bug(format!("a keystore cannot be sealed: {error}"))
}
