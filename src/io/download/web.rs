//! Files on a web server, or in a bucket that speaks S3.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::config::ConfigBuilder;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::typestate::AgentScope;

use super::{Error, NoSource, Opened};
use crate::archive::{Credentials, Request, S3, SecretText, authorize, encoded};
use crate::io::clock;
use crate::rpc::address::Address;
use crate::rpc::{message, secrets};

/// Time for a connection, and for each read from it.
const CONNECT: Duration = Duration::from_secs(10);
const READ: Duration = Duration::from_secs(30);
const REDIRECTS: u32 = 5;
/// Bytes that are read of an answer with an error status.
const REFUSAL: u64 = 1 << 14;

/// A file on a server.
#[derive(Debug, Clone)]
pub(super) struct Web {
    agent: ureq::Agent,
    url: SecretText,
    pub(super) label: String,
    authorization: Option<SecretText>,
    signer: Option<Arc<Credentials>>,
    reached: Arc<AtomicBool>,
}

impl Web {
    /// The file at an `http://` or `https://` URL.
    ///
    /// # Errors
    /// It is not a URL.
    pub(super) fn new(text: &str) -> Result<Self, NoSource> {
        let mut address = Address::parse(text, cfg!(feature = "tls"))?;
        secrets::add(std::mem::take(&mut address.secrets));
        let rest = address.url.strip_prefix(&address.label).unwrap_or_default();
        // A query may be a signature, and a directory a token.
        let path = rest.split('?').next().unwrap_or_default();
        let label = match path.rsplit_once('/') {
            Some(("", name)) => format!("{}/{name}", address.label),
            Some((_, name)) => format!("{}/…/{name}", address.label),
            None => address.label,
        };
        let (url, authorization) = (address.url, address.authorization);
        let reached = Arc::default();
        Ok(Self { agent: agent(REDIRECTS), url, label, authorization, signer: None, reached })
    }

