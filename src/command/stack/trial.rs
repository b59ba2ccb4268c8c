//! A snapshot as a stack of its own, which is removed at the end: `regenesis verify --up`.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use super::super::{Failure, steps::Steps};
use super::blocks::runtime_file;
use super::target::{Request, Target, shell};
use super::{LOCK, lock, named, now, observe, purge, state_directory, up};
use crate::compose::project;
use crate::exit;
use crate::io::clock::{Stopwatch, pause};
use crate::io::{self, docker, fs, host, signal};
use crate::operate::port;
use crate::operate::stacks::{Stack, TRIAL};

/// How long the services of an enclave may take until they answer: each starts again until those are there
/// that it needs.
const LIMIT: Duration = Duration::from_mins(2);

/// The last lines of each log that a failure prints.
const LINES: &str = "3";

/// A stack that builds blocks.
#[derive(Debug)]
pub(in super::super) struct Trial {
    stack: Stack,
    /// The names of its L2s.
    pub(in super::super) l2s: Vec<String>,
}

/// Starts a snapshot on free ports of 127.0.0.1, passes the stack to `examine`, and removes it.
///
/// # Errors
/// Those of `up` and of `examine`; the stack of an earlier call is still there.
pub(in super::super) fn run<T>(
    snapshot: &Path,
    steps: &Steps<'_>,
    examine: impl FnOnce(&Trial) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let directory = fs::canonical(snapshot)?;
    let name = project::of(directory.as_os_str().as_encoded_bytes()) + TRIAL;
    // No stack has a name with a dot.
    let guard = format!("{name}.lock");
    let _alone = lock(&guard, steps.console)?;
    let stacks = docker::all_stacks()?;
    if stacks.iter().any(|stack| stack.name == name) {
        let message = format!("the stack {name} is left from a killed verify --up");
        let hint = format!("remove it: regenesis purge {name}");
        return Err(Failure::usage(message, &hint));
    }
    let shown = directory.display().to_string();
    let target = Target::of(
        &Request { target: Some(&shown), name: Some(&name), ..Request::default() },
        &stacks,
    )?;
    let mut variables = shell();
    // The compose files of another stack.
    variables.remove("COMPOSE_FILE");
    variables.insert("BIND".to_owned(), "127.0.0.1".to_owned());
    variables.extend(free_ports(&target)?);
    let examined = up::start_as(&name, &shown, variables, announce, steps).and_then(|()| {
        announce(&name);
        let l2s = target.l2s().into_iter().map(str::to_owned).collect();
        examine(&Trial { stack: now(&name)?, l2s })
    });
    let examined = examined.map_err(|failure| explained(failure, &name, &shown, steps));
    let removed = purge::discard(&name, steps.console);
    signal::set_farewell(None);
    host::remove_state(&state_directory(&guard)?, &[LOCK])?;
    match (examined, removed) {
        (Err(failure), Err(removal)) => {
            steps.console.warning(&removal.message);
            Err(failure)
        }
        (examined, removed) => examined.and_then(|examined| removed.map(|()| examined)),
    }
}

/// The failure of a stack that is about to be removed, after the last lines of its logs.
fn explained(mut failure: Failure, name: &str, snapshot: &str, steps: &Steps<'_>) -> Failure {
    if let Ok(stack) = now(name) {
        let lines = |service| observe::lines(&stack, &[service], &["--tail", LINES]);
        for line in stack.services().into_iter().filter_map(|service| lines(service).ok()).flatten()
        {
            steps.console.note(&format!("{}: {}", line.service, line.text));
        }
    }
    if failure.exit == exit::NO_BLOCKS {
        let keeps = format!("regenesis up {snapshot} keeps the stack and its logs");
        let is_late = failure.message.contains(" block in ");
        let longer = format!("wait longer: WAIT=300 regenesis verify {snapshot} --up; or ");
        failure.hint = Some(if is_late { longer + &keeps } else { keeps });
    }
    failure
}

