//! `regenesis health port`.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Report;
use crate::health::Finding;
use crate::io::clock::{now, pause};

/// The limit of one connection, in a container to itself.
const LIMIT: Duration = Duration::from_secs(1);

/// Connects to one of these ports, with `wait` until that many seconds have passed.
pub(super) fn check(ports: &[u16], wait: Option<u64>, report: &mut Report) {
    let end = wait.map(|seconds| now().saturating_add(seconds));
    let listens = |port: &u16| {
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), LIMIT).is_ok()
    };
    while !ports.iter().any(listens) {
        if end.is_some_and(|end| now() < end) {
            pause(LIMIT);
            continue;
        }
        let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
        let cause = format!("nothing listens on port {}", ports.join(" or "));
        report.findings.push(Finding::new(cause, "check the log of the service"));
        return;
    }
}
