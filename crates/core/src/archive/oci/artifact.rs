//! The manifest of a snapshot: one layer a file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{Parts, Seen, directory_header, end, file_header, names, padding, parse_digest};
use super::Error;
use super::manifest::{Annotations, Blob, Descriptor, INDEX, MANIFEST, Manifest};
use crate::file::FileDigest;
use crate::visible;

/// `artifactType` of a snapshot.
pub const ARTIFACT: &str = "application/vnd.regenesis.snapshot.v1";
/// Media type of a file.
const FILE: &str = "application/vnd.regenesis.file.v1";
/// The path of a file, also for oras.
const TITLE: &str = "org.opencontainers.image.title";
/// Its permissions, in octal digits.
const MODE: &str = "dev.regenesis.mode";
/// SHA-256 of all files with their paths and permissions.
const ARCHIVE: &str = "dev.regenesis.archive.sha256";
/// Layers of a manifest.
pub(super) const MOST_LAYERS: usize = 20_000;

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its path, size and digest.
    pub file: FileDigest,
    /// Its permissions: 600, 644, 700 or 755.
    pub mode: u32,
}

/// A snapshot in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its files, sorted by path.
    pub layers: Vec<Layer>,
    /// SHA-256 of the tar archive that [`Artifact::archive`] describes.
    pub sha256: [u8; 32],
}

impl Artifact {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is not that of a snapshot, or has a layer that a snapshot cannot have.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let value: Value =
            serde_json::from_slice(json).map_err(|error| Error::Json(error.to_string()))?;
        check_kind(&value)?;
        let manifest: Manifest =
            serde_json::from_value(value).map_err(|error| Error::Json(error.to_string()))?;
        let count = manifest.layers.len();
        if !(1..=MOST_LAYERS).contains(&count) {
            return Err(Error::Layers(count));
        }
        let mut seen = Seen::default();
        let mut layers = Vec::with_capacity(count);
        for (number, layer) in (1..).zip(&manifest.layers) {
            let path = layer.annotations.get(TITLE).cloned().unwrap_or_default();
            let read = read_layer(layer, &path, &mut seen);
            layers.push(read.map_err(|what| Error::Layer { number, path, what })?);
        }
        let sha256 = manifest.annotations.get(ARCHIVE).and_then(|text| parse_digest(text));
        let sha256 = sha256.ok_or(Error::Annotation(ARCHIVE))?;
        let artifact = Self { layers, sha256 };
        // Also with headers and padding.
        artifact.archive().size().ok_or(Error::Size)?;
        Ok(artifact)
    }

    /// As the registry has it: the same files give the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let layer = |layer: &Layer| {
            let blob = Blob { digest: layer.file.sha256, size: layer.file.size };
            let title = (TITLE.to_owned(), layer.file.path.clone());
            let mode = (MODE.to_owned(), format!("{:o}", layer.mode));
            Descriptor::new(FILE, blob, Annotations::from([title, mode]))
        };
        let layers = self.layers.iter().map(layer).collect();
        let mut manifest = Manifest::new(ARTIFACT, Descriptor::empty(), layers);
        manifest.annotations.insert(ARCHIVE.to_owned(), hex::encode(self.sha256));
        manifest.to_json()
    }

    /// The files as a tar archive: its headers are given, and its data are blobs of the registry. So a
    /// pull is a restore, with its checks and its way to resume.
    pub fn archive(&self) -> Parts {
        let (mut files, mut given) = (Vec::new(), BTreeMap::new());
        let mut put = |files: &mut Vec<FileDigest>, bytes: Vec<u8>| {
            files.push(FileDigest::of("tar header", &bytes));
            given.insert(files.len() - 1, bytes);
        };
        // The first bytes decide the format: a path could start like compressed data.
        let mut between = directory_header(".", 0o755);
        for layer in &self.layers {
            between.extend(file_header(&layer.file.path, layer.mode, layer.file.size));
            put(&mut files, std::mem::take(&mut between));
            files.push(layer.file.clone());
            between.extend_from_slice(padding(layer.file.size));
        }
        between.extend_from_slice(&end());
        put(&mut files, between);
        Parts::of(self.sha256, files, given)
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.file.size).sum()
    }
}

fn check_kind(value: &Value) -> Result<(), Error> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let shown = |text: &str| visible::line(text).into_owned();
    let (media, kind) = (text("mediaType"), text("artifactType"));
    if media == INDEX || value.get("manifests").is_some() {
        return Err(Error::Kind("an index of images".to_owned()));
    }
    if media != MANIFEST {
        return Err(Error::Kind(format!("of the media type {:?}", shown(media))));
    }
    if kind == ARTIFACT {
        return Ok(());
    }
    Err(Error::Kind(match kind {
        "" => "an image".to_owned(),
        kind => format!("an artifact of the type {:?}", shown(kind)),
    }))
}

