//! What objects have in common.

use serde_json::{Map, Value, json};

use super::Devnet;

/// The value of the labels `app.kubernetes.io/name` and `managed-by`.
pub(super) const OURS: &str = "regenesis";
/// The component of claims with a snapshot, which several chains can share.
pub(super) const SNAPSHOT: &str = "snapshot";

fn label(name: &str) -> String {
    format!("app.kubernetes.io/{name}")
}

fn labels(pairs: &[(&str, &str)]) -> Value {
    let pair = |&(name, value): &(&str, &str)| (label(name), Value::from(value));
    Value::Object(pairs.iter().map(pair).collect::<Map<_, _>>())
}

/// The labels of objects that belong to no chain.
pub(super) fn shared_labels(component: &str) -> Value {
    labels(&[("name", OURS), ("managed-by", OURS), ("component", component)])
}

impl Devnet<'_> {
    /// The labels that workloads and services select the pods of a component with.
    pub(super) fn selector(&self, component: &str) -> Value {
        labels(&[("name", OURS), ("instance", self.name), ("component", component)])
    }

    /// The labels of all pods of the chain.
    pub(super) fn instance(&self) -> Value {
        labels(&[("name", OURS), ("instance", self.name)])
    }

    /// The metadata of an object.
    pub(super) fn metadata(&self, name: &str, component: &str) -> Value {
        let labels = labels(&[
            ("name", OURS),
            ("instance", self.name),
            ("managed-by", OURS),
            ("component", component),
        ]);
        json!({"name": name, "labels": labels})
    }
}

/// A claim for a volume that one node mounts.
pub(super) fn claim(metadata: Value, gibibytes: u64) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": format!("{gibibytes}Gi")}},
        },
    })
}
