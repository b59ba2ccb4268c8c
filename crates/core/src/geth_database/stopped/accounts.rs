//! The accounts of a stopped geth's state, with the addresses and slots that geth has kept.

use std::sync::{Mutex, PoisonError};

use alloy_primitives::{Address, B256, U256};
use alloy_rlp::Decodable;

use super::changes::Rebased;
use super::walk::{Leaf, Walk};
use super::{Error, schema};
use crate::sort::lock;

/// An account, in the order of the hashes of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// Hash of its address.
    pub hashed_address: B256,
    /// Its address, if geth has kept it.
    pub address: Option<Address>,
    /// Its nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Its code.
    pub code: Vec<u8>,
    /// Hash of the code.
    pub code_hash: B256,
    /// Root of its storage.
    pub storage_root: B256,
    /// Hash of each slot, the slot if geth has kept it, and the value.
    pub storage: Vec<(B256, Option<B256>, U256)>,
}

impl Rebased<'_> {
    /// Calls `each` with every account of the state, in order. Every hash is computed.
    ///
    /// # Errors
    /// The state is damaged, or `each` fails: then with [`Error::Write`].
    pub fn accounts(
        &self,
        each: &mut (dyn FnMut(StoredAccount) -> std::io::Result<()> + Send),
    ) -> Result<(), Error> {
        let each = Mutex::new(each);
        let walk = Walk::of(self, false);
        walk.trie(None, &self.block.header.state_root, &|hashed_address, rlp| {
            let Leaf { nonce, balance, storage_root, code_hash } =
                Leaf::read(&hashed_address, rlp)?;
            let storage = Mutex::new(Vec::new());
            walk.trie(Some(&hashed_address), &storage_root, &|hash, value| {
                let wrong = || Error::Node(format!("slot {hash} of account {hashed_address}"));
                let value = U256::decode(&mut &*value).map_err(|_| wrong())?;
                let slot = self.preimage(&hash)?.and_then(|slot| B256::try_from(&slot[..]).ok());
                lock(&storage).push((hash, slot, value));
                Ok(())
            })?;
            let address = self.preimage(&hashed_address)?;
            let account = StoredAccount {
                hashed_address,
                address: address.and_then(|address| Address::try_from(&address[..]).ok()),
                nonce,
                balance,
                code: walk.code(&hashed_address, &code_hash)?,
                code_hash,
                storage_root,
                storage: storage.into_inner().unwrap_or_else(PoisonError::into_inner),
            };
            (*lock(&each))(account).map_err(Error::Write)
        })
    }

    /// The alloc of the chain's genesis as JSON, if geth wrote it.
    ///
    /// # Errors
    /// The database is damaged.
    pub fn genesis_alloc(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.database().get(&schema::genesis_alloc(&self.genesis()))?)
    }

    fn preimage(&self, hash: &B256) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.database().get(&[schema::PREIMAGE, &hash[..]].concat())?)
    }
}
