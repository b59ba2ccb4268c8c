//! The services that a stack starts from a captured enclave, as its manifest describes them. A snapshot may
//! come from a stranger: the manifest chooses neither programs nor paths outside the snapshot.

use std::collections::BTreeMap;

use super::manifest::{self, Manifest};
use super::role::reads_history;
use super::sources::suffix;
use crate::operate::{SERVICES, l2};
use crate::services::{Captured, Enclave, Program};
use crate::snapshot::is_service_file;
use crate::snapshot::metadata::Mode;

/// The longest host name.
const LONGEST: usize = 63;

/// The services of an enclave that a stack starts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// The services to start, and the old host names of the other ones.
    pub enclave: Enclave,
    /// The services that the manifest starts and the stack refuses, and the files without which one starts,
    /// each with the reason.
    pub left_out: Vec<String>,
}

/// The services that a stack starts from the enclave of a snapshot.
pub fn started(manifest: &Manifest) -> Started {
    let mut found = Started::default();
    for (alias, target) in manifest.aliases.iter().filter(|(alias, _)| is_host(alias)) {
        found.enclave.aliases.insert(alias.clone(), target.clone());
    }
    for service in manifest.services.iter().filter(|service| service.start.is_some()) {
        match captured(service, manifest) {
            Ok(captured) => {
                found.left_out.extend(unmounted(service, captured.program));
                found.enclave.services.push(captured);
            }
            Err(why) => found.left_out.push(format!("{:?} does not start: {why}", service.name)),
        }
    }
    found
}

fn captured(service: &manifest::Service, manifest: &Manifest) -> Result<Captured, &'static str> {
    let name = &service.name;
    if !is_host(name) || SERVICES.contains(&&**name) || l2::network(name).is_some() {
        return Err("its name is not a host name, or is one of the stack's own");
    }
    let program = Program::of(&service.role).ok_or("its role is unknown")?;
    if manifest.mode == Mode::State && reads_history(program.role) {
        return Err(
            "it reads logs since the first block, and a state has none: --mode history keeps them",
        );
    }
    let start = service.start.as_ref().filter(|start| start.is_of(program));
    let start = start.ok_or("its command line is not that of its program")?;
    let mut files = BTreeMap::new();
    for file in service.files.iter().filter(|file| program.mounts(&file.source)) {
        // Both paths obey the same rules, so that neither leads out of its directory.
        let inside = file.path.strip_suffix(&file.source).unwrap_or_default();
        if !is_service_file(&file.path) || !is_service_file(&format!("{inside}/file")) {
            return Err("the path of one of its files is not that of a captured file");
        }
        if files.values().any(|source| *source == file.source) {
            return Err("two of its files have the same path in the container");
        }
        files.insert(file.path.clone(), file.source.clone());
    }
    if !start.secrets.values().all(|path| is_service_file(path)) {
        return Err("the path of one of its secrets is not that of a captured file");
    }
    let network = service.network.clone();
    let is_client =
        |alias: &&String| suffix(alias).is_some_and(|own| Some(own) == network.as_deref());
    let clients = manifest.aliases.iter().filter(|(alias, _)| is_client(alias));
    let clients = clients.map(|(_, client)| client).filter(|client| l2::network(client).is_some());
    Ok(Captured {
        name: name.clone(),
        program,
        clients: clients.cloned().collect(),
        network,
        image: service.image.clone(),
        command: start.command.clone(),
        variables: start.variables.clone(),
        secrets: start.secrets.clone(),
        files,
        ports: {
            let ports = service.ports.iter().filter(|(_, port)| **port > 0);
            ports.map(|(name, port)| (name.clone(), *port)).collect()
        },
    })
}

/// The files of a service that its container does not get, each with a reason.
fn unmounted(service: &manifest::Service, program: &Program) -> Vec<String> {
    let others = service.files.iter().filter(|file| !program.mounts(&file.source));
    let line = |file: &manifest::File| {
        format!(
            "{:?} starts without {}: its program has files elsewhere",
            service.name, file.source
        )
    };
    others.map(line).collect()
}

/// Whether a text is one label of a host name, and a name for YAML as it is.
fn is_host(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&name)
        && !name.ends_with('-')
        && name.bytes().all(is_allowed)
}
