//! Formats beside geth's genesis and the beacon state: other execution clients' and other tools'.

use std::fmt;

use super::{Error, Prepared, database};
use crate::cl::json;
use crate::cl::state::GenesisState;
use crate::el::dialect::accounts::Accounts;
use crate::el::dialect::{self, DIALECTS, Dialect};
use crate::el::genesis::{Document, Genesis};
use crate::el::header::Header;
use crate::file::{Content, InputReader, OutFile};
use crate::layout::Network;
use crate::layout::plan::Plan;

/// The formats to generate.
#[derive(Debug)]
pub struct FormatRequest<'a> {
    /// The layouts.
    pub plan: &'a Plan,
    /// Formats of the execution genesis besides geth's.
    pub dialects: Vec<&'static Dialect>,
    /// Record (ENR) of a boot node.
    pub boot_enr: Option<&'a str>,
}

/// The formats of a run, with the inputs that they need. The default is geth's genesis and the
/// state alone.
#[derive(Default)]
pub struct Formats<'a> {
    plan: Option<&'a Plan>,
    dialects: Vec<&'static Dialect>,
    accounts: Option<Accounts>,
    mnemonics: Option<Vec<u8>>,
    pub(super) boot_enr: Option<&'a str>,
}

impl fmt::Debug for Formats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.dialects.iter().map(|dialect| dialect.name).collect();
        f.debug_struct("Formats").field("dialects", &names).finish_non_exhaustive()
    }
}

impl<'a> FormatRequest<'a> {
    /// Reads the inputs of the formats: the accounts for other execution clients, the mnemonics for a
    /// layout that copies them.
    ///
    /// # Errors
    /// An input cannot be read, or an account cannot be expressed in another format.
    pub fn read(self, prepared: &Prepared, reader: &dyn InputReader) -> Result<Formats<'a>, Error> {
        let snapshot = &prepared.snapshot;
        let wants_network = self.plan.wants_network();
        // ethereum-genesis-generator writes every dialect.
        let dialects = if wants_network { DIALECTS.iter().collect() } else { self.dialects };
        if let (Some(_), Some(dialect)) = (&prepared.database, dialects.first()) {
            return Err(database::refuse(dialect.name));
        }
        let accounts = if dialects.is_empty() {
            None
        } else {
            let input = &snapshot.genesis;
            let ranges = prepared.document.alloc.iter().map(|alloc| alloc.range.clone()).collect();
            let open = |range| reader.open_range(input, range).map_err(|error| error.source);
            let accounts = Accounts::scan(ranges, &prepared.added, open);
            Some(accounts.map_err(|error| Error::genesis(input, error, reader))?)
        };
        let mnemonics = snapshot.mnemonics.as_ref().filter(|_| wants_network);
        let mnemonics = mnemonics.map(|input| reader.read(input)).transpose()?;
        Ok(Formats {
            plan: Some(self.plan),
            dialects,
            accounts,
            mnemonics,
            boot_enr: self.boot_enr,
        })
    }
}

impl Formats<'_> {
    /// The execution genesis in the dialects. Each is read again: it must produce `header`.
    pub(super) fn dialects(
        &self,
        prepared: &Prepared,
        document: &Document,
        genesis: &Genesis,
        header: &Header,
    ) -> Result<Vec<OutFile>, Error> {
        let Some(accounts) = &self.accounts else { return Ok(Vec::new()) };
        let input = &prepared.snapshot.genesis;
        let file = |dialect: &&Dialect| {
            let parts = dialect.parts(document, genesis, header, accounts);
            let parts = parts.map_err(|error| match error {
                dialect::Error::Genesis(error) => {
                    let (input, source) = (input.clone(), Box::new(error));
                    Error::Genesis { input, line: None, source }
                }
                dialect::Error::Configs | dialect::Error::Differs { .. } => {
                    let hint = format!("{} cannot express this genesis", dialect.name);
                    Error::snapshot(input, error.to_string(), &hint)
                }
            })?;
            let content = Content::Parts(parts, input.clone(), None);
            Ok(OutFile::new(format!("metadata/{}", dialect.file), content, false))
        };
        self.dialects.iter().map(file).collect()
    }

    /// The state as JSON, if a layout has it.
    pub(super) fn state_json(&self, state: &GenesisState) -> Vec<u8> {
        let is_needed = self.plan.is_some_and(Plan::wants_network);
        if is_needed { json::to_json(&state.ssz) } else { Vec::new() }
    }

    /// The files that arrange or complete `metadata` for other tools.
    pub(super) fn network(&self, metadata: &[OutFile], state_json: &[u8]) -> Vec<OutFile> {
        let Some(plan) = self.plan.filter(|plan| plan.wants_network()) else { return Vec::new() };
        plan.network(&Network { metadata, mnemonics: self.mnemonics.as_deref(), state_json })
    }
}
