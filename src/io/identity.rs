//! Notices changed files: by what the file system reports, and by a digest that all cores compute.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::file::Input;
use crate::identity::{FileIdentity, Time};
use crate::io::clock;
use crate::io::fs::{Error, at};

/// Length of a piece; pieces are hashed in parallel.
const PIECE: u64 = 1 << 20;
/// How many bytes of each piece are in memory at once.
const BUFFER: usize = 1 << 17;

/// The identity of an input; `None` if it is missing or not a regular file.
pub fn of(input: &Input) -> Option<FileIdentity> {
    let Input::File(path) = input else { return None };
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some(FileIdentity {
        size: metadata.len(),
        inode: metadata.ino(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

/// File systems in memory (linux/magic.h: tmpfs, ramfs), which do not track writes to mapped pages.
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// Whether writes through a memory mapping change the file's times from now on. A dirty page can be
/// written again without a trace, so this syncs the file.
pub fn notices_mapped_writes(input: &Input) -> bool {
    let Input::File(path) = input else { return false };
    let Ok(file) = File::open(path) else { return false };
    let on_disk = rustix::fs::fstatfs(&file).is_ok_and(|found| {
        u64::try_from(found.f_type).is_ok_and(|kind| !IN_MEMORY.contains(&kind))
    });
    on_disk && file.sync_all().is_ok()
}

/// SHA-256 of an input's length (8 bytes, little-endian) and the SHA-256 of each MiB: as hard to forge
/// as the digest of the input, and computed by all cores.
///
/// # Errors
/// The input cannot be read, or shrinks while it is read.
pub fn tree(input: &Input) -> Result<[u8; 32], Error> {
    match input {
        Input::Embedded(_, bytes) => Ok(tree_of(bytes)),
        Input::Made(_, bytes) => Ok(tree_of(bytes)),
        Input::File(path) => {
            let path = Path::new(path);
            let file = File::open(path).map_err(at(path))?;
            let length = file.metadata().map_err(at(path))?.len();
            let digests: Result<Vec<_>, _> = (0..length.div_ceil(PIECE))
                .into_par_iter()
                .map(|number| piece(&file, number * PIECE..length.min((number + 1) * PIECE)))
                .collect();
            Ok(root(length, &digests.map_err(at(path))?))
        }
    }
}

fn piece(file: &File, range: std::ops::Range<u64>) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let mut offset = range.start;
    while offset < range.end {
        let length = usize::try_from(range.end - offset).unwrap_or(BUFFER).min(BUFFER);
        file.read_exact_at(&mut buffer[..length], offset)?;
        hasher.update(&buffer[..length]);
        offset += length as u64;
    }
    Ok(hasher.finalize().into())
}

fn tree_of(bytes: &[u8]) -> [u8; 32] {
    let digests: Vec<_> = bytes
        .chunks(usize::try_from(PIECE).unwrap_or(usize::MAX))
        .map(|piece| Sha256::digest(piece).into())
        .collect();
    root(bytes.len() as u64, &digests)
}

fn root(length: u64, digests: &[[u8; 32]]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(length.to_le_bytes());
    digests.iter().for_each(|digest| hasher.update(digest));
    hasher.finalize().into()
}

/// Twice the longest tick of a kernel clock. A file that changes twice within one tick has the same
/// identity for both contents.
const TICK: Duration = Duration::from_millis(20);
/// How often to look again at a file that keeps changing; the check at the end of the run catches it.
const RETRIES: usize = 5;

/// The inputs as they were at the start of the run. They may be read several times: if one changes in
/// between, the run fails.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    files: Vec<(Input, Option<FileIdentity>)>,
    /// When they were recorded, in seconds since the epoch.
    at: u64,
}

impl Watch {
    /// Records the identities of the inputs.
    pub fn of(inputs: &[&Input]) -> Self {
        for _ in 0..RETRIES {
            if !inputs.iter().filter_map(|input| of(input)).any(|file| is_fresh(&file)) {
                break;
            }
            clock::pause(TICK);
        }
        let at = clock::now();
        Self { files: inputs.iter().map(|input| ((*input).clone(), of(input))).collect(), at }
    }

    /// The first input that has changed.
    pub fn changed(&self) -> Option<&Input> {
        self.files.iter().find(|(input, identity)| of(input) != *identity).map(|(input, _)| input)
    }

    /// The recorded identity of an input.
    pub fn identity(&self, input: &Input) -> Option<FileIdentity> {
        self.files.iter().find(|(known, _)| known == input)?.1
    }

    /// The recorded identity, if every later change of the file leads to another one.
    pub fn settled(&self, input: &Input) -> Option<FileIdentity> {
        self.identity(input).filter(|identity| identity.is_settled(self.at))
    }
}

/// Whether the file changed within the current tick.
fn is_fresh(file: &FileIdentity) -> bool {
    let since = |(seconds, nanoseconds): Time| {
        let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
        let time = UNIX_EPOCH + seconds + Duration::from_nanos(u64::try_from(nanoseconds).ok()?);
        SystemTime::now().duration_since(time).ok()
    };
    since(file.changed).is_some_and(|since| since < TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_covers_every_byte_and_the_length() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let input = Input::file(path.clone());
        let length = usize::try_from(2 * PIECE).unwrap() + 5;
        let whole: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        std::fs::write(&path, &whole).unwrap();
        let first = tree(&input).unwrap();
        assert_eq!(first, tree(&Input::Made("file".into(), whole.clone().into())).unwrap());
        for at in [0, BUFFER - 1, BUFFER, (1 << 20) - 1, 1 << 20, length - 6, length - 1] {
            let mut other = whole.clone();
            other[at] ^= 1;
            std::fs::write(&path, other).unwrap();
            assert_ne!(tree(&input).unwrap(), first, "byte {at}");
        }
        for other in [&whole[..length - 1], &[]] {
            std::fs::write(&path, other).unwrap();
            assert_ne!(tree(&input).unwrap(), first);
        }
    }

    #[test]
    fn a_file_in_memory_is_not_recognised_by_its_times() {
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "one").unwrap();
        assert!(!notices_mapped_writes(&Input::file(path)));
        assert!(notices_mapped_writes(&Input::file("Cargo.toml")));
    }

    #[test]
    fn an_edit_is_noticed_even_if_its_time_is_reset() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let (input, gone) = (Input::file(path.clone()), Input::file(directory.path().join("gone")));
        std::fs::write(&path, "one").unwrap();
        let watch = Watch::of(&[&input, &gone]);
        assert!(watch.changed().is_none());
        assert!(watch.identity(&input).is_some() && watch.settled(&input).is_none());
        let modified = path.metadata().unwrap().modified().unwrap();
        std::fs::write(&path, "two").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(watch.changed(), Some(&input));
        let watch = Watch::of(&[&input, &gone]);
        std::fs::write(directory.path().join("gone"), "here").unwrap();
        assert_eq!(watch.changed(), Some(&gone));
    }
}
