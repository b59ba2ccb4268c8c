//! Source: consensus-specs `specs/fulu/beacon-chain.md` (EIP-7917).

use super::{Edits, Fields, Inputs};
use crate::cl::shuffle::proposer_lookahead;
use crate::cl::ssz::vector_uint64;

pub(super) const EDITS: Edits = Edits { state, ..Edits::NONE };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    state.push("proposer_lookahead", vector_uint64(&proposer_lookahead(g)));
}
