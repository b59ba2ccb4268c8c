//! Why no capture follows from what Docker says of an enclave.

/// No capture, or several, are meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no enclave.
    #[error("Docker has no containers of a Kurtosis enclave")]
    NoEnclave,
    /// There is no enclave of this name.
    #[error("no enclave is called {name:?}")]
    UnknownEnclave {
        /// The name.
        name: String,
        /// The names of those that are there.
        known: Vec<String>,
    },
    /// Several enclaves have this name.
    #[error("{} enclaves are called {name:?}", ids.len())]
    SameName {
        /// The name.
        name: String,
        /// Their UUIDs.
        ids: Vec<String>,
    },
    /// Several services have a role.
    #[error("{what}: {}", names.join(", "))]
    Several {
        /// What they have in common.
        what: String,
        /// The flag that decides.
        flag: &'static str,
        /// Their names.
        names: Vec<String>,
    },
    /// No execution client of an L1 is there.
    #[error("the enclave has no execution client of an L1")]
    NoExecution {
        /// The names of its services.
        known: Vec<String>,
    },
    /// A flag names a service that is not there, or has another role.
    #[error("{flag} {name}: {what}")]
    NoService {
        /// The flag.
        flag: &'static str,
        /// The name.
        name: String,
        /// Why not.
        what: &'static str,
        /// The names that fit.
        known: Vec<String>,
    },
    /// The command line of an op-node does not name its config.
    #[error("{name}: its command line has no --rollup.config")]
    NoRollup {
        /// The service.
        name: String,
    },
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> String {
        match self {
            Self::NoEnclave => {
                "start one with kurtosis run, or set DOCKER_HOST to the local daemon that \
                                runs it; enclaves on Kubernetes are not read"
                    .to_owned()
            }
            Self::NoService { flag, known, .. } if known.is_empty() => {
                format!("leave out {flag}: no service of the enclave fits")
            }
            Self::UnknownEnclave { known, .. } | Self::NoService { known, .. } => {
                format!("choose one of: {}", known.join(", "))
            }
            Self::SameName { ids, .. } => format!("pass its UUID: --enclave {}", ids.join(", or ")),
            Self::Several { flag, .. } => format!("choose with {flag} SERVICE"),
            Self::NoExecution { known } => {
                format!("if it is one of these, pass --el SERVICE: {}", known.join(", "))
            }
            Self::NoRollup { .. } => {
                "choose L2s with --op-node SERVICE, or leave out all with --op-node none".to_owned()
            }
        }
    }
}
