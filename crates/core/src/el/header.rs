//! Block headers, the genesis header, and their hashes. Source: geth `core/genesis.go`
//! (`toBlockWithRoot`) and `core/types/gen_header_rlp.go`; Yellow Paper, section 4.3, and the EIPs
//! named below.

use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, b256, keccak256};
use alloy_rlp::{BufMut, Decodable, Encodable};

use super::chain_config::Hardfork;
use super::genesis::Genesis;
use super::trie::EMPTY_ROOT_HASH;

/// `keccak256(RLP([]))`: no ommers, or an empty block access list (EIP-7928).
pub const EMPTY_LIST_HASH: B256 =
    b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
/// `sha256("")`: no execution requests (EIP-7685).
pub const EMPTY_REQUESTS_HASH: B256 =
    b256!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
/// geth's default gas limit, for 0.
const GENESIS_GAS_LIMIT: u64 = 4_712_388;
/// The base fee of London's first block (EIP-1559), wei.
const INITIAL_BASE_FEE: u64 = 1_000_000_000;

/// An execution block header. Fields of hardforks that are not active are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Hash of the parent; zero in block 0 unless the genesis sets it.
    pub parent_hash: B256,
    /// `keccak256` of the RLP list of ommers.
    pub ommers_hash: B256,
    /// Fee recipient.
    pub coinbase: Address,
    /// Root of the state trie after the block.
    pub state_root: B256,
    /// Root of the trie of transactions by index.
    pub transactions_root: B256,
    /// Root of the trie of receipts by index.
    pub receipts_root: B256,
    /// Bloom filter of the logs of all receipts.
    pub logs_bloom: Bloom,
    /// Proof-of-work difficulty.
    pub difficulty: U256,
    /// Block number.
    pub number: u64,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// Gas used; zero in block 0 unless the genesis sets it.
    pub gas_used: u64,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Arbitrary bytes.
    pub extra_data: Bytes,
    /// Proof-of-work mix, or `prev_randao`.
    pub mix_hash: B256,
    /// Proof-of-work nonce.
    pub nonce: B64,
    /// EIP-1559, wei.
    pub base_fee_per_gas: Option<U256>,
    /// EIP-4895.
    pub withdrawals_root: Option<B256>,
    /// EIP-4844.
    pub blob_gas_used: Option<u64>,
    /// EIP-4844.
    pub excess_blob_gas: Option<u64>,
    /// EIP-4788.
    pub parent_beacon_block_root: Option<B256>,
    /// EIP-7685.
    pub requests_hash: Option<B256>,
    /// EIP-7928.
    pub block_access_list_hash: Option<B256>,
    /// EIP-7843.
    pub slot_number: Option<u64>,
}

/// Builds the header of block 0 of `genesis` at `timestamp`.
pub fn make_genesis_header(genesis: &Genesis, state_root: B256, timestamp: u64) -> Header {
    let active = |fork| genesis.config.is_active(fork, timestamp);
    let cancun = active(Hardfork::Cancun);
    let amsterdam = active(Hardfork::Amsterdam);
    let gas_limit = if genesis.gas_limit == 0 { GENESIS_GAS_LIMIT } else { genesis.gas_limit };
    Header {
        parent_hash: genesis.parent_hash,
        coinbase: genesis.coinbase,
        state_root,
        difficulty: genesis.difficulty,
        gas_limit,
        gas_used: genesis.gas_used,
        timestamp,
        extra_data: genesis.extra_data.clone(),
        mix_hash: genesis.mix_hash,
        nonce: B64::from(genesis.nonce.to_be_bytes()),
        base_fee_per_gas: genesis
            .base_fee_per_gas
            .or_else(|| genesis.config.is_london().then(|| U256::from(INITIAL_BASE_FEE))),
        withdrawals_root: active(Hardfork::Shanghai).then_some(EMPTY_ROOT_HASH),
        blob_gas_used: cancun.then(|| genesis.blob_gas_used.unwrap_or(0)),
        // geth copies the file's value even before Cancun, "for testing purposes".
        excess_blob_gas: genesis.excess_blob_gas.or_else(|| cancun.then_some(0)),
        parent_beacon_block_root: cancun.then_some(B256::ZERO),
        requests_hash: active(Hardfork::Prague).then_some(EMPTY_REQUESTS_HASH),
        block_access_list_hash: amsterdam.then_some(EMPTY_LIST_HASH),
        slot_number: amsterdam.then(|| genesis.slot_number.unwrap_or(0)),
        ..Header::of_empty_body()
    }
}

