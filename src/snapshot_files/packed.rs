//! Writes an archive of a snapshot: the same bytes for the same files, on every machine.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::archive::{
    MANIFEST, MARKER, Manifest, Paths, Refusal, directory_header, end, file_header, padding,
};
use crate::file::{FileDigest, Input};
use crate::io::disk::temporary_stem;
use crate::io::list::{self, Kind};
use crate::io::{fs, open};

/// The default of the zstd program.
const LEVEL: i32 = 3;
/// Uncompressed bytes after which a frame ends: a restore resumes at the start of a frame.
const FRAME: u64 = 1 << 20;
const BUFFER: usize = 1 << 18;
/// Entries of a snapshot below its own directory.
const MOST: usize = 100_000;
/// Names at the top of a snapshot that do not belong to it: work of other verbs, and what ext4 adds.
const LEFT_OUT: [&str; 3] = ["lost+found/", ".regenesis-capture/", ".regenesis-restore/"];

/// What a snapshot has.
#[derive(Debug, Default)]
pub struct Contents {
    /// Files, sorted by path.
    pub files: Vec<FileDigest>,
    /// Empty directories.
    directories: Vec<String>,
    /// What killed runs of this program have left, which is not part of the snapshot.
    pub left_out: Vec<String>,
}

/// Why a directory cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum Unpackable {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] fs::Error),
    /// A link, a pipe, a device.
    #[error("{0}: is {1}, expected a file or a directory")]
    Kind(String, &'static str),
    /// More entries than a snapshot has.
    #[error("{0}: has more than {MOST} entries")]
    TooMany(String),
    /// A name that a restore would refuse.
    #[error("{0}: {1}")]
    Name(String, Refusal),
}

impl Unpackable {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Name(..) => Some("rename it: restore and other machines refuse such a name"),
            Self::Kind(..) | Self::TooMany(_) => {
                Some("move it out of the snapshot: every file of a snapshot is a regular file")
            }
        }
    }
}

impl Contents {
    /// Lists and hashes the files in a directory.
    ///
    /// # Errors
    /// It cannot be read, or has something else than files and directories.
    pub fn of(root: &Path, advance: impl Fn(&str)) -> std::result::Result<Self, Unpackable> {
        let is_left_out = |path: &str| {
            is_temporary(path) || LEFT_OUT.iter().any(|name| name.trim_end_matches('/') == path)
        };
        let (entries, is_complete) = list::below(root, is_left_out, MOST)?;
        let label = |path: &str| root.join(path).display().to_string();
        if !is_complete {
            return Err(Unpackable::TooMany(root.display().to_string()));
        }
        let mut contents = Self::default();
        let mut paths = Paths::default();
        for entry in entries {
            let path = entry.path;
            if LEFT_OUT.contains(&&*path) || path == MARKER || path == MANIFEST {
                continue;
            }
            if matches!(entry.kind, Kind::File | Kind::Directory) {
                if is_temporary(&path) {
                    contents.left_out.push(path);
                    continue;
                }
                paths.add(&path).map_err(|why| Unpackable::Name(label(&path), why))?;
            }
            match entry.kind {
                Kind::File => {
                    advance(&path);
                    let input = Input::file(root.join(&path));
                    let (size, sha256) = (fs::length(&input)?, fs::sha256(&input)?);
                    contents.files.push(FileDigest { path, size, sha256 });
                }
                Kind::Directory => contents.directories.push(path.trim_end_matches('/').to_owned()),
                Kind::Unreadable(kind) => {
                    return Err(fs::at(&root.join(path))(kind.into()).into());
                }
                Kind::Link | Kind::LeadsOut(_) => {
                    return Err(Unpackable::Kind(label(&path), "a symbolic link"));
                }
                Kind::Other(what) => return Err(Unpackable::Kind(label(&path), what)),
            }
        }
        Ok(contents)
    }

    /// Writes the archive: the manifest, then the files that it has not marked as unchanged.
    ///
    /// # Errors
    /// The output cannot be written, or a file has changed since it was hashed.
    pub fn pack<W: Write>(
        &self,
        root: &Path,
        manifest: &Manifest,
        out: W,
        advance: impl Fn(&str),
    ) -> Result<W> {
        let mut archive = Archive { frame: Some(frame(out)?), length: 0 };
        let json = manifest.to_json();
        archive.begin(json.len() as u64)?;
        archive.put(&file_header(MANIFEST, 0o644, json.len() as u64))?;
        archive.put(&json)?;
        archive.put(padding(json.len() as u64))?;
        for path in &self.directories {
            archive.put(&directory_header(path, 0o755))?;
        }
        for file in &self.files {
            if manifest.files.contains_key(&file.path) {
                advance(&file.path);
                archive.begin(file.size)?;
                archive.add(&root.join(&file.path), file)?;
            }
        }
        archive.put(&end())?;
        archive.finish()
    }
}

/// Whether an entry has a temporary name of this program.
fn is_temporary(path: &str) -> bool {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    temporary_stem(name.as_bytes()).is_some()
}

/// A tar archive in frames of zstd.
struct Archive<W: Write> {
    frame: Option<zstd::Encoder<'static, W>>,
    /// Uncompressed bytes in the frame.
    length: u64,
}

