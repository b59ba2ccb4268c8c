//! `baked/geth-import/`: where geth imports a history, until its database is moved to `baked/geth/`.
//!
//! The directory has our mark, so that the next bake removes what a killed one left.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::datadir::DATABASE_PLACE;
use crate::file::{FileDigest, Input};
use crate::geth_database::reader::Piece;
use crate::geth_database::{FREEZER_PLACE, is_frozen, is_name, number, place};
use crate::io::disk::{self, Error, at};
use crate::io::{fs, mark, signal};
use crate::snapshot::bake::{DIRECTORY, GETH};

use super::{Directory, put_pieces};

/// The directory, in that of the bake.
const NAME: &str = "geth-import";
const MARK: &str = "mark";
const PURPOSE: &str = "import in a bake";
/// geth's data directory.
const DATA: &str = "data";

/// The work directory of an import, removed when this value is dropped.
#[derive(Debug)]
pub struct ImportDirectory {
    snapshot: PathBuf,
    path: PathBuf,
}

impl ImportDirectory {
    /// Creates the directory in the bake of `snapshot`; removes that of a killed run.
    ///
    /// # Errors
    /// It cannot be created, or a directory of this name has not our mark.
    pub fn create(snapshot: &Path) -> Result<Self, Error> {
        let baked = snapshot.join(DIRECTORY);
        disk::make_directory(&baked, 0o755)?;
        let path = baked.join(NAME);
        if disk::check_directory(&path)? {
            // Killed before it had its mark, it is empty.
            let is_ours = mark::is_set(&path.join(MARK), PURPOSE, &path)?;
            if !is_ours && std::fs::remove_dir(&path).is_err() {
                return Err(Error::Unmarked(path));
            }
            disk::remove(&path)?;
        }
        disk::create_directory(&path, 0o755)?;
        mark::set(&path.join(MARK), PURPOSE, &path)?;
        // The mark stays: geth may still write to the directory after a signal has emptied it.
        signal::set_leftover(Some(path.join(DATA)));
        Ok(Self { snapshot: snapshot.to_owned(), path })
    }

    /// geth's data directory.
    pub fn data(&self) -> PathBuf {
        self.path.join(DATA)
    }

    /// The files of its database, after geth has ended.
    pub fn database(&self) -> Directory {
        Directory(self.chaindata())
    }

    /// Replaces files of the database, by name, with these pieces of them.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn rewrite(&self, changed: &BTreeMap<String, Vec<Piece>>) -> Result<(), Error> {
        for (name, pieces) in changed {
            let (place, new) = (self.chaindata().join(name), self.data().join(name));
            put_pieces(&Input::file(place.clone()), pieces, &disk::create(&new, 0o644)?, &new)?;
            std::fs::rename(&new, &place).map_err(at(&place))?;
        }
        Ok(())
    }

    fn chaindata(&self) -> PathBuf {
        DATABASE_PLACE.iter().fold(self.data(), |path, name| path.join(name))
    }

    /// Moves the database to its place in the bake, which the caller must sync. Returns its files, and
    /// the number for the next log.
    ///
    /// # Errors
    /// A file cannot be read or moved; geth has left a log with entries.
    pub fn place(self) -> Result<(Vec<FileDigest>, u64), Error> {
        let chaindata = self.chaindata();
        let (mut names, mut last) = (Vec::new(), 0);
        for entry in std::fs::read_dir(&chaindata).map_err(at(&chaindata))? {
            let entry = entry.map_err(at(&chaindata))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let found = number(&name);
            last = last.max(found.unwrap_or(0));
            if is_name(&name) {
                names.push(name);
            } else if found.is_some() && entry.metadata().map_err(at(&chaindata))?.len() > 0 {
                return Err(Error::UnfinishedLog(chaindata.join(name)));
            }
        }
        let freezer = chaindata.join(PathBuf::from_iter(FREEZER_PLACE));
        if disk::check_directory(&freezer)? {
            for entry in std::fs::read_dir(&freezer).map_err(at(&freezer))? {
                let name = entry.map_err(at(&freezer))?.file_name().into_string();
                names.extend(name.ok().filter(|name| is_frozen(name)));
            }
        }
        names.sort_unstable();
        let target = self.snapshot.join(GETH);
        disk::make_directory(&target, 0o755)?;
        let files = names.into_par_iter().map(|name| {
            let (from, to) = (chaindata.join(place(&name)), target.join(&name));
            let input = Input::file(from.clone());
            let (size, sha256) = (fs::length(&input)?, fs::sha256(&input)?);
            std::fs::set_permissions(&from, Permissions::from_mode(0o644)).map_err(at(&from))?;
            disk::rename_new(&from, &to)?;
            Ok(FileDigest { path: name, size, sha256 })
        });
        Ok((files.collect::<Result<Vec<_>, Error>>()?, last + 1))
    }
}

