//! A capture of a file: what the snapshot is made of, what was changed on purpose, and what the other
//! commands say of it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::repository;

const A: &str = "0xA1A1a1a1A1A1A1A1A1a1a1a1a1a1A1A1a1A1A1a1";
const B: &str = "0xB2b2B2B2B2b2b2b2b2b2b2B2b2B2b2B2b2B2B2B2";
/// Funded in the sample.
const FUNDED: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const EMPTY: &str = "0xe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0";

struct Place(tempfile::TempDir);

struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    /// With a genesis of the sample's accounts and an empty one.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sample = repository().join("sample/el/genesis.template.json");
        let genesis = std::fs::read_to_string(sample).unwrap().replacen(
            "\"alloc\": {",
            &format!("\"alloc\": {{\"{EMPTY}\": {{\"balance\": \"0\"}},"),
            1,
        );
        std::fs::write(directory.path().join("genesis.json"), genesis).unwrap();
        Self(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        let output = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn capture(&self, more: &[&str]) -> Done {
        self.run(&[&["capture", "--state", "genesis.json", "--out", "out"], more].concat())
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// The accounts of the snapshot, by address in lower case.
    fn alloc(&self) -> Value {
        self.json("out/el/genesis.template.json")["alloc"].take()
    }
}

impl Done {
    fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    fn fails(&self, code: i32, what: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(what), "{}", self.stderr);
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_capture_is_ready_for_up_and_for_init() {
    let place = Place::new();
    let done = place.capture(&[]).ok();
    assert!(done.stderr.contains("out is ready: out/up.sh"), "{}", done.stderr);
    assert!(!place.path("out.capture").exists());
    let compose = std::fs::read_to_string(place.path("out/docker-compose.yml")).unwrap();
    assert!(compose.contains(".:/snapshot:ro"), "{compose}");
    assert_eq!(mode(&place.path("out/up.sh")), 0o755);
    // The container is another user, and the sample's phrase is everybody's.
    for file in ["val/mnemonics.yaml", "baked/bake.json", "baked/keystores.jsonl"] {
        assert_eq!(mode(&place.path("out").join(file)), 0o644, "{file}");
    }
    let verified = place.run(&["verify", "out", "--json"]).ok();
    let verified: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(verified["baked"], true);
    assert_eq!(verified["keystores"], 64);
    assert_eq!(verified["state_root"], place.json("out/metadata.json")["state_root"]);
    let init = place.run(&["init", "out"]).ok();
    assert!(init.stderr.contains("   baked  "), "{}", init.stderr);
}

#[test]
fn a_phrase_of_ones_own_stays_secret() {
    let place = Place::new();
    let phrase =
        "- mnemonic: test test test test test test test test test test test junk\n  count: 2\n";
    std::fs::write(place.path("own.yaml"), phrase).unwrap();
    std::fs::set_permissions(place.path("own.yaml"), PermissionsExt::from_mode(0o600)).unwrap();
    place.capture(&["--mnemonics", "own.yaml"]).ok();
    for file in ["val/mnemonics.yaml", "baked/keystores.jsonl"] {
        // The group's place shows the mask of the access list, by which the stack's user reads it.
        assert_eq!(mode(&place.path("out").join(file)), 0o640, "{file}");
    }
}

#[test]
fn changes_are_made_and_told() {
    let place = Place::new();
    place.capture(&[]).ok();
    let (before, plain) = (place.alloc(), place.json("out/metadata.json"));
    assert_eq!(plain.get("derived"), None);
    std::fs::write(place.path("code"), "0x602a60005260206000f3\n").unwrap();
    let more = json!({A: {"balance": "0x1", "nonce": "0x7", "storage": {"0x1": "0x2"}}});
    std::fs::write(place.path("more.json"), more.to_string()).unwrap();
    let fund = format!("{FUNDED}=0.5,{B}=2");
    let code = format!("{B}=@code");
    let changes = ["--fund", &fund, "--set-code", &code, "--merge", "more.json", "--prune-empty"];
    let done = place.capture(&changes).ok();
    assert!(done.stderr.contains("was changed on purpose"), "{}", done.stderr);
    let (after, metadata) = (place.alloc(), place.json("out/metadata.json"));
    let address = |address: &str| address.to_lowercase();
    let balance = |alloc: &Value, of: &str| {
        let text = alloc[address(of)]["balance"].as_str().unwrap().to_owned();
        u128::from_str_radix(&text[2..], 16).unwrap()
    };
    assert_eq!(balance(&after, FUNDED), balance(&before, FUNDED) + 500_000_000_000_000_000);
    assert_eq!(balance(&after, B), 2_000_000_000_000_000_000);
    assert_eq!(after[address(B)]["code"], "0x602a60005260206000f3");
    assert_eq!(after[address(A)]["nonce"], "0x7");
    assert!(before.get(EMPTY).is_some() && after.get(EMPTY).is_none());
    let (all, changed) = (before.as_object().unwrap(), after.as_object().unwrap());
    let same = all.iter().filter(|(key, account)| changed.get(*key) == Some(account)).count();
    assert_eq!((same, changed.len()), (all.len() - 2, all.len() + 1));

    assert_ne!(metadata["state_root"], plain["state_root"]);
    assert_eq!(metadata["counts"]["accounts"], changed.len());
    assert_eq!(metadata["derived"].as_array().unwrap().len(), 5);
    assert_eq!(metadata["derived"][0], "1 accounts of more.json");
    for command in [&["verify", "out"][..], &["init", "out"], &["bake", "out"]] {
        let done = place.run(command).ok();
        assert!(done.stderr.contains("was changed on purpose"), "{command:?}: {}", done.stderr);
    }
    // Of the changed state, or of none: damage is noticed all the same.
    let genesis = place.path("out/el/genesis.template.json");
    let text = std::fs::read_to_string(&genesis).unwrap();
    std::fs::write(&genesis, text.replacen("0x1bc16d674ec80000", "0x1bc16d674ec80001", 1)).unwrap();
    place.run(&["verify", "out"]).fails(5, "is not the file that metadata.json names");
}

#[test]
fn changes_that_make_no_sense_are_refused_before_anything_is_done() {
    let place = Place::new();
    std::fs::write(place.path("no.json"), "{\"a\": 1}").unwrap();
    let address = format!("{A}=");
    let with = |text: &str| format!("{address}{text}");
    for (arguments, code, what) in [
        (["--fund", "1"], 2, "--fund is \"1\": expected ADDR=ETH"),
        (["--fund", &with("lots")], 2, "expected ADDR=ETH"),
        (["--set-code", &with("0x1")], 2, "an even number of hex digits"),
        (["--set-code", &with("@nowhere")], 3, "nowhere: No such file"),
        (["--set-code", &format!("{address}00,{address}01")], 2, "two codes are given"),
        (["--merge", "nowhere"], 3, "nowhere: No such file"),
        (["--merge", "no.json"], 3, "no.json: is no dump"),
    ] {
        let done = place.capture(&arguments);
        done.fails(code, what);
        assert!(!place.path("out").exists() && !place.path("out.capture").exists());
    }
}

#[test]
fn inspect_shows_what_is_there() {
    let place = Place::new();
    place.capture(&["--name", "mine", "--fund", &format!("{A}=1")]).ok();
    let table = place.run(&["inspect", "out"]).ok();
    assert_eq!(table.stderr, "");
    // Addresses have their checksum.
    let lower =
        |line: &str| if line.contains(" ETH to ") { line.to_lowercase() } else { line.to_owned() };
    let lines: Vec<_> = table.stdout.lines().map(lower).collect();
    for line in [
        "snapshot    out, chain 271828",
        "source      genesis.json",
        &format!("changed     1 eth to {}", A.to_lowercase()),
        "            1 empty (EIP-161)",
        "consensus   minimal preset, slots of 2 s",
        "validators  64",
        "baked       by 0.1.0, with 64 keystores",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}\n{}", table.stdout);
    }
    let inspected = place.run(&["inspect", "out", "--json"]).ok();
    let inspected: Value = serde_json::from_str(&inspected.stdout).unwrap();
    let metadata = place.json("out/metadata.json");
    assert_eq!(inspected["metadata"], metadata);
    assert_eq!(inspected["accounts"]["all"], metadata["counts"]["accounts"]);
    assert_eq!(inspected["accounts"]["contracts"], metadata["counts"]["contracts"]);
    assert_eq!(inspected["accounts"]["storage_slots"], metadata["counts"]["storage_slots"]);
    assert_eq!(inspected["consensus"]["forks"][6], json!({"name": "fulu", "epoch": 0}));
    assert_eq!(inspected["validators"], 64);
    // The sample, without a directory.
    let sample = place.run(&["inspect", "--json"]).ok();
    let sample: Value = serde_json::from_str(&sample.stdout).unwrap();
    assert_eq!(sample["metadata"]["chain_id"], 271_828);
    place.run(&["inspect", "nowhere"]).fails(3, "nowhere: is not a snapshot directory");
}

#[test]
fn verify_needs_something_to_verify() {
    let place = Place::new();
    place.run(&["verify"]).fails(2, "nothing to verify");
    place.run(&["verify", "--cl-rpc", "127.0.0.1:1"]).fails(2, "nothing to verify");
    place.run(&["verify", "--el-rpc", "ws://127.0.0.1:1"]).fails(2, "--el-rpc has the scheme ws");
    place.run(&["verify", "--el-rpc", "127.0.0.1:1"]).fails(4, "http://127.0.0.1:1 is not reached");
    place.capture(&[]).ok();
    // A fork of one layer alone, which no init would take.
    let config = place.path("out/cl/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("FULU_FORK_EPOCH: 0", "FULU_FORK_EPOCH: 18446744073709551615");
    std::fs::write(&config, text).unwrap();
    std::fs::remove_file(place.path("out/metadata.json")).unwrap();
    let plain = "{\"format\": 1, \"name\": \"out\", \"chain_id\": 271828}";
    std::fs::write(place.path("out/metadata.json"), plain).unwrap();
    place.run(&["verify", "out"]).fails(3, "FULU_FORK_EPOCH");
}

/// Whoever made a snapshot wrote that list, and may have put anything beside it.
#[test]
fn verify_hashes_no_file_but_those_of_a_snapshot() {
    const TERA: u64 = 1 << 40;
    let place = Place::new();
    place.capture(&[]).ok();
    let metadata = place.json("out/metadata.json");
    let listed = |path: &str, size: u64| {
        let mut metadata = metadata.clone();
        metadata["files"][path] = json!({"size": size, "sha256": "00".repeat(32)});
        std::fs::write(place.path("out/metadata.json"), metadata.to_string()).unwrap();
        // The bake is of the metadata as it was.
        place.run(&["verify", "out"])
    };
    let sparse = |path: &str| {
        let path = place.path("out").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_len(TERA).unwrap();
    };
    for path in ["cl/extra", "extra", "el/genesis.json.bak", "more/cl/config.yaml", "cl//extra"] {
        sparse(path);
        let done = listed(path, TERA);
        done.fails(5, &format!("out/metadata.json: files has {path:?}, no file of a snapshot"));
        assert!(done.stderr.contains("hint: "), "{}", done.stderr);
        std::fs::remove_file(place.path("out").join(path)).unwrap();
    }
    listed("cl//config.yaml", 1).fails(5, "no file of a snapshot");
    // One of ours, of another size.
    sparse("baked/seen.json");
    let done = listed("baked/seen.json", TERA + 1);
    done.fails(5, "out/baked/seen.json is not the file that metadata.json names");
}
