//! Prepares a data directory for its client.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::Failure;
use super::Args;
use crate::datadir::clients::program;
use crate::datadir::mark::Mark;
use crate::datadir::{Contents, Decision, Plan, Start, decide};
use crate::exit;
use crate::heal::notice::Notice;
use crate::health::RENEW;
use crate::io::clock::{self, Stopwatch};
use crate::io::console::Console;
use crate::io::process;
use crate::runtime::aside::run_directory;
use crate::runtime::client_data::{self, Claim, DataDirectory, Wiped};
use crate::summary::{Finished, History};

/// How long a client waits for its data directory: after a restart, the previous process may still be
/// ending.
pub(super) const DATADIR_LIMIT: Duration = Duration::from_secs(30);

/// The client for which `init` writes a database.
const GETH: &str = "geth";

/// The maximum number of names in a message.
const MAX_SHOWN: usize = 8;

/// The result of the preparation.
pub(super) enum Outcome {
    /// The client may start.
    Ready(DataDirectory),
    /// The client cannot resume on this genesis.
    Stale,
    /// Another process has locked the directory.
    Busy(File, PathBuf),
}

/// A client and its steps.
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
    /// Prepares the directory that the user calls `named`.
    pub(super) fn of(&self, named: &Path, finished: &Finished) -> Result<Outcome, Failure> {
        // Checked again, because the runtime directory may have appeared since.
        let path = client_data::check(named, &self.args.runtime)?;
        let directory = match DataDirectory::claim(&path)? {
            Claim::Ours(directory) => directory,
            Claim::Busy(lock) => return Ok(Outcome::Busy(lock, path)),
            Claim::Unlocked(directory) => {
                let shown = named.display();
                self.console.warning(&format!("{shown}: this file system does not support locks"));
                self.console.note("make sure that no other client uses the same data");
                directory
            }
        };
        directory
            .outlive_exec()
            .map_err(|error| Failure::bug(format!("exec cannot inherit the lock: {error}")))?;
        let start = Start {
            run_id: &finished.run_id,
            max_idle: Duration::from_secs(self.args.max_idle),
            programs: &self.programs,
            copies: &self.copies,
            take_over: self.args.take_over,
        };
        directory.withdraw_database(&finished.run_id)?;
        let found = directory.contents()?;
        let run = Run { id: &finished.run_id, datadir: named };
        let plan = match decide(&start, &found) {
            Decision::Resume => {
                self.resume(&directory, found)?;
                self.console.title(&run.resumes());
                return Ok(Outcome::Ready(directory));
            }
            Decision::Stale(idle) => {
                self.console.warning(&run.is_stale(idle));
                let hint = RENEW;
                match self.args.supervise.client() {
                    Some(client) => {
                        let run_id = finished.run_id.clone();
                        let notice = Notice { run_id, client, starts: 0, waits: true };
                        // On a full disk watch notices that the client is silent.
                        let _ = directory.set_notice(&notice);
                        self.console.note(&format!(
                            "waiting for a new genesis from watch --heal renew; or: {hint}"
                        ));
                    }
                    None => self.console.note(&format!("waiting for a new genesis: {hint}")),
                }
                return Ok(Outcome::Stale);
            }
            Decision::Foreign(entry) => {
                let message = format!(
                    "{} contains {} and has no mark of an earlier run; nothing was deleted",
                    named.display(),
                    quoted(&entry)
                );
                return Err(Failure::new(exit::OUTPUT, message, Some(self.remedy(&found))));
            }
            Decision::Begin => Plan::default(),
            Decision::Wipe(mut plan) => {
                let runtime = &self.args.runtime;
                let programs = found.mark.as_ref().map_or(&self.programs, |mark| &mark.programs);
                directory.sift(&mut plan, found.mark.as_ref(), programs, runtime)?;
                plan
            }
        };
        // Until `set_ready`, the data is incomplete: if this process ends early, the next start wipes it.
        directory.set_unready()?;
        let wiped = directory.wipe(&plan, &label(&found))?;
        self.report(&run, &plan, &wiped);
        self.begin(&directory, found.mark, finished)?;
        Ok(Outcome::Ready(directory))
    }

    fn remedy(&self, found: &Contents) -> &'static str {
        match (self.args.take_over, found.has_trace) {
            (true, true) => "move it away: --take-over wipes only known chain data of this client",
            (false, true) => {
                "use an empty directory; if this is chain data of this client, add --take-over, or run \
                 docker compose down -v"
            }
            (_, false) => "use an empty directory, or move the contents of this one away",
        }
    }

    /// Adds the programs to the mark.
    fn resume(&self, directory: &DataDirectory, found: Contents) -> Result<(), Failure> {
        if let Some(mut mark) = found.mark
            && mark.add_programs(&self.programs)
        {
            directory.set_mark(&mark)?;
        }
        Ok(())
    }

    /// Reports the result of a wipe.
    fn report(&self, run: &Run<'_>, plan: &Plan, wiped: &Wiped) {
        let list = |names: &[OsString]| {
            let shown: Vec<_> = names.iter().take(MAX_SHOWN).map(quoted).collect();
            let more = names.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            shown.join(", ") + &more
        };
        if wiped.removed {
            self.console.title(&run.wiped());
        } else {
            self.console.title(&run.starts());
        }
        if !plan.keep.is_empty() {
            self.console.note(&format!("kept {}", list(&plan.keep)));
        }
        if let Some(place) = &wiped.aside {
            let what = match &plan.aside[..] {
                [] => "files that had replaced those of regenesis".to_owned(),
                names => list(names),
            };
            self.console.note(&format!("set aside {what} in {}", place.display()));
            let root = place.parent().unwrap_or(place).display();
            self.console.note(&format!("remove {root} when you no longer need its contents"));
        }
    }

    /// Creates new data.
    fn begin(
        &self,
        directory: &DataDirectory,
        mark: Option<Mark>,
        finished: &Finished,
    ) -> Result<(), Failure> {
        let mut mark = match mark {
            Some(mark) => mark,
            None => Mark::new(directory.identity()?),
        };
        let kept = directory.entries()?;
        let kept: Vec<_> = kept.iter().filter_map(|entry| entry.to_str()).collect();
        // The data of earlier programs is gone.
        mark.programs.clone_from(&self.programs);
        mark.created.retain(|entry| kept.contains(&entry.as_str()));
        mark.copied.clone_from(&self.copies);
        // Before anything else, so that everything from here on is known to be ours.
        directory.set_mark(&mark)?;
        for name in &self.copies {
            directory.copy(&self.args.runtime, name)?;
        }
        let has_database = self.programs.iter().any(|program| program == GETH)
            && directory.place_database(&mark, &finished.run_id)?;
        let done = self.run_steps(finished, has_database);
        let entries = directory.entries()?.into_iter().filter_map(|entry| entry.into_string().ok());
        let new = entries.filter(|entry| {
            !kept.contains(&entry.as_str()) && !self.copies.iter().any(|copy| copy == entry)
        });
        if mark.add_created(&self.steps, new) {
            directory.set_mark(&mark)?;
        }
        done?;
        // From here on the database is geth's.
        directory.forget_database(&mut mark)?;
        Ok(directory.set_ready(&finished.run_id)?)
    }

    fn run_steps(&self, finished: &Finished, has_database: bool) -> Result<(), Failure> {
        let Args { once, import, .. } = self.args;
        let only_database = finished.el.as_ref().is_some_and(|el| el.only_database);
        // That of an L2 imports its own genesis.
        let is_of_l1 = self.args.supervise != super::Supervise::L2;
        let is_geth = self.programs.iter().any(|program| program == GETH);
        if only_database && !has_database && is_geth && is_of_l1 {
            let message = "the genesis has no accounts, and geth's database is not in --datadir";
            let hint = "run regenesis init again with --geth-datadir, geth's data directory";
            return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
        }
        if has_database && self.is_geth(once, "init") {
            self.console.title("regenesis init has imported the genesis: skipped geth init");
        } else if !once.is_empty() {
            process::run(once)?;
        }
        let Some(History { blocks, bytes: Some(bytes), .. }) = finished.history else {
            return Ok(());
        };
        if has_database && self.is_geth(import, "import") {
            let text = format!("the database has all {blocks} blocks: skipped geth import");
            self.console.title(&text);
        } else if !import.is_empty() {
            self.import(blocks, bytes)?;
        }
        Ok(())
    }

    /// Whether a step only runs this command of geth, `init` or `import`, on this data directory.
    fn is_geth(&self, step: &[OsString], command: &str) -> bool {
        let words: Vec<_> = step.iter().map(|word| word.to_string_lossy()).collect();
        let flags = words.iter().filter_map(|word| word.strip_prefix('-'));
        let mut flags = flags.map(|flag| flag.trim_start_matches('-'));
        let attached = flags.clone().find_map(|flag| flag.strip_prefix("datadir="));
        let is_alone = |word: &Cow<'_, str>| word.trim_start_matches('-') == "datadir";
        let next = words.iter().position(is_alone).and_then(|at| words.get(at + 1));
        let datadir = attached.or(next.map(|word| &**word)).map(Path::new);
        program(step) == GETH
            && words.iter().any(|word| word == command)
            && datadir.is_none_or(|path| Some(path) == self.args.datadir.as_deref())
            && !flags.any(|flag| flag.starts_with("override."))
    }

    /// Runs the command that imports the blocks.
    fn import(&self, blocks: u64, bytes: u64) -> Result<(), Failure> {
        self.console.title(&format!("importing the history: {blocks} blocks, {bytes} bytes"));
        let mut watch = Stopwatch::start();
        process::run(&self.args.import)?;
        let took = watch.lap().as_secs_f64();
        self.console.title(&format!("{blocks} blocks, {bytes} bytes imported in {took:.1} s"));
        Ok(())
    }
}

/// The start of a client, in words.
struct Run<'a> {
    id: &'a str,
    datadir: &'a Path,
}

impl Run<'_> {
    fn resumes(&self) -> String {
        format!("run {} resumes with the data in {}", self.id, self.datadir.display())
    }

    fn starts(&self) -> String {
        format!("run {} starts with new data in {}", self.id, self.datadir.display())
    }

    fn wiped(&self) -> String {
        format!("run {}: wiped the data of another run in {}", self.id, self.datadir.display())
    }

    fn is_stale(&self, idle: Duration) -> String {
        let (id, datadir, idle) = (self.id, self.datadir.display(), idle.as_secs());
        format!("run {id}: the data in {datadir} has been idle for {idle} s, too long to catch up")
    }
}

/// A name in quotes, with control characters escaped.
fn quoted(name: &OsString) -> String {
    format!("{:?}", name.to_string_lossy())
}

/// The name of the directory for files set aside: the run to which they belong, or the time.
fn label(found: &Contents) -> String {
    let run = run_directory(found.status.as_deref());
    run.map_or_else(|| clock::now().to_string(), str::to_owned)
}
