//! `values.env` of the public: every release of ethereum-package, obsolete names, shell forms.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use regenesis::genesis_generator::table::{Meaning, VARIABLES};
use regenesis::genesis_generator::values;
use serde_json::json;

use super::schedule;
use crate::support::{Done, Run, repository};

pub(super) const SMALL: &str = "export PRESET_BASE=minimal\nexport NUMBER_OF_VALIDATORS=4\n";

pub(super) fn all(values: &str) -> Run {
    Run::of("all").file("values.env", values).args(["--egg-values", "values.env"])
}

fn warnings(done: &Done) -> String {
    let summary = done.json("regenesis.json");
    let lines = summary["warnings"].as_array().unwrap();
    lines.iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect::<Vec<_>>().concat()
}

/// Case egg-bpo-same-epoch.
#[test]
fn the_last_blob_fork_of_an_epoch_counts() {
    let done = all(&format!("{SMALL}export BPO_1_EPOCH=4\nexport BPO_2_EPOCH=4\n")).succeeds();
    assert_eq!(schedule(&done), ["- EPOCH: 4", "MAX_BLOBS_PER_BLOCK: 21"]);
    let config = &done.json("metadata/genesis.json")["config"];
    assert_eq!(config["bpo1Time"], config["bpo2Time"]);
    let three = "export BPO_1_EPOCH=2\nexport BPO_2_EPOCH=5\nexport BPO_3_EPOCH=5\n";
    let done = all(&format!("{SMALL}{three}")).succeeds();
    let expected =
        ["- EPOCH: 2", "MAX_BLOBS_PER_BLOCK: 15", "- EPOCH: 5", "MAX_BLOBS_PER_BLOCK: 33"];
    assert_eq!(schedule(&done), expected);
}

/// Cases egg-values-obsolete and egg-values-package-head.
#[test]
fn names_that_a_release_no_longer_reads_are_warnings() {
    let done = all(&format!(
        "{SMALL}export DATA_COLUMN_SIDECAR_SUBNET_COUNT=128\nexport EIP7594_FORK_VERSION=0x70000038\n\
         export EIP7594_FORK_EPOCH=18446744073709551615\nexport EIP7805_FORK_EPOCH=5\n\
         export EIP7441_FORK_VERSION=0xa0000038\nexport MAX_BLOBS_PER_BLOCK_FULU=9\n\
         export MAX_CHURN=8\nexport NUMBER_OF_VALIDATOR=9\nexport TOTALLY_NEW_NAME=1\n"
    ))
    .succeeds();
    let warned = warnings(&done);
    for text in [
        "DATA_COLUMN_SIDECAR_SUBNET_COUNT (line 3, read by 3.1.6-5.3.1)",
        "EIP7594_FORK_VERSION (line 4, read by 3.1.0-3.4.5)",
        "EIP7594_FORK_EPOCH (line 5",
        "EIP7805_FORK_EPOCH (line 6",
        "EIP7441_FORK_VERSION (line 7",
        "MAX_BLOBS_PER_BLOCK_FULU (line 8",
        "MAX_CHURN (line 9, read by 1.3.14, 2.0.1-3.1.4)",
        "NUMBER_OF_VALIDATOR (line 10) has no effect",
        "Did you mean NUMBER_OF_VALIDATORS?",
        "TOTALLY_NEW_NAME (line 11, read by no release)",
    ] {
        assert!(warned.contains(text), "{text}: {warned}");
    }
    assert_eq!(warned.lines().count(), 2, "{warned}");
    let done = all(&format!(
        "{SMALL}export FRAMES_ENABLED=\"false\"\nexport VIEW_FREEZE_CUTOFF_BPS=7500\n\
         export GAS_LIMIT_SCHEDULE='[{{\"epoch\": 9, \"gas_limit\": 70}}, {{\"epoch\": 4, \
         \"gas_limit\": 60}}]'\n"
    ))
    .succeeds();
    assert!(warnings(&done).contains("VIEW_FREEZE_CUTOFF_BPS (line 4, read by 5.0.1-6.0.4)"));
    let config = done.text("metadata/config.yaml");
    let expected = "GAS_LIMIT_SCHEDULE:\n  - EPOCH: 4\n    GAS_LIMIT: 60\n  - EPOCH: 9\n    \
                    GAS_LIMIT: 70\n";
    assert!(config.contains(expected), "{config}");
    let done = all(&format!("{SMALL}export GAS_LIMIT_SCHEDULE=5\n")).fails(3);
    assert!(done.stderr.contains("GAS_LIMIT_SCHEDULE is \"5\", expected a list"));
    // The environment is no exception.
    let small = |run: Run| run.env("PRESET_BASE", "minimal").env("NUMBER_OF_VALIDATORS", "4");
    let done = small(Run::of("all")).env("BPO_9_EPOCH", "1").env("EIP9999_FORK_EPOCH", "1");
    let warned = warnings(&done.succeeds());
    assert!(
        warned.contains("BPO_9_EPOCH (the environment") && warned.contains("EIP9999_FORK_EPOCH")
    );
}

