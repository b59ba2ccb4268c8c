//! The specification: field names, sizes and roots of what is built, for every fork and preset.
//!
//! `tests/fixtures/spec/*.fields` are cut from the executable specification by
//! `scripts/spec_fields.py`; `scripts/spec_oracle.py` verifies `roots.txt` with it.

use std::path::{Path, PathBuf};

use crate::support::{Run, chain};
use regenesis::cl::config::FAR_FUTURE_EPOCH;
use regenesis::cl::fork::{FORKS, Fork};
use regenesis::cl::inputs::Inputs;
use regenesis::cl::json::to_json;
use regenesis::cl::preset::{Preset, Revision};
use regenesis::cl::sync_committee::sync_committee;
use regenesis::cl::validator::Validator;
use regenesis::el::block::Block;
use regenesis::forks::ForkName;
use serde_json::Value;

const PRESETS: [&str; 3] = ["mainnet", "minimal", "gnosis"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/spec").join(name)
}

fn fork(name: &str) -> &'static Fork {
    FORKS.iter().find(|fork| fork.name.as_str() == name).unwrap()
}

/// Calls `f` with inputs for `fork`.
fn with_inputs<T>(fork: &Fork, preset: &Preset, f: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let electra = fork.is_at_least(ForkName::Electra);
    let count = Preset::vector(preset.slots_per_epoch);
    let validators: Vec<Validator> =
        chain::validators(count).iter().map(|v| v.record(preset, electra)).collect();
    let block = Block::genesis(chain::header(fork));
    let mut inputs = Inputs {
        preset,
        genesis_time: 0,
        previous_version: [0; 4],
        current_version: [0; 4],
        validators: &validators,
        balances: &vec![preset.max_effective_balance; count],
        active: &(0..count).collect::<Vec<_>>(),
        electra,
        block: &block,
        block_hash: block.header.hash(),
        sync_committee: None,
    };
    if fork.is_at_least(ForkName::Altair) {
        inputs.sync_committee = Some(sync_committee(&inputs).unwrap());
    }
    f(&inputs)
}

