//! The execution genesis for clients that do not read geth's format: `--el-format`.

use super::super::prepare::Prepared;
use super::super::{Failure, given_list};
use super::settings::Settings;
use crate::el::dialect::accounts::Accounts;
use crate::el::dialect::{DIALECTS, Dialect, Error};
use crate::el::genesis::{Document, Genesis};
use crate::el::header::Header;
use crate::layout::OutFile;
use crate::rim::fs;

/// The formats that are wanted, and the accounts for them.
#[derive(Debug)]
pub(super) struct Wanted {
    dialects: Vec<&'static Dialect>,
    accounts: Option<Accounts>,
}

/// Reads `--el-format`.
pub(super) fn parse(names: &[String]) -> Result<Vec<&'static Dialect>, Failure> {
    let mut dialects: Vec<&'static Dialect> = Vec::new();
    for name in given_list(names) {
        match DIALECTS.iter().find(|dialect| dialect.name == name) {
            Some(dialect) if dialects.iter().all(|known| known.name != name) => {
                dialects.push(dialect);
            }
            // geth's is always written.
            Some(_) => {}
            None if name == "geth" => {}
            None => {
                let names: Vec<_> = DIALECTS.iter().map(|dialect| dialect.name).collect();
                return Err(Failure::usage(
                    format!("there is no execution format {name:?}"),
                    &format!("use geth, {}; reth, erigon and ethrex read geth's", names.join(", ")),
                ));
            }
        }
    }
    Ok(dialects)
}

/// Looks through the accounts, if any other format is wanted.
pub(super) fn scan(settings: &Settings, prepared: &Prepared) -> Result<Wanted, Failure> {
    let dialects = if settings.plan.wants_network() {
        // ethereum-genesis-generator writes them all.
        DIALECTS.iter().collect()
    } else {
        settings.dialects.clone()
    };
    if dialects.is_empty() {
        return Ok(Wanted { dialects, accounts: None });
    }
    let input = &settings.snapshot.genesis;
    let ranges = prepared.document.alloc.iter().map(|alloc| alloc.range.clone()).collect();
    let open = |range| fs::open_range(input, range).map_err(|error| error.source);
    let accounts = Accounts::scan(ranges, &prepared.added, open)
        .map_err(|error| Failure::genesis(input, &error))?;
    Ok(Wanted { dialects, accounts: Some(accounts) })
}

impl Wanted {
    /// The files.
    pub(super) fn files(
        &self,
        settings: &Settings,
        document: &Document,
        genesis: &Genesis,
        header: &Header,
    ) -> Result<Vec<OutFile>, Failure> {
        let Some(accounts) = &self.accounts else { return Ok(Vec::new()) };
        let input = &settings.snapshot.genesis;
        let file = |dialect: &&Dialect| {
            let pieces = dialect.pieces(document, genesis, header, accounts);
            let pieces = pieces.map_err(|error| match error {
                Error::Genesis(error) => Failure::genesis(input, &error),
                Error::Configs | Error::Differs { .. } => {
                    let hint = format!("{} cannot be told of this genesis", dialect.name);
                    Failure::input(input, None, &error.to_string(), Some(&hint))
                }
            })?;
            Ok(OutFile::pieces(format!("metadata/{}", dialect.file), pieces, input.clone(), None))
        };
        self.dialects.iter().map(file).collect()
    }
}