    /// The object `BUCKET/KEY` with the settings of AWS's own tools.
    ///
    /// # Errors
    /// It names no object, or the variables have only half of the credentials.
    pub(super) fn s3(rest: &str, variables: &[(String, String)]) -> Result<Self, NoSource> {
        const ID: &str = "AWS_ACCESS_KEY_ID";
        const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
        let object = S3::parse(rest).ok_or(NoSource::S3)?;
        let value = |wanted: &str| {
            let found = variables.iter().find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let region = value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = value("AWS_ENDPOINT_URL_S3").or_else(|| value("AWS_ENDPOINT_URL"));
        let endpoint = endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint = endpoint.trim_end_matches('/');
        let mut web = Self::new(&format!("{endpoint}{}", object.path()))?;
        web.label = format!("s3://{rest}");
        web.signer = match (value(ID), value(SECRET)) {
            (Some(key_id), Some(secret)) => {
                let token = value("AWS_SESSION_TOKEN").map(SecretText::from);
                let secret = SecretText::from(secret);
                secrets::add([secret.clone()].into_iter().chain(token.clone()).collect());
                Some(Credentials { key_id, secret, token, region }.into())
            }
            (None, None) => None,
            (Some(_), None) => return Err(NoSource::Credentials(ID, SECRET)),
            (None, Some(_)) => return Err(NoSource::Credentials(SECRET, ID)),
        };
        if web.signer.is_some() {
            // Another host must not get the session token.
            web.agent = agent(0);
        }
        Ok(web)
    }

    /// Whether the server has answered.
    pub(super) fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    /// The URL without a query, which may be a signature that is different every time.
    pub(super) fn place(&self) -> String {
        self.url.split('?').next().unwrap_or_default().to_owned()
    }

    /// The file whose URL has this ending, too. A query belongs to one URL only.
    pub(super) fn beside(&self, ending: &str) -> Option<Self> {
        let url = (!self.url.contains('?')).then(|| format!("{}{ending}", &*self.url).into())?;
        Some(Self { url, ..self.clone() })
    }

    /// The file at a path from the directory of this one.
    pub(super) fn sibling(&self, path: &str) -> Result<Self, Error> {
        if self.url.contains('?') {
            let what =
                "has a query, which belongs to one file: the files of the list need their own";
            return Err(Error::Status(what.to_owned()));
        }
        let directory = self.url.rsplit_once('/').map_or(&*self.url, |(directory, _)| directory);
        Ok(Self { url: format!("{directory}/{}", encoded(path)).into(), ..self.clone() })
    }

    /// Requests the file from an offset, on condition that it still has this version.
    pub(super) fn open(&self, offset: u64, version: Option<&str>) -> Result<Opened, Error> {
        let mut request = self.agent.get(&*self.url).header("Accept-Encoding", "identity");
        if offset > 0 {
            request = request.header("Range", format!("bytes={offset}-"));
            if let Some(version) = version {
                request = request.header("If-Range", version);
            }
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", &**authorization);
        }
        for (name, value) in self.signature() {
            request = request.header(name, &*value);
        }
        let answer = request.call().map_err(convert)?;
        self.reached.store(true, Ordering::Relaxed);
        opened(answer, offset)
    }

    fn signature(&self) -> Vec<(&'static str, SecretText)> {
        let Some(credentials) = &self.signer else { return Vec::new() };
        let place = self.url.split_once("://").map_or("", |(_, place)| place);
        let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        authorize(credentials, Request { host, path, time: clock::now() })
    }
}

/// The body of an answer to a request for a file from an offset.
pub(crate) fn opened(answer: Response<ureq::Body>, offset: u64) -> Result<Opened, Error> {
    let (status, headers) = (answer.status(), answer.headers());
    let header = |name| text(headers, name);
    // A weak validator promises no equal bytes: RFC 9110, section 8.8.1.
    let etag = header("etag").filter(|etag| !etag.starts_with("W/"));
    let version = etag.or_else(|| header("last-modified")).map(str::to_owned);
    let (start, size) = match status {
        StatusCode::OK => (0, header("content-length").and_then(|size| size.parse().ok())),
        StatusCode::PARTIAL_CONTENT => match header("content-range").and_then(range) {
            Some((start, size)) if start == offset => (start, size),
            _ => return Err(Error::Status("answers another range than requested".to_owned())),
        },
        // The file is shorter than what was read of it.
        StatusCode::RANGE_NOT_SATISFIABLE => return Err(Error::Changed),
        _ => return Err(refusal(answer)),
    };
    Ok(Opened { body: Box::new(answer.into_body().into_reader()), start, size, version })
}

/// Downloads may need the proxy of the environment, unlike a node nearby.
fn agent(redirects: u32) -> ureq::Agent {
    settings(redirects).build().into()
}

/// The settings of an agent.
pub(crate) fn settings(redirects: u32) -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(redirects)
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(READ))
        .timeout_per_write(Some(READ))
        .user_agent(concat!("regenesis/", env!("CARGO_PKG_VERSION")))
}

pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `bytes FIRST-LAST/SIZE`: the first byte, and the size of the file.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split_once('-')?.0.parse().ok()?;
    Some((first, size.parse().ok()))
}

pub(crate) fn refusal(mut answer: Response<ureq::Body>) -> Error {
    let status = answer.status();
    let mut head = Vec::new();
    let _ = answer.body_mut().as_reader().take(REFUSAL).read_to_end(&mut head);
    let what = secrets::hidden(&format!("answers {status}: {}", message::excerpt(&head)));
    match status.as_u16() {
        404 | 410 => Error::NotThere(format!("does not exist: the server answers {status}")),
        401 | 403 | 407 => Error::Denied(what),
        408 | 425 | 429 | 500..=599 => Error::Unreachable(what),
        _ => Error::Status(what),
    }
}

pub(crate) fn convert(error: ureq::Error) -> Error {
    use ureq::Error as E;
    let what = match &error {
        E::ConnectionFailed | E::Timeout(ureq::Timeout::Connect) => "refuses the connection".into(),
        E::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "refuses the connection".into()
        }
        E::HostNotFound => "has an unknown host name".into(),
        E::Io(_) | E::Timeout(_) => format!("cannot be reached: {error}"),
        _ => return Error::Status(secrets::hidden(&format!("does not answer: {error}"))),
    };
    Error::Unreachable(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        for text in ["", "bytes */10", "lines 1-2/3", "bytes x-1/2"] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
