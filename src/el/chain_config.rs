//! The `config` of a genesis: which hardforks, when. Source: geth `params/config.go`
//! (`ChainConfig`, `CheckConfigForkOrder`).

use std::fmt;

use alloy_primitives::{Address, U256};

use super::error::{Error, Problem, invalid};
use super::json::{Cursor, fold};
use super::number::{boolean, fixed, plain, plain_63, plain_64, unless_null};

/// Hardforks scheduled by block number, in the order in which they must come; with each whether
/// a later one may be set without it.
const BLOCK_FORKS: [(&str, bool); 15] = [
    ("homesteadBlock", false),
    ("daoForkBlock", true),
    ("eip150Block", false),
    ("eip155Block", false),
    ("eip158Block", false),
    ("byzantiumBlock", false),
    ("constantinopleBlock", false),
    ("petersburgBlock", false),
    ("istanbulBlock", false),
    ("muirGlacierBlock", true),
    ("berlinBlock", false),
    ("londonBlock", false),
    ("arrowGlacierBlock", true),
    ("grayGlacierBlock", true),
    ("mergeNetsplitBlock", true),
];
const LONDON: usize = 11;

/// Hardforks scheduled by time, in the order in which they must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hardfork {
    /// With Capella.
    Shanghai,
    /// With Deneb.
    Cancun,
    /// With Electra.
    Prague,
    /// With Fulu.
    Osaka,
    /// Blob-parameter-only forks (EIP-7892).
    Bpo1,
    /// The second of them.
    Bpo2,
    /// The third of them.
    Bpo3,
    /// The fourth of them.
    Bpo4,
    /// The fifth of them.
    Bpo5,
    /// With Gloas.
    Amsterdam,
}

/// Every [`Hardfork`] with its key in `config` and its entry in `config.blobSchedule`.
pub const HARDFORKS: [(Hardfork, &str, Option<&str>); 10] = [
    (Hardfork::Shanghai, "shanghaiTime", None),
    (Hardfork::Cancun, "cancunTime", Some("cancun")),
    (Hardfork::Prague, "pragueTime", Some("prague")),
    (Hardfork::Osaka, "osakaTime", Some("osaka")),
    (Hardfork::Bpo1, "bpo1Time", Some("bpo1")),
    (Hardfork::Bpo2, "bpo2Time", Some("bpo2")),
    (Hardfork::Bpo3, "bpo3Time", Some("bpo3")),
    (Hardfork::Bpo4, "bpo4Time", Some("bpo4")),
    (Hardfork::Bpo5, "bpo5Time", Some("bpo5")),
    (Hardfork::Amsterdam, "amsterdamTime", Some("amsterdam")),
];

/// The blob-parameter-only forks, in order.
pub const BPO_FORKS: [Hardfork; 5] =
    [Hardfork::Bpo1, Hardfork::Bpo2, Hardfork::Bpo3, Hardfork::Bpo4, Hardfork::Bpo5];

impl Hardfork {
    /// Its key in `config`, for example `cancunTime`.
    pub fn key(self) -> &'static str {
        HARDFORKS[self as usize].1
    }

    /// Its entry in `config.blobSchedule`; Shanghai knows no blobs.
    pub fn blob_schedule_key(self) -> Option<&'static str> {
        HARDFORKS[self as usize].2
    }
}

/// How many blobs a block may carry from a hardfork on (EIP-7840).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobParams {
    /// Blobs per block that keep the price.
    pub target: u64,
    /// Blobs per block at most.
    pub max: u64,
    /// `baseFeeUpdateFraction`.
    pub update_fraction: u64,
}

impl fmt::Display for BlobParams {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, max, update_fraction } = self;
        write!(
            f,
            r#"{{"target": {target}, "max": {max}, "baseFeeUpdateFraction": {update_fraction}}}"#
        )
    }
}

/// What geth reads of `config`.
#[derive(Debug, Clone, Default)]
pub struct ChainConfig {
    /// `chainId`.
    pub chain_id: Option<U256>,
    /// `terminalTotalDifficulty`.
    pub terminal_total_difficulty: Option<U256>,
    /// `depositContractAddress`, zero when absent.
    pub deposit_contract_address: Address,
    blocks: [Option<U256>; 15],
    times: [Option<u64>; 10],
    blobs: [Option<BlobParams>; 10],
    clique: bool,
    binary_trie_at_genesis: bool,
    binary_trie_time: Option<u64>,
}

