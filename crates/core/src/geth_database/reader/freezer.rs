//! geth's freezer, `ancient/chain`: blocks that geth has moved out of its database, by number. Source:
//! geth `core/rawdb/freezer_table.go`, `core/rawdb/ancient_scheme.go`.
//!
//! ```text
//! TABLE.cidx         6 bytes an entry: number of a data file (u16), end of the item in it (u32)
//! TABLE.NNNN.cdat    items, one after the other, compressed by snappy
//! ```
//!
//! The first entry of an index has the first data file and the number of items that were removed before
//! it. An item that does not fit into a data file starts the next one. `ridx` and `rdat` are not
//! compressed.

use alloy_primitives::B256;

use super::error::{Error, at, corrupt};
use super::files::{Files, ReadAt};
use super::table::decompress;

/// Bytes of an entry of an index.
const ENTRY: usize = 6;

/// The frozen blocks of a chain.
#[derive(Debug)]
pub struct Freezer<'a> {
    hashes: Table<'a>,
    headers: Table<'a>,
    bodies: Table<'a>,
}

/// A table: an item for each block.
#[derive(Debug)]
struct Table<'a> {
    files: &'a dyn Files,
    name: &'static str,
    is_compressed: bool,
    index: Box<dyn ReadAt>,
    /// The number of the first item.
    first: u64,
    /// The number after the last item.
    end: u64,
}

impl<'a> Freezer<'a> {
    /// Opens the freezer in the directory `files`; `None` if it has no blocks.
    ///
    /// # Errors
    /// An index cannot be read.
    pub fn open(files: &'a dyn Files) -> Result<Option<Self>, Error> {
        let names = files.names().map_err(at("."))?;
        let is_there = |name: &str| names.iter().any(|found| found == name);
        if !["hashes.ridx", "headers.cidx", "bodies.cidx"].into_iter().all(is_there) {
            return Ok(None);
        }
        let freezer = Self {
            hashes: Table::open(files, "hashes", false)?,
            headers: Table::open(files, "headers", true)?,
            bodies: Table::open(files, "bodies", true)?,
        };
        Ok((freezer.end() > 0).then_some(freezer))
    }

    /// The number after that of the last block. After a crash, the tables may have different lengths.
    pub fn end(&self) -> u64 {
        self.hashes.end.min(self.headers.end).min(self.bodies.end)
    }

    /// The hash of the canonical block `number`.
    ///
    /// # Errors
    /// The files are damaged.
    pub fn hash(&self, number: u64) -> Result<Option<B256>, Error> {
        let hash = self.hashes.item(number)?;
        Ok(hash.and_then(|hash| B256::try_from(&hash[..]).ok()))
    }

    /// The RLP of its header.
    ///
    /// # Errors
    /// The files are damaged.
    pub fn header(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        self.headers.item(number)
    }

    /// The RLP of its body; `None` also if geth has removed it (`--history.chain`).
    ///
    /// # Errors
    /// The files are damaged.
    pub fn body(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        self.bodies.item(number)
    }
}

impl<'a> Table<'a> {
    fn open(files: &'a dyn Files, name: &'static str, is_compressed: bool) -> Result<Self, Error> {
        let file = format!("{name}.{}idx", if is_compressed { 'c' } else { 'r' });
        let index = files.open(&file).map_err(at(&file))?;
        let entries = index.length().map_err(at(&file))? / ENTRY as u64;
        let mut table = Self { files, name, is_compressed, index, first: 0, end: 0 };
        if let Some(items) = entries.checked_sub(1) {
            let (_, removed) = table.entry(0)?;
            table.first = u64::from(removed);
            table.end = table.first + items;
        }
        Ok(table)
    }

    fn index_name(&self) -> String {
        format!("{}.{}idx", self.name, if self.is_compressed { 'c' } else { 'r' })
    }

    /// Entry `position` of the index: a data file, and an offset in it.
    fn entry(&self, position: u64) -> Result<(u16, u32), Error> {
        let mut bytes = [0; ENTRY];
        let read = self.index.read_at(position * ENTRY as u64, &mut bytes);
        read.map_err(at(&self.index_name()))?;
        let [a, b, offset @ ..] = bytes;
        Ok((u16::from_be_bytes([a, b]), u32::from_be_bytes(offset)))
    }

