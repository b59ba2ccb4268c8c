//! Claims with snapshots that nothing mounts any more.

use std::collections::BTreeSet;

use serde_json::Value;

use super::object::{OURS, SNAPSHOT};

/// The kinds whose pods may mount a claim.
pub const USERS: &str = "pods,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs";

/// Selects the claims that [`super::files`] creates for archives.
pub fn selector() -> String {
    format!("app.kubernetes.io/managed-by={OURS},app.kubernetes.io/component={SNAPSHOT}")
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Its size, as Kubernetes spells it.
    pub size: String,
    /// When it was created.
    pub created: String,
}

/// The claims of `claims` that no object of `users` names. Both are answers of `kubectl get --output json`.
/// Jobs and pods that have ended use nothing.
pub fn unused(claims: &Value, users: &Value) -> Vec<Claim> {
    let mut used = BTreeSet::new();
    items(users).filter(|user| !has_ended(user)).for_each(|user| names(user, &mut used));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let claim = |item: &Value| Claim {
        name: text(&item["metadata"]["name"]),
        size: text(&item["spec"]["resources"]["requests"]["storage"]),
        created: text(&item["metadata"]["creationTimestamp"]),
    };
    let claims = items(claims).map(claim);
    claims.filter(|claim| !claim.name.is_empty() && !used.contains(&claim.name)).collect()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn has_ended(user: &Value) -> bool {
    let conditions = user["status"]["conditions"].as_array().into_iter().flatten();
    match user["kind"].as_str() {
        Some("Pod") => matches!(user["status"]["phase"].as_str(), Some("Succeeded" | "Failed")),
        Some("Job") => conditions.into_iter().any(|condition| {
            matches!(condition["type"].as_str(), Some("Complete" | "Failed"))
                && condition["status"] == "True"
        }),
        _ => false,
    }
}

/// Every value of `claimName`, at any depth.
fn names(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if let ("claimName", Some(name)) = (key.as_str(), value.as_str()) {
                    into.insert(name.to_owned());
                }
                names(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claim(name: &str) -> Value {
        json!({
            "metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"resources": {"requests": {"storage": "3Gi"}}},
        })
    }

    fn user(kind: &str, claim: &str, status: Value) -> Value {
        let volume = json!({"persistentVolumeClaim": {"claimName": claim}});
        let spec = json!({"template": {"spec": {"volumes": [volume]}}});
        json!({"kind": kind, "spec": spec, "status": status})
    }

    #[test]
    fn a_claim_is_unused_when_nothing_names_it_any_more() {
        let ended = json!({"conditions": [{"type": "Complete", "status": "True"}]});
        let items = ["a", "b", "c", "d", "e"].map(claim);
        let claims = json!({"items": items});
        let users = json!({"items": [
            user("Deployment", "a", json!({"replicas": 0})),
            user("Job", "b", ended),
            user("Job", "c", json!({})),
            user("Pod", "d", json!({"phase": "Succeeded"})),
        ]});
        let names: Vec<_> = unused(&claims, &users).into_iter().map(|claim| claim.name).collect();
        assert_eq!(names, ["b", "d", "e"]);
        assert_eq!(unused(&json!({}), &users), []);
        assert_eq!(unused(&claims, &json!({}))[0].size, "3Gi");
    }
}
