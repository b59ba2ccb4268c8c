//! What was found in enclaves, as a table and as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::super::super::{Failure, print, print_json};
use crate::enclave::{self, Choice, Plan, Service};
use crate::io::console::Console;
use crate::io::docker;
use crate::visible;

#[derive(Serialize)]
struct List<'a> {
    format: u8,
    enclaves: Vec<Enclave<'a>>,
}

#[derive(Serialize)]
struct Enclave<'a> {
    name: &'a str,
    uuid: &'a str,
    /// Why a capture needs another flag.
    problem: Option<String>,
    services: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    role: &'static str,
    client: Option<&'a str>,
    state: &'a str,
    image: &'a str,
    /// What a capture reads of it.
    captured: Option<&'static str>,
}

/// Prints the enclaves of this machine.
pub(in super::super) fn list(json: bool, console: &Console) -> Result<(), Failure> {
    let services = docker::services()?;
    let enclaves: Vec<_> = enclave::enclaves(&services).into_iter().map(enclave).collect();
    if json {
        return print_json(&List { format: 1, enclaves });
    }
    if enclaves.is_empty() {
        let error = enclave::Error::NoEnclave;
        console.note(&format!("{error}: {}", error.hint()));
    }
    let mut text = String::new();
    for Enclave { name, uuid, problem, services } in &enclaves {
        let _ = writeln!(text, "{name}  {uuid}");
        for line in table(services) {
            let _ = writeln!(text, "  {line}");
        }
        if let Some(problem) = problem {
            let _ = writeln!(text, "  {problem}");
        }
    }
    print(visible::lines(&text).as_bytes())
}

fn enclave<'a>(((name, uuid), services): ((&'a str, &'a str), Vec<&'a Service>)) -> Enclave<'a> {
    let plan = Plan::of(&services, Choice::default());
    let rows = rows(&services, plan.as_ref().ok());
    let problem = plan.err().map(|error| format!("{error}: {}", error.hint()));
    Enclave { name, uuid, problem, services: rows }
}

/// The table of one enclave.
pub(super) fn lines(services: &[&Service], plan: &Plan<'_>) -> Vec<String> {
    table(&rows(services, Some(plan)))
}

fn rows<'a>(services: &[&'a Service], plan: Option<&Plan<'_>>) -> Vec<Row<'a>> {
    let row = |service: &&'a Service| Row {
        name: &service.name,
        role: service.role.name(),
        client: service.client.as_deref(),
        state: &service.state,
        image: &service.image,
        captured: plan.and_then(|plan| plan.reads(service)),
    };
    services.iter().map(row).collect()
}

fn table(rows: &[Row<'_>]) -> Vec<String> {
    let width = |text: fn(&Row<'_>) -> usize| rows.iter().map(text).max().unwrap_or_default();
    let (name, role) = (width(|row| row.name.len()), width(|row| row.role.len()));
    let state = width(|row| row.state.len());
    let line = |row: &Row<'_>| {
        let captured = row.captured.unwrap_or("not captured");
        format!("{:<name$}  {:<role$}  {:<state$}  {captured}", row.name, row.role, row.state)
    };
    rows.iter().map(line).collect()
}
