//! A stream that is opened again at its offset when the connection breaks.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::rc::Rc;
use std::time::Duration;

use super::{Differs, Error, Opened, Source};
use crate::io::clock;
use crate::io::console::Console;

/// How often a connection may break without progress.
const ATTEMPTS: u32 = 6;
/// Pause before the first new connection; each later pause is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// Bytes that count as progress.
const PROGRESS: u64 = 1 << 16;

/// Why a stream ended early. Decompressors pass errors on as text, so that the error waits here.
#[derive(Debug, Clone, Default)]
pub struct Broken(Rc<RefCell<Option<Error>>>);

impl Broken {
    /// The error, if the stream is the cause.
    pub fn take(&self) -> Option<Error> {
        self.0.borrow_mut().take()
    }

    fn set(&self, error: Error) -> io::Error {
        *self.0.borrow_mut() = Some(error);
        io::Error::other("the stream broke")
    }
}

/// The bytes of a source from an offset to its end.
pub struct Stream<'a> {
    source: &'a Source,
    console: &'a Console,
    body: Box<dyn Read + Send>,
    offset: u64,
    size: Option<u64>,
    version: Option<String>,
    failures: u32,
    /// The offset at the last failure.
    failed_at: u64,
    broken: Broken,
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<'a> Stream<'a> {
    /// Opens `source` at an offset, on condition that it still has this version, if one is given.
    ///
    /// # Errors
    /// The source cannot be opened.
    pub fn open(
        source: &'a Source,
        offset: u64,
        version: Option<&str>,
        console: &'a Console,
    ) -> Result<Self, Error> {
        let opened = persistently(source, console, || source.open(offset, version))?;
        let (size, version) = (opened.size, opened.version.clone());
        let mut stream = Self {
            source,
            console,
            body: Box::new(io::empty()),
            offset,
            size,
            version,
            failures: 0,
            failed_at: offset,
            broken: Broken::default(),
        };
        stream.continue_in(opened)?;
        Ok(stream)
    }

    /// Bytes of the entire file, if the server names them.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Identity of the content at its server.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Where the error of this stream will be.
    pub fn broken(&self) -> Broken {
        self.broken.clone()
    }

    /// Continues at the offset in another body, which may start at 0.
    fn continue_in(&mut self, opened: Opened) -> Result<(), Error> {
        if opened.size.is_some() && self.size.is_some() && opened.size != self.size {
            return Err(Error::Changed);
        }
        let before = self.offset.saturating_sub(opened.start);
        self.body = opened.body;
        let skipped = io::copy(&mut (&mut self.body).take(before), &mut io::sink());
        match skipped {
            Ok(skipped) if skipped == before => Ok(()),
            Ok(_) => Err(Error::Changed),
            Err(error) => Err(Error::Unreachable(format!("breaks the connection: {error}"))),
        }
    }

    /// Opens the source again after a failure.
    fn reopen(&mut self, mut what: String) -> Result<(), Error> {
        if self.offset >= self.failed_at + PROGRESS {
            self.failures = 0;
        }
        self.failed_at = self.offset;
        loop {
            self.failures += 1;
            if self.failures >= ATTEMPTS {
                return Err(Error::Unreachable(what));
            }
            wait(self.source.label(), &what, self.failures, self.console);
            let opened = self.source.open(self.offset, self.version.as_deref());
            match opened.and_then(|opened| self.continue_in(opened)) {
                Err(Error::Unreachable(next)) => what = next,
                opened => return opened,
            }
        }
    }
}

/// Sends a request again, as long as another attempt may succeed; but not to a server that never
/// answered.
pub(super) fn persistently<T>(
    source: &Source,
    console: &Console,
    send: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    repeated(source.label(), || source.is_reached(), console, send)
}

/// As [`persistently`], for any server; `label` names it.
pub(crate) fn repeated<T>(
    label: &str,
    is_reached: impl Fn() -> bool,
    console: &Console,
    mut send: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let mut failures = 0;
    loop {
        match send() {
            Err(Error::Unreachable(what)) if is_reached() && failures + 1 < ATTEMPTS => {
                failures += 1;
                wait(label, &what, failures, console);
            }
            sent => return sent,
        }
    }
}

fn wait(label: &str, what: &str, failures: u32, console: &Console) {
    let pause = PAUSE * 2_u32.pow(failures - 1);
    let seconds = pause.as_secs_f64();
    console.note(&format!("{label}: {what}; trying again in {seconds} s"));
    clock::pause(pause);
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let what = match self.body.read(buffer) {
                Ok(0) if buffer.is_empty() => return Ok(0),
                Ok(0) => match self.size {
                    Some(size) if self.offset < size => {
                        format!("ends the answer after {} of {size} bytes", self.offset)
                    }
                    _ => return Ok(0),
                },
                Ok(length) => {
                    self.offset += length as u64;
                    return Ok(length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error)
                    if error
                        .get_ref()
                        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<Differs>) =>
                {
                    return Err(self.broken.set(Error::Differs(error.to_string())));
                }
                Err(error) => format!("breaks the connection: {error}"),
            };
            self.reopen(what).map_err(|error| self.broken.set(error))?;
        }
    }
}
