//! The files of an enclave's services, as a snapshot has them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::manifest::{self, Manifest};
use super::summary::Contracts;
use super::{
    Account, Change, File, Hosts, Keys, Launch, Service, keystores, network, open, rewrite,
};
use crate::file::OutFile;
use crate::keys::SecretText;
use crate::services::Program;
use crate::snapshot::SERVICES;
use crate::snapshot::metadata::Mode;

/// The directory of the services that belong to no network.
const SHARED: &str = "shared";
const COMMAND: &str = "command.json";
/// The directory of a service's secret variables.
const VARIABLES: &str = "variables";

/// What was read of a service.
#[derive(Debug)]
pub struct Fetched<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its files.
    pub files: Vec<File>,
}

/// An enclave, and the mode that its files are changed for.
#[derive(Debug)]
pub struct Enclave<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its UUID.
    pub uuid: &'a str,
    /// State or history.
    pub mode: Mode,
    /// Its hosts.
    pub hosts: &'a Hosts<'a>,
}

/// The files for a snapshot.
#[derive(Debug)]
pub struct Assembled {
    /// The files below `services/`, the manifest among them.
    pub files: Vec<OutFile>,
    /// The manifest.
    pub manifest: Manifest,
    /// The accounts of the keystores and of the command lines, sorted.
    pub accounts: Vec<Account>,
    /// The private keys of the keystores.
    pub keys: Keys,
    /// The contracts.
    pub contracts: Contracts,
    /// Warnings, each with its remedy.
    pub warnings: Vec<String>,
}

/// Changes the configs of the services for a snapshot, and finds the accounts of their keystores.
pub fn assemble(enclave: &Enclave<'_>, fetched: Vec<Fetched<'_>>) -> Assembled {
    let (passwords, keys) = (passwords(&fetched), Keys::new());
    let mut work = Work { enclave, passwords, keys, out: Vec::new(), warnings: Vec::new() };
    let (mut accounts, mut contracts) = (Vec::new(), Contracts::default());
    let mut services = Vec::new();
    for Fetched { service, files } in fetched {
        let place = Place::of(service);
        accounts.extend(Account::on_command_line(service));
        for file in &files {
            accounts.extend(work.account(service, &place, file));
            contracts.add(service, &file.path, &file.bytes);
        }
        let start = serde_json::to_vec_pretty(&service.start).unwrap_or_default();
        let command = place.path(COMMAND);
        work.out.push(OutFile::secret(&*command, start));
        let start = work.start(service, &place);
        let files = files.into_iter().map(|file| work.file(service, &place, file)).collect();
        services.push(manifest::Service {
            name: service.name.clone(),
            network: network(service).map(str::to_owned),
            role: service.role.name().to_owned(),
            image: service.image.clone(),
            container: service.container.clone(),
            ports: service.ports.iter().map(|port| (port.name.clone(), port.number)).collect(),
            command,
            start,
            files,
        });
    }
    let aliases = enclave.hosts.aliases();
    let is_other = |name: &&str| {
        !aliases.contains_key(name) && services.iter().all(|service| service.name != **name)
    };
    let others = enclave.hosts.names().filter(is_other).map(str::to_owned).collect();
    let manifest = Manifest {
        format: 1,
        enclave: enclave.name.to_owned(),
        uuid: enclave.uuid.to_owned(),
        mode: enclave.mode,
        aliases: aliases.iter().map(|(name, stack)| ((*name).to_owned(), stack.clone())).collect(),
        others,
        services,
    };
    accounts.sort();
    let Work { out: mut files, keys, warnings, .. } = work;
    files.push(OutFile::public(Manifest::path(), manifest.to_json()));
    Assembled { files, manifest, accounts, keys, contracts, warnings }
}

/// The directory of a service in a snapshot.
struct Place(String);

impl Place {
    fn of(service: &Service) -> Self {
        Self(format!("{SERVICES}/{}/{}", network(service).unwrap_or(SHARED), service.name))
    }

