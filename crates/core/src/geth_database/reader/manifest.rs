//! The manifest: which tables and logs the database has. Sources: leveldb `db/version_edit.cc`, pebble
//! `internal/manifest/version_edit.go`.

use std::collections::BTreeMap;

use super::super::Engine;
use super::super::log::Log;
use super::bytes::{Bytes, order, split};
use super::error::{Error, corrupt};
use super::records::{End, Records};
use super::table::Listed;

/// The comparator of both engines: bytes in order.
const ORDER: &[u8] = b"leveldb.BytewiseComparator";

/// The tables of a database.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// Level, then number. The tables of levels from 1 on are in order and do not overlap.
    levels: BTreeMap<u64, BTreeMap<u64, Listed>>,
    /// Logs of lower numbers are in the tables.
    pub(super) log: u64,
    /// An earlier log that is not; leveldb writes none.
    pub(super) previous_log: u64,
    /// No file has this number, or a higher one.
    pub(super) next_file: u64,
    /// No table has a higher sequence number.
    pub(super) sequence: u64,
    sizes: Vec<Size>,
}

/// The size of a table in the current edit.
#[derive(Debug)]
struct Size {
    /// Number of the table.
    table: u64,
    /// Bytes of the edit from the size on, and those of the size.
    left: usize,
    length: usize,
}

impl Manifest {
    /// Reads the manifest `name`.
    pub(super) fn read(name: &str, log: &[u8]) -> Result<Self, Error> {
        let mut manifest = Self::default();
        let mut records = Records::new(log, 0);
        while let Some(edit) = records.next() {
            manifest.apply(&edit).map_err(|problem| problem.at(name, records.start as u64))?;
        }
        if records.end == End::Torn {
            return Err(corrupt(name, records.start as u64, "a record that is not complete"));
        }
        Ok(manifest)
    }

    /// The tables of each level; those of level 0 overlap, all others are in order.
    pub(super) fn into_levels(self) -> Vec<(u64, Vec<Listed>)> {
        let sorted = |(level, tables): (u64, BTreeMap<u64, Listed>)| {
            let mut tables: Vec<_> = tables.into_values().collect();
            tables.sort_by(|one, other| order(&one.first, &other.first));
            (level, tables)
        };
        self.levels.into_iter().map(sorted).collect()
    }

    fn apply(&mut self, edit: &[u8]) -> Result<(), Problem> {
        self.sizes.clear();
        let mut edit = Bytes(edit);
        while !edit.is_empty() {
            let tag = edit.varint().ok_or(Problem::Damaged)?;
            self.field(tag, &mut edit)?;
        }
        Ok(())
    }

    fn field(&mut self, tag: u64, edit: &mut Bytes<'_>) -> Result<(), Problem> {
        let bad = Problem::Damaged;
        match tag {
            1 => match edit.string() {
                Some(ORDER) => {}
                Some(other) => {
                    let other = String::from_utf8_lossy(other).escape_debug().to_string();
                    return Err(Problem::Unknown(format!("order {other}")));
                }
                None => return Err(bad),
            },
            2 => self.log = edit.varint().ok_or(bad)?,
            3 => self.next_file = edit.varint().ok_or(bad)?,
            4 => self.sequence = edit.varint().ok_or(bad)?,
            // Where the next compaction starts.
            5 => {
                edit.varint().ok_or(bad)?;
                edit.string().ok_or(Problem::Damaged)?;
            }
            6 => {
                let (level, number) = (edit.varint().ok_or(bad)?, edit.varint());
                let number = number.ok_or(Problem::Damaged)?;
                if let Some(tables) = self.levels.get_mut(&level) {
                    tables.remove(&number);
                }
            }
            7 | 100 | 102 | 103 => self.table(tag, edit)?,
            9 => self.previous_log = edit.varint().ok_or(bad)?,
            _ => return Err(Problem::Unknown(format!("field {tag} of a manifest"))),
        }
        Ok(())
    }

