//! The command line, on which other stacks depend: names, variables, formats, exit codes, streams.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Done, PROGRAM, Run, regenesis, repository};
use regenesis::exit;
use serde_json::Value;

const SEED: &str = "5eed5eed00112233445566778899aabbccddeeff00112233445566778899aabb";
const OTHER_SEED: &str = "1eed5eed00112233445566778899aabbccddeeff00112233445566778899aabb";
const JWT: &str = "3e7f3e7f0123456789abcdef0123456789abcdef0123456789abcdef01234567";
const BEACON_ROOTS: &str = "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02";
/// The generator of G1, as a public key, with credentials.
const LISTED: &str = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb:0100000000000000000000000000000000000000000000000000000000000000";

fn sample(file: &str) -> String {
    std::fs::read_to_string(repository().join("sample").join(file)).unwrap()
}

/// A snapshot that is not the sample, and loose files that are not the snapshot's.
fn run() -> Run {
    let genesis = sample("el/genesis.template.json");
    let config = sample("cl/config.yaml");
    let mnemonics = sample("val/mnemonics.yaml");
    let lacking = genesis.replace(BEACON_ROOTS, &BEACON_ROOTS.replace("F3d", "F3e"));
    Run::new()
        .snapshot()
        .file("snapshot/el/genesis.template.json", &lacking)
        .file("snapshot/val/mnemonics.yaml", mnemonics.replace("count: 64", "count: 2"))
        .file("genesis.json", lacking.replace("0x3938700", "0x3938701"))
        .file("config.yaml", config.replace("'regenesis'", "'another'"))
        .file("mnemonics.yaml", mnemonics.replace("count: 64", "count: 1"))
        .file("validators.txt", LISTED)
}

fn json(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap()
}

/// The complete output of a run, except for the times of its steps.
fn made(run: Run) -> (BTreeMap<String, Vec<u8>>, Value, bool) {
    let done = run.succeeds();
    let mut summary: Value = done.json("regenesis.json");
    summary.as_object_mut().unwrap().remove("steps");
    (done.files(), summary, done.stdout.is_empty())
}

const FIXED: [(&str, &str); 3] =
    [("SNAPSHOT", "snapshot"), ("TIMESTAMP", "1700000000"), ("SEED", SEED)];

/// Options of `init`, each with a value and another value.
const FLAGS: [(&str, &str, &str); 12] = [
    ("SNAPSHOT", "snapshot", "nowhere"),
    ("GENESIS", "genesis.json", "nowhere"),
    ("CONFIG", "config.yaml", "nowhere"),
    ("MNEMONICS", "mnemonics.yaml", "nowhere"),
    ("VALIDATORS", "validators.txt", "nowhere"),
    ("TIMESTAMP", "1800000000", "soon"),
    ("JWT", JWT, "keep"),
    ("KDF", "pbkdf2", "scrypt"),
    ("SEED", OTHER_SEED, SEED),
    ("PRESET_REVISION", "v1.5.0-beta.0", "v1.5.0"),
    ("ADD_SYSTEM_CONTRACTS", "true", "false"),
    ("JSON", "1", "0"),
];

/// `run` with an option; switches have no value, and the snapshot is positional.
fn with_flag(run: Run, name: &str, value: &str) -> Run {
    match name {
        "SNAPSHOT" => run.arg(value),
        "JSON" | "ADD_SYSTEM_CONTRACTS" => run.arg(flag(name)),
        _ => run.arg(flag(name)).arg(value),
    }
}

fn flag(name: &str) -> String {
    format!("--{}", name.to_lowercase().replace('_', "-"))
}

fn variable(name: &str) -> String {
    format!("REGENESIS_{name}")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = regenesis();
    command.args(arguments);
    command
}

#[test]
fn a_variable_that_is_neither_true_nor_false_is_refused() {
    let run = |value: &str| {
        let directory = tempfile::tempdir().unwrap();
        let mut command = command(&["init", "--out", "runtime"]);
        command.env("REGENESIS_JSON", value).current_dir(directory.path()).output().unwrap()
    };
    for (value, json) in [("", false), ("off", false), ("False", false), ("1", true), ("yes", true)]
    {
        let output = run(value);
        assert!(output.status.success(), "{value}");
        assert_eq!(!output.stdout.is_empty(), json, "{value}");
    }
    let output = run("disabled");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("expected true or false"));
}

