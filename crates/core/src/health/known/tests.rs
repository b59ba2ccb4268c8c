use super::*;
use crate::health::{REGENERATE, RENEW};

fn examples() -> impl Iterator<Item = (&'static Rule, &'static str, &'static str)> {
    CLIENTS.iter().flat_map(|client| {
        // No rule without its lines.
        assert_eq!(client.rules.len(), client.examples.len(), "{:?}", client.rules[0]);
        client.rules.iter().zip(client.examples).map(|(rule, (line, near))| (rule, *line, *near))
    })
}

fn causes(logs: &str) -> String {
    in_logs(logs).into_iter().map(|logged| logged.finding.cause + "\n").collect()
}

#[test]
fn each_rule_matches_its_line_and_no_similar_line() {
    for (rule, line, near) in examples() {
        assert!(rule.matches(&Line::parse(line)), "{rule:?}: {line}");
        assert!(!rule.matches(&Line::parse(near)), "{rule:?}: {near}");
        for prefix in ["", "vc-1  | ", "stack_cl_1 | "] {
            let lines = format!("{prefix}{line}\n").repeat(rule.times);
            let found = in_logs(&lines);
            assert_eq!(found.len(), 1, "{lines}: {found:?}");
            let cause = &found[0].finding.cause;
            assert!(cause.starts_with(rule.failure.explain().0), "{lines}: {found:?}");
            assert_eq!(found[0].can_end, !rule.recovery.is_empty(), "{rule:?}");
            assert_eq!(causes(&format!("{prefix}{near}\n").repeat(rule.times)), "", "{near}");
        }
        let coloured = line
            .replace("INFO", "\x1b[32mINFO\x1b[0m")
            .replace("CRIT", "\x1b[1;31mCRIT\x1b[0m")
            .replace("error:", "\x1b[31merror\x1b[39m:");
        assert_eq!(in_logs(&format!("{coloured}\n").repeat(rule.times)).len(), 1, "{coloured}");
    }
}

#[test]
fn a_client_that_recovers_has_no_failure() {
    let recovering = examples().filter(|(rule, ..)| !rule.recovery.is_empty());
    let mut count = 0;
    for (rule, line, recovery) in recovering {
        let line = format!("cl-1  | {line}\n");
        assert!(Line::parse(recovery).has(rule.recovery), "{rule:?}: {recovery}");
        assert_eq!(causes(&line.repeat(rule.times - 1)), "", "a start may do so: {line}");
        assert_eq!(causes(&format!("{}cl-1  | {recovery}\n", line.repeat(9))), "", "{recovery}");
        // A line of another client is not this one's recovery.
        assert_ne!(causes(&format!("{}xx-1  | {recovery}\n", line.repeat(rule.times))), "");
        assert_ne!(causes(&format!("cl-1  | {recovery}\n{}", line.repeat(rule.times))), "");
        count += 1;
    }
    assert!(count >= 18, "{count}");
}

/// The words of op-node for each change of a running L2, as a run of it recorded them.
#[test]
fn every_refusal_of_op_node_is_known() {
    let recorded =
        include_str!("../../../../../tests/fixtures/kurtosis-cdk-op-20201/op-node-refusals.json");
    let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 11);
    for case in cases {
        let says = case["says"].as_str().unwrap();
        // With an unknown member in rollup.json, it starts and logs nothing about it.
        let expected = usize::from(says != "starts");
        for quoted in [says.to_owned(), says.replace('"', "\\\"")] {
            let line = format!("op-node-1 | t=1 lvl=crit msg=failed message=\"{quoted}\"");
            assert_eq!(in_logs(&line).len(), expected, "{}: {line}", case["change"]);
        }
    }
}

/// Only an answer of VALID shows an older head: the others are those of a client that syncs.
#[test]
fn an_answer_without_a_payload_id_must_be_valid() {
    let lines = examples().filter(|(rule, ..)| rule.failure == Failure::OlderHead);
    let mut count = 0;
    for (_, line, _) in lines {
        for (valid, syncing) in
            [("status=VALID", "status=SYNCING"), ("status: Valid", "status: Syncing")]
        {
            if line.contains(valid) {
                let syncing = line.replace(valid, syncing);
                assert_eq!(causes(&format!("{syncing}\n").repeat(9)), "", "{syncing}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 2);
}

#[test]
fn a_failure_of_two_clients_counts_for_each_of_them() {
    let line = "INFO [11-28|16:00:00.000] Ignoring beacon update to old head number=7";
    let logs = format!("el-1 | {line}\nel-2 | {line}\n");
    assert_eq!(causes(&logs), "");
    assert_ne!(causes(&logs.repeat(3)), "");
}

#[test]
fn a_head_that_is_too_old_is_reported_with_its_cheap_remedy() {
    for (rule, line, _) in examples().filter(|(rule, ..)| rule.failure == Failure::OlderHead) {
        let found = in_logs(&format!("{line}\n").repeat(rule.times));
        let cure = &found[0].finding.cure;
        assert!(cure.contains("regenesis watch") && cure.contains("debug_setHead"), "{cure}");
        let number =
            if line.contains("number=1,034") { "[\"0x40a\"]" } else { "beacon/blocks/head" };
        assert!(cure.contains(number), "{cure}");
    }
}

#[test]
fn a_healthy_client_has_no_failure() {
    for client in CLIENTS {
        assert!(client.healthy.lines().count() > 0);
        for prefix in ["", "cl-1  | "] {
            let lines = client.healthy.lines().map(|line| format!("{prefix}{line}"));
            let logs = lines.collect::<Vec<_>>().join("\n");
            assert_eq!(causes(&logs), "", "{logs}");
        }
    }
    let all: String = CLIENTS.iter().map(|client| client.healthy).collect();
    assert_eq!(causes(&all), "");
}

#[test]
fn a_failure_is_reported_once_with_its_first_line() {
    let logs = "INFO all is well\n\
        cl | CRIT Failed to start beacon node: Head block not found in store\n\
        el | Fatal: database contains incompatible genesis (have a, new b)\n\
        el | Fatal: database contains incompatible genesis (have c, new d)\n";
    let found = in_logs(logs);
    assert_eq!(found.len(), 2);
    assert!(
        found[0].finding.cause.contains("(Fatal: ") && found[0].finding.cause.contains("have a"),
        "{found:?}"
    );
    assert!(found[1].finding.cure.contains("--preset-revision"));
}

/// In a stack with `REGENESIS_RENEW=stale`, a start alone continues the stalled chain.
#[test]
fn every_cure_that_restarts_the_stack_asks_for_a_new_genesis() {
    let failures = CLIENTS.iter().flat_map(|client| client.rules).map(|rule| rule.failure);
    let cures: Vec<_> = failures.map(|failure| failure.explain().1).chain([REGENERATE]).collect();
    assert!(cures.iter().any(|cure| cure.contains("compose stop")));
    for cure in cures {
        let (restarts, renews) = (cure.matches("compose stop"), cure.matches(RENEW));
        assert_eq!(restarts.count(), renews.count(), "{cure}");
    }
}