    fn table(&mut self, tag: u64, edit: &mut Bytes<'_>) -> Result<(), Problem> {
        let level = edit.varint().ok_or(Problem::Damaged)?;
        let (table, size) = listed(tag, edit).ok_or(Problem::Damaged)?;
        self.sizes.push(size);
        if tag == 103 {
            custom(edit)?;
        }
        if split(&table.first).is_none() || split(&table.last).is_none() {
            return Err(Problem::Damaged);
        }
        self.levels.entry(level).or_default().insert(table.number, table);
        Ok(())
    }
}

fn listed(tag: u64, edit: &mut Bytes<'_>) -> Option<(Listed, Size)> {
    let number = edit.varint()?;
    if tag == 102 {
        // The path.
        edit.varint()?;
    }
    let left = edit.0.len();
    edit.varint()?;
    let size = Size { table: number, left, length: left - edit.0.len() };
    let (first, last) = (edit.string()?.to_vec(), edit.string()?.to_vec());
    if tag != 7 {
        // The lowest and the highest sequence number.
        edit.varint()?;
        edit.varint()?;
    }
    Some((Listed { number, first, last }, size))
}

/// The manifest `name` with other sizes of tables, by number. None is larger than the size there, whose
/// place it takes: with leading zeros, as a reader of both engines accepts it.
pub(super) fn resized(
    name: &str,
    log: &[u8],
    sizes: &BTreeMap<u64, u64>,
) -> Result<Vec<u8>, Error> {
    let (mut manifest, mut records) = (Manifest::default(), Records::new(log, 0));
    // The manifests of pebble, too, have chunks without a number.
    let mut out = Log::new(Engine::LevelDb, 0);
    while let Some(mut edit) = records.next() {
        manifest.apply(&edit).map_err(|problem| problem.at(name, records.start as u64))?;
        for Size { table, left, length } in &manifest.sizes {
            let Some(size) = sizes.get(table) else { continue };
            let start = edit.len() - left;
            for (place, byte) in edit[start..start + length].iter_mut().enumerate() {
                let more = if place + 1 < *length { 0x80 } else { 0 };
                *byte = (size >> (7 * place)).to_le_bytes()[0] & 0x7f | more;
            }
        }
        out.add(&edit);
    }
    Ok(out.into_bytes())
}

/// Skips the additional fields of a table.
fn custom(edit: &mut Bytes<'_>) -> Result<(), Problem> {
    const END: u64 = 1;
    /// A reader that does not know such a field must not continue.
    const REQUIRED: u64 = 1 << 6;
    loop {
        match edit.varint() {
            Some(END) => return Ok(()),
            Some(tag) if tag & REQUIRED != 0 => {
                return Err(Problem::Unknown(format!("field {tag} of a table")));
            }
            Some(_) if edit.string().is_some() => {}
            _ => return Err(Problem::Damaged),
        }
    }
}

/// Why an edit cannot be read.
enum Problem {
    Damaged,
    Unknown(String),
}

impl Problem {
    /// The error of the edit at `start` in the manifest `name`.
    fn at(self, name: &str, start: u64) -> Error {
        match self {
            Self::Damaged => corrupt(name, start, "a damaged edit"),
            Self::Unknown(what) => Error::Unknown { file: name.to_owned(), what },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::table as written;
    use super::*;

    #[test]
    fn a_size_takes_the_place_of_a_larger_one() {
        let table = |number, size| written::Table { number, size, first: vec![1], last: vec![2] };
        let log = written::manifest(&[table(2, 300 << 20), table(3, 9)], 4);
        let other = resized("M", &log, &[(2, 300)].into()).unwrap();
        assert_eq!(other.len(), log.len());
        let edit = Records::new(&other, 0).next().unwrap();
        let mut manifest = Manifest::default();
        assert!(manifest.apply(&edit).is_ok());
        let size = |size: &Size| (size.table, Bytes(&edit[edit.len() - size.left..]).varint());
        let sizes: Vec<_> = manifest.sizes.iter().map(size).collect();
        assert_eq!(sizes, [(2, Some(300)), (3, Some(9))]);
    }
}
