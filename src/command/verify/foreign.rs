//! Files in the snapshot's directory that regenesis did not write.

use std::path::Path;

use serde::Serialize;

use super::super::Failure;
use super::super::prepare::{Prepared, Steps};
use crate::compose::{self, ENV, FILE, Stack, UP, UP_FILE};
use crate::exit;
use crate::rim::fs;
use crate::rim::walk::{self, Entry, Kind};
use crate::snapshot::Snapshot;
use crate::snapshot::foreign::{
    SETTINGS, first_difference, is_ours, is_read_by_compose, settings_obeyed,
};

/// Entries below the snapshot's own directory that are looked at.
const MOST: usize = 10_000;
/// Entries that are named on the terminal.
const SHOWN: usize = 20;
const HINT: &str = "whoever made the snapshot may run commands on this machine by it: look at it \
                    before you start this stack, or move it away";

/// Something that regenesis did not write.
#[derive(Debug, Serialize)]
pub(super) struct Foreign {
    path: String,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// What it is, or does.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    /// Whether a program obeys it when the stack starts.
    obeyed: bool,
}

/// All of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Found {
    /// By path.
    foreign: Vec<Foreign>,
    /// Whether there is more than was looked at.
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

/// Looks for them, and names them.
pub(super) fn find(
    snapshot: &Snapshot,
    directory: &Path,
    prepared: &Prepared,
    steps: &mut Steps<'_>,
) -> Result<Found, Failure> {
    // What is in there is git's.
    let (entries, all) = walk::below(directory, |path| path == ".git", MOST)?;
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
        let more = if all { "" } else { ", and more that was not looked at" };
        console.note(&format!("{rest} other files that regenesis did not write{more} (--json)"));
    }
    if found.foreign.is_empty() {
        steps.done("foreign", "no file that regenesis did not write");
    }
    Ok(found)
}

impl Found {
    /// Fails if a program would obey one of them.
    pub(super) fn check(&self, directory: &Path, steps: &Steps<'_>) -> Result<(), Failure> {
        let mut obeyed = self.foreign.iter().filter(|foreign| foreign.obeyed);
        let Some(last) = obeyed.next_back() else { return Ok(()) };
        obeyed.for_each(|foreign| steps.console.error(&foreign.message(directory), None));
        Err(Failure::new(exit::VERIFICATION, last.message(directory), Some(HINT)))
    }
}

/// What is to be said of an entry by its name and kind alone.
fn judge(entry: Entry) -> Option<Foreign> {
    let Entry { path, kind } = entry;
    if kind != Kind::Directory && is_read_by_compose(&path) {
        let what = "Compose would read it, and it may say what runs and which parts of this machine \
                    are mounted";
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
            Some("a git repository: git obeys its config and hooks when you use it here")
        }
        Kind::Directory | Kind::File | Kind::Link => None,
    };
    (!is_ours(&path)).then(|| Foreign::harmless(path, what))
}

/// Files of the stack that are not as this program writes them, and settings that change it.
fn changed(
    snapshot: &Snapshot,
    directory: &Path,
    prepared: &Prepared,
) -> Result<Vec<Foreign>, Failure> {
    let stack = Stack::in_snapshot(&prepared.config);
    let stack = stack.map_err(|error| Failure::config(&snapshot.config, &error))?;
    let compose = compose::file(stack);
    let mut found = Vec::new();
    for (name, by, written) in [(FILE, "Compose", compose.as_str()), (UP_FILE, "a shell", UP)] {
        let path = directory.join(name);
        if walk::is_link(&path) {
            let what = format!("is a link, which {by} would follow to whatever is there then");
            found.push(Foreign::obeyed(name, None, what));
            continue;
        }
        if fs::exists(&path)
            && let Some(line) = first_difference(&fs::read_file(&path)?, written)
        {
            let what = format!(
                "is not what regenesis {} writes for this snapshot, and {by} would obey it",
                env!("CARGO_PKG_VERSION")
            );
            found.push(Foreign::obeyed(name, Some(line), what));
        }
    }
    let path = directory.join(SETTINGS);
    if fs::exists(&path) {
        let text = fs::read_file(&path)?;
        // up.sh writes it, for plain docker compose; of another directory it would be another stack.
        let project = compose::project::of(&fs::canonical(directory)?);
        let ours = format!("{ENV}COMPOSE_PROJECT_NAME={project}\n");
        for setting in settings_obeyed(&String::from_utf8_lossy(&text), &ours) {
            let what = format!("sets {}, which Compose would obey", setting.name);
            found.push(Foreign::obeyed(SETTINGS, Some(setting.line), what));
        }
    }
    Ok(found)
}
