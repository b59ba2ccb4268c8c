use std::io::Cursor;

use super::*;
use crate::sort::Scratch;

/// Temporary files in memory.
#[derive(Debug)]
struct Memory;

impl Space for Memory {
    fn scratch(&self) -> io::Result<Box<dyn Scratch>> {
        Ok(Box::new(Cursor::new(Vec::new())))
    }
}

fn state(accounts: &[(u8, &str)], limit: usize) -> Side<'static> {
    let mut side = Side::within(&Memory, limit);
    for (last, text) in accounts {
        let address = Address::with_last_byte(*last).to_string();
        side.add(&Account::parse(address.as_bytes(), text.as_bytes()).unwrap());
    }
    side
}

fn differences(first: Side<'_>, second: Side<'_>) -> Vec<(u8, Difference)> {
    let mut found = Vec::new();
    compare(first, second, &mut |address, difference| {
        found.push((address.0[19], difference));
        Ok(())
    })
    .unwrap();
    found
}

const FIRST: [(u8, &str); 4] = [
    (9, r#"{"balance": "1", "storage": {"0x1": "0x2", "0x3": "0x4", "0x5": "0x6"}}"#),
    (1, r#"{"balance": "1"}"#),
    (2, r#"{"balance": "5", "nonce": "1", "code": "0x60"}"#),
    (4, r#"{"balance": "0"}"#),
];
const SECOND: [(u8, &str); 4] = [
    (4, r#"{"balance": "0"}"#),
    (2, r#"{"balance": "7", "nonce": "2", "code": "0x6001"}"#),
    (3, r#"{"balance": "3", "code": "0x6000", "storage": {"0x1": "0x1"}}"#),
    (9, r#"{"balance": "1", "storage": {"0x3": "0x4", "0x5": "0x7", "0x8": "0x9"}}"#),
];

#[test]
fn states_are_compared_by_field_and_slot_in_memory_and_on_disk() {
    let number = |number: u64| U256::from(number);
    for limit in [0, usize::MAX] {
        let found = differences(state(&FIRST, limit), state(&SECOND, limit));
        let Difference::Code(old, new) = found[3].1 else { panic!("{found:?}") };
        assert_eq!((old.size, new.size), (1, 2));
        let slot = |last, old, new| {
            (9, Difference::Slot(B256::with_last_byte(last), number(old), number(new)))
        };
        let expected = [
            (1, Difference::Removed(Whole { balance: number(1), ..Whole::default() })),
            (2, Difference::Balance(number(5), number(7))),
            (2, Difference::Nonce(1, 2)),
            (2, Difference::Code(old, new)),
            (3, Difference::Added(Whole { balance: number(3), nonce: 0, code: 2, slots: 1 })),
            slot(1, 2, 0),
            slot(5, 6, 7),
            slot(8, 0, 9),
        ];
        assert_eq!(found, expected);
        assert_eq!(differences(state(&FIRST, limit), state(&FIRST, limit)), []);
        let reversed: Vec<_> = FIRST.into_iter().rev().collect();
        assert_eq!(differences(state(&FIRST, limit), state(&reversed, 0)), []);
        assert_eq!(differences(state(&[], limit), state(&FIRST, limit)).len(), 4);
    }
}

#[test]
fn the_last_entry_of_an_address_counts() {
    let twice = [
        (7, r#"{"balance": "5", "storage": {"0x1": "0x1"}}"#),
        (8, r#"{"balance": "1"}"#),
        (7, r#"{"balance": "7"}"#),
    ];
    let once = [(7, r#"{"balance": "7"}"#), (8, r#"{"balance": "1"}"#)];
    for limit in [0, usize::MAX] {
        assert_eq!(differences(state(&twice, limit), state(&once, limit)), []);
    }
}
