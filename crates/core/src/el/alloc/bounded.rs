//! A state whose accounts may be more than memory holds.

use std::io::{self, ErrorKind, Read};

use alloy_primitives::{Address, B256, U256, keccak256};
use rayon::prelude::*;

use super::{Account, Accounts, EMPTY_CODE_HASH, RawEntry, State, read};
use crate::el::error::{Error, Problem};
use crate::el::state_sink::StateSink;
use crate::el::stream::Stream;
use crate::el::trie::{self, EMPTY_ROOT_HASH};
use crate::sort::{Parts, Space};

/// Accounts that stay in memory, 136 bytes each.
const IN_MEMORY: usize = 32 << 10;
/// Bytes of the accounts that are in memory if there are more.
const MEMORY: usize = 4 << 20;
/// Parts of the accounts: one for each first byte of their keys.
const PARTS: usize = 256;

/// A [`State`] that moves its accounts to a temporary file once there are many. There they are in parts, by
/// the first byte of their keys; a part is sorted in memory.
#[derive(Debug)]
pub struct BoundedState<'a> {
    /// The accounts while they are few.
    state: State<'a>,
    /// Where more can be.
    space: Option<&'a dyn Space>,
    many: Option<Many<'a>>,
    limits: Limits,
}

/// When accounts leave memory.
#[derive(Debug, Clone, Copy)]
struct Limits {
    accounts: usize,
    /// Bytes of all parts.
    bytes: usize,
}

/// Accounts in parts.
#[derive(Debug)]
struct Many<'a> {
    parts: Parts<'a>,
    counted: Vec<Counted>,
}

/// What is known of a part.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    /// Its length in bytes when it was counted.
    length: u64,
    /// Its accounts, each address once.
    accounts: usize,
    /// Whether it has an address twice.
    replaced: bool,
}

impl<'a> BoundedState<'a> {
    /// No accounts. Without `space`, all stay in memory.
    pub fn new(state: State<'a>, space: Option<&'a dyn Space>) -> Self {
        let limits = Limits { accounts: IN_MEMORY, bytes: MEMORY };
        Self { state, space, many: None, limits }
    }

    /// The last entry of a watched address.
    pub fn entry(&self, address: Address) -> Option<&RawEntry> {
        self.state.entry(address)
    }

    /// As [`State::add_entries`].
    ///
    /// # Errors
    /// As [`State::add_entries`].
    pub fn add_entries(&mut self, entries: &[String]) -> Result<(), Error> {
        let text = format!("{}}}", entries.join(","));
        read(&mut Stream::new(text.as_bytes()), self, &|_| ())
    }

    /// The number of accounts.
    pub fn len(&self) -> usize {
        match &self.many {
            None => self.state.len(),
            Some(many) => many.counted.iter().map(|part| part.accounts).sum(),
        }
    }

    /// Whether there are no accounts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The account at `address`.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn account(&self, address: Address) -> Result<Option<Account>, Error> {
        let Some(many) = &self.many else { return Ok(self.state.account(address).cloned()) };
        let key = keccak256(address);
        let accounts = many.read(part_of(&key)).map_err(in_alloc)?;
        let found = accounts.binary_search_by_key(&key, |account| account.hashed_address);
        Ok(found.ok().map(|index| accounts[index].clone()))
    }

    /// The state root, as [`State::root`].
    ///
    /// # Errors
    /// The temporary file cannot be written or read.
    pub fn root(&self) -> Result<B256, Error> {
        let Some(many) = &self.many else { return Ok(self.state.root()) };
        let filled: Vec<u8> =
            (0..=u8::MAX).filter(|part| many.parts.length((*part).into()) > 0).collect();
        let sink = self.state.sink;
        let load = |part: u8| {
            let accounts = many.read(part.into())?;
            if let Some(sink) = sink {
                accounts.iter().for_each(|account| sink.account(account));
            }
            Ok(accounts)
        };
        let root = match sink {
            None => trie::root_of_parts(&filled, load, &|_, _| ()),
            Some(sink) => trie::root_of_parts(&filled, load, &|hash, rlp| sink.node(hash, rlp)),
        };
        root.map_err(in_alloc)
    }

    /// Moves the accounts to parts if they are many.
    fn move_many(&mut self) {
        let Some(space) = self.space.filter(|_| self.state.len() > self.limits.accounts) else {
            return;
        };
        let parts = Parts::new(space, PARTS, self.limits.bytes / PARTS);
        let accounts = std::mem::take(&mut self.state.accounts);
        accounts.iter().for_each(|account| add(&parts, account));
        self.many = Some(Many { parts, counted: vec![Counted::default(); PARTS] });
    }
}

