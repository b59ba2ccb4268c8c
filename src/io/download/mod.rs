//! Large files from a server or a disk, as streams that continue after a break.
//!
//! ```text
//! Source ─open at an offset─▶ Stream (retries) ─▶ Hashed (digest) ─▶ Unpacked (decompressed)
//! ```

mod file;
mod hashed;
mod parts;
pub(crate) mod stream;
mod unpacked;
pub(crate) mod web;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use self::hashed::Hashed;
use self::parts::{Differs, InParts};
pub use self::stream::{Broken, Stream};
pub use self::unpacked::Unpacked;
use self::web::Web;
use crate::archive::Parts;
use crate::file::FileDigest;
use crate::io::console::Console;
use crate::io::registry::Registry;
use crate::rpc::address;

/// Where an archive is.
#[derive(Debug)]
pub struct Source {
    place: Arc<Place>,
    /// Its name in messages: nothing secret.
    label: String,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Web(Box<Web>),
    Parts(InParts),
    Registry(Registry),
}

/// Why a text names no archive.
#[derive(Debug, thiserror::Error)]
pub enum NoSource {
    /// Not a URL.
    #[error("the URL {0}")]
    Url(#[from] address::Error),
    /// `s3://` without a bucket or a key.
    #[error("the URL is not s3://BUCKET/KEY")]
    S3,
    /// Variables of AWS that do not fit together.
    #[error("{0} is set, and {1} is not")]
    Credentials(&'static str, &'static str),
    /// A file on another machine.
    #[error("the URL names a file on another host")]
    Host,
}

impl NoSource {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Url(address::Error::Scheme(_)) => {
                "expected a path, file://, http://, https:// or s3://"
            }
            Self::Url(error) => error.hint(),
            Self::S3 => "for example s3://my-bucket/my-snapshot.tar.zst",
            Self::Credentials(..) => "set both, or neither for a public bucket",
            Self::Host => "for example file:///srv/my-snapshot.tar.zst",
        }
    }
}

/// Why a stream cannot be opened, or ends.
#[derive(Debug)]
pub enum Error {
    /// The server has no such file, or the disk.
    NotThere(String),
    /// The server requires other credentials.
    Denied(String),
    /// The connection failed or broke; another attempt may succeed.
    Unreachable(String),
    /// The answer makes no sense.
    Status(String),
    /// The file is not the one that an earlier part was read from.
    Changed,
    /// A file of an archive in parts has another digest than listed.
    Differs(String),
    /// The disk cannot be read.
    Disk(std::io::Error),
}

impl Error {
    /// The cause, for a message that names the source.
    pub fn what(&self) -> String {
        match self {
            Self::NotThere(what)
            | Self::Denied(what)
            | Self::Unreachable(what)
            | Self::Status(what)
            | Self::Differs(what) => what.clone(),
            Self::Changed => "changes at its server while it is read".to_owned(),
            Self::Disk(error) => error.to_string(),
        }
    }
}

/// An open stream.
pub(crate) struct Opened {
    pub(crate) body: Box<dyn Read + Send>,
    /// Offset of its first byte: 0 if the server does not support ranges.
    start: u64,
    /// Bytes of the entire file, if known.
    size: Option<u64>,
    /// Identity of the file's content at its server.
    version: Option<String>,
}

impl Source {
    /// Reads a path or a URL. `variables` has the credentials for `s3://`.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str, variables: &[(String, String)]) -> Result<Self, NoSource> {
        let file = |path: &str| {
            Ok(Self { label: path.to_owned(), place: Place::File(PathBuf::from(path)).into() })
        };
        let Some((scheme, rest)) = text.split_once("://") else { return file(text) };
        let web = match scheme.to_ascii_lowercase().as_str() {
            "file" => {
                let path = rest.strip_prefix("localhost").unwrap_or(rest);
                return if path.starts_with('/') { file(path) } else { Err(NoSource::Host) };
            }
            "s3" => Web::s3(rest, variables)?,
            _ => Web::new(text)?,
        };
        Ok(Self { label: web.label.clone(), place: Arc::new(Place::Web(Box::new(web))) })
    }

    /// The archive whose files are blobs of a registry. `label` names it in messages.
    pub fn in_registry(registry: Registry, list: Parts, label: String) -> Self {
        Self { label, place: Arc::new(Place::Registry(registry)) }.in_parts(list)
    }

    /// Its name in messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether it may be a list of files, by its name.
    pub fn may_be_list(&self) -> bool {
        let extension = Path::new(&self.label).extension();
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    }

    /// The archive whose files are listed here.
    #[must_use]
    pub fn in_parts(self, list: Parts) -> Self {
        let place = Place::Parts(InParts { list: list.into(), place: self.place });
        Self { label: self.label, place: place.into() }
    }

    /// The identity of the place, as a digest: a URL may have a password.
    pub fn identity(&self) -> String {
        hex::encode(Sha256::digest(self.place.name()))
    }

    /// Opens the file at an offset. `version` is that of an earlier part.
    pub(crate) fn open(&self, offset: u64, version: Option<&str>) -> Result<Opened, Error> {
        let opened = self.place.open(offset, version)?;
        match (version, &opened.version) {
            (Some(before), now) if now.as_deref() != Some(before) => Err(Error::Changed),
            _ => Ok(opened),
        }
    }

    /// The entire file, if it has at most this number of bytes.
    ///
    /// # Errors
    /// It cannot be read, or is larger.
    pub fn small(&self, most: u64, console: &Console) -> Result<Vec<u8>, Error> {
        let read = || {
            let opened = self.open(0, None)?;
            small(opened, most + 1)
        };
        let bytes = stream::persistently(self, console, read)?;
        let is_small = bytes.len() as u64 <= most;
        is_small
            .then_some(bytes)
            .ok_or_else(|| Error::Status(format!("has more than {most} bytes")))
    }

    /// The start of the small file beside it whose name has this ending, if it exists.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub fn beside(&self, ending: &str, console: &Console) -> Result<Option<Vec<u8>>, Error> {
        const MOST: u64 = 4096;
        let read = || match self.place.beside(ending).map(|place| place.open(0, None)) {
            // A bucket that may not be listed denies access to what it does not have.
            None | Some(Err(Error::NotThere(_) | Error::Denied(_))) => Ok(None),
            Some(opened) => small(opened?, MOST).map(Some),
        };
        stream::persistently(self, console, read)
    }

    fn is_reached(&self) -> bool {
        self.place.is_reached()
    }
}

