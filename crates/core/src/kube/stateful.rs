//! A stateful set for each client, and one for `init` and `watch`.
//!
//! They share the claims of the stack's volumes, so that all of them run on one node.

use serde_json::{Value, json};

use super::Devnet;
use super::container::{Roles, closed, is_runtime, resources, temporary_volumes};
use super::object::claim;
use crate::services::{IMAGE, MountSource, Reserve, Service};

/// The program of the init image.
const PROGRAM: &str = "/regenesis";
/// Of a container that waits for the genesis.
const WAIT: Reserve = Reserve { milli_cpus: 10, mebibytes: 16 };
/// Of a claim for chain data.
const DATA_GIBIBYTES: u64 = 10;

impl Devnet<'_> {
    /// The claims, the stateful sets and their services.
    pub(super) fn stateful_sets(&self) -> Vec<Value> {
        let Roles { once, watch, clients } = self.roles();
        let claims = self.stack.volumes.iter().map(|volume| {
            let size = if is_runtime(volume.content) {
                self.runtime_mebibytes().div_ceil(1024)
            } else {
                DATA_GIBIBYTES
            };
            claim(self.metadata(&self.object_of(&volume.name), &volume.name), size)
        });
        let mut objects: Vec<_> = claims.collect();
        let mut init = self.restore_containers();
        init.extend(once.iter().map(|service| self.container(service)));
        for service in watch {
            objects.extend(self.stateful(service, init.clone()));
        }
        for client in clients {
            objects.extend(self.stateful(client, vec![self.wait(client)]));
        }
        objects
    }

    fn stateful(&self, service: &Service, init: Vec<Value>) -> [Value; 2] {
        let (name, component) = (self.object_of(&service.name), service.name.as_str());
        let selector = self.selector(component);
        let is_mounted = |volume: &&str| {
            let source = MountSource::Volume((*volume).to_owned());
            service.mounts.iter().any(|mount| mount.source == source)
        };
        let names = self.stack.volumes.iter().map(|volume| volume.name.as_str());
        let volumes = names.filter(is_mounted).map(|volume| {
            let claim = json!({"claimName": self.object_of(volume)});
            json!({"name": volume, "persistentVolumeClaim": claim})
        });
        let reads_snapshot =
            service.mounts.iter().any(|mount| matches!(mount.source, MountSource::Directory(_)));
        let snapshot = self.snapshot_volume().filter(|_| reads_snapshot);
        let volumes = volumes.chain(snapshot).chain(temporary_volumes([service])).collect();
        let containers = vec![self.container(service)];
        let mut pod = self.pod([service], init, containers, volumes);
        pod["affinity"] = self.together();
        let ports =
            service.ports.iter().map(|port| json!({"name": port.name, "port": port.number}));
        let ports: Vec<_> = ports.collect();
        let set = json!({
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": self.metadata(&name, component),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": selector},
                "serviceName": name,
                "template": {"metadata": {"labels": selector}, "spec": pod},
            },
        });
        let headless = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.metadata(&name, component),
            "spec": {
                "clusterIP": "None",
                "ports": ports,
                // The beacon node must reach geth before geth has blocks.
                "publishNotReadyAddresses": true,
                "selector": selector,
            },
        });
        [set, headless]
    }

    /// Ends when the runtime volume has a genesis, and with it the program that starts the client.
    fn wait(&self, client: &Service) -> Value {
        let mounts = client.mounts.iter().filter(|mount| match &mount.source {
            MountSource::Volume(name) => self.is_runtime_volume(name),
            MountSource::Directory(_) => false,
        });
        let mounts: Vec<_> = mounts.filter_map(|mount| self.mount(mount)).collect();
        let runtime = mounts.iter().map(|mount| &mount["mountPath"]);
        let arguments = [json!("run"), json!("--runtime")].into_iter().chain(runtime.cloned());
        let arguments = arguments.chain([json!("--"), json!(PROGRAM), json!("--version")]);
        let Reserve { milli_cpus, mebibytes } = WAIT;
        json!({
            "name": "wait",
            "image": self.setting(&IMAGE),
            "command": [PROGRAM],
            "args": arguments.collect::<Vec<_>>(),
            "volumeMounts": mounts,
            "resources": resources(milli_cpus, mebibytes),
            "securityContext": closed(),
        })
    }

    fn is_runtime_volume(&self, name: &str) -> bool {
        self.stack.volumes.iter().any(|volume| volume.name == name && is_runtime(volume.content))
    }

    /// All pods of the chain on one node: its claims are mounted by one node only.
    fn together(&self) -> Value {
        let term = json!({
            "labelSelector": {"matchLabels": self.instance()},
            "topologyKey": "kubernetes.io/hostname",
        });
        json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
    }
}
