//! Signatures as cosign keeps them: a manifest at the tag `sha256-DIGEST.sig` of the same repository, with
//! one layer a signature. The signed text names the digest of the manifest.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::manifest::{Annotations, Blob, Descriptor, Manifest, digest_text};
use super::{Error, Reference};
use crate::archive::parse_digest;

/// Media type of the signed text.
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The signature of the text, in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The kind in the text.
const KIND: &str = "cosign container image signature";
/// Signatures of a manifest.
const MOST: usize = 100;
/// Bytes of a signed text.
const LONGEST: u64 = 1 << 16;

/// The text to sign for the manifest with this digest.
pub fn payload(reference: &Reference, digest: &[u8; 32]) -> Vec<u8> {
    let text = json!({
        "critical": {
            "identity": {"docker-reference": reference.place()},
            "image": {"docker-manifest-digest": digest_text(digest)},
            "type": KIND,
        },
        "optional": null,
    });
    text.to_string().into_bytes()
}

/// The digest that a signed text names.
pub fn payload_digest(text: &[u8]) -> Option<[u8; 32]> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let critical = value.get("critical")?;
    if critical.get("type")?.as_str()? != KIND {
        return None;
    }
    let digest = critical.get("image")?.get("docker-manifest-digest")?.as_str()?;
    parse_digest(digest.strip_prefix("sha256:")?)
}

/// The signatures of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signatures {
    layers: Vec<Descriptor>,
}

impl Signatures {
    /// The tag of the signatures of the manifest with this digest.
    pub fn tag(digest: &[u8; 32]) -> String {
        format!("sha256-{}.sig", hex::encode(digest))
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// It is not one of signatures.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let manifest: Manifest =
            serde_json::from_slice(bytes).map_err(|error| Error::Json(error.to_string()))?;
        if manifest.layers.len() > MOST {
            return Err(Error::Layers(manifest.layers.len()));
        }
        Ok(Self { layers: manifest.layers })
    }

    /// The signed texts, each with its signature. Entries of another kind are left out.
    pub fn each(&self) -> impl Iterator<Item = (Blob, Vec<u8>)> {
        self.layers.iter().filter(|layer| layer.media_type == PAYLOAD).filter_map(|layer| {
            let blob = layer.blob().filter(|blob| blob.size <= LONGEST)?;
            let signature = layer.annotations.get(SIGNATURE)?;
            Some((blob, Base64::decode_vec(signature).ok()?))
        })
    }

    /// Adds the signature of a text.
    pub fn add(&mut self, payload: &[u8], signature: &[u8]) {
        let text = Base64::encode_string(signature);
        let annotations = Annotations::from([(SIGNATURE.to_owned(), text)]);
        self.layers.push(Descriptor::new(PAYLOAD, Blob::of(payload), annotations));
    }

    /// The configuration, and the manifest.
    pub fn to_json(&self) -> (Vec<u8>, Vec<u8>) {
        let ids: Vec<_> = self.layers.iter().map(|layer| &layer.digest).collect();
        let config = json!({
            "architecture": "",
            "os": "",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": ids},
        });
        let config = config.to_string().into_bytes();
        let descriptor = Descriptor::new(CONFIG, Blob::of(&config), Annotations::new());
        let manifest = Manifest::new("", descriptor, self.layers.clone());
        (config, manifest.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_as_they_were_written() {
        let reference = Reference::parse("oci://h:5000/a/b:v1").unwrap();
        let text = payload(&reference, &[1; 32]);
        assert_eq!(payload_digest(&text), Some([1; 32]));
        let text_of = String::from_utf8(text.clone()).unwrap();
        assert!(text_of.contains(r#""docker-reference":"h:5000/a/b""#), "{text_of}");
        assert_eq!(payload_digest(text_of.replace(KIND, "other").as_bytes()), None);
        let mut signatures = Signatures::default();
        signatures.add(&text, &[1, 2, 3]);
        let (_, manifest) = signatures.to_json();
        let read = Signatures::parse(&manifest).unwrap();
        assert_eq!(read, signatures);
        assert_eq!(read.each().collect::<Vec<_>>(), [(Blob::of(&text), vec![1, 2, 3])]);
        assert!(Signatures::parse(b"{}").is_err());
        // A text of gigabytes is not read.
        let size = format!("\"size\":{}", text.len());
        let large = String::from_utf8(manifest).unwrap().replace(&size, "\"size\":9999999999");
        assert_eq!(Signatures::parse(large.as_bytes()).unwrap().each().count(), 0);
    }
}