#[test]
fn fields_are_those_of_the_specification() {
    for fork in FORKS {
        let expected = |suffix| {
            let text = std::fs::read_to_string(fixture(&format!("{}.{suffix}", fork.name)));
            text.unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        for base in PRESETS {
            let preset = chain::preset(&chain::config(fork, base));
            let [state, body] = with_inputs(fork, &preset, |inputs| {
                [fork.state_fields(inputs), fork.body_fields(inputs)]
                    .map(|fields| fields.names().map(str::to_owned).collect::<Vec<_>>())
            });
            assert_eq!(state, expected("fields"), "{}/{base}", fork.name);
            assert_eq!(body, expected("body.fields"), "{}/{base}", fork.name);
        }
    }
}

fn body_root(fork: &Fork, base: &str, revision: Revision) -> String {
    let preset = Preset::of(&chain::config(fork, base), revision).unwrap();
    let body = with_inputs(fork, &preset, |inputs| fork.container(fork.body_fields(inputs)));
    hex::encode(body.root())
}

#[test]
fn roots_of_the_genesis_body() {
    let roots = [
        ("phase0", "mainnet", "ccb62460692be0ec813b56be97f68a82cf57abc102e27bf49ebf4190ff22eedd"),
        ("phase0", "minimal", "ccb62460692be0ec813b56be97f68a82cf57abc102e27bf49ebf4190ff22eedd"),
        ("altair", "mainnet", "5bbaf31d784ad05f513489748eefa4119bbde2c8ffbc1772911e332d136c50ea"),
        ("altair", "minimal", "0c2f0b3a25ce97551844e65999eabbfab687b67b4eff6dc2477e78364d6766c9"),
        (
            "bellatrix",
            "mainnet",
            "cd7c49966ebe72b1214e6d4733adf6bf06935c5fbc3b3ad08e84e3085428b82f",
        ),
        (
            "bellatrix",
            "minimal",
            "75851d2575738753ff630d9d443e725e1229ff5f21c2052bbc6cee3585bad895",
        ),
        ("capella", "mainnet", "74b4bb048d39c75f175fbb2311062eb9867d79b712907f39544fcaf2d7e1b433"),
        ("capella", "minimal", "0bbd950b328c8587f542ae1880059022a0637d6b26af2ff582ba4f3641528c71"),
        ("deneb", "mainnet", "bce73ee2c617851846af2b3ea2287e3b686098e18ae508c7271aaa06ab1d06cd"),
        ("deneb", "minimal", "9a93f48c8b8c444cc74b5ce82ea6354d15f4e9a4c254c5478cfde6ac19edaba9"),
        ("electra", "mainnet", "ca4f98890bc98a59f015d06375a5e00546b8f2ac1e88d31b1774ea28d4b3e7d1"),
        ("electra", "minimal", "df89c8202680d48494ded9d70338458aa3f056a8e85e109e271d218552149b14"),
        ("fulu", "mainnet", "ca4f98890bc98a59f015d06375a5e00546b8f2ac1e88d31b1774ea28d4b3e7d1"),
        ("fulu", "minimal", "df89c8202680d48494ded9d70338458aa3f056a8e85e109e271d218552149b14"),
    ];
    for (name, base, root) in roots {
        assert_eq!(body_root(fork(name), base, Revision::default()), root, "{name}/{base}");
    }
}

#[test]
fn roots_of_the_genesis_body_under_earlier_minimal_presets() {
    use Revision::{V150, V150Alpha8, V150Beta0, V160};
    let roots = [
        ("deneb", V150Alpha8, "21ae785714d52c5e2b5fe72d810491d6f3ba80c87e30ed29affd2a3f3dd704f7"),
        ("electra", V150Alpha8, "e3d6683961aa8dbf96dedf5c89fdf1ce906b756310f9b4364cc39f467b54e1d5"),
        ("deneb", V150Beta0, "8d7ab9dd0b24f639527634d2d55c6d8416bc5f4195ef8fbb9b42d9cc5fda7a1e"),
        ("electra", V150Beta0, "1a6cd2392601e1fb4ea2d461c72db67ba297a24406ecb5eb7f760ba6a1a81db2"),
        ("deneb", V150, "8d7ab9dd0b24f639527634d2d55c6d8416bc5f4195ef8fbb9b42d9cc5fda7a1e"),
        ("electra", V150, "1469bf23b06ff1590c2402024b9a51c5638bd81e7dced7b1787fd1198eb25529"),
        ("deneb", V160, "9a93f48c8b8c444cc74b5ce82ea6354d15f4e9a4c254c5478cfde6ac19edaba9"),
        ("electra", V160, "df89c8202680d48494ded9d70338458aa3f056a8e85e109e271d218552149b14"),
    ];
    for (name, revision, root) in roots {
        assert_eq!(body_root(fork(name), "minimal", revision), root, "{name} {revision:?}");
    }
    // The revision is one of the minimal preset alone.
    let mainnet = body_root(fork("electra"), "mainnet", V150Alpha8);
    assert_eq!(mainnet, body_root(fork("electra"), "mainnet", V160));
}

/// Fork, hash of the execution block, length without validators and root of the state, minimal
/// and mainnet.
type Vector = (&'static str, &'static str, [(usize, &'static str); 2]);

/// eth-beacon-genesis' states of 64 validators, whose roots the executable specification verified.
const STATES: [Vector; 7] = [
    (
        "phase0",
        "96be3a6c15fcdeb1d67b0a2f40c90d1e2f0a6244121bc675d5b7609f2d4ea40e",
        [
            (7057, "00d496710abf919fb00ab3e1a4f56f419181a8f408ec85ee4c3e3d563d00d916"),
            (2_687_377, "c1086ebdc1d1601c802f61fb07821f15a7d27fd24518b232c96a0da4e022e32f"),
        ],
    ),
    (
        "altair",
        "96be3a6c15fcdeb1d67b0a2f40c90d1e2f0a6244121bc675d5b7609f2d4ea40e",
        [
            (10229, "1fc94c7f47c96f820843fcb6e816a841fcef913ca7ff8340d8b9c0fdc21ae953"),
            (2_736_629, "2cac99bbe270581da9fd6557739d305c03f67f66d00bac98af8159056d5b0256"),
        ],
    ),
    (
        "bellatrix",
        "96be3a6c15fcdeb1d67b0a2f40c90d1e2f0a6244121bc675d5b7609f2d4ea40e",
        [
            (10769, "556e755a5f1e4c1aec94db6f72b4e8db27daa9f42f86e991d1bf46d6565d807b"),
            (2_737_169, "febcab91db1da23c753115403e2a194cc3270feda9d16a39b32ad8c249d6de68"),
        ],
    ),
    (
        "capella",
        "10eba17aa374fb63133b6edf0f735a6748a56defe245423c50a3a33431de5953",
        [
            (10821, "a35f286b3f1ebb213b36a3227f23eb207c9925ab2e1cb1166719b33b4803bd1f"),
            (2_737_221, "233c0d7cf9d4c42a39a618c3fd4f3c0b99361d46cd412746eff5b4f1a701a6ec"),
        ],
    ),
    (
        "deneb",
        "d5521ba5fc9f95149b1450502c1c34934e336bc8a49dfbae8f41ef8e43007cdf",
        [
            (10837, "cfb624b760e8d72d961d2338b8a0131372aa82077932b2f867dd02dbf9489f90"),
            (2_737_237, "4eb0cc8b7d2152699d8964e85371cf74b97887dd70b123862ab1a046211ccb27"),
        ],
    ),
    (
        "electra",
        "9de1024e9b155b718c41f3c9756e08dd4033d9992f36308369addd1216184dc7",
        [
            (10897, "2525972d811e148aa7e87e7e3aa97358ffb664262c1f3c691859e59ec2af9787"),
            (2_737_297, "89038705f04d306bbdc1f5bfae85dffa944944a4bc59c8743b88af0c892598dc"),
        ],
    ),
    (
        "fulu",
        "9de1024e9b155b718c41f3c9756e08dd4033d9992f36308369addd1216184dc7",
        [
            (11025, "85bf3cfaaa25bd3d6011adee07e1cca67c83921749a874d219791270113c3a47"),
            (2_737_809, "fd3b4d03f12855c34a7dbd7c156649d7d7f2b9ddb6b7bdd9764242c055e9c438"),
        ],
    ),
];

#[test]
fn complete_states_have_their_roots() {
    let validators = chain::validators(64);
    for (name, block_hash, states) in STATES {
        let fork = fork(name);
        assert_eq!(hex::encode(chain::header(fork).hash()), block_hash, "{name}");
        // MIN_GENESIS_TIME + GENESIS_DELAY of the specification's configs.
        let presets = [("minimal", 1_578_009_900), ("mainnet", 1_607_428_800)];
        for ((empty, root), (base, genesis_time)) in states.into_iter().zip(presets) {
            let state = chain::state(fork, base, &validators, genesis_time);
            assert_eq!(hex::encode(state.state_root), root, "{name}/{base}");
            assert_eq!(
                hex::encode(state.genesis_validators_root),
                "ba9bd22abe11dac541aeda5e7252b5744b450108a40869599d06578b43e55d42"
            );
            let each = if name == "phase0" { 129 } else { 139 };
            for count in [1, 64] {
                let state = chain::state(fork, base, &validators[..count], genesis_time);
                assert_eq!(state.ssz.len(), empty + each * count, "{name}/{base}: {count}");
            }
        }
    }
    let fulu = chain::state(fork("fulu"), "minimal", &validators, 1_578_009_900);
    assert_eq!(
        hex::encode(fulu.block_root),
        "ecd375e41130ab57e2831f02d2a530b7bcd9c5654dcd58d90707ea4bd4b7355a"
    );
}

/// The sample with `fork` at genesis, as `scripts/spec_oracle.py` edits it.
fn sample(fork: &Fork, preset: &str) -> (String, String) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
    let config = std::fs::read_to_string(sample.join("cl/config.yaml")).unwrap();
    let never = FAR_FUTURE_EPOCH.to_string();
    let mut edits = vec![("PRESET_BASE".to_owned(), preset)];
    let template = std::fs::read(sample.join("el/genesis.template.json")).unwrap();
    let mut genesis: Value = serde_json::from_slice(&template).unwrap();
    let chain_config = genesis["config"].as_object_mut().unwrap();
    for known in FORKS {
        let active = fork.is_at_least(known.name);
        edits.extend(known.epoch_key().map(|key| (key, if active { "0" } else { &*never })));
        if let Some(hardfork) = known.hardfork {
            chain_config.remove(hardfork.key());
            if active {
                chain_config.insert(hardfork.key().to_owned(), 0.into());
            }
        }
    }
    if fork.name == ForkName::Gloas {
        chain_config["blobSchedule"]["amsterdam"] = chain_config["blobSchedule"]["osaka"].clone();
    }
    let lines = config.lines().map(|line| {
        let key = line.split(':').next().unwrap();
        let edit = edits.iter().find(|(known, _)| known == key);
        edit.map_or_else(|| format!("{line}\n"), |(key, value)| format!("{key}: {value}\n"))
    });
    (genesis.to_string(), lines.collect())
}

#[test]
fn roots_that_the_executable_specification_verified() {
    let roots = std::fs::read_to_string(fixture("roots.txt")).unwrap();
    assert_eq!(roots.lines().count(), 2 * FORKS.len());
    for line in roots.lines() {
        let [name, preset, root] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let (genesis, config) = sample(fork(name), preset);
        let done = Run::new()
            .file("genesis.json", genesis)
            .file("config.yaml", config)
            .args(["--genesis", "genesis.json", "--config", "config.yaml", "--mnemonics"])
            .arg(fixture("mnemonics.json"))
            .args(["--timestamp", "1700000000", "--json"])
            .succeeds();
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(summary["cl"]["fork"], name);
        assert_eq!(summary["cl"]["preset"], preset);
        assert_eq!(summary["cl"]["state_root"], root, "{name}/{preset}");
    }
}

/// The bytes that the leaves of `value` stand for, in the field `name`.
fn encoded_length(name: &str, value: &Value) -> usize {
    match value {
        Value::String(text) => match text.strip_prefix("0x") {
            Some(digits) => digits.len() / 2,
            None if name.ends_with("_participation") => 1,
            None if name == "base_fee_per_gas" => 32,
            None => 8,
        },
        Value::Bool(_) => 1,
        Value::Array(items) => items.iter().map(|item| encoded_length(name, item)).sum(),
        Value::Object(members) => members.iter().map(|(key, v)| encoded_length(key, v)).sum(),
        _ => panic!("{name} is {value}"),
    }
}

/// `golden.rs` compares the values with the reference, where it has the fork.
#[test]
fn json_has_every_field_and_every_byte() {
    for fork in FORKS {
        let state = chain::state(fork, "minimal", &chain::validators(9), 1_578_009_900);
        let json: Value = serde_json::from_slice(&to_json(&state.ssz)).unwrap();
        let fields = std::fs::read_to_string(fixture(&format!("{}.fields", fork.name))).unwrap();
        let fields: Vec<&str> = fields.lines().collect();
        assert_eq!(json.as_object().unwrap().len(), fields.len(), "{}", fork.name);
        let total: usize = fields.iter().map(|name| encoded_length(name, &json[name])).sum();
        let offsets = state.ssz.len() - total;
        assert!(offsets.is_multiple_of(4) && offsets < 100, "{}: {offsets}", fork.name);
    }
}

#[test]
fn gloas_needs_a_validator_for_each_slot() {
    let run = |count| {
        let (genesis, config) = sample(fork("gloas"), "minimal");
        Run::new()
            .file("genesis.json", genesis)
            .file("config.yaml", config)
            .file("mnemonics.yaml", format!("- mnemonic: {}\n  count: {count}\n", chain::MNEMONIC))
            .args(["--genesis", "genesis.json", "--config", "config.yaml"])
            .args(["--mnemonics", "mnemonics.yaml"])
    };
    run(8).succeeds();
    let failed = run(7).fails(3);
    assert!(failed.stderr.contains("mnemonics.yaml"), "{}", failed.stderr);
    assert!(failed.stderr.contains("each of the 8 slots"), "{}", failed.stderr);
    failed.wrote_nothing();
}
