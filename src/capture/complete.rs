//! Completes accounts that a dump gave without their address, code or storage.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::Error;
use super::account::{Account, Missing, StorageSlot, word};
use super::chain::SMALL_LIMIT;
use super::geth::{HashedSlot, storage};
use super::preimages::{Known, Origin};
use super::replay::proven_slots;
use crate::rpc::{self, Rpc};

/// Calls in a batch: geth answers at most 1000.
const BATCH: usize = 200;
/// Longest answer to a batch of words.
const BATCH_LIMIT: u64 = 16 << 20;
/// Longest code, as hex, with room for chains that allow more than EIP-170.
const CODE_LIMIT: u64 = 8 << 20;

/// Asks a node for what is missing.
#[derive(Debug, Clone, Copy)]
pub struct Completion<'a, R: ?Sized> {
    /// The node.
    pub rpc: &'a R,
    /// Hash of the block that is captured.
    pub block: B256,
    /// The block behind it, if there is one.
    pub child: Option<B256>,
    /// What is known.
    pub known: &'a Known,
}

impl Completion<'_, dyn Rpc + '_> {
    /// Fills in addresses that are known, or that the node has preimages of.
    ///
    /// # Errors
    /// The node cannot be reached; one without preimages is no error.
    pub fn addresses(&self, accounts: &mut [Account]) -> Result<Vec<Option<Origin>>, Error> {
        let mut origins = vec![None; accounts.len()];
        let mut unknown = Vec::new();
        for (index, account) in accounts.iter_mut().enumerate() {
            match self.known.address(&account.hashed_address) {
                _ if account.address.is_some() => {}
                Some((address, origin)) => {
                    account.address = Some(address);
                    origins[index] = Some(origin);
                }
                None => unknown.push((index, account.hashed_address)),
            }
        }
        let hashes: Vec<_> = unknown.iter().map(|(_, hash)| *hash).collect();
        for ((index, _), found) in unknown.iter().zip(self.preimages(&hashes)?) {
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
        // Most contracts of a genesis are as they were.
        account.storage = self.known.genesis_storage(&address).to_vec();
        if account.missing() == Some(Missing::Storage)
            && let Some(slots) = self.listed(address)?
        {
            account.storage = slots;
        }
        if account.missing() == Some(Missing::Storage) {
            let candidates = self.candidates(&address);
            account.storage = self.tried(address, &candidates)?;
            // Erigon's eth_getStorageAt already has what the next block's system calls write.
            if account.missing() == Some(Missing::Storage)
                && let Some(slots) = proven_slots(self.rpc, self.block, address, &candidates)?
            {
                account.storage = slots;
            }
        }
        Ok(())
    }

    /// The block as EIP-1898 names it.
    fn at(&self) -> Value {
        json!({"blockHash": self.block})
    }

    /// Everything in the storage trie, if the node lists it and every hash can be undone.
    fn listed(&self, address: Address) -> Result<Option<Vec<StorageSlot>>, Error> {
        let Some(child) = self.child else { return Ok(None) };
        let own = self.known.slots_by_hash(&address);
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
        for (slot, found) in unknown.iter().zip(self.preimages(&hashes)?) {
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

    /// All slots that the contract may have.
    fn candidates(&self, address: &Address) -> Vec<B256> {
        const FIRST: u64 = 64;
        let mut candidates: Vec<_> = self.known.slots(address).collect();
        candidates.extend((0..FIRST).map(|slot| B256::from(alloy_primitives::U256::from(slot))));
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// The values of these slots, without those that are zero; none if the node refuses.
    fn tried(&self, address: Address, candidates: &[B256]) -> Result<Vec<StorageSlot>, Error> {
        let mut slots = Vec::new();
        for share in candidates.chunks(BATCH) {
            let call = |slot: &B256| ("eth_getStorageAt", json!([address, slot, self.at()]));
            let calls: Vec<_> = share.iter().map(call).collect();
            let answers = match self.rpc.batch(&calls, BATCH_LIMIT) {
                Err(rpc::Error::Refused { .. }) => return Ok(Vec::new()),
                answers => answers?,
            };
            for (slot, raw) in share.iter().zip(answers) {
                let value = bytes(&raw).and_then(|bytes| B256::try_from(&bytes[..]).ok());
                let wrong = || Error::Answer("eth_getStorageAt answers with no word".to_owned());
                let value = value.or_else(|| short_word(&raw)).ok_or_else(wrong)?;
                if !value.is_zero() {
                    slots.push((*slot, value.into()));
                }
            }
        }
        Ok(slots)
    }

    /// What the node has stored for these hashes.
    fn preimages(&self, hashes: &[B256]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut found = Vec::with_capacity(hashes.len());
        for share in hashes.chunks(BATCH) {
            let calls: Vec<_> =
                share.iter().map(|hash| ("debug_preimage", json!([hash]))).collect();
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
