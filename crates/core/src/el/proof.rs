//! The state root of an `alloc` that may be larger than memory.

use std::collections::BTreeMap;
use std::io::Read;

use alloy_primitives::B256;

use super::alloc::{Account, Accounts, State};
use super::error::Error;
use super::genesis;
use super::trie::Builder;

/// The root of accounts in the order of the trie, the order in which nodes dump them.
#[derive(Debug, Default)]
struct InOrder {
    trie: Builder,
    unordered: bool,
}

impl Accounts for InOrder {
    fn add(&mut self, account: Account) {
        self.unordered |= !self.trie.push(&account);
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The state root of a genesis file that `open` opens at its start. Accounts in the order of the
/// trie are dropped once they are hashed. Otherwise the file is read a second time and the accounts
/// are sorted in memory, 136 bytes each.
///
/// # Errors
/// geth rejects the file. The error has the JSON path and the offset.
pub fn state_root<R: Read + Send, E: From<Error>>(
    open: impl Fn() -> Result<R, E>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<B256, E> {
    let mut accounts = InOrder::default();
    genesis::read_into(open()?, &mut accounts, progress)?;
    if !accounts.unordered {
        return Ok(accounts.trie.root());
    }
    let (_, state) = genesis::read(open()?, progress)?;
    Ok(state.root())
}

/// [`state_root`] with other storage roots: `roots` maps the hash of an address to the storage root
/// of its account.
///
/// # Errors
/// As [`state_root`].
pub fn state_root_with<R: Read + Send, E: From<Error>>(
    open: impl Fn() -> Result<R, E>,
    roots: &BTreeMap<B256, B256>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<B256, E> {
    let mut accounts = WithRoots { state: State::default(), roots };
    genesis::read_into(open()?, &mut accounts, progress)?;
    Ok(accounts.state.root())
}

/// Accounts with some storage roots replaced.
struct WithRoots<'a> {
    state: State<'a>,
    roots: &'a BTreeMap<B256, B256>,
}

impl Accounts for WithRoots<'_> {
    fn add(&mut self, mut account: Account) {
        if let Some(root) = self.roots.get(&account.hashed_address) {
            account.storage_root = *root;
        }
        self.state.add(account);
    }

    fn end(&mut self) -> Result<(), Error> {
        self.state.end()
    }

    fn clear(&mut self) {
        self.state.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, keccak256};

    #[test]
    fn order_does_not_matter() {
        let mut addresses: Vec<_> =
            (0..2000_u64).map(|i| Address::from_word(keccak256(i.to_be_bytes()))).collect();
        let root = |addresses: &[Address]| {
            let entries: Vec<_> =
                addresses.iter().map(|a| format!("\"{a}\": {{\"balance\": \"7\"}}")).collect();
            let text = format!("{{\"alloc\": {{{}}}}}", entries.join(","));
            let (_, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
            let streamed = state_root(|| Ok::<_, Error>(text.as_bytes()), &|_| ()).unwrap();
            assert_eq!(streamed, state.root());
            streamed
        };
        let unordered = root(&addresses);
        addresses.sort_by_key(|address| keccak256(address));
        assert_eq!(root(&addresses), unordered);
        addresses.push(addresses[0]);
        assert_eq!(root(&addresses), unordered, "a repeated account");
    }
}