    /// The path of a file, which keeps that in the container.
    fn path(&self, path: &str) -> String {
        format!("{}/{}", self.0, path.trim_start_matches('/'))
    }
}

/// The passwords that configs have, by service and path of the keystore.
type Passwords = BTreeMap<(String, String), SecretText>;

fn passwords(fetched: &[Fetched<'_>]) -> Passwords {
    let mut found = BTreeMap::new();
    for Fetched { service, files } in fetched {
        for config in files.iter().filter_map(File::document) {
            for keystore in keystores(config) {
                if let Some(password) = keystore.password {
                    found.insert((service.name.clone(), keystore.path), password);
                }
            }
        }
    }
    found
}

struct Work<'a> {
    enclave: &'a Enclave<'a>,
    passwords: Passwords,
    keys: Keys,
    out: Vec<OutFile>,
    warnings: Vec<String>,
}

impl Work<'_> {
    /// Adds a file to the snapshot. A config that cannot be changed is added as it is.
    fn file(&mut self, service: &Service, place: &Place, file: File) -> manifest::File {
        let source_sha256 = Sha256::digest(&file.bytes).into();
        let (bytes, changes) = match self.changed(service, &file) {
            Some((text, changes)) => (text.into_bytes(), changes),
            None => (file.bytes, Vec::new()),
        };
        let (path, sha256) = (place.path(&file.path), Sha256::digest(&bytes).into());
        self.out.push(OutFile::secret(&*path, bytes));
        manifest::File { source: file.path, path, source_sha256, sha256, changes }
    }

    /// How a stack starts a service. Its secrets get files of their own.
    fn start(&mut self, service: &Service, place: &Place) -> Option<Launch> {
        let program = Program::of(service.role.name())?;
        let Some((mut start, secrets)) = Launch::of(program, &service.start) else {
            self.warnings.push(format!(
                "{}: the stack will not start it: its command line does not start {}, or may have a secret",
                service.name,
                program.executables.join(" or ")
            ));
            return None;
        };
        for (name, value) in secrets {
            let path = place.path(&format!("{VARIABLES}/{name}"));
            self.out.push(OutFile::secret(&*path, value.as_bytes()));
            start.secrets.insert(name, path);
        }
        Some(start)
    }

    fn changed(&mut self, service: &Service, file: &File) -> Option<(String, Vec<Change>)> {
        let Enclave { mode, hosts, .. } = self.enclave;
        let changed = file
            .config()?
            .and_then(|config| rewrite(&service.name, service.role, config, *mode, hosts));
        match changed {
            Ok((config, changes)) => Some((config.text().to_owned(), changes)),
            Err(error) => {
                self.warnings.push(format!(
                    "{}: {} {error}: it is copied unchanged; check its addresses and block numbers",
                    service.name, file.path
                ));
                None
            }
        }
    }

    /// The account of a keystore.
    fn account(&mut self, service: &Service, place: &Place, file: &File) -> Option<Account> {
        let stem = file.path.strip_suffix(".keystore")?;
        let role = stem.rsplit('/').next().unwrap_or(stem).to_owned();
        let own = self.passwords.get(&(service.name.clone(), file.path.clone()));
        // The container of the contracts has the keystores of all services, and no password.
        let mut others: Vec<_> = self.passwords.values().collect();
        others.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        others.dedup_by(|a, b| a.as_bytes() == b.as_bytes());
        // A second try may take as long as the first.
        others.retain(|other| own.is_none_or(|own| own.as_bytes() != other.as_bytes()));
        match open(&file.bytes, own.into_iter().chain(others)) {
            Ok((key, address)) => {
                self.keys.insert(address, key);
                Some(Account {
                    role,
                    address,
                    service: service.name.clone(),
                    network: network(service).map(str::to_owned),
                    keystore: Some(place.path(&file.path)),
                })
            }
            Err(error) => {
                self.warnings.push(format!(
                    "{}: {}: {error}: its address is not in services/summary.json",
                    service.name, file.path
                ));
                None
            }
        }
    }
}