#[test]
fn a_fixed_time_accepts_the_lead_that_the_stack_always_sets() {
    let directory = tempfile::tempdir().unwrap();
    let init = |lead: &str| {
        let mut command = command(&["init", "--timestamp", "2026-11-28T18:30:00Z"]);
        command.env("REGENESIS_LEAD", lead).current_dir(directory.path()).output().unwrap()
    };
    assert!(init("auto").status.success());
    assert_eq!(init("10").status.code(), Some(2));
}

#[test]
fn a_genesis_is_not_written_into_a_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    for file in ["metadata.json", "el/genesis.template.json"] {
        let path = directory.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}").unwrap();
    }
    for out in [".", "el", "./../"] {
        let from = directory.path().join(if out == "./../" { "el" } else { "" });
        let output = command(&["init", "--out", out]).current_dir(from).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{out}: {said}");
        let expected = if out == "el" { "is in the snapshot" } else { "is the snapshot itself" };
        assert!(said.contains(expected), "{out}: {said}");
    }
    assert!(command(&["init"]).current_dir(directory.path()).output().unwrap().status.success());
    assert!(!directory.path().join(".regenesis").exists());
}

#[test]
fn every_flag_has_a_variable_with_the_same_effect() {
    for (name, value, other) in FLAGS {
        let rest = || {
            let rest = FIXED.iter().filter(|(fixed, _)| *fixed != name);
            rest.fold(run(), |run, (name, value)| with_flag(run, name, value))
        };
        let by_flag = made(with_flag(rest(), name, value));
        let by_variable = made(rest().env(&variable(name), value));
        assert_eq!(by_flag, by_variable, "{name}");
        let both = made(with_flag(rest().env(&variable(name), other), name, value));
        assert_eq!(by_flag, both, "{name}: the flag wins");
        // Without a seed, nothing could be compared.
        let without = if name == "SEED" { rest().arg("--seed").arg(SEED) } else { rest() };
        assert_ne!(by_flag, made(without), "{name} has an effect");
    }
}

#[test]
fn the_output_directory_has_a_variable() {
    let init = || {
        let mut command = regenesis();
        let directory = tempfile::tempdir().unwrap();
        command.arg("init").current_dir(directory.path());
        (command, directory)
    };
    let (mut command, directory) = init();
    assert!(command.output().unwrap().status.success());
    assert!(directory.path().join("runtime/regenesis.json").exists());
    let (mut command, directory) = init();
    assert!(command.env("REGENESIS_OUT", "a/b").output().unwrap().status.success());
    assert!(directory.path().join("a/b/regenesis.json").exists());
    let (mut command, directory) = init();
    command.env("REGENESIS_OUT", "a").args(["--out", "b"]);
    assert!(command.output().unwrap().status.success());
    assert!(directory.path().join("b/regenesis.json").exists());
    assert!(!directory.path().join("a").exists());
}

