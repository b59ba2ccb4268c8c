//! Files and directories as they are made on disk: exact modes, and the path in every error.

mod error;
mod place;

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

pub use self::error::Error;
pub(super) use self::place::{beside, rename_new};
pub use self::place::{check_directory, check_file, remove_file};
use super::{fs, platform, signal};
use crate::el::edit::Piece;
use crate::layout::{Content, OutFile};
use crate::snapshot::Input;

/// Small pieces are gathered to this before they are written.
const BUFFER: usize = 1 << 16;

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::Path { path: path.to_owned(), source }
}

/// What a written file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Path in the runtime directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the bytes.
    pub sha256: [u8; 32],
}

/// The mode of a file: only its owner reads a secret.
pub(super) fn mode(file: &OutFile) -> u32 {
    if file.secret { 0o600 } else { 0o644 }
}

fn directory_mode(file: &OutFile) -> u32 {
    if file.secret { 0o700 } else { 0o755 }
}

/// Writes `file` below `directory`. A file that is there is overwritten, or left if it has just
/// these bytes: a file system needs far longer to make thousands of files than to read them.
pub(super) fn write(directory: &Path, file: &OutFile) -> Result<Written, Error> {
    let path = directory.join(&file.path);
    if let Content::Bytes(bytes) = &file.content
        && std::fs::read(&path).is_ok_and(|found| found == *bytes)
    {
        let (size, sha256) = (bytes.len() as u64, Sha256::digest(bytes).into());
        return Ok(Written { path: file.path.clone(), size, sha256 });
    }
    let out = signal::uninterrupted(|| match open(&path, mode(file)) {
        Err(Error::Path { source, .. }) if source.kind() == ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(directory);
            make_directories(parent, directory_mode(file))?;
            open(&path, mode(file))
        }
        opened => opened,
    })?;
    let mut sink = Sink { out, path: &path, hasher: Sha256::new(), size: 0, begun: 0 };
    match &file.content {
        Content::Bytes(bytes) => sink.write_all(bytes).map_err(at(&path))?,
        Content::Ssz(value) => {
            let mut buffer = BufWriter::with_capacity(BUFFER, &mut sink);
            value.encode(&mut buffer).and_then(|()| buffer.flush()).map_err(at(&path))?;
        }
        Content::Pieces(pieces, input, prefix) => {
            let known = prefix.as_ref().map_or(0, |prefix| prefix.pieces);
            pieces[..known].iter().try_for_each(|piece| sink.copy(piece, input))?;
            if let Some(prefix) = prefix {
                (sink.hasher, sink.size) = (prefix.hasher.clone(), prefix.length);
                sink.begun = prefix.length;
            }
            pieces[known..].iter().try_for_each(|piece| sink.put(piece, input))?;
        }
        &Content::Copy(ref input, size, sha256) => {
            sink.copy(&Piece::Source(0..size), input)?;
            sink.out.set_len(size).map_err(at(&path))?;
            return Ok(Written { path: file.path.clone(), size, sha256 });
        }
    }
    // Not cut before it is written: ext4 would write it to disk at once.
    sink.out.set_len(sink.size).map_err(at(&path))?;
    let (size, sha256) = (sink.size, sink.hasher.finalize().into());
    Ok(Written { path: file.path.clone(), size, sha256 })
}

fn open(path: &Path, mode: u32) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(mode).open(path);
    let file = file.map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    Ok(file)
}

