//! The files of an enclave's other services: configs, keystores, contract addresses, command lines.

use std::path::Path;

use super::super::super::Failure;
use super::gone;
use crate::capture::{Captured, chain};
use crate::enclave::{
    self, Account, Assembled, Fetched, File, Funds, Hosts, Keys, NamedKeystore, Plan, Service,
    Summary, What,
};
use crate::file::{Content, OutFile};
use crate::io::console::Console;
use crate::io::docker;
use crate::rpc::Rpc;
use crate::snapshot::metadata::Mode;
use crate::snapshot::{LOG, MNEMONICS};

/// What a capture adds to its snapshot of an enclave's services.
#[derive(Debug)]
pub(in super::super) struct Services(Assembled);

impl Services {
    /// Reads the files of these services; `l2` are the names that the L2s of the plan get.
    ///
    /// # Errors
    /// A container is gone, or a file exceeds the limit.
    pub(super) fn read(
        services: &[&Service],
        plan: &Plan<'_>,
        l2: &[String],
        mode: Mode,
        console: &Console,
    ) -> Result<Option<Self>, Failure> {
        let mut fetched = Vec::new();
        for service in services.iter().filter(|service| !plan.is_left_out(service)) {
            if let Some(sources) = enclave::sources(service) {
                console.progress(|| format!("files of {}", service.name));
                let files = read(service, &sources, console)?;
                fetched.push(Fetched { service, files });
            }
        }
        let Some(first) = services.first() else { return Ok(None) };
        let hosts = Hosts::of(services, plan, l2);
        let (name, uuid) = (&first.enclave, &first.enclave_id);
        let enclave = enclave::Enclave { name, uuid, mode, hosts: &hosts };
        let assembled = enclave::assemble(&enclave, fetched);
        assembled.warnings.iter().for_each(|warning| console.warning(warning));
        for why in enclave::started(&assembled.manifest).left_out {
            console.warning(&why);
        }
        Ok(Some(Self(assembled)))
    }

    /// The accounts of the services, and the private keys of their keystores.
    pub(in super::super) fn accounts(&self) -> (&[Account], &Keys) {
        (&self.0.accounts, &self.0.keys)
    }

    /// Adds the files to a capture of the L1's `node`; returns the summary.
    pub(in super::super) fn add(
        self,
        captured: &mut Captured,
        node: Option<&dyn Rpc>,
        console: &Console,
    ) -> Summary {
        let Assembled { files, manifest, accounts, contracts, .. } = self.0;
        let funds = node.and_then(|node| funds(&accounts, captured, node, console));
        let funds = funds.unwrap_or_default();
        let summary = Summary::of(&captured.metadata, &manifest, &accounts, &contracts, funds);
        captured.files.extend(files);
        captured.files.push(OutFile::public(Summary::PATH, summary.to_json()));
        if let Some(log) = console.recorded() {
            let lines = summary.lines().into_iter().map(|line| line + "\n");
            captured
                .files
                .push(OutFile::public(LOG, (log + &lines.collect::<String>()).into_bytes()));
        }
        summary
    }
}

/// Balances at the captured block; `None` if the node does not have them.
fn funds(
    accounts: &[Account],
    captured: &Captured,
    node: &dyn Rpc,
    console: &Console,
) -> Option<Funds> {
    let block = captured.metadata.source.as_ref()?.block.as_ref()?.hash?;
    let mnemonics = captured.files.iter().find(|file| file.path == MNEMONICS);
    let mnemonics = mnemonics.and_then(|file| match &file.content {
        Content::Bytes(bytes) => Some(&bytes[..]),
        _ => None,
    });
    console.progress(|| "balances of accounts".to_owned());
    match Funds::read(accounts, mnemonics, |address| chain::balance(node, address, block)) {
        Ok(funds) => Some(funds),
        Err(error) => {
            console.warning(&format!(
                "{error}: {} has no balances and no test accounts; an archive node keeps every state",
                Summary::PATH
            ));
            None
        }
    }
}

/// The files of a service, with the keystores that its configs name.
fn read(
    service: &Service,
    sources: &[(&str, What)],
    console: &Console,
) -> Result<Vec<File>, Failure> {
    let mut files: Vec<File> = Vec::new();
    for (path, what) in sources {
        match what {
            What::Files(end) => {
                let wanted = |path: &str| enclave::is_wanted(path, end);
                let found = docker::files(&service.container, path, &wanted);
                let found =
                    found.map_err(|error| gone(&service.name, path, error))?.unwrap_or_default();
                for (name, why) in found.left_out {
                    console.warning(&format!("{}: {path}/{name} is left out: {why}", service.name));
                }
                let place = |name: &str| format!("{path}/{name}");
                let files_of = found.files.into_iter();
                files.extend(files_of.map(|found| File::plain(place(&found.path), found.bytes)));
            }
            What::File => files.extend(one(service, path)?.map(|bytes| File::plain(*path, bytes))),
            What::Config => match one(service, path)? {
                Some(bytes) => {
                    let config = File::config_of(*path, bytes);
                    let named = config.document().map(enclave::keystores).unwrap_or_default();
                    for NamedKeystore { path, .. } in named {
                        if files.iter().all(|file| file.path != path) {
                            let bytes = one(service, &path)?;
                            files.extend(bytes.map(|bytes| File::plain(path, bytes)));
                        }
                    }
                    files.push(config);
                }
                None => console.warning(&format!(
                    "{} has no {path}: its config is not in the snapshot",
                    service.name
                )),
            },
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn one(service: &Service, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    let found = docker::file(&service.container, Path::new(path));
    found.map_err(|error| gone(&service.name, path, error))
}
