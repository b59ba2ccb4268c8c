//! Exit codes and remedies of a restore.

use crate::archive;
use crate::command::Failure;
use crate::exit;
use crate::io::download::{Error, Source};
use crate::snapshot_files::restored;

/// An archive that cannot be obtained.
pub(in crate::command) fn source(source: &Source, error: Error) -> Failure {
    let label = source.label();
    let again = Some("run the same command again: it resumes");
    let (code, hint) = match &error {
        Error::NotThere(_) => (exit::NOT_THERE, Some("check the URL or the path")),
        Error::Denied(_) if label.starts_with("oci://") => {
            (exit::SOURCE, Some("run docker login for this registry"))
        }
        Error::Denied(_) => {
            let hint =
                "check the credentials: for s3 the AWS_* variables, for http user and password";
            (exit::SOURCE, Some(hint))
        }
        Error::Unreachable(_) | Error::Changed => (exit::SOURCE, again),
        Error::Status(_) => (exit::SOURCE, Some("check the URL")),
        Error::Differs(_) => (exit::VERIFICATION, Some("upload the file again")),
        Error::Disk(_) => (exit::INPUT, None),
    };
    Failure::new(code, format!("{label}: {}", error.what()), hint)
}

/// An archive that cannot be restored.
pub(super) fn restore(source: &Source, error: &restored::Error) -> Failure {
    let code = match error {
        error if error.is_full() => exit::FULL,
        restored::Error::Archive(_) => exit::INPUT,
        restored::Error::Base(_) => exit::VERIFICATION,
        _ => exit::OUTPUT,
    };
    let message = match error {
        restored::Error::Archive(archive::Error::Read(error)) => {
            format!("{}: is damaged: {error}", source.label())
        }
        restored::Error::Archive(error) => format!("{}: {error}", source.label()),
        error => error.to_string(),
    };
    let hint = match error {
        restored::Error::Archive(archive::Error::Read(_)) => {
            Some("compare it with its original, and upload it again")
        }
        error => error.hint(),
    };
    Failure::new(code, message, hint)
}

impl From<restored::Error> for Failure {
    /// An error of the directory.
    fn from(error: restored::Error) -> Self {
        match error {
            restored::Error::Disk(error) => error.into(),
            error => Self::new(exit::OUTPUT, error.to_string(), error.hint()),
        }
    }
}
