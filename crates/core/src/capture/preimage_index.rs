//! Preimages of hashes: addresses and storage slots.

use std::collections::{BTreeSet, HashMap, HashSet};

use alloy_primitives::{Address, B256, U256, keccak256};
use rayon::prelude::*;

use super::account::{Account, StorageSlot};
use crate::el::alloc::EMPTY_CODE_HASH;

/// Where an address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Precompiles, system contracts, and accounts that devnets fund.
    Common,
    /// The chain's genesis.
    Genesis,
    /// A transaction, withdrawal or block.
    Blocks,
    /// The node's store of preimages.
    Node,
}

impl Origin {
    /// Its name in the metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Common => "well-known address",
            Self::Genesis => "address from genesis",
            Self::Blocks => "address from blocks",
            Self::Node => "debug_preimage",
        }
    }
}

/// Known addresses and slots of a chain, by their hashes.
#[derive(Debug, Default)]
pub struct PreimageIndex {
    addresses: HashMap<B256, (Address, Origin)>,
    /// Slots that a contract may have.
    touched: HashMap<Address, BTreeSet<B256>>,
    /// Storage of contracts in the chain's genesis.
    genesis: HashMap<Address, Vec<StorageSlot>>,
    /// Contracts that transactions and contracts may have created.
    created: HashSet<Address>,
    /// Slots that any contract may have, by their hashes.
    common: HashMap<B256, B256>,
}

/// Ring buffers of the system contracts (EIP-4788 has two of 8191 slots), and the first state
/// variables of any contract.
const SMALL_SLOTS: u64 = 2 * 8191;
/// State variables that are guessed to be an array or a mapping.
const VARIABLES: u64 = 32;
/// Elements of such an array.
const ELEMENTS: u64 = 256;
/// Contracts that one contract may have created.
const MOST_CREATED: u64 = 1 << 16;
/// Addresses that are guessed as keys of mappings.
const KEYS: usize = 4096;

/// `uint256` as Solidity lays it out.
fn word(number: u64) -> B256 {
    U256::from(number).into()
}

fn by_hash(slots: impl ParallelIterator<Item = B256>) -> HashMap<B256, B256> {
    slots.map(|slot| (keccak256(slot), slot)).collect()
}

/// An account that may have created others.
#[derive(Debug, Clone, Copy)]
pub struct Creator {
    address: Address,
    nonce: u64,
    has_code: bool,
}

impl Creator {
    /// The account, if its nonce says that it may have, and it is known enough.
    pub fn of(account: &Account) -> Option<Self> {
        let (address, code_hash) = (account.address?, account.code_hash?);
        let (nonce, has_code) = (account.nonce, code_hash != EMPTY_CODE_HASH);
        (nonce > 1).then_some(Self { address, nonce, has_code })
    }
}

impl PreimageIndex {
    /// Addresses and slots that every chain may have.
    pub fn common() -> Self {
        let mut index = Self::default();
        // As whom the system calls of EIP-4788 and its successors are made.
        let mut system = Address::repeat_byte(0xff);
        system.0[19] = 0xfe;
        index.add_address(system, Origin::Common);
        for number in 0..=0x100 {
            index.add_address(Address::from_word(word(number)), Origin::Common);
        }
        let small = (0..SMALL_SLOTS).into_par_iter().map(word);
        let arrays = (0..VARIABLES).into_par_iter().flat_map_iter(|variable| {
            let start = U256::from_be_bytes(keccak256(word(variable)).0);
            (0..ELEMENTS).map(move |index| start.wrapping_add(U256::from(index)).into())
        });
        let proxies = ["implementation", "admin", "beacon"].into_par_iter().map(|name| {
            // EIP-1967.
            let hash = keccak256(format!("eip1967.proxy.{name}"));
            (U256::from_be_bytes(hash.0) - U256::from(1)).into()
        });
        index.common = by_hash(small.chain(arrays).chain(proxies));
        index
    }

    /// Adds an address. An address that is known already keeps its origin.
    pub fn add_address(&mut self, address: Address, origin: Origin) {
        self.addresses.entry(keccak256(address)).or_insert((address, origin));
    }

