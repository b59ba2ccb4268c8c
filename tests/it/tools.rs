//! The command lines of other tools, under their names, against the bytes that those tools wrote.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{PROGRAM, repository, text, vectors, without_variables};

const MNEMONIC: &str = "giant issue aisle success illegal bike spike question tent bar rely arctic \
                        volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete";

/// A directory with the program under the name of a tool.
struct Tool {
    directory: tempfile::TempDir,
    name: &'static str,
}

impl Tool {
    fn new(name: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(PROGRAM, directory.path().join(name)).unwrap();
        Self { directory, name }
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(self.path(self.name));
        without_variables(&mut command);
        command.current_dir(self.directory.path()).args(args).output().unwrap()
    }

    fn succeeds(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it and checks that the message has these parts.
    fn fails(&self, args: &[&str], code: i32, parts: &[&str]) {
        let output = self.run(args);
        let message = text(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
        for part in parts {
            assert!(message.contains(part), "{args:?}: no {part:?} in {message}");
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Copies the inputs of a case.
    fn inputs(&self, case: &Path) {
        for name in ["genesis.json", "config.yaml", "mnemonics.yaml"] {
            std::fs::copy(case.join(name), self.path(name)).unwrap();
        }
    }
}

fn unzipped(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn case(name: &str) -> std::path::PathBuf {
    repository().join("tests/vectors").join(name)
}

#[test]
fn eth_beacon_genesis_writes_the_state_of_the_reference() {
    for case in vectors() {
        let tool = Tool::new("eth-beacon-genesis");
        tool.inputs(&case);
        let args = "devnet --eth1-config genesis.json --config config.yaml --mnemonics=mnemonics.yaml \
                    --state-output genesis.ssz --json-output state.json \
                    --validators-mapping-output names.yaml --shuffle-validators=false -q";
        let args: Vec<_> = args.split_whitespace().collect();
        assert_eq!(tool.succeeds(&args), "");
        assert!(tool.read("genesis.ssz") == unzipped(&case.join("genesis.ssz.gz")), "{case:?}");
        assert_eq!(
            tool.read("names.yaml"),
            std::fs::read(case.join("validator_names.yaml")).unwrap()
        );
        if !case.ends_with("deneb-minimal-00") {
            continue;
        }
        // A stack runs it again at every start.
        tool.succeeds(&args);
        let json: serde_json::Value = serde_json::from_slice(&tool.read("state.json")).unwrap();
        let printed = tool.succeeds(&[&args[..6], &["--quiet=true"]].concat());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), json);
    }
}

#[test]
fn eth2_testnet_genesis_writes_the_same_states_and_the_tranches() {
    for name in ["phase0-minimal-00", "altair-minimal-02", "capella-minimal-00", "deneb-minimal-00"]
    {
        let (tool, case) = (Tool::new("eth2-testnet-genesis"), case(name));
        tool.inputs(&case);
        let fork = name.split('-').next().unwrap();
        let args = [
            fork,
            "--config=config.yaml",
            "--eth1-config",
            "genesis.json",
            "--preset-phase0=minimal",
            "--eth1-match-genesis-time=false",
        ];
        tool.succeeds(&args);
        assert!(tool.read("genesis.ssz") == unzipped(&case.join("genesis.ssz.gz")), "{name}");
        let tranche = String::from_utf8(tool.read("tranches/tranche_0000.txt")).unwrap();
        assert!(tranche.lines().all(|key| key.len() == 98 && key.starts_with("0x")), "{tranche}");
        tool.succeeds(&args);
        // Without MIN_GENESIS_TIME, the delay counts from --timestamp, or from the execution block.
        let config = String::from_utf8(tool.read("config.yaml")).unwrap();
        let line = |key: &str| config.lines().find(|line| line.starts_with(key)).unwrap();
        let delay: u64 = line("GENESIS_DELAY:")["GENESIS_DELAY:".len()..].trim().parse().unwrap();
        let without = config.replace(line("MIN_GENESIS_TIME:"), "MIN_GENESIS_TIME: 0");
        std::fs::write(tool.path("config.yaml"), without).unwrap();
        let genesis: serde_json::Value =
            serde_json::from_slice(&tool.read("genesis.json")).unwrap();
        let block = genesis["timestamp"].as_str().unwrap();
        let block = block
            .strip_prefix("0x")
            .map_or_else(|| block.parse().unwrap(), |hex| u64::from_str_radix(hex, 16).unwrap());
        let time = |args: &[&str]| {
            tool.succeeds(
                &[&[fork, "--config=config.yaml", "--eth1-config=genesis.json"], args].concat(),
            );
            u64::from_le_bytes(tool.read("genesis.ssz")[..8].try_into().unwrap()) - delay
        };
        assert_eq!(time(&["--timestamp=1700000000"]), 1_700_000_000);
        assert_eq!(time(&["--eth1-timestamp", "1700000001"]), 1_700_000_001);
        assert_eq!(time(&["--timestamp=1700000000", "--eth1-match-genesis-time"]), block);
    }
}

#[test]
fn eth2_testnet_genesis_sets_a_withdrawal_address() {
    let tool = Tool::new("eth2-testnet-genesis");
    tool.inputs(&case("deneb-minimal-00"));
    let address = "f97e180c050e5ab072211ad2c213eb5aee4df134";
    let given = format!("--eth1-withdrawal-address=0x{address}");
    tool.succeeds(&["deneb", "--config=config.yaml", "--eth1-config=genesis.json", &given]);
    let state = hex::encode(tool.read("genesis.ssz"));
    assert!(state.contains(&format!("01{}{address}", "00".repeat(11))));
}

/// What changes nothing in the original changes nothing here.
#[test]
fn flags_without_an_effect_are_accepted() {
    let (tool, case) = (Tool::new("eth2-testnet-genesis"), case("deneb-minimal-00"));
    tool.inputs(&case);
    // The spec's files have sizes that no state depends on, too.
    let preset =
        "SLOTS_PER_EPOCH: 8\nPROPORTIONAL_SLASHING_MULTIPLIER: 2\nSHUFFLE_ROUND_COUNT: 10\n";
    std::fs::write(tool.path("phase0.yaml"), preset).unwrap();
    let hash = format!("--eth1-block=0x{}", "11".repeat(32));
    let output = tool.run(&[
        "deneb",
        "--config=config.yaml",
        "--eth1-config=genesis.json",
        "--preset-phase0=phase0.yaml",
        "--legacy-config=minimal",
        &hash,
    ]);
    assert!(output.status.success(), "{}", text(&output));
    for flag in ["--legacy-config has no effect", "--eth1-block has no effect"] {
        assert!(text(&output).contains(flag), "{}", text(&output));
    }
    assert!(tool.read("genesis.ssz") == unzipped(&case.join("genesis.ssz.gz")));

    let tool = Tool::new("eth2-val-tools");
    let args = ["keystores", "--insecure", "--pprof=true", "--source-max=1", "--source-mnemonic"];
    let output = tool.run(&[&args[..], &[MNEMONIC]].concat());
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("--pprof has no effect"), "{}", text(&output));
}

/// Before the merge, the state has only the hash of an execution block: in `eth1_data`, and as the seed of
/// every random mix.
#[test]
fn eth2_testnet_genesis_refers_to_another_block_before_the_merge() {
    for name in ["phase0-minimal-00", "altair-minimal-02"] {
        let tool = Tool::new("eth2-testnet-genesis");
        tool.inputs(&case(name));
        let hash = "ab".repeat(32);
        let flag = format!("--eth1-block=0x{hash}");
        let fork = name.split('-').next().unwrap();
        tool.succeeds(&[fork, "--config=config.yaml", "--eth1-config=genesis.json", &flag]);
        // The minimal preset has 64 mixes.
        let state = hex::encode(tool.read("genesis.ssz"));
        assert_eq!(state.matches(&hash).count(), 65, "{name}");
    }
}

#[test]
fn eth2_val_tools_prints_the_keys_of_the_reference() {
    let tool = Tool::new("eth2-val-tools");
    let args = ["pubkeys", "--validators-mnemonic", MNEMONIC, "--source-min=42", "--source-max=50"];
    let expected = std::fs::read_to_string(repository().join("tests/vectors/keys/pubkeys.txt"));
    assert_eq!(tool.succeeds(&args), expected.unwrap());
    let keystores = ["keystores", "--insecure=true", "--source-max=2", "--out-loc=keys"];
    tool.succeeds(&[&keystores[..], &["--source-mnemonic", MNEMONIC]].concat());
    let count = std::fs::read_dir(tool.path("keys/keys")).unwrap().count();
    assert_eq!(count, 2);
}

#[test]
fn no_output_is_written_if_one_is_in_the_way() {
    for (name, flags, outputs) in [
        (
            "eth-beacon-genesis",
            "devnet --mnemonics=mnemonics.yaml --quiet",
            &["--validators-mapping-output", "--state-output", "--json-output"][..],
        ),
        ("eth2-testnet-genesis", "deneb", &["--tranches-dir", "--state-output"]),
    ] {
        for (position, blocked) in outputs.iter().enumerate() {
            let tool = Tool::new(name);
            tool.inputs(&case("deneb-minimal-00"));
            let named: Vec<_> =
                outputs.iter().enumerate().map(|(n, flag)| format!("{flag}=output-{n}")).collect();
            let mut args: Vec<_> = flags.split(' ').collect();
            args.extend(["--eth1-config=genesis.json", "--config=config.yaml"]);
            args.extend(named.iter().map(String::as_str));
            let path = tool.path(&format!("output-{position}"));
            std::fs::write(&path, "notes").unwrap();
            let before = std::fs::read_dir(tool.directory.path()).unwrap().count();
            tool.fails(&args, 7, &[blocked]);
            assert_eq!(std::fs::read(&path).unwrap(), b"notes");
            let after = std::fs::read_dir(tool.directory.path()).unwrap().count();
            assert_eq!(after, before, "{name} {blocked}");
        }
        // One file for two outputs.
        let tool = Tool::new(name);
        tool.inputs(&case("deneb-minimal-00"));
        let twice = ["--validators-mapping-output=x", "--state-output=./x"];
        if name == "eth-beacon-genesis" {
            let mut args: Vec<_> = flags.split(' ').collect();
            args.extend(["--eth1-config=genesis.json", "--config=config.yaml"]);
            args.extend(twice);
            tool.fails(&args, 7, &["--state-output ./x", "also the file of another output"]);
            assert!(!tool.path("x").exists());
        }
    }
}

#[test]
fn the_directory_of_a_killed_run_is_removed_by_the_next() {
    let tool = Tool::new("eth2-val-tools");
    let entries = || {
        let entries = std::fs::read_dir(tool.directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let args = ["keystores", "--source-mnemonic", MNEMONIC, "--out-loc=keys"];
    let mut slow = Command::new(tool.path(tool.name));
    without_variables(&mut slow);
    let slow = slow.current_dir(tool.directory.path()).args(args).arg("--source-max=10000");
    let mut slow = slow.stderr(std::process::Stdio::null()).spawn().unwrap();
    let begun = |name: &str| tool.path(name).join("new/keys").exists();
    crate::support::eventually("keystores are written", || entries().iter().any(|n| begun(n)));
    // While it runs, another run leaves its directory alone.
    let quick = [&args[..], &["--source-max=1", "--insecure"]].concat();
    tool.succeeds(&quick);
    assert_eq!(entries().len(), 3, "{:?}", entries());
    slow.kill().unwrap();
    slow.wait().unwrap();
    std::fs::rename(tool.path("keys"), tool.path("mine")).unwrap();
    // A directory of the user's, of the same form.
    let mine = ".keys.regenesis-0123456789abcdef";
    std::fs::create_dir_all(tool.path(mine).join("new")).unwrap();
    std::fs::write(tool.path(mine).join("mark"), "mine").unwrap();
    let said = text(&tool.run(&quick));
    assert!(said.contains("which a killed run left"), "{said}");
    assert_eq!(entries(), [mine, tool.name, "keys", "mine"]);
    assert_eq!(std::fs::read_dir(tool.path("keys/keys")).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_honoured_is_an_error() {
    let tool = Tool::new("eth-genesis-state-generator");
    tool.inputs(&case("deneb-minimal-00"));
    let files = ["beaconchain", "--eth1-config=genesis.json", "--config=config.yaml"];
    tool.fails(&files, 2, &["there are no validators", "--additional-validators"]);
    let all = [&files[..], &["--mnemonics=mnemonics.yaml", "--state-output=config.yaml"]].concat();
    let before = tool.read("config.yaml");
    tool.fails(&all, 7, &["--state-output config.yaml: exists, and is not a genesis state in SSZ"]);
    assert_eq!(tool.read("config.yaml"), before);
    let phrase = [&files[..], &["--mnemonics", MNEMONIC]].concat();
    let output = tool.run(&phrase);
    assert!(!text(&output).contains("giant"), "{}", text(&output));
    assert_eq!(output.status.code(), Some(2));
    tool.fails(&["beaconchain", "--eth1-config=genesis.json"], 2, &["--config <FILE>"]);
    tool.fails(&["leanchain"], 2, &["unrecognized subcommand"]);

    let tool = Tool::new("eth2-testnet-genesis");
    tool.inputs(&case("deneb-minimal-00"));
    let files = ["--config=config.yaml", "--eth1-config=genesis.json"];
    let with = |fork, more: &[&'static str]| [&[fork], &files[..], more].concat();
    tool.fails(&with("capella", &[]), 2, &["the subcommand is capella", "starts with deneb"]);
    let preset = with("deneb", &["--preset-deneb=mainnet"]);
    tool.fails(&preset, 2, &["--preset-deneb is \"mainnet\"", "PRESET_BASE minimal"]);
    let hash = with("deneb", &["--eth1-block=0x00"]);
    tool.fails(&hash, 2, &["--eth1-block is \"0x00\", expected 0x and 64 hex digits"]);
    // A file of a preset that differs: the first size of it that the config does not have.
    std::fs::write(
        tool.path("preset.yaml"),
        "# sizes\nMAX_COMMITTEES_PER_SLOT: 4\nTARGET_COMMITTEE_SIZE: 128\nSHUFFLE_ROUND_COUNT: 90\n",
    )
    .unwrap();
    let preset = with("deneb", &["--preset-phase0=preset.yaml"]);
    let line = "preset.yaml line 3: --preset-phase0: TARGET_COMMITTEE_SIZE is 128, but 4";
    tool.fails(&preset, 3, &[line, "compiled in"]);
    tool.fails(&with("deneb", &["--preset-altair=none.yaml"]), 3, &["none.yaml"]);
    assert!(!tool.path("genesis.ssz").exists());
}
