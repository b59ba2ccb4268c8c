//! A fork that no specification has. With its row in [`crate::forks`] this file is everything that
//! adds it; `tests.rs` builds its genesis.

use alloy_primitives::B256;

use super::{Edits, Fields, Inputs};
use crate::cl::ssz::{address, bytes32, container, uint64};

pub(super) const EDITS: Edits = Edits { state, body, progressive: true, experimental: true };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let treasury = [("keeper", address([0xab; 20])), ("balance", uint64(7))];
    state.push("treasury", container(treasury));
    state.push("first_hash", bytes32(g.block_hash));
}

fn body(body: &mut Fields, _: &Inputs<'_>) {
    body.push("tithe", bytes32(B256::ZERO));
}
