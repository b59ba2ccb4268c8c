//! Bloom filters of a table. Source: goleveldb `leveldb/filter/bloom.go`, `leveldb/util/hash.go`.

use super::length_in_table;

/// Name in the table. goleveldb, which geth uses, ignores a filter of leveldb's own name,
/// `leveldb.BuiltinBloomFilter2`.
pub(super) const NAME: &[u8] = b"filter.leveldb.BuiltinBloomFilter";

/// Bits per key, as geth opens its database.
const BITS: usize = 10;
/// Probes per key: `BITS * ln(2)`.
const PROBES: u8 = 6;
/// A filter is for the blocks that start in a range of this many bytes, as a power of two.
const RANGE: u8 = 11;

/// The filters of a table.
#[derive(Debug, Default)]
pub(super) struct Filters {
    hashes: Vec<u32>,
    offsets: Vec<u32>,
    bytes: Vec<u8>,
}

impl Filters {
    /// Adds a key of the current block.
    pub(super) fn add(&mut self, key: &[u8]) {
        self.hashes.push(hash(key));
    }

    /// Ends a block; the next one starts at `offset` in the table.
    pub(super) fn end_block(&mut self, offset: u64) {
        while (self.offsets.len() as u64) < offset >> RANGE {
            self.generate();
        }
    }

    /// The filter block.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if !self.hashes.is_empty() {
            self.generate();
        }
        self.offsets.push(length_in_table(self.bytes.len()));
        let mut out = self.bytes;
        out.extend(self.offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        out.push(RANGE);
        out
    }

    /// The filter of the keys since the last one; of none it has no bytes.
    fn generate(&mut self) {
        self.offsets.push(length_in_table(self.bytes.len()));
        if self.hashes.is_empty() {
            return;
        }
        let length = (self.hashes.len() * BITS).max(64).div_ceil(8);
        let start = self.bytes.len();
        self.bytes.resize(start + length, 0);
        let filter = &mut self.bytes[start..];
        let bits = length_in_table(length * 8);
        for mut hash in self.hashes.drain(..) {
            let delta = hash.rotate_right(17);
            for _ in 0..PROBES {
                let bit = hash % bits;
                filter[(bit / 8) as usize] |= 1 << (bit % 8);
                hash = hash.wrapping_add(delta);
            }
        }
        self.bytes.push(PROBES);
    }
}

/// leveldb's hash of a key, which resembles Murmur's.
fn hash(key: &[u8]) -> u32 {
    const FACTOR: u32 = 0xc6a4_a793;
    let (words, rest) = key.as_chunks::<4>();
    let mut hash = 0xbc9f_1d34 ^ length_in_table(key.len()).wrapping_mul(FACTOR);
    for word in words {
        hash = hash.wrapping_add(u32::from_le_bytes(*word)).wrapping_mul(FACTOR);
        hash ^= hash >> 16;
    }
    if !rest.is_empty() {
        let last = rest.iter().rev().fold(0, |last, byte| (last << 8) | u32::from(*byte));
        hash = hash.wrapping_add(last).wrapping_mul(FACTOR);
        hash ^= hash >> 24;
    }
    hash
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Whether the filters may have `key` in a block that starts at `offset`.
    pub(in crate::geth_database) fn may_have(filters: &[u8], offset: u64, key: &[u8]) -> bool {
        let (rest, range) = filters.split_at(filters.len() - 1);
        assert_eq!(range, [RANGE]);
        let number = |at: usize| u32::from_le_bytes(*rest[at..].first_chunk().unwrap()) as usize;
        let offsets = number(rest.len() - 4);
        let at = offsets + 4 * usize::try_from(offset >> RANGE).unwrap();
        let [probed @ .., probes] = &rest[number(at)..number(at + 4)] else { return false };
        assert_eq!(*probes, PROBES);
        let bits = length_in_table(probed.len() * 8);
        let mut hash = hash(key);
        let delta = hash.rotate_right(17);
        (0..PROBES).all(|_| {
            let bit = hash % bits;
            hash = hash.wrapping_add(delta);
            probed[(bit / 8) as usize] & (1 << (bit % 8)) != 0
        })
    }

    #[test]
    fn every_key_is_found_and_few_others_are() {
        let mut filters = Filters::default();
        let key = |number: u32| number.to_be_bytes();
        (0..1000).for_each(|number| filters.add(&key(number)));
        filters.end_block(100);
        let block = filters.finish();
        // 10,000 bits, the number of probes, two offsets (the start of the filter, and its end), the range.
        assert_eq!(block.len(), 1250 + 1 + 8 + 1);
        let contains = |key: &[u8]| may_have(&block, 0, key);
        assert!((0..1000).all(|number| contains(&key(number))));
        let wrong = (1000..11_000).filter(|number| contains(&key(*number))).count();
        assert!(wrong < 300, "{wrong} of 10,000 other keys");
    }
}
