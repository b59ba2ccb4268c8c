//! Files in the directory of a snapshot that regenesis did not write.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::Serialize;

use super::super::Failure;
use super::super::steps::Steps;
use crate::compose::{self, FILE, UP, UP_FILE};
use crate::exit;
use crate::io::fs;
use crate::io::list::{self, Entry, Kind};
use crate::pipeline::Prepared;
use crate::services::{Clients, Options, settings, stack_of};
use crate::snapshot::Snapshot;
use crate::snapshot::foreign::{
    SETTINGS, first_difference, is_ours, is_read_by_compose, settings_obeyed,
};

/// The limit of examined entries.
const MOST: usize = 10_000;
/// The limit of entries that are printed.
const SHOWN: usize = 20;
const HINT: &str = "it may run commands on this machine: read it before you start this stack, or move \
                    it away";

/// A file that regenesis did not write, or a line of one.
#[derive(Debug, Serialize)]
pub(super) struct Foreign {
    path: String,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Its kind or its effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    /// Whether a program acts on it when the stack starts.
    obeyed: bool,
}

/// All foreign files of a snapshot.
#[derive(Debug, Default, Serialize)]
pub(super) struct Found {
    /// By path.
    foreign: Vec<Foreign>,
    /// Whether entries were left unexamined.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more_foreign: bool,
}

impl Foreign {
    fn harmless(path: String, what: Option<&str>) -> Self {
        Self { path, line: None, what: what.map(str::to_owned), obeyed: false }
    }

    fn obeyed(path: &str, line: Option<usize>, what: String) -> Self {
        Self { path: path.to_owned(), line, what: Some(what), obeyed: true }
    }

    fn message(&self, directory: &Path) -> String {
        let line = self.line.map_or_else(String::new, |line| format!(" line {line}"));
        let what = self.what.as_deref().unwrap_or("regenesis did not write it");
        format!("{}{line}: {what}", directory.join(&self.path).display())
    }
}

/// Finds the foreign files, and prints the harmless ones.
pub(super) fn find(
    snapshot: &Snapshot,
    directory: &Path,
    prepared: &Prepared,
    steps: &Steps<'_>,
) -> Result<Found, Failure> {
    // Its contents are git's.
    let (entries, all) = list::below(directory, |path| path == ".git", MOST)?;
    let mut found = Found { foreign: Vec::new(), more_foreign: !all };
    for entry in entries {
        found.foreign.extend(judge(entry));
    }
    found.foreign.extend(changed(snapshot, directory, prepared)?);
    let console = steps.console;
    let harmless: Vec<_> = found.foreign.iter().filter(|foreign| !foreign.obeyed).collect();
    for foreign in harmless.iter().take(SHOWN) {
        console.note(&foreign.message(directory));
    }
    if harmless.len() > SHOWN || !all {
        let rest = harmless.len().saturating_sub(SHOWN);
        let more = if all { "" } else { ", and more entries that were not examined" };
        console.note(&format!("{rest} other files that regenesis did not write{more} (--json)"));
    }
    if found.foreign.is_empty() {
        steps.done("foreign", "only files that regenesis wrote");
    }
    Ok(found)
}

impl Found {
    /// Fails if a program would act on one of the files.
    pub(super) fn check(&self, directory: &Path, steps: &Steps<'_>) -> Result<(), Failure> {
        let mut obeyed = self.foreign.iter().filter(|foreign| foreign.obeyed);
        let Some(last) = obeyed.next_back() else { return Ok(()) };
        obeyed.for_each(|foreign| steps.console.error(&foreign.message(directory), None));
        Err(Failure::new(exit::VERIFICATION, last.message(directory), Some(HINT)))
    }
}

/// Judges an entry by its name and kind alone.
fn judge(entry: Entry) -> Option<Foreign> {
    let Entry { path, kind } = entry;
    if kind != Kind::Directory && is_read_by_compose(&path) {
        let what = "Compose would read it, and it can choose what runs and which directories of this \
                    machine are mounted";
        return Some(Foreign::obeyed(&path, None, what.to_owned()));
    }
    let what = match kind {
        Kind::LeadsOut(target) => {
            let what = format!("a link that leads out of the snapshot, to {}", target.display());
            return Some(Foreign::harmless(path, Some(&what)));
        }
        Kind::Other(name) => {
            return Some(Foreign::harmless(path, Some(&format!("a {name}"))));
        }
        Kind::Directory if path == ".git/" => {
            Some("a git repository: git applies its config and hooks when you run git here")
        }
        Kind::Directory | Kind::Unreadable(_) | Kind::File | Kind::Link => None,
    };
    (!is_ours(&path)).then(|| Foreign::harmless(path, what))
}

/// The compose file that this version writes: for the clients of the file that is there, or for the
/// default ones.
fn compose_file(
    snapshot: &Snapshot,
    directory: &Path,
    prepared: &Prepared,
) -> Result<String, Failure> {
    let options = |clients| {
        Options::in_snapshot(&prepared.config, clients)
            .map_err(|error| Failure::config(&snapshot.config, &error))
    };
    let chains = super::super::compose::l2(snapshot)?;
    let enclave = super::super::compose::enclave(directory)?;
    let path = directory.join(FILE);
    if !list::is_link(&path) && fs::exists(&path) {
        let text = fs::read_file(&path)?;
        for clients in Clients::all() {
            let written = compose::file(&stack_of(options(clients)?, &chains, &enclave));
            if first_difference(&text, &written).is_none() {
                return Ok(written);
            }
        }
    }
    Ok(compose::file(&stack_of(options(Clients::default())?, &chains, &enclave)))
}

/// Stack files that differ from those that this version writes, and settings that change the stack.
fn changed(
    snapshot: &Snapshot,
    directory: &Path,
    prepared: &Prepared,
) -> Result<Vec<Foreign>, Failure> {
    let mut found = Vec::new();
    let compose = compose_file(snapshot, directory, prepared)?;
    for (name, by, written) in [(FILE, "Compose", compose.as_str()), (UP_FILE, "a shell", UP)] {
        let path = directory.join(name);
        if list::is_link(&path) {
            let what = format!("is a link, which {by} would follow to any target");
            found.push(Foreign::obeyed(name, None, what));
            continue;
        }
        if fs::exists(&path)
            && let Some(line) = first_difference(&fs::read_file(&path)?, written)
        {
            let what = format!(
                "differs from the file that regenesis {} writes, and {by} would run it",
                env!("CARGO_PKG_VERSION")
            );
            found.push(Foreign::obeyed(name, Some(line), what));
        }
    }
    let path = directory.join(SETTINGS);
    if fs::exists(&path) {
        let text = fs::read_file(&path)?;
        // up.sh writes this line for plain docker compose. With the name of another directory it would
        // select another stack.
        let project = compose::project::of(fs::canonical(directory)?.as_os_str().as_bytes());
        let ours = format!("{}COMPOSE_PROJECT_NAME={project}\n", settings::FILE);
        for setting in settings_obeyed(&String::from_utf8_lossy(&text), &ours) {
            let what = format!("sets {}, which Compose would apply", setting.name);
            found.push(Foreign::obeyed(SETTINGS, Some(setting.line), what));
        }
    }
    Ok(found)
}
