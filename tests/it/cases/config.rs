//! Real files that were refused or misread, one kind a test: configs, blob schedules, `values.env`.

mod devnets;
mod values;

use crate::support::{Done, Run, regenesis, repository};
use serde_json::{Value, json};

const MNEMONICS: &str =
    "- mnemonic: \"test test test test test test test test test test test junk\"\n  count: 64\n";

/// The sample's files.
fn sample() -> (Value, String) {
    let read = |file| std::fs::read_to_string(repository().join("sample").join(file)).unwrap();
    let genesis = serde_json::from_str(&read("el/genesis.template.json")).unwrap();
    (genesis, read("cl/config.yaml"))
}

fn with_line(config: &str, key: &str, line: &str) -> String {
    let start = format!("{key}:");
    let old = config.lines().find(|line| line.starts_with(&start)).unwrap();
    config.replacen(old, line, 1)
}

fn init(genesis: &Value, config: &str, mnemonics: &str) -> Run {
    Run::new()
        .file("genesis.json", genesis.to_string())
        .file("config.yaml", config)
        .file("mnemonics.yaml", mnemonics)
        .args(["--genesis", "genesis.json", "--config", "config.yaml"])
        .args(["--mnemonics", "mnemonics.yaml"])
}

fn entry(max: u64) -> Value {
    json!({"target": max * 2 / 3, "max": max, "baseFeeUpdateFraction": 8_346_193})
}

/// The lines of `BLOB_SCHEDULE`.
fn schedule(done: &Done) -> Vec<String> {
    let text = done.text("metadata/config.yaml");
    let lines = text.lines().skip_while(|line| !line.starts_with("BLOB_SCHEDULE"));
    let list = lines.skip(1).take_while(|line| line.starts_with(' '));
    list.map(|line| line.trim().to_owned()).collect()
}

fn said(done: &Done, list: &str, text: &str) -> bool {
    let summary = done.json("regenesis.json");
    let said = summary[list].as_array().unwrap();
    let said = said.iter().any(|line| line.as_str().unwrap().contains(text));
    assert!(!said || done.stderr.contains(text));
    said
}

/// Case blob-entry-at-fulu: the entry that spells out osaka's own limit.
#[test]
fn an_entry_may_spell_out_the_limit_of_osaka() {
    let (mut genesis, config) = sample();
    genesis["timestamp"] = json!("1778384896");
    genesis["config"]["osakaTime"] = json!(1_778_384_896 + 2 * 16);
    genesis["config"]["bpo1Time"] = json!(1_778_384_896 + 5 * 16);
    genesis["config"]["blobSchedule"]["bpo1"] = entry(15);
    let config = with_line(&config, "FULU_FORK_EPOCH", "FULU_FORK_EPOCH: 2");
    let list = "BLOB_SCHEDULE:\n  - {EPOCH: 2, MAX_BLOBS_PER_BLOCK: 9}\n  - {EPOCH: 5, \
                MAX_BLOBS_PER_BLOCK: 15}";
    let config = with_line(&config, "BLOB_SCHEDULE", list);
    let done = init(&genesis, &config, MNEMONICS).args(["--timestamp", "1800000000"]).succeeds();
    let made = &done.json("metadata/genesis.json")["config"];
    assert_eq!(made["bpo1Time"], 1_800_000_000 + 5 * 16);
    assert_eq!(made["bpo2Time"], Value::Null);
    assert_eq!(schedule(&done).len(), 2);
}

