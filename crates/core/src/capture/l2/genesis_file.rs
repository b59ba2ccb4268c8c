//! The genesis of an L2 in the forms that its operator has: as it is, or within op-deployer's `state.json`;
//! plain, or compressed by gzip.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::el;
use crate::el::alloc::State;
use crate::el::genesis::{self, Document};
use crate::file::{Input, InputReader, ReadError, read_all};
use crate::l2::{self, Part, Problem, Rollup, deployed_genesis};

/// A key that the state has, and no genesis.
const DEPLOYMENTS: &[u8] = b"\"opChainDeployments\"";

/// `input` without gzip: in memory, if it had one.
///
/// # Errors
/// It cannot be read, or has more than 256 MB.
pub(super) fn unpacked(input: Input, inputs: &dyn InputReader) -> Result<Input, ReadError> {
    let mut magic = Vec::new();
    let mut start = inputs.open(&input)?.take(2);
    start.read_to_end(&mut magic).map_err(ReadError::of(&input))?;
    if magic != [0x1f, 0x8b] {
        return Ok(input);
    }
    let text = read_all(GzDecoder::new(inputs.open(&input)?));
    Ok(Input::memory(&input.label(), text.map_err(ReadError::of(&input))?))
}

/// Reads a genesis; the inner error is in its text.
///
/// # Errors
/// It cannot be opened.
pub(super) fn read(
    input: &Input,
    inputs: &dyn InputReader,
) -> Result<Result<(Document, State<'static>), el::Error>, ReadError> {
    Ok(genesis::read(inputs.open(input)?, &|_| ()))
}

/// The genesis of the chain of `rollup` in op-deployer's state; `None` if `input` is not one.
///
/// # Errors
/// The state has not deployed this chain, or is damaged.
pub(super) fn deployed(
    input: &Input,
    rollup: &Rollup,
    inputs: &dyn InputReader,
) -> Result<Option<Input>, l2::Error> {
    let text = inputs.read(input).unwrap_or_default();
    if memchr::memmem::find(&text, DEPLOYMENTS).is_none() {
        return Ok(None);
    }
    let label = input.label();
    let genesis = deployed_genesis(rollup, &text, &label)?;
    Ok(Some(Input::memory(&label, genesis)))
}

/// An error in the text of a genesis.
pub(super) fn invalid(error: el::Error) -> l2::Error {
    l2::Error::new(Part::Genesis, "", Problem::Genesis(Box::new(error)))
}
