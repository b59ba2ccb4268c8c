//! The files of a snapshot as blobs of a registry.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read, Take};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::packed::{Contents, mode};
use crate::archive::oci::{Artifact, Blob, Layer};
use crate::io::{fs, open};

const BUFFER: usize = 1 << 18;

/// Bytes and files, one after the other, as a stream.
pub struct Sequence {
    pieces: VecDeque<Piece>,
    current: Open,
}

/// A piece of a stream.
#[derive(Debug, Clone)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The first bytes of a file.
    File(PathBuf, u64),
}

enum Open {
    Bytes(Cursor<Vec<u8>>),
    File(Take<File>),
}

impl std::fmt::Debug for Sequence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sequence").field("left", &self.pieces.len()).finish_non_exhaustive()
    }
}

impl Sequence {
    /// The stream of these pieces.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let current = Open::Bytes(Cursor::default());
        Self { pieces: pieces.into_iter().collect(), current }
    }
}

impl Read for Sequence {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = match &mut self.current {
                Open::Bytes(bytes) => bytes.read(buffer)?,
                Open::File(file) => file.read(buffer)?,
            };
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            self.current = match self.pieces.pop_front() {
                None => return Ok(0),
                Some(Piece::Bytes(bytes)) => Open::Bytes(Cursor::new(bytes)),
                Some(Piece::File(path, size)) => Open::File(open::file(&path)?.take(size)),
            };
        }
    }
}

/// Reads a stream to its end for its size and digest.
///
/// # Errors
/// It cannot be read.
pub fn blob(mut stream: impl Read) -> io::Result<Blob> {
    let (mut buffer, mut hasher, mut size) = (vec![0; BUFFER], Sha256::new(), 0);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(Blob { digest: hasher.finalize().into(), size }),
            Ok(length) => {
                hasher.update(&buffer[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The artifact of a snapshot.
///
/// # Errors
/// A file cannot be read.
pub fn artifact(root: &Path, contents: Contents) -> Result<Artifact, fs::Error> {
    let mut layers = Vec::with_capacity(contents.files.len());
    for file in contents.files {
        let path = root.join(&file.path);
        let meta = path.metadata().map_err(fs::at(&path))?;
        layers.push(Layer { file, mode: mode(meta.mode()) });
    }
    let mut artifact = Artifact { layers, sha256: [0; 32] };
    artifact.sha256 = blob(archive(root, &artifact)).map_err(fs::at(root))?.digest;
    Ok(artifact)
}

/// The tar archive of an artifact.
fn archive(root: &Path, artifact: &Artifact) -> Sequence {
    let mut list = artifact.archive();
    let mut given = std::mem::take(&mut list.given);
    Sequence::new(list.files.into_iter().enumerate().map(|(number, file)| {
        match given.remove(&number) {
            Some(bytes) => Piece::Bytes(bytes),
            None => Piece::File(root.join(&file.path), file.size),
        }
    }))
}

/// The layer of an image with a group of files.
pub fn tar(root: &Path, group: &[&Layer]) -> Vec<Piece> {
    let pieces = Layer::tar(group).into_iter();
    let pieces = pieces.flat_map(|(bytes, layer)| {
        let file = layer.map(|layer| Piece::File(root.join(&layer.file.path), layer.file.size));
        [Some(Piece::Bytes(bytes)), file]
    });
    pieces.flatten().collect()
}
