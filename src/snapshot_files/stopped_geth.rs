//! The data directory of a stopped geth: read, and copied into a snapshot.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::datadir::DATABASE_PLACE;
use crate::file::{FileDigest, Input};
use crate::geth_database::FREEZER_PLACE;
use crate::geth_database::reader::Piece;
use crate::io::disk::{self, at};
use crate::io::fs;
use crate::io::{lock, open};
use crate::snapshot_files::geth_database::{Directory, put_pieces};

/// A data directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has no database where geth puts it.
    #[error("--datadir {0:?} has no geth/chaindata")]
    NoDatabase(PathBuf),
    /// geth is running on it.
    #[error("--datadir {datadir:?} is in use: {holder} holds the lock on {path:?}")]
    Busy {
        /// The data directory.
        datadir: PathBuf,
        /// The process.
        holder: String,
        /// The file with the lock.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] disk::Error),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoDatabase(_) => Some("pass the directory of geth's --datadir"),
            Self::Busy { .. } => {
                Some("stop geth, or capture from the running node: --el-rpc 127.0.0.1:8545")
            }
            Self::Disk(error) => error.hint(),
        }
    }
}

impl From<fs::Error> for Error {
    fn from(error: fs::Error) -> Self {
        Self::Disk(error.into())
    }
}

/// The data directory of a stopped geth. While it is open, no geth starts on it.
#[derive(Debug)]
pub struct StoppedGeth {
    database: Directory,
    /// `ancient/chain` in it.
    freezer: Option<Directory>,
    /// `geth/triedb/merkle.journal`.
    journal: PathBuf,
    _locks: Vec<File>,
}

impl StoppedGeth {
    /// Locks the data directory. Nothing in it changes.
    ///
    /// # Errors
    /// It is not geth's, or geth is running on it.
    pub fn open(datadir: &Path) -> Result<Self, Error> {
        let [parent, name] = DATABASE_PLACE;
        let parent = datadir.join(parent);
        let database = parent.join(name);
        if !fs::is_directory(&database)? {
            return Err(Error::NoDatabase(datadir.to_owned()));
        }
        let mut locks = Vec::new();
        // geth's own, and that of leveldb; without a lock nothing runs on a copy.
        for path in [parent.join("LOCK"), database.join("LOCK")] {
            let file = match open::file(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(at(&path)(error).into()),
            };
            // geth's lock is exclusive. NFS refuses an exclusive one for a file that is open for reading.
            match file.try_lock_shared() {
                Ok(()) => locks.push(file),
                Err(TryLockError::WouldBlock) => {
                    let (datadir, holder) = (datadir.to_owned(), lock::holder(&file));
                    return Err(Error::Busy { datadir, holder, path });
                }
                // A file system without locks has none that geth could hold.
                Err(TryLockError::Error(_)) => {}
            }
        }
        let freezer = database.join(PathBuf::from_iter(FREEZER_PLACE));
        let freezer = fs::is_directory(&freezer)?.then_some(Directory(freezer));
        let journal = parent.join("triedb/merkle.journal");
        Ok(Self { database: Directory(database), freezer, journal, _locks: locks })
    }

    /// Its database.
    pub fn database(&self) -> &Directory {
        &self.database
    }

    /// Its freezer, if it has one.
    pub fn freezer(&self) -> Option<&Directory> {
        self.freezer.as_ref()
    }

    /// The journal of the path scheme, if it is a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn journal(&self) -> Result<Option<Vec<u8>>, Error> {
        match std::fs::read(&self.journal) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&self.journal)(error).into()),
        }
    }

    /// Copies the files of these names to `target`, inside the kernel where possible; those in `changed` as
    /// these pieces.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn copy(
        &self,
        names: &[String],
        changed: &BTreeMap<String, Vec<Piece>>,
        target: &Path,
    ) -> Result<Vec<FileDigest>, Error> {
        let copy = |name: &String| {
            let from = Input::file(self.database.0.join(name));
            match changed.get(name) {
                Some(pieces) => copy(&from, pieces, name, target),
                None => copy(&from, &[Piece::Same(0..fs::length(&from)?)], name, target),
            }
        };
        names.par_iter().map(copy).collect()
    }
}

fn copy(from: &Input, pieces: &[Piece], name: &str, target: &Path) -> Result<FileDigest, Error> {
    let to = target.join(name);
    let out = disk::create(&to, 0o644)?;
    put_pieces(from, pieces, &out, &to)?;
    let to = Input::file(to);
    let (size, sha256) = (fs::length(&to)?, fs::sha256(&to)?);
    Ok(FileDigest { path: name.to_owned(), size, sha256 })
}
