//! Errors in a consensus config, or in the inputs of a genesis state.

use alloy_primitives::hex;

/// An error in `config.yaml`, or in the inputs of a genesis state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not YAML, or not of the supported kind.
    #[error(transparent)]
    Yaml(#[from] crate::yaml::Error),
    /// The document is not a mapping.
    #[error("is not a list of `KEY: value` lines")]
    NotAMapping,
    /// A required key is absent.
    #[error("{0} is missing")]
    Missing(String),
    /// A value of the wrong form.
    #[error("{key} is {value:?}, expected {expected}")]
    Invalid {
        /// Line of the file, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The value in the file.
        value: String,
        /// A description of a valid value.
        expected: String,
    },
    /// Two values of the config contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// No validator is active at genesis.
    #[error(
        "no validator is active at genesis: none has an effective balance of 32 ETH ({0} in all)"
    )]
    NoActiveValidator(usize),
    /// Some slots have no attester; gloas needs one in every slot (EIP-7732).
    #[error(
        "{active} validators are active at genesis, but gloas needs one for each of the {slots} \
         slots of an epoch"
    )]
    TooFewActiveValidators {
        /// Active validators.
        active: usize,
        /// `SLOTS_PER_EPOCH`.
        slots: usize,
    },
    /// A public key is not valid.
    #[error("the public key 0x{} is not a point of BLS12-381's group G1", hex::encode(.0))]
    PublicKey([u8; 48]),
    /// The execution block has more `extraData` than its payload header.
    #[error(
        "the execution block has {length} bytes of extraData, expected at most {most} \
         (MAX_EXTRA_DATA_BYTES)"
    )]
    ExtraData {
        /// Bytes in the block.
        length: usize,
        /// The limit of the preset.
        most: u64,
    },
    /// The execution block does not fit into the fork's payload header.
    #[error("the execution block {0}")]
    Payload(String),
}

impl Error {
    /// The line of `config.yaml` with the error, if it is in the file.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Yaml(error) => Some(error.line),
            Self::Invalid { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Yaml(error) => Some(error.hint),
            Self::Invalid { value, .. } => crate::placeholder::hint(value),
            Self::Missing(_) => Some("add it; consensus-specs/configs has an example of every key"),
            Self::Contradiction(_) => Some("correct or remove one of the two"),
            Self::NotAMapping => {
                Some("use a consensus config such as those in consensus-specs/configs")
            }
            Self::NoActiveValidator(_) => Some(
                "set the balance of at least one entry of mnemonics.yaml to 32000000000 (gwei)",
            ),
            Self::PublicKey(_) => {
                Some("regenesis verify SNAPSHOT checks all keys; correct this one")
            }
            Self::ExtraData { .. } => Some(
                "set extraData in genesis.json to \"0x\": the longer values of clique and IBFT, a list \
                 of signers, have no meaning on a beacon chain",
            ),
            Self::TooFewActiveValidators { .. } => {
                Some("raise count in mnemonics.yaml, or set a later GLOAS_FORK_EPOCH")
            }
            Self::Payload(_) => None,
        }
    }
}
