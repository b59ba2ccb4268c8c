//! `regenesis health port`.

use std::time::Duration;

use super::Report;
use crate::health::Finding;
use crate::io::clock::{now, pause};
use crate::io::port;

/// Connects to one of these ports, with `wait` until that many seconds have passed.
pub(super) fn check(ports: &[u16], wait: Option<u64>, report: &mut Report) {
    let end = wait.map(|seconds| now().saturating_add(seconds));
    while !ports.iter().copied().any(port::listens) {
        if end.is_some_and(|end| now() < end) {
            pause(Duration::from_secs(1));
            continue;
        }
        let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
        let cause = format!("nothing listens on port {}", ports.join(" or "));
        report.findings.push(Finding::new(cause, "check the log of the service"));
        return;
    }
}
