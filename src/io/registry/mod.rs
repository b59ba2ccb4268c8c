//! A repository in an OCI registry: manifests, and blobs in both directions.

mod access;
mod credentials;
mod upload;

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};
use ureq::SendBody;
use ureq::http::{Method, Response, StatusCode};

use self::access::Access;
pub use self::upload::{Checked, Opener};
use crate::archive::oci::{Blob, INDEX, MANIFEST, Reference, digest_text};
use crate::io::console::Console;
use crate::io::download::stream::repeated;
use crate::io::download::web::{convert, opened, refusal, settings, text};
use crate::io::download::{Error, Opened};

/// Bytes of a manifest: the limit of the distribution specification.
const MOST_MANIFEST: u64 = 4 << 20;
/// Bytes of a list of tags, and their number.
const MOST_LIST: u64 = 1 << 20;
const MOST_TAGS: usize = 10_000;
/// Downloads of blobs are often redirected to a store.
const REDIRECTS: u32 = 5;

type Answer = Response<ureq::Body>;

/// A repository.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    reference: Reference,
    /// For requests that are sent once, to this host.
    agent: ureq::Agent,
    /// For downloads. Credentials do not follow a redirect.
    following: ureq::Agent,
    access: Access,
    reached: AtomicBool,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.name()).finish()
    }
}

/// A manifest from a registry.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: [u8; 32],
}

/// A request.
struct Order<'a> {
    method: Method,
    url: &'a str,
    headers: &'a [(&'static str, &'a str)],
}

impl Registry {
    /// The repository of a reference. Nothing is sent yet.
    pub fn new(reference: &Reference) -> Self {
        let agent = |redirects| {
            let settings = settings(redirects);
            let settings = if reference.is_loopback() {
                // A proxy cannot reach this machine.
                settings.proxy(None)
            } else {
                // Neither does a redirect lead to a connection that others read.
                settings.https_only(true)
            };
            settings.max_redirects_will_error(false).build().into()
        };
        Self(Arc::new(Inner {
            agent: agent(0),
            following: agent(REDIRECTS),
            access: Access::new(&reference.host),
            reached: AtomicBool::new(false),
            reference: reference.clone(),
        }))
    }

    /// Registry and repository, for messages.
    pub fn name(&self) -> String {
        format!("oci://{}", self.0.reference.place())
    }

    /// Whether the registry has answered.
    pub fn is_reached(&self) -> bool {
        self.0.reached.load(Ordering::Relaxed)
    }

    fn url(&self, path: &str) -> String {
        let Reference { repository, .. } = &self.0.reference;
        format!("{}/v2/{repository}/{path}", self.0.reference.url())
    }

    fn repeated<T>(
        &self,
        console: &Console,
        send: impl FnMut() -> Result<T, Error>,
    ) -> Result<T, Error> {
        repeated(&self.name(), || self.is_reached(), console, send)
    }

    /// Sends a request, and once more with credentials if the registry asks for them.
    fn send(&self, order: &Order<'_>, body: Option<Opener<'_>>) -> Result<Answer, Error> {
        let Inner { agent, following, access, reached, reference } = &*self.0;
        let is_download = matches!(order.method, Method::GET | Method::HEAD);
        // An upload may have another host as its place.
        let is_ours = order.url.starts_with(&format!("{}/", reference.url()));
        let mut is_repeated = false;
        loop {
            let mut request = ureq::http::Request::builder().method(&order.method).uri(order.url);
            for (name, value) in order.headers {
                request = request.header(*name, *value);
            }
            if let Some(authorization) = access.authorization().filter(|_| is_ours) {
                request = request.header("Authorization", &*authorization);
            }
            let invalid = |error: ureq::http::Error| Error::Status(error.to_string());
            let agent = if is_download { following } else { agent };
            let answer = match &body {
                None => agent.run(request.body(SendBody::none()).map_err(invalid)?),
                Some(open) => {
                    let mut reader = open().map_err(Error::Disk)?;
                    let request = request.body(SendBody::from_reader(&mut reader));
                    let answer = agent.run(request.map_err(invalid)?);
                    if let Some(error) = reader.take_error() {
                        return Err(Error::Disk(error));
                    }
                    answer
                }
            };
            let answer = answer.map_err(convert)?;
            reached.store(true, Ordering::Relaxed);
            if answer.status() == StatusCode::UNAUTHORIZED && is_ours && !is_repeated {
                is_repeated = true;
                let headers = answer.headers().get_all("www-authenticate");
                let headers = headers.iter().filter_map(|value| value.to_str().ok());
                if access.answer(headers, agent)? {
                    continue;
                }
            }
            return Ok(answer);
        }
    }

    fn get(&self, url: &str, accept: &str) -> Result<Answer, Error> {
        let headers = [("Accept", accept)];
        self.send(&Order { method: Method::GET, url, headers: &headers }, None)
    }

    /// The manifest with this tag or digest; `None` if it does not exist.
    ///
    /// # Errors
    /// The registry cannot be reached, or answers with something else.
    pub fn manifest(&self, name: &str, console: &Console) -> Result<Option<Received>, Error> {
        let url = self.url(&format!("manifests/{name}"));
        let accept = format!("{MANIFEST}, {INDEX}");
        let answer = self.repeated(console, || {
            let answer = self.get(&url, &accept)?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            body(answer, MOST_MANIFEST).map(Some)
        })?;
        let Some(bytes) = answer else { return Ok(None) };
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if name.starts_with("sha256:") && name != digest_text(&digest) {
            let found = digest_text(&digest);
            return Err(Error::Differs(format!(
                "the manifest has the digest {found}, expected {name}"
            )));
        }
        Ok(Some(Received { bytes, digest }))
    }