/// Compose files set unset variables to the empty string.
#[test]
fn an_empty_variable_is_ignored() {
    let (mut command, directory) = (regenesis(), tempfile::tempdir().unwrap());
    for name in FLAGS.map(|(name, ..)| name).iter().chain(&["OUT", "LEAD"]) {
        command.env(variable(name), "");
    }
    let done = command.arg("init").current_dir(directory.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(directory.path().join("runtime/regenesis.json").exists());
    assert!(done.stdout.is_empty());
}

fn help(verb: &[&str]) -> String {
    let mut command = regenesis();
    let output = command.args(verb).arg("--help").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

/// The verbs that the help of `verb` lists.
fn verbs(verb: &[&str]) -> Vec<String> {
    let all = help(verb);
    let lines = all.lines().skip_while(|line| *line != "Commands:").skip(1);
    // A long description continues on the next line, further in.
    let lines = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = lines.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn help_has_examples_and_exit_codes() {
    let all = help(&[]);
    assert!(all.contains("Examples:\n  regenesis init") && all.contains(exit::HELP));
    assert!(verbs(&[]).len() >= 12, "{all}");
    for verb in verbs(&[]) {
        let text = help(&[&verb]);
        assert!(text.contains(&format!("Examples:\n  regenesis {verb}")), "{text}");
        assert_eq!(text.matches(exit::HELP).count(), 1, "{text}");
    }
}

#[test]
fn every_option_of_every_verb_has_its_variable() {
    let inner = ["keys", "oci"].into_iter().flat_map(|group| {
        verbs(&[group]).into_iter().map(move |verb| vec![group.to_owned(), verb])
    });
    let all: Vec<_> = verbs(&[]).into_iter().map(|verb| vec![verb]).chain(inner).collect();
    let mut checked = 0;
    for verb in all {
        let verb: Vec<&str> = verb.iter().map(String::as_str).collect();
        let text = help(&verb);
        let options = text.split("Examples:").next().unwrap();
        let options = options.split_once("Options:").map_or("", |(_, options)| options);
        for option in options.split("\n      --").skip(1) {
            let name = option.split([' ', '\n']).next().unwrap();
            let name = name.replace('-', "_").to_uppercase();
            // Short help wraps between the two words.
            let option = option.split_whitespace().collect::<Vec<_>>().join(" ");
            let has = option.contains(&format!("[env: REGENESIS_{name}]"));
            // The image sets REGENESIS_OUT for `init`; `all` writes where the generator does. The stack
            // sets REGENESIS_GETH_DATADIR to a directory. Kubernetes sets REGENESIS_PORT.
            let without = [(&["all"], "OUT"), (&["bake"], "GETH_DATADIR"), (&["health"], "PORT")];
            let expected = !without.iter().any(|(of, option)| verb == *of && name == *option);
            assert_eq!(has, expected, "{verb:?} --{name}: {option}");
            checked += 1;
        }
    }
    assert!(checked >= 85, "{checked}");
}

#[test]
fn help_does_not_print_the_value_of_a_variable() {
    let mut command = command(&["init", "--help"]);
    let output = command.env("REGENESIS_SEED", SEED).env("REGENESIS_JWT", JWT).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[env: REGENESIS_SEED]") && text.contains("[env: REGENESIS_JWT]"));
    assert!(!text.contains(SEED) && !text.contains(JWT), "{text}");
}

#[test]
fn the_program_accepts_its_examples() {
    let mut parsed = BTreeMap::<String, usize>::new();
    let help =
        verbs(&[]).into_iter().map(|verb| help(&[&verb])).fold(help(&[]), |all, one| all + &one);
    // Lines that a backslash continues, and those with the words of a shell, are left to the journeys.
    let examples = help.lines().filter_map(|line| line.strip_prefix("  regenesis "));
    for example in examples.filter(|example| !example.contains(['"', '\\'])) {
        // Two blanks separate an example from its comment.
        let arguments = example.split("  ").next().unwrap();
        let arguments = arguments.split(['>', '|', '&']).next().unwrap();
        let words: Vec<_> = ["regenesis"].into_iter().chain(arguments.split_whitespace()).collect();
        let matches = regenesis::cli::program().try_get_matches_from(&words);
        assert!(matches.is_ok(), "{example}: {}", matches.unwrap_err());
        *parsed.entry(words[1].to_owned()).or_default() += 1;
    }
    for verb in ["init", "all", "capture", "bake", "verify", "inspect", "compose", "run", "health"]
    {
        assert!(parsed.get(verb).is_some_and(|count| *count > 0), "{verb}: {parsed:?}");
    }
    assert!(parsed.values().sum::<usize>() >= 25, "{parsed:?}");
}

#[test]
fn exit_codes_are_as_documented() {
    let reference = std::fs::read_to_string(repository().join("docs/reference.md")).unwrap();
    let lines: Vec<_> = exit::HELP.lines().skip(1).map(str::trim_start).collect();
    assert_eq!(lines.len(), 15);
    for line in lines {
        let (code, meaning) = line.split_once("  ").unwrap();
        let row = format!("| {code} | {meaning} |");
        assert!(reference.contains(&row), "{row} is not in docs/reference.md");
    }
    run().arg("snapshot").succeeds();
    for arguments in [
        &["--no-such-flag"][..],
        &["--timestamp", "soon"],
        &["--timestamp", "-1"],
        &["--timestamp", "1700000000000"],
        &["--lead", "soon"],
        &["--lead", "86401"],
        &["--lead", "5", "--timestamp", "keep"],
        &["--lead", "5", "--timestamp", "1700000000"],
        &["--jwt", "0x12"],
        &["--kdf", "argon2"],
        &["--seed", "12"],
        &["--preset-revision", "v2"],
        &["--genesis", "genesis.json"],
        &["snapshot", "snapshot"],
    ] {
        let done = run().args(arguments).fails(2);
        assert!(done.stderr.contains("error: "), "{}", done.stderr);
        done.wrote_nothing();
    }
    let none = regenesis().output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    run().arg("nowhere").fails(3).wrote_nothing();
    run().arg("snapshot").file("out", "a file").fails(7);
    // A bake that is not of its snapshot.
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path().join("sample");
    Command::new("cp").arg("-r").arg(repository().join("sample")).arg(&snapshot).status().unwrap();
    std::fs::write(snapshot.join("baked/validators.bin"), "others").unwrap();
    let mut verify = regenesis();
    assert_eq!(verify.arg("verify").arg(&snapshot).output().unwrap().status.code(), Some(5));
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn times(run: Run) -> (u64, u64) {
    let summary = json(&run.arg("--json").succeeds());
    let time = |layer: &str, key: &str| summary[layer][key].as_u64().unwrap();
    (time("el", "timestamp"), time("cl", "genesis_time"))
}

#[test]
fn every_form_of_a_timestamp_is_accepted() {
    let at = |text: &str| times(run().arg("snapshot").args(["--timestamp", text]));
    let both = (1_700_000_000, 1_700_000_000);
    for text in
        ["1700000000", "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00", "2023-11-14 22:13:20Z"]
    {
        assert_eq!(at(text), both, "{text}");
    }
    let stamped = sample("el/genesis.template.json").replace("TIMESTAMP_PLACEHOLDER", "0x10");
    let delayed = sample("cl/config.yaml").replace("GENESIS_DELAY: 0", "GENESIS_DELAY: 30");
    let kept = run()
        .file("snapshot/el/genesis.template.json", stamped)
        .file("snapshot/cl/config.yaml", delayed)
        .args(["snapshot", "--timestamp", "keep"]);
    assert_eq!(times(kept), (16, 46));
}

#[test]
fn now_is_the_present_plus_the_lead() {
    let ahead = |arguments: &[&str], lead: u64| {
        let before = now();
        let (el, cl) = times(run().arg("snapshot").args(arguments));
        assert_eq!(el, cl);
        assert!((before + lead..=now() + lead).contains(&el), "{arguments:?}: {el}");
    };
    // The first guess for Lighthouse, with so small an alloc.
    ahead(&[], 8);
    ahead(&["--timestamp", "now", "--lead", "auto"], 8);
    ahead(&["--layout", "lodestar"], 15);
    ahead(&["--lead", "0"], 0);
    ahead(&["--lead", "500"], 500);
    let before = now();
    let (by_variable, _) = times(run().arg("snapshot").env("REGENESIS_LEAD", "500"));
    assert!(by_variable >= before + 500);
    let flag = run().arg("snapshot").args(["--lead", "0"]).env("REGENESIS_LEAD", "500");
    assert!(times(flag).0 <= now());
}

#[test]
fn every_form_of_a_jwt_secret_is_accepted() {
    let secret = |run: Run| run.arg("snapshot").succeeds().text("jwt/jwtsecret");
    let given = format!("0x{JWT}");
    for text in [JWT, &given, &JWT.to_uppercase(), &format!(" {given}\n")] {
        assert_eq!(secret(run().args(["--jwt", text])), given, "{text:?}");
    }
    let new = secret(run().args(["--jwt", "new"]));
    assert!(new.len() == 66 && new.starts_with("0x"), "{new}");
    assert_ne!(new, secret(run()));
    // No secret exists yet, so `keep` generates one.
    assert_eq!(secret(run().args(["--jwt", "keep"])).len(), 66);
    let before = || run().after_init(&["--jwt", &given]);
    assert_eq!(secret(before().args(["--jwt", "keep"])), given);
    assert_ne!(secret(before()), given);
}

#[test]
fn the_same_inputs_time_and_seed_produce_the_same_bytes() {
    let init = |seed: &str, kdf: &str| {
        let kdf = ["--kdf", kdf, "--timestamp", "1700000000"];
        made(run().arg("snapshot").args(["--seed", seed]).args(kdf))
    };
    for kdf in ["light", "pbkdf2", "scrypt"] {
        let (files, summary, quiet) = init(SEED, kdf);
        let again = init(&format!("0x{SEED}"), kdf);
        assert_eq!(again, (files.clone(), summary.clone(), quiet), "{kdf}");
        let keystore = files.iter().find(|(path, _)| path.ends_with("keystore.json")).unwrap();
        let keystore: Value = serde_json::from_slice(keystore.1).unwrap();
        let function = &keystore["crypto"]["kdf"];
        assert_eq!(function["function"], if kdf == "scrypt" { "scrypt" } else { "pbkdf2" });
        let rounds = [("light", 2), ("pbkdf2", 262_144)].into_iter().find(|(name, _)| *name == kdf);
        assert_eq!(function["params"]["c"].as_u64(), rounds.map(|(_, rounds)| rounds));
        assert_eq!(summary["keystores"]["kdf"], kdf);
    }
    // Another seed yields other secrets for the same chain.
    let ((one, ..), (other, ..)) = (init(SEED, "light"), init(OTHER_SEED, "light"));
    assert!(one.keys().eq(other.keys()));
    for (path, bytes) in one {
        assert_eq!(bytes == other[&path], path.starts_with("metadata/"), "{path}");
    }
}

#[test]
fn the_summary_on_stdout_equals_the_file() {
    let done = run().args(["snapshot", "--json"]).succeeds();
    assert_eq!(done.stdout.as_bytes(), done.read("regenesis.json"));
    let summary = json(&done);
    assert_eq!(summary["chain_id"], 271_828);
    for (layer, key) in [
        ("el", "timestamp"),
        ("el", "state_root"),
        ("el", "block_hash"),
        ("cl", "preset"),
        ("cl", "fork"),
        ("cl", "genesis_time"),
        ("cl", "genesis_validators_root"),
        ("cl", "state_root"),
        ("cl", "block_root"),
        ("cl", "validators"),
    ] {
        assert!(!summary[layer][key].is_null(), "{layer}.{key}");
    }
    assert_eq!(summary["run_id"].as_str().unwrap().len(), 16);
    assert!(summary["steps"][0]["milliseconds"].is_number());
    let written = done.files();
    let listed = summary["files"].as_array().unwrap();
    assert_eq!(listed.len(), written.len());
    for file in listed {
        let bytes = &written[file["path"].as_str().unwrap()];
        assert_eq!(file["sha256"], crate::support::sha256(bytes));
        assert_eq!(file["size"], bytes.len());
    }
    assert_eq!(run().arg("snapshot").succeeds().stdout, "");
}

#[test]
fn without_input_init_uses_the_sample() {
    let fixed = ["--seed", SEED, "--timestamp", "1700000000"];
    let (embedded, ..) = made(Run::new().args(fixed));
    let (directory, ..) = made(Run::new().arg(repository().join("sample")).args(fixed));
    assert_eq!(embedded, directory);
    let keystores = embedded.keys().filter(|path| path.ends_with("voting-keystore.json"));
    assert_eq!(keystores.count(), 64);
}

#[test]
fn only_terminals_get_colours() {
    let escape = '\u{1b}';
    for done in
        [run().arg("snapshot").succeeds(), run().arg("nowhere").fails(3), run().arg("--x").fails(2)]
    {
        assert!(!done.stderr.contains(escape) && !done.stderr.is_empty(), "{}", done.stderr);
    }
    assert!(!help(&["init"]).contains(escape));
    let on_terminal = |variable: &str| {
        let directory = tempfile::tempdir().unwrap();
        let command = format!("{PROGRAM} init");
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).env("TERM", "xterm");
        script.env_remove("NO_COLOR").env(variable, "1").current_dir(directory.path());
        let output = script.output().expect("script: apt-get install bsdutils");
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let green = "\u{1b}[32m";
    assert!(on_terminal("SOME_COLOR").contains(green));
    assert!(!on_terminal("NO_COLOR").contains(green));
}
