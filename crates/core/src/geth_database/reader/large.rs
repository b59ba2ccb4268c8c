//! A block with a large value, such as the alloc of its genesis that geth keeps: hundreds of megabytes. Both
//! engines end a block after it. The keys in such a block are read without the value.
//!
//! Source: snappy `format_description.txt`.

use super::super::checksum::Checksum;
use super::super::put_varint;
use super::block::Block;
use super::bytes::Bytes;
use super::error::{Error, at};
use super::table::{Handle, Table};

/// Bytes of a block that has a large value.
const LARGE: usize = 1 << 20;
/// Bytes that are kept of it. The entries before the large value are fewer than those of a usual block, of
/// 4 KiB.
const START: usize = 256 << 10;

impl Table {
    /// Reads a block; a large one without its last value.
    pub(super) fn block(&self, handle: Handle) -> Result<Block, Error> {
        let start = if handle.length < LARGE { None } else { self.start_of(handle)? };
        start.map_or_else(|| self.read(handle), Ok)
    }

    /// The block without its last value, if that is the large one.
    fn start_of(&self, handle: Handle) -> Result<Option<Block>, Error> {
        const CHECKSUM: usize = 4;
        let mut left = self.length_of(handle)? - CHECKSUM;
        let mut offset = handle.offset;
        let (mut sum, mut start, mut buffer) = (Checksum::new(), Vec::new(), vec![0; LARGE]);
        let mut compression = 0;
        while left > 0 {
            let piece = &mut buffer[..left.min(LARGE)];
            self.file.read_at(offset, piece).map_err(at(&self.name))?;
            sum.add(piece);
            if start.is_empty() {
                start.extend_from_slice(&piece[..START.min(piece.len())]);
            }
            compression = piece.last().copied().unwrap_or_default();
            offset += piece.len() as u64;
            left -= piece.len();
        }
        let mut stored = [0; CHECKSUM];
        self.file.read_at(offset, &mut stored).map_err(at(&self.name))?;
        if sum.masked().to_le_bytes() != stored {
            return Err(self.with_other_checksum(handle));
        }
        let start = match compression {
            0 => Some((start, handle.length)),
            1 => decompress_start(&start),
            _ => None,
        };
        Ok(start.and_then(|(start, size)| Block::without_last_value(start, size)))
    }
}

/// Decompresses as much as is complete in the start of what snappy compressed; with the size of all of it.
fn decompress_start(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut rest = Bytes(bytes);
    let size = rest.length()?;
    let elements = rest.0;
    let (mut length, mut used) = (0, 0);
    while length < START
        && let Some(more) = element(&mut rest)
    {
        length += more;
        used = elements.len() - rest.0.len();
    }
    // The same elements, after the length of what comes out of them.
    let mut complete = Vec::new();
    put_varint(&mut complete, length as u64);
    complete.extend_from_slice(&elements[..used]);
    Some((snap::raw::Decoder::new().decompress_vec(&complete).ok()?, size))
}

