//! `regenesis can-start`: whether `up` may start a snapshot instead of the script `up.sh` in it.

use std::path::PathBuf;

use super::super::{Failure, print};
use super::state_directory;
use super::target::{Request, Target, shell};
use super::up::{resolve, set, write_no_settings};
use crate::compose::{UP, UP_FILE, seal};
use crate::exit;
use crate::io::{docker, fs, host};
use crate::operate::settings::PROJECT;

/// Internal: the stack that `up` starts from a snapshot with an unedited up.sh, which asks for it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Snapshot directory
    directory: PathBuf,
}

/// Runs the verb: prints `stack NAME`, and starts nothing.
///
/// # Errors
/// `up` would start other services or use other settings, or would fail before it starts any. The script then
/// starts the stack as it does without this program.
pub fn run(args: &Args) -> Result<(), Failure> {
    let directory = &args.directory;
    let (script, other) = (directory.join(UP_FILE), |path: PathBuf| {
        let message = format!("{}: this version of regenesis did not write it", path.display());
        let hint = "regenesis compose writes the files of a snapshot again, if they are unedited";
        Failure::new(exit::INPUT, message, Some(hint))
    });
    let text = fs::read_file(&script)?;
    if text != UP.as_bytes() && text != seal::seal(UP).as_bytes() {
        return Err(other(script));
    }
    let mut shell = shell();
    let stacks = docker::all_stacks()?;
    let shown = directory.to_string_lossy();
    let request = Request { target: Some(&*shown), name: set(&shell, PROJECT), files: None };
    let target = Target::of(&request, &stacks)?;
    let name = target.project.name.clone();
    if target.rendered.is_some() {
        return Err(other(directory.join(super::COMPOSE_FILE)));
    }
    let found = stacks.iter().find(|stack| stack.name == name);
    shell.remove("SNAPSHOT");
    resolve(&target, found, shell, Vec::new())?;
    // `up` keeps its lock there, and writes this file.
    host::make_directory(&state_directory(&name)?)?;
    write_no_settings(&target)?;
    print(format!("stack {name}\n").as_bytes())
}