/// Case bpo-at-genesis-one-sided: what is active at genesis is completed too, on either side.
#[test]
fn blob_forks_at_genesis_are_completed() {
    let (genesis, config) = sample();
    let mut both = genesis.clone();
    both["config"]["bpo1Time"] = json!(0);
    both["config"]["bpo2Time"] = json!(0);
    both["config"]["blobSchedule"]["bpo1"] = entry(15);
    both["config"]["blobSchedule"]["bpo2"] = entry(21);
    let without = with_line(&config, "BLOB_SCHEDULE", "# none");
    for config in [&config, &without] {
        let done = init(&both, config, MNEMONICS).succeeds();
        assert_eq!(schedule(&done), ["- EPOCH: 0", "MAX_BLOBS_PER_BLOCK: 21"]);
        assert!(said(&done, "notes", "BLOB_SCHEDULE 21 blobs at epoch 0 added"));
    }
    let list = "BLOB_SCHEDULE:\n  - EPOCH: 0\n    MAX_BLOBS_PER_BLOCK: 12";
    let done = init(&genesis, &with_line(&config, "BLOB_SCHEDULE", list), MNEMONICS).succeeds();
    let made = &done.json("metadata/genesis.json")["config"];
    assert_eq!((&made["bpo1Time"], &made["blobSchedule"]["bpo1"]["max"]), (&json!(0), &json!(12)));
    assert!(said(&done, "notes", "bpo1Time 0 added, active at genesis"));
}

/// Two limits for one epoch contradict, and both are named as they are written.
#[test]
fn contradicting_limits_are_named() {
    let (mut genesis, config) = sample();
    genesis["timestamp"] = json!("1778384896");
    genesis["config"]["bpo1Time"] = json!(1_778_384_896 + 5 * 16);
    genesis["config"]["blobSchedule"]["bpo1"] = entry(12);
    let list = "BLOB_SCHEDULE:\n  - EPOCH: 5\n    MAX_BLOBS_PER_BLOCK: 15";
    let config = with_line(&config, "BLOB_SCHEDULE", list);
    let done = init(&genesis, &config, MNEMONICS).fails(3);
    let expected = "bpo1Time 1778384976 allows 12 blobs, but BLOB_SCHEDULE allows 15 from epoch 5";
    assert!(done.stderr.contains(expected), "{}", done.stderr);
    done.wrote_nothing();
}

/// Case egg-delay-shanghai: forks of epoch 0 whose time is genesis and its delay.
#[test]
fn forks_at_the_first_slot_are_active_at_genesis() {
    let (mut genesis, config) = sample();
    genesis["timestamp"] = json!("1778384896");
    let later: [(&str, &str); 3] =
        [("cancunTime", "DENEB"), ("pragueTime", "ELECTRA"), ("osakaTime", "FULU")];
    let config = with_line(&config, "GENESIS_DELAY", "GENESIS_DELAY: 60");
    let config = with_line(&config, "MIN_GENESIS_TIME", "MIN_GENESIS_TIME: 1778384896");
    // All forks at once, and only the first of them.
    let mut all = genesis.clone();
    for key in ["shanghaiTime", "cancunTime", "pragueTime", "osakaTime"] {
        all["config"][key] = json!(1_778_384_956);
    }
    let earlier = ["--timestamp", "1700000000"];
    let done = init(&all, &config, MNEMONICS).args(earlier).succeeds();
    assert_eq!(done.json("metadata/genesis.json")["config"]["osakaTime"], 0);
    assert!(said(&done, "notes", "osakaTime 1778384956 → 0, active at genesis"));
    init(&all, &config, MNEMONICS).succeeds();
    let mut early = config;
    let members = genesis["config"].as_object_mut().unwrap();
    for (key, fork) in later {
        members.remove(key).unwrap();
        let key = format!("{fork}_FORK_EPOCH");
        early = with_line(&early, &key, &format!("{key}: 18446744073709551615"));
    }
    genesis["config"]["shanghaiTime"] = json!(1_778_384_956);
    let done = init(&genesis, &early, MNEMONICS).args(earlier).succeeds();
    assert_eq!(done.json("metadata/genesis.json")["config"]["shanghaiTime"], 0);
    assert_eq!(done.json("regenesis.json")["cl"]["fork"], "capella");
    // The time stays: block 0 is before Shanghai, and eth-beacon-genesis accepts it.
    let done = init(&genesis, &early, MNEMONICS).args(["--timestamp", "keep"]).succeeds();
    assert_eq!(done.json("metadata/genesis.json")["config"]["shanghaiTime"], 1_778_384_956);
    assert_eq!(done.json("regenesis.json")["cl"]["genesis_time"], 1_778_384_956);
}

