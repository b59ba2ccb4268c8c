//! A service as a container, and the parts of a pod that hold for all of its containers.

use serde_json::{Value, json};

use super::snapshot::Source;
use super::{Devnet, Shape};
use crate::services::{
    HealthCheck, IMAGE, Mount, MountSource, RestartPolicy, Service, USER_ID, VolumeContent, WATCH,
};

/// The volume with the snapshot.
pub(super) const SNAPSHOT: &str = "snapshot";
/// A directory for temporary files, in memory.
const TEMPORARY_MEBIBYTES: u32 = 64;
/// The runtime volume without the files that depend on the snapshot: two programs of 6 MB, two sets of
/// keystores.
const RUNTIME_MEBIBYTES: u64 = 64;
/// A new genesis is complete before the old one goes, and compressed files of a snapshot are larger there.
const RUNTIME_PER_BYTE: u64 = 8;

impl Devnet<'_> {
    pub(super) fn container(&self, service: &Service) -> Value {
        let Service { name, reserve, .. } = service;
        let environment = service.environment.iter().filter_map(|variable| {
            // An empty variable is no setting.
            let value = Some(self.expanded(&variable.value)).filter(|value| !value.is_empty())?;
            Some(json!({"name": variable.name, "value": value}))
        });
        let mounts = service.mounts.iter().filter_map(|mount| self.mount(mount));
        let temporary = service
            .temporary
            .iter()
            .map(|path| json!({"name": temporary(name), "mountPath": path}));
        let ports = service.ports.iter().map(|port| json!({"containerPort": port.number}));
        json!({
            "name": name,
            "image": self.setting(&service.image),
            "command": service.program.iter().collect::<Vec<_>>(),
            "args": service.arguments.iter().map(|text| self.expanded(text)).collect::<Vec<_>>(),
            "env": environment.collect::<Vec<_>>(),
            "ports": ports.collect::<Vec<_>>(),
            "volumeMounts": mounts.chain(temporary).collect::<Vec<_>>(),
            "readinessProbe": service.health_check.as_ref().map(probe),
            "resources": resources(reserve.milli_cpus, reserve.mebibytes),
            "securityContext": closed(),
        })
    }

    /// `watch` beside the clients: it ends after them.
    pub(super) fn sidecar(&self, service: &Service) -> Value {
        let mut container = self.container(service);
        container["restartPolicy"] = json!("Always");
        container
    }

    pub(super) fn mount(&self, mount: &Mount) -> Option<Value> {
        let target = self.text(&mount.target);
        let read_only = mount.read_only.then_some(true);
        match &mount.source {
            MountSource::Volume(name) => {
                Some(json!({"name": name, "mountPath": target, "readOnly": read_only}))
            }
            MountSource::Directory(_) if *self.source == Source::Sample => None,
            MountSource::Directory(_) => Some(json!({
                "name": SNAPSHOT,
                "mountPath": target,
                "readOnly": true,
                "subPath": self.source.directory(),
            })),
        }
    }

    /// The largest size of the runtime volume.
    pub(super) fn runtime_mebibytes(&self) -> u64 {
        RUNTIME_MEBIBYTES + (self.size.saturating_mul(RUNTIME_PER_BYTE)).div_ceil(1 << 20)
    }

    /// A pod with these containers.
    pub(super) fn pod<'a>(
        &self,
        services: impl IntoIterator<Item = &'a Service>,
        init: Vec<Value>,
        containers: Vec<Value>,
        volumes: Vec<Value>,
    ) -> Value {
        let grace = services.into_iter().map(|service| service.stop_grace.0).max();
        // geth answers only under names that it knows: the containers use that of the service, too.
        let own = json!([{"ip": "127.0.0.1", "hostnames": [self.name]}]);
        json!({
            "automountServiceAccountToken": false,
            // They would set variables of regenesis for a service of that name.
            "enableServiceLinks": false,
            "hostAliases": (self.shape == Shape::OnePod).then_some(own),
            "securityContext": pod_security(),
            "terminationGracePeriodSeconds": grace,
            "initContainers": init,
            "containers": containers,
            "volumes": volumes,
        })
    }

    /// The services that run once, `watch`, and the clients.
    pub(super) fn roles(&self) -> Roles<'_> {
        let services = self.stack.services.iter();
        let (once, others): (Vec<_>, Vec<_>) =
            services.partition(|service| service.restart == RestartPolicy::Never);
        let (watch, clients) = others.into_iter().partition(|service| service.name == WATCH);
        Roles { once, watch, clients }
    }

    /// The image with all verbs. A digest names one image only.
    pub(super) fn tools_image(&self) -> String {
        let image = self.setting(&IMAGE);
        format!("{}-tools", image.split('@').next().unwrap_or_default())
    }
}

/// The services of a stack by what they do.
pub(super) struct Roles<'a> {
    pub(super) once: Vec<&'a Service>,
    pub(super) watch: Vec<&'a Service>,
    pub(super) clients: Vec<&'a Service>,
}

/// Whether a volume has a genesis, with its keys and secrets.
pub(super) fn is_runtime(content: VolumeContent) -> bool {
    content == VolumeContent::Runtime
}

fn temporary(service: &str) -> String {
    format!("tmp-{service}")
}

/// The volumes of temporary files of these services.
pub(super) fn temporary_volumes<'a>(
    services: impl IntoIterator<Item = &'a Service>,
) -> impl Iterator<Item = Value> {
    services.into_iter().filter(|service| !service.temporary.is_empty()).map(|service| {
        let limit = format!("{TEMPORARY_MEBIBYTES}Mi");
        let memory = json!({"medium": "Memory", "sizeLimit": limit});
        json!({"name": temporary(&service.name), "emptyDir": memory})
    })
}

/// Not a liveness probe: `watch` knows better when a restart helps.
fn probe(check: &HealthCheck) -> Value {
    json!({
        "exec": {"command": check.command},
        "periodSeconds": check.interval.0,
        "timeoutSeconds": check.timeout.0,
        "failureThreshold": check.retries,
    })
}

pub(super) fn resources(milli_cpus: u32, mebibytes: u32) -> Value {
    json!({"requests": {"cpu": format!("{milli_cpus}m"), "memory": format!("{mebibytes}Mi")}})
}

/// What Pod Security `restricted` asks of a container, and a read-only root.
pub(super) fn closed() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true,
    })
}

/// What Pod Security `restricted` asks of a pod.
pub(super) fn pod_security() -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": USER_ID,
        "runAsGroup": USER_ID,
        "fsGroup": USER_ID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}