    fn item(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        if !(self.first..self.end).contains(&number) {
            return Ok(None);
        }
        let position = number - self.first;
        let (file, end) = self.entry(position + 1)?;
        let start = match self.entry(position)? {
            // The first entry is not the end of an item, and the item may be the first of its file.
            (before, offset) if position > 0 && before == file => offset,
            _ => 0,
        };
        let wrong = |what| corrupt(&self.index_name(), position * ENTRY as u64, what);
        let length = end.checked_sub(start).ok_or_else(|| wrong("offsets that do not ascend"))?;
        let name =
            format!("{}.{file:04}.{}dat", self.name, if self.is_compressed { 'c' } else { 'r' });
        let data = self.files.open(&name).map_err(at(&name))?;
        if data.length().map_err(at(&name))? < u64::from(end) {
            return Err(wrong("an item after the end of its file"));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        data.read_at(u64::from(start), &mut bytes).map_err(at(&name))?;
        if self.is_compressed {
            let item = decompress(&bytes);
            let item =
                item.ok_or_else(|| corrupt(&name, u64::from(start), "an item that is not valid"));
            return item.map(Some);
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::InMemory;
    use super::*;

    /// A table whose data files have at most 40 bytes, from item `first` on.
    fn table(files: &mut InMemory, name: &str, kind: char, first: u32, items: &[Vec<u8>]) {
        let (mut index, mut data) =
            ([&[0, 0][..], &first.to_be_bytes()].concat(), vec![Vec::new()]);
        for item in items {
            let item = match kind {
                'c' => snap::raw::Encoder::new().compress_vec(item).unwrap(),
                _ => item.clone(),
            };
            if data.last().is_some_and(|data: &Vec<u8>| data.len() + item.len() > 40) {
                data.push(Vec::new());
            }
            let number = u16::try_from(data.len() - 1).unwrap();
            let last = data.last_mut().unwrap();
            last.extend(item);
            index.extend(number.to_be_bytes());
            index.extend(u32::try_from(last.len()).unwrap().to_be_bytes());
        }
        files.0.insert(format!("{name}.{kind}idx"), index);
        for (number, bytes) in data.into_iter().enumerate() {
            files.0.insert(format!("{name}.{number:04}.{kind}dat"), bytes);
        }
    }

    fn freezer() -> InMemory {
        let mut files = InMemory::default();
        let hash = |number: u8| B256::repeat_byte(number).to_vec();
        table(&mut files, "hashes", 'r', 0, &(0..9).map(hash).collect::<Vec<_>>());
        let header = |number: u8| vec![number; usize::from(number) * 9];
        table(&mut files, "headers", 'c', 0, &(0..8).map(header).collect::<Vec<_>>());
        // The bodies of four blocks were removed.
        table(&mut files, "bodies", 'c', 4, &(4..8).map(header).collect::<Vec<_>>());
        files
    }

    #[test]
    fn every_item_is_found_by_its_number() {
        let files = freezer();
        let freezer = Freezer::open(&files).unwrap().unwrap();
        assert_eq!(freezer.end(), 8);
        for number in 0..8_u8 {
            let at = u64::from(number);
            let item = vec![number; usize::from(number) * 9];
            assert_eq!(freezer.hash(at).unwrap(), Some(B256::repeat_byte(number)));
            assert_eq!(freezer.header(at).unwrap().as_ref(), Some(&item));
            assert_eq!(freezer.body(at).unwrap(), (number >= 4).then_some(item));
        }
        assert_eq!(freezer.header(8).unwrap(), None);
    }

    #[test]
    fn a_block_without_one_of_its_parts_is_after_the_end() {
        for (name, kind, first) in [("hashes", 'r', 0), ("headers", 'c', 0), ("bodies", 'c', 4)] {
            let mut files = freezer();
            let item = |number: u8| vec![number; 32];
            table(&mut files, name, kind, first, &(0..2).map(item).collect::<Vec<_>>());
            let freezer = Freezer::open(&files).unwrap().unwrap();
            assert_eq!(freezer.end(), u64::from(first) + 2, "{name}");
        }
    }

    #[test]
    fn a_damaged_freezer_is_an_error() {
        for (name, bytes) in
            [("headers.cidx", vec![0; 4]), ("headers.cidx", vec![0; 6]), ("hashes.ridx", vec![])]
        {
            let mut files = freezer();
            files.0.insert(name.to_owned(), bytes);
            assert!(Freezer::open(&files).unwrap().is_none(), "{name}");
        }
        assert!(Freezer::open(&InMemory::default()).unwrap().is_none());
        let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut files = freezer();
            change(files.0.get_mut(name).unwrap());
            Freezer::open(&files).unwrap().unwrap().header(7).unwrap_err().to_string()
        };
        let index = with("headers.cidx", &|bytes| bytes[8 * 6 + 5] = 0xff);
        assert!(index.contains("headers.cidx: offset 42: "), "{index}");
        let file = with("headers.cidx", &|bytes| bytes[8 * 6] = 9);
        assert!(file.contains("headers.2305.cdat: "), "{file}");
        let mut files = freezer();
        let is_data = |name: &&String| {
            name.strip_prefix("headers").is_some_and(|rest| rest.strip_suffix(".cdat").is_some())
        };
        let last = files.0.keys().rfind(is_data);
        let last = last.unwrap().clone();
        files.0.get_mut(&last).unwrap().fill(0xff);
        let error = Freezer::open(&files).unwrap().unwrap().header(7).unwrap_err().to_string();
        assert!(error.contains("an item that is not valid"), "{error}");
    }
}
