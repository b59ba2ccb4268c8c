//! Failures in logs, compared with the heads of the clients.

use std::path::PathBuf;

use super::super::Failure;
use super::Report;
use crate::health::known::{self, Logged};
use crate::io::console::Console;
use crate::io::fs;

/// The known failures in the logs.
pub(super) fn read(logs: &[PathBuf]) -> Result<Vec<Logged>, Failure> {
    let mut logged = Vec::new();
    for log in logs {
        logged.extend(known::in_logs(&String::from_utf8_lossy(&fs::read_log(log)?)));
    }
    Ok(logged)
}

/// Adds the failures to the report, before those of the clients. `builds` is whether both clients have
/// new blocks; `None`: unknown.
pub(super) fn report(
    logged: Vec<Logged>,
    builds: Option<bool>,
    report: &mut Report,
    console: &Console,
) {
    let is_over = |logged: &Logged| logged.can_end && builds == Some(true);
    let (over, open): (Vec<_>, Vec<_>) = logged.into_iter().partition(is_over);
    for logged in &over {
        let cause = &logged.finding.cause;
        console.note(&format!("over, because both clients have new blocks: {cause}"));
    }
    if builds.is_none() && open.iter().any(|logged| logged.can_end) {
        console.note(
            "a client at log level error does not log the block that ends a failure: with --runtime, \
             --el and --cl, health also compares the heads",
        );
    }
    let findings = |list: Vec<Logged>| list.into_iter().map(|logged| logged.finding);
    report.findings.splice(0..0, findings(open));
    report.over.extend(findings(over));
}