#[test]
fn obsolete_names_share_one_warning() {
    let unread = VARIABLES.iter().filter(|variable| variable.meaning == Meaning::Unread);
    let names: Vec<&str> = unread.map(|variable| variable.name).collect();
    assert!(names.len() > 60);
    let lines: Vec<_> = names.iter().map(|name| format!("export {name}=secretvalue\n")).collect();
    let lines = lines.concat();
    let done = all(&format!("{SMALL}{lines}")).succeeds();
    let warned = warnings(&done);
    assert_eq!(warned.lines().count(), 1, "{warned}");
    assert!(names.iter().all(|name| warned.contains(&format!("{name} (line "))), "{warned}");
    assert!(!done.stderr.contains("secretvalue"));
}

/// `tests/egg/package.txt` has what each release of ethereum-package renders.
#[test]
fn every_release_of_ethereum_package_passes() {
    let text = std::fs::read_to_string(repository().join("tests/egg/package.txt")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.splitn(4, ' ').collect()).collect();
    let number = |release: &str| -> Vec<u32> {
        match release {
            "main" => vec![u32::MAX],
            release => release.split('.').map(|part| part.parse().unwrap()).collect(),
        }
    };
    let releases: BTreeSet<Vec<u32>> =
        rows.iter().flat_map(|row| [number(row[1]), number(row[2])]).collect();
    assert!(releases.len() >= 15, "{releases:?}");
    for release in releases {
        let has = |row: &&Vec<&str>| (number(row[1])..=number(row[2])).contains(&release);
        let values: BTreeMap<&str, &str> =
            rows.iter().filter(has).map(|row| (row[0], *row.get(3).unwrap_or(&""))).collect();
        let lines = values.iter().map(|(name, value)| format!("export {name}={value}\n"));
        let done = all(&lines.collect::<String>()).succeeds();
        let warned = warnings(&done);
        for name in values.keys() {
            let unread = VARIABLES.iter().find(|variable| variable.name == *name).unwrap();
            let says_more = values[name].trim_matches('"') != unread.default;
            if unread.meaning == Meaning::Unread && says_more && !values[name].is_empty() {
                assert!(warned.contains(&format!("{name} (line")), "{release:?} {name}: {warned}");
            }
        }
    }
}

/// Case egg-zero-mnemonic-validators.
#[test]
fn a_list_of_validators_is_enough() {
    let list = std::fs::read_to_string(repository().join("tests/egg/validators.txt")).unwrap();
    let values = "export PRESET_BASE=minimal\nexport NUMBER_OF_VALIDATORS=0\n\
                  export CL_ADDITIONAL_VALIDATORS=validators.txt\n";
    let done = all(values).file("validators.txt", &list).succeeds();
    let listed = list.lines().filter(|line| line.starts_with("0x")).count();
    assert_eq!(done.json("regenesis.json")["cl"]["validators"], listed);
    let done = all("export PRESET_BASE=minimal\nexport NUMBER_OF_VALIDATORS=0\n").fails(3);
    let expected = "values.env line 2: NUMBER_OF_VALIDATORS is 0, and there is no other validator";
    assert!(done.stderr.contains(expected), "{}", done.stderr);
    done.wrote_nothing();
}

#[test]
fn an_empty_contracts_file_adds_no_contract() {
    for text in ["", "\n", "[]", "{}", "{}\n"] {
        let values = format!("{SMALL}export ADDITIONAL_PRELOADED_CONTRACTS=contracts.json\n");
        let done = all(&values).file("contracts.json", text).succeeds();
        assert_eq!(done.json("regenesis.json")["warnings"], json!([]), "{text:?}");
    }
    for value in ["'[]'", "'{}'", "''", "{}"] {
        all(&format!("{SMALL}export ADDITIONAL_PRELOADED_CONTRACTS={value}\n")).succeeds();
        all(&format!("{SMALL}export EL_PREMINE_ADDRS={value}\n")).succeeds();
    }
    // ethereum-package names a file that only its container has.
    let values = format!("{SMALL}export ADDITIONAL_PRELOADED_CONTRACTS=/opt/none.json\n");
    assert!(warnings(&all(&values).succeeds()).contains("/opt/none.json, which does not exist"));
}

/// An error that comes from `values.env` names the variables in that file, however late it is found.
#[test]
fn messages_name_variables() {
    for (lines, expected) in [
        ("NUMBER_OF_VALIDATORS=9999999", "NUMBER_OF_VALIDATORS is \"9999999\""),
        ("VALIDATOR_BALANCE=1", "VALIDATOR_BALANCE is 1: no validator is active"),
        ("GLOAS_FORK_EPOCH=0", "NUMBER_OF_VALIDATORS is 4, too few for gloas"),
        ("ELECTRA_FORK_EPOCH=3\nDENEB_FORK_EPOCH=5", "ELECTRA_FORK_EPOCH is 3, which is before"),
        ("GLOAS_FORK_EPOCH=1\nBPO_1_EPOCH=2", "BPO_1_EPOCH is 2, which is after GLOAS_FORK_EPOCH"),
        (
            "ADDITIONAL_VALIDATOR_MNEMONICS='[{\"count\": 2}]'",
            "ADDITIONAL_VALIDATOR_MNEMONICS mnemonic is missing",
        ),
        (
            "EL_PREMINE_ADDRS='{\"0x1000000000000000000000000000000000000000\": \
             {\"balance\": \"1\", \"nonce\": \"x\"}}'",
            "EL_PREMINE_ADDRS has an invalid account: ",
        ),
        ("FULU_FORK_VERSION=0x60000000", "FULU_FORK_VERSION"),
    ] {
        let lines = lines.replace('\n', "\nexport ");
        let done = all(&format!("{SMALL}export {lines}\n")).fails(3);
        let message = done.stderr.lines().find(|line| line.starts_with("error")).unwrap();
        assert!(message.contains(expected), "{lines}: {}", done.stderr);
        assert!(message.contains("values.env"), "{lines}: {message}");
        for never in ["(made)", "config.yaml", "mnemonics.yaml", "genesis.json"] {
            assert!(!message.contains(never), "{lines}: {message}");
        }
    }
}

