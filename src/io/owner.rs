//! Changing the owner of files: `--chown`.

use std::os::unix::fs::lchown;
use std::path::Path;

use crate::io::disk::Error;

/// A user id and a group id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
}

impl std::str::FromStr for Owner {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (uid, gid) = text.split_once(':').ok_or(())?;
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            // chown(2) reads the largest number as "unchanged".
            text.parse().ok().filter(|number| digits && *number != u32::MAX).ok_or(())
        };
        Ok(Self { uid: number(uid)?, gid: number(gid)? })
    }
}

/// Changes the owner of everything below `directory`, but not of `directory` itself. Does not follow
/// symbolic links.
///
/// # Errors
/// The first path whose owner cannot be changed.
pub fn give(directory: &Path, owner: Owner) -> Result<(), Error> {
    let at = |source| Error::Owner { path: directory.to_owned(), source };
    for entry in std::fs::read_dir(directory).map_err(at)? {
        let entry = entry.map_err(at)?;
        let path = entry.path();
        let at = |source| Error::Owner { path: path.clone(), source };
        if entry.file_type().map_err(at)?.is_dir() {
            give(&path, owner)?;
        }
        lchown(&path, Some(owner.uid), Some(owner.gid)).map_err(at)?;
    }
    Ok(())
}

/// Changes the owner of `path` itself.
///
/// # Errors
/// The system refuses it.
pub fn give_entry(path: &Path, owner: Owner) -> Result<(), Error> {
    let at = |source| Error::Owner { path: path.to_owned(), source };
    lchown(path, Some(owner.uid), Some(owner.gid)).map_err(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_two_numbers() {
        assert_eq!("1000:65532".parse(), Ok(Owner { uid: 1000, gid: 65532 }));
        for text in ["1000", "1000:", ":1", "a:b", "+1:1", "-1:1", "4294967295:1", "1:1:1", ""] {
            assert_eq!(text.parse::<Owner>(), Err(()), "{text:?}");
        }
    }
}