impl Accounts for BoundedState<'_> {
    fn show(&mut self, key: &[u8], value: &[u8], offset: u64) {
        self.state.show(key, value, offset);
    }

    fn add(&mut self, account: Account) {
        match &self.many {
            Some(many) => add(&many.parts, &account),
            None => {
                self.state.add(account);
                self.move_many();
            }
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(many) = &mut self.many else { return self.state.end() };
        many.count().map_err(in_file)?;
        if let Some(sink) =
            self.state.sink.filter(|_| many.counted.iter().any(|part| part.replaced))
        {
            sink.replaced();
        }
        Ok(())
    }

    fn clear(&mut self) {
        if let (Some(sink), Some(_)) = (self.state.sink, self.many.take()) {
            sink.replaced();
        }
        self.state.clear();
    }

    fn sink(&self) -> Option<&dyn StateSink> {
        self.state.sink
    }
}

impl Many<'_> {
    /// The accounts of a part in the order of the trie; of an address that comes twice, the last one.
    fn read(&self, part: usize) -> io::Result<Vec<Account>> {
        let bytes = self.parts.read(part)?;
        let (mut accounts, mut rest) = (Vec::new(), &bytes[..]);
        while !rest.is_empty() {
            accounts.push(decode(&mut rest)?);
        }
        // On this thread: one that waits for another would read a further part meanwhile. Stable, so that of
        // equal keys the last one read is last.
        accounts.sort_by_key(|account| account.hashed_address);
        super::in_effect(&mut accounts);
        Ok(accounts)
    }

    /// Counts the accounts of the parts that have changed.
    fn count(&mut self) -> io::Result<()> {
        let counted = self.counted.par_iter().enumerate().map(|(part, before)| {
            let length = self.parts.length(part);
            if length == before.length {
                return Ok(*before);
            }
            let (mut keys, bytes) = (Vec::new(), self.parts.read(part)?);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                keys.push(decode(&mut rest)?.hashed_address);
            }
            let read = keys.len();
            keys.sort_unstable();
            keys.dedup();
            Ok(Counted { length, accounts: keys.len(), replaced: keys.len() < read })
        });
        self.counted = counted.collect::<io::Result<_>>()?;
        Ok(())
    }
}

fn in_file(error: io::Error) -> Error {
    Problem::Space(error).into()
}

fn in_alloc(error: io::Error) -> Error {
    in_file(error).under("alloc")
}

fn part_of(hashed_address: &B256) -> usize {
    hashed_address[0].into()
}

/// Whether a record has a storage root, and a code hash.
const STORAGE: u8 = 1;
const CODE: u8 = 2;

/// Adds the record of an account: key, flags, nonce, length and bytes of the balance, and the hashes that
/// are not those of nothing.
fn add(parts: &Parts<'_>, account: &Account) {
    let Account { hashed_address, nonce, balance, storage_root, code_hash } = account;
    let hashes = [(STORAGE, storage_root, EMPTY_ROOT_HASH), (CODE, code_hash, EMPTY_CODE_HASH)];
    let hashes = hashes.into_iter().filter(|(_, hash, empty)| *hash != empty);
    let flags = hashes.clone().fold(0, |flags, (flag, ..)| flags | flag);
    let balance = balance.to_be_bytes_trimmed_vec();
    let length = 32 + 1 + 8 + 1 + balance.len() + 32 * hashes.clone().count();
    parts.add(part_of(hashed_address), length, |out| {
        out.extend_from_slice(&hashed_address[..]);
        out.push(flags);
        out.extend_from_slice(&nonce.to_be_bytes());
        out.extend(u8::try_from(balance.len()));
        out.extend_from_slice(&balance);
        hashes.for_each(|(_, hash, _)| out.extend_from_slice(&hash[..]));
    });
}

/// Reads the record of an account.
fn decode(rest: &mut &[u8]) -> io::Result<Account> {
    fn array<const N: usize>(rest: &mut &[u8]) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        rest.read_exact(&mut bytes)?;
        Ok(bytes)
    }
    let hashed_address = B256::from(array(rest)?);
    let [flags] = array(rest)?;
    let nonce = u64::from_be_bytes(array(rest)?);
    let [length] = array(rest)?;
    let (balance, after) = rest.split_at_checked(length.into()).ok_or(ErrorKind::UnexpectedEof)?;
    *rest = after;
    let balance = U256::try_from_be_slice(balance).ok_or(ErrorKind::InvalidData)?;
    let mut hash = |flag: u8, empty: B256| match flags & flag {
        0 => Ok(empty),
        _ => array(rest).map(B256::from),
    };
    let storage_root = hash(STORAGE, EMPTY_ROOT_HASH)?;
    let code_hash = hash(CODE, EMPTY_CODE_HASH)?;
    Ok(Account { hashed_address, nonce, balance, storage_root, code_hash })
}

#[cfg(test)]
mod tests;
