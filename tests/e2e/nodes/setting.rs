//! The sample, reduced to capella: the last fork that Lodestar 1.5.1 supports.

use crate::support::regenesis;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

const NEVER: &str = "18446744073709551615";

/// The parameters of a chain.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub slot_seconds: u64,
    pub validators: u64,
}

impl Setting {
    /// Writes the snapshot into a new directory in `parent`.
    pub fn snapshot(self, parent: &Path) -> PathBuf {
        let directory = parent.join("snapshot");
        let put = |name: &str, text: &str| {
            let path = directory.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("el/genesis.template.json", &genesis().to_string());
        put("cl/config.yaml", &self.config());
        put("val/mnemonics.yaml", &{
            let mnemonics = sample("val/mnemonics.yaml");
            assert!(mnemonics.contains("count: 64"), "{mnemonics}");
            mnemonics.replace("count: 64", &format!("count: {}", self.validators))
        });
        let metadata = json!({"format": 1, "name": "lodestar", "chain_id": 271_828});
        put("metadata.json", &metadata.to_string());
        directory
    }

    fn config(self) -> String {
        let changes = [
            ("DENEB_FORK_EPOCH", NEVER.to_owned()),
            ("ELECTRA_FORK_EPOCH", NEVER.to_owned()),
            ("FULU_FORK_EPOCH", NEVER.to_owned()),
            ("SLOT_DURATION_MS", (self.slot_seconds * 1000).to_string()),
            ("SECONDS_PER_SLOT", self.slot_seconds.to_string()),
            ("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT", self.validators.to_string()),
        ];
        let mut lines: Vec<String> =
            sample("cl/config.yaml").lines().map(ToOwned::to_owned).collect();
        for (key, value) in changes {
            let line = lines.iter_mut().find(|line| line.starts_with(&format!("{key}:"))).unwrap();
            *line = format!("{key}: {value}");
        }
        lines.join("\n") + "\n"
    }
}

fn genesis() -> Value {
    let mut genesis = template();
    let config = genesis["config"].as_object_mut().unwrap();
    for later in ["cancunTime", "pragueTime", "osakaTime", "blobSchedule"] {
        config.remove(later).unwrap();
    }
    genesis
}

/// The execution genesis of the sample.
pub fn template() -> Value {
    serde_json::from_str(&sample("el/genesis.template.json")).unwrap()
}

fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `regenesis init` with genesis in `lead` seconds; returns the summary.
pub fn init(snapshot: &Path, out: &Path, lead: u64) -> Value {
    init_from(&[snapshot.as_os_str()], out, lead)
}

/// The same for other inputs than a snapshot.
pub fn init_from(inputs: &[&OsStr], out: &Path, lead: u64) -> Value {
    let mut command = regenesis();
    command.arg("init").args(inputs).arg("--out").arg(out).args(["--lead", &lead.to_string()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = std::fs::read(out.join("regenesis.json")).unwrap();
    serde_json::from_slice(&summary).unwrap()
}
