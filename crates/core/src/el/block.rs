//! Blocks, and the check of a body against its header. Sources: Yellow Paper, section 4.3; EIP-2718
//! (typed transactions), EIP-4895 (withdrawals).

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_rlp::{BufMut, Decodable, Encodable, RlpDecodable, RlpEncodable};

use super::header::Header;

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its transactions, in the encoding of EIP-2718: the type and the payload, or the RLP list of
    /// a legacy transaction.
    pub transactions: Vec<Bytes>,
    /// The RLP list of its ommers' headers; empty after the merge.
    pub ommers: Bytes,
    /// Its withdrawals (EIP-4895).
    pub withdrawals: Option<Vec<Withdrawal>>,
}

/// A withdrawal (EIP-4895).
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Withdrawal {
    /// Number of earlier withdrawals on the chain.
    pub index: u64,
    /// Index of the validator.
    pub validator_index: u64,
    /// The recipient.
    pub address: Address,
    /// Gwei.
    pub amount: u64,
}

/// An invalid block.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its RLP is invalid.
    #[error("is not the RLP of a block: {0}")]
    Rlp(#[from] alloy_rlp::Error),
    /// A part of its body does not match its header.
    #[error("has {part} with the root {found}, but its header has {expected}")]
    Body {
        /// The part.
        part: &'static str,
        /// Its root.
        found: B256,
        /// The root in the header; zero if it has none.
        expected: B256,
    },
}

impl Block {
    /// Block 0 with this header.
    pub fn genesis(header: Header) -> Self {
        let withdrawals = header.withdrawals_root.map(|_| Vec::new());
        Self { header, transactions: Vec::new(), ommers: Self::no_ommers(), withdrawals }
    }

    /// The RLP of an empty list of ommers.
    pub fn no_ommers() -> Bytes {
        EMPTY_LIST.into()
    }

    /// Checks the body against the header, so that the block hash covers the complete block.
    ///
    /// # Errors
    /// A part of the body does not match.
    pub fn check(&self) -> Result<(), Error> {
        let header = &self.header;
        let same = |part, found: B256, expected: B256| {
            if found == expected { Ok(()) } else { Err(Error::Body { part, found, expected }) }
        };
        same("transactions", ordered_root(&self.transactions), header.transactions_root)?;
        same("ommers", keccak256(&self.ommers), header.ommers_hash)?;
        let withdrawals = self.withdrawals.as_ref().map(|list| {
            ordered_root(&list.iter().map(|one| alloy_rlp::encode(one).into()).collect::<Vec<_>>())
        });
        let expected = header.withdrawals_root.unwrap_or_default();
        same("withdrawals", withdrawals.unwrap_or_default(), expected)
    }
}

/// The RLP of an empty list.
const EMPTY_LIST: [u8; 1] = [0xc0];

/// A transaction in a block: a list if it is a legacy transaction, a byte string if it is typed.
fn transaction(rlp: &mut &[u8]) -> alloy_rlp::Result<Bytes> {
    if rlp.first().is_some_and(|first| *first >= EMPTY_LIST[0]) {
        return item(rlp);
    }
    Bytes::decode(rlp)
}

/// The next item of `rlp`, with its header.
fn item(rlp: &mut &[u8]) -> alloy_rlp::Result<Bytes> {
    let start = *rlp;
    let header = alloy_rlp::Header::decode(rlp)?;
    let (item, rest) = start.split_at(start.len() - rlp.len() + header.payload_length);
    *rlp = rest;
    Ok(Bytes::copy_from_slice(item))
}

impl Encodable for Block {
    fn encode(&self, out: &mut dyn BufMut) {
        let mut payload = Vec::new();
        self.header.encode(&mut payload);
        let mut transactions = Vec::new();
        for transaction in &self.transactions {
            if transaction.first().is_some_and(|first| *first >= EMPTY_LIST[0]) {
                transactions.extend_from_slice(transaction);
            } else {
                transaction.encode(&mut transactions);
            }
        }
        alloy_rlp::Header { list: true, payload_length: transactions.len() }.encode(&mut payload);
        payload.extend_from_slice(&transactions);
        payload.extend_from_slice(&self.ommers);
        if let Some(withdrawals) = &self.withdrawals {
            withdrawals.encode(&mut payload);
        }
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
        out.put_slice(&payload);
    }
}

impl Decodable for Block {
    fn decode(rlp: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let mut payload = alloy_rlp::Header::decode_bytes(rlp, true)?;
        let header = Header::decode(&mut payload)?;
        let mut list = alloy_rlp::Header::decode_bytes(&mut payload, true)?;
        let mut transactions = Vec::new();
        while !list.is_empty() {
            transactions.push(transaction(&mut list)?);
        }
        let ommers = item(&mut payload)?;
        let withdrawals = if payload.is_empty() { None } else { Some(Vec::decode(&mut payload)?) };
        if !payload.is_empty() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        Ok(Self { header, transactions, ommers, withdrawals })
    }
}

/// Root of the trie that maps the RLP of each index to its item.
pub fn ordered_root(items: &[Bytes]) -> B256 {
    alloy_trie::root::ordered_trie_root_with_encoder(items, |item, out| out.put_slice(item))
}

#[cfg(test)]
mod tests {
    use super::super::trie::{self, Leaf};
    use super::*;

    struct Item<'a>(Vec<u8>, &'a [u8]);

    impl Leaf for Item<'_> {
        fn key(&self) -> &[u8] {
            &self.0
        }
        fn encode_value(&self, out: &mut dyn BufMut) {
            out.put_slice(self.1);
        }
    }

    #[test]
    fn ordered_roots_match_a_trie_by_index() {
        for count in [0, 1, 2, 16, 127, 128, 129, 255, 256, 257, 600] {
            let items: Vec<Bytes> =
                (0..count).map(|i| vec![u8::try_from(i % 251).unwrap(); i % 90].into()).collect();
            let leaf = |(i, item)| Item(alloy_rlp::encode::<usize>(i), item);
            let items_by_index = items.iter().map(|item| &item[..]).enumerate();
            let mut leaves: Vec<Item<'_>> = items_by_index.map(leaf).collect();
            leaves.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(ordered_root(&items), trie::root(&leaves), "{count}");
        }
    }
}
