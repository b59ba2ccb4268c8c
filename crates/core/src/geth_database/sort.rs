//! The order of a database's entries.

use std::io::{self, ErrorKind};

use super::put_varint;
use super::schema::{ACCOUNT, CODE, PREIMAGE, SLOT};

/// Parts of the entries: one for each first byte of a key, and one for each second byte, or byte after the
/// prefix, of the keys that have a prefix of geth's and a hash.
pub(super) const PARTS: usize = 256 + 3 * 255 + 257;

/// The part of a key. A key in a later part is greater. Keys of the state are hashes after a prefix, or
/// hashes alone, so that they fill the parts of a prefix evenly.
pub(super) fn part_of(key: &[u8]) -> usize {
    let byte = |at: usize| usize::from(key.get(at).copied().unwrap_or_default());
    let [first, second] = [byte(0), byte(1)];
    // Parts that the prefixes before this byte have more.
    let more = [ACCOUNT, CODE, SLOT].iter().filter(|prefix| usize::from(**prefix) < first).count();
    let start = first + 255 * more + if first > usize::from(PREIMAGE[0]) { 257 } else { 0 };
    start
        + match key.first() {
            Some(&(ACCOUNT | CODE | SLOT)) => second,
            // Before the prefix, with it, and after it.
            Some(first) if *first == PREIMAGE[0] => match key.strip_prefix(PREIMAGE) {
                Some(_) => 1 + byte(PREIMAGE.len()),
                None if key < PREIMAGE => 0,
                None => 257,
            },
            _ => 0,
        }
}

/// Bytes of a record: `varint key length, varint value length, key, value`.
pub(crate) fn length(key: &[u8], value: &[u8]) -> usize {
    let varint = |length: usize| if length < 0x80 { 1 } else { 10 };
    varint(key.len()) + varint(value.len()) + key.len() + value.len()
}

/// Appends a record.
pub(crate) fn put(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    put_varint(out, key.len() as u64);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(key);
    out.extend_from_slice(value);
}

/// The records of a part, in the order of their keys, each key once.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

/// A record. Most comparisons need only its prefix.
#[derive(Debug, Clone, Copy)]
struct Record {
    /// 8 bytes of the key after those that all keys of the part have in common, as a number.
    prefix: u64,
    /// Where the record starts.
    start: usize,
}

impl Sorted {
    /// Sorts the records that `read` puts into a buffer, instead of those of another part. Of equal keys,
    /// whose values are equal, one stays.
    ///
    /// # Errors
    /// That of `read`, or its bytes are not records.
    pub(crate) fn fill(
        &mut self,
        read: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Self { bytes, records } = self;
        records.clear();
        read(bytes)?;
        let bytes = &bytes[..];
        let (mut rest, mut are_preimages) = (bytes, true);
        while !rest.is_empty() {
            let start = bytes.len() - rest.len();
            let (key, _, after) = record(rest).ok_or(ErrorKind::InvalidData)?;
            records.push(Record { prefix: prefix(key), start });
            are_preimages &= key.starts_with(PREIMAGE);
            rest = after;
        }
        let key = |start: usize| record(&bytes[start..]).map_or(&[][..], |(key, ..)| key);
        if are_preimages {
            for record in &mut *records {
                record.prefix = prefix(&key(record.start)[PREIMAGE.len()..]);
            }
        }
        records.sort_unstable_by(|one, other| {
            one.prefix.cmp(&other.prefix).then_with(|| key(one.start).cmp(key(other.start)))
        });
        // Equal nodes and codes come often: one of each is enough.
        records.dedup_by(|one, other| {
            one.prefix == other.prefix && key(one.start) == key(other.start)
        });
        Ok(())
    }

    /// Key and value of a record.
    pub(crate) fn get(&self, at: usize) -> Option<(&[u8], &[u8])> {
        let start = self.records.get(at)?.start;
        record(&self.bytes[start..]).map(|(key, value, _)| (key, value))
    }

    /// Keys and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.records.len()).filter_map(|at| self.get(at))
    }
}

/// The first bytes of a key, as a number in the order of keys.
fn prefix(key: &[u8]) -> u64 {
    let mut prefix = [0; 8];
    let known = key.len().min(8);
    prefix[..known].copy_from_slice(&key[..known]);
    u64::from_be_bytes(prefix)
}

/// The key and the value of the first record, and the bytes after it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key, bytes) = varint(bytes)?;
    let (value, bytes) = varint(bytes)?;
    let (key, bytes) = bytes.split_at_checked(key)?;
    let (value, bytes) = bytes.split_at_checked(value)?;
    Some((key, value, bytes))
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        let hash = || prop::collection::vec(any::<u8>(), 0..40);
        let after = |prefix: &'static [u8]| hash().prop_map(move |hash| [prefix, &hash].concat());
        let near =
            prop::sample::select(vec![&b"secure-key"[..], b"secure-kez", b"s", b"t", b"a", b"b"]);
        prop_oneof![
            hash(),
            after(b"a"),
            after(b"c"),
            after(b"o"),
            after(PREIMAGE),
            near.prop_map(<[u8]>::to_vec),
        ]
    }

    proptest! {
        #[test]
        fn parts_are_in_the_order_of_keys(one in key(), other in key()) {
            prop_assert!(part_of(&one) < PARTS);
            prop_assert!(one > other || part_of(&one) <= part_of(&other), "{one:?} {other:?}");
        }

        #[test]
        fn records_are_sorted(pairs in prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 0..300), 0..50)) {
            let mut bytes = Vec::new();
            for (key, value) in pairs.iter().rev().chain(&pairs) {
                let start = bytes.len();
                put(&mut bytes, key, value);
                prop_assert!(bytes.len() - start <= length(key, value));
            }
            let mut sorted = Sorted::default();
            let copy = |bytes: &[u8], out: &mut Vec<u8>| {
                *out = bytes.to_vec();
                Ok(())
            };
            sorted.fill(|out| copy(&bytes, out)).unwrap();
            let expected: Vec<_> = pairs.iter().map(|(key, value)| (&key[..], &value[..])).collect();
            prop_assert_eq!(sorted.iter().collect::<Vec<_>>(), expected);
            if !bytes.is_empty() {
                bytes.pop();
                prop_assert!(sorted.fill(|out| copy(&bytes, out)).is_err());
            }
        }
    }

    #[test]
    fn the_last_key_has_the_last_part() {
        assert_eq!(part_of(&[0xff; 32]), PARTS - 1);
        assert_eq!(part_of(&[]), 0);
    }
}