/// Removes what is below `directory` and not to be kept, a directory with all that is in it.
/// `keep` is asked with the path from `root`, and the metadata of the entry itself.
pub(super) fn sweep(
    root: &Path,
    directory: &str,
    keep: impl Fn(&Path, &Metadata) -> bool,
) -> Result<(), Error> {
    let mut open = vec![root.join(directory)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).map_err(at(&directory))? {
            let entry = entry.map_err(at(&directory))?;
            let path = entry.path();
            let metadata = entry.metadata().map_err(at(&path))?;
            if !keep(path.strip_prefix(root).unwrap_or(&path), &metadata) {
                remove(&path)?;
            } else if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    Ok(())
}

/// Whether we made this, and nobody changed it: a secret file, or a directory of such files.
pub(super) fn is_our_secret(metadata: &Metadata, owner: u32) -> bool {
    let (kind, mode) = (metadata.file_type(), metadata.mode() & 0o7777);
    let file = kind.is_file() && mode == 0o600 && metadata.nlink() == 1;
    metadata.uid() == owner && (file || kind.is_dir() && mode == 0o700)
}

/// A file that is being written: its bytes are counted in.
struct Sink<'a> {
    out: File,
    path: &'a Path,
    hasher: Sha256,
    size: u64,
    /// How much of it the disk was told to begin with.
    begun: u64,
}

impl Sink<'_> {
    fn put(&mut self, piece: &Piece, input: &Input) -> Result<(), Error> {
        match piece {
            Piece::Text(bytes) => self.write_all(bytes).map_err(at(self.path)),
            Piece::Source(range) => fs::each_piece(input, range.clone(), |bytes| {
                self.write_all(bytes).map_err(at(self.path))
            }),
            Piece::Accounts(accounts) => {
                let open = |range| fs::open_range(input, range).map_err(|error| error.source);
                let path = self.path;
                let mut buffer = BufWriter::with_capacity(BUFFER, &mut *self);
                let written = accounts.write(open, &mut buffer).and_then(|()| buffer.flush());
                drop(buffer);
                written.map_err(at(path))
            }
        }
    }

    /// Writes a piece whose digest is known.
    fn copy(&mut self, piece: &Piece, input: &Input) -> Result<(), Error> {
        match piece {
            Piece::Text(bytes) => self.out.write_all(bytes).map_err(at(self.path)),
            Piece::Accounts(_) => self.put(piece, input),
            Piece::Source(range) => {
                let length = range.end - range.start;
                let copied = fs::copy_range(input, range.clone(), &self.out)?;
                if copied == length {
                    return Ok(());
                }
                Err(at(self.path)(ErrorKind::UnexpectedEof.into()))
            }
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        if self.size - self.begun >= fs::STRIDE {
            fs::start_writeback(&self.out, self.begun, self.size - self.begun);
            self.begun = self.size;
        }
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Makes a directory that must not be there yet, with exactly this mode, whatever the umask.
pub(super) fn create_directory(path: &Path, mode: u32) -> Result<(), Error> {
    std::fs::create_dir(path).map_err(at(path))?;
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))
}

/// Makes a directory with exactly this mode, whatever the umask; it may be there already.
pub(super) fn make_directory(path: &Path, mode: u32) -> Result<(), Error> {
    match std::fs::create_dir(path) {
        Ok(()) => std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path)),
        Err(_) if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

/// Makes a directory and those above it that are missing.
pub(super) fn make_directories(path: &Path, mode: u32) -> Result<(), Error> {
    match (make_directory(path, mode), path.parent()) {
        (Err(Error::Path { source, .. }), Some(parent)) if source.kind() == ErrorKind::NotFound => {
            make_directories(parent, mode)?;
            make_directory(path, mode)
        }
        (made, _) => made,
    }
}

/// Creates a file that must not be there yet, with exactly this mode.
pub(super) fn create(path: &Path, mode: u32) -> Result<File, Error> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let file = file.map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    Ok(file)
}

/// Removes a file or a directory, if it is there; a symbolic link is not followed.
///
/// # Errors
/// It cannot be removed.
pub fn remove(path: &Path) -> Result<(), Error> {
    let removed = match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
    };
    removed.map_err(at(path))
}

pub(super) fn sync(path: &Path) -> Result<(), Error> {
    let handle = File::open(path).map_err(at(path))?;
    handle.sync_all().map_err(at(path))
}

/// Puts everything to disk that is written on the file system of `path`: one wait, not one for
/// each of some thousand files.
pub(super) fn sync_file_system(path: &Path) -> Result<(), Error> {
    let handle = File::open(path).map_err(at(path))?;
    platform::sync_file_system(&handle).map_err(at(path))
}
