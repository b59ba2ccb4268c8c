//! The services of a captured enclave beside its L1 and its OP-stack L2s, and the old names of all.
//!
//! Each starts through `regenesis run`, as the clients of an L2 do, so its data belongs to one genesis. The
//! data is in a directory of the L2s' volume. Every service keeps its old host name, because the chain has
//! host names of the enclave: they are in the URLs of data availability committees.

mod programs;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Condition, Dependency, HealthCheck, Mount, MountSource, Port, Published, Service, Setting,
    Text, Variable, op_stack,
};
pub use programs::{PROGRAMS, Program};

/// The directory of a container in which the values of secret variables are mounted as files.
const SECRETS: &str = "/run/secrets";
/// The role that `run --supervise` gives them: that of an L2's clients.
const SUPERVISED: &str = "l2";

/// What a stack takes from a captured enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enclave {
    /// The services, in any order.
    pub services: Vec<Captured>,
    /// The services of the stack that must get old host names, by the old names.
    pub aliases: BTreeMap<String, String>,
}

/// A captured service that a stack starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Its name, which is its host name.
    pub name: String,
    /// Its program.
    pub program: &'static Program,
    /// Its network, if it does not serve all.
    pub network: Option<String>,
    /// The image that it had in the enclave.
    pub image: String,
    /// Its executable and the arguments.
    pub command: Vec<String>,
    /// Variables without secrets.
    pub variables: BTreeMap<String, String>,
    /// The files of the snapshot with the values of secret variables, by variable.
    pub secrets: BTreeMap<String, String>,
    /// The paths in the container of its files, by their paths in the snapshot.
    pub files: BTreeMap<String, String>,
    /// The ports on which it listens, by name.
    pub ports: BTreeMap<String, u16>,
    /// The clients of its L2 in the stack.
    pub clients: BTreeSet<String>,
}

/// The directory of a service's data in its container. The `_` keeps it apart from those of the L2s, whose
/// names have none.
pub fn data(service: &str) -> String {
    format!("/data/service_{service}")
}

impl Enclave {
    /// The ports of the host for this enclave's services: by service, then by the name of the port.
    pub fn host_ports(&self) -> BTreeMap<&str, BTreeMap<&str, Setting>> {
        let networks: BTreeSet<_> = self.services.iter().filter_map(|one| one.network()).collect();
        let (mut instances, mut names) = (BTreeMap::new(), BTreeSet::new());
        let mut found: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for service in self.sorted() {
            let network = service.network().and_then(|own| networks.iter().position(|n| *n == own));
            let network = network.map_or(0, |index| index + 1);
            let instance = instances.entry((service.program.role, network)).or_insert(0);
            for name in service.ports.keys() {
                let setting = service.setting(&format!("{name}-port"));
                let Some(port) = service.program.host_port(network, *instance, name) else {
                    continue;
                };
                // Port `b-c` of `a` and port `c` of `a-b` have the same setting: only the first is published.
                if names.insert(setting.clone()) {
                    let setting =
                        Setting { name: setting.into(), default: port.to_string().into() };
                    found.entry(&*service.name).or_default().insert(&**name, setting);
                }
            }
            *instance += 1;
        }
        found
    }

    /// Adds the aliases to the services of a stack, and the services of the enclave after them.
    pub(super) fn join(&self, stack: &mut Vec<Service>) {
        let taken: BTreeSet<_> = stack.iter().map(|service| service.name.clone()).collect();
        for (alias, target) in &self.aliases {
            let own = stack.iter_mut().find(|service| service.name == *target);
            let is_captured = self.services.iter().any(|one| one.name == *alias);
            if let Some(service) = own.filter(|_| !taken.contains(alias) && !is_captured) {
                service.aliases.push(alias.clone());
            }
        }
        let sorted: Vec<_> = self.sorted().filter(|one| !taken.contains(&one.name)).collect();
        if sorted.is_empty() {
            return;
        }
        let (ports, images) = (self.host_ports(), images(&sorted));
        for service in &sorted {
            let mut own =
                service.service(images[&*service.name].clone(), ports.get(&*service.name));
            let clients = service.clients.iter().filter(|name| taken.contains(*name));
            let before = sorted.iter().filter(|other| service.is_after(other));
            let names = clients.chain(before.map(|other| &other.name)).cloned();
            // `up` waits for the L1, and a service that ends too early starts again.
            let names = ["el", "cl"].map(str::to_owned).into_iter().chain(names);
            let condition = Condition::Started;
            own.depends_on.extend(names.map(|service| Dependency { service, condition }));
            stack.push(own);
        }
    }

