//! Snapshots that have geth's database and no accounts.

use super::{Error, Request};
use crate::geth_database::BakedDatabase;
use crate::snapshot::bake::Record;

/// What such a snapshot can do, for messages.
const ONLY: &str = "the snapshot has geth's database and no accounts";

/// Refuses what needs the accounts; `accounts` are those in the genesis.
pub(super) fn check(request: &Request<'_>, accounts: usize) -> Result<(), Error> {
    let wrong = |message: String, hint: &str| Error::Request { message, hint: hint.to_owned() };
    if accounts > 0 {
        let input = &request.snapshot.genesis;
        let message = format!("has {accounts} accounts, but {ONLY}");
        return Err(Error::snapshot(input, message, "it was edited: capture the snapshot again"));
    }
    if request.add_system_contracts {
        let message = format!("--add-system-contracts would change the state, but {ONLY}");
        return Err(wrong(
            message,
            "leave it out, or capture the data directory again with --alloc",
        ));
    }
    if request.shadow_fork.is_some() {
        let message = format!("a shadow fork needs the chain's own genesis, but {ONLY}");
        return Err(wrong(message, "pass the chain's genesis.json: --genesis FILE"));
    }
    Ok(())
}

/// [`check`] for a bake; whether it has the state of the database, if there is one.
pub(super) fn agrees(
    request: &Request<'_>,
    database: Option<&BakedDatabase>,
    record: &Record,
) -> Result<bool, Error> {
    let Some(database) = database else { return Ok(true) };
    check(request, record.genesis.accounts)?;
    Ok(database.state_root == record.genesis.state_root)
}

/// Refuses the genesis of another client.
pub(super) fn refuse(client: &str) -> Error {
    Error::Request {
        message: format!("{ONLY}: {client} cannot start from it"),
        hint: "use geth, or capture the data directory again with --alloc".to_owned(),
    }
}
