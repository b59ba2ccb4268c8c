//! `regenesis kube --prune`: removes the claims of snapshots that nothing uses.

use crate::command::{Failure, print, steps::Steps};
use crate::exit;
use crate::io::console::{self, Console};
use crate::io::kubectl;
use crate::kube::unused::{Claim, USERS, selector, unused};

/// Lists the claims, asks, and removes them.
pub(super) fn prune(yes: bool, console: &Console) -> Result<(), Failure> {
    let claims = find()?;
    if claims.is_empty() {
        console.title("kubectl's current namespace has no unused volume with a snapshot");
        return Ok(());
    }
    print(listed(&claims).as_bytes())?;
    if !yes {
        confirm()?;
    }
    let now = find()?;
    if now != claims {
        let message = "the volumes in use have changed meanwhile: nothing is removed";
        return Err(Failure::new(exit::USAGE, message, Some("run this again")));
    }
    let steps = Steps::start(console);
    let names = now.iter().map(|claim| claim.name.as_str());
    let remove = ["delete", "persistentvolumeclaim", "--wait=false"].into_iter().chain(names);
    kubectl::run(&remove.collect::<Vec<_>>())?;
    steps.done("prune", &format!("{} volumes", now.len()));
    Ok(())
}

impl From<kubectl::Error> for Failure {
    fn from(error: kubectl::Error) -> Self {
        Self::new(exit::TOOL, error.to_string(), error.hint())
    }
}

fn find() -> Result<Vec<Claim>, Failure> {
    let selector = selector();
    let claims = kubectl::get(&["persistentvolumeclaims", "--selector", &selector])?;
    Ok(unused(&claims, &kubectl::get(&[USERS])?))
}

fn listed(claims: &[Claim]) -> String {
    let line = |claim: &Claim| format!("{} {} since {}\n", claim.name, claim.size, claim.created);
    claims.iter().map(line).collect()
}

fn confirm() -> Result<(), Failure> {
    match console::ask("Remove all of these volumes? Type yes: ") {
        Some(answer) if answer == "yes" => Ok(()),
        Some(_) => {
            Err(Failure::new(exit::USAGE, "the answer is not yes: nothing is removed", None))
        }
        None => Err(Failure::usage("stdin is not a terminal: nothing is removed", "add --yes")),
    }
}