fn read_layer(layer: &Descriptor, path: &str, seen: &mut Seen) -> Result<Layer, String> {
    if layer.media_type != FILE {
        let found = visible::line(&layer.media_type);
        return Err(format!("has the media type {found}, expected {FILE}"));
    }
    if layer.urls.is_some() {
        return Err("is outside of the registry".to_owned());
    }
    match names::inner(path.as_bytes()) {
        Ok(inner) if inner == path => {}
        Ok(_) => return Err("has a path with empty names".to_owned()),
        Err(why) => return Err(why.to_string()),
    }
    if path == super::super::MANIFEST {
        return Err("has the name of the list of files in an archive".to_owned());
    }
    seen.add(path, false).map_err(|error| error.to_string())?;
    let blob = layer.blob().ok_or("has no digest of sha256")?;
    let mode = match layer.annotations.get(MODE).map(String::as_str) {
        Some("600") => 0o600,
        Some("644") => 0o644,
        Some("700") => 0o700,
        Some("755") => 0o755,
        _ => return Err(format!("has no valid annotation {MODE}")),
    };
    let file = FileDigest { path: path.to_owned(), size: blob.size, sha256: blob.digest };
    Ok(Layer { file, mode })
}

#[cfg(test)]
mod tests {
    use super::super::super::{Kind, Reader};
    use super::*;

    fn artifact() -> Artifact {
        let layer =
            |path: &str, mode, bytes: &[u8]| Layer { file: FileDigest::of(path, bytes), mode };
        let layers = vec![
            layer("BZh9", 0o644, b"12345"),
            layer("empty", 0o600, b""),
            layer("val/mnemonics.yaml", 0o755, &[7; 512]),
        ];
        Artifact { layers, sha256: [9; 32] }
    }

    fn edited(from: &str, to: &str) -> Result<Artifact, Error> {
        let text = String::from_utf8(artifact().to_json()).unwrap();
        let edited = text.replacen(from, to, 1);
        assert_ne!(text, edited, "{from}");
        Artifact::parse(edited.as_bytes())
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let json = artifact().to_json();
        assert_eq!(Artifact::parse(&json), Ok(artifact()));
        let text = String::from_utf8(json).unwrap();
        assert!(text.contains(r#""artifactType":"application/vnd.regenesis.snapshot.v1""#));
        assert!(
            text.contains(
                "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
            )
        );
    }

    #[test]
    fn the_layers_are_a_tar_archive() {
        let parts = artifact().archive();
        let blobs = [b"12345".to_vec(), Vec::new(), vec![7; 512]];
        let mut blobs = blobs.iter();
        let mut archive = Vec::new();
        for (number, file) in parts.files.iter().enumerate() {
            let bytes = parts.given.get(&number).unwrap_or_else(|| blobs.next().unwrap());
            assert!(file.matches(bytes));
            archive.extend_from_slice(bytes);
        }
        assert_eq!(parts.size(), Some(archive.len() as u64));
        let mut reader = Reader::resume(&archive[..], 0, 0);
        let mut found = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            found.push((entry.path, entry.mode, entry.kind));
        }
        reader.drain().unwrap();
        let expected = [
            ("", 0o755, Kind::Directory),
            ("BZh9", 0o644, Kind::File(5)),
            ("empty", 0o600, Kind::File(0)),
            ("val/mnemonics.yaml", 0o755, Kind::File(512)),
        ];
        assert_eq!(found, expected.map(|(path, mode, kind)| (path.to_owned(), mode, kind)));
    }

    #[test]
    fn hostile_manifests_are_refused() {
        let sum = hex::encode(artifact().layers[0].file.sha256);
        for (from, to, words) in [
            ("BZh9", "../x", "layer 1 (../x): the path leads out"),
            ("BZh9", "/etc/passwd", "the path is absolute"),
            ("BZh9", r"a\u001bb", "control character"),
            ("BZh9", "a//b", "empty names"),
            ("BZh9", "", "layer 1: the name is empty"),
            ("BZh9", "EMPTY", "layer 2 (empty): "),
            ("BZh9", "empty", "the archive has this path twice"),
            ("BZh9", "empty/x", "layer 2 (empty): "),
            ("BZh9", "regenesis-archive.json", "has the name of the list"),
            (r#""644""#, r#""4755""#, "no valid annotation dev.regenesis.mode"),
            (FILE, "application/x-link", "has the media type application/x-link"),
            (&sum, "12", "has no digest of sha256"),
            (r#""size":5"#, r#""size":5,"urls":["http://x"]"#, "outside of the registry"),
            (r#""size":5"#, r#""size":-5"#, "is not an OCI manifest"),
            (r#""size":5"#, r#""size":18446744073709551615"#, "more than 2^64 bytes"),
            (
                ARTIFACT,
                "application/vnd.other",
                "an artifact of the type \"application/vnd.other\"",
            ),
            (r#""artifactType":"#, r#""other":"#, "is an image"),
            (MANIFEST, INDEX, "is an index of images"),
            (r#""layers":["#, r#""layers":[],"x":["#, "has 0 layers"),
            (ARCHIVE, "x", "no valid annotation"),
        ] {
            let error = edited(from, to).unwrap_err().to_string();
            assert!(error.contains(words), "{to}: {error}");
        }
        assert!(Artifact::parse(b"<html>").is_err());
        let deep = "[".repeat(1 << 20);
        assert!(Artifact::parse(deep.as_bytes()).is_err());
    }
}
