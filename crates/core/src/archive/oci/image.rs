//! The same files as an image, which Kubernetes and Compose mount.

use serde_json::json;

use super::super::{end, file_header, padding};
use super::Layer;
use super::manifest::{Annotations, Blob, Descriptor, INDEX, Manifest, Platform, digest_text};

/// Tar without compression: its digest depends on no compressor.
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The platforms of the index: a container runtime takes only an image of its own.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];
/// Files from this size on have a layer of their own, so that a push sends only those that changed.
const LARGE: u64 = 1 << 20;
/// Layers of an image: overlayfs mounts at most 128.
const MOST_LAYERS: usize = 64;

/// An image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its configuration.
    pub config: Vec<u8>,
    /// Its manifest.
    pub manifest: Vec<u8>,
}

/// A piece of a tar archive: bytes, or the contents of a file.
pub(super) type Piece<'a> = (Vec<u8>, Option<&'a Layer>);

/// The files in groups, one for each layer of an image.
pub fn groups(files: &[Layer]) -> Vec<Vec<&Layer>> {
    let (large, small): (Vec<_>, Vec<_>) = files.iter().partition(|layer| layer.file.size >= LARGE);
    let each = large.len().div_ceil(MOST_LAYERS - 1).max(1);
    let small = (!small.is_empty()).then_some(small);
    small.into_iter().chain(large.chunks(each).map(<[_]>::to_vec)).collect()
}

impl Layer {
    /// The tar archive of a group: bytes, each followed by a file if there is one.
    pub fn tar<'a>(group: &[&'a Self]) -> Vec<Piece<'a>> {
        let (mut pieces, mut between) = (Vec::new(), Vec::new());
        for layer in group {
            // A pod's user is not root, and reads the volume.
            let mode = if layer.mode & 0o100 == 0 { 0o644 } else { 0o755 };
            between.extend(file_header(&layer.file.path, mode, layer.file.size));
            pieces.push((std::mem::take(&mut between), Some(*layer)));
            between.extend_from_slice(padding(layer.file.size));
        }
        between.extend_from_slice(&end());
        pieces.push((between, None));
        pieces
    }
}

/// The image of these layers for each platform.
pub fn image_config(layers: &[Blob]) -> Vec<Image> {
    let image = |architecture: &&str| {
        let ids: Vec<_> = layers.iter().map(|layer| digest_text(&layer.digest)).collect();
        let config = json!({
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": ids},
        });
        let config = config.to_string().into_bytes();
        let layer = |blob: &Blob| Descriptor::new(LAYER, *blob, Annotations::new());
        let descriptor = Descriptor::new(CONFIG, Blob::of(&config), Annotations::new());
        let manifest = Manifest::new("", descriptor, layers.iter().map(layer).collect());
        Image { config, manifest: manifest.to_json() }
    };
    ARCHITECTURES.iter().map(image).collect()
}

/// The list of the images.
pub fn image_index(images: &[Image]) -> Vec<u8> {
    let entry = |(image, architecture): (&Image, &&str)| {
        let manifest = Blob::of(&image.manifest);
        let mut entry = Descriptor::new(super::MANIFEST, manifest, Annotations::new());
        let (architecture, os) = ((*architecture).to_owned(), "linux".to_owned());
        entry.platform = Some(Platform { architecture, os });
        entry
    };
    let entries: Vec<_> = images.iter().zip(&ARCHITECTURES).map(entry).collect();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
    index.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FileDigest;

    fn layer(path: &str, size: u64) -> Layer {
        Layer { file: FileDigest { path: path.to_owned(), size, sha256: [0; 32] }, mode: 0o600 }
    }

    #[test]
    fn large_files_have_layers_of_their_own() {
        let files = [layer("a", 1), layer("b", LARGE), layer("c", 2), layer("d", LARGE + 1)];
        let paths = |files: &[Layer]| -> Vec<Vec<String>> {
            let of = |group: Vec<&Layer>| group.iter().map(|l| l.file.path.clone()).collect();
            groups(files).into_iter().map(of).collect()
        };
        assert_eq!(paths(&files), [vec!["a", "c"], vec!["b"], vec!["d"]]);
        assert_eq!(paths(&files[1..2]), [vec!["b"]]);
        let many: Vec<_> = (0..1000).map(|number| layer(&number.to_string(), LARGE)).collect();
        let groups = groups(&many);
        assert!(groups.len() <= MOST_LAYERS, "{}", groups.len());
        assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 1000);
    }

    #[test]
    fn an_image_is_for_each_platform() {
        let images = image_config(&[Blob::of(b"tar")]);
        let index: serde_json::Value = serde_json::from_slice(&image_index(&images)).unwrap();
        for (number, architecture) in ["amd64", "arm64"].into_iter().enumerate() {
            let entry = &index["manifests"][number];
            assert_eq!(entry["platform"]["architecture"], architecture);
            let digest = Blob::of(&images[number].manifest).digest;
            assert_eq!(entry["digest"], digest_text(&digest));
            let config: serde_json::Value = serde_json::from_slice(&images[number].config).unwrap();
            assert_eq!(config["architecture"], architecture);
            assert_eq!(config["rootfs"]["diff_ids"][0], digest_text(&Blob::of(b"tar").digest));
        }
    }
}
