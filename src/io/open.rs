//! Opening a file without blocking.

use std::fs::{File, FileType, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// The path can be opened, but is not a regular file: a read might never end.
#[derive(Debug, thiserror::Error)]
#[error("is a {0}, not a regular file")]
struct NoFile(&'static str);

/// Whether [`file`] refused the path because it is not a regular file.
pub(crate) fn is_no_file(error: &Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.downcast_ref::<NoFile>().is_some())
}

/// Opens a file for reading. Never blocks: opening a named pipe without a writer would.
pub(crate) fn file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = match options.read(true).custom_flags(nonblocking).open(path) {
        // Sockets are connected to, not opened.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(Error::other(NoFile("socket or a device")));
        }
        opened => opened?,
    };
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !is_own_stream(path, kind) {
        return Err(Error::other(NoFile(name_of(kind))));
    }
    // The user asked for this stream, so that reads may block.
    let flags = rustix::fs::fcntl_getfl(&file)?;
    rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Whether the user named a device, or a pipe of the shell (`/dev/stdin`, `<(…)`), directly. A link to
/// one does not count: another user may have created it.
fn is_own_stream(path: &Path, kind: FileType) -> bool {
    let places = ["/dev", "/dev/fd", "/proc/self/fd"];
    let named = path.parent().is_some_and(|parent| places.iter().any(|at| parent == Path::new(at)));
    named && (kind.is_char_device() || kind.is_fifo())
}

/// A special file, in words.
pub(crate) fn name_of(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "named pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}