/// Says what Ctrl-C leaves.
fn announce(name: &str) {
    let left = format!("interrupted: regenesis purge {name} removes what was started");
    signal::set_farewell(Some(left));
}

/// A free port for each setting of a published port.
fn free_ports(target: &Target) -> Result<Vec<(String, String)>, Failure> {
    let published = target.stack.services.iter().flat_map(|service| &service.ports);
    let names = published.filter_map(|port| port.published.as_ref()).map(|port| &port.port.name);
    // All are bound at once: no port is returned twice.
    let bound: Vec<_> = names
        .map(|name| Ok((name.to_string(), TcpListener::bind(("127.0.0.1", 0))?)))
        .collect::<std::io::Result<_>>()
        .map_err(|error| {
            Failure::new(exit::PORT, format!("no port of 127.0.0.1 is free: {error}"), None)
        })?;
    let numbers = bound.iter().map(|(name, listener)| {
        listener.local_addr().map(|address| (name.clone(), address.port().to_string()))
    });
    numbers
        .collect::<std::io::Result<_>>()
        .map_err(|error| Failure::new(exit::PORT, error.to_string(), None))
}

impl Trial {
    /// The URL of a port: `http`, `beacon`, `NAME-http` or `NAME-node`.
    pub(in super::super) fn url(&self, port: &str) -> Result<String, Failure> {
        port::named(port).and_then(|port| port.url(&self.stack)).ok_or_else(|| {
            let message = format!("{} publishes no port {port}", self.stack.name);
            Failure::new(exit::TOOL, message, Some("regenesis compose writes the compose file"))
        })
    }

    /// A file of the runtime directory.
    pub(in super::super) fn runtime_file(&self, path: &str) -> Result<Vec<u8>, Failure> {
        runtime_file(&self.stack, path)?.ok_or_else(|| {
            let message = format!("{}: the runtime volume has no {path}", self.stack.name);
            Failure::new(exit::VERIFICATION, message, None)
        })
    }

    /// Fails unless the services of a captured enclave answer on each of their ports.
    pub(in super::super) fn must_answer(&self, steps: &Steps<'_>) -> Result<(), Failure> {
        let captured = self.stack.containers.iter().filter(|container| container.is_captured());
        let ports = captured.flat_map(|container| {
            container.ports.iter().map(|port| (&*container.service, port.container))
        });
        let (started, mut answered) = (Stopwatch::start(), 0);
        for (service, number) in ports {
            let Some(address) = self.stack.address(service, number) else { continue };
            while !io::port::answers(&address) {
                if started.elapsed() > LIMIT {
                    let message = format!(
                        "{service} does not answer on its port {number} in {} s",
                        LIMIT.as_secs()
                    );
                    let hint = format!(
                        "start the snapshot with regenesis up, then read regenesis logs {service}"
                    );
                    return Err(Failure::new(exit::VERIFICATION, message, Some(&hint)));
                }
                pause(Duration::from_millis(500));
            }
            answered += 1;
        }
        if answered > 0 {
            steps.done("enclave", &format!("its services answer on {answered} ports"));
        }
        Ok(())
    }

    /// Fails unless every service runs and answers.
    pub(in super::super) fn must_be_alive(&self, steps: &Steps<'_>) -> Result<(), Failure> {
        let stacks = docker::all_stacks()?;
        let status = observe::status(named(&stacks, Some(&self.stack.name))?, steps.console)?;
        if let Some(finding) = status.findings.first() {
            return Err(Failure::new(exit::VERIFICATION, &finding.cause, Some(&finding.cure)));
        }
        if !status.alive {
            let message = format!("{}: not every service runs", self.stack.name);
            return Err(Failure::new(exit::VERIFICATION, message, None));
        }
        steps.done("services", &format!("{} run and answer", status.services.len()));
        Ok(())
    }
}