/// Skips an element; returns how many bytes come out of it.
fn element(bytes: &mut Bytes<'_>) -> Option<usize> {
    /// Lengths of literals from here on are those of their lengths.
    const LONG: usize = 60;
    let tag = usize::from(bytes.byte()?);
    let (kind, number) = (tag & 3, tag >> 2);
    match kind {
        0 => {
            let mut length = number;
            if number >= LONG {
                let digits = bytes.take(number - LONG + 1)?.iter().rev();
                length = digits.fold(0, |length, byte| length << 8 | usize::from(*byte));
            }
            bytes.take(length + 1).map(<[u8]>::len)
        }
        1 => bytes.take(1).map(|_| 4 + (number & 7)),
        2 => bytes.take(2).map(|_| 1 + number),
        _ => bytes.take(4).map(|_| 1 + number),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io;

    use alloy_primitives::keccak256;

    use super::super::super::table as written;
    use super::super::tests::InMemory;
    use super::super::{Database, Files, ReadAt};
    use super::*;

    const VALUE: usize = 3 << 20;

    /// Files that refuse to read more than a MiB at once.
    #[derive(Debug)]
    struct InPieces(InMemory);
    #[derive(Debug)]
    struct Open(Box<dyn ReadAt>);

    impl Files for InPieces {
        fn names(&self) -> io::Result<Vec<String>> {
            self.0.names()
        }

        fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
            Ok(Box::new(Open(self.0.open(name)?)))
        }
    }

    impl ReadAt for Open {
        fn length(&self) -> io::Result<u64> {
            self.0.length()
        }

        fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
            if bytes.len() > LARGE {
                return Err(io::Error::other("too much at once"));
            }
            self.0.read_at(offset, bytes)
        }
    }

    /// A value that snappy cannot make smaller.
    fn noise(length: usize) -> Vec<u8> {
        let blocks = (0..length.div_ceil(32)).map(|number| keccak256(number.to_be_bytes()));
        blocks.flat_map(|block| block.0).take(length).collect()
    }

    /// Keys before and after `ethereum-genesis`, whose value is large.
    pub(in super::super) fn database() -> InMemory {
        let mut table = written::Builder::default();
        let before = (0..60).map(|number| (format!("code{number:02}"), vec![number; 100]));
        let config = ("ethereum-config".to_owned(), b"{}".to_vec());
        let genesis = ("ethereum-genesis".to_owned(), noise(VALUE));
        let after = (0..60).map(|number| (format!("head{number:02}"), vec![number; 100]));
        for (key, value) in before.chain([config, genesis]).chain(after) {
            table.add(key.as_bytes(), &value);
        }
        let written::Encoded { bytes, size, first, last } = table.finish();
        let tables = [written::Table { number: 2, size, first, last }];
        let mut files = InMemory::default();
        files.0.insert("000002.ldb".to_owned(), bytes);
        files.0.insert("MANIFEST-000001".to_owned(), written::manifest(&tables, 4));
        files.0.insert("CURRENT".to_owned(), b"MANIFEST-000001\n".to_vec());
        files
    }

    #[test]
    fn keys_beside_a_large_value_are_read_without_it() {
        let files = InPieces(database());
        let database = Database::open(&files).unwrap();
        assert_eq!(database.get(b"ethereum-config").unwrap().unwrap(), b"{}");
        assert_eq!(database.get(b"ethereum-d").unwrap(), None);
        assert_eq!(database.get(b"head07").unwrap().unwrap(), [7; 100]);
        let (mut range, mut keys) = (database.range(b"").unwrap(), Vec::new());
        while let Some(key) = range.next_key().unwrap() {
            keys.push(key);
        }
        assert_eq!(keys.len(), 122);
        assert!(keys.is_sorted() && keys.contains(&b"ethereum-genesis".to_vec()));
        let error = database.get(b"ethereum-genesis").unwrap_err().to_string();
        assert!(error.contains("too much at once"), "{error}");
    }

    #[test]
    fn a_large_value_is_read_when_it_is_wanted() {
        let files = database();
        let database = Database::open(&files).unwrap();
        assert!(database.get(b"ethereum-genesis").unwrap().unwrap() == noise(VALUE));
        let mut range = database.range(b"ethereum-").unwrap();
        assert_eq!(range.next().unwrap().unwrap().1, b"{}");
        assert!(range.next().unwrap().unwrap().1 == noise(VALUE));
        assert!(range.next().unwrap().is_none());
    }

    #[test]
    fn damage_in_a_large_value_is_found_with_the_keys_beside_it() {
        let mut files = database();
        files.0.get_mut("000002.ldb").unwrap()[VALUE / 2] ^= 1;
        let database = Database::open(&files).unwrap();
        let error = database.get(b"ethereum-config").unwrap_err().to_string();
        assert!(error.ends_with(": a block with another checksum"), "{error}");
    }

    #[test]
    fn the_start_of_what_snappy_compressed_is_decompressed() {
        let texts =
            (0..300_000_u32).map(|number| format!("{{\"balance\": \"{:x}\"}}", number * 977));
        for bytes in [noise(VALUE), vec![b'0'; VALUE], texts.collect::<String>().into_bytes()] {
            let compressed = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
            let head = &compressed[..START.min(compressed.len())];
            let (start, size) = decompress_start(head).unwrap();
            assert_eq!(size, bytes.len());
            assert!(start.len() >= START / 2 && bytes.starts_with(&start), "{}", start.len());
        }
        for bytes in [&[][..], &[0x80], &[5, 0xf0], &[5, 0xfc, 0xff, 0xff, 0xff, 0xff, 1]] {
            let _ = decompress_start(bytes);
        }
    }
}
