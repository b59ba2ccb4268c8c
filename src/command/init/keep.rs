//! A genesis that is not ours to replace: it is proven, and kept.

use rayon::prelude::*;

use super::super::Failure;
use super::super::prepare::digests;
use super::settings::Settings;
use crate::exit;
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::lease::Claim;
use crate::snapshot::Input;
use crate::summary::{File, Finished, Inputs};

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
    let now = reason(in_use);
    match &finished.inputs {
        Some(inputs) => check_inputs(inputs, &finished, in_use, settings, console)?,
        None => console.note("it is of an older version, which does not say what it was made from"),
    }
    console.title(&format!("{out}: kept run {run_id}: {now}"));
    if in_use {
        console.note("for a new genesis stop them first: docker compose stop, then up -d");
    }
    Ok(kept.marker)
}

fn reason(in_use: bool) -> &'static str {
    if in_use { "clients run on it" } else { "another init has just made it" }
}

/// Checks that a kept genesis was made from what is asked for, its time not counted: nobody should
/// take one chain for another.
fn check_inputs(
    inputs: &Inputs,
    finished: &Finished,
    in_use: bool,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let snapshot = &settings.snapshot;
    let files = digests::recall(snapshot, &digests::watch(snapshot, None))?;
    let asked = settings.inputs(files);
    let differences = inputs.differences(&asked);
    if differences.is_empty() {
        let rearranged = inputs.rearranged(&asked).join(", ");
        if !rearranged.is_empty() {
            console.warning(&format!("{rearranged}: takes effect with the next genesis only"));
        }
        return Ok(());
    }
    let (out, name, run_id) = (settings.out.display(), &snapshot.name, &finished.run_id);
    let (differences, now) = (differences.join(", "), reason(in_use));
    let message = match finished.snapshot.as_ref().filter(|former| *former != name) {
        Some(former) => format!(
            "{out} holds run {run_id}, made from {former}, not from {name}, and {now}: \
             {differences} differ"
        ),
        None => format!(
            "{out} holds run {run_id}, and {now}, but {name} has changed since: {differences}"
        ),
    };
    let hint = if in_use {
        "for a new genesis stop the clients first: docker compose stop, then up -d; init keeps this \
         one for what it was made from"
    } else {
        "run init again to replace it, or use another --out"
    };
    Err(Failure::new(exit::VERIFICATION, message, Some(hint)))
}

fn is_as_written(settings: &Settings, file: &File) -> Result<bool, Failure> {
    Ok(fs::sha256(&Input::File(settings.out.join(&file.path)))? == file.sha256)
}
