//! Keys in what is to be removed.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::Datadir;
use crate::lease::clients::is_key;

impl Datadir {
    /// The keys in an entry, by their paths, but for those that the runtime directory `copied` has
    /// too.
    pub fn keys_in(&self, entry: &OsStr, copied: Option<&Path>) -> Vec<OsString> {
        let mut keys = Vec::new();
        find_keys(&self.path, copied, Path::new(entry), &mut keys);
        keys
    }
}

fn find_keys(datadir: &Path, copied: Option<&Path>, path: &Path, keys: &mut Vec<OsString>) {
    let is_copy = copied.is_some_and(|runtime| runtime.join(path).symlink_metadata().is_ok());
    let name = path.file_name().and_then(OsStr::to_str);
    if !is_copy && name.is_some_and(is_key) {
        keys.push(path.into());
        return;
    }
    let real = datadir.join(path);
    if real.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        let entries = std::fs::read_dir(real).into_iter().flatten().flatten();
        entries.for_each(|entry| find_keys(datadir, copied, &path.join(entry.file_name()), keys));
    }
}
