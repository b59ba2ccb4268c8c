//! While clients run, `init` keeps their genesis only if it was generated from the same inputs.

use super::stack::Stack;
use super::{Edit, SEED};
use crate::support::text;

const BALANCE: Edit<'static> =
    ("el/genesis.template.json", "1000000000000000000000000", "2000000000000000000000000");

#[test]
fn the_same_inputs_keep_the_genesis_for_any_time_and_secrets() {
    let stack = Stack::new();
    stack.inits(&["snapshot"]);
    let id = stack.run_id();
    let _client = stack.client();
    stack.add_sample("copy");
    let jwt = "11".repeat(32);
    let same: [&[&str]; 8] = [
        &["snapshot"],
        &["copy"],
        &["snapshot", "--timestamp", "1900000000"],
        &["snapshot", "--lead", "77"],
        &["snapshot", "--seed", SEED],
        &["snapshot", "--jwt", &jwt],
        &["snapshot", "--config", "copy/cl/config.yaml"],
        // The same snapshot, embedded and baked.
        &[],
    ];
    for arguments in same {
        let said = stack.inits(arguments);
        assert!(said.contains(&format!("kept run {id}: clients run on it")), "{said}");
    }
    for flags in [["--layout", "teku"], ["--el-format", "besu"], ["--split", "0-31:lighthouse"]] {
        let said = stack.inits(&[&["snapshot"], &flags[..]].concat());
        let expected = format!("warning: {}: takes effect only with the next genesis", flags[0]);
        assert!(said.contains(&expected), "{said}");
    }
    // A bake does not change the inputs.
    assert!(stack.command(&["bake", "snapshot"]).output().unwrap().status.success());
    stack.inits(&["snapshot"]);
    assert_eq!(stack.run_id(), id);
}

#[test]
fn other_inputs_are_refused_by_the_file_that_differs() {
    let stack = Stack::new();
    stack.inits(&["snapshot"]);
    let id = stack.run_id();
    let before = std::fs::read(stack.at("runtime/regenesis.json")).unwrap();
    let _client = stack.client();
    let edits: [Edit<'_>; 4] = [
        BALANCE,
        ("cl/config.yaml", "SECONDS_PER_SLOT: 2", "SECONDS_PER_SLOT: 4"),
        ("val/mnemonics.yaml", "count: 64", "count: 65"),
        ("metadata.json", "\"format\"", " \"format\""),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let name = format!("other-{number}");
        stack.add_sample(&name);
        stack.edit_snapshot(&name, edit);
        let said = stack.fails(5, &[&name, "--json"]);
        let expected = format!(
            "error: ./runtime holds run {id}, generated from snapshot, not from {name}, and clients run \
             on it: {} differ",
            edit.0
        );
        assert!(said.contains(&expected) && said.contains("hint: "), "{said}");
    }
    for flags in [&["--add-system-contracts"][..], &["--shuffle-validators"]] {
        let said = stack.fails(5, &[&["snapshot"], flags].concat());
        assert!(said.contains(&format!("snapshot has changed since: {}", flags[0])), "{said}");
    }
    std::fs::write(stack.at("snapshot/val/validators.txt"), "").unwrap();
    let said = stack.fails(5, &["snapshot"]);
    assert!(said.contains("snapshot has changed since: val/validators.txt"), "{said}");
    std::fs::remove_file(stack.at("snapshot/val/validators.txt")).unwrap();
    // The same snapshot, edited in place, and with a bake of its old content.
    assert!(stack.command(&["bake", "snapshot"]).output().unwrap().status.success());
    stack.edit_snapshot("snapshot", BALANCE);
    let said = stack.fails(5, &["snapshot"]);
    assert!(said.contains("has changed since: el/genesis.template.json"), "{said}");
    assert_eq!(std::fs::read(stack.at("runtime/regenesis.json")).unwrap(), before);
}

#[test]
fn loose_files_and_values_are_compared_too() {
    let stack = Stack::new();
    let loose = |genesis: &'static str| {
        let files = ["--config", "snapshot/cl/config.yaml", "--genesis", genesis];
        [&files[..], &["--mnemonics", "snapshot/val/mnemonics.yaml"]].concat()
    };
    stack.inits(&loose("snapshot/el/genesis.template.json"));
    let client = stack.client();
    stack.inits(&loose("snapshot/el/genesis.template.json"));
    stack.add_sample("other");
    stack.edit_snapshot("other", BALANCE);
    let said = stack.fails(5, &loose("other/el/genesis.template.json"));
    assert!(said.contains("loose files has changed since: el/genesis.template.json"), "{said}");
    drop(client);

    let values = "export PRESET_BASE=minimal\nexport NUMBER_OF_VALIDATORS=64\n";
    std::fs::write(stack.at("values.env"), values).unwrap();
    stack.inits(&["--egg-values", "values.env"]);
    let _client = stack.client();
    stack.inits(&["--egg-values", "values.env"]);
    let values = values.replace("=64", "=65");
    std::fs::write(stack.at("values.env"), values).unwrap();
    let said = stack.fails(5, &["--egg-values", "values.env"]);
    assert!(said.contains("values.env has changed since: "), "{said}");
    assert!(said.contains("val/mnemonics.yaml"), "{said}");
}

#[test]
fn a_summary_of_an_older_version_is_kept_with_a_note() {
    let stack = Stack::new();
    stack.inits(&["snapshot"]);
    let mut summary = stack.summary();
    summary.as_object_mut().unwrap().remove("inputs");
    std::fs::write(stack.at("runtime/regenesis.json"), summary.to_string()).unwrap();
    let _client = stack.client();
    stack.edit_snapshot("snapshot", BALANCE);
    let said = stack.inits(&["snapshot"]);
    assert!(
        said.contains("an older version of regenesis wrote it and did not record its inputs"),
        "{said}"
    );
}

#[test]
fn concurrent_inits_must_have_the_same_inputs() {
    let stack = Stack::new();
    stack.add_sample("other");
    stack.edit_snapshot("other", BALANCE);
    let turn = stack.at("runtime/.regenesis/init");
    std::fs::create_dir_all(turn.parent().unwrap()).unwrap();
    let gate = std::fs::File::create(&turn).unwrap();
    gate.lock().unwrap();
    let start = |name: &str| {
        let mut command = stack.command(&["init", name]);
        command.stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let runs: Vec<_> = ["snapshot", "snapshot", "other", "other"].map(start).into_iter().collect();
    let waits = |process: &std::process::Child| {
        let open = std::fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap();
        let turn = turn.canonicalize().unwrap();
        open.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == turn))
    };
    while !runs.iter().all(waits) {
        std::thread::yield_now();
    }
    drop(gate);
    let outputs: Vec<_> = runs.into_iter().map(|run| run.wait_with_output().unwrap()).collect();
    let made = usize::from(stack.summary()["snapshot"] == "other") * 2;
    for (number, output) in outputs.iter().enumerate() {
        let of_the_made = (made..made + 2).contains(&number);
        let code = if of_the_made { 0 } else { 5 };
        assert_eq!(output.status.code(), Some(code), "{}", text(output));
        assert!(of_the_made || text(output).contains("another init has just written it"));
    }
}