impl ChainConfig {
    /// Reads a `config` object over what an earlier one of the same file said.
    ///
    /// # Errors
    /// What geth's JSON decoder refuses; the path is relative to `config`.
    pub fn read(&mut self, text: &[u8], origin: u64) -> Result<(), Error> {
        let mut cursor = Cursor::new(text, origin);
        cursor.object(|key, cursor| {
            let folded = fold(key);
            let key = std::str::from_utf8(&folded).unwrap_or_default();
            let matches = |name: &str| name.eq_ignore_ascii_case(key);
            if let Some(index) = BLOCK_FORKS.iter().position(|(name, _)| matches(name)) {
                self.blocks[index] = unless_null(cursor.value()?, plain)?;
            } else if let Some(index) = HARDFORKS.iter().position(|(_, name, _)| matches(name)) {
                self.times[index] = unless_null(cursor.value()?, plain_64)?;
            } else {
                self.read_other(key, cursor)?;
            }
            Ok(())
        })
    }

    fn read_other(&mut self, key: &str, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        match key {
            "blobschedule" => return self.read_blob_schedule(cursor),
            "chainid" => self.chain_id = unless_null(cursor.value()?, plain)?,
            "terminaltotaldifficulty" => {
                self.terminal_total_difficulty = unless_null(cursor.value()?, plain)?;
            }
            "depositcontractaddress" => {
                let expected = "an address: 0x and 40 hex digits";
                self.deposit_contract_address = fixed::<20>(cursor.value()?, expected)?.into();
            }
            "daoforksupport" => drop(unless_null(cursor.value()?, boolean)?),
            "enableubtatgenesis" => {
                let earlier = self.binary_trie_at_genesis;
                self.binary_trie_at_genesis =
                    unless_null(cursor.value()?, boolean)?.unwrap_or(earlier);
            }
            "ubttime" => self.binary_trie_time = unless_null(cursor.value()?, plain_64)?,
            "ethash" => drop(numbers_or_null(cursor, &[])?),
            "clique" => self.clique = numbers_or_null(cursor, &["period", "epoch"])?,
            _ => drop(cursor.value()?),
        }
        Ok(())
    }

    fn read_blob_schedule(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        if cursor.peek() == Some(b'n') {
            cursor.value()?;
            self.blobs = [None; 10];
            return Ok(());
        }
        cursor.object(|key, cursor| {
            let folded = fold(key);
            let named = |(_, _, name): &(_, _, Option<&str>)| {
                name.is_some_and(|name| name.as_bytes() == &*folded)
            };
            match HARDFORKS.iter().position(named) {
                Some(index) => self.blobs[index] = blob_params(cursor, self.blobs[index])?,
                // The binary trie's entry: geth reads it and makes nothing of it.
                None if *folded == *b"ubt" => drop(blob_params(cursor, None)?),
                None => drop(cursor.value()?),
            }
            Ok(())
        })
    }

    /// The chain id, in the 64 bits that clients hold it in.
    ///
    /// # Errors
    /// It is missing, 0, or larger. The path is relative to the document.
    pub fn chain_id_64(&self) -> Result<u64, Error> {
        let fault = |value: String| {
            let expected =
                "a number from 1 to 2^64 - 1, by which signatures are bound to the chain";
            Error::from(invalid(value.as_bytes(), expected)).under("chainId").under("config")
        };
        let id = self.chain_id.ok_or_else(|| fault("missing".to_owned()))?;
        u64::try_from(id).ok().filter(|id| *id != 0).ok_or_else(|| fault(id.to_string()))
    }

    /// The block of a hardfork by its key, if it is scheduled.
    pub fn block(&self, key: &str) -> Option<U256> {
        let index = BLOCK_FORKS.iter().position(|(name, _)| *name == key)?;
        self.blocks[index]
    }

    /// The time of `fork`, if it is scheduled.
    pub fn time(&self, fork: Hardfork) -> Option<u64> {
        self.times[fork as usize]
    }

    /// The entry of `fork` in `blobSchedule`.
    pub fn blob_params(&self, fork: Hardfork) -> Option<BlobParams> {
        self.blobs[fork as usize]
    }

