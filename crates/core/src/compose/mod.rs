//! `docker-compose.yml` for a snapshot: the values of [`crate::services`], as Compose spells them.

pub mod project;
pub mod seal;
mod yaml;

use crate::services::{
    Condition, HealthCheck, LogRotation, Mount, MountSource, Network, Part, Port, RestartPolicy,
    Seconds, Service, Setting, Stack, Text,
};
use yaml::Node;

/// `up.sh`: the same for every snapshot.
pub const UP: &str = include_str!("up.sh");
/// The name of the compose file in a snapshot.
pub const FILE: &str = "docker-compose.yml";
/// The name of the script that starts the stack.
pub const UP_FILE: &str = "up.sh";

const HEADER: &str =
    "# Written by regenesis compose. Settings belong in .env, or in variables of the shell.\n";

/// The text of the compose file.
pub fn file(stack: &Stack) -> String {
    let services = stack.services.iter().map(|service| (&*service.name, node(service)));
    let volumes = stack.volumes.iter().map(|volume| (&*volume.name, plain("{}")));
    let file = [("services", Node::map(services)), ("volumes", Node::map(volumes))];
    let mut out = HEADER.to_owned();
    Node::map(file).write(&mut out, 0);
    out
}

fn node(service: &Service) -> Node {
    let Service { depends_on, health_check, .. } = service;
    let ports = service.ports.iter().filter_map(port);
    let depends_on = depends_on.iter().map(|dependency| {
        let condition = match dependency.condition {
            Condition::Completed => "service_completed_successfully",
            Condition::Started => "service_started",
        };
        (&*dependency.service, Node::map([("condition", plain(condition))]))
    });
    let restart = match service.restart {
        // Unquoted, YAML 1.1 reads it as false.
        RestartPolicy::Never => quoted("no"),
        RestartPolicy::Always => plain("always"),
    };
    let network = match service.network {
        Network::Stack => None,
        Network::Offline => Some(plain("none")),
    };
    let entries = [
        ("image", Some(quoted(image(service)))),
        ("user", Some(quoted(format!("{0}:{0}", service.user)))),
        ("entrypoint", Some(Node::Flow(service.program.iter().map(quoted).collect()))),
        ("command", Some(Node::Block(service.arguments.iter().map(text).collect()))),
        (
            "environment",
            Some(Node::map(service.environment.iter().map(|v| (&*v.name, text(&v.value))))),
        ),
        ("ports", Some(Node::Block(ports.collect()))),
        ("volumes", Some(Node::Block(service.mounts.iter().map(mount).collect()))),
        ("depends_on", Some(Node::map(depends_on))),
        ("healthcheck", health_check.as_ref().map(health_check_node)),
        ("restart", Some(restart)),
        ("network_mode", network),
        ("networks", aliases(service)),
        ("read_only", Some(plain("true"))),
        ("tmpfs", Some(Node::Flow(service.temporary.iter().map(quoted).collect()))),
        ("cap_drop", Some(Node::Flow(vec![plain("ALL")]))),
        ("security_opt", Some(Node::Flow(vec![quoted("no-new-privileges:true")]))),
        ("stop_grace_period", Some(seconds(service.stop_grace))),
        ("logging", Some(logging(service.log))),
    ];
    Node::map(entries.into_iter().filter_map(|(key, node)| Some((key, node?))))
}

/// The image of a service. If it has no default, because the snapshot must not choose it, Compose refuses to
/// start before the user sets it.
fn image(service: &Service) -> String {
    let Service { name, image, .. } = service;
    if image.default.is_empty() {
        return format!("${{{}:?set it to the image of {name}}}", image.name);
    }
    setting(image)
}

/// The default network, in which the service also has its old host names.
fn aliases(service: &Service) -> Option<Node> {
    let aliases: Vec<_> = service.aliases.iter().map(quoted).collect();
    let own = Node::map([("aliases", Node::Block(aliases))]);
    (!service.aliases.is_empty()).then(|| Node::map([("default", own)]))
}

