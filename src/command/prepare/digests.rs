//! Digests of the inputs: they bind a bake to its snapshot, and a runtime directory to its inputs.

use std::collections::BTreeMap;

use super::super::Failure;
use crate::exit;
use crate::rim::fs;
use crate::rim::identity::{self, Watch};
use crate::snapshot::seen::{self, Seen};
use crate::snapshot::{Baked, Input, Snapshot};

/// Digests of the inputs, as hex, by path in a snapshot. Of a large file it is the one that all
/// cores compute.
pub type Digests = BTreeMap<String, String>;

/// The inputs, and what is read of the bake if it is used, as they are when a run begins.
pub(in crate::command) fn watch(snapshot: &Snapshot, bake: Option<&Baked>) -> Watch {
    let baked = bake.iter().flat_map(|bake| [&bake.validators, &bake.keystores]);
    Watch::of(&snapshot.inputs().into_iter().chain(baked).collect::<Vec<_>>())
}

/// Fails if an input is not as it was when the run began.
pub(in crate::command) fn check(watch: &Watch) -> Result<(), Failure> {
    let Some(input) = watch.changed() else { return Ok(()) };
    let message = format!("{} changed while it was being read", input.label());
    let hint = "run the command again when nothing writes to the snapshot any more";
    Err(Failure::new(exit::INPUT, message, Some(hint)))
}

/// Computes the digests of all inputs.
pub(in crate::command) fn compute(snapshot: &Snapshot) -> Result<Digests, Failure> {
    of(snapshot, &Watch::default(), &Seen::default())
}

/// The digests of all inputs. Those of large files that are as they were when they were baked are
/// known without reading them.
pub(in crate::command) fn recall(snapshot: &Snapshot, watch: &Watch) -> Result<Digests, Failure> {
    let seen = snapshot.baked.as_ref().and_then(|baked| fs::read(&baked.seen).ok());
    of(snapshot, watch, &Seen::parse(&seen.unwrap_or_default()))
}

fn of(snapshot: &Snapshot, watch: &Watch, seen: &Seen) -> Result<Digests, Failure> {
    let mut digests = Digests::new();
    let small = snapshot.small_files().into_iter().map(|file| (file, false));
    let large = snapshot.large_files().into_iter().map(|file| (file, true));
    for ((path, input), is_large) in small.chain(large) {
        // Reading a pipe for its digest would empty it; what is missing is reported when it is read.
        if matches!(input, Input::File(_)) && identity::of(input).is_none() {
            continue;
        }
        let digest = match (is_large, seen.tree(path, watch.identity(input))) {
            (false, _) => hex::encode(fs::sha256(input)?),
            (true, None) => hex::encode(identity::tree(input)?),
            (true, Some(known)) => known.to_owned(),
        };
        digests.insert(path.to_owned(), digest);
    }
    Ok(digests)
}

/// Those of the large files alone.
pub(in crate::command) fn of_large_files(snapshot: &Snapshot, digests: &Digests) -> Digests {
    let large = snapshot.large_files();
    let is_large = |path: &str| large.iter().any(|(known, _)| *known == path);
    let digests = digests.iter().filter(|(path, _)| is_large(path));
    digests.map(|(path, digest)| (path.clone(), digest.clone())).collect()
}

/// How to recognise the large files of a snapshot that is baked now.
pub(in crate::command) fn seen(snapshot: &Snapshot, watch: &Watch, digests: &Digests) -> Seen {
    let file = |(path, input): (&'static str, &Input)| {
        let (identity, tree) = (watch.settled(input)?, digests.get(path)?.clone());
        // Once more, from a moment on in which every change of the file gives it another identity.
        let holds = identity::notices_mapped_writes(input)
            && identity::of(input) == Some(identity)
            && identity::tree(input).is_ok_and(|found| hex::encode(found) == tree);
        holds.then(|| (path.to_owned(), seen::File { identity, tree }))
    };
    Seen { files: snapshot.large_files().into_iter().filter_map(file).collect() }
}
