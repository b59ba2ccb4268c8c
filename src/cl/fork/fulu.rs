//! Source: consensus-specs `specs/fulu/beacon-chain.md` (EIP-7917).

use super::{Fields, Fork, Inputs};
use crate::cl::shuffle::proposer_lookahead;
use crate::cl::ssz::vector_uint64;
use crate::el::chain_config::Hardfork;

pub(super) const FORK: Fork = Fork {
    name: "fulu",
    hardfork: Some(Hardfork::Osaka),
    state,
    body: |_, _| (),
    progressive: false,
    experimental: false,
};

fn state(state: &mut Fields, g: &Inputs<'_>) {
    state.push("proposer_lookahead", vector_uint64(&proposer_lookahead(g)));
}
