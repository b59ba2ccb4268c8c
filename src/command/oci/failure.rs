//! Exit codes and remedies of a registry.

use std::io::ErrorKind;

use crate::archive::oci::BadReference;
use crate::command::Failure;
use crate::exit;
use crate::io::download::Error;

/// A registry that does not do what it is asked for; `label` names the reference.
pub(super) fn registry(label: &str, error: Error) -> Failure {
    if let Error::Disk(error) = &error {
        let is_changed = error.kind() == ErrorKind::InvalidData;
        let hint = is_changed.then_some("run this again once nothing writes to the snapshot");
        return Failure::new(exit::INPUT, error.to_string(), hint);
    }
    let (code, hint) = match &error {
        Error::NotThere(_) => {
            (exit::NOT_THERE, "check the reference; regenesis oci ls lists the tags")
        }
        Error::Denied(_) => {
            (exit::SOURCE, "run docker login; the account needs access to the repository")
        }
        Error::Differs(_) => {
            (exit::VERIFICATION, "push the snapshot again, or ask the operator of the registry")
        }
        Error::Unreachable(_) | Error::Changed => {
            (exit::SOURCE, "run the same command again: it resumes")
        }
        _ => (exit::SOURCE, "check the reference"),
    };
    Failure::new(code, format!("{label}: {}", error.what()), Some(hint))
}

/// A text that is not a reference. It may have a password, and is not quoted.
pub(super) fn reference(error: BadReference) -> Failure {
    Failure::usage(format!("the reference {error}"), error.hint())
}
