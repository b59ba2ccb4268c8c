//! The settings of a stack: their names and forms, and where each value comes from.

mod places;
mod schema;

use std::collections::BTreeMap;
use std::fmt;

use super::dotenv::Line;
use crate::services::Stack;
use crate::spelling;
pub use places::running;
use places::used;
pub use schema::shown;
use schema::{Known, WAIT, known};

/// The project of plain `docker compose`, in `.env`; `up` takes it from the shell only.
pub const PROJECT: &str = "COMPOSE_PROJECT_NAME";
/// The default of `WAIT`, in seconds.
const SECONDS: u64 = 60;

/// Where a value comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line, or its variable.
    Option(&'static str),
    /// A variable of the shell.
    Shell,
    /// This line of `.env`.
    File(usize),
    /// The stack as it is.
    Stack,
    /// What it follows from, where it differs between stacks.
    Derived(&'static str),
    /// The compose file.
    #[default]
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(option) => f.write_str(option),
            Self::Shell => f.write_str("shell"),
            Self::File(line) => write!(f, ".env line {line}"),
            Self::Stack => f.write_str("the stack"),
            Self::Derived(from) => write!(f, "derived from {from}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({})", self.name, shown(&self.value), self.origin)
    }
}

/// The values of all settings that the stack reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// In a fixed order.
    pub values: Vec<Value>,
    /// The limit for the first block, in seconds, and where it comes from.
    pub wait: (u64, Origin),
    /// What is set and has no effect, and why.
    pub notes: Vec<String>,
}

impl Settings {
    /// The value of a setting.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.name == name)
    }

    /// Sets a value as if it came from the shell.
    pub fn set(&mut self, name: &str, to: &str) {
        if let Some(value) = self.values.iter_mut().find(|value| value.name == name) {
            (value.value, value.origin) = (to.to_owned(), Origin::Shell);
        }
    }
}

/// A setting is invalid.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{place}{name} {what}")]
pub struct Error {
    place: String,
    name: String,
    what: String,
}

/// A setting that an option of the command line decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The setting.
    pub setting: &'static str,
    /// The option.
    pub option: &'static str,
    /// The value.
    pub value: String,
}

/// Where settings come from.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// Options of the command line.
    pub options: Vec<Given>,
    /// The variables of the shell.
    pub shell: BTreeMap<String, String>,
    /// The lines of the snapshot's `.env`.
    pub file: Vec<Line>,
    /// The values with which the stack runs: [`running`].
    pub running: BTreeMap<String, String>,
    /// The name of the project.
    pub project: &'a str,
}

/// The settings that `stack` reads: an option wins over the shell, that over `.env`, that over the values of
/// the stack as it is, and that over the default. Of two lines in `.env`, the last wins.
///
/// # Errors
/// A value has another form, or a line of `.env` misspells a setting.
pub fn resolve(stack: &Stack, sources: &Sources<'_>) -> Result<Settings, Error> {
    let used = used(stack);
    let mut settings = Settings { notes: misspelt(&sources.shell), ..Settings::default() };
    let all = known(&used);
    let lines = file(&all, sources, &mut settings.notes)?;
    for known in &all {
        let Some(default) = used.get(&*known.name) else {
            let line = lines.get(&*known.name).map(|(number, _)| number);
            let note =
                |number| format!(".env line {number}: this stack does not read {}", known.name);
            settings.notes.extend(line.map(note));
            continue;
        };
        let default = (&**default, known.derived.map_or(Origin::Default, Origin::Derived));
        let (value, origin) = sources.value(known, &lines)?.unwrap_or(default);
        let (name, value) = (known.name.clone().into_owned(), value.to_owned());
        settings.values.push(Value { name, value, origin });
    }
    let wait = sources.value(&WAIT, &lines)?;
    settings.wait = wait.map_or((SECONDS, Origin::Default), |(value, origin)| {
        (value.parse().unwrap_or(SECONDS), origin)
    });
    Ok(settings)
}

impl Sources<'_> {
    /// A value that is not the default. That of the stack is valid: it runs with it.
    fn value<'a>(
        &'a self,
        known: &Known,
        lines: &BTreeMap<&str, (usize, &'a str)>,
    ) -> Result<Option<(&'a str, Origin)>, Error> {
        let name = &*known.name;
        if let Some(given) = self.options.iter().find(|given| given.setting == name) {
            known.check(&given.value, &format!("{}: ", given.option))?;
            return Ok(Some((&given.value, Origin::Option(given.option))));
        }
        if let Some(value) = self.shell.get(name).filter(|value| !value.trim().is_empty()) {
            known.check(value, "")?;
            return Ok(Some((value, Origin::Shell)));
        }
        let line = lines.get(name).map(|(number, value)| (*value, Origin::File(*number)));
        Ok(line.or_else(|| self.running.get(name).map(|value| (&**value, Origin::Stack))))
    }
}

/// The lines of `.env` that count, by name.
fn file<'a>(
    all: &'a [Known],
    sources: &'a Sources<'_>,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<&'a str, (usize, &'a str)>, Error> {
    let mut taken = BTreeMap::new();
    for line in &sources.file {
        let (number, name) = (line.number, line.name.as_str());
        let place = format!(".env line {number}: ");
        let mut note = |text: &str| notes.push(format!("{place}{text}"));
        let Some(value) = line.value.as_deref() else {
            note("not NAME=VALUE");
            continue;
        };
        let project = sources.project;
        if name == PROJECT {
            if value != project {
                note(&format!(
                    "plain docker compose uses the project {value}, this stack is {project}"
                ));
            }
        } else if let Some(known) = all.iter().chain([&WAIT]).find(|known| &*known.name == name) {
            if known.in_snapshot {
                known.check(value, &place)?;
                taken.insert(&*known.name, (number, value));
            } else {
                note(&format!("{name} is not read from a snapshot's folder: set it in the shell"));
            }
        } else if name.starts_with("COMPOSE_") || name.starts_with("DOCKER_") {
            note(&format!("{name} is not read from .env: set it in the shell"));
        } else if let Some(meant) = spelling::nearest(name, all.iter().map(|known| &*known.name)) {
            let what = format!("is not a setting: did you mean {meant}?");
            return Err(Error { place, name: name.to_owned(), what });
        } else {
            note(&format!("{name} is not a setting of the stack"));
        }
    }
    Ok(taken)
}

/// The prefix of the variables that the command line checks.
const OURS: &str = "REGENESIS_";

/// Notes about variables of the shell that resemble a setting. They are not errors, because the shell also
/// has the variables of other programs.
fn misspelt(shell: &BTreeMap<String, String>) -> Vec<String> {
    let names = || schema::ALL.iter().map(|known| &*known.name);
    let others = shell.iter().filter(|(name, value)| {
        let is_long = name.len() > 6 && name.contains('_') && !name.starts_with(OURS);
        is_long && !value.is_empty() && names().all(|known| known != *name)
    });
    let note = |(name, _): (&String, &String)| {
        let meant = spelling::nearest(name, names())?;
        Some(format!("{name} has no effect: did you mean {meant}?"))
    };
    others.filter_map(note).collect()
}

#[cfg(test)]
mod tests;
