//! All services in one pod: the engine API stays on its loopback interface, and every volume ends with it.
//!
//! Kubernetes runs the init containers again only for a new sandbox, after the node or the sandbox has
//! failed. A container that restarts finds its genesis.

use serde_json::{Value, json};

use super::Devnet;
use super::container::{Roles, is_runtime, temporary_volumes};
use crate::services::Service;

/// The label of its pod.
const COMPONENT: &str = "devnet";

impl Devnet<'_> {
    /// A deployment of one pod, and its service.
    pub(super) fn one_pod(&self) -> Vec<Value> {
        let Roles { once, watch, clients } = self.roles();
        let mut init = self.restore_containers();
        init.extend(once.iter().map(|service| self.container(service)));
        init.extend(watch.iter().map(|service| self.sidecar(service)));
        let containers = clients.iter().map(|service| self.container(service)).collect();
        let volumes = self.stack.volumes.iter().map(|volume| {
            let mut directory = json!({});
            if is_runtime(volume.content) {
                // Keys and secrets never reach a disk.
                let limit = format!("{}Mi", self.runtime_mebibytes());
                directory = json!({"medium": "Memory", "sizeLimit": limit});
            }
            json!({"name": volume.name, "emptyDir": directory})
        });
        let all = &self.stack.services;
        let volumes = volumes.chain(self.snapshot_volume()).chain(temporary_volumes(all)).collect();
        let pod = self.pod(all, init, containers, volumes);
        let selector = self.selector(COMPONENT);
        let deployment = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(self.name, COMPONENT),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": selector},
                "strategy": {"type": "Recreate"},
                "template": {"metadata": {"labels": selector}, "spec": pod},
            },
        });
        vec![deployment, self.one_service(&clients)]
    }

    fn one_service(&self, clients: &[&Service]) -> Value {
        let ports = clients.iter().flat_map(|service| {
            let published = service.ports.iter().filter(|port| port.published.is_some());
            published.map(|port| {
                json!({"name": format!("{}-{}", service.name, port.name), "port": port.number})
            })
        });
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.metadata(self.name, COMPONENT),
            "spec": {
                "ports": ports.collect::<Vec<_>>(),
                // A chain that stands still can be examined.
                "publishNotReadyAddresses": true,
                "selector": self.selector(COMPONENT),
            },
        })
    }
}
