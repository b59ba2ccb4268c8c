//! The blocks of a stopped geth: in its database, and in its freezer.

use alloy_primitives::{B256, keccak256};
use alloy_rlp::Decodable;

use super::rlp::Items;
use super::{Error, StoredBlock, schema};
use crate::el::block::Block;
use crate::el::header::Header;
use crate::geth_database::reader::{Database, Freezer};

/// Where the blocks are. If the database cannot be read, the freezer has the blocks up to the last
/// finalized one, or all but the last 90,000.
#[derive(Debug, Clone, Copy)]
pub struct Blocks<'a> {
    /// The database.
    pub database: Option<&'a Database<'a>>,
    /// `ancient/chain`.
    pub freezer: Option<&'a Freezer<'a>>,
}

impl Blocks<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.database.map(|database| database.get(key)).transpose()?.flatten())
    }

    /// The last block: the head or, without a database, the last one in the freezer.
    ///
    /// # Errors
    /// It is missing, or a file is damaged.
    pub fn head(&self) -> Result<StoredBlock, Error> {
        if self.database.is_none() {
            let last = self.freezer.and_then(|freezer| freezer.end().checked_sub(1));
            return self.header(last.ok_or(Error::NoChain)?)?.ok_or(Error::NoChain);
        }
        let hash = self.get(schema::HEADS[0])?.ok_or(Error::NoChain)?;
        let hash = hash_of(&hash, "LastBlock")?;
        let number = self.get(&schema::number(&hash))?.ok_or(Error::NoChain)?;
        let number: [u8; 8] = (&number[..]).try_into().map_err(|_| Error::Value("H…"))?;
        self.header_of(u64::from_be_bytes(number), hash)?.ok_or(Error::NoChain)
    }

    /// The hash of block 0.
    ///
    /// # Errors
    /// It is missing, or a file is damaged.
    pub fn genesis(&self) -> Result<B256, Error> {
        self.hash(0)?.ok_or(Error::NoChain)
    }

    /// `config` of the chain with this block 0, as JSON; it is in the database alone.
    ///
    /// # Errors
    /// The database is damaged.
    pub fn config(&self, genesis: &B256) -> Result<Option<Vec<u8>>, Error> {
        self.get(&schema::config(genesis))
    }

    /// The number of the block `hash`, or of the last finalized one.
    ///
    /// # Errors
    /// There is no such block in the chain, or a file is damaged.
    pub fn number(&self, hash: Option<B256>) -> Result<u64, Error> {
        let hash = match hash {
            Some(hash) => hash,
            None => {
                let finalized = self.get(schema::LAST_FINALIZED)?;
                hash_of(&finalized.ok_or(Error::NotFinalized)?, "LastFinalized")?
            }
        };
        let number = self.get(&schema::number(&hash))?;
        let number: Option<[u8; 8]> = number.and_then(|number| number.try_into().ok());
        let number = u64::from_be_bytes(number.ok_or(Error::NoBlock(hash))?);
        if self.hash(number)? == Some(hash) { Ok(number) } else { Err(Error::NoBlock(hash)) }
    }

    /// The hash of the canonical block with this number.
    fn hash(&self, number: u64) -> Result<Option<B256>, Error> {
        match self.get(&schema::canonical_hash_of(number))? {
            Some(hash) => hash_of(&hash, "the hash of a block").map(Some),
            None => Ok(self.freezer.map(|freezer| freezer.hash(number)).transpose()?.flatten()),
        }
    }

    /// The header of the canonical block with this number; `None` if it is nowhere.
    ///
    /// # Errors
    /// A file is damaged.
    pub fn header(&self, number: u64) -> Result<Option<StoredBlock>, Error> {
        let Some(hash) = self.hash(number)? else { return Ok(None) };
        self.header_of(number, hash)
    }

    fn header_of(&self, number: u64, hash: B256) -> Result<Option<StoredBlock>, Error> {
        let rlp = match self.get(&schema::header_of(number, &hash))? {
            Some(rlp) => Some(rlp),
            None => self.freezer.map(|freezer| freezer.header(number)).transpose()?.flatten(),
        };
        let Some(rlp) = rlp else { return Ok(None) };
        let header = Header::decode(&mut &rlp[..]).map_err(|_| Error::Header(number))?;
        if keccak256(&rlp) != hash || header.number != number {
            return Err(Error::Header(number));
        }
        Ok(Some(StoredBlock { header, hash }))
    }

    /// The complete canonical block with this number. Its body is not checked.
    ///
    /// # Errors
    /// A part of it is nowhere, or a file is damaged.
    pub fn block(&self, number: u64) -> Result<Block, Error> {
        let head = self.header(number)?.ok_or(Error::Bodiless(number))?;
        let body = match self.get(&schema::body_of(number, &head.hash))? {
            Some(body) => Some(body),
            None => self.freezer.map(|freezer| freezer.body(number)).transpose()?.flatten(),
        };
        let body = body.ok_or(Error::Bodiless(number))?;
        // The same items follow the header in a block.
        let mut items = Items::of(&body).ok_or(Error::Body(number))?;
        let mut payload = alloy_rlp::encode(&head.header);
        while !items.is_empty() {
            payload.extend_from_slice(items.item().ok_or(Error::Body(number))?);
        }
        let mut rlp = Vec::with_capacity(payload.len() + 9);
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut rlp);
        rlp.extend_from_slice(&payload);
        Block::decode(&mut &rlp[..]).map_err(|_| Error::Body(number))
    }
}

pub(super) fn hash_of(bytes: &[u8], key: &'static str) -> Result<B256, Error> {
    B256::try_from(bytes).map_err(|_| Error::Value(key))
}