    /// Whether London is active at block 0.
    pub fn is_london(&self) -> bool {
        self.blocks[LONDON] == Some(U256::ZERO)
    }

    /// Whether `fork` is active in block 0 when its time is `timestamp`.
    pub fn is_active(&self, fork: Hardfork, timestamp: u64) -> bool {
        self.is_london() && self.time(fork).is_some_and(|time| time <= timestamp)
    }

    /// Whether a hardfork by block number comes after block 0: the chain would run it late.
    pub fn late_block_fork(&self) -> Option<&'static str> {
        let late = self.blocks.iter().position(|block| block.is_some_and(|b| !b.is_zero()));
        late.map(|index| BLOCK_FORKS[index].0)
    }

    /// geth's checks of a whole config: `CheckConfigForkOrder`, and the two experiments that no
    /// beacon chain can drive.
    ///
    /// # Errors
    /// The first rule that is broken; the path is relative to `config`.
    pub fn check(&self, extra_data_length: usize) -> Result<(), Error> {
        if self.binary_trie_at_genesis || self.binary_trie_time.is_some() {
            return Err(Problem::BinaryTrie.into());
        }
        if self.clique && extra_data_length < 97 {
            return Err(Problem::Clique(extra_data_length).into());
        }
        self.check_fork_order()?;
        for (fork, _, entry) in HARDFORKS {
            let Some(entry) = entry else { continue };
            match self.blob_params(fork) {
                Some(params) if params.update_fraction == 0 => {
                    let fault = invalid(b"0 or absent", "a number above 0");
                    return Err(Error::from(fault)
                        .under("baseFeeUpdateFraction")
                        .under(entry)
                        .under("blobSchedule"));
                }
                None if self.time(fork).is_some() => {
                    return Err(
                        Error::from(Problem::BlobScheduleMissing(entry)).under("blobSchedule")
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_fork_order(&self) -> Result<(), Problem> {
        let by_block = BLOCK_FORKS
            .iter()
            .zip(&self.blocks)
            .map(|((name, optional), block)| (*name, *optional, *block, false));
        let by_time = HARDFORKS.iter().zip(&self.times).map(|((fork, name, _), time)| {
            (*name, *fork != Hardfork::Shanghai, time.map(U256::from), true)
        });
        let mut previous: Option<(&'static str, Option<U256>, bool)> = None;
        for (name, optional, at, timed) in by_block.chain(by_time) {
            if let (Some((earlier, before, earlier_timed)), Some(at)) = (previous, at) {
                let out_of_order = match before {
                    None => true,
                    Some(before) => earlier_timed == timed && before > at,
                };
                if out_of_order {
                    let before = before.map_or_else(|| "not set".to_owned(), |b| b.to_string());
                    return Err(Problem::ForkOrder {
                        later: name,
                        at: at.to_string(),
                        earlier,
                        before,
                    });
                }
            }
            if !optional || at.is_some() {
                previous = Some((name, at, timed));
            }
        }
        Ok(())
    }
}

/// Steps over an object of which only the named members have a form; whether there is one.
fn numbers_or_null(cursor: &mut Cursor<'_>, names: &[&str]) -> Result<bool, Error> {
    if cursor.peek() == Some(b'n') {
        cursor.value()?;
        return Ok(false);
    }
    cursor.object(|key, cursor| {
        let raw = cursor.value()?;
        if names.iter().any(|name| name.as_bytes() == &*fold(key)) {
            unless_null(raw, plain_64)?;
        }
        Ok(())
    })?;
    Ok(true)
}

fn blob_params(
    cursor: &mut Cursor<'_>,
    earlier: Option<BlobParams>,
) -> Result<Option<BlobParams>, Error> {
    if cursor.peek() == Some(b'n') {
        cursor.value()?;
        return Ok(None);
    }
    let mut params = earlier.unwrap_or(BlobParams { target: 0, max: 0, update_fraction: 0 });
    cursor.object(|key, cursor| {
        let raw = cursor.value()?;
        match &*fold(key) {
            _ if raw == b"null" => {}
            b"target" => params.target = plain_63(raw)?,
            b"max" => params.max = plain_63(raw)?,
            b"basefeeupdatefraction" => params.update_fraction = plain_64(raw)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(Some(params))
}
