//! Copies a file of a database with other bytes in some places.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::file::Input;
use crate::geth_database::reader::Piece;
use crate::io::disk::{Error, at};
use crate::io::fs;

/// Writes `pieces` of `from` to `out`, the file `to`, inside the kernel where possible.
///
/// # Errors
/// A file cannot be read or written, or `from` ends early.
pub fn put_pieces(from: &Input, pieces: &[Piece], mut out: &File, to: &Path) -> Result<(), Error> {
    for piece in pieces {
        match piece {
            Piece::New(bytes) => out.write_all(bytes).map_err(at(to))?,
            Piece::Same(range) => {
                if fs::copy_range(from, range.clone(), out)? != range.end - range.start {
                    return Err(at(to)(ErrorKind::UnexpectedEof.into()));
                }
            }
        }
    }
    Ok(())
}
