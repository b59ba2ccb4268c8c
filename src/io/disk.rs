//! Writing files and directories, with exact modes and the path in every error.

mod error;
mod place;
mod temporary;

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

pub use self::error::Error;
pub(crate) use self::place::{beside, rename_new, temporary_stem};
pub use self::place::{check_directory, check_file, remove_file};
pub use self::temporary::Temporary;
use crate::file::{Content, Encode, FileDigest, FilePart, Input, OpenRange, OutFile};
use crate::io::fs;
use crate::io::platform;
use crate::io::signal;

/// Small writes are gathered to this many bytes.
const BUFFER: usize = 1 << 16;

pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::Path { path: path.to_owned(), source }
}

/// The mode of a file: only its owner reads a secret.
pub(crate) fn mode(file: &OutFile) -> u32 {
    if file.secret { 0o600 } else { 0o644 }
}

fn directory_mode(file: &OutFile) -> u32 {
    if file.secret { 0o700 } else { 0o755 }
}

/// Writes `file` below `directory`. An existing file is overwritten, or left if it has these bytes
/// already: creating thousands of files takes far longer than reading them.
pub(crate) fn write(directory: &Path, file: &OutFile) -> Result<FileDigest, Error> {
    let path = directory.join(&file.path);
    if let Content::Bytes(bytes) = &file.content
        && std::fs::read(&path).is_ok_and(|found| found == *bytes)
    {
        return Ok(FileDigest::of(&file.path, bytes));
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
        Content::Encoded(content) => {
            let none = |_| Ok(Box::new(std::io::empty()) as _);
            sink.encode(&**content, &none).map_err(at(&path))?;
        }
        Content::Parts(parts, input, prefix) => {
            let known = prefix.as_ref().map_or(0, |prefix| prefix.parts);
            parts[..known].iter().try_for_each(|part| sink.copy(part, input))?;
            if let Some(prefix) = prefix {
                (sink.hasher, sink.size) = (prefix.hasher.clone(), prefix.length);
                sink.begun = prefix.length;
            }
            parts[known..].iter().try_for_each(|part| sink.put(part, input))?;
        }
        &Content::Copy(ref input, size, sha256) => {
            sink.copy(&FilePart::Source(0..size), input)?;
            sink.out.set_len(size).map_err(at(&path))?;
            return Ok(FileDigest { path: file.path.clone(), size, sha256 });
        }
    }
    // Truncating it before would make ext4 write it to disk at once.
    sink.out.set_len(sink.size).map_err(at(&path))?;
    let (size, sha256) = (sink.size, sink.hasher.finalize().into());
    Ok(FileDigest { path: file.path.clone(), size, sha256 })
}

fn open(path: &Path, mode: u32) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(mode).open(path);
    let file = file.map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    Ok(file)
}

/// Removes every entry below `directory` but those that `keep` accepts, directories with their
/// contents. `keep` gets the path from `root` and the metadata of the entry itself.
pub(crate) fn sweep(
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

/// Whether an entry is one of our unchanged secrets: a secret file, or a directory of secrets.
pub(crate) fn is_our_secret(metadata: &Metadata, owner: u32) -> bool {
    let (kind, mode) = (metadata.file_type(), metadata.mode() & 0o7777);
    let file = kind.is_file() && mode == 0o600 && metadata.nlink() == 1;
    metadata.uid() == owner && (file || kind.is_dir() && mode == 0o700)
}

/// A file that is being written, with the digest of its bytes.
struct Sink<'a> {
    out: File,
    path: &'a Path,
    hasher: Sha256,
    size: u64,
    /// Bytes whose writeback was started.
    begun: u64,
}

impl Sink<'_> {
    fn put(&mut self, part: &FilePart, input: &Input) -> Result<(), Error> {
        match part {
            FilePart::Text(bytes) => self.write_all(bytes).map_err(at(self.path)),
            FilePart::Source(range) => fs::each_piece(input, range.clone(), |bytes| {
                self.write_all(bytes).map_err(at(self.path))
            }),
            FilePart::Encoded(content) => {
                let source = |range| fs::open_range(input, range).map_err(|error| error.source);
                self.encode(&**content, &source).map_err(at(self.path))
            }
        }
    }

    fn encode(&mut self, content: &dyn Encode, source: &OpenRange<'_>) -> std::io::Result<()> {
        let mut buffer = BufWriter::with_capacity(BUFFER, self);
        content.encode_to(source, &mut buffer)?;
        buffer.flush()
    }

    /// Writes a part whose digest is known.
    fn copy(&mut self, part: &FilePart, input: &Input) -> Result<(), Error> {
        match part {
            FilePart::Text(bytes) => self.out.write_all(bytes).map_err(at(self.path)),
            FilePart::Encoded(_) => self.put(part, input),
            FilePart::Source(range) => {
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

/// An empty file on the disk of `directory`. It has no name, so it is gone when it is closed.
fn nameless(directory: &Path) -> Result<File, Error> {
    // The kernel removes such a file whatever ends the process. Not every file system has them.
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        if let Ok(file) = rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR) {
            return Ok(file.into());
        }
    }
    let path = beside(&directory.join("sort"))?;
    signal::uninterrupted(|| {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(at(&path))?;
        std::fs::remove_file(&path).map_err(at(&path))?;
        Ok(file)
    })
}

/// Creates a directory that must not exist yet, with exactly this mode, whatever the umask.
pub(crate) fn create_directory(path: &Path, mode: u32) -> Result<(), Error> {
    std::fs::create_dir(path).map_err(at(path))?;
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))
}

/// Creates a directory with exactly this mode, whatever the umask, unless it exists.
pub(crate) fn make_directory(path: &Path, mode: u32) -> Result<(), Error> {
    match std::fs::create_dir(path) {
        Ok(()) => std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path)),
        Err(_) if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

/// Creates a directory and its missing parents.
pub(crate) fn make_directories(path: &Path, mode: u32) -> Result<(), Error> {
    match (make_directory(path, mode), path.parent()) {
        (Err(Error::Path { source, .. }), Some(parent)) if source.kind() == ErrorKind::NotFound => {
            make_directories(parent, mode)?;
            make_directory(path, mode).map_err(|error| match error {
                // The parent exists now: the message of the system would name the wrong path.
                Error::Path { path, source } if source.kind() == ErrorKind::NotFound => {
                    Error::Uncreatable { path, source }
                }
                error => error,
            })
        }
        (made, _) => made,
    }
}

/// Creates a file that must not exist yet, with exactly this mode.
pub(crate) fn create(path: &Path, mode: u32) -> Result<File, Error> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let file = file.map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    Ok(file)
}

/// Removes a file or a directory, if it exists; a symbolic link is not followed.
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

pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    let handle = File::open(path).map_err(at(path))?;
    handle.sync_all().map_err(at(path))
}

/// Syncs the file system of `path`: one wait instead of one for each of thousands of files.
pub(crate) fn sync_file_system(path: &Path) -> Result<(), Error> {
    let handle = File::open(path).map_err(at(path))?;
    platform::sync_file_system(&handle).map_err(at(path))
}
