//! `genesis.json` in geth's format. Source: geth `core/genesis.go`, `core/gen_genesis.go`.
//!
//! A [`Document`] has the raw members of the file's head, and its alloc as a byte range of the
//! file. The fields of the header are read from it. So unknown keys are kept, a large alloc is
//! never reformatted, and the bytes that are hashed are those that are written.

use std::io::Read;
use std::ops::Range;

use alloy_primitives::{Address, B256, Bytes, U256};

use super::alloc::{self, Accounts, State};
use super::chain_config::ChainConfig;
use super::error::{Error, Problem, invalid};
use super::json::{fold, unescape};
use super::number::{
    fixed, hex_bytes, hex_or_decimal_64, hex_or_decimal_256, plain_64, unless_null,
};
use super::stream::Stream;

/// The placeholder for the time in a snapshot's `genesis.template.json`.
pub const TIMESTAMP_PLACEHOLDER: &[u8] = b"\"TIMESTAMP_PLACEHOLDER\"";

/// The members of a genesis file.
#[derive(Debug, Clone)]
pub struct Document {
    /// All members except the alloc, in the file's order.
    pub head: Vec<Member>,
    /// The values of `alloc`; more than one if the key is repeated.
    pub alloc: Vec<Alloc>,
}

/// A value of `alloc`, left in its file.
#[derive(Debug, Clone)]
pub struct Alloc {
    /// Bytes of the file, with the braces.
    pub range: Range<u64>,
    /// Whether it has no entry.
    pub empty: bool,
}

/// A member of the document's object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key in the file, without its quotes.
    pub key: Vec<u8>,
    /// The raw value.
    pub value: Vec<u8>,
    /// Offset in the file of the value.
    pub offset: u64,
}

/// The inputs of the header of block 0, except the state root.
#[derive(Debug, Clone, Default)]
pub struct Genesis {
    /// `config`.
    pub config: ChainConfig,
    /// Proof-of-work nonce.
    pub nonce: u64,
    /// Seconds since the epoch; `None` where the file has [`TIMESTAMP_PLACEHOLDER`].
    pub timestamp: Option<u64>,
    /// Arbitrary bytes.
    pub extra_data: Bytes,
    /// 0 for geth's default.
    pub gas_limit: u64,
    /// Proof-of-work difficulty.
    pub difficulty: U256,
    /// Proof-of-work mix.
    pub mix_hash: B256,
    /// Fee recipient.
    pub coinbase: Address,
    /// Copied to the header.
    pub gas_used: u64,
    /// Copied to the header.
    pub parent_hash: B256,
    /// Wei; London's default if absent.
    pub base_fee_per_gas: Option<U256>,
    /// EIP-4844.
    pub excess_blob_gas: Option<u64>,
    /// EIP-4844.
    pub blob_gas_used: Option<u64>,
    /// EIP-7843.
    pub slot_number: Option<u64>,
}

/// Reads a genesis file to its end: the document and the accounts.
///
/// `progress` receives the byte offset from time to time. Text after the closing brace is ignored,
/// as in geth.
///
/// # Errors
/// geth rejects the file. The error has the JSON path and the offset.
pub fn read<R: Read + Send>(
    reader: R,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Document, State<'static>), Error> {
    let mut state = State::default();
    Ok((read_into(reader, &mut state, progress)?, state))
}

