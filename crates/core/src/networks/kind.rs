//! The kinds of sequencers and of consensus contracts, and which go together.

/// What builds the blocks of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequencer {
    /// cdk-erigon.
    CdkErigon,
    /// op-geth with op-node.
    OpGeth,
    /// op-reth with op-node.
    OpReth,
}

/// How the rollup manager accepts the state of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consensus {
    /// Validity proofs, data on the L1.
    Rollup,
    /// Validity proofs, data with a committee.
    CdkValidium,
    /// Pessimistic proofs.
    Pessimistic,
    /// Pessimistic proofs, signed by several.
    EcdsaMultisig,
    /// Full execution proofs by op-succinct.
    Fep,
}

impl Sequencer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CdkErigon, Self::OpGeth, Self::OpReth];

    /// As the file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CdkErigon => "cdk-erigon",
            Self::OpGeth => "op-geth",
            Self::OpReth => "op-reth",
        }
    }

    /// What it can be combined with: cdk-erigon alone has validity proofs of its batches, and op-succinct
    /// proves the OP stack alone.
    pub fn consensus(self) -> &'static [Consensus] {
        match self {
            Self::CdkErigon => &[
                Consensus::Rollup,
                Consensus::CdkValidium,
                Consensus::Pessimistic,
                Consensus::EcdsaMultisig,
            ],
            Self::OpGeth | Self::OpReth => {
                &[Consensus::Pessimistic, Consensus::EcdsaMultisig, Consensus::Fep]
            }
        }
    }
}

impl Consensus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Rollup, Self::CdkValidium, Self::Pessimistic, Self::EcdsaMultisig, Self::Fep];

    /// As the file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rollup => "rollup",
            Self::CdkValidium => "cdk-validium",
            Self::Pessimistic => "pessimistic",
            Self::EcdsaMultisig => "ecdsa-multisig",
            Self::Fep => "fep",
        }
    }
}
