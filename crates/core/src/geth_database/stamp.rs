//! The genesis block as a write-ahead log.

use alloy_primitives::B256;

use crate::el::header::Header;

use super::batch::Batch;
use super::log::Log;
use super::{Engine, schema};

/// A genesis block to add to a database.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The header of block 0.
    pub header: &'a Header,
    /// `config` of `genesis.json`, as its text: geth reads both with the same rules.
    pub config: &'a [u8],
    /// The number of the batch: above the last one in the database.
    pub sequence: u64,
    /// The storage engine.
    pub engine: Engine,
    /// The number of the log.
    pub log: u64,
}

/// The bytes of the log that adds the genesis block. geth replays it when it opens the database. The
/// file must be named [`log_name`](super::log_name).
///
/// geth also stores the alloc as JSON (`ethereum-genesis-…`), which it reads only to rebuild a state
/// that it lacks: the log leaves it out, because it would be as large as `genesis.json`.
pub fn stamp(stamp: &Stamp<'_>) -> Vec<u8> {
    let Stamp { header, config, sequence, engine, log } = *stamp;
    let rlp = alloy_rlp::encode(header);
    let hash = alloy_primitives::keccak256(&rlp);
    // Transactions, ommers and, since Shanghai, withdrawals.
    let body: &[u8] = match header.withdrawals_root {
        Some(_) => &[0xc3, 0xc0, 0xc0, 0xc0],
        None => &[0xc2, 0xc0, 0xc0],
    };
    let mut batch = Batch::default();
    batch.put(&schema::number(&hash), &schema::NUMBER);
    batch.put(&schema::header(&hash), &rlp);
    batch.put(&schema::body(&hash), body);
    batch.put(&schema::receipts(&hash), &[0xc0]);
    batch.put(&schema::canonical_hash(), &hash[..]);
    for head in schema::HEADS {
        batch.put(head, &hash[..]);
    }
    batch.put(&schema::config(&hash), config);
    let mut log = Log::new(engine, log);
    log.add(&batch.encode(sequence));
    log.into_bytes()
}

/// The bytes of the log that replaces the chain config of a database with blocks, in leveldb, whose block
/// 0 has the hash `genesis`. Nothing else in it depends on the time. `config` and `sequence` as in
/// [`Stamp`].
///
/// The log also deletes the alloc of block 0, whose value a bake may have left empty. So the database has no
/// alloc, as after [`stamp`].
pub fn stamp_config(genesis: &B256, config: &[u8], sequence: u64) -> Vec<u8> {
    let mut batch = Batch::default();
    batch.delete(&schema::genesis_alloc(genesis));
    batch.put(&schema::config(genesis), config);
    // leveldb has the number of a log in its name alone.
    let mut log = Log::new(Engine::LevelDb, 0);
    log.add(&batch.encode(sequence));
    log.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    #[test]
    fn a_chain_with_blocks_gets_another_config_and_loses_its_alloc() {
        let genesis = B256::repeat_byte(7);
        let log = stamp_config(&genesis, b"{}", 0x0102);
        let config = [b"\x01\x30ethereum-config-", &genesis[..], b"\x02{}"].concat();
        let alloc = [b"\x00\x31ethereum-genesis-", &genesis[..]].concat();
        let batch = [&hex!("0201000000000000 02000000")[..], &alloc, &config].concat();
        assert_eq!(log[7..], batch);
    }

    #[test]
    fn the_log_has_the_keys_of_a_genesis_block() {
        let header = Header { withdrawals_root: Some(B256::ZERO), ..Header::of_empty_body() };
        let (config, engine) = (br#"{"chainId":1337}"#, Engine::LevelDb);
        let log = stamp(&Stamp { header: &header, config, sequence: 0x0102, engine, log: 3 });
        let hash = header.hash();
        let has = |part: &[u8]| log.windows(part.len()).any(|window| window == part);
        // One chunk: kind 1, after its checksum and length; then sequence and count.
        assert_eq!(log[6..19], hex!("01 0201000000000000 09000000"));
        let zero = hex!("0000000000000000");
        let of_block = |prefix: u8| [&[1, 41, prefix], &zero[..], &hash[..]].concat();
        assert!(has(&[&of_block(b'b')[..], &hex!("04 c3c0c0c0")].concat()));
        assert!(has(&[&of_block(b'r')[..], &hex!("01 c0")].concat()));
        assert!(has(&[&[1, 33, b'H'], &hash[..], &[8], &zero[..]].concat()));
        assert!(has(&[&[1, 10, b'h'], &zero[..], b"n\x20", &hash[..]].concat()));
        for key in [&b"\x01\x09LastBlock"[..], b"\x01\x08LastFast", b"\x01\x0aLastHeader"] {
            assert!(has(&[key, b"\x20", &hash[..]].concat()));
        }
        assert!(has(&[&b"\x01\x30ethereum-config-"[..], &hash[..], b"\x10", config].concat()));
        let rlp = alloy_rlp::encode(&header);
        assert_eq!(rlp.len(), 0x212);
        assert!(has(&[&of_block(b'h')[..], &hex!("9204"), &rlp].concat()));
        let before_shanghai = Header { withdrawals_root: None, ..header };
        let log = stamp(&Stamp { header: &before_shanghai, config, sequence: 2, engine, log: 3 });
        assert!(log.windows(4).any(|window| window == hex!("03 c2c0c0")));
    }
}
