//! The changes that the flags describe.

use std::path::Path;

use super::super::{Failure, given_list};
use super::Args;
use crate::capture::overlay::{Code, Fund, Overlay, SetCode};
use crate::capture::{self, file};
use crate::exit;
use crate::file::Input;
use crate::io::fs;

/// Reads the changes, and the files that they name.
pub(super) fn of(args: &Args) -> Result<Overlay, Failure> {
    let mut overlay = Overlay::default();
    for path in args.merge.iter().filter(|path| !path.as_os_str().is_empty()) {
        merge(path, &mut overlay)?;
    }
    for text in given_list(&args.set_code) {
        let wrong = |what: &str| {
            Failure::usage(format!("--set-code {what}"), "--set-code 0x1234…=@contract.hex")
        };
        let SetCode { address, code } = text.parse().map_err(wrong)?;
        let hex = match code {
            Code::Hex(hex) => hex,
            Code::File(path) => {
                String::from_utf8_lossy(&fs::read_file(Path::new(&path))?).into_owned()
            }
        };
        overlay.set_code(address, &hex).map_err(|error| wrong(&error.to_string()))?;
    }
    for text in given_list(&args.fund) {
        let wrong = |what: &str| {
            Failure::usage(format!("--fund is {text:?}: {what}"), "see regenesis capture --help")
        };
        let fund: Fund = text.parse().map_err(|error: String| wrong(&error))?;
        overlay.fund(fund).map_err(|error| wrong(&error.to_string()))?;
    }
    if args.prune_empty {
        overlay.prune_empty();
    }
    if args.add_system_contracts {
        overlay.add_system_contracts();
    }
    Ok(overlay)
}

fn merge(path: &Path, overlay: &mut Overlay) -> Result<(), Failure> {
    let input = Input::file(path.to_owned());
    // A file that cannot be opened is no error of its content.
    fs::open(&input)?;
    let open =
        || fs::open(&input).map_err(|error| capture::Error::Read(std::io::Error::other(error)));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    overlay.merge_file(name);
    let read = file::read(&open, &mut |account| overlay.merge(account));
    read.map(drop)
        .map_err(|error| Failure { exit: exit::INPUT, ..Failure::state_file(&input, &error) })
}
