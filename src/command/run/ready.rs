//! Makes a data directory ready for its client.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::Failure;
use super::Args;
use crate::exit;
use crate::lease::mark::Mark;
use crate::lease::{DataDirectory, Decision, Plan, Start, decide};
use crate::rim::clock::{self, Stopwatch};
use crate::rim::console::Console;
use crate::rim::datadir::{self, Claim, Datadir, Wiped};
use crate::rim::process;
use crate::summary::{Finished, History};

/// How long a client waits for the one that has its data directory: at a restart it may still be
/// ending.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How many names a message lists.
const MAX_SHOWN: usize = 8;

/// What came of it.
pub(super) enum Outcome {
    /// The client may start.
    Ready(Datadir),
    /// The client cannot go on with this genesis.
    Stale,
    /// Another process has the directory.
    Busy(File, PathBuf),
}

/// What a client and its steps are going to do.
pub(super) struct Preparation<'a> {
    pub(super) args: &'a Args,
    pub(super) copies: Vec<String>,
    /// The names of the steps' programs.
    pub(super) steps: Vec<String>,
    /// The names of all programs.
    pub(super) programs: Vec<String>,
    pub(super) console: &'a Console,
}

impl Preparation<'_> {
    /// Makes a directory ready.
    pub(super) fn of(&self, named: &Path, finished: &Finished) -> Result<Outcome, Failure> {
        // Again: until the genesis was there, neither was the runtime directory.
        let path = datadir::check(named, &self.args.runtime)?;
        let directory = match Datadir::claim(&path)? {
            Claim::Ours(directory) => directory,
            Claim::Busy(lock) => return Ok(Outcome::Busy(lock, path)),
            Claim::Unlocked(directory) => {
                let shown = named.display();
                self.console.warning(&format!("{shown}: this file system has no locks"));
                self.console.note("nothing keeps a second client from the same data");
                directory
            }
        };
        directory
            .outlive_exec()
            .map_err(|error| Failure::bug(format!("the lock cannot be inherited: {error}")))?;
        let start = Start {
            run_id: &finished.run_id,
            max_idle: Duration::from_secs(self.args.max_idle),
            programs: &self.programs,
            copies: &self.copies,
            take_over: self.args.take_over,
        };
        let found = directory.look()?;
        let run = format!("run {}: {}", finished.run_id, named.display());
        let plan = match decide(&start, &found) {
            Decision::Resume => {
                self.resume(&directory, found)?;
                self.console.title(&format!("{run} goes on"));
                return Ok(Outcome::Ready(directory));
            }
            Decision::Stale(idle) => {
                let idle = idle.as_secs();
                self.console.warning(&format!(
                    "{run} stood still for {idle} s: the client cannot catch up"
                ));
                self.console
                    .note("for a new genesis: docker compose stop, then up -d; waiting for it");
                return Ok(Outcome::Stale);
            }
            Decision::Foreign(entry) => {
                let message = format!(
                    "{} holds {}, and no mark that an earlier run began with it empty",
                    named.display(),
                    quoted(&entry)
                );
                return Err(Failure::new(exit::OUTPUT, message, Some(self.way_out(&found))));
            }
            Decision::Begin => Plan::default(),
            Decision::Wipe(mut plan) => {
                let runtime = &self.args.runtime;
                let programs = found.mark.as_ref().map_or(&self.programs, |mark| &mark.programs);
                directory.sift(&mut plan, found.mark.as_ref(), programs, runtime)?;
                plan
            }
        };
        // From here to the end the data are nobody's: whatever ends this early, the next start
        // begins again.
        directory.set_unready()?;
        let wiped = directory.wipe(&plan, &label(&found))?;
        self.tell(&run, &plan, &wiped);
        self.begin(&directory, found.mark, finished)?;
        Ok(Outcome::Ready(directory))
    }

    fn way_out(&self, found: &DataDirectory) -> &'static str {
        match (self.args.take_over, found.has_trace) {
            (true, true) => {
                "move it away: --take-over wipes what is known of this client's chain data, nothing else"
            }
            (false, true) => {
                "give the client an empty directory; if these are chain data of this client, run with \
                 --take-over, or docker compose down -v"
            }
            (_, false) => "give the client an empty directory, or move away what is in this one",
        }
    }

    /// Notes in the mark who goes on with the data.
    fn resume(&self, directory: &Datadir, found: DataDirectory) -> Result<(), Failure> {
        if let Some(mut mark) = found.mark
            && mark.add_programs(&self.programs)
        {
            directory.set_mark(&mark)?;
        }
        Ok(())
    }

    /// Says what a wipe did.
    fn tell(&self, run: &str, plan: &Plan, wiped: &Wiped) {
        let list = |names: &[OsString]| {
            let shown: Vec<_> = names.iter().take(MAX_SHOWN).map(quoted).collect();
            let more = names.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            shown.join(", ") + &more
        };
        if wiped.removed {
            self.console.title(&format!("{run} held data of another run: wiped"));
        } else {
            self.console.title(&format!("{run} is new"));
        }
        if !plan.keep.is_empty() {
            self.console.note(&format!("kept {}", list(&plan.keep)));
        }
        if let Some(place) = &wiped.aside {
            let what = match &plan.aside[..] {
                [] => "what was in place of our own files".to_owned(),
                names => list(names),
            };
            self.console.note(&format!("set aside {what} in {}", place.display()));
            let root = place.parent().unwrap_or(place).display();
            self.console.note(&format!("{root} may be removed when nobody needs what is in it"));
        }
    }

    /// Fills a directory with new data.
    fn begin(
        &self,
        directory: &Datadir,
        mark: Option<Mark>,
        finished: &Finished,
    ) -> Result<(), Failure> {
        let mut mark = match mark {
            Some(mark) => mark,
            None => Mark::new(directory.identity()?),
        };
        let kept = directory.entries()?;
        let kept: Vec<_> = kept.iter().filter_map(|entry| entry.to_str()).collect();
        // What an earlier program made is wiped.
        mark.programs.clone_from(&self.programs);
        mark.created.retain(|entry| kept.contains(&entry.as_str()));
        mark.copied.clone_from(&self.copies);
        // Before anything is made: it says that what comes is ours.
        directory.set_mark(&mark)?;
        for name in &self.copies {
            directory.copy(&self.args.runtime, name)?;
        }
        let done = self.run_steps(finished);
        let entries = directory.entries()?.into_iter().filter_map(|entry| entry.into_string().ok());
        let new = entries.filter(|entry| {
            !kept.contains(&entry.as_str()) && !self.copies.iter().any(|copy| copy == entry)
        });
        if mark.add_created(&self.steps, new) {
            directory.set_mark(&mark)?;
        }
        done?;
        Ok(directory.set_ready(&finished.run_id)?)
    }

    fn run_steps(&self, finished: &Finished) -> Result<(), Failure> {
        if !self.args.once.is_empty() {
            process::run(&self.args.once)?;
        }
        if let Some(History { blocks, bytes: Some(bytes), .. }) = finished.history
            && !self.args.import.is_empty()
        {
            self.import(blocks, bytes)?;
        }
        Ok(())
    }

    /// Has the client import the past.
    fn import(&self, blocks: u64, bytes: u64) -> Result<(), Failure> {
        self.console.title(&format!("importing the past: {blocks} blocks, {bytes} bytes"));
        let mut watch = Stopwatch::start();
        process::run(&self.args.import)?;
        let took = watch.lap().as_secs_f64();
        self.console.title(&format!("{blocks} blocks, {bytes} bytes imported in {took:.1} s"));
        Ok(())
    }
}

/// A name, without what a terminal would obey.
fn quoted(name: &OsString) -> String {
    format!("{:?}", name.to_string_lossy())
}

/// What the directory of things set aside is called: after the run that they are of, or the time.
fn label(found: &DataDirectory) -> String {
    let is_id = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let run = found.status.as_deref().filter(is_id);
    run.map_or_else(|| clock::now().to_string(), str::to_owned)
}
