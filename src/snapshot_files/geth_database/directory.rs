//! Reads the files of a database.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::geth_database::reader::{Files, ReadAt};
use crate::io::open;

/// A directory whose files are read.
#[derive(Debug)]
pub struct Directory(pub PathBuf);

impl Files for Directory {
    fn names(&self) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> std::io::Result<Box<dyn ReadAt>> {
        Ok(Box::new(Open(open::file(&self.0.join(name))?)))
    }
}

/// An open file.
#[derive(Debug)]
struct Open(File);

impl ReadAt for Open {
    fn length(&self) -> std::io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> std::io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }
}