fn health_check_node(check: &HealthCheck) -> Node {
    let command = std::iter::once(quoted("CMD")).chain(check.command.iter().map(quoted));
    Node::map([
        ("test", Node::Flow(command.collect())),
        ("interval", seconds(check.interval)),
        ("timeout", seconds(check.timeout)),
        ("retries", plain(check.retries.to_string())),
        ("start_period", seconds(check.start_period)),
    ])
}

/// The driver is named because others, such as journald, reject these options.
fn logging(log: LogRotation) -> Node {
    let options = Node::map([
        ("max-size", quoted(format!("{}m", log.megabytes))),
        ("max-file", quoted(log.files.to_string())),
    ]);
    Node::map([("driver", plain("json-file")), ("options", options)])
}

fn port(port: &Port) -> Option<Node> {
    let published = port.published.as_ref()?;
    let (address, host) = (setting(&published.address), setting(&published.port));
    Some(quoted(format!("{address}:{host}:{}", port.number)))
}

fn mount(mount: &Mount) -> Node {
    let source = match &mount.source {
        MountSource::Volume(name) => name.clone(),
        MountSource::Directory(path) => path.render(part),
    };
    let mode = if mount.read_only { ":ro" } else { "" };
    quoted(format!("{source}:{}{mode}", mount.target.render(part)))
}

fn text(text: &Text) -> Node {
    quoted(text.render(part))
}

fn part(part: &Part) -> String {
    match part {
        Part::Literal(text) => text.replace('$', "$$"),
        Part::Setting(value) => setting(value),
        Part::Host(service) => service.to_string(),
    }
}

fn setting(setting: &Setting) -> String {
    format!("${{{}:-{}}}", setting.name, setting.default)
}

fn seconds(time: Seconds) -> Node {
    plain(format!("{}s", time.0))
}

fn plain(text: impl Into<String>) -> Node {
    Node::Plain(text.into())
}

fn quoted(text: impl Into<String>) -> Node {
    Node::Quoted(text.into())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;
    use crate::services::{Clients, L2, Options, SnapshotSource, settings, stack, stack_with};

    fn files() -> impl Iterator<Item = String> {
        let options = Clients::all().map(Options::of_sample).flat_map(|options| {
            [SnapshotSource::Variable, SnapshotSource::Here]
                .map(|snapshot| Options { snapshot, ..options })
        });
        options
            .flat_map(|options| [true, false].map(|fulu| file(&stack(Options { fulu, ..options }))))
    }

    fn with_l2() -> String {
        let chain = L2 {
            name: "op".to_owned(),
            chain_id: 13,
            batcher: true,
            proposer: Some(Address::ZERO),
        };
        file(&stack_with(Options::of_sample(Clients::default()), &[chain]))
    }

    #[test]
    fn every_setting_has_a_default_and_every_default_a_use() {
        let text: String = files().chain([with_l2()]).collect();
        let bare: Vec<_> = text
            .match_indices("${")
            .filter(|(at, _)| {
                let end = text[*at..].find('}').unwrap();
                !text[*at..*at + end].contains(":-")
            })
            .collect();
        assert!(bare.is_empty(), "{bare:?}");
        let settings = settings::FILE.lines().filter(|line| !line.starts_with('#'));
        for (name, value) in settings.filter_map(|line| line.split_once('=')) {
            assert!(text.contains(&format!("${{{name}:-{value}}}")), "{name} is used nowhere");
        }
    }

    #[test]
    fn the_file_is_yaml() {
        for text in files() {
            assert_eq!(text.matches("- \"/runtime/bin/regenesis\"").count(), 0);
            assert_eq!(text.matches("entrypoint: [\"/runtime/bin/regenesis\"]").count(), 3);
            crate::yaml::parse(text.as_bytes()).unwrap();
        }
        assert_eq!(files().map(|text| text.matches("--supernode").count()).sum::<usize>(), 12);
    }

    #[test]
    fn a_file_with_an_l2_is_yaml() {
        let text = with_l2();
        assert_eq!(text.matches("entrypoint: [\"/runtime/bin/regenesis\"]").count(), 7);
        crate::yaml::parse(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_literal_dollar_is_not_a_variable() {
        assert_eq!(part(&Part::Literal("$HOME".into())), "$$HOME");
    }
}
