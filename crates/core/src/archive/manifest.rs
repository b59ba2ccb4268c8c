//! The first entry of an archive from `regenesis pack`: which files the packed snapshot has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::names;
use crate::file::{FileDigest, by_path};
use crate::yaml::shown;

/// Its path in the archive. It is not extracted.
pub const MANIFEST: &str = "regenesis-archive.json";

const FORMAT: u64 = 1;

/// The files of a packed snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    pub format: u64,
    /// The files in the archive.
    #[serde(with = "by_path")]
    pub files: BTreeMap<String, FileDigest>,
    /// The files that a restore takes from another snapshot, which has them already.
    #[serde(default, with = "by_path", skip_serializing_if = "BTreeMap::is_empty")]
    pub unchanged: BTreeMap<String, FileDigest>,
}

impl Manifest {
    /// The manifest of `files`: those that `base` has, too, stay out of the archive.
    pub fn new(files: Vec<FileDigest>, base: &BTreeMap<String, FileDigest>) -> Self {
        let files = files.into_iter().map(|file| (file.path.clone(), file));
        let (unchanged, files) = files.partition(|(path, file)| base.get(path) == Some(file));
        Self { format: FORMAT, files, unchanged }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// Text that is not a manifest of this version.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if manifest.format != FORMAT {
            return Err(format!("has format {}, expected {FORMAT}", manifest.format));
        }
        let mut paths = manifest.files.keys().chain(manifest.unchanged.keys());
        let is_inner = |path: &str| names::inner(path.as_bytes()).is_ok_and(|inner| inner == path);
        match paths.find(|path| !is_inner(path)) {
            Some(path) => Err(format!("lists {}, outside the directory", shown(path))),
            None => Ok(manifest),
        }
    }

    /// As the archive has it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// All files of the snapshot: in the archive, and unchanged.
    pub fn all(self) -> BTreeMap<String, FileDigest> {
        self.files.into_iter().chain(self.unchanged).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_the_other_snapshot_has_stay_out() {
        let file = |path: &str, bytes: &[u8]| FileDigest::of(path, bytes);
        let base = [file("a", b"1"), file("b", b"2"), file("gone", b"3")];
        let base = base.map(|file| (file.path.clone(), file)).into();
        let manifest =
            Manifest::new(vec![file("a", b"1"), file("b", b"3"), file("c", b"2")], &base);
        assert_eq!(manifest.unchanged.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(manifest.files.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(Manifest::parse(&manifest.to_json()).unwrap(), manifest);
        assert_eq!(manifest.all().len(), 3);
        for json in
            ["", "{}", r#"{"format": 2, "files": {}}"#, r#"{"format": 1, "files": {"../x": 1}}"#]
        {
            assert!(Manifest::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