/// Case config-typo-silent, and its siblings in the other files.
#[test]
fn a_misspelt_key_is_named_with_the_intended_key() {
    let (genesis, config) = sample();
    let typo = with_line(&config, "EJECTION_BALANCE", "EJECTON_BALANCE: 31000000000");
    let typo = format!("{typo}MY_OWN_KEY: 5\nOther_Thing: [1, 2]\n");
    let done = init(&genesis, &typo, MNEMONICS).succeeds();
    let expected = "no client reads EJECTON_BALANCE. Did you mean EJECTION_BALANCE?";
    assert!(said(&done, "warnings", expected), "{}", done.stderr);
    assert!(said(&done, "notes", "unknown keys are kept: MY_OWN_KEY, Other_Thing"));
    assert!(done.text("metadata/config.yaml").contains("\nMY_OWN_KEY: 5\nOther_Thing: [1, 2]\n"));
    for (wrong, meant) in [
        ("Ejection_Balance", "EJECTION_BALANCE, which the file also has"),
        ("SLOTS_PER_EPOCHS", "SLOTS_PER_EPOCH"),
        ("BLOB_SCHEDUEL", "BLOB_SCHEDULE, which the file also has"),
        ("ELECTRA_FORK_EPCH", "ELECTRA_FORK_EPOCH, which the file also has"),
    ] {
        let done = init(&genesis, &format!("{config}{wrong}: 7\n"), MNEMONICS).succeeds();
        let expected = format!("no client reads {wrong}. Did you mean {meant}?");
        assert!(said(&done, "warnings", &expected), "{wrong}: {}", done.stderr);
    }
    let done = init(&genesis, &config, MNEMONICS).succeeds();
    assert_eq!(done.json("regenesis.json")["warnings"], json!([]));

    let done = init(&genesis, &config, &format!("{MNEMONICS}  balnce: 1\n")).fails(3);
    assert!(done.stderr.contains("line 3: has the unknown key \"balnce\": did you mean balance?"));
    let done = init(&genesis, &config, &format!("{MNEMONICS}  comment: mine\n")).succeeds();
    assert!(said(&done, "warnings", "mnemonics.yaml: keys without effect: \"comment\""));

    let text = std::fs::read(repository().join("sample/metadata.json")).unwrap();
    let mut metadata: Value = serde_json::from_slice(&text).unwrap();
    metadata["dervied"] = json!([]);
    metadata["owner"] = json!("us");
    let run = Run::new().snapshot().file("snapshot/metadata.json", metadata.to_string());
    let done = run.arg("snapshot").succeeds();
    let expected = "metadata.json: \"dervied\" is unknown and has no effect. Did you mean derived?";
    assert!(said(&done, "warnings", expected), "{}", done.stderr);
    assert!(said(&done, "warnings", "keys without effect, left in the file: \"owner\""));
}

/// Case system-contracts-remedy: the remedy that a capture names works with the Compose file it writes.
#[test]
fn the_compose_file_of_a_capture_passes_the_remedy_to_init() {
    let directory = tempfile::tempdir().unwrap();
    let alloc = r#"{"0x1111111111111111111111111111111111111111":{"balance":"0x1"}}"#;
    std::fs::write(directory.path().join("alloc.json"), alloc).unwrap();
    let run = |args: &[&str], add: &str| {
        let mut command = regenesis();
        command.args(args).current_dir(directory.path());
        let output = command.env("REGENESIS_ADD_SYSTEM_CONTRACTS", add).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    let stderr =
        run(&["capture", "--state", "alloc.json", "--chain-id", "5", "--out", "snapshot"], "");
    assert!(stderr.contains("REGENESIS_ADD_SYSTEM_CONTRACTS=true"), "{stderr}");
    let compose = directory.path().join("snapshot/docker-compose.yml");
    let compose = std::fs::read_to_string(compose).unwrap();
    let passed_on = "REGENESIS_ADD_SYSTEM_CONTRACTS: \"${REGENESIS_ADD_SYSTEM_CONTRACTS:-}\"";
    assert!(compose.contains(passed_on), "{compose}");
    // Compose sets an empty variable, which has no effect.
    let stderr = run(&["init", "snapshot", "--out", "out"], "true");
    assert!(!stderr.contains("the alloc lacks"), "{stderr}");
}
