//! The records of a log: a write-ahead log, or a manifest. Sources: leveldb `doc/log_format.md`, pebble
//! `record/record.go`.

use super::super::checksum;

/// No chunk crosses a multiple of this offset.
const BLOCK: usize = 32 << 10;
/// Checksum, length and kind of a chunk.
const HEADER: usize = 4 + 2 + 1;
/// pebble's: the number of the log follows, because pebble writes over old logs.
const NUMBERED: usize = HEADER + 4;

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With a complete record, or unused space.
    Complete,
    /// In the middle of a record, or with one of another checksum.
    Torn,
}

/// Reads a log.
#[derive(Debug)]
pub(super) struct Records<'a> {
    log: &'a [u8],
    /// The number of a pebble log.
    number: u32,
    at: usize,
    /// Where the current record starts.
    pub(super) start: usize,
    pub(super) end: End,
}

/// A part of a record.
enum Chunk<'a> {
    Part(&'a [u8], Place),
    Unused,
    OfAnotherLog,
    Damaged,
}

/// The position of a chunk in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Only,
    First,
    Middle,
    Last,
}

impl<'a> Records<'a> {
    pub(super) fn new(log: &'a [u8], number: u64) -> Self {
        let number = u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
        Self { log, number, at: 0, start: 0, end: End::Complete }
    }

    fn chunk(&mut self) -> Chunk<'a> {
        let left = BLOCK - self.at % BLOCK;
        let block = &self.log[self.at..self.log.len().min(self.at + left)];
        let Some((header, body)) = block.split_at_checked(HEADER) else {
            // A block ends with zeros if no header fits; a log may end anywhere.
            let is_zero = block.iter().all(|byte| *byte == 0);
            self.at += block.len();
            return if is_zero { Chunk::Unused } else { Chunk::Damaged };
        };
        if header.iter().all(|byte| *byte == 0) {
            self.at += block.len();
            let is_zero = body.iter().all(|byte| *byte == 0);
            return if is_zero { Chunk::Unused } else { Chunk::Damaged };
        }
        let kind = header[6];
        let size = if kind > 4 { NUMBERED } else { HEADER };
        let length = usize::from(u16::from_le_bytes([header[4], header[5]]));
        // Before the checksum: pebble ends a log with a header of the next number, and no checksum.
        if size == NUMBERED && block.get(HEADER..NUMBERED) != Some(&self.number.to_le_bytes()) {
            return Chunk::OfAnotherLog;
        }
        let Some(chunk) = block.get(6..size + length) else { return Chunk::Damaged };
        let sum = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        if checksum::masked(chunk) != sum {
            return Chunk::Damaged;
        }
        let place = match kind {
            1 | 5 => Place::Only,
            2 | 6 => Place::First,
            3 | 7 => Place::Middle,
            4 | 8 => Place::Last,
            _ => return Chunk::Damaged,
        };
        self.at += size + length;
        Chunk::Part(&chunk[size - 6..], place)
    }

    fn torn(&mut self) -> Option<Vec<u8>> {
        (self.end, self.at) = (End::Torn, self.log.len());
        None
    }
}

impl Iterator for Records<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut record: Option<Vec<u8>> = None;
        self.start = self.at;
        while self.at < self.log.len() {
            match self.chunk() {
                Chunk::Unused if record.is_none() => self.start = self.at,
                Chunk::OfAnotherLog if record.is_none() => self.at = self.log.len(),
                Chunk::Part(part, Place::Only) if record.is_none() => return Some(part.to_vec()),
                Chunk::Part(part, Place::First) if record.is_none() => record = Some(part.to_vec()),
                Chunk::Part(part, place @ (Place::Middle | Place::Last)) => match &mut record {
                    Some(bytes) => {
                        bytes.extend_from_slice(part);
                        if place == Place::Last {
                            return record;
                        }
                    }
                    None => return self.torn(),
                },
                _ => return self.torn(),
            }
        }
        if record.is_some() { self.torn() } else { None }
    }
}