/// [`read`] with another receiver of the accounts.
///
/// # Errors
/// As [`read`].
pub fn read_into<R: Read + Send>(
    reader: R,
    accounts: &mut impl Accounts,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Document, Error> {
    let mut stream = Stream::new(reader);
    let mut document = Document { head: Vec::new(), alloc: Vec::new() };
    stream.expect(b'{', "`{`, the start of a genesis")?;
    let mut more = stream.peek()? != Some(b'}');
    while more {
        if stream.peek()? != Some(b'"') {
            stream.expect(b'"', "a key in double quotes")?;
        }
        let (key, _) = stream.value()?;
        let key = key[1..key.len() - 1].to_vec();
        stream.expect(b':', "`:`")?;
        let first = stream.peek()?;
        if *fold(&unescape(&key)) == *b"alloc" && first != Some(b'n') {
            let start = stream.offset();
            stream.expect(b'{', "an object of accounts").map_err(|e| e.under("alloc"))?;
            let empty = stream.peek()? == Some(b'}');
            alloc::read(&mut stream, accounts, progress).map_err(|e| e.under("alloc"))?;
            document.alloc.push(Alloc { range: start..stream.offset(), empty });
        } else {
            let (value, offset) = stream.value()?;
            document.head.push(Member { key, value: value.to_vec(), offset });
            if *fold(&unescape(&document.head[document.head.len() - 1].key)) == *b"alloc" {
                document.alloc.clear();
                accounts.clear();
            }
        }
        more = stream.peek()? == Some(b',');
        if more {
            stream.expect(b',', "`,`")?;
        }
    }
    stream.expect(b'}', "`,` or `}`")?;
    if document.alloc.is_empty() {
        return Err(Error::from(Problem::Missing).under("alloc"));
    }
    Ok(document)
}

impl Document {
    /// Reads the inputs of the header by geth's rules.
    ///
    /// # Errors
    /// geth rejects a member. The error has the JSON path and the offset.
    pub fn genesis(&self) -> Result<Genesis, Error> {
        let mut genesis = Genesis { timestamp: Some(0), ..Genesis::default() };
        let (mut config, mut gas_limit, mut difficulty, mut number) = (None, None, None, None);
        for member in &self.head {
            let key = unescape(&member.key);
            let under = |mut error: Error| {
                error.offset = error.offset.or(Some(member.offset));
                error.under(String::from_utf8_lossy(&key))
            };
            let at = |problem: Problem| under(problem.into());
            let raw = &member.value[..];
            let present = raw != b"null";
            match &*fold(&key) {
                b"config" if present => {
                    let config: &mut ChainConfig = config.get_or_insert_default();
                    config.read(raw, member.offset).map_err(under)?;
                }
                b"config" => config = None,
                b"gaslimit" => gas_limit = unless_null(raw, hex_or_decimal_64).map_err(at)?,
                b"difficulty" => difficulty = unless_null(raw, hex_or_decimal_256).map_err(at)?,
                b"number" => {
                    let not_zero =
                        unless_null(raw, hex_or_decimal_64).map_err(at)?.is_some_and(|n| n != 0);
                    number = not_zero.then(|| at(invalid(raw, "0")));
                }
                folded => genesis.read(folded, raw).map_err(at)?,
            }
        }
        // Only the last value of a repeated key is in effect.
        if let Some(not_zero) = number {
            return Err(not_zero);
        }
        let missing = |key: &str| Error::from(Problem::Missing).under(key);
        genesis.config = config.ok_or_else(|| missing("config"))?;
        genesis.gas_limit = gas_limit.ok_or_else(|| missing("gasLimit"))?;
        genesis.difficulty = difficulty.ok_or_else(|| missing("difficulty"))?;
        Ok(genesis)
    }

    /// [`Document::genesis`], with geth's checks of the complete chain config.
    ///
    /// # Errors
    /// geth rejects the genesis. The error has the JSON path.
    pub fn checked_genesis(&self) -> Result<Genesis, Error> {
        let genesis = self.genesis()?;
        genesis.config.check(genesis.extra_data.len()).map_err(|e| e.under("config"))?;
        Ok(genesis)
    }
}

impl Genesis {
    /// Reads a member. `null` undoes an earlier member with the same key.
    fn read(&mut self, folded_key: &[u8], raw: &[u8]) -> Result<(), Problem> {
        let hash = |raw: &[u8]| fixed::<32>(raw, "a hash: 0x and 64 hex digits");
        let address = |raw: &[u8]| fixed::<20>(raw, "an address: 0x and 40 hex digits");
        let number = |raw| unless_null(raw, hex_or_decimal_64);
        match folded_key {
            b"nonce" => self.nonce = number(raw)?.unwrap_or_default(),
            b"timestamp" if raw == TIMESTAMP_PLACEHOLDER => self.timestamp = None,
            b"timestamp" => self.timestamp = Some(number(raw)?.unwrap_or_default()),
            b"extradata" => {
                self.extra_data = unless_null(raw, hex_bytes)?.unwrap_or_default().into();
            }
            b"mixhash" => self.mix_hash = unless_null(raw, hash)?.unwrap_or_default().into(),
            b"coinbase" => self.coinbase = unless_null(raw, address)?.unwrap_or_default().into(),
            b"gasused" => self.gas_used = number(raw)?.unwrap_or_default(),
            b"parenthash" => self.parent_hash = unless_null(raw, hash)?.unwrap_or_default().into(),
            b"basefeepergas" => self.base_fee_per_gas = unless_null(raw, hex_or_decimal_256)?,
            b"excessblobgas" => self.excess_blob_gas = number(raw)?,
            b"blobgasused" => self.blob_gas_used = number(raw)?,
            b"slotnumber" => self.slot_number = unless_null(raw, plain_64)?,
            _ => {}
        }
        Ok(())
    }
}
