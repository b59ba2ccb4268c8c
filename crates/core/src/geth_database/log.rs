//! The log format of leveldb and pebble, of write-ahead logs and manifests. Sources: leveldb
//! `doc/log_format.md`, pebble `record/log_writer.go`.

use super::{Engine, checksum};

/// No chunk crosses a multiple of this offset.
const BLOCK: usize = 32 << 10;
/// Checksum, length and kind of a chunk.
const HEADER: usize = 4 + 2 + 1;

/// What pebble adds to the kind of a chunk: the number of its log follows.
const NUMBERED: u8 = 4;

/// A log that is being written.
#[derive(Debug)]
pub(super) struct Log {
    bytes: Vec<u8>,
    /// Bytes before them, in the last block.
    taken: usize,
    /// The number of a log of pebble, which is in every chunk: pebble writes over old logs.
    number: Option<[u8; 4]>,
}

/// A log of leveldb with this one record.
pub(super) fn of_record(record: &[u8]) -> Vec<u8> {
    let mut log = Log::new(Engine::LevelDb, 0);
    log.add(record);
    log.into_bytes()
}

impl Log {
    /// The write-ahead log with this number.
    pub(super) fn new(engine: Engine, number: u64) -> Self {
        let [a, b, c, d, ..] = number.to_le_bytes();
        let number = (engine == Engine::Pebble).then_some([a, b, c, d]);
        Self { bytes: Vec::new(), taken: 0, number }
    }

    /// Takes the bytes that were added since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.taken = (self.taken + self.bytes.len()) % BLOCK;
        std::mem::take(&mut self.bytes)
    }

    /// Its bytes, or those that were not taken yet.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Appends a record.
    pub(super) fn add(&mut self, mut record: &[u8]) {
        let number = self.number.as_ref().map_or(&[][..], |number| number);
        let header = HEADER + number.len();
        self.bytes.reserve(record.len() + header * (record.len() / BLOCK + 2));
        let mut is_first = true;
        loop {
            let left = BLOCK - (self.taken + self.bytes.len()) % BLOCK;
            if left < header {
                self.bytes.resize(self.bytes.len() + left, 0);
                continue;
            }
            let (chunk, rest) = record.split_at(record.len().min(left - header));
            let kind = match (is_first, rest.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let kind = if number.is_empty() { kind } else { kind + NUMBERED };
            let checked = [&[kind], number, chunk].concat();
            self.bytes.extend_from_slice(&checksum::masked(&checked).to_le_bytes());
            // A chunk is shorter than its block: two bytes are enough.
            self.bytes.extend_from_slice(&chunk.len().to_le_bytes()[..2]);
            self.bytes.extend_from_slice(&checked);
            (record, is_first) = (rest, false);
            if record.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the record back, as leveldb's `log::Reader` does.
    fn record_of(log: &[u8]) -> Vec<u8> {
        let (mut record, mut at, mut kinds) = (Vec::new(), 0, Vec::new());
        while at < log.len() {
            let left = BLOCK - at % BLOCK;
            if left < HEADER {
                assert!(log[at..at + left].iter().all(|byte| *byte == 0));
                at += left;
                continue;
            }
            let (sum, rest) = log[at..].split_first_chunk().unwrap();
            let (length, rest) = rest.split_first_chunk().unwrap();
            let length = usize::from(u16::from_le_bytes(*length));
            assert!(HEADER + length <= left, "a chunk crosses a block");
            assert_eq!(u32::from_le_bytes(*sum), checksum::masked(&rest[..=length]));
            kinds.push(rest[0]);
            record.extend_from_slice(&rest[1..=length]);
            at += HEADER + length;
        }
        match &kinds[..] {
            [only] => assert_eq!(*only, 1),
            [first, middle @ .., last] => {
                assert!((*first, *last) == (2, 4) && middle.iter().all(|kind| *kind == 3));
            }
            [] => panic!("no chunk"),
        }
        record
    }

    #[test]
    fn a_log_is_the_same_if_it_is_taken_in_parts() {
        let records: Vec<Vec<u8>> =
            [1, 40_000, 7, BLOCK - 20, 100_000, 3].map(|length| vec![5; length]).into();
        for engine in [Engine::LevelDb, Engine::Pebble] {
            let (mut one, mut other) = (Log::new(engine, 9), Log::new(engine, 9));
            let mut parts = Vec::new();
            for record in &records {
                one.add(record);
                other.add(record);
                parts.extend(other.take());
            }
            assert!(one.into_bytes() == parts && other.into_bytes().is_empty());
        }
    }

    #[test]
    fn records_of_any_length_round_trip() {
        let room = BLOCK - HEADER;
        for length in [0, 1, room - 8, room - 1, room, room + 1, 2 * room, 100_000] {
            let record: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            assert_eq!(record_of(&of_record(&record)), record, "{length}");
        }
    }
}