impl Header {
    /// The header of an empty block: the roots of empty lists, and zeros.
    pub fn of_empty_body() -> Self {
        Self {
            parent_hash: B256::ZERO,
            ommers_hash: EMPTY_LIST_HASH,
            coinbase: Address::ZERO,
            state_root: B256::ZERO,
            transactions_root: EMPTY_ROOT_HASH,
            receipts_root: EMPTY_ROOT_HASH,
            logs_bloom: Bloom::ZERO,
            difficulty: U256::ZERO,
            number: 0,
            gas_limit: 0,
            gas_used: 0,
            timestamp: 0,
            extra_data: Bytes::new(),
            mix_hash: B256::ZERO,
            nonce: B64::ZERO,
            base_fee_per_gas: None,
            withdrawals_root: None,
            blob_gas_used: None,
            excess_blob_gas: None,
            parent_beacon_block_root: None,
            requests_hash: None,
            block_access_list_hash: None,
            slot_number: None,
        }
    }

    /// The block hash.
    pub fn hash(&self) -> B256 {
        let mut rlp = Vec::with_capacity(640);
        self.encode(&mut rlp);
        keccak256(rlp)
    }

    /// The encoded optional fields in order. An absent field before a present one is the empty
    /// string.
    fn tail(&self) -> Vec<u8> {
        fn field<T: Encodable>(value: Option<&T>) -> Option<Vec<u8>> {
            value.map(alloy_rlp::encode)
        }
        let fields = [
            field(self.base_fee_per_gas.as_ref()),
            field(self.withdrawals_root.as_ref()),
            field(self.blob_gas_used.as_ref()),
            field(self.excess_blob_gas.as_ref()),
            field(self.parent_beacon_block_root.as_ref()),
            field(self.requests_hash.as_ref()),
            field(self.block_access_list_hash.as_ref()),
            field(self.slot_number.as_ref()),
        ];
        let present = fields.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        fields[..present].iter().flat_map(|f| f.clone().unwrap_or_else(|| vec![0x80])).collect()
    }
}

impl Encodable for Header {
    fn encode(&self, out: &mut dyn BufMut) {
        let mut payload = Vec::with_capacity(640);
        self.parent_hash.encode(&mut payload);
        self.ommers_hash.encode(&mut payload);
        self.coinbase.encode(&mut payload);
        self.state_root.encode(&mut payload);
        self.transactions_root.encode(&mut payload);
        self.receipts_root.encode(&mut payload);
        self.logs_bloom.encode(&mut payload);
        self.difficulty.encode(&mut payload);
        self.number.encode(&mut payload);
        self.gas_limit.encode(&mut payload);
        self.gas_used.encode(&mut payload);
        self.timestamp.encode(&mut payload);
        self.extra_data.encode(&mut payload);
        self.mix_hash.encode(&mut payload);
        self.nonce.encode(&mut payload);
        payload.extend(self.tail());
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
        out.put_slice(&payload);
    }
}

impl Decodable for Header {
    fn decode(rlp: &mut &[u8]) -> alloy_rlp::Result<Self> {
        fn next<T: Decodable>(fields: &mut &[u8]) -> alloy_rlp::Result<Option<T>> {
            if fields.is_empty() { Ok(None) } else { T::decode(fields).map(Some) }
        }
        let mut payload = alloy_rlp::Header::decode_bytes(rlp, true)?;
        let fields = &mut payload;
        let header = Self {
            parent_hash: Decodable::decode(fields)?,
            ommers_hash: Decodable::decode(fields)?,
            coinbase: Decodable::decode(fields)?,
            state_root: Decodable::decode(fields)?,
            transactions_root: Decodable::decode(fields)?,
            receipts_root: Decodable::decode(fields)?,
            logs_bloom: Decodable::decode(fields)?,
            difficulty: Decodable::decode(fields)?,
            number: Decodable::decode(fields)?,
            gas_limit: Decodable::decode(fields)?,
            gas_used: Decodable::decode(fields)?,
            timestamp: Decodable::decode(fields)?,
            extra_data: Decodable::decode(fields)?,
            mix_hash: Decodable::decode(fields)?,
            nonce: Decodable::decode(fields)?,
            base_fee_per_gas: next(fields)?,
            withdrawals_root: next(fields)?,
            blob_gas_used: next(fields)?,
            excess_blob_gas: next(fields)?,
            parent_beacon_block_root: next(fields)?,
            requests_hash: next(fields)?,
            block_access_list_hash: next(fields)?,
            slot_number: next(fields)?,
        };
        // The hash computed here would not include the fields of a later fork.
        if !payload.is_empty() {
            return Err(alloy_rlp::Error::Custom("its header has unknown fields"));
        }
        Ok(header)
    }
}
