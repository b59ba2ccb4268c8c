//! An archive in several files, as one stream.

use std::io::{Cursor, Error as IoError, ErrorKind, Read, Result as IoResult};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Error, Opened, Place};
use crate::archive::Parts;

/// A file of the list has other bytes than listed.
#[derive(Debug, thiserror::Error)]
#[error("{path}: sha256 is {found}, expected {listed} (the list of files)")]
pub(super) struct Differs {
    path: String,
    found: String,
    listed: String,
}

/// The list, and where it is.
#[derive(Debug, Clone)]
pub(super) struct InParts {
    pub(super) list: Arc<Parts>,
    /// Where the list is; the paths of the files start there.
    pub(super) place: Arc<Place>,
}

impl InParts {
    pub(super) fn open(&self, offset: u64) -> Result<Opened, Error> {
        let (size, version) = (self.list.size(), Some(hex::encode(self.list.sha256)));
        let (index, start) = self.list.at(offset).unwrap_or((self.list.files.len(), 0));
        let mut body = Body { parts: self.clone(), index, part: None };
        if index < self.list.files.len() {
            body.part = Some(body.open(start)?);
        }
        Ok(Opened { body: Box::new(body), start: offset, size, version })
    }
}

/// The files from one of them to the last one.
struct Body {
    parts: InParts,
    index: usize,
    part: Option<Part>,
}

struct Part {
    body: Box<dyn Read + Send>,
    left: u64,
    /// `None` if its start was read in an earlier run: the digest of the archive covers it.
    hasher: Option<Sha256>,
}

impl Body {
    fn open(&self, start: u64) -> Result<Part, Error> {
        let file = &self.parts.list.files[self.index];
        let hasher = (start == 0).then(Sha256::new);
        if file.size == 0 {
            return Ok(Part { body: Box::new(std::io::empty()), left: 0, hasher });
        }
        if let Some(bytes) = self.parts.list.given.get(&self.index) {
            let rest = usize::try_from(start).ok().and_then(|start| bytes.get(start..));
            let body = Box::new(Cursor::new(rest.unwrap_or_default().to_owned()));
            return Ok(Part { body, left: file.size - start, hasher });
        }
        let opened = self.parts.place.part(file, start)?;
        if opened.size.is_some_and(|size| size != file.size) {
            let what = format!("{}: has another size than listed", file.path);
            return Err(Error::Status(what));
        }
        let mut body = opened.body;
        let before = start - opened.start.min(start);
        let skipped = std::io::copy(&mut (&mut body).take(before), &mut std::io::sink());
        if skipped.ok() != Some(before) {
            return Err(Error::Unreachable("breaks the connection".to_owned()));
        }
        Ok(Part { body, left: file.size - start, hasher })
    }

    /// Compares the digest of a complete file.
    fn check(&self, hasher: Sha256) -> IoResult<()> {
        let file = &self.parts.list.files[self.index];
        let found: [u8; 32] = hasher.finalize().into();
        if found == file.sha256 {
            return Ok(());
        }
        let (found, listed) = (hex::encode(found), hex::encode(file.sha256));
        Err(IoError::other(Differs { path: file.path.clone(), found, listed }))
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        while self.index < self.parts.list.files.len() {
            let mut part = match self.part.take() {
                Some(part) => part,
                None => self.open(0).map_err(|error| IoError::other(error.what()))?,
            };
            if part.left == 0 {
                part.hasher.map_or(Ok(()), |hasher| self.check(hasher))?;
                self.index += 1;
                continue;
            }
            let most = usize::try_from(part.left).unwrap_or(usize::MAX).min(buffer.len());
            let length = part.body.read(&mut buffer[..most])?;
            if length == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            part.left -= length as u64;
            if let Some(hasher) = &mut part.hasher {
                hasher.update(&buffer[..length]);
            }
            self.part = Some(part);
            return Ok(length);
        }
        Ok(0)
    }
}
