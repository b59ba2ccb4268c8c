//! The state in the database of a stopped geth.

use alloy_primitives::B256;

use crate::capture::account::Account;
use crate::capture::block::Block;
use crate::capture::collected::{CollectedState, StateFiles};
use crate::capture::context::CaptureContext;
use crate::capture::members::Members;
use crate::capture::preimage_index::{Origin, PreimageIndex};
use crate::capture::preimages::Preimages;
use crate::capture::{Error, file};
use crate::geth_database::stopped::{self, Rebased, StoredAccount};

/// How an account is obtained whose address geth has kept.
const KIND: &str = "geth datadir";

/// Reads all accounts. An address or a slot that geth has not kept is one of the genesis, or missing.
pub(in crate::capture) fn collect(
    context: &CaptureContext<'_>,
    rebased: &Rebased<'_>,
) -> Result<CollectedState, Error> {
    context.work.set_resumable(false);
    let mut files = StateFiles::create(context.work)?;
    let mut index = Preimages::begin(context, None)?.index;
    if let Some(alloc) = rebased.genesis_alloc()? {
        file::read_alloc(Box::new(std::io::Cursor::new(alloc)), &mut |account| {
            index.add_genesis_account(account);
            Ok(())
        })?;
    }
    let mut obtained = std::collections::BTreeMap::<String, u64>::new();
    let mut failed = None;
    let walked = rebased.accounts(&mut |stored| {
        let (account, origin) = named(stored, &index);
        if account.missing().is_none() {
            let way = origin.map_or(KIND, Origin::name);
            *obtained.entry(way.to_owned()).or_default() += 1;
        }
        let counts = files.alloc.counts;
        let text = || format!("{} accounts, {} slots", counts.accounts, counts.storage_slots);
        context.progress.advance(&text);
        files.add(&account).map_err(|error| {
            failed = Some(error);
            std::io::ErrorKind::Other.into()
        })
    });
    match (walked, failed) {
        (Err(stopped::Error::Write(_)), Some(error)) => return Err(error),
        (walked, _) => walked?,
    }
    let collected = files.finish()?;
    let accounts = collected.counts.accounts + collected.incomplete;
    context.progress.step("read", &format!("{}, {accounts} accounts", rebased.describe()));
    let header = &rebased.block.header;
    let mut genesis = Members::default();
    genesis.set("config", String::from_utf8_lossy(rebased.config()));
    Ok(CollectedState {
        kind: KIND.to_owned(),
        block: Some(Block::of_header(header, rebased.block.hash)),
        expected_root: Some(header.state_root),
        genesis,
        obtained,
        ..collected
    })
}

/// The account with the names that are known, and where its address is from if geth has not kept it.
fn named(stored: StoredAccount, index: &PreimageIndex) -> (Account, Option<Origin>) {
    let StoredAccount { hashed_address, nonce, balance, code, code_hash, storage_root, .. } =
        stored;
    let known = index.address(&hashed_address).filter(|_| stored.address.is_none());
    let address = stored.address.or(known.map(|(address, _)| address));
    let has_unnamed = stored.storage.iter().any(|(_, slot, _)| slot.is_none());
    let unnamed = address.filter(|_| has_unnamed);
    let slots = unnamed.as_ref().map(|address| index.slots_by_hash(address));
    let slot = |hash: &B256, slot: Option<B256>| slot.or_else(|| slots.as_ref()?(hash));
    let storage = stored.storage.iter();
    let storage = storage.filter_map(|(hash, name, value)| Some((slot(hash, *name)?, *value)));
    let account = Account {
        address,
        hashed_address,
        nonce,
        balance,
        code,
        storage: storage.collect(),
        zero_slots: Vec::new(),
        code_hash: Some(code_hash),
        storage_root: Some(storage_root),
    };
    (account, known.map(|(_, origin)| origin))
}
