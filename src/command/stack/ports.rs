//! The ports of a stack that another program uses.

use std::collections::BTreeMap;

use super::super::Failure;
use crate::exit;
use crate::io::{docker, host};
use crate::operate::doctor::BusyPort;
use crate::operate::settings::Settings;
use crate::operate::stacks::Stack;
use crate::services;

/// Every published port: the service, the setting, the address and the port.
pub(super) fn of(
    stack: &services::Stack,
    settings: &Settings,
) -> Vec<(String, String, String, u16)> {
    let mut ports = Vec::new();
    for service in &stack.services {
        for published in service.ports.iter().filter_map(|port| port.published.as_ref()) {
            let address = settings.get(&published.address.name).map(|value| value.value.clone());
            let Some(port) = settings.get(&published.port.name) else { continue };
            let Ok(number) = port.value.parse() else { continue };
            ports.push((
                service.name.clone(),
                port.name.clone(),
                address.unwrap_or_default(),
                number,
            ));
        }
    }
    ports
}

/// Fails if two settings name the same port: only one of the services would start.
pub(super) fn check(stack: &services::Stack, settings: &Settings) -> Result<(), Failure> {
    let mut known: BTreeMap<u16, String> = BTreeMap::new();
    for (_, setting, _, port) in of(stack, settings) {
        if let Some(other) = known.insert(port, setting.clone()) {
            let message = format!("{other} and {setting} are both {port}");
            let hint = format!("choose another port: {setting}=… regenesis up");
            return Err(Failure::usage(message, &hint));
        }
    }
    Ok(())
}

/// The ports that another program uses. Those of services that run are the stack's own.
pub(super) fn busy(
    stack: &services::Stack,
    settings: &Settings,
    found: Option<&Stack>,
) -> Result<Vec<BusyPort>, Failure> {
    if !host::daemon_is_local() {
        return Ok(Vec::new());
    }
    let mut busy = Vec::new();
    for (service, setting, address, port) in of(stack, settings) {
        let running = found.and_then(|stack| stack.running(&service));
        let is_own =
            running.is_some_and(|container| container.ports.iter().any(|own| own.host == port));
        if !is_own && !host::is_free(&address, port) {
            busy.push(BusyPort { port, setting, holder: holder(port)? });
        }
    }
    Ok(busy)
}

/// The program that uses a port: a container, or a process that `ss` shows.
fn holder(port: u16) -> Result<Option<String>, Failure> {
    let format = "{{.Names}} {{.Label \"com.docker.compose.project\"}}";
    let filter = format!("publish={port}");
    let found = docker::run(&["ps", "--filter", &filter, "--format", format])?.stdout();
    if let Some(line) = found.lines().next() {
        let (name, project) = line.split_once(' ').unwrap_or((line, ""));
        let of =
            if project.is_empty() { String::new() } else { format!(" of the stack {project}") };
        return Ok(Some(format!("the container {name}{of}")));
    }
    Ok(host::listener(port))
}

/// The error of a port that is in use.
pub(super) fn failure(busy: &BusyPort) -> Failure {
    let BusyPort { port, setting, holder } = busy;
    let holder = holder.as_ref().map_or_else(String::new, |holder| format!(" by {holder}"));
    let message = format!("port {port} is in use{holder}");
    let hint = format!("choose another: {setting}=… regenesis up, or in the snapshot's .env");
    Failure::new(exit::PORT, message, Some(&hint))
}
