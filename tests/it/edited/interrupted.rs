//! Edits that are killed, and edits beside an interrupted capture.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{A, chain, metadata};
use crate::support::Place;
use regenesis::capture::WorkFiles as _;
use regenesis::snapshot_files::work::{self, Work};
use serde_json::Value;

const PLAN: &str = "mine/.regenesis-capture/plan.json";

/// Sends an edit a signal when it has printed this. Returns whether it had not ended before.
fn is_killed(place: &Place, edit: &[&str], after: &str, signal: &str) -> bool {
    let mut child = place.command(edit).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(after)));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    // Until it has ended, it writes into the pipe.
    lines.for_each(drop);
    child.wait().unwrap();
    place.has(PLAN)
}

/// The files of an edit are in their place before the bake starts, which takes longest.
#[test]
fn an_edit_that_is_killed_before_its_bake_pays_once() {
    // A kill may come too late.
    assert!((0..10).any(|_| pays_once()), "every edit ended before the signal");
}

fn pays_once() -> bool {
    let place = Place::new();
    place.run(&["new", "mine", "--chain-id", "1337", "--validators", "300"]).succeeds();
    let fund = format!("{A}=1");
    let edit = ["edit", "mine", "--fund", &fund];
    let complete = "the interrupted edit is complete";
    if !is_killed(&place, &edit, "1 ETH to", "KILL")
        || !is_killed(&place, &edit, complete, "INT")
        || !is_killed(&place, &edit, complete, "TERM")
    {
        return false;
    }
    let before = metadata(&place);
    place.run(&["bake", "mine"]).fails(7, "an edit was interrupted");
    let again = place.run(&edit).succeeds();
    assert!(again.stderr.contains(complete), "{}", again.stderr);
    assert_eq!(metadata(&place), before);
    assert!(!place.has("mine/.regenesis-capture"));
    let verified = place.run(&["verify", "mine", "--json"]).succeeds();
    assert_eq!(serde_json::from_str::<Value>(&verified.stdout).unwrap()["baked"], true);
    // It is complete: the next one pays again.
    place.run(&edit).succeeds();
    let edits = |metadata: &Value| metadata["edited"].as_array().unwrap().len();
    assert_eq!(edits(&metadata(&place)), edits(&before) + 1);
    true
}

#[test]
fn what_an_interrupted_capture_would_resume_from_stays() {
    let place = chain();
    let interrupt = |directory: work::Place| {
        Work::open(directory).unwrap().set_checkpoint(b"{}").unwrap();
    };
    interrupt(work::Place::edited(&place.at("mine")).unwrap());
    interrupt(work::Place::look(&place.at("other")).unwrap());
    let edit = place.run(&["edit", "mine", "--fund", &format!("{A}=1")]);
    edit.fails(7, "mine/.regenesis-capture is of an interrupted capture");
    let new = place.run(&["new", "other", "--chain-id", "1338"]);
    new.fails(7, "other.capture is of an interrupted capture");
    for directory in ["mine/.regenesis-capture", "other.capture"] {
        assert_eq!(place.read(format!("{directory}/checkpoint.json")), "{}");
    }
    assert!(metadata(&place).get("edited").is_none() && !place.has("other"));
}
