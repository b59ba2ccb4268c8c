//! `verify --up`: the snapshot as a running stack.

use std::path::Path;

use super::super::stack::trial::{self, Trial};
use super::super::{Failure, connect, steps::Steps};
use super::chain::{self, Reference};
use super::l2;
use crate::file::Input;
use crate::layout;

/// Starts the snapshot in `directory`, compares the chain and its L2s with it, and removes the stack.
pub(super) fn verify(
    reference: &Reference<'_>,
    directory: &Path,
    steps: &Steps<'_>,
) -> Result<(chain::Verified, Vec<l2::Verified>), Failure> {
    trial::run(directory, steps, |trial| {
        let console = steps.console;
        let client = |url| connect("--up", url, chain::RETRY_POLICY, console);
        let (el, cl) = (trial.url("http")?, trial.url("beacon")?);
        let chain = chain::verify(reference, &client(&el)?, Some(&client(&cl)?), steps)?;
        let rollups = trial.l2s.iter().map(|name| rollup(trial, name, steps));
        let rollups = rollups.collect::<Result<_, _>>()?;
        trial.must_answer(steps)?;
        trial.must_be_alive(steps)?;
        Ok((chain, rollups))
    })
}

fn rollup(trial: &Trial, name: &str, steps: &Steps<'_>) -> Result<l2::Verified, Failure> {
    let client = |url| connect("--up", url, chain::RETRY_POLICY, steps.console);
    let path = layout::l2(name, "rollup.json");
    let file = (Input::file(&path), trial.runtime_file(&path)?);
    let (el, node) = (trial.url(&format!("{name}-http"))?, trial.url(&format!("{name}-node"))?);
    l2::verify(&file, name, &client(&el)?, Some(&client(&node)?), steps)
}
