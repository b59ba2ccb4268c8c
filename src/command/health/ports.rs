//! `regenesis health port`.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Report;
use crate::health::Finding;

/// The limit of one connection, in a container to itself.
const LIMIT: Duration = Duration::from_secs(1);

/// Connects to each of these ports.
pub(super) fn check(ports: &[u16], report: &mut Report) {
    for port in ports {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
        if let Err(error) = TcpStream::connect_timeout(&address, LIMIT) {
            let cause = format!("nothing listens on port {port}: {error}");
            report.findings.push(Finding::new(cause, "check the log of the service"));
        }
    }
}
