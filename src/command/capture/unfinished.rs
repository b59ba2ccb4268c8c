//! What a failed capture leaves behind.

use super::super::Failure;
use super::settings::Settings;
use crate::capture::WorkFiles as _;
use crate::io::console::Console;
use crate::snapshot_files::work::Work;

/// Leaves the work directory for a later run, if that run can resume from it.
pub(super) fn keep(
    failure: Failure,
    settings: &Settings,
    work: Work,
    console: &Console,
) -> Failure {
    if settings.state.is_some() || work.checkpoint().is_none() {
        return discard(failure, work);
    }
    console.note(&format!("{} is kept: run the same command again to resume", work.label()));
    failure
}

/// Removes the work directory.
pub(super) fn discard(failure: Failure, work: Work) -> Failure {
    match work.remove() {
        Ok(()) => failure,
        Err(error) => error.into(),
    }
}
