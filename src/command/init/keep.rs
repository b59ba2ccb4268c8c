//! Checks and keeps a genesis that clients run on, or that another run has just written.

use rayon::prelude::*;

use super::super::Failure;
use super::Init;
use crate::exit;
use crate::file::{FileDigest, Input};
use crate::io::fs;
use crate::io::identity::Watch;
use crate::runtime::claim::Claim;
use crate::snapshot_files::digests;
use crate::summary::{Finished, Inputs};

impl Init<'_> {
    /// Checks the files of a genesis that is not replaced; returns its marker.
    pub(super) fn keep(self, claimed: Claim) -> Result<Vec<u8>, Failure> {
        let Self { settings, console, .. } = self;
        let out = settings.out.display();
        let (kept, in_use) = match claimed {
            Claim::InUse(kept) => (kept, true),
            Claim::MadeMeanwhile(kept) => (kept, false),
            Claim::Absent | Claim::Ours(_) => return Err(Failure::bug("there is nothing to keep")),
        };
        let damaged = |what: String| {
            let hint = "stop its clients, then run init again (in the stack: docker compose stop, then \
                        up -d)";
            Failure::new(exit::VERIFICATION, format!("{out}: {what}"), Some(hint))
        };
        let finished = Finished::parse(&kept.marker)
            .map_err(|error| damaged(format!("regenesis.json is damaged: {error}")))?;
        let run_id = &finished.run_id;
        finished.files.par_iter().try_for_each(|file| {
            if self.is_as_written(file)? {
                return Ok(());
            }
            Err(damaged(format!("{} differs from what run {run_id} wrote", file.path)))
        })?;
        let cause = cause(in_use);
        match &finished.inputs {
            Some(inputs) => self.check_inputs(inputs, &finished, in_use)?,
            None => {
                console
                    .note("an older version of regenesis wrote it and did not record its inputs");
            }
        }
        console.title(&format!("{out}: kept run {run_id}: {cause}"));
        if in_use {
            let variable = if settings.keeping.is_some() { "REGENESIS_RENEW=always, " } else { "" };
            console.note(&format!(
                "for a new genesis stop the clients, then run init again (in the stack: docker compose stop, \
                 then {variable}up -d)"
            ));
        }
        Ok(kept.marker)
    }

    /// Checks that a kept genesis comes from the requested inputs, at any time: it must not pass for
    /// another chain.
    fn check_inputs(
        self,
        inputs: &Inputs,
        finished: &Finished,
        in_use: bool,
    ) -> Result<(), Failure> {
        let Self { settings, sources, console } = self;
        let snapshot = &sources.snapshot;
        let requested = self.inputs(digests::recall(snapshot, &Watch::of(&snapshot.inputs()))?);
        let differences = inputs.differences(&requested);
        if differences.is_empty() {
            let rearranged = inputs.rearranged(&requested).join(", ");
            if !rearranged.is_empty() {
                console.warning(&format!("{rearranged}: takes effect only with the next genesis"));
            }
            return Ok(());
        }
        let (out, name, run_id) = (settings.out.display(), &snapshot.name, &finished.run_id);
        let (differences, cause) = (differences.join(", "), cause(in_use));
        let message = match finished.snapshot.as_ref().filter(|earlier| *earlier != name) {
            Some(earlier) => format!(
                "{out} holds run {run_id}, generated from {earlier}, not from {name}, and {cause}: \
                 {differences} differ"
            ),
            None => format!(
                "{out} holds run {run_id}, and {cause}, but {name} has changed since: {differences}"
            ),
        };
        let hint = if in_use {
            "for a new genesis stop its clients, then run init again (in the stack: docker compose stop, \
             then up -d); init keeps this one for the inputs that it was generated from"
        } else {
            "run init again to replace it, or use another --out"
        };
        Err(Failure::new(exit::VERIFICATION, message, Some(hint)))
    }

    pub(super) fn is_as_written(self, file: &FileDigest) -> Result<bool, Failure> {
        let input = Input::file(self.settings.out.join(&file.path));
        Ok(fs::sha256(&input)? == file.sha256)
    }
}

fn cause(in_use: bool) -> &'static str {
    if in_use { "clients run on it" } else { "another init has just written it" }
}
