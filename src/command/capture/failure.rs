//! Why a capture failed, for the user.

use super::super::Failure;
use crate::capture;
use crate::capture::client::ClientKind;
use crate::exit;
use crate::rim::fs;
use crate::snapshot::Input;

impl Failure {
    /// A fault of a node, or of what came of it.
    pub(in crate::command) fn capture(error: &capture::Error) -> Self {
        Self::of_client(error, ClientKind::Other)
    }

    /// The same, where the client is known.
    pub(super) fn of_client(error: &capture::Error, client: ClientKind) -> Self {
        let exit = match error {
            capture::Error::Write(_) => exit::OUTPUT,
            capture::Error::AnotherState { .. } | capture::Error::WrongBlock { .. } => {
                exit::VERIFICATION
            }
            _ => exit::SOURCE,
        };
        Self::new(exit, error.to_string(), error.hint_for(client))
    }

    /// A fault of a file with a state.
    pub(in crate::command) fn state_file(input: &Input, error: &capture::Error) -> Self {
        match error {
            capture::Error::File(inner) => {
                let plain = fs::open(input).ok().is_some_and(begins_as_json);
                let line = inner.offset.filter(|_| plain);
                let line = line.and_then(|offset| fs::line_of(input, offset).ok());
                Self::input(input, line, &inner.to_string(), error.hint())
            }
            capture::Error::Write(_) => Self::capture(error),
            _ => Self::input(input, None, &error.to_string(), error.hint()),
        }
    }
}

fn begins_as_json(mut reader: Box<dyn std::io::Read + Send>) -> bool {
    let mut first = [0];
    reader.read_exact(&mut first).is_ok() && matches!(first[0], b'{' | b' ' | b'\n')
}
