//! Reads the entries of a tar archive from a stream, and refuses those that a snapshot cannot have.

use std::io::{self, ErrorKind, Read};

use super::header::{BLOCK, Header, padding};
use super::{Error, MARKER, Refusal, links, names, pax};

/// Bytes of a long name or of a pax header.
const MOST_EXTENSION: u64 = 1 << 20;
/// Headers that may precede the header of an entry.
const MOST_EXTENSIONS: usize = 8;
/// Entries of an archive.
pub(super) const MOST_ENTRIES: u64 = 4_000_000;

/// An entry of an archive; its path and its link stay in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path with `/` between its names.
    pub path: String,
    /// Permission bits; none of setuid, setgid and sticky.
    pub mode: u32,
    /// Its kind.
    pub kind: Kind,
}

/// The kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A file with this number of bytes, which the reader returns next.
    File(u64),
    /// A directory.
    Directory,
    /// A symbolic link and its target.
    Link(String),
    /// Another name of an earlier file, which has this path.
    SameAs(String),
}

/// Reads entries. Between two calls of [`Reader::next_entry`], [`Read`] returns the data of the entry.
#[derive(Debug)]
pub struct Reader<R> {
    inner: R,
    /// Uncompressed bytes that were read.
    position: u64,
    /// Data of the entry that are still to be read.
    left: u64,
    /// Bytes of the entry's data.
    size: u64,
    entries: u64,
}

impl<R: Read> Reader<R> {
    /// The archive in `inner`, which is at this position between two entries, after a number of entries.
    pub fn resume(inner: R, position: u64, entries: u64) -> Self {
        Self { inner, position, left: 0, size: 0, entries }
    }

