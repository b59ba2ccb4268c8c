use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Temporary files in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// How many there were.
    pub(crate) files: AtomicUsize,
}

impl Space for Memory {
    fn scratch(&self) -> io::Result<Box<dyn Scratch>> {
        self.files.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Cursor::new(Vec::new())))
    }
}

/// A disk without room for more than this number of bytes.
#[derive(Debug)]
pub(crate) struct Full(pub(crate) usize);

impl Space for Full {
    fn scratch(&self) -> io::Result<Box<dyn Scratch>> {
        Ok(Box::new(Limited(Cursor::new(Vec::new()), self.0)))
    }
}

struct Limited(Cursor<Vec<u8>>, usize);

impl Read for Limited {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.get_ref().len() + bytes.len() > self.1 {
            return Err(io::Error::new(ErrorKind::StorageFull, "/data: no space left"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Limited {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.0.seek(place)
    }
}

fn fill(parts: &Parts<'_>, count: usize) -> Vec<Vec<u8>> {
    let mut expected = vec![Vec::new(); parts.count()];
    for number in 0..count {
        let part = number * 7 % parts.count();
        let record = number.to_be_bytes().repeat(1 + number % 50);
        parts.add(part, record.len(), |out| out.extend_from_slice(&record));
        expected[part].extend_from_slice(&record);
    }
    expected
}

#[test]
fn records_come_back_in_their_order() {
    for (limit, files) in [(usize::MAX, 0), (0, 1), (100, 1), (10_000, 1)] {
        let memory = Memory::default();
        let parts = Parts::new(&memory, 5, limit);
        let expected = fill(&parts, 20_000);
        for (part, expected) in expected.iter().enumerate() {
            assert_eq!(parts.length(part), expected.len() as u64);
            assert_eq!(parts.read(part).unwrap(), *expected);
        }
        // More after a read.
        parts.add(2, 3, |out| out.extend_from_slice(b"end"));
        assert_eq!(parts.read(2).unwrap(), [&expected[2][..], b"end"].concat());
        let mut taken = b"earlier".to_vec();
        parts.take(1, &mut taken).unwrap();
        assert_eq!(taken, expected[1]);
        assert_eq!((parts.length(1), parts.read(1).unwrap()), (0, Vec::new()));
        assert_eq!(memory.files.load(Ordering::Relaxed), files, "{limit}");
    }
}

#[test]
fn a_full_disk_is_reported_by_every_read() {
    let full = Full(3 << 20);
    let parts = Parts::new(&full, 3, 1000);
    fill(&parts, 20_000);
    for _ in 0..2 {
        let error = parts.read(0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "/data: no space left");
    }
}
