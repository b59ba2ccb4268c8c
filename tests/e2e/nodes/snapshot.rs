//! Snapshots of forks that no consensus client from a package registry supports.

use std::path::Path;

use serde_json::{Value, json};

const FORKS: [(&str, &str); 4] =
    [("capella", ""), ("deneb", "cancunTime"), ("electra", "pragueTime"), ("fulu", "osakaTime")];

/// The sample without the later forks, and with slots of one second.
pub fn snapshot(fork: &str, directory: &Path) {
    let sample = |path: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample").join(path))
            .unwrap()
    };
    let mut genesis: Value = serde_json::from_str(&sample("el/genesis.template.json")).unwrap();
    let mut config = sample("cl/config.yaml");
    let at = FORKS.iter().position(|(name, _)| *name == fork).unwrap();
    for (later, key) in &FORKS[at + 1..] {
        genesis["config"].as_object_mut().unwrap().remove(*key).unwrap();
        let epoch = format!("{}_FORK_EPOCH: ", later.to_uppercase());
        assert!(config.contains(&format!("{epoch}0")));
        config = config.replace(&format!("{epoch}0"), &format!("{epoch}18446744073709551615"));
    }
    let config = config.replace("SECONDS_PER_SLOT: 2", "SECONDS_PER_SLOT: 1");
    let config = config.replace("SLOT_DURATION_MS: 2000", "SLOT_DURATION_MS: 1000");
    for (path, text) in [
        ("el/genesis.template.json", genesis.to_string()),
        ("cl/config.yaml", config),
        ("val/mnemonics.yaml", sample("val/mnemonics.yaml")),
        ("metadata.json", json!({"format": 1, "name": fork, "chain_id": 271_828}).to_string()),
    ] {
        std::fs::create_dir_all(directory.join(path).parent().unwrap()).unwrap();
        std::fs::write(directory.join(path), text).unwrap();
    }
}
