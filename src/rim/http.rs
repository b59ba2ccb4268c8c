//! HTTP to a node, with a limit on everything: patient with one that a long run depends on, short with
//! one whose health is asked.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::console::Console;

/// How long a node is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one answer.
    pub timeout: Duration,
    /// How often a question is asked when the connection fails.
    pub attempts: u32,
}

impl Patience {
    /// For a client whose health is asked: no answer is one, too.
    pub const SHORT: Self = Self { timeout: Duration::from_secs(3), attempts: 1 };

    /// For a node that a long run depends on, with a time for each answer.
    pub fn long(timeout: Duration) -> Self {
        Self { timeout, attempts: 6 }
    }
}

/// The first pause before a question is repeated; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// For a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// For an answer that is read as it comes.
const STREAM: Duration = Duration::from_hours(1);

/// A server.
#[derive(Debug)]
pub struct Endpoint<'a> {
    agent: ureq::Agent,
    url: String,
    /// The URL without user, password, path and query, which may be secret.
    pub label: String,
    /// How long it is waited for.
    pub patience: Patience,
    reached: AtomicBool,
    console: &'a Console,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    /// No connection, or it broke.
    Unreachable(String),
    /// An answer, but not a good one.
    Status(String),
    /// Not in time.
    Slow,
    /// More than the limit.
    TooLarge,
}

/// Why a text is no URL of a server.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// Not http.
    #[error("has the scheme {0}, expected http")]
    Scheme(String),
    /// https without the feature.
    #[error("is https, which this build does not have")]
    Tls,
    /// No URL.
    #[error("is no URL of a server, such as 127.0.0.1:8545")]
    Invalid,
}

impl<'a> Endpoint<'a> {
    /// The server at `url`, whose scheme may be left out, as Kurtosis prints it.
    ///
    /// # Errors
    /// It is no URL.
    pub fn new(url: &str, patience: Patience, console: &'a Console) -> Result<Self, UrlError> {
        let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
        let rest = rest.trim_end_matches('/');
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => return Err(UrlError::Tls),
            other => return Err(UrlError::Scheme(other.to_owned())),
        }
        let url = format!("{scheme}://{rest}");
        let uri: ureq::http::Uri = url.parse().map_err(|_| UrlError::Invalid)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(UrlError::Invalid)?;
        let port = uri.port().map_or_else(String::new, |port| format!(":{port}"));
        let label = format!("{scheme}://{host}{port}");
        let config = ureq::Agent::config_builder()
            // A devnet is near: a proxy that the environment names cannot see it.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT.min(patience.timeout)))
            .timeout_global(Some(patience.timeout))
            .user_agent(concat!("regenesis/", env!("CARGO_PKG_VERSION")))
            .build();
        let (agent, reached) = (config.into(), AtomicBool::new(false));
        Ok(Self { agent, url, label, patience, reached, console })
    }

    /// Gets `path`; at most `limit` bytes.
    ///
    /// # Errors
    /// No good answer in time.
    pub fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let url = format!("{}{path}", self.url);
        self.patiently(|| {
            whole(self.agent.get(&url).header("Accept", "application/json").call(), limit)
        })
    }

    /// Posts JSON; at most `limit` bytes come back.
    ///
    /// # Errors
    /// No good answer in time.
    pub fn post(&self, body: &[u8], limit: u64) -> Result<Vec<u8>, Error> {
        self.patiently(|| {
            let request = self.agent.post(&self.url).content_type("application/json");
            whole(request.send(body), limit)
        })
    }

    /// Posts JSON, and gives what comes back as it comes.
    ///
    /// # Errors
    /// No good answer in time.
    pub fn post_streaming(&self, body: &[u8]) -> Result<Box<dyn Read + Send>, Error> {
        self.patiently(|| {
            let request = self.agent.post(&self.url).content_type("application/json");
            let request = request.config().timeout_global(Some(STREAM)).build();
            let answer = good(request.send(body))?;
            Ok(Box::new(answer.into_body().into_reader()) as Box<dyn Read + Send>)
        })
    }

    /// Repeats a question while the connection fails. A server that was never reached is not
    /// waited for: the URL is wrong, more likely than not.
    fn patiently<T>(&self, mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let what = match ask() {
                Err(Error::Unreachable(what)) => what,
                answer => {
                    self.reached.store(true, Ordering::Relaxed);
                    return answer;
                }
            };
            if attempt >= self.patience.attempts || !self.reached.load(Ordering::Relaxed) {
                return Err(Error::Unreachable(what));
            }
            let wait = pause.as_secs_f64();
            self.console.note(&format!("{}: {what}; again in {wait} s", self.label));
            std::thread::sleep(pause);
            pause *= 2;
        }
        unreachable!("the loop has no end")
    }
}

type Response = ureq::http::Response<ureq::Body>;

/// The answer, if its status says that it is one.
fn good(answer: Result<Response, ureq::Error>) -> Result<Response, Error> {
    let mut answer = answer.map_err(fault)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    if status.is_redirection() {
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
        let to = to.map_or_else(String::new, |to| format!(" to {to}"));
        return Err(Error::Status(format!("redirects{to}, which is not followed")));
    }
    let mut head = Vec::new();
    let _ = answer.body_mut().as_reader().take(256).read_to_end(&mut head);
    let what = format!("answers {status}: {}", crate::rpc::message::excerpt(&head));
    // Those that a proxy or a node under load gives, and that pass.
    Err(match status.as_u16() {
        429 | 502..=504 => Error::Unreachable(what),
        413 => Error::TooLarge,
        _ => Error::Status(what),
    })
}

fn whole(answer: Result<Response, ureq::Error>, limit: u64) -> Result<Vec<u8>, Error> {
    let mut answer = good(answer)?;
    let length = answer.body().content_length();
    if length.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge);
    }
    let mut body = Vec::with_capacity(length.and_then(|l| usize::try_from(l).ok()).unwrap_or(0));
    let read = answer.body_mut().as_reader().take(limit + 1).read_to_end(&mut body);
    read.map_err(|error| fault(error.into()))?;
    if body.len() as u64 > limit {
        return Err(Error::TooLarge);
    }
    Ok(body)
}

fn fault(error: ureq::Error) -> Error {
    use ureq::Timeout::{Connect, Resolve};
    match error {
        ureq::Error::ConnectionFailed | ureq::Error::Timeout(Connect | Resolve) => {
            Error::Unreachable("does not take the connection".to_owned())
        }
        ureq::Error::Timeout(_) => Error::Slow,
        // Wrapped when it comes in the middle of the body.
        ureq::Error::Io(error) => match error.downcast::<ureq::Error>() {
            Ok(inner) => fault(inner),
            Err(error) => Error::Unreachable(format!("is not reached: {error}")),
        },
        ureq::Error::HostNotFound => Error::Unreachable("has a name that is not known".to_owned()),
        ureq::Error::Protocol(error) => Error::Status(format!("does not speak HTTP: {error}")),
        error => Error::Status(format!("does not answer: {error}")),
    }
}