fn frame<W: Write>(out: W) -> Result<zstd::Encoder<'static, W>> {
    let mut frame = zstd::Encoder::new(out, LEVEL)?;
    frame.include_checksum(true)?;
    Ok(frame)
}

impl<W: Write> Archive<W> {
    /// Starts an entry of this size, in a frame of its own unless it is small.
    fn begin(&mut self, size: u64) -> Result<()> {
        if self.length >= FRAME || self.length > 0 && size >= FRAME {
            if let Some(full) = self.frame.take() {
                self.frame = Some(frame(full.finish()?)?);
            }
            self.length = 0;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.length += bytes.len() as u64;
        self.frame.as_mut().map_or(Ok(()), |frame| frame.write_all(bytes))
    }

    fn add(&mut self, path: &Path, file: &FileDigest) -> Result<()> {
        let mut source = open::file(path)?;
        self.put(&file_header(&file.path, mode(source.metadata()?.mode()), file.size))?;
        let (mut buffer, mut hasher, mut left) = (vec![0; BUFFER], Sha256::new(), file.size);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let length = source.read(&mut buffer[..most])?;
            if length == 0 {
                break;
            }
            hasher.update(&buffer[..length]);
            self.put(&buffer[..length])?;
            left -= length as u64;
        }
        if left > 0 || *hasher.finalize() != file.sha256 {
            let what = format!("{}: changed while it was being packed", path.display());
            return Err(Error::new(ErrorKind::InvalidData, what));
        }
        self.put(padding(file.size))
    }

    fn finish(self) -> Result<W> {
        match self.frame {
            Some(frame) => frame.finish(),
            None => Err(Error::other("a frame did not start")),
        }
    }
}

/// A umask must not change the archive: what remains is who may read, and whether it is executable. The bits
/// of the group do not count: in a file with an access list, they are its mask.
pub(super) fn mode(mode: u32) -> u32 {
    match (mode & 0o100, mode & 0o007) {
        (0, 0) => 0o600,
        (0, _) => 0o644,
        (_, 0) => 0o700,
        (_, _) => 0o755,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_access_list_makes_no_file_public() {
        for (of_file, expected) in
            [(0o100_600, 0o600), (0o100_640, 0o600), (0o100_664, 0o644), (0o100_750, 0o700)]
        {
            assert_eq!(mode(of_file), expected, "{of_file:o}");
        }
    }

    fn pack(root: &Path) -> Vec<u8> {
        let contents = Contents::of(root, |_| ()).unwrap();
        let manifest = Manifest::new(contents.files.clone(), &BTreeMap::new());
        contents.pack(root, &manifest, Vec::new(), |_| ()).unwrap()
    }

    fn directory(names: &[&str], mode: u32) -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        for name in names {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, name.repeat(300_000)).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        }
        place
    }

    #[test]
    fn equal_files_give_equal_archives() {
        let one = directory(&["a", "b/c", "metadata.json"], 0o644);
        let other = directory(&["metadata.json", "b/c", "a"], 0o664);
        std::fs::create_dir(other.path().join("lost+found")).unwrap();
        std::fs::create_dir(other.path().join(".regenesis-capture")).unwrap();
        std::fs::write(other.path().join(MARKER), "{}").unwrap();
        let capture = other.path().join(".regenesis-capture.regenesis-0123456789abcdef");
        std::fs::create_dir(&capture).unwrap();
        std::fs::write(capture.join("mark"), "x").unwrap();
        std::fs::write(other.path().join("b/.c.regenesis-0123456789abcdef"), "x").unwrap();
        let left_out = Contents::of(other.path(), |_| ()).unwrap().left_out;
        let names =
            [".regenesis-capture.regenesis-0123456789abcdef/", "b/.c.regenesis-0123456789abcdef"];
        assert_eq!(left_out, names);
        assert!(pack(one.path()) == pack(other.path()));
        std::fs::create_dir(other.path().join("empty")).unwrap();
        assert!(pack(one.path()) != pack(other.path()));
    }

    #[test]
    fn a_name_that_a_restore_refuses_is_not_packed() {
        let deep = "d/".repeat(64) + "x";
        for (names, words) in [
            (&["a/x", "A/y"][..], "differs only in case"),
            (&["a\nb"], "control character"),
            (&[&deep], "too long or too deep"),
            (&[".regenesis-restored.JSON"], "name of the marker"),
            (&["\u{fffd}"], "not UTF-8"),
        ] {
            let place = directory(names, 0o644);
            let error = Contents::of(place.path(), |_| ()).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.hint().unwrap().contains("rename"));
        }
    }

    #[test]
    fn a_file_that_changes_meanwhile_is_noticed() {
        let place = directory(&["a"], 0o600);
        let contents = Contents::of(place.path(), |_| ()).unwrap();
        let manifest = Manifest::new(contents.files.clone(), &BTreeMap::new());
        for now in ["b".repeat(300_000), "a".to_owned()] {
            std::fs::write(place.path().join("a"), now).unwrap();
            let packed = contents.pack(place.path(), &manifest, Vec::new(), |_| ());
            assert!(packed.unwrap_err().to_string().contains("changed while"));
        }
    }
}
