//! The `config` of a genesis: the hardforks and their schedule. Source: geth `params/config.go`
//! (`ChainConfig`, `CheckConfigForkOrder`).

use alloy_primitives::{Address, U256};

use super::error::{Error, Problem, invalid};
use super::json::{Cursor, fold};
use super::number::{boolean, fixed, plain, plain_63, plain_64, unless_null};
use super::other_chains::{self, OtherChain};
use crate::forks::{BLOCK_FORKS, LONDON};
pub use crate::forks::{BlobParams, Hardfork};

/// The members of `config` that geth reads.
#[derive(Debug, Clone, Default)]
pub struct ChainConfig {
    /// `chainId`.
    pub chain_id: Option<U256>,
    /// `terminalTotalDifficulty`.
    pub terminal_total_difficulty: Option<U256>,
    /// `depositContractAddress`, zero when absent.
    pub deposit_contract_address: Address,
    blocks: [Option<U256>; BLOCK_FORKS.len()],
    times: [Option<u64>; Hardfork::COUNT],
    blobs: [Option<BlobParams>; Hardfork::COUNT],
    clique: bool,
    other: Option<&'static OtherChain>,
    binary_trie_at_genesis: bool,
    binary_trie_time: Option<u64>,
}

impl ChainConfig {
    /// Reads a `config` object. A second one in the same file overrides the first member by member.
    ///
    /// # Errors
    /// geth's JSON decoder rejects a member. The path is relative to `config`.
    pub fn read(&mut self, text: &[u8], origin: u64) -> Result<(), Error> {
        let mut cursor = Cursor::new(text, origin);
        cursor.object(|key, cursor| {
            let folded = fold(key);
            let key = std::str::from_utf8(&folded).unwrap_or_default();
            let matches = |name: &str| name.eq_ignore_ascii_case(key);
            if let Some(index) = BLOCK_FORKS.iter().position(|fork| matches(fork.key)) {
                self.blocks[index] = unless_null(cursor.value()?, plain)?;
            } else if let Some(fork) = Hardfork::ALL.iter().find(|fork| matches(fork.key())) {
                self.times[*fork as usize] = unless_null(cursor.value()?, plain_64)?;
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
            key => {
                let value = cursor.value()?;
                if let Some(chain) = other_chains::find(key) {
                    self.other = (value != b"null").then_some(chain);
                }
            }
        }
        Ok(())
    }

    /// Checks that a beacon chain can drive the chain.
    ///
    /// # Errors
    /// The config names another engine. The path is relative to the document.
    pub fn check_engine(&self) -> Result<(), Error> {
        let error = |chain| Err(Error::from(Problem::OtherChain(chain)).under("config"));
        self.other.map_or(Ok(()), error)
    }

    fn read_blob_schedule(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        if cursor.peek() == Some(b'n') {
            cursor.value()?;
            self.blobs = [None; Hardfork::COUNT];
            return Ok(());
        }
        cursor.object(|key, cursor| {
            let folded = fold(key);
            let named = |fork: &&Hardfork| {
                fork.blob_schedule_key().is_some_and(|key| key.as_bytes() == &*folded)
            };
            match Hardfork::ALL.iter().find(named) {
                Some(fork) => {
                    let index = *fork as usize;
                    self.blobs[index] = blob_params(cursor, self.blobs[index])?;
                }
                // geth reads the entry of the binary trie, but does not use it.
                None if *folded == *b"ubt" => drop(blob_params(cursor, None)?),
                None => drop(cursor.value()?),
            }
            Ok(())
        })
    }

    /// The chain id as the 64-bit number that clients store.
    ///
    /// # Errors
    /// It is missing, 0, or larger. The path is relative to the document.
    pub fn chain_id_64(&self) -> Result<u64, Error> {
        let error = |value: String| {
            let expected = "a number from 1 to 2^64 - 1, which binds signatures to the chain";
            Error::from(invalid(value.as_bytes(), expected)).under("chainId").under("config")
        };
        let id = self.chain_id.ok_or_else(|| error("missing".to_owned()))?;
        u64::try_from(id).ok().filter(|id| *id != 0).ok_or_else(|| error(id.to_string()))
    }

    /// The block of the hardfork with this key, if it is scheduled.
    pub fn block(&self, key: &str) -> Option<U256> {
        let index = BLOCK_FORKS.iter().position(|fork| fork.key == key)?;
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
        self.block(LONDON) == Some(U256::ZERO)
    }

    /// Whether `fork` is active in block 0 when its time is `timestamp`.
    pub fn is_active(&self, fork: Hardfork, timestamp: u64) -> bool {
        self.is_london() && self.time(fork).is_some_and(|time| time <= timestamp)
    }

    /// The key of a hardfork by block number that activates after block 0.
    pub fn late_block_fork(&self) -> Option<&'static str> {
        let late = self.blocks.iter().position(|block| block.is_some_and(|b| !b.is_zero()));
        late.map(|index| BLOCK_FORKS[index].key)
    }

    /// geth's checks of a complete config: `CheckConfigForkOrder`. Clique and the binary trie are
    /// rejected too, as no consensus client supports them.
    ///
    /// # Errors
    /// The first rule that the config breaks. The path is relative to `config`.
    pub fn check(&self, extra_data_length: usize) -> Result<(), Error> {
        if self.binary_trie_at_genesis || self.binary_trie_time.is_some() {
            return Err(Problem::BinaryTrie.into());
        }
        if self.clique && extra_data_length < 97 {
            return Err(Problem::Clique(extra_data_length).into());
        }
        self.check_fork_order()?;
        for &fork in Hardfork::ALL {
            let Some(entry) = fork.blob_schedule_key() else { continue };
            match self.blob_params(fork) {
                Some(params) if params.update_fraction == 0 => {
                    let problem = invalid(b"0 or absent", "a number above 0");
                    return Err(Error::from(problem)
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
            .map(|(fork, block)| (fork.key, fork.optional, *block, false));
        let by_time = Hardfork::ALL.iter().zip(&self.times).map(|(fork, time)| {
            (fork.key(), *fork != Hardfork::Shanghai, time.map(U256::from), true)
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

/// Checks that the members `names` of an object are numbers. Returns whether there is an object.
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
