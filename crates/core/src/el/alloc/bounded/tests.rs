use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::hex;
use proptest::prelude::*;

use super::super::Slot;
use super::*;
use crate::el::genesis;
use crate::sort::tests::{Full, Memory};

/// All that a state passes on.
#[derive(Debug, Default)]
struct Sink {
    parts: Mutex<BTreeSet<Vec<u8>>>,
    accounts: Mutex<Vec<Vec<u8>>>,
    replaced: Mutex<bool>,
}

impl Sink {
    fn put(&self, kind: u8, key: &[u8], value: &[u8]) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert([&[kind], key, value].concat());
    }

    fn into_all(self) -> (BTreeSet<Vec<u8>>, Vec<Vec<u8>>, bool) {
        let mut accounts = self.accounts.into_inner().unwrap();
        accounts.sort_unstable();
        (self.parts.into_inner().unwrap(), accounts, self.replaced.into_inner().unwrap())
    }
}

impl StateSink for Sink {
    fn node(&self, hash: &B256, rlp: &[u8]) {
        self.put(b'n', &hash[..], rlp);
    }
    fn code(&self, hash: &B256, code: &[u8]) {
        self.put(b'c', &hash[..], code);
    }
    fn account(&self, account: &Account) {
        self.accounts.lock().unwrap().push(format!("{account:?}").into_bytes());
    }
    fn slot(&self, hashed_address: &B256, slot: &Slot) {
        let key = [&hashed_address[..], &slot.hashed_slot[..]].concat();
        self.put(b'o', &key, format!("{}", slot.value).as_bytes());
    }
    fn preimage(&self, hash: &B256, key: &[u8]) {
        self.put(b'p', &hash[..], key);
    }
    fn replaced(&self) {
        *self.replaced.lock().unwrap() = true;
    }
}

fn bounded<'a>(
    sink: Option<&'a dyn StateSink>,
    space: &'a dyn Space,
    limits: Limits,
) -> BoundedState<'a> {
    BoundedState { limits, ..BoundedState::new(State::with_sink(sink), Some(space)) }
}

/// An entry of an alloc: few addresses, so that some come twice; zero slots; no code; no balance.
fn entry() -> impl Strategy<Value = String> {
    let slots = prop::collection::vec((0_u8..4, 0_u8..3), 0..6);
    (0_u16..300, any::<u64>(), 0_u64..3, prop::option::of(0_u8..3), slots).prop_map(
        |(address, balance, nonce, code, slots)| {
            let address = hex::encode(&keccak256(address.to_be_bytes())[..20]);
            let code =
                code.map_or_else(String::new, |code| format!(", \"code\": \"0x60{code:02x}\""));
            let slot = |(slot, value): &(u8, u8)| format!("\"0x{slot:02x}\": \"0x{value:02x}\"");
            let slots = slots.iter().map(slot).collect::<Vec<_>>().join(", ");
            let balance = if balance % 3 == 0 { 0 } else { balance };
            format!(
                "\"0x{address}\": {{\"balance\": \"{balance}\", \"nonce\": \"{nonce}\"{code}, \
                 \"storage\": {{{slots}}}}}"
            )
        },
    )
}

/// One alloc, or several; one may be null.
fn document() -> impl Strategy<Value = String> {
    let alloc = prop::collection::vec(entry(), 0..120)
        .prop_map(|entries| format!("{{{}}}", entries.join(",")));
    let alloc = prop_oneof![9 => alloc, 1 => Just("null".to_owned())];
    prop::collection::vec(alloc, 1..4).prop_map(|mut allocs| {
        allocs.push("{}".to_owned());
        let allocs = allocs.iter().map(|alloc| format!("\"alloc\": {alloc}")).collect::<Vec<_>>();
        format!("{{{}}}", allocs.join(","))
    })
}

proptest! {
    /// The same root, accounts, and parts of the state, whatever stays in memory.
    #[test]
    fn a_small_memory_changes_nothing(
        text in document(),
        added in prop::collection::vec(entry(), 0..5),
        accounts in 0_usize..150,
        bytes in prop::sample::select(vec![0, 10_000, 50_000, 1 << 30]),
    ) {
        let (expected, found, memory) = (Sink::default(), Sink::default(), Memory::default());
        let mut state = State::with_sink(Some(&expected));
        genesis::read_into(text.as_bytes(), &mut state, &|_| ()).unwrap();
        let limits = Limits { accounts, bytes };
        let mut bounded_state = bounded(Some(&found), &memory, limits);
        genesis::read_into(text.as_bytes(), &mut bounded_state, &|_| ()).unwrap();
        prop_assert_eq!(bounded_state.len(), state.len());
        if !added.is_empty() {
            state.add_entries(&added).unwrap();
            bounded_state.add_entries(&added).unwrap();
        }
        prop_assert_eq!(bounded_state.len(), state.len());
        for address in 0..300_u16 {
            let address = Address::from_slice(&keccak256(address.to_be_bytes())[..20]);
            let of_bounded = bounded_state.account(address).unwrap();
            prop_assert_eq!(format!("{of_bounded:?}"), format!("{:?}", state.account(address).cloned()));
        }
        let root = state.root();
        prop_assert_eq!(bounded_state.root().unwrap(), root);
        prop_assert!(bounded_state.many.is_some() || state.len() <= accounts);
        prop_assert!(found.into_all() == expected.into_all());
        // Without a sink.
        let mut alone = bounded(None, &memory, limits);
        genesis::read_into(text.as_bytes(), &mut alone, &|_| ()).unwrap();
        if !added.is_empty() {
            alone.add_entries(&added).unwrap();
        }
        prop_assert_eq!(alone.root().unwrap(), root);
    }
}

fn many(count: u64) -> String {
    let entry = |number: u64| {
        let address = hex::encode(&keccak256(number.to_be_bytes())[..20]);
        format!("\"{address}\": {{\"balance\": \"{number}\"}}")
    };
    let entries: Vec<_> = (0..count).map(entry).collect();
    format!("{{\"alloc\": {{{}}}}}", entries.join(","))
}

#[test]
fn few_accounts_need_no_file_and_many_need_one() {
    let memory = Memory::default();
    for (count, files) in [(5_000, 0), (40_000, 0), (120_000, 1)] {
        let text = many(count);
        let mut state = BoundedState::new(State::default(), Some(&memory));
        genesis::read_into(text.as_bytes(), &mut state, &|_| ()).unwrap();
        let (_, expected) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
        assert_eq!((state.len(), state.root().unwrap()), (expected.len(), expected.root()));
        assert_eq!(memory.files.load(Ordering::Relaxed), files, "{count}");
    }
}

#[test]
fn a_full_disk_is_an_error_with_a_remedy() {
    let full = Full(1000);
    let mut state = bounded(None, &full, Limits { accounts: 10, bytes: 0 });
    let error = genesis::read_into(many(40_000).as_bytes(), &mut state, &|_| ()).unwrap_err();
    let text = "alloc cannot be sorted in a temporary file: /data: no space left";
    assert_eq!(error.to_string(), text);
    assert!(error.hint().unwrap().starts_with("free space there"));
}
