//! Where a state can be had from, one source a file.

mod anvil;
pub(super) mod file;
mod pages;
mod replay;

use super::super::Failure;
use super::super::prepare::Steps;
use super::settings::Settings;
use super::state::Collected;
use crate::capture;
use crate::capture::chain::Chain;
use crate::rim::rpc::Client;
use crate::rim::work::Work;

/// What a node is asked for, and where it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) node: &'a Client<'a>,
    pub(super) chain: &'a Chain,
    pub(super) settings: &'a Settings,
    pub(super) work: &'a Work,
}

/// What became of a source.
enum Attempt {
    /// All accounts, as far as it has them.
    Has(Box<Collected>),
    /// The node is not of this kind.
    Lacks(capture::Error),
}

/// Collects the state of the block that is asked for.
type Source = fn(&Asked<'_>, &mut Steps<'_>) -> Result<Attempt, Failure>;

/// The sources that a node may be, in the order in which they are tried.
const SOURCES: [Source; 3] = [pages::collect, anvil::collect, replay::collect];

/// Collects from the first source that the node has.
pub(super) fn collect(asked: &Asked<'_>, steps: &mut Steps<'_>) -> Result<Collected, Failure> {
    let mut lacking = None;
    for source in SOURCES {
        match source(asked, steps)? {
            Attempt::Has(collected) => return Ok(*collected),
            // What it should have had is what was asked for first.
            Attempt::Lacks(error) => lacking = lacking.or(Some(error)),
        }
    }
    let bug = || Failure::bug("no source was tried");
    Err(lacking.as_ref().map_or_else(bug, Failure::capture))
}
