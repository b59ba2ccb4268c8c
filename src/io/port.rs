//! Whether a server listens.

#[cfg(feature = "host")]
use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// The limit of a connection, and how long a server that waits for a request is silent, at least.
const LIMIT: Duration = Duration::from_secs(1);

/// Whether a server listens on a port of this machine, or of the container in which this runs.
pub fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT).is_ok()
}

/// Whether a server listens at `HOST:PORT`, an IP address. Docker listens for a container that does not, and
/// then closes each connection at once.
#[cfg(feature = "host")]
pub fn answers(address: &str) -> bool {
    let Ok(address) = address.parse::<SocketAddr>() else { return false };
    let Ok(mut stream) = TcpStream::connect_timeout(&address, LIMIT) else { return false };
    if stream.set_read_timeout(Some(LIMIT)).is_err() {
        return false;
    }
    match stream.read(&mut [0]) {
        Ok(length) => length > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[cfg(all(test, feature = "host"))]
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
