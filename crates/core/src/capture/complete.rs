//! Completes accounts that a dump returned without their address, code or storage.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::Error;
use super::account::{Account, Missing, StorageSlot, word};
use super::account_proofs::proven_slots;
use super::chain::SMALL_LIMIT;
use super::geth::{HashedSlot, storage};
use super::preimage_index::{Origin, PreimageIndex};
use crate::rpc::{self, Rpc};

/// Calls in a batch: geth answers at most 1000.
const BATCH: usize = 200;
/// Longest answer to a batch of words.
const BATCH_LIMIT: u64 = 16 << 20;
/// Longest code, as hex, with room for chains that allow more than EIP-170.
const CODE_LIMIT: u64 = 8 << 20;

/// Requests the missing parts of accounts.
#[derive(Debug, Clone, Copy)]
pub struct Completion<'a, R: ?Sized> {
    /// The node.
    pub rpc: &'a R,
    /// Hash of the captured block.
    pub block: B256,
    /// Hash of the next block, if there is one.
    pub child: Option<B256>,
    /// Known preimages.
    pub preimages: &'a PreimageIndex,
}

impl Completion<'_, dyn Rpc + '_> {
    /// Fills in addresses that are known, or whose preimages the node has. Returns where each filled-in
    /// address was found.
    ///
    /// # Errors
    /// The node cannot be reached. Missing preimages are no error.
    pub fn addresses(&self, accounts: &mut [Account]) -> Result<Vec<Option<Origin>>, Error> {
        let mut origins = vec![None; accounts.len()];
        let mut unknown = Vec::new();
        for (index, account) in accounts.iter_mut().enumerate() {
            match self.preimages.address(&account.hashed_address) {
                _ if account.address.is_some() => {}
                Some((address, origin)) => {
                    account.address = Some(address);
                    origins[index] = Some(origin);
                }
                None => unknown.push((index, account.hashed_address)),
            }
        }
        let hashes: Vec<_> = unknown.iter().map(|(_, hash)| *hash).collect();
        for ((index, _), found) in unknown.iter().zip(self.stored_preimages(&hashes)?) {
            if let Some(address) = found.and_then(|bytes| Address::try_from(&bytes[..]).ok()) {
                accounts[*index].address = Some(address);
                origins[*index] = Some(Origin::Node);
            }
        }
        Ok(origins)
    }

    /// Fills in the code and storage of an account whose address is known.
    ///
    /// # Errors
    /// The node cannot be reached.
    pub fn contents(&self, account: &mut Account) -> Result<(), Error> {
        let Some(address) = account.address else { return Ok(()) };
        if account.missing() == Some(Missing::Code) {
            let raw = self.rpc.call("eth_getCode", &json!([address, self.at()]), CODE_LIMIT)?;
            account.code = bytes(&raw).unwrap_or_default();
        }
        if account.missing() != Some(Missing::Storage) {
            return Ok(());
        }
        // Most contracts of a genesis have not changed their storage.
        account.storage = self.preimages.genesis_storage(&address).to_vec();
        if account.missing() == Some(Missing::Storage)
            && let Some(slots) = self.listed(address)?
        {
            account.storage = slots;
        }
        if account.missing() == Some(Missing::Storage) {
            let candidates = self.candidates(&address);
            account.storage = self.tried(address, &candidates)?;
            // Erigon's eth_getStorageAt includes the system calls of the next block.
            if account.missing() == Some(Missing::Storage)
                && let Some(slots) = proven_slots(self.rpc, self.block, address, &candidates)?
            {
                account.storage = slots;
            }
        }
        Ok(())
    }

    /// The block as a parameter (EIP-1898).
    fn at(&self) -> Value {
        json!({"blockHash": self.block})
    }

    /// All slots of the storage trie, if the node lists them and every preimage is known.
    fn listed(&self, address: Address) -> Result<Option<Vec<StorageSlot>>, Error> {
        let Some(child) = self.child else { return Ok(None) };
        let own = self.preimages.slots_by_hash(&address);
        let (mut slots, mut unknown): (Vec<StorageSlot>, Vec<HashedSlot>) = (vec![], vec![]);
        let listed = storage(self.rpc, child, address, &mut |page| {
            for slot in page {
                match slot.resolved(&own) {
                    Some(resolved) => slots.push(resolved),
                    None => unknown.push(*slot),
                }
            }
            Ok(())
        });
        match listed {
            Ok(()) => {}
            Err(Error::Rpc(rpc::Error::Refused { .. }) | Error::NoDump { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let hashes: Vec<_> = unknown.iter().map(|slot| slot.hashed_slot).collect();
        for (slot, found) in unknown.iter().zip(self.stored_preimages(&hashes)?) {
            let Some(slot) = found
                .and_then(|bytes| B256::try_from(&bytes[..]).ok())
                .and_then(|found| slot.resolved(|_| Some(found)))
            else {
                return Ok(None);
            };
            slots.push(slot);
        }
        Ok(Some(slots))
    }

    /// Slots that the contract may have.
    fn candidates(&self, address: &Address) -> Vec<B256> {
        const FIRST: u64 = 64;
        let mut candidates: Vec<_> = self.preimages.slots(address).collect();
        candidates.extend((0..FIRST).map(|slot| B256::from(alloy_primitives::U256::from(slot))));
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// The values of these slots, without zeros; empty if the node refuses.
    fn tried(&self, address: Address, candidates: &[B256]) -> Result<Vec<StorageSlot>, Error> {
        let mut slots = Vec::new();
        for batch in candidates.chunks(BATCH) {
            let call = |slot: &B256| ("eth_getStorageAt", json!([address, slot, self.at()]));
            let calls: Vec<_> = batch.iter().map(call).collect();
            let answers = match self.rpc.batch(&calls, BATCH_LIMIT) {
                Err(rpc::Error::Refused { .. }) => return Ok(Vec::new()),
                answers => answers?,
            };
            for (slot, raw) in batch.iter().zip(answers) {
                let value = bytes(&raw).and_then(|bytes| B256::try_from(&bytes[..]).ok());
                let wrong =
                    || Error::Answer("eth_getStorageAt does not return a 32-byte word".to_owned());
                let value = value.or_else(|| short_word(&raw)).ok_or_else(wrong)?;
                if !value.is_zero() {
                    slots.push((*slot, value.into()));
                }
            }
        }
        Ok(slots)
    }

    /// The preimages that the node has stored for these hashes.
    fn stored_preimages(&self, hashes: &[B256]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut found = Vec::with_capacity(hashes.len());
        for batch in hashes.chunks(BATCH) {
            let calls: Vec<_> =
                batch.iter().map(|hash| ("debug_preimage", json!([hash]))).collect();
            found.extend(self.rpc.batch_of_each(&calls, SMALL_LIMIT)?.into_iter().map(|answer| {
                answer.ok().and_then(|raw| bytes(&raw)).filter(|preimage| !preimage.is_empty())
            }));
        }
        Ok(found)
    }
}

/// The bytes of a JSON string of hex.
fn bytes(raw: &[u8]) -> Option<Vec<u8>> {
    let text: String = serde_json::from_slice(raw).ok()?;
    hex::decode(text.strip_prefix("0x")?).ok()
}

/// A word that is not padded, as some nodes write it.
fn short_word(raw: &[u8]) -> Option<B256> {
    let text: String = serde_json::from_slice(raw).ok()?;
    word(text.as_bytes()).ok()
}
