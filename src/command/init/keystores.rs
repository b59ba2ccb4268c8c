//! Writes the validator keystores, and reads them back.

use rayon::prelude::*;

use super::super::Failure;
use super::super::steps::Steps;
use super::settings::Settings;
use super::write::damaged;
use crate::file::{Content, OutFile};
use crate::io::fs::Files;
use crate::pipeline::{Keystores, Request};
use crate::runtime::staging::Staging;

/// Stages the keystores.
pub(super) fn stage(
    keystores: &Keystores,
    request: &Request<'_>,
    settings: &Settings,
    staging: &mut Staging<'_>,
    steps: &Steps<'_>,
) -> Result<(), Failure> {
    let plan = &settings.plan;
    keystores.each_files(request, plan, &Files, steps, |files| {
        staging.write(files)?;
        check(staging, files)
    })?;
    staging.remove_other_secrets()?;
    if plan.wants_keys() {
        steps.done("seal", &format!("{} keystores, kdf {}", keystores.len(), settings.kdf));
    }
    Ok(())
}

/// Every file reads back as it was written.
fn check(staging: &Staging<'_>, files: &[OutFile]) -> Result<(), Failure> {
    files.par_iter().try_for_each(|file| match &file.content {
        Content::Bytes(bytes) if staging.read(&file.path)? != *bytes => Err(damaged(&file.path)),
        _ => Ok(()),
    })
}