impl Place {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Web(web) => web.place(),
            Self::Parts(parts) => parts.place.name(),
            Self::Registry(registry) => registry.name(),
        }
    }

    fn open(&self, offset: u64, version: Option<&str>) -> Result<Opened, Error> {
        match self {
            Self::File(path) => file::open(path, offset),
            Self::Web(web) => web.open(offset, version),
            Self::Parts(parts) => parts.open(offset),
            Self::Registry(_) => Err(Error::Status("has no such file".to_owned())),
        }
    }

    /// The file whose name has this ending, too.
    fn beside(&self, ending: &str) -> Option<Self> {
        match self {
            Self::File(path) => {
                let mut name = path.clone().into_os_string();
                name.push(ending);
                Some(Self::File(PathBuf::from(name)))
            }
            Self::Web(web) => web.beside(ending).map(|web| Self::Web(Box::new(web))),
            // The list has the digest.
            Self::Parts(_) | Self::Registry(_) => None,
        }
    }

    /// A file that is listed here: by its digest in a registry, or else at its path from the list.
    fn part(&self, file: &FileDigest, offset: u64) -> Result<Opened, Error> {
        match self {
            Self::File(list) => file::open(&list.with_file_name(&file.path), offset),
            Self::Web(web) => web.sibling(&file.path)?.open(offset, None),
            Self::Parts(parts) => parts.place.part(file, offset),
            Self::Registry(registry) => registry.open_blob(&file.sha256, offset),
        }
    }

    /// Whether it has answered: a server that never did probably has another name.
    fn is_reached(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Web(web) => web.is_reached(),
            Self::Parts(parts) => parts.place.is_reached(),
            Self::Registry(registry) => registry.is_reached(),
        }
    }
}

fn small(opened: Opened, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = opened.body.take(most).read_to_end(&mut bytes);
    read.map_err(|error| Error::Unreachable(format!("breaks the connection: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> String {
        let parsed = Source::parse(text, &[]);
        parsed.map_or_else(|error| format!("error: {error}"), |source| source.label)
    }

    #[test]
    fn a_source_is_a_path_or_a_url() {
        for (text, shown) in [
            ("a/b.tar", "a/b.tar"),
            ("file:///a/b.tar", "/a/b.tar"),
            ("file://localhost/a", "/a"),
            ("FILE:///a", "/a"),
            ("http://u:hunter2@host:1/a/b.tar?sig=secret", "http://host:1/…/b.tar"),
            ("http://host/b.tar#x", "http://host/b.tar"),
            ("s3://bucket/a/b.tar", "s3://bucket/a/b.tar"),
            ("file://host/a", "error: the URL names a file on another host"),
            ("ftp://host/a", "error: the URL has the scheme ftp, expected http"),
            ("s3://bucket", "error: the URL is not s3://BUCKET/KEY"),
        ] {
            assert_eq!(label(text), shown, "{text}");
        }
    }

    #[test]
    fn credentials_of_s3_are_complete_or_absent() {
        let variable = |name: &str| (name.to_owned(), "x".to_owned());
        for (set, missing) in [
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        ] {
            let error = Source::parse("s3://b/k", &[variable(set)]).unwrap_err();
            assert_eq!(error.to_string(), format!("{set} is set, and {missing} is not"));
        }
    }
}