/// Files of older releases know nothing of the newer forks.
#[test]
fn a_fork_is_not_scheduled_by_default_before_its_predecessor() {
    let done = all(&format!("{SMALL}export DENEB_FORK_EPOCH=5\n")).succeeds();
    let config = done.text("metadata/config.yaml");
    for fork in ["ELECTRA", "FULU"] {
        assert!(config.contains(&format!("{fork}_FORK_EPOCH: 18446744073709551615\n")));
        assert!(warnings(&done).contains(&format!("{fork}_FORK_EPOCH is not set: never")));
    }
    let done = all(&format!("{SMALL}export ELECTRA_FORK_EPOCH=\"<no value>\"\n")).succeeds();
    assert!(warnings(&done).contains("ELECTRA_FORK_EPOCH is <no value>"));
}

/// Every form means what it means in bash.
#[test]
fn shell_expansions_equal_those_of_bash() {
    let script = r#"
BASE=10
export A1="${BASE}" A2=$BASE$BASE A3='$BASE' A4="x\"y\$z\\w\q" A5=a\ b
A6="${NONE:-two words}" ; A7=${NONE-"q 'r'"} A8="${NONE:-'s'}" A9=${NONE:-'t u'}
EMPTY=
B1="${EMPTY:-d}" B2="${EMPTY-d}" B3="${BASE:+set}" B4="${NONE+set}" B5=${#BASE} B6="${NEW:=made}$NEW"
: "${LATER:=by colon}"
B7=$LATER B8="${NONE:-${BASE:-x}}" B9="${BASE:-$(false)}"
FILE=/a/b/c.tar.gz
C1=${FILE##*/} C2=${FILE%.*} C3=${FILE%%.*} C4=${FILE#/a} C5=${FILE/b/X} C6=${FILE//[abc]/_}
C7=${FILE:3} C8=${FILE:1:3} C9=${FILE: -2} D1=${FILE/#\/a/Y} D2=${FILE/%gz/Z} D3="${FILE##*[.]}"
WORD=hello
D4=${WORD^} D5=${WORD^^} D6=${A5,,} D7=${WORD:1:-1}
E1=$((BASE * 2 + 1)) E2=$((0x10 + 010)) E3=$(( (1 + 2) * 3 % 4 )) E4=$((2 ** 10)) E5=$((BASE > 5 ? 7 : 8))
E6=$((-BASE)) E7=$((1 << 4 | 1)) E8=$((7 / 2)) E9=$(($BASE+${BASE}))
F1=$'a\tb\'c' F2="multi
line" F3=x#y F4={} F5={"a":1} F6="{\"a\": \"b\"}"
F7=abc
F7+=def
declare -x F8=1
readonly F9=2
export BARE G1=3
TEMP=5
G2=$TEMP
unset TEMP
G3=${TEMP:-gone}
NAME=BASE
G4=${!NAME}
G5=continued\
here
G6=one \
G7=two
set -e
G8="a'b" G9='a"b'
"#;
    let names: Vec<String> =
        ('A'..='G').flat_map(|letter| (1..=9).map(move |n| format!("{letter}{n}"))).collect();
    let prints: Vec<_> = names.iter().map(|name| format!("printf '%s\\0' \"${name}\"\n")).collect();
    let prints = prints.concat();
    let output = Command::new("bash").arg("-c").arg(format!("{script}{prints}")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<&str> = theirs.trim_end_matches('\0').split('\0').collect();
    assert_eq!(theirs.len(), names.len());
    let ours = values::parse(script, |_| None).unwrap().assignments;
    for (name, theirs) in names.iter().zip(theirs) {
        let ours = ours.iter().rev().find(|assignment| assignment.name == *name);
        assert_eq!(ours.map_or("", |assignment| &assignment.value), theirs, "{name}");
    }
}

/// The table in the documentation is the one that the program uses.
#[test]
fn the_documentation_lists_the_names_of_the_table() {
    let path = repository().join("docs/egg-parity.md");
    let text = std::fs::read_to_string(path).unwrap();
    let table = regenesis::genesis_generator::table::to_markdown();
    assert!(text.contains(&table), "docs/egg-parity.md: replace its table with this\n{table}");
}
