//! HTTP to a node, with a limit on everything: patient with one that a long run depends on, short with
//! one whose health is asked.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::RequestBuilder;
use ureq::typestate::WithBody;

use super::console::Console;
use crate::rpc::address::{self, Address};
use crate::rpc::{message, secrets};

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

/// What is read of an answer with a bad status, in bytes: more than is shown of it, or the end might be
/// the first half of a secret.
const REFUSAL: u64 = 1 << 14;

/// A server.
#[derive(Debug)]
pub struct Endpoint<'a> {
    agent: ureq::Agent,
    /// Where it is.
    pub address: Address,
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
    /// It wants a password, or another one.
    Denied(String),
    /// Not in time.
    Slow,
    /// More than the limit.
    TooLarge,
}

impl<'a> Endpoint<'a> {
    /// The server at `url`, whose scheme may be left out.
    ///
    /// # Errors
    /// It is no URL.
    pub fn new(
        url: &str,
        patience: Patience,
        console: &'a Console,
    ) -> Result<Self, address::Error> {
        let mut address = Address::parse(url, cfg!(feature = "tls"))?;
        secrets::add(std::mem::take(&mut address.secrets));
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
        Ok(Self { agent, address, patience, reached, console })
    }

    /// Gets `path`; at most `limit` bytes.
    ///
    /// # Errors
    /// No good answer in time.
    pub fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let url = format!("{}{path}", &*self.address.url);
        self.patiently(|| {
            let request = self.agent.get(&url).header("Accept", "application/json");
            whole(self.authorized(request).call(), limit)
        })
    }

    /// Posts JSON; at most `limit` bytes come back.
    ///
    /// # Errors
    /// No good answer in time.
    pub fn post(&self, body: &[u8], limit: u64) -> Result<Vec<u8>, Error> {
        self.patiently(|| whole(self.request().send(body), limit))
    }

    /// Posts JSON, and gives what comes back as it comes.
    ///
    /// # Errors
    /// No good answer in time.
    pub fn post_streaming(&self, body: &[u8]) -> Result<Box<dyn Read + Send>, Error> {
        self.patiently(|| {
            let request = self.request().config().timeout_global(Some(STREAM)).build();
            let answer = good(request.send(body))?;
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

    /// Repeats a question while the connection fails. A server that was never reached is not
    /// waited for: the URL is wrong, more likely than not.
    fn patiently<T>(&self, mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let what = match ask() {
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
            if attempt >= self.patience.attempts || !self.reached.load(Ordering::Relaxed) {
                return Err(Error::Unreachable(what));
            }
            let wait = pause.as_secs_f64();
            self.console.note(&format!("{}: {what}; again in {wait} s", self.address.label));
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
    let _ = answer.body_mut().as_reader().take(REFUSAL).read_to_end(&mut head);
    let what = format!("answers {status}: {}", message::excerpt(&head));
    // Those that a proxy or a node under load gives, and that pass.
    Err(match status.as_u16() {
        429 | 502..=504 => Error::Unreachable(what),
        401 | 407 => Error::Denied(what),
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
