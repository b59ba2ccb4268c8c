//! Ways to obtain a state, one per file.
//!
//! To add a way in which a node returns its state, add its file and its line in [`SOURCES`].

mod anvil;
pub(super) mod file;
mod lookup;
mod pages;
pub(super) mod stopped;

use super::collected::CollectedState;
use super::context::{CaptureContext, Node};
use super::{Error, client::ClientKind};

/// Result of trying a source.
enum Attempt {
    /// The accounts, as far as the source returns them.
    Collected(Box<CollectedState>),
    /// The node does not have this source.
    Unsupported(Error),
}

/// Collects the state of the requested block.
type Source = fn(&CaptureContext<'_>, Node<'_>) -> Result<Attempt, Error>;

/// The sources of a node, in the order in which they are tried.
const SOURCES: [Source; 3] = [pages::collect, anvil::collect, lookup::collect];

/// Collects the state from the first source that the node has.
pub(super) fn collect(
    context: &CaptureContext<'_>,
    node: Node<'_>,
) -> Result<CollectedState, Error> {
    let mut first = None;
    for source in SOURCES {
        match source(context, node)? {
            Attempt::Collected(collected) => return Ok(*collected),
            Attempt::Unsupported(error) => first = first.or(Some(error)),
        }
    }
    // The first source is the one that the node should have had.
    Err(first.map_or(Error::NoDump { method: "the node" }, |error| no_source(error, node)))
}

/// The node has none of the sources: the hint says how to start it so that it does.
fn no_source(error: Error, node: Node<'_>) -> Error {
    let lost = matches!(&error, Error::Rpc(error) if error.is_about_lost_state());
    match node.client() {
        ClientKind::Other | ClientKind::Geth => node.failed(error),
        _ if lost => node.failed(error),
        client => Error::NoSource { client, error: Box::new(error) },
    }
}
