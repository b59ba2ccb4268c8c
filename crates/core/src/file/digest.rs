//! Size and digest of a file.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::yaml::shown;

/// A file, and the bytes it must have. The same record stands in `regenesis.json`, `metadata.json`
/// and `bake.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Path in its directory, with `/`.
    #[serde(deserialize_with = "inner_path")]
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of all bytes; in JSON 64 hex digits.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
}

impl FileDigest {
    /// The digest of `bytes`, which are the file at `path`.
    pub fn of(path: impl Into<String>, bytes: &[u8]) -> Self {
        let (size, sha256) = (bytes.len() as u64, Sha256::digest(bytes).into());
        Self { path: path.into(), size, sha256 }
    }

    /// Whether `bytes` are the file's.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        self.size == bytes.len() as u64 && self.sha256 == *Sha256::digest(bytes)
    }
}

/// The digest of a file that is written in pieces.
#[derive(Debug, Default)]
pub struct Digester {
    size: u64,
    hasher: Sha256,
}

impl Digester {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.hasher.update(bytes);
    }

    /// The digest of all bytes, which are the file at `path`.
    pub fn finish(self, path: impl Into<String>) -> FileDigest {
        FileDigest { path: path.into(), size: self.size, sha256: self.hasher.finalize().into() }
    }
}

/// Whether a path stays in its directory: names separated by `/`, none of them `.` or `..`.
fn is_inner(path: &str) -> bool {
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    path.split('/').all(is_name)
}

/// Another user may have written the record: its reader opens the path.
fn inner_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    if is_inner(&path) {
        return Ok(path);
    }
    Err(D::Error::custom(format!("files lists {}, outside the directory", shown(&path))))
}

/// Files as a JSON object by path, as `metadata.json` has them: use with `#[serde(with = …)]`.
pub mod by_path {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::FileDigest;

    #[derive(Serialize, Deserialize)]
    struct Entry {
        size: u64,
        sha256: String,
    }

    /// Writes the object.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        files: &BTreeMap<String, FileDigest>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let entry = |file: &FileDigest| Entry { size: file.size, sha256: hex::encode(file.sha256) };
        serializer.collect_map(files.iter().map(|(path, file)| (path, entry(file))))
    }

    /// Reads the object.
    ///
    /// # Errors
    /// A size that is not a number, or a digest that is not 64 hex digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, FileDigest>, D::Error> {
        let entries = BTreeMap::<String, Entry>::deserialize(deserializer)?;
        let file = |(path, Entry { size, sha256: digits }): (String, Entry)| {
            let mut sha256 = [0; 32];
            hex::decode_to_slice(&digits, &mut sha256).map_err(|_| {
                let path = path.escape_debug();
                D::Error::custom(format!("the sha256 of \"{path}\" in files is not 64 hex digits"))
            })?;
            Ok((path.clone(), FileDigest { path, size, sha256 }))
        };
        entries.into_iter().map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Files(#[serde(with = "by_path")] BTreeMap<String, FileDigest>);

    #[test]
    fn records_keep_their_json_format() {
        let file = FileDigest::of("el/genesis.json", b"abc");
        assert!(file.matches(b"abc") && !file.matches(b"abx") && !file.matches(b"ab"));
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let json = format!("{{\"path\":\"el/genesis.json\",\"size\":3,\"sha256\":\"{digest}\"}}");
        assert_eq!(serde_json::to_string(&file).unwrap(), json);
        let files = Files([(file.path.clone(), file)].into());
        let json = format!("{{\"el/genesis.json\":{{\"size\":3,\"sha256\":\"{digest}\"}}}}");
        assert_eq!(serde_json::to_string(&files).unwrap(), json);
        assert_eq!(serde_json::from_str::<Files>(&json).unwrap(), files);
        let error = serde_json::from_str::<Files>(&json.replace(digest, "78")).unwrap_err();
        assert!(error.to_string().starts_with("the sha256 of \"el/genesis.json\" in files is not"));
    }

    #[test]
    fn a_path_that_leads_out_of_its_directory_is_refused() {
        let read = |path: &str| {
            let digest = "00".repeat(32);
            let record = serde_json::json!({"path": path, "size": 1, "sha256": digest});
            serde_json::from_value::<FileDigest>(record)
        };
        for path in ["metadata/genesis.ssz", "a..b/..c", ".regenesis/mark", "a b"] {
            assert_eq!(read(path).unwrap().path, path);
        }
        for path in
            ["", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "./a", "a//b", "a/", "a\0b"]
        {
            let error = read(path).unwrap_err().to_string();
            assert!(error.contains("outside the directory"), "{path:?}: {error}");
        }
    }
}
