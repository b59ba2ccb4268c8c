//! A web server that cuts, stalls, corrupts and changes what it serves.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to the body of one answer.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The connection ends at this offset of the file.
    Cut(u64),
    /// Nothing follows this offset, and the connection stays open.
    Stall(u64),
    /// The byte at this offset is another one.
    Flip(u64),
    /// This status instead of the file.
    Status(&'static str),
    /// A server that knows neither ranges nor versions.
    Plain,
}

#[derive(Debug, Default)]
struct State {
    file: Vec<u8>,
    version: u64,
    faults: Vec<Fault>,
    sidecar: Option<String>,
    requests: Vec<String>,
}

/// A server of `/a.tar.zst`, and of its digest if it is set.
pub struct Server {
    pub url: String,
    state: Arc<Mutex<State>>,
    /// Bytes of bodies sent.
    pub sent: Arc<AtomicU64>,
    stalled: Arc<AtomicBool>,
}

impl Server {
    pub fn new(file: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a.tar.zst", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { file, ..State::default() }));
        let (sent, stalled) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let server =
            Self { url, state: state.clone(), sent: sent.clone(), stalled: stalled.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (state, sent, stalled) = (state.clone(), sent.clone(), stalled.clone());
                std::thread::spawn(move || {
                    let _ = answer(stream.unwrap(), &state, &sent, &stalled);
                });
            }
        });
        server
    }

    /// What happens to the next answers, in order; later ones are right.
    pub fn fail(&self, faults: &[Fault]) {
        self.stalled.store(false, Ordering::SeqCst);
        self.state.lock().unwrap().faults = faults.iter().rev().copied().collect();
    }

    /// Serves another file from now on.
    pub fn replace(&self, file: Vec<u8>) {
        let mut state = self.state.lock().unwrap();
        (state.file, state.version) = (file, state.version + 1);
    }

    /// Serves the digest of the file, too.
    pub fn publish_digest(&self, digest: &str) {
        self.state.lock().unwrap().sidecar = Some(digest.to_owned());
    }

    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::SeqCst)
    }

    /// The headers `Range` so far.
    pub fn ranges(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn answer(
    stream: TcpStream,
    state: &Mutex<State>,
    sent: &AtomicU64,
    stalled: &AtomicBool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let found = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
        found.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let is_sidecar = lines.first().is_some_and(|line| line.contains(".sha256 "));
    let (file, version, fault) = {
        let mut state = state.lock().unwrap();
        if is_sidecar {
            let Some(text) = state.sidecar.clone() else {
                return write!(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
            return out.write_all((head + &text).as_bytes());
        }
        let range = header("range").unwrap_or_default().to_owned();
        state.requests.push(range);
        (state.file.clone(), format!("\"v{}\"", state.version), state.faults.pop())
    };
    if let Some(Fault::Status(status)) = fault {
        return write!(out, "HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno");
    }
    let size = file.len() as u64;
    let is_plain = matches!(fault, Some(Fault::Plain));
    let is_same = header("if-range").is_none_or(|expected| expected == version);
    let start = header("range").filter(|_| is_same && !is_plain);
    let start =
        start.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let etag = if is_plain { String::new() } else { format!("ETag: {version}\r\n") };
    let length = size - start.unwrap_or(0);
    let (status, range) = match start {
        Some(start) => {
            ("206 Partial Content", format!("Content-Range: bytes {start}-{}/{size}\r\n", size - 1))
        }
        None => ("200 OK", String::new()),
    };
    write!(out, "HTTP/1.1 {status}\r\n{etag}{range}Content-Length: {length}\r\n\r\n")?;
    let mut body = file;
    let end = match fault {
        Some(Fault::Cut(at) | Fault::Stall(at)) => at.min(size),
        Some(Fault::Flip(at)) => {
            body[usize::try_from(at).unwrap()] ^= 0x10;
            size
        }
        _ => size,
    };
    let start = start.unwrap_or(0);
    let range = usize::try_from(start).unwrap()..usize::try_from(end.max(start)).unwrap();
    for piece in body[range].chunks(1 << 14) {
        out.write_all(piece)?;
        sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
    }
    if matches!(fault, Some(Fault::Stall(_))) {
        stalled.store(true, Ordering::SeqCst);
        // Until the client closes the connection.
        let _ = reader.read_line(&mut String::new());
    }
    Ok(())
}