    /// The services in the order in which they start.
    fn sorted(&self) -> impl Iterator<Item = &Captured> {
        let order = |role: &str| PROGRAMS.iter().position(|program| program.role == role);
        let mut sorted: Vec<_> = self.services.iter().collect();
        sorted.sort_by_key(|one| (order(one.program.role), &one.name));
        let mut names = BTreeSet::new();
        sorted.retain(|one| names.insert(&one.name));
        sorted.into_iter()
    }
}

/// The settings of the images, by service: that of the program, or one of the service's own if an earlier
/// service of the program has another image.
fn images<'a>(services: &[&'a Captured]) -> BTreeMap<&'a str, Setting> {
    let mut first = BTreeMap::new();
    let setting = |service: &&'a Captured| {
        let Captured { name, program, image, .. } = *service;
        let is_first = *first.entry(program.role).or_insert(image) == image;
        let setting = if is_first { program.image.to_owned() } else { service.setting("image") };
        // Without a default, the stack does not start before the user has chosen one.
        let default = if program.publishes(image) { image.clone() } else { String::new() };
        (&**name, Setting { name: setting.into(), default: default.into() })
    };
    services.iter().map(setting).collect()
}

impl Captured {
    fn network(&self) -> Option<&str> {
        self.network.as_deref()
    }

    /// The setting of this service that is called `what`.
    fn setting(&self, what: &str) -> String {
        format!("ENCLAVE_{}_{what}", self.name).to_ascii_uppercase().replace('-', "_")
    }

    fn is_after(&self, other: &Self) -> bool {
        let is_near = other.network.is_none() || other.network == self.network;
        is_near && self.program.after.contains(&other.program.role)
    }

    fn service(&self, image: Setting, host: Option<&BTreeMap<&str, Setting>>) -> Service {
        let data = data(&self.name);
        let mut arguments: Vec<Text> = vec!["run".into(), format!("--datadir={data}").into()];
        arguments.push("--take-over".into());
        // Only a chain must keep up with the clock: this data may be quiet for as long as it likes.
        arguments.push(format!("--max-idle={}", u32::MAX).into());
        let secrets = self.secrets.keys();
        arguments.extend(secrets.map(|name| format!("--secret={name}={SECRETS}/{name}").into()));
        arguments.push("--".into());
        arguments.extend(self.command.iter().cloned().map(Text::from));
        let mut service = Service::supervised(self.name.clone(), SUPERVISED, image, arguments);
        // Which of its ports are open depends on its config and its components.
        let known = self.program.known_ports(&self.ports);
        service.health_check = (!known.is_empty()).then(|| HealthCheck::listens(&known));
        let temporary = ["/tmp"].into_iter().chain(self.program.temporary.iter().copied());
        service.temporary = temporary.map(str::to_owned).collect();
        let variables = self.variables.iter();
        let variables = variables.map(|(name, value)| Variable::new(name.clone(), value.clone()));
        service.environment.extend(variables);
        let own = self.program.data.map(|name| Variable::new(name, format!("{data}/storage")));
        service.environment.extend(own);
        service.mounts.push(Mount::volume(op_stack::DATA, "/data"));
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(name, path)| (path, format!("{SECRETS}/{name}")));
        let files = self.files.iter().map(|(path, target)| (path, target.clone()));
        service.mounts.extend(files.chain(secrets).map(|(path, target)| Mount {
            source: MountSource::Directory(format!("./{path}").into()),
            target: target.into(),
            read_only: true,
        }));
        let port = |(name, number): (&String, &u16)| {
            let setting = host.and_then(|host| host.get(&**name)).cloned();
            let published = setting.map(|port| Published { address: super::BIND, port });
            Port { name: name.clone(), number: *number, published }
        };
        service.ports = self.ports.iter().map(port).collect();
        service
    }
}
