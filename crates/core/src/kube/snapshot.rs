//! Where `init` finds its snapshot.

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value, json};

use super::Devnet;
use super::container::{SNAPSHOT, closed, pod_security};
use super::name;
use super::object::{self, claim, shared_labels};

/// The most bytes of a secret: etcd takes 1.5 MB, and base64 is a third longer.
pub const MOST_IN_SECRET: u64 = 1_000_000;

/// The secret with the variables of an account for S3, if the user creates it. Several chains share it, as
/// they share a claim.
pub const RESTORE_SECRET: &str = "regenesis-restore";

/// Where containers that restore an archive mount its volume. A new volume has a `lost+found` at its root,
/// so that the snapshot is a directory below.
const RESTORE: &str = "/restore";
const DIRECTORY: &str = "snapshot";
/// `restore` keeps 1 GiB free.
const FREE_GIBIBYTES: u64 = 2;
/// A window of zstd, or a block of xz, and what else `restore` needs.
const RESTORE_MEBIBYTES: u32 = 512;
/// Exit codes of `restore` that another attempt does not change: usage, refused, digest differs, not there.
const FINAL_CODES: [u8; 4] = [2, 3, 5, 12];

/// Where the snapshot comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The sample in the init image.
    Sample,
    /// A secret with these files, by path.
    Secret(Vec<(String, Vec<u8>)>),
    /// The files of an image.
    Image(String),
    /// A claim that exists, and a directory in it.
    Claim {
        /// Its name.
        name: String,
        /// The directory with the snapshot, unless that is the claim's root.
        directory: Option<String>,
    },
    /// An archive, which `regenesis restore` downloads.
    Archive {
        /// Its URL, without credentials.
        url: String,
        /// Its SHA-256 in hex.
        sha256: Option<String>,
        /// Where the files go.
        into: Volume,
    },
}

/// Where the files of an archive go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// A claim that several pods can read, filled by a job.
    Claim,
    /// A volume of each pod, filled by an init container.
    Pod,
}

impl Source {
    /// The directory with the snapshot in its volume; `None`: its root.
    pub(super) fn directory(&self) -> Option<&str> {
        match self {
            Self::Archive { .. } => Some(DIRECTORY),
            Self::Claim { directory, .. } => directory.as_deref(),
            Self::Sample | Self::Secret(_) | Self::Image(_) => None,
        }
    }
}

impl Devnet<'_> {
    /// The objects of the snapshot alone.
    pub(super) fn snapshot_objects(&self) -> Vec<Value> {
        match self.source {
            Source::Secret(files) => {
                let entry = |(path, bytes): &(String, Vec<u8>)| {
                    (key(path), Value::from(Base64::encode_string(bytes)))
                };
                vec![json!({
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": self.metadata(&self.secret(), object::SNAPSHOT),
                    "data": files.iter().map(entry).collect::<Map<_, _>>(),
                })]
            }
            Source::Archive { url, sha256, into: Volume::Claim } => {
                let name = name::claim(url, sha256.as_deref());
                let metadata = json!({"name": name, "labels": shared_labels(object::SNAPSHOT)});
                let size = self.size.div_ceil(1 << 30) + FREE_GIBIBYTES;
                let restore = self.restore(url, sha256.as_deref(), false);
                vec![claim(metadata.clone(), size), job(&name, metadata, restore)]
            }
            _ => Vec::new(),
        }
    }

    /// The volume that containers mount.
    pub(super) fn snapshot_volume(&self) -> Option<Value> {
        let mut volume = match self.source {
            Source::Sample => return None,
            Source::Secret(files) => {
                let items = files.iter().map(|(path, _)| json!({"key": key(path), "path": path}));
                let items = items.collect::<Vec<_>>();
                json!({"secret": {"secretName": self.secret(), "items": items}})
            }
            Source::Image(reference) => {
                json!({"image": {"reference": reference, "pullPolicy": "IfNotPresent"}})
            }
            Source::Claim { name, .. } => read_only(name),
            Source::Archive { url, sha256, into: Volume::Claim } => {
                read_only(&name::claim(url, sha256.as_deref()))
            }
            Source::Archive { into: Volume::Pod, .. } => json!({"emptyDir": {}}),
        };
        volume["name"] = json!(SNAPSHOT);
        Some(volume)
    }

    /// Containers that must end before `init` starts. In front of a claim, `restore` only reads the marker:
    /// it succeeds once the job has, and fails until then.
    pub(super) fn restore_containers(&self) -> Vec<Value> {
        match self.source {
            Source::Archive { url, sha256, into } => {
                vec![self.restore(url, sha256.as_deref(), *into == Volume::Claim)]
            }
            _ => Vec::new(),
        }
    }

    fn secret(&self) -> String {
        self.object_of(object::SNAPSHOT)
    }

    fn restore(&self, url: &str, sha256: Option<&str>, is_check: bool) -> Value {
        let mut arguments = vec!["restore".to_owned(), url.replace("$(", "$$(")];
        arguments.push(format!("{RESTORE}/{DIRECTORY}"));
        arguments.extend(sha256.map(|digest| format!("--sha256={digest}")));
        let account = json!([{"secretRef": {"name": RESTORE_SECRET, "optional": true}}]);
        let read_only = is_check.then_some(true);
        json!({
            "name": "restore",
            "image": self.tools_image(),
            "command": ["/regenesis"],
            "args": arguments,
            "envFrom": account,
            "volumeMounts": [{"name": SNAPSHOT, "mountPath": RESTORE, "readOnly": read_only}],
            "resources": {
                "requests": {"cpu": "100m", "memory": "64Mi"},
                "limits": {"memory": format!("{RESTORE_MEBIBYTES}Mi")},
            },
            "securityContext": closed(),
        })
    }
}

/// Downloads once. Several chains that use the same archive share its claim.
fn job(name: &str, metadata: Value, restore: Value) -> Value {
    let pod = json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        // The logs of failed pods stay.
        "restartPolicy": "Never",
        "securityContext": pod_security(),
        "containers": [restore],
        "volumes": [{"name": SNAPSHOT, "persistentVolumeClaim": {"claimName": name}}],
    });
    let is_final = json!({"containerName": "restore", "operator": "In", "values": FINAL_CODES});
    let disrupted = json!([{"type": "DisruptionTarget", "status": "True"}]);
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 6,
            "podFailurePolicy": {"rules": [
                {"action": "FailJob", "onExitCodes": is_final},
                {"action": "Ignore", "onPodConditions": disrupted},
            ]},
            // Applied again, it finds the marker and ends.
            "ttlSecondsAfterFinished": 3600,
            "template": {
                "metadata": {"labels": shared_labels(object::SNAPSHOT)},
                "spec": pod,
            },
        },
    })
}

/// A key of a secret for a path. The paths of a snapshot have no `..`.
fn key(path: &str) -> String {
    path.replace('/', "..")
}

fn read_only(claim: &str) -> Value {
    json!({"persistentVolumeClaim": {"claimName": claim, "readOnly": true}})
}
