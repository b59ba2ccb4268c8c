//! The end of a table: where its index and its other blocks are.

use super::super::table::MAGIC;
use super::bytes::Bytes;
use super::error::{Error, at, corrupt};
use super::files::ReadAt;
use super::table::Handle;

/// The magic numbers of `RocksDB`'s tables, and of pebble's own.
const ROCKSDB: [u8; 8] = [0xf7, 0xcf, 0xf4, 0x85, 0xb7, 0x41, 0xe2, 0x88];
const PEBBLE: [u8; 8] = [0xf0, 0x9f, 0xaa, 0xb3, 0xf0, 0x9f, 0xaa, 0xb3];
/// Lengths of the footers.
const SHORT: usize = 48;
const LONG: usize = 53;
/// Bytes of the two handles, with what fills them up.
const HANDLES: usize = 40;
/// The last version of pebble's format without blocks of values.
const PEBBLE_VERSION: u32 = 2;

/// The last bytes of a table.
#[derive(Debug)]
pub(super) struct Footer {
    bytes: Vec<u8>,
    /// Where it is in the table.
    pub(super) start: u64,
    /// The names and handles of other blocks.
    pub(super) meta: Handle,
    pub(super) index: Handle,
    /// Whether the table is leveldb's own.
    pub(super) is_leveldb: bool,
}

impl Footer {
    /// Reads the footer of the table `name`, which has `size` bytes.
    pub(super) fn read(name: &str, file: &dyn ReadAt, size: u64) -> Result<Self, Error> {
        let mut bytes = vec![0; LONG.min(usize::try_from(size).unwrap_or(LONG))];
        let start = size - bytes.len() as u64;
        file.read_at(start, &mut bytes).map_err(at(name))?;
        let bad = |what| corrupt(name, start, what);
        let magic: [u8; 8] = *bytes.last_chunk().ok_or_else(|| bad("a table without a footer"))?;
        let is_leveldb = magic == MAGIC;
        if is_leveldb && bytes.len() >= SHORT {
            bytes.drain(..bytes.len() - SHORT);
        } else if [ROCKSDB, PEBBLE].contains(&magic) && bytes.len() == LONG {
            let version = u32::from_le_bytes([bytes[41], bytes[42], bytes[43], bytes[44]]);
            if magic == PEBBLE && version > PEBBLE_VERSION || bytes[0] != 1 {
                let what = format!("table of version {version} with checksums {}", bytes[0]);
                return Err(Error::Unknown { file: name.to_owned(), what });
            }
        } else {
            return Err(bad("a table without a magic number"));
        }
        let mut handles = Bytes(&bytes[handles_at(is_leveldb)..]);
        let (meta, index) = (Handle::read(&mut handles), Handle::read(&mut handles));
        let (Some(meta), Some(index)) = (meta, index) else { return Err(bad("a damaged footer")) };
        let start = size - bytes.len() as u64;
        Ok(Self { bytes, start, meta, index, is_leveldb })
    }

    /// The footer of a table of the same format with these handles.
    pub(super) fn with(&self, meta: &[u8], index: &[u8]) -> Vec<u8> {
        let at = handles_at(self.is_leveldb);
        let mut bytes = [&self.bytes[..at], meta, index].concat();
        bytes.resize(at + HANDLES, 0);
        bytes.extend_from_slice(&self.bytes[at + HANDLES..]);
        bytes
    }
}

/// Where the handles are: after the kind of the checksums, which leveldb does not have.
fn handles_at(is_leveldb: bool) -> usize {
    usize::from(!is_leveldb)
}
