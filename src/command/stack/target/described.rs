//! The services of a stack, from its snapshot or from its compose files.

use std::path::{Path, PathBuf};

use super::super::super::{Failure, compose};
use crate::io::fs::{self, Files};
use crate::operate::l2;
use crate::pipeline;
use crate::services::{self, Clients, Enclave, L2, Options, stack_of};
use crate::snapshot::Snapshot;

/// The stack of a snapshot, and of its captured enclave, with each pair of clients.
pub(super) fn described(
    snapshot: &Snapshot,
    enclave: Enclave,
) -> Result<impl Fn(Clients) -> Result<services::Stack, Failure>, Failure> {
    let (_, config) = pipeline::read_config(snapshot, &Files)?;
    let (chains, input) = (compose::l2(snapshot)?, snapshot.config.clone());
    Ok(move |clients| {
        let options = Options::in_snapshot(&config, clients);
        let options = options.map_err(|error| Failure::config(&input, &error))?;
        Ok(stack_of(options, &chains, &enclave))
    })
}

/// The stack whose clients these compose files have, with those services only whose images are settings of
/// ours. `directory` is the snapshot's, if the stack has one: it may have a captured enclave.
pub(super) fn described_by(
    files: &[PathBuf],
    directory: Option<&Path>,
) -> Result<services::Stack, Failure> {
    let mut text = String::new();
    for file in files {
        text += &String::from_utf8_lossy(&fs::read_file(file)?);
    }
    let has = |service: &services::Service| {
        [":-", ":?"].iter().any(|sign| text.contains(&format!("{{{}{sign}", service.image.name)))
    };
    let chains: Vec<L2> = l2::in_compose_file(&text);
    let enclave = directory.map(compose::enclave).transpose()?.unwrap_or_default();
    let with = |clients| stack_of(Options::of_sample(clients), &chains, &enclave);
    let complete = Clients::all().map(with).find(|stack| stack.services.iter().all(has));
    Ok(complete.unwrap_or_else(|| {
        let mut some = with(Clients::default());
        some.services.retain(has);
        some
    }))
}
