//! Whether a server listens.

use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server that waits for a request is silent, at least.
const SILENCE: Duration = Duration::from_secs(1);

/// Whether a server listens at `HOST:PORT`, an IP address. Docker listens for a container that does not, and
/// then closes each connection at once.
pub fn answers(address: &str) -> bool {
    let Ok(address) = address.parse::<SocketAddr>() else { return false };
    let Ok(mut stream) = TcpStream::connect_timeout(&address, SILENCE) else { return false };
    if stream.set_read_timeout(Some(SILENCE)).is_err() {
        return false;
    }
    match stream.read(&mut [0]) {
        Ok(length) => length > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_that_closes_the_connection_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        // The connection is in the backlog, open and silent.
        assert!(answers(&address));
        let closes = std::thread::spawn(move || {
            drop(listener.accept().unwrap());
            drop(listener.accept().unwrap());
        });
        assert!(!answers(&address));
        closes.join().unwrap();
        assert!(!answers(&address), "no server listens");
        assert!(!answers("localhost"), "no address");
    }
}
