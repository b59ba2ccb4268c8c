//! The state of a node without a dump: every known address is looked up by `eth_getProof` (EIP-1186).
//! The state root shows whether an address was unknown.

use std::collections::HashSet;

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

use super::Error;
use super::account::{Account, Missing, StorageSlot};
use super::block::{hash, number};
use super::preimage_index::{Creator, PreimageIndex};
use crate::rpc::{self, Rpc};

/// Calls in a batch.
const BATCH: usize = 50;
/// Longest answer to one: a proof has at most 64 nodes of 532 bytes.
const BATCH_LIMIT: u64 = 64 << 20;

/// Calls `each` with every account of the block whose address is in `index`, without code and
/// storage. Contracts add the addresses of contracts that they created, until there are no more.
///
/// # Errors
/// The node has no `eth_getProof`, or `each` fails.
pub fn accounts(
    rpc: &dyn Rpc,
    block: B256,
    index: &mut PreimageIndex,
    each: &mut dyn FnMut(Account) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut requested: HashSet<Address> = HashSet::new();
    loop {
        let addresses = index.addresses().map(|(address, _)| address);
        let mut fresh: Vec<_> = addresses.filter(|address| !requested.contains(address)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        fresh.sort_unstable();
        for batch in fresh.chunks(BATCH) {
            let call =
                |address: &Address| ("eth_getProof", json!([address, [], {"blockHash": block}]));
            let calls: Vec<_> = batch.iter().map(call).collect();
            for (address, raw) in batch.iter().zip(rpc.batch(&calls, BATCH_LIMIT)?) {
                requested.insert(*address);
                let Some(account) = account(*address, &raw)? else { continue };
                Creator::of(&account).iter().for_each(|creator| index.add_created_by(creator));
                each(account)?;
            }
        }
    }
}

/// Slots in a request for proofs.
const SLOTS: usize = 100;

/// Corrects accounts of a dump by their proofs. If the head is later, Erigon's dump includes the
/// system calls of the next block; its proofs are those of the requested block. A node without proofs
/// changes nothing: the state root shows an error.
///
/// # Errors
/// The node cannot be reached.
pub fn correct(rpc: &dyn Rpc, block: B256, accounts: &mut Vec<Account>) -> Result<(), Error> {
    let mut corrected = Vec::with_capacity(accounts.len());
    for batch in accounts.chunks(BATCH) {
        let call = |account: &Account| {
            ("eth_getProof", json!([account.address, [], {"blockHash": block}]))
        };
        let calls: Vec<_> = batch.iter().map(call).collect();
        let proofs = match rpc.batch(&calls, BATCH_LIMIT) {
            Err(rpc::Error::Refused { .. }) => return Ok(()),
            proofs => proofs?,
        };
        for (dumped, raw) in batch.iter().zip(proofs) {
            let address = dumped.address.unwrap_or_default();
            let Some(mut proven) = account(address, &raw)? else { continue };
            proven.code.clone_from(&dumped.code);
            proven.storage.clone_from(&dumped.storage);
            if proven.missing() == Some(Missing::Storage) {
                let slots: Vec<_> = dumped.storage.iter().map(|(slot, _)| *slot).collect();
                if let Some(values) = proven_slots(rpc, block, address, &slots)? {
                    proven.storage = values;
                }
            }
            corrected.push(proven);
        }
    }
    *accounts = corrected;
    Ok(())
}

/// The slots that are not zero, with the values of their proofs; `None` if the node has no proofs.
///
/// # Errors
/// The node cannot be reached, or answers in another form.
pub fn proven_slots(
    rpc: &dyn Rpc,
    block: B256,
    address: Address,
    slots: &[B256],
) -> Result<Option<Vec<StorageSlot>>, Error> {
    let wrong = || Error::Answer("eth_getProof returns an unexpected response".to_owned());
    let mut found = Vec::new();
    for batch in slots.chunks(SLOTS) {
        let params = json!([address, batch, {"blockHash": block}]);
        let raw = match rpc.call("eth_getProof", &params, BATCH_LIMIT) {
            Err(rpc::Error::Refused { .. }) => return Ok(None),
            raw => raw?,
        };
        let answer: Value = serde_json::from_slice(&raw).map_err(|_| wrong())?;
        let proofs = answer["storageProof"].as_array().ok_or_else(wrong)?;
        if proofs.len() != batch.len() {
            return Err(wrong());
        }
        for (slot, proof) in batch.iter().zip(proofs) {
            let value: U256 = number(proof, "value")?;
            if !value.is_zero() {
                found.push((*slot, value));
            }
        }
    }
    Ok(Some(found))
}

/// The account of a proof; `None` if it proves that the account does not exist.
fn account(address: Address, raw: &[u8]) -> Result<Option<Account>, Error> {
    let wrong = || Error::Answer("eth_getProof returns an unexpected response".to_owned());
    let proof: Value = serde_json::from_slice(raw).map_err(|_| wrong())?;
    let account = Account {
        address: Some(address),
        hashed_address: keccak256(address),
        nonce: number(&proof, "nonce")?,
        balance: number::<U256>(&proof, "balance")?,
        code: Vec::new(),
        storage: Vec::new(),
        zero_slots: Vec::new(),
        code_hash: Some(hash(&proof, "codeHash")?),
        storage_root: Some(hash(&proof, "storageHash")?),
    };
    if account.nonce != 0 || !account.balance.is_zero() || account.missing().is_some() {
        return Ok(Some(account).filter(|account| account.code_hash != Some(B256::ZERO)));
    }
    let leaf = proof["accountProof"].as_array().and_then(|nodes| nodes.last());
    let leaf =
        leaf.and_then(Value::as_str).and_then(|hex| hex::decode(hex.strip_prefix("0x")?).ok());
    let exists = leaf.is_some_and(|leaf| is_leaf_of(&leaf, &account.hashed_address));
    Ok(exists.then_some(account))
}

/// Whether a node of a proof is the leaf of `key`, judged by its own nibbles.
fn is_leaf_of(node: &[u8], key: &B256) -> bool {
    let Ok(items) = <Vec<alloy_primitives::Bytes> as alloy_rlp::Decodable>::decode(&mut &node[..])
    else {
        return false;
    };
    let [path, _] = &items[..] else { return false };
    let Some(first) = path.first().filter(|first| *first & 0x20 != 0) else { return false };
    let odd = (first & 0x10 != 0).then_some(first & 0x0f);
    let nibbles = |bytes: &[u8]| bytes.iter().flat_map(|b| [b >> 4, b & 15]).collect::<Vec<_>>();
    let suffix: Vec<_> = odd.into_iter().chain(nibbles(&path[1..])).collect();
    nibbles(key.as_slice()).ends_with(&suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_recognised_by_their_nibbles() {
        let key = keccak256([7]);
        let node = |path: Vec<u8>| {
            alloy_rlp::encode(vec![alloy_primitives::Bytes::from(path), vec![0x80; 40].into()])
        };
        let odd = [&[0x30 | key[1] & 15][..], &key[2..]].concat();
        let even = [&[0x20][..], &key[2..]].concat();
        assert!(is_leaf_of(&node(odd), &key) && is_leaf_of(&node(even.clone()), &key));
        let mut other = even.clone();
        other[5] ^= 1;
        assert!(!is_leaf_of(&node(other), &key));
        let extension = [&[0x00][..], &even[1..]].concat();
        assert!(!is_leaf_of(&node(extension), &key));
        assert!(!is_leaf_of(b"nonsense", &key));
    }
}
