//! A capture of a file: what the snapshot is made of, what was changed on purpose, and what the other
//! commands say of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::place::Ended;
use crate::support::{Place, repository};
use serde_json::{Value, json};

const A: &str = "0xA1A1a1a1A1A1A1A1A1a1a1a1a1a1A1A1a1A1A1a1";
const B: &str = "0xB2b2B2B2B2b2b2b2b2b2b2B2b2B2b2B2b2B2B2B2";
/// Funded in the sample.
const FUNDED: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const EMPTY: &str = "0xe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0";

/// A directory with a genesis file, which captures read.
struct Source(Place);

impl std::ops::Deref for Source {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Source {
    /// With the sample's accounts and an empty one.
    fn new() -> Self {
        let place = Place::new();
        let sample = repository().join("sample/el/genesis.template.json");
        place.write("genesis.json", std::fs::read(sample).unwrap());
        let empty = format!("\"alloc\": {{\"{EMPTY}\": {{\"balance\": \"0\"}},");
        place.edit("genesis.json", "\"alloc\": {", &empty);
        Self(place)
    }

    fn capture(&self, more: &[&str]) -> Ended {
        self.run(&[&["capture", "--state", "genesis.json", "--out", "out"], more].concat())
    }

    /// The accounts of the snapshot, by address in lower case.
    fn alloc(&self) -> Value {
        self.json("out/el/genesis.template.json")["alloc"].take()
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_capture_is_ready_for_up_and_for_init() {
    let place = Source::new();
    let done = place.capture(&[]).succeeds();
    assert!(done.stderr.contains("out is ready: out/up.sh"), "{}", done.stderr);
    assert!(!place.at("out.capture").exists());
    let compose = std::fs::read_to_string(place.at("out/docker-compose.yml")).unwrap();
    assert!(compose.contains(".:/snapshot:ro"), "{compose}");
    assert_eq!(mode(&place.at("out/up.sh")), 0o755);
    // The container is another user, and the sample's phrase is public.
    for file in ["val/mnemonics.yaml", "baked/bake.json", "baked/keystores.jsonl"] {
        assert_eq!(mode(&place.at("out").join(file)), 0o644, "{file}");
    }
    let verified = place.run(&["verify", "out", "--json"]).succeeds();
    let verified: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(verified["baked"], true);
    assert_eq!(verified["keystores"], 64);
    assert_eq!(verified["state_root"], place.json("out/metadata.json")["state_root"]);
    let init = place.run(&["init", "out"]).succeeds();
    assert!(init.stderr.contains("   baked  "), "{}", init.stderr);
}

#[test]
fn the_users_mnemonic_stays_secret() {
    let place = Source::new();
    let phrase =
        "- mnemonic: test test test test test test test test test test test junk\n  count: 2\n";
    std::fs::write(place.at("own.yaml"), phrase).unwrap();
    std::fs::set_permissions(place.at("own.yaml"), PermissionsExt::from_mode(0o600)).unwrap();
    place.capture(&["--mnemonics", "own.yaml"]).succeeds();
    for file in ["val/mnemonics.yaml", "baked/keystores.jsonl"] {
        // The group bits show the mask of the access list, which lets the stack's user read the file.
        assert_eq!(mode(&place.at("out").join(file)), 0o640, "{file}");
    }
}

#[test]
fn changes_are_applied_and_reported() {
    let place = Source::new();
    place.capture(&[]).succeeds();
    let (before, plain) = (place.alloc(), place.json("out/metadata.json"));
    assert_eq!(plain.get("derived"), None);
    std::fs::write(place.at("code"), "0x602a60005260206000f3\n").unwrap();
    let more = json!({A: {"balance": "0x1", "nonce": "0x7", "storage": {"0x1": "0x2"}}});
    std::fs::write(place.at("more.json"), more.to_string()).unwrap();
    let fund = format!("{FUNDED}=0.5,{B}=2");
    let code = format!("{B}=@code");
    let changes = ["--fund", &fund, "--set-code", &code, "--merge", "more.json", "--prune-empty"];
    let done = place.capture(&changes).succeeds();
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
        let done = place.run(command).succeeds();
        assert!(done.stderr.contains("was changed on purpose"), "{command:?}: {}", done.stderr);
    }
    // With or without changes of the state, `verify` detects damage.
    let genesis = place.at("out/el/genesis.template.json");
    let text = std::fs::read_to_string(&genesis).unwrap();
    std::fs::write(&genesis, text.replacen("0x1bc16d674ec80000", "0x1bc16d674ec80001", 1)).unwrap();
    place.run(&["verify", "out"]).fails(5, "differs from its size and SHA-256 in metadata.json");
}

/// Case system-contracts-remedy, at the capture itself.
#[test]
fn a_capture_adds_the_system_contracts_that_the_state_lacks() {
    const ROOTS: &str = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02";
    let place = Place::new();
    let alloc = json!({A: {"balance": "0x1"}, (ROOTS): {"balance": "0x5"}});
    place.write("alloc.json", alloc.to_string());
    let capture = |more: &[&str]| {
        let capture = ["capture", "--state", "alloc.json", "--chain-id", "5", "--out", "out"];
        place.run(&[&capture, more].concat()).succeeds()
    };
    let plain = capture(&[]);
    let remedy = "init and capture add them with --add-system-contracts";
    assert!(plain.stderr.contains(remedy), "{}", plain.stderr);
    let done = capture(&["--add-system-contracts"]);
    assert!(!done.stderr.contains("the alloc lacks"), "{}", done.stderr);
    let alloc = place.json("out/el/genesis.template.json")["alloc"].take();
    assert!(alloc[ROOTS]["code"].as_str().unwrap().len() > 100);
    assert_eq!((&alloc[ROOTS]["balance"], &alloc[ROOTS]["nonce"]), (&json!("0x5"), &json!("0x1")));
    let derived = place.json("out/metadata.json")["derived"].take();
    let expected = "system contract: beacon roots (EIP-4788)";
    assert!(derived.as_array().unwrap().contains(&expected.into()), "{derived}");
    place.run(&["verify", "out"]).succeeds();
    // Contracts that are there stay as they are.
    let captured = std::fs::read(place.at("out/el/genesis.template.json")).unwrap();
    place.write("genesis.json", captured);
    let again = ["capture", "--state", "genesis.json", "--add-system-contracts", "--out", "again"];
    place.run(&again).succeeds();
    assert_eq!(place.json("again/el/genesis.template.json")["alloc"], alloc);
}

#[test]
fn a_captured_l2_becomes_an_l1() {
    let place = Source::new();
    let key = "\"config\": { \"optimism\": {\"eip1559Elasticity\": 6},";
    let text = std::fs::read_to_string(place.at("genesis.json")).unwrap();
    let config = text.find("\"config\"").unwrap();
    let brace = config + text[config..].find('{').unwrap();
    place.write("genesis.json", format!("{}{key}{}", &text[..config], &text[brace + 1..]));
    let done = place.capture(&[]).succeeds();
    let expected = "config.optimism is left out: it is an L2 of the OP Stack";
    assert!(done.stderr.contains(expected), "{}", done.stderr);
    place.run(&["init", "out"]).succeeds();
}

#[test]
fn invalid_changes_are_refused_before_any_work() {
    let place = Source::new();
    std::fs::write(place.at("no.json"), "{\"a\": 1}").unwrap();
    let address = format!("{A}=");
    let with = |text: &str| format!("{address}{text}");
    for (arguments, code, what) in [
        (["--fund", "1"], 2, "--fund is \"1\": expected ADDR=ETH"),
        (["--fund", &with("lots")], 2, "expected ADDR=ETH"),
        (["--fund", "0xabc=1"], 2, "\"0xabc=1\": the address has 3 hex digits, expected 40"),
        (["--set-code", &with("0x1")], 2, "an even number of hex digits"),
        (["--set-code", &with("@nowhere")], 3, "nowhere: No such file"),
        (["--set-code", &format!("{address}00,{address}01")], 2, "is set twice"),
        (["--merge", "nowhere"], 3, "nowhere: No such file"),
        (["--merge", "no.json"], 3, "no.json: is not a state dump"),
    ] {
        let done = place.capture(&arguments);
        done.fails(code, what);
        assert!(!place.at("out").exists() && !place.at("out.capture").exists());
    }
}

#[test]
fn inspect_shows_the_contents() {
    let place = Source::new();
    place.capture(&["--name", "mine", "--fund", &format!("{A}=1")]).succeeds();
    let table = place.run(&["inspect", "out"]).succeeds();
    assert_eq!(table.stderr, "");
    // Addresses have their checksum.
    let lower =
        |line: &str| if line.contains(" ETH to ") { line.to_lowercase() } else { line.to_owned() };
    let lines: Vec<_> = table.stdout.lines().map(lower).collect();
    for line in [
        "snapshot    mine, chain 271828",
        "source      genesis.json",
        &format!("changed     1 eth to {}", A.to_lowercase()),
        "            1 empty (EIP-161)",
        "consensus   minimal preset, slots of 2 s",
        "validators  64",
        "baked       by 0.1.0, with 64 keystores",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}\n{}", table.stdout);
    }
    let inspected = place.run(&["inspect", "out", "--json"]).succeeds();
    let inspected: Value = serde_json::from_str(&inspected.stdout).unwrap();
    let metadata = place.json("out/metadata.json");
    assert_eq!(inspected["metadata"], metadata);
    assert_eq!(inspected["accounts"]["all"], metadata["counts"]["accounts"]);
    assert_eq!(inspected["accounts"]["contracts"], metadata["counts"]["contracts"]);
    assert_eq!(inspected["accounts"]["storage_slots"], metadata["counts"]["storage_slots"]);
    assert_eq!(inspected["consensus"]["forks"][6], json!({"name": "fulu", "epoch": 0}));
    assert_eq!(inspected["validators"], 64);
    // The sample, without a directory.
    let sample = place.run(&["inspect", "--json"]).succeeds();
    let sample: Value = serde_json::from_str(&sample.stdout).unwrap();
    assert_eq!(sample["metadata"]["chain_id"], 271_828);
    place.run(&["inspect", "nowhere"]).fails(3, "nowhere: is not a snapshot directory");
}

#[test]
fn verify_needs_something_to_verify() {
    let place = Source::new();
    place.run(&["verify"]).fails(2, "nothing to verify");
    place.run(&["verify", "--cl-rpc", "127.0.0.1:1"]).fails(2, "nothing to verify");
    place.run(&["verify", "--el-rpc", "ws://127.0.0.1:1"]).fails(2, "--el-rpc has the scheme ws");
    place
        .run(&["verify", "--el-rpc", "127.0.0.1:1"])
        .fails(4, "http://127.0.0.1:1 cannot be reached");
    place.capture(&[]).succeeds();
    // A fork of one layer alone, which no init would take.
    let config = place.at("out/cl/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("FULU_FORK_EPOCH: 0", "FULU_FORK_EPOCH: 18446744073709551615");
    std::fs::write(&config, text).unwrap();
    std::fs::remove_file(place.at("out/metadata.json")).unwrap();
    let plain = "{\"format\": 1, \"name\": \"out\", \"chain_id\": 271828}";
    std::fs::write(place.at("out/metadata.json"), plain).unwrap();
    place.run(&["verify", "out"]).fails(3, "FULU_FORK_EPOCH");
}

/// The author of a snapshot wrote that list, and may have put anything beside it.
#[test]
fn verify_only_hashes_files_of_a_snapshot() {
    const TERA: u64 = 1 << 40;
    let place = Source::new();
    place.capture(&[]).succeeds();
    let metadata = place.json("out/metadata.json");
    let listed = |path: &str, size: u64| {
        let mut metadata = metadata.clone();
        metadata["files"][path] = json!({"size": size, "sha256": "00".repeat(32)});
        std::fs::write(place.at("out/metadata.json"), metadata.to_string()).unwrap();
        // The bake is of the metadata as it was.
        place.run(&["verify", "out"])
    };
    let sparse = |path: &str| {
        let path = place.at("out").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_len(TERA).unwrap();
    };
    for path in ["cl/extra", "extra", "el/genesis.json.bak", "more/cl/config.yaml", "cl//extra"] {
        sparse(path);
        let done = listed(path, TERA);
        done.fails(
            5,
            &format!("out/metadata.json: files lists {path:?}, which is not a snapshot file"),
        );
        assert!(done.stderr.contains("hint: "), "{}", done.stderr);
        std::fs::remove_file(place.at("out").join(path)).unwrap();
    }
    listed("cl//config.yaml", 1).fails(5, "which is not a snapshot file");
    // One of ours, of another size.
    sparse("baked/seen.json");
    let done = listed("baked/seen.json", TERA + 1);
    done.fails(5, "out/baked/seen.json differs from its size and SHA-256 in metadata.json");
}
