//! Signatures of manifests.

use std::path::Path;

use zeroize::Zeroizing;

use super::failure;
use crate::archive::oci::{
    KeyError, PrivateKey, PublicKey, Reference, Signatures, payload, payload_digest,
};
use crate::command::Failure;
use crate::exit;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::download;
use crate::io::fs;
use crate::io::registry::Registry;
use crate::io::signing::{Signer, is_signed};

/// Reads the public key in a file.
pub(super) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = read(path)?;
    PublicKey::parse(&text).map_err(|error| invalid("--key", path, error))
}

/// Reads the private key in a file, which only its owner may read.
pub(super) fn signer(path: &Path) -> Result<Signer, Failure> {
    let text = read(path)?;
    let mode = fs::mode(path)?;
    // As ssh does.
    if mode & 0o077 != 0 {
        let message =
            format!("{}: has mode {mode:o}: other users can read the key", path.display());
        return Err(Failure::new(exit::INPUT, message, Some("chmod 600 it")));
    }
    let key = PrivateKey::parse(&text).map_err(|error| invalid("--sign", path, error))?;
    Signer::new(&key).ok_or_else(|| invalid("--sign", path, KeyError::Pem))
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(fs::read(&Input::file(path))?);
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

fn invalid(flag: &str, path: &Path, error: KeyError) -> Failure {
    let message = format!("{flag} {}: {error}", path.display());
    Failure::new(exit::INPUT, message, Some(error.hint()))
}

fn signatures(
    registry: &Registry,
    digest: &[u8; 32],
    console: &Console,
) -> Result<Option<Signatures>, download::Error> {
    let found = registry.manifest(&Signatures::tag(digest), console)?;
    let parse = |bytes: &[u8]| {
        let what =
            |error| download::Error::Differs(format!("the manifest of the signatures {error}"));
        Signatures::parse(bytes).map_err(what)
    };
    found.map(|found| parse(&found.bytes)).transpose()
}

/// Whether a manifest has signatures of any key.
pub(super) fn is_there(
    registry: &Registry,
    digest: &[u8; 32],
    console: &Console,
) -> Result<bool, download::Error> {
    Ok(registry.manifest(&Signatures::tag(digest), console)?.is_some())
}

/// Whether one of the signatures is of this key.
fn has(
    found: &Signatures,
    registry: &Registry,
    digest: &[u8; 32],
    key: &PublicKey,
    console: &Console,
) -> Result<bool, download::Error> {
    for (blob, signature) in found.each() {
        let text = registry.small_blob(&blob, console)?;
        if payload_digest(&text) == Some(*digest) && is_signed(key, &text, &signature) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Checks that a manifest is signed by this key.
pub(super) fn check(
    registry: &Registry,
    reference: &Reference,
    digest: &[u8; 32],
    key: &PublicKey,
    console: &Console,
) -> Result<(), Failure> {
    let label = reference.to_string();
    let failed = |error| failure::registry(&label, error);
    let refused = |what: &str| {
        let hint = "nothing of it was kept; check the key, or push again with --sign";
        Failure::new(exit::VERIFICATION, format!("{label}: {what}"), Some(hint))
    };
    let found = signatures(registry, digest, console).map_err(failed)?;
    let found = found.ok_or_else(|| refused("is not signed"))?;
    if has(&found, registry, digest, key, console).map_err(failed)? {
        console.note(&format!("{label}: signed by this key"));
        return Ok(());
    }
    Err(refused("has no valid signature of this key"))
}

/// Signs a manifest. Signatures of other keys stay. Returns whether there was none of this key.
pub(super) fn add(
    registry: &Registry,
    reference: &Reference,
    digest: &[u8; 32],
    signer: &Signer,
    console: &Console,
) -> Result<bool, Failure> {
    let failed = |error| failure::registry(&reference.to_string(), error);
    let mut all = signatures(registry, digest, console).map_err(failed)?.unwrap_or_default();
    if has(&all, registry, digest, &signer.public, console).map_err(failed)? {
        return Ok(false);
    }
    let text = payload(reference, digest);
    let no_randomness = || Failure::bug("the system provides no randomness");
    let signature = signer.sign(&text).ok_or_else(no_randomness)?;
    all.add(&text, &signature);
    let (config, manifest) = all.to_json();
    for bytes in [text, config] {
        super::push::put_bytes(registry, &bytes, console).map_err(failed)?;
    }
    registry.put_manifest(&Signatures::tag(digest), &manifest, console).map_err(failed)?;
    Ok(true)
}
