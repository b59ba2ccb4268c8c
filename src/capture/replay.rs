//! The state of a node without a dump: every address that is known to be of the chain is looked
//! up by `eth_getProof` (EIP-1186). What was not known shows in the state root.

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

use super::Error;
use super::account::Account;
use super::block::{hash, number};
use super::preimages::{Creator, Known};
use crate::rpc::Rpc;

/// Calls in a batch.
const BATCH: usize = 50;
/// Longest answer to one: a proof has at most 64 nodes of 532 bytes.
const BATCH_LIMIT: u64 = 64 << 20;

/// Calls `each` with every account of the block that `known` has an address of, without code and
/// storage. Those of contracts that created others are asked for as long as there are more.
///
/// # Errors
/// The node has no `eth_getProof`, or `each` fails.
pub fn accounts(
    rpc: &dyn Rpc,
    block: B256,
    known: &mut Known,
    each: &mut dyn FnMut(Account) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut asked: std::collections::HashSet<Address> = std::collections::HashSet::new();
    loop {
        let addresses = known.addresses().map(|(address, _)| address);
        let mut fresh: Vec<_> = addresses.filter(|address| !asked.contains(address)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        fresh.sort_unstable();
        for share in fresh.chunks(BATCH) {
            let call =
                |address: &Address| ("eth_getProof", json!([address, [], {"blockHash": block}]));
            let calls: Vec<_> = share.iter().map(call).collect();
            for (address, raw) in share.iter().zip(rpc.batch(&calls, BATCH_LIMIT)?) {
                asked.insert(*address);
                let Some(account) = account(*address, &raw)? else { continue };
                Creator::of(&account).iter().for_each(|creator| known.add_created_by(creator));
                each(account)?;
            }
        }
    }
}

/// The account that a proof is of; `None` if it proves that there is none.
fn account(address: Address, raw: &[u8]) -> Result<Option<Account>, Error> {
    let wrong = || Error::Answer("eth_getProof answers with another shape".to_owned());
    let proof: Value = serde_json::from_slice(raw).map_err(|_| wrong())?;
    let account = Account {
        address: Some(address),
        hashed_address: keccak256(address),
        nonce: number(&proof, "nonce")?,
        balance: number::<U256>(&proof, "balance")?,
        code: Vec::new(),
        storage: Vec::new(),
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

/// Whether a node of a proof is the leaf of `key`, as far as its own nibbles tell.
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
    fn leaves_are_told_by_their_nibbles() {
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
