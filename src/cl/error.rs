//! What can be wrong with a consensus config, or with a state made from it.

/// A fault of `config.yaml`, or of the values that a genesis state is made of.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not YAML of the kind that a config is.
    #[error(transparent)]
    Yaml(#[from] crate::yaml::Error),
    /// The document is no mapping.
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
        /// The value as it stands in the file.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// Two values of the config contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// No validator takes part at genesis.
    #[error(
        "no validator is active at genesis: none has an effective balance of 32 ETH ({0} in all)"
    )]
    NoActiveValidator(usize),
    /// Some slots have no attester, where every slot needs some (EIP-7732).
    #[error(
        "{active} validators are active at genesis, but since gloas there must be one for each of \
         the {slots} slots of an epoch"
    )]
    TooFewActiveValidators {
        /// Active validators.
        active: usize,
        /// `SLOTS_PER_EPOCH`.
        slots: usize,
    },
    /// The execution block does not fit into the fork's payload header.
    #[error("the execution block {0}")]
    Payload(String),
}

impl Error {
    /// The line of `config.yaml` with the fault, where it is in one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Yaml(error) => Some(error.line),
            Self::Invalid { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Yaml(error) => Some(error.hint),
            Self::Missing(_) => {
                Some("add it: the configs of the consensus specification have every key")
            }
            Self::Contradiction(_) => Some("correct one of the two, or leave it out"),
            Self::NotAMapping => {
                Some("expected a consensus config such as consensus-specs/configs")
            }
            Self::NoActiveValidator(_) => {
                Some("give at least one entry of mnemonics.yaml a balance of 32000000000 (gwei)")
            }
            Self::TooFewActiveValidators { .. } => {
                Some("raise count in mnemonics.yaml, or let gloas begin later")
            }
            _ => None,
        }
    }
}
