//! The changes that the flags name.

use std::path::Path;

use super::super::{Failure, given_list};
use super::Args;
use crate::capture::overlay::{Code, Fund, Overlay, SetCode, SetNonce, SetStorage};
use crate::creation::{self, Contract};
use crate::exit;
use crate::io::fs;

/// Reads the changes, and the files that they name.
pub(super) fn of(args: &Args) -> Result<Overlay, Failure> {
    let mut overlay = Overlay::default();
    let wrong = |flag: &str, text: &str, what: &str| {
        Failure::usage(format!("{flag} is {text:?}: {what}"), "see regenesis edit --help")
    };
    for text in given_list(&args.set_code) {
        let wrong = |what: &str| wrong("--set-code", text, what);
        let SetCode { address, code } = text.parse().map_err(wrong)?;
        let contract = match code {
            Code::Hex(code) => Contract { code, ..Contract::default() },
            Code::File(path) => contract_in(Path::new(&path))?,
        };
        let Contract { code, nonce, storage } = contract;
        let mut set = || {
            overlay.set_code(address, &code)?;
            nonce.map_or(Ok(()), |nonce| overlay.set_nonce(SetNonce { address, nonce }))?;
            storage.iter().try_for_each(|(slot, value)| {
                overlay.set_storage(SetStorage { address, slot: *slot, value: *value })
            })
        };
        set().map_err(|error| wrong(&error.to_string()))?;
    }
    for text in given_list(&args.nonce) {
        let wrong = |what: &str| wrong("--nonce", text, what);
        let change: SetNonce = text.parse().map_err(|error: String| wrong(&error))?;
        overlay.set_nonce(change).map_err(|error| wrong(&error.to_string()))?;
    }
    for text in given_list(&args.set_storage) {
        let wrong = |what: &str| wrong("--set-storage", text, what);
        let change: SetStorage = text.parse().map_err(|error: String| wrong(&error))?;
        overlay.set_storage(change).map_err(|error| wrong(&error.to_string()))?;
    }
    for text in given_list(&args.fund) {
        let wrong = |what: &str| wrong("--fund", text, what);
        let fund: Fund = text.parse().map_err(|error: String| wrong(&error))?;
        overlay.fund(fund).map_err(|error| wrong(&error.to_string()))?;
    }
    Ok(overlay)
}

/// The contract in a file.
fn contract_in(path: &Path) -> Result<Contract, Failure> {
    let text = fs::read_file(path)?;
    creation::contract(&String::from_utf8_lossy(&text)).map_err(|problem| {
        let hint = "expected code in hex, an account in JSON, or an artifact of Foundry or Hardhat";
        Failure::new(exit::INPUT, format!("{} {problem}", path.display()), Some(hint))
    })
}