    /// Uncompressed bytes up to here.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The entries so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The stream.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The next entry; `None` at the end of the archive. After [`Error::Refused`], the next call continues
    /// with the entry after the refused one.
    ///
    /// # Errors
    /// The stream fails, is not a tar archive, or has an entry that is refused.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Error> {
        self.finish()?;
        let mut long = pax::Records::default();
        for _ in 0..=MOST_EXTENSIONS {
            let offset = self.position;
            let format = |what| Error::Format { offset, what };
            let block = self.block()?;
            if block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let header = Header::parse(&block).map_err(format)?;
            match header.flag {
                b'L' => long.path = Some(self.long_name(header.size)?),
                b'K' => long.link = Some(self.long_name(header.size)?),
                b'x' => {
                    let records = pax::parse(&self.extension(header.size)?).map_err(format)?;
                    long.path = records.path.or(long.path);
                    long.link = records.link.or(long.link);
                    long.size = records.size.or(long.size);
                }
                b'g' => {
                    let records = pax::parse(&self.extension(header.size)?).map_err(format)?;
                    if records != pax::Records::default() {
                        return Err(format("a global pax header changes paths or sizes"));
                    }
                }
                _ => return self.entry(header, long).map(Some),
            }
        }
        Err(Error::Format { offset: self.position, what: "an entry has too many headers" })
    }

    fn entry(&mut self, header: Header, long: pax::Records) -> Result<Entry, Error> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES {
            return Err(Error::TooMany(MOST_ENTRIES));
        }
        let size = long.size.unwrap_or(header.size);
        // Set before any refusal: the next entry is after the data of the refused one.
        (self.left, self.size) = (size, size);
        let raw = long.path.unwrap_or(header.path);
        let refused =
            |why| Error::Refused { path: String::from_utf8_lossy(&raw).into_owned(), why };
        let path = names::inner(&raw).map_err(refused)?;
        let target = long.link.unwrap_or(header.link);
        // Before ustar, a directory was a file whose name ends with a slash.
        let flag =
            if raw.ends_with(b"/") && matches!(header.flag, b'0' | 0) { b'5' } else { header.flag };
        let kind = match flag {
            b'0' | b'7' | 0 => Kind::File(size),
            b'5' => Kind::Directory,
            b'2' => Kind::Link(links::check(&path, &target).map_err(refused)?),
            b'1' => Kind::SameAs(names::inner(&target).map_err(|_| {
                refused(Refusal::LinkOut(String::from_utf8_lossy(&target).into_owned()))
            })?),
            b'3' | b'4' => return Err(refused(Refusal::Kind("a device"))),
            b'6' => return Err(refused(Refusal::Kind("a named pipe"))),
            b'S' => return Err(refused(Refusal::Kind("a sparse file"))),
            _ => return Err(refused(Refusal::Kind("of an unknown kind"))),
        };
        if path.is_empty() && kind != Kind::Directory {
            return Err(refused(Refusal::Name));
        }
        if path.eq_ignore_ascii_case(MARKER) {
            return Err(refused(Refusal::Marker));
        }
        if size > 0 && !matches!(kind, Kind::File(_)) {
            return Err(refused(Refusal::Data(size)));
        }
        Ok(Entry { path, mode: header.mode & 0o777, kind })
    }

    /// Skips what is left of the entry, with its padding. The position is then that of the next header.
    ///
    /// # Errors
    /// The stream fails or ends.
    pub fn finish(&mut self) -> Result<(), Error> {
        let rest = self.left + padding(self.size).len() as u64;
        let skipped = io::copy(&mut (&mut self.inner).take(rest), &mut io::sink())?;
        self.position += skipped;
        (self.left, self.size) = (0, 0);
        if skipped < rest { Err(Error::Truncated(self.position)) } else { Ok(()) }
    }

    /// Reads to the end of the stream. After the end of the archive only zeros may follow: another
    /// archive there would be lost silently.
    ///
    /// # Errors
    /// The stream fails, or has other bytes.
    pub fn drain(&mut self) -> Result<(), Error> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let offset = self.position;
            match self.inner.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) if buffer[..length].iter().all(|byte| *byte == 0) => {
                    self.position += length as u64;
                }
                Ok(_) => {
                    return Err(Error::Format {
                        offset,
                        what: "data follow the end of the archive",
                    });
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn block(&mut self) -> Result<[u8; BLOCK], Error> {
        let mut block = [0; BLOCK];
        self.exact(&mut block)?;
        Ok(block)
    }

    fn exact(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        self.inner.read_exact(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Error::Truncated(self.position),
            _ => Error::Read(error),
        })?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        let too_long = Error::Format { offset: self.position, what: "a pax header is too long" };
        let length =
            usize::try_from(size).ok().filter(|_| size <= MOST_EXTENSION).ok_or(too_long)?;
        let mut bytes = vec![0; length];
        self.exact(&mut bytes)?;
        let mut rest = [0; BLOCK];
        self.exact(&mut rest[..padding(size).len()])?;
        Ok(bytes)
    }

    /// GNU tar's long names end with NUL.
    fn long_name(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        let mut name = self.extension(size)?;
        while name.last() == Some(&0) {
            name.pop();
        }
        Ok(name)
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let length = self.inner.read(&mut buffer[..most])?;
        self.left -= length as u64;
        self.position += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{directory_header, end, file_header};
    use super::*;

    fn file(path: &str, data: &[u8]) -> Vec<u8> {
        let size = data.len() as u64;
        [&file_header(path, 0o644, size), data, padding(size)].concat()
    }

    #[test]
    fn entries_are_read_as_they_were_written() {
        let long = "long/".repeat(30) + "name";
        let archive = [
            directory_header("el", 0o755),
            file("el/a", b"12345"),
            file("empty", b""),
            file(&long, &[7; 512]),
            end().to_vec(),
            vec![0; 9 * BLOCK],
        ]
        .concat();
        let mut reader = Reader::resume(&archive[..], 0, 0);
        let mut found = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let mut data = Vec::new();
            if found.len() % 2 == 1 {
                reader.read_to_end(&mut data).unwrap();
            }
            found.push((entry, data));
        }
        reader.drain().unwrap();
        assert_eq!(reader.position(), archive.len() as u64);
        let entry = |path: &str, mode, kind| Entry { path: path.to_owned(), mode, kind };
        assert_eq!(found[0].0, entry("el", 0o755, Kind::Directory));
        assert_eq!(found[1], (entry("el/a", 0o644, Kind::File(5)), b"12345".to_vec()));
        assert_eq!(found[2].0, entry("empty", 0o644, Kind::File(0)));
        assert_eq!(found[3], (entry(&long, 0o644, Kind::File(512)), vec![7; 512]));
        // Every shorter archive is truncated.
        for length in 0..archive.len() - 11 * BLOCK {
            let mut reader = Reader::resume(&archive[..length], 0, 0);
            let error = loop {
                match reader.next_entry() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{length}: complete"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, Error::Truncated(_)), "{length}: {error}");
        }
    }

    #[test]
    fn the_entry_after_a_refused_one_is_read() {
        let archive = [file("../a", &[b'x'; 700]), file("b", b"12"), end().to_vec()].concat();
        let mut reader = Reader::resume(&archive[..], 0, 0);
        assert!(matches!(reader.next_entry(), Err(Error::Refused { .. })));
        assert_eq!(reader.next_entry().unwrap().unwrap().path, "b");
        assert!(reader.next_entry().unwrap().is_none());
    }

    #[test]
    fn an_archive_cannot_make_the_reader_remember_gigabytes() {
        let mut header = file_header("x", 0, 0);
        header[156] = b'L';
        header[124..135].copy_from_slice(b"77777777777");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let endless = header.chain(io::repeat(b'a'));
        let error = Reader::resume(endless, 0, 0).next_entry().unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{error}");
    }

    #[test]
    fn data_after_the_end_is_not_lost_silently() {
        let archive = [end().to_vec(), file("second", b"x")].concat();
        let mut reader = Reader::resume(&archive[..], 0, 0);
        assert!(reader.next_entry().unwrap().is_none());
        assert!(reader.drain().is_err());
    }
}
