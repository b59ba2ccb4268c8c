//! HTTP requests to a node. Every answer has a limit of time and of size.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::RequestBuilder;
use ureq::typestate::WithBody;

use crate::io::console::Console;
use crate::rpc::address::{self, Address};
use crate::rpc::{message, secrets};

/// How long to wait for a node, and how often.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Time for one answer.
    pub timeout: Duration,
    /// How often a request is sent while the connection fails.
    pub attempts: u32,
}

impl RetryPolicy {
    /// For a health check, where no answer is a result, too.
    pub const ONCE: Self = Self { timeout: Duration::from_secs(3), attempts: 1 };

    /// For a node that a long run depends on, with this time for each answer.
    pub fn persistent(timeout: Duration) -> Self {
        Self { timeout, attempts: 6 }
    }
}

/// Pause before the first repetition; each later pause is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// Time for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for an answer that is read as a stream.
const STREAM: Duration = Duration::from_hours(1);

/// Bytes that are read of an answer with an error status. Messages show fewer: the end could be the
/// first half of a secret.
const REFUSAL: u64 = 1 << 14;

/// A server.
#[derive(Debug)]
pub struct Endpoint<'a> {
    agent: ureq::Agent,
    /// Its address.
    pub address: Address,
    /// How long to wait for it.
    pub retry: RetryPolicy,
    reached: AtomicBool,
    console: &'a Console,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Error {
    /// The connection failed or broke.
    Unreachable(String),
    /// The answer has an error status, or is not HTTP.
    Status(String),
    /// The server requires a password, or another one.
    Denied(String),
    /// The time is up.
    Slow,
    /// The answer exceeds the size limit.
    TooLarge,
}

impl<'a> Endpoint<'a> {
    /// The server at `url`. The scheme is optional.
    ///
    /// # Errors
    /// It is not a URL.
    pub fn new(
        url: &str,
        retry: RetryPolicy,
        console: &'a Console,
    ) -> Result<Self, address::Error> {
        let mut address = Address::parse(url, cfg!(feature = "tls"))?;
        secrets::add(std::mem::take(&mut address.secrets));
        let config = ureq::Agent::config_builder()
            // A devnet runs nearby: a proxy from the environment cannot reach it.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT.min(retry.timeout)))
            .timeout_global(Some(retry.timeout))
            .user_agent(concat!("regenesis/", env!("CARGO_PKG_VERSION")))
            .build();
        let (agent, reached) = (config.into(), AtomicBool::new(false));
        Ok(Self { agent, address, retry, reached, console })
    }

    /// Sends a GET of `path`; reads at most `limit` bytes.
    ///
    /// # Errors
    /// No successful answer in time.
    pub fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let url = format!("{}{path}", &*self.address.url);
        self.retrying(|| {
            let request = self.agent.get(&url).header("Accept", "application/json");
            read(self.authorized(request).call(), limit)
        })
    }

    /// Posts JSON; reads at most `limit` bytes.
    ///
    /// # Errors
    /// No successful answer in time.
    pub fn post(&self, body: &[u8], limit: u64) -> Result<Vec<u8>, Error> {
        self.retrying(|| read(self.request().send(body), limit))
    }

    /// Posts JSON, and returns the answer as a stream.
    ///
    /// # Errors
    /// No successful answer in time.
    pub fn post_streaming(&self, body: &[u8]) -> Result<Box<dyn Read + Send>, Error> {
        self.retrying(|| {
            let request = self.request().config().timeout_global(Some(STREAM)).build();
            let answer = successful(request.send(body))?;
            Ok(Box::new(answer.into_body().into_reader()) as Box<dyn Read + Send>)
        })
    }

    fn request(&self) -> RequestBuilder<WithBody> {
        let request = self.agent.post(&*self.address.url).content_type("application/json");
        self.authorized(request)
    }

    fn authorized<T>(&self, request: RequestBuilder<T>) -> RequestBuilder<T> {
        match &self.address.authorization {
            Some(authorization) => request.header("Authorization", &**authorization),
            None => request,
        }
    }

    /// Repeats a request while the connection fails; but not to a server that never answered, because
    /// its URL is probably wrong.
    fn retrying<T>(&self, mut send: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let what = match send() {
                Err(Error::Unreachable(what)) => secrets::hidden(&what),
                answer => {
                    self.reached.store(true, Ordering::Relaxed);
                    return answer.map_err(|error| match error {
                        Error::Status(what) => Error::Status(secrets::hidden(&what)),
                        Error::Denied(what) => Error::Denied(secrets::hidden(&what)),
                        error => error,
                    });
                }
            };
            if attempt >= self.retry.attempts || !self.reached.load(Ordering::Relaxed) {
                return Err(Error::Unreachable(what));
            }
            let wait = pause.as_secs_f64();
            self.console.note(&format!("{}: {what}; trying again in {wait} s", self.address.label));
            std::thread::sleep(pause);
            pause *= 2;
        }
        unreachable!("the loop has no end")
    }
}

type Response = ureq::http::Response<ureq::Body>;

/// The answer, if its status is success.
fn successful(answer: Result<Response, ureq::Error>) -> Result<Response, Error> {
    let mut answer = answer.map_err(convert)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    if status.is_redirection() {
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
        let to = to.map_or_else(String::new, |to| format!(" to {to}"));
        return Err(Error::Status(format!("redirects{to}; redirects are not followed")));
    }
    let mut head = Vec::new();
    let _ = answer.body_mut().as_reader().take(REFUSAL).read_to_end(&mut head);
    let what = format!("answers {status}: {}", message::excerpt(&head));
    // A proxy, or a node under load, answers these for a while.
    Err(match status.as_u16() {
        429 | 502..=504 => Error::Unreachable(what),
        401 | 407 => Error::Denied(what),
        413 => Error::TooLarge,
        _ => Error::Status(what),
    })
}

fn read(answer: Result<Response, ureq::Error>, limit: u64) -> Result<Vec<u8>, Error> {
    let mut answer = successful(answer)?;
    let length = answer.body().content_length();
    if length.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge);
    }
    let mut body = Vec::with_capacity(length.and_then(|l| usize::try_from(l).ok()).unwrap_or(0));
    let read = answer.body_mut().as_reader().take(limit + 1).read_to_end(&mut body);
    read.map_err(|error| convert(error.into()))?;
    if body.len() as u64 > limit {
        return Err(Error::TooLarge);
    }
    Ok(body)
}

fn convert(error: ureq::Error) -> Error {
    use ureq::Timeout::{Connect, Resolve};
    match error {
        ureq::Error::ConnectionFailed | ureq::Error::Timeout(Connect | Resolve) => {
            Error::Unreachable("refuses the connection".to_owned())
        }
        ureq::Error::Timeout(_) => Error::Slow,
        // ureq wraps its own errors in the middle of a body.
        ureq::Error::Io(error) => match error.downcast::<ureq::Error>() {
            Ok(inner) => convert(inner),
            Err(error) => Error::Unreachable(format!("cannot be reached: {error}")),
        },
        ureq::Error::HostNotFound => Error::Unreachable("has an unknown host name".to_owned()),
        ureq::Error::Protocol(error) => Error::Status(format!("does not speak HTTP: {error}")),
        error => Error::Status(format!("does not answer: {error}")),
    }
}
