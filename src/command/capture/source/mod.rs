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
use crate::capture::client::ClientKind;
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
    Err(match lacking {
        Some(error) => asked.without_a_source(&error),
        None => Failure::bug("no source was tried"),
    })
}

impl Asked<'_> {
    /// A fault of the node.
    fn failed(&self, error: &capture::Error) -> Failure {
        Failure::of_client(error, self.chain.client())
    }

    /// The node gives its state in no way. What it should have done first is what it is told.
    fn without_a_source(&self, error: &capture::Error) -> Failure {
        let failure = self.failed(error);
        let lost = matches!(error, capture::Error::Rpc(error) if error.is_about_lost_state());
        match self.chain.client() {
            ClientKind::Other | ClientKind::Geth => failure,
            _ if lost => failure,
            client => Failure { hint: Some(client.to_give_state().to_owned()), ..failure },
        }
    }
}