impl Drop for ImportDirectory {
    fn drop(&mut self) {
        signal::set_leftover(None);
        let _ = disk::remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn import(snapshot: &Path, files: &[(&str, &str)]) -> ImportDirectory {
        let import = ImportDirectory::create(snapshot).unwrap();
        for (name, text) in files {
            let path = import.chaindata().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        import
    }

    #[test]
    fn the_database_is_moved_without_the_files_that_geth_creates_again() {
        let snapshot = snapshot();
        let files = [
            ("000007.ldb", "table"),
            ("000013.log", ""),
            ("CURRENT", "MANIFEST-000012\n"),
            ("CURRENT.bak", "MANIFEST-000004\n"),
            ("LOCK", ""),
            ("MANIFEST-000012", "edit"),
            ("ancient/chain/bodies.0000.cdat", "blocks"),
            ("ancient/chain/FLOCK", ""),
        ];
        let import = import(snapshot.path(), &files);
        let (files, log) = import.place().unwrap();
        let names: Vec<_> = files.iter().map(|file| &*file.path).collect();
        let expected = ["000007.ldb", "CURRENT", "MANIFEST-000012", "bodies.0000.cdat"];
        assert_eq!((&names[..], log), (&expected[..], 14));
        assert_eq!(files[0], FileDigest::of("000007.ldb", b"table"));
        let left: Vec<_> = std::fs::read_dir(snapshot.path().join(DIRECTORY)).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn a_file_is_replaced_with_pieces_of_it() {
        let snapshot = snapshot();
        let import = import(snapshot.path(), &[("000007.ldb", "one large two"), ("CURRENT", "")]);
        let pieces = [Piece::Same(0..4), Piece::New(b"small".to_vec()), Piece::Same(9..13)];
        let changed =
            |pieces: &[Piece]| BTreeMap::from([("000007.ldb".to_owned(), pieces.to_vec())]);
        import.rewrite(&changed(&pieces)).unwrap();
        assert!(import.rewrite(&changed(&[Piece::Same(0..14)])).is_err(), "it has 13 bytes");
        let (files, _) = import.place().unwrap();
        assert_eq!(files[0], FileDigest::of("000007.ldb", b"one small two"));
    }

    #[test]
    fn a_database_that_would_lose_entries_is_refused() {
        let place = snapshot();
        let log = import(place.path(), &[("000013.log", "entries")]);
        assert!(
            matches!(log.place(), Err(Error::UnfinishedLog(path)) if path.ends_with("000013.log"))
        );
    }

    #[test]
    fn only_a_directory_with_our_mark_is_replaced() {
        let place = snapshot();
        // As a kill leaves it.
        std::mem::forget(import(place.path(), &[("LOG", "")]));
        drop(ImportDirectory::create(place.path()).unwrap());
        let path = place.path().join(DIRECTORY).join(NAME);
        assert!(!path.exists());
        std::fs::create_dir(&path).unwrap();
        drop(ImportDirectory::create(place.path()).unwrap());
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("notes.txt"), "mine").unwrap();
        assert!(matches!(ImportDirectory::create(place.path()), Err(Error::Unmarked(_))));
        assert!(path.join("notes.txt").exists());
        assert!(!place.path().join(GETH).exists());
    }
}