    /// Adds the contracts that a contract has created: its nonce counts them from 1 on (EIP-161).
    pub fn add_created_by(&mut self, creator: &Creator) {
        let Creator { address, nonce, has_code } = *creator;
        if has_code || self.created.contains(&address) {
            for nonce in 1..nonce.min(MOST_CREATED) {
                self.add_created(address, nonce);
            }
        }
    }

    /// Adds the contract that `creator` creates with `nonce`, which may create others.
    pub fn add_created(&mut self, creator: Address, nonce: u64) {
        let address = creator.create(nonce);
        self.add_address(address, Origin::Blocks);
        self.created.insert(address);
    }

    /// Adds a slot that a contract may have.
    pub fn add_slot(&mut self, address: Address, slot: B256) {
        self.touched.entry(address).or_default().insert(slot);
    }

    /// Adds an account of the chain's genesis, with its slots.
    pub fn add_genesis_account(&mut self, account: Account) {
        let Some(address) = account.address else { return };
        self.add_address(address, Origin::Genesis);
        if !account.storage.is_empty() {
            self.genesis.insert(address, account.storage);
        }
    }

    /// Storage of `address` in the chain's genesis.
    pub fn genesis_storage(&self, address: &Address) -> &[StorageSlot] {
        self.genesis.get(address).map_or(&[], Vec::as_slice)
    }

    /// The address with this hash.
    pub fn address(&self, hash: &B256) -> Option<(Address, Origin)> {
        self.addresses.get(hash).copied()
    }

    /// All addresses.
    pub fn addresses(&self) -> impl Iterator<Item = (Address, Origin)> {
        self.addresses.values().copied()
    }

    /// Number of known addresses.
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether no address is known.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Slots that `address` may have: those of its genesis storage, and those that transactions touched.
    pub fn slots(&self, address: &Address) -> impl Iterator<Item = B256> {
        let had = self.genesis_storage(address).iter().map(|(slot, _)| *slot);
        self.touched.get(address).into_iter().flatten().copied().chain(had)
    }

    /// Looks up slots of `address` by their hashes.
    pub fn slots_by_hash(&self, address: &Address) -> impl Fn(&B256) -> Option<B256> {
        let own: HashMap<_, _> = self.slots(address).map(|slot| (keccak256(slot), slot)).collect();
        move |hash| own.get(hash).or_else(|| self.common.get(hash)).copied()
    }

    /// Adds guessed slots of mappings with address keys: `keccak256(key . variable)`, Solidity's layout.
    pub fn guess_mappings(&mut self) {
        let keys: Vec<_> = self.addresses.values().map(|(key, _)| *key).take(KEYS).collect();
        let slots = keys.par_iter().flat_map_iter(|key| {
            let of = |variable| keccak256([key.into_word(), word(variable)].concat());
            (0..VARIABLES).map(of)
        });
        self.common.extend(by_hash(slots));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};

    #[test]
    fn common_addresses_and_slots_are_known() {
        let index = PreimageIndex::common();
        for address in [
            address!("0x0000000000000000000000000000000000000100"),
            address!("0xfffffffffffffffffffffffffffffffffffffffe"),
        ] {
            assert_eq!(index.address(&keccak256(address)), Some((address, Origin::Common)));
        }
        let slot = index.slots_by_hash(&Address::ZERO);
        // EIP-1967's implementation, and the third element of an array at variable 1.
        for known in [
            b256!("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"),
            b256!("0xb10e2d527612073b26eecdfd717e6a320cf44b4afac2b0732d9fcbe2b7fa0cf8"),
            word(16_381),
        ] {
            assert_eq!(slot(&keccak256(known)), Some(known));
        }
    }

    #[test]
    fn slots_of_mappings_are_guessed() {
        let mut index = PreimageIndex::default();
        let holder = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        index.add_address(holder, Origin::Blocks);
        index.guess_mappings();
        let slot = keccak256([holder.into_word(), word(3)].concat());
        assert_eq!(index.slots_by_hash(&Address::ZERO)(&keccak256(slot)), Some(slot));
    }
}
