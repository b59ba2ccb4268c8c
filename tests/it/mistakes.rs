//! Mistakes of a first user: each message names the mistake and the way out.

use std::time::{Duration, Instant};

use crate::support::Place;

#[test]
fn a_variable_that_no_option_has_is_reported_without_its_value() {
    let place = Place::new();
    let init = |name: &str, value: &str| {
        let output = place.command(&["init"]).env(name, value).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = init("REGENESIS_LAED", "30-secret");
    let expected = "warning: REGENESIS_LAED has no effect: no option has this variable. \
                    Did you mean REGENESIS_LEAD?";
    assert!(said.contains(expected) && !said.contains("secret"), "{said}");
    let said = init("REGENESIS_XYZZY_PLUGH", "1");
    assert!(said.contains("no option has this variable\n"), "{said}");
    for name in ["REGENESIS_IMAGE", "REGENESIS_HEAL", "REGENESIS_SERVICE_HOST", "REGENESIS_PORT"] {
        assert!(!init(name, "keep").contains(name), "{name}");
    }
    assert!(!init("REGENESIS_LAED", "").contains("LAED"));
}

#[test]
fn an_invalid_argument_is_explained() {
    let place = Place::new();
    for (arguments, expected) in [
        (
            &["capture", "--chain-id", "0x10"][..],
            "--chain-id is \"0x10\", expected a decimal number",
        ),
        (&["capture", "--slot-time", "0.5"], "--slot-time is \"0.5\", expected whole seconds"),
        (&["init", "--max-idle", "x"], "--max-idle is \"x\", expected whole seconds"),
        (&["init", "--lead", "-3"], "--lead is \"-3\""),
        (&["purge", "--yes"], "--yes needs the name of the stack"),
        (&["reset", "--yes"], "--yes needs the name of the stack"),
    ] {
        place.run(arguments).fails(2, &format!("error: {expected}"));
    }
    // A mnemonic in the wrong place stays secret.
    let phrase = "test test test test test test test test test test test junk";
    let done = place.run(&["capture", "--chain-id", phrase]);
    done.fails(2, "--chain-id is \"(hidden: ");
    assert!(!done.stderr.contains("test test"), "{}", done.stderr);
}

#[test]
fn a_step_without_end_is_explained() {
    let place = Place::new();
    let hint = "hint: end --once and --import with a separate argument: \\;\n";
    let step = ["run", "--datadir", "data", "--once", "geth", "init"];
    let done = place.run(&[&step[..], &["--", "true"]].concat());
    done.fails(2, hint);
    done.fails(2, "--once <CMD>... \\;] ");
    let done = place.run(&[&step[..], &[";"]].concat());
    done.fails(2, "<CMD>");
    assert!(!done.stderr.contains("hint: end"), "{}", done.stderr);
}

#[test]
fn a_directory_that_is_no_snapshot_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.at("empty")).unwrap();
    for verb in ["init", "verify", "inspect", "bake", "compose"] {
        let done = place.run(&[verb, "empty"]);
        done.fails(3, "error: empty: is not a snapshot: it has no metadata.json");
        assert!(done.stderr.contains("hint: check the path"), "{}", done.stderr);
    }
}

/// The error names the snapshot: no file is damaged, one is missing.
#[test]
fn a_snapshot_without_validators_is_named() {
    let place = Place::with_sample();
    std::fs::remove_file(place.at("snapshot/val/mnemonics.yaml")).unwrap();
    let done = place.run(&["init", "snapshot", "--out", "out"]);
    done.fails(3, "error: snapshot: has no validators\nhint: add val/mnemonics.yaml or");
    assert!(done.stdout.is_empty() && !place.has("out"), "{}", done.stderr);
}

#[test]
fn a_table_names_the_snapshot_of_the_current_directory() {
    let place = Place::with_sample();
    let name = place.json("snapshot/metadata.json")["name"].as_str().unwrap().to_owned();
    let output = place.command(&["inspect", "."]).current_dir(place.at("snapshot")).output();
    let table = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(table.starts_with(&format!("snapshot    {name}, chain ")), "{table}");
    assert!(table.contains(" with code\n"), "{table}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_created_is_named() {
    let done = Place::new().run(&["init", "--out", "/proc/regenesis-test"]);
    done.fails(7, "/proc/regenesis-test: cannot be created: ");
    assert!(done.stderr.contains("hint: choose another directory"), "{}", done.stderr);
}

#[test]
fn an_empty_range_of_keys_is_reported() {
    let phrase = "test test test test test test test test test test test junk";
    let done = Place::new().run(&["keys", "pubkeys", "--validators-mnemonic", phrase]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""));
    assert!(done.stderr.contains("warning: the range is empty: set --source-max"));
}

#[test]
fn watch_reports_a_missing_runtime_directory() {
    let place = Place::new();
    let log = std::fs::File::create(place.at("log")).unwrap();
    let mut command = place.command(&["watch", "--runtime", "nosuch"]);
    let mut watch = command.stderr(log).spawn().unwrap();
    let end = Instant::now() + Duration::from_mins(2);
    let expected = "it does not exist: check --runtime, or run regenesis init --out nosuch";
    while !place.read("log").contains(expected) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(place.read("log").contains(expected), "{}", place.read("log"));
}

#[test]
fn a_network_of_the_defaults_alone_is_reported() {
    let place = Place::new();
    // The run ends before it derives the keys: the output is no directory.
    place.write("out", "");
    let warning = "warning: no values.env: the generator's defaults, 16384 validators";
    let done = place.run(&["all", "--out", "out"]);
    assert!(done.stderr.contains(warning), "{}", done.stderr);
    assert_eq!((done.code, place.read("out").as_str()), (Some(7), ""));
    let mut command = place.command(&["all", "--out", "small"]);
    command.env("NUMBER_OF_VALIDATORS", "1").env("PRESET_BASE", "minimal");
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(said.contains("· the environment\n") && !said.contains("no values.env"), "{said}");
}