    /// Stores a manifest under a tag or its digest.
    ///
    /// # Errors
    /// The registry refuses it.
    pub fn put_manifest(&self, name: &str, bytes: &[u8], console: &Console) -> Result<(), Error> {
        let url = self.url(&format!("manifests/{name}"));
        let is_index =
            serde_json::from_slice::<Kind>(bytes).is_ok_and(|kind| kind.media_type == INDEX);
        let size = bytes.len().to_string();
        let kind = if is_index { INDEX } else { MANIFEST };
        let headers = [("Content-Type", kind), ("Content-Length", &*size)];
        self.repeated(console, || {
            let order = Order { method: Method::PUT, url: &url, headers: &headers };
            let open = || Ok(upload::Checked::of_bytes(bytes.to_owned()));
            created(self.send(&order, Some(&open))?)
        })
    }

    /// Whether the repository has a blob.
    ///
    /// # Errors
    /// The registry cannot be reached.
    pub fn has_blob(&self, blob: &Blob, console: &Console) -> Result<bool, Error> {
        let url = self.url(&format!("blobs/{}", digest_text(&blob.digest)));
        self.repeated(console, || {
            let answer =
                self.send(&Order { method: Method::HEAD, url: &url, headers: &[] }, None)?;
            match answer.status() {
                StatusCode::NOT_FOUND => Ok(false),
                status if status.is_success() => Ok(true),
                _ => Err(refusal(answer)),
            }
        })
    }

    /// Opens a blob at an offset.
    ///
    /// # Errors
    /// The registry cannot be reached, or has no such blob.
    pub(crate) fn open_blob(&self, digest: &[u8; 32], offset: u64) -> Result<Opened, Error> {
        let url = self.url(&format!("blobs/{}", digest_text(digest)));
        let range = format!("bytes={offset}-");
        let headers = [("Accept-Encoding", "identity"), ("Range", &*range)];
        let headers = if offset > 0 { &headers[..] } else { &headers[..1] };
        opened(self.send(&Order { method: Method::GET, url: &url, headers }, None)?, offset)
    }

    /// A blob of at most 4 MiB.
    ///
    /// # Errors
    /// It cannot be read, or has other bytes.
    pub fn small_blob(&self, blob: &Blob, console: &Console) -> Result<Vec<u8>, Error> {
        let bytes = self.repeated(console, || {
            let mut bytes = Vec::new();
            let body = self.open_blob(&blob.digest, 0)?.body;
            let read = body.take(MOST_MANIFEST).read_to_end(&mut bytes);
            read.map_err(|error| Error::Unreachable(format!("breaks the connection: {error}")))?;
            Ok(bytes)
        })?;
        if Blob::of(&bytes) == *blob {
            return Ok(bytes);
        }
        let name = digest_text(&blob.digest);
        Err(Error::Differs(format!("the blob {name} has other bytes than its digest")))
    }

    /// The tags of the repository, sorted.
    ///
    /// # Errors
    /// The registry cannot be reached, or does not list them.
    pub fn tags(&self, console: &Console) -> Result<Vec<String>, Error> {
        let mut tags = Vec::new();
        let mut next = Some(self.url("tags/list?n=1000"));
        while let Some(url) = next.take() {
            let (list, following) = self.repeated(console, || {
                let answer = self.get(&url, "application/json")?;
                let link = text(answer.headers(), "link").and_then(|link| self.next_page(link));
                Ok((body(answer, MOST_LIST)?, link))
            })?;
            let list: Tags = serde_json::from_slice(&list)
                .map_err(|error| Error::Status(format!("answers no list of tags: {error}")))?;
            let page = list.tags.unwrap_or_default();
            if tags.len() + page.len() > MOST_TAGS {
                return Err(Error::Status(format!("has more than {MOST_TAGS} tags")));
            }
            // A page without tags would not end.
            next = following.filter(|_| !page.is_empty());
            tags.extend(page);
        }
        tags.sort_unstable();
        Ok(tags)
    }

    /// `</v2/…?last=x>; rel="next"`: a path at this registry.
    fn next_page(&self, link: &str) -> Option<String> {
        let target = link.trim().strip_prefix('<')?.split_once('>')?.0;
        let base = self.0.reference.url();
        let path = target.strip_prefix(&base).unwrap_or(target);
        path.starts_with('/').then(|| format!("{base}{path}"))
    }
}

#[derive(serde::Deserialize)]
struct Kind {
    #[serde(rename = "mediaType", default)]
    media_type: String,
}

#[derive(serde::Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

/// The body of a successful answer.
fn body(mut answer: Answer, most: u64) -> Result<Vec<u8>, Error> {
    if !answer.status().is_success() {
        return Err(refusal(answer));
    }
    let mut bytes = Vec::new();
    let read = answer.body_mut().as_reader().take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::Unreachable(format!("breaks the connection: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(Error::Status(format!("answers more than {most} bytes")));
    }
    Ok(bytes)
}

/// Whether an upload succeeded.
fn created(answer: Answer) -> Result<(), Error> {
    if answer.status().is_success() { Ok(()) } else { Err(refusal(answer)) }
}
