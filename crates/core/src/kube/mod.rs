//! Kubernetes objects for a snapshot: the values of [`crate::services`], as Kubernetes spells them.
//!
//! Keys are sorted, as `kubectl get --output yaml` prints them.

mod container;
pub mod name;
mod object;
mod one_pod;
mod snapshot;
mod stateful;
pub mod unused;
mod yaml;

use std::collections::BTreeMap;

use crate::services::{Part, Setting, Stack, Text};
pub use snapshot::{MOST_IN_SECRET, RESTORE_SECRET, Source, Volume};

/// The file with the snapshot's objects.
pub const SNAPSHOT_FILE: &str = "snapshot.yaml";
/// The file with the chain's objects.
pub const CHAIN_FILE: &str = "devnet.yaml";
/// The file that lists the others.
pub const KUSTOMIZATION_FILE: &str = "kustomization.yaml";

/// A chain in Kubernetes.
#[derive(Debug)]
pub struct Devnet<'a> {
    /// The name of its objects, or the start of their names.
    pub name: &'a str,
    /// The services. In [`Shape::OnePod`] they share a network.
    pub stack: &'a Stack,
    /// The values of settings; a setting that is missing has its default.
    pub settings: &'a BTreeMap<String, String>,
    /// Where the snapshot comes from.
    pub source: &'a Source,
    /// The size of the snapshot's files, in bytes.
    pub size: u64,
    /// How the services are spread over pods.
    pub shape: Shape,
}

/// How services are spread over pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All in one pod, whose volumes live as long as it does.
    OnePod,
    /// A stateful set for each, with claims that outlive the pods.
    StatefulSets,
}

/// The text of each file.
#[derive(Debug)]
pub struct Files {
    /// [`SNAPSHOT_FILE`], unless the snapshot needs no objects.
    pub snapshot: Option<String>,
    /// [`CHAIN_FILE`].
    pub chain: String,
    /// [`KUSTOMIZATION_FILE`].
    pub kustomization: String,
}

impl Files {
    /// All objects in one text, for `kubectl apply --filename -`.
    pub fn together(&self) -> String {
        let snapshot = self.snapshot.iter().map(|text| format!("{text}---\n"));
        snapshot.chain([self.chain.clone()]).collect()
    }
}

/// Renders the objects of a chain.
pub fn files(devnet: &Devnet<'_>) -> Files {
    let snapshot = devnet.snapshot_objects();
    let chain = match devnet.shape {
        Shape::OnePod => devnet.one_pod(),
        Shape::StatefulSets => devnet.stateful_sets(),
    };
    let snapshot = (!snapshot.is_empty()).then(|| yaml::documents(snapshot));
    let resources = snapshot.iter().map(|_| SNAPSHOT_FILE).chain([CHAIN_FILE]);
    let kustomization = serde_json::json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources.collect::<Vec<_>>(),
    });
    Files {
        snapshot,
        chain: yaml::documents(chain),
        kustomization: yaml::documents(vec![kustomization]),
    }
}

impl Devnet<'_> {
    /// The value of a setting.
    fn setting(&self, setting: &Setting) -> String {
        let set = self.settings.get(&*setting.name);
        set.map_or_else(|| setting.default.to_string(), Clone::clone)
    }

    /// A text in which Kubernetes replaces `$(NAME)`.
    fn expanded(&self, text: &Text) -> String {
        text.render(|part| match part {
            Part::Literal(text) => text.replace("$(", "$$("),
            part => self.part(part),
        })
    }

    /// A text that Kubernetes leaves as it is.
    fn text(&self, text: &Text) -> String {
        text.render(|part| self.part(part))
    }

    fn part(&self, part: &Part) -> String {
        match part {
            Part::Literal(text) => text.to_string(),
            Part::Setting(setting) => self.setting(setting),
            Part::Host(service) => self.host(service),
        }
    }

    /// The host name under which other services reach this one.
    fn host(&self, service: &str) -> String {
        match self.shape {
            Shape::OnePod => self.name.to_owned(),
            Shape::StatefulSets => self.object_of(service),
        }
    }

    /// The name of the objects of a service.
    fn object_of(&self, service: &str) -> String {
        format!("{}-{service}", self.name)
    }
}
