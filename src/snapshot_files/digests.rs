//! Digests of a snapshot's inputs: they bind a bake to its snapshot, and a runtime directory to its
//! inputs.

use std::borrow::Cow;

use crate::file::Input;
use crate::io::fs::{self, Error};
use crate::io::identity::{self, Watch};
use crate::snapshot::seen::{self, Seen};
use crate::snapshot::{Digests, Snapshot};

/// Computes the digests of all inputs.
///
/// # Errors
/// An input cannot be read. One that does not exist, or is not a regular file, is left out: the
/// pipeline reports it.
pub fn compute(snapshot: &Snapshot) -> Result<Digests, Error> {
    of(snapshot, &Watch::default(), &Seen::default())
}

/// The digests of all inputs. Large files that are unchanged since they were baked are not read.
///
/// # Errors
/// As [`compute`].
pub fn recall(snapshot: &Snapshot, watch: &Watch) -> Result<Digests, Error> {
    let seen = snapshot.baked.as_ref().and_then(|baked| fs::read(&baked.seen).ok());
    of(snapshot, watch, &Seen::parse(&seen.unwrap_or_default()))
}

fn of(snapshot: &Snapshot, watch: &Watch, seen: &Seen) -> Result<Digests, Error> {
    let mut digests = Digests::new();
    let small = snapshot.small_files().into_iter().map(|file| (file, false));
    let large = snapshot.large_files().into_iter().map(|file| (file, true));
    for ((path, input), is_large) in small.chain(large) {
        // Reading a pipe for its digest would empty it.
        if matches!(input, Input::File(_)) && identity::of(input).is_none() {
            continue;
        }
        let digest = match (is_large, seen.tree(&path, watch.identity(input))) {
            (false, _) => hex::encode(fs::sha256(input)?),
            (true, None) => hex::encode(identity::tree(input)?),
            (true, Some(known)) => known.to_owned(),
        };
        digests.insert(path.into_owned(), digest);
    }
    Ok(digests)
}

/// Identities of the large files of a snapshot, for its bake: a boot recognises the files by them.
pub fn seen(snapshot: &Snapshot, watch: &Watch, digests: &Digests) -> Seen {
    let file = |(path, input): (Cow<'static, str>, &Input)| {
        let (identity, tree) = (watch.settled(input)?, digests.get(&*path)?.clone());
        // Hashed again, now that every later change gives the file another identity.
        let is_same = identity::notices_mapped_writes(input)
            && identity::of(input) == Some(identity)
            && identity::tree(input).is_ok_and(|found| hex::encode(found) == tree);
        is_same.then(|| (path.into_owned(), seen::File { identity, tree }))
    };
    Seen { files: snapshot.large_files().into_iter().filter_map(file).collect() }
}
