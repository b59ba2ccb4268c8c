//! A genesis that is not ours to replace: it is proven, and kept.

use rayon::prelude::*;

use super::super::Failure;
use super::settings::Settings;
use crate::exit;
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::lease::Claim;
use crate::snapshot::Input;
use crate::summary::{File, Finished};

/// Checks the files of a genesis that others have; returns its marker.
pub(super) fn keep(
    claimed: Claim,
    settings: &Settings,
    console: &Console,
) -> Result<Vec<u8>, Failure> {
    let out = settings.out.display();
    let (kept, in_use) = match claimed {
        Claim::InUse(kept) => (kept, true),
        Claim::MadeMeanwhile(kept) => (kept, false),
        Claim::Absent | Claim::Ours(_) => return Err(Failure::bug("there is nothing to keep")),
    };
    let damaged = |what: String| {
        let hint = Some("stop the clients, and run init again: docker compose stop, then up -d");
        Failure::new(exit::VERIFICATION, format!("{out}: {what}"), hint)
    };
    let finished = Finished::parse(&kept.marker)
        .map_err(|e| damaged(format!("regenesis.json is damaged: {e}")))?;
    finished.files.par_iter().try_for_each(|file| {
        if is_as_written(settings, file)? {
            return Ok(());
        }
        Err(damaged(format!("{} is not what run {} wrote", file.path, finished.run_id)))
    })?;
    let run_id = &finished.run_id;
    if in_use {
        console.title(&format!("{out}: kept run {run_id}: clients run on it"));
        console.note("for a new genesis stop them first: docker compose stop, then up -d");
    } else {
        console.title(&format!("{out}: kept run {run_id}: another init has just made it"));
    }
    Ok(kept.marker)
}

fn is_as_written(settings: &Settings, file: &File) -> Result<bool, Failure> {
    Ok(fs::sha256(&Input::File(settings.out.join(&file.path)))? == file.sha256)
}
