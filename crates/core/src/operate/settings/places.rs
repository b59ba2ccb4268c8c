//! Where a stack reads its settings, and the values that its containers have.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::operate::stacks::Stack as Found;
use crate::services::{MountSource, Part, Setting, Stack};

/// The settings that a stack reads, with their defaults.
pub(super) fn used(stack: &Stack) -> BTreeMap<&str, Cow<'_, str>> {
    let mut used = BTreeMap::new();
    visit(stack, &mut |setting: &Setting, _| {
        used.entry(&*setting.name).or_insert(Cow::Borrowed(&*setting.default));
    });
    used
}

/// Where a setting occurs in a service.
enum Place<'a> {
    Image,
    Address(u16),
    Port(u16),
    /// After this text, in an argument.
    Argument(&'a str),
    Variable(&'a str),
    Mount,
}

fn visit<'a>(stack: &'a Stack, see: &mut impl FnMut(&'a Setting, (&'a str, Place<'a>))) {
    for service in &stack.services {
        let name = service.name.as_str();
        see(&service.image, (name, Place::Image));
        for port in &service.ports {
            if let Some(published) = &port.published {
                see(&published.address, (name, Place::Address(port.number)));
                see(&published.port, (name, Place::Port(port.number)));
            }
        }
        for argument in &service.arguments {
            if let [Part::Literal(before), Part::Setting(setting)] = &argument.0[..] {
                see(setting, (name, Place::Argument(before)));
            }
        }
        for variable in &service.environment {
            if let [Part::Setting(setting)] = &variable.value.0[..] {
                see(setting, (name, Place::Variable(&variable.name)));
            }
        }
        for mount in &service.mounts {
            if let MountSource::Directory(text) = &mount.source
                && let [Part::Setting(setting)] = &text.0[..]
            {
                see(setting, (name, Place::Mount));
            }
        }
    }
}

/// The settings with which the containers of a stack were created, as far as they show.
pub fn running(stack: &Stack, found: &Found) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    visit(stack, &mut |setting, (service, place)| {
        let Some(container) = found.container(service) else { return };
        let binding = |port| container.ports.iter().find(|binding| binding.container == port);
        let value = match place {
            Place::Image => Some(container.image.clone()),
            Place::Address(port) => binding(port).map(|binding| binding.address.clone()),
            Place::Port(port) => binding(port).map(|binding| binding.host.to_string()),
            Place::Argument(before) => {
                let mut after = container.arguments.iter().filter_map(|a| a.strip_prefix(before));
                after.next().map(str::to_owned)
            }
            Place::Variable(name) => container.environment.get(name).cloned(),
            Place::Mount => None,
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.entry(setting.name.clone().into_owned()).or_insert(value);
        }
    });
    values
}
