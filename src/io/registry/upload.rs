//! Blobs to a registry.

use std::io::{self, Cursor, ErrorKind, Read};

use sha2::{Digest, Sha256};
use ureq::http::{Method, StatusCode};

use super::{Order, Registry, created};
use crate::archive::oci::{Blob, digest_text};
use crate::io::console::Console;
use crate::io::download::Error;
use crate::io::download::web::{refusal, text};

/// Opens the bytes of an upload; again after a failure.
pub type Opener<'a> = &'a dyn Fn() -> io::Result<Checked>;

/// The bytes of an upload. They must be those of the digest: a file may change meanwhile.
pub struct Checked {
    inner: Box<dyn Read>,
    left: u64,
    expected: Option<(Sha256, [u8; 32], String)>,
    error: Option<io::Error>,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Checked {
    /// Bytes that cannot change.
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        let left = bytes.len() as u64;
        Self { inner: Box::new(Cursor::new(bytes)), left, expected: None, error: None }
    }

    /// The bytes of a blob; `label` names them in an error.
    pub fn new(inner: impl Read + 'static, blob: &Blob, label: String) -> Self {
        let expected = Some((Sha256::new(), blob.digest, label));
        Self { inner: Box::new(inner), left: blob.size, expected, error: None }
    }

    /// Why they could not be read.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    fn next(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let length = self.inner.read(&mut buffer[..most])?;
        self.left -= length as u64;
        let Some((hasher, expected, label)) = &mut self.expected else { return Ok(length) };
        hasher.update(&buffer[..length]);
        let is_end = self.left == 0;
        let is_short = length == 0 && most > 0;
        // The last byte is not sent if the digest differs.
        if is_short || is_end && *hasher.clone().finalize() != *expected {
            let what = format!("{label}: changed while it was being pushed");
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        Ok(length)
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.next(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let passed = io::Error::other(error.to_string());
                    self.error = Some(error);
                    return Err(passed);
                }
                read => return read,
            }
        }
    }
}

impl Registry {
    /// Uploads a blob.
    ///
    /// # Errors
    /// It cannot be read, or the registry refuses it.
    pub fn put_blob(&self, blob: &Blob, open: Opener<'_>, console: &Console) -> Result<(), Error> {
        let start = self.url("blobs/uploads/");
        self.repeated(console, || {
            let headers = [("Content-Length", "0")];
            let order = Order { method: Method::POST, url: &start, headers: &headers };
            let answer = self.send(&order, None)?;
            if answer.status() != StatusCode::ACCEPTED {
                return Err(refusal(answer));
            }
            let place = text(answer.headers(), "location").and_then(|place| self.place(place));
            let place = place
                .ok_or_else(|| Error::Status("answers no safe place for the upload".to_owned()))?;
            let separator = if place.contains('?') { '&' } else { '?' };
            let url = format!("{place}{separator}digest={}", digest_text(&blob.digest));
            let size = blob.size.to_string();
            let headers =
                [("Content-Type", "application/octet-stream"), ("Content-Length", &*size)];
            let order = Order { method: Method::PUT, url: &url, headers: &headers };
            created(self.send(&order, Some(open))?)
        })
    }

    /// The URL of an upload: relative, or absolute as RFC 9110 allows. A snapshot has keys: it leaves this
    /// machine only through TLS.
    fn place(&self, location: &str) -> Option<String> {
        let base = self.0.reference.url();
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(format!("{base}{location}"));
        }
        let is_safe = location.starts_with(&format!("{base}/")) || location.starts_with("https://");
        is_safe.then(|| location.to_owned())
    }
}
