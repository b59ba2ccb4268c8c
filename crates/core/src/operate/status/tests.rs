use super::*;
use crate::operate::stacks::stacks;
use crate::operate::stacks::tests::container;

fn status() -> Status {
    let all = vec![container("a", "el", "running"), container("a", "init", "exited")];
    let stack = stacks(all, vec![]).remove(0);
    Status {
        format: FORMAT,
        name: stack.name.clone(),
        alive: true,
        state: stack.state(),
        snapshot: Some("/x".into()),
        genesis: Some(Genesis { run_id: "12".into(), chain_id: 7, time: 1000, age: 240 }),
        execution: Some(Execution {
            url: "http://127.0.0.1:8545".into(),
            latest: Head { number: 9, age: 1 },
            safe: Some(Head { number: 6, age: 7 }),
            finalized: None,
            peers: Some(0),
        }),
        beacon: None,
        l2: vec![L2 {
            name: "op".into(),
            chain_id: 13,
            execution: Execution {
                url: "http://127.0.0.1:9545".into(),
                latest: Head { number: 30, age: 1 },
                safe: Some(Head { number: 20, age: 11 }),
                finalized: Some(Head { number: 0, age: 31 }),
                peers: None,
            },
            node_url: None,
            last_batch: Some(Head { number: 8, age: 3 }),
        }],
        services: services(&stack),
        disk: BTreeMap::new(),
        heals: vec![],
        findings: vec![],
    }
}

#[test]
fn the_report_is_readable() {
    let text = status().text();
    assert!(text.starts_with("a: alive, block 9 (1 s)\n"), "{text}");
    let execution = "latest 9 (1 s), safe 6 (7 s), finalized none, 0 peers\n";
    assert!(text.contains(execution), "{text}");
    let l2 = "  L2 op      http://127.0.0.1:9545  unsafe 30 (1 s), safe 20 (11 s), finalized 0 (31 s), \
              last batch in L1 block 8 (3 s)\n";
    assert!(text.contains(l2), "{text}");
    assert!(text.contains("genesis    4 min ago, run 12, chain ID 7\n"), "{text}");
    assert!(text.contains("init exited (code 0), el running, cl missing"), "{text}");
}

#[test]
fn the_json_has_all_fields_of_the_documented_format() {
    let json = serde_json::to_value(status()).unwrap();
    let names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "alive",
        "beacon",
        "execution",
        "findings",
        "format",
        "genesis",
        "heals",
        "l2",
        "name",
        "services",
        "snapshot",
        "state",
    ];
    let mut names = names;
    names.sort_unstable();
    assert_eq!(names, documented);
    assert_eq!(json["state"], "partly");
    assert_eq!(json["execution"]["finalized"], serde_json::Value::Null);
    assert_eq!(json["l2"][0]["safe"]["number"], 20);
}

#[test]
fn other_lines_of_watch_are_not_actions() {
    let log = "watching run 12\n          both clients build blocks\n\
               \u{20} replay  the heads differ: sent the execution client 3 payloads  12.3 ms\n\
               \u{20} healed  both clients build  0.1 ms\nwarning: renew: it failed\n";
    let heals = heals(log);
    assert_eq!(heals.len(), 2, "{heals:?}");
    assert_eq!(heals[0], "replay: the heads differ: sent the execution client 3 payloads");
}

#[test]
fn durations_have_two_units_at_most() {
    let texts = [0, 119, 120, 7200, 200_000].map(duration);
    assert_eq!(texts, ["0 s", "119 s", "2 min", "2 h 0 min", "2 days"]);
}
