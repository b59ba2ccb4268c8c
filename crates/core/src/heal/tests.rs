//! A table of observations and their stages, and properties of every sequence.

use std::time::Duration;

use super::*;

const GENESIS: u64 = 1_000_000;
const SLOT: u64 = 2;

fn settings(mode: Mode, supervised: bool) -> Settings {
    let (first, starts_now, renewal) = (0, true, Renewal::Untried);
    Settings { mode, genesis_time: GENESIS, slot: SLOT, supervised, first, starts_now, renewal }
}

/// Both clients answer: geth has block `execution`, the beacon node block `beacon`, one per slot.
fn seen(execution: u64, beacon: u64) -> Observation {
    let relation = match execution.cmp(&beacon) {
        std::cmp::Ordering::Equal => Relation::Head,
        std::cmp::Ordering::Greater => Relation::Ahead,
        std::cmp::Ordering::Less => Relation::Missing(execution + 1..=beacon),
    };
    Observation {
        now: GENESIS + 1000,
        execution: Some(Execution {
            program: "Geth".to_owned(),
            number: execution,
            timestamp: GENESIS + execution * SLOT,
            finalized: 0,
        }),
        beacon: Some(Beacon { slot: beacon, number: beacon, el_offline: false }),
        relation: Some(relation),
        clients: Vec::new(),
    }
}

fn silent(mut seen: Observation, client: Client) -> Observation {
    match client {
        Client::Execution => seen.execution = None,
        _ => seen.beacon = None,
    }
    seen.relation = None;
    seen
}

/// All stages except waits, if nothing changes for ten minutes.
fn stages(mode: Mode, supervised: bool, seen: &Observation) -> Vec<Stage> {
    let mut healer = Healer::new(settings(mode, supervised), Duration::ZERO);
    let mut stages: Vec<_> =
        (0..600).map(|at| healer.decide(Duration::from_secs(at), seen).stage).collect();
    stages.retain(|stage| *stage != Stage::Wait);
    stages.dedup();
    stages
}

fn actions(mode: Mode, supervised: bool, seen: &Observation) -> Vec<Stage> {
    let mut stages = stages(mode, supervised, seen);
    // The last stage is always a message for the user.
    assert!(matches!(stages.pop(), Some(Stage::GiveUp(_))), "{stages:?}");
    stages
}

#[test]
fn a_chain_that_stands_still_gets_each_stage_once() {
    use Client::{Beacon, Execution, Validator};
    use Stage::{Confirm, Renew, Replay, Restart, SetHead};
    let reth = |mut seen: Observation| {
        seen.execution.as_mut().unwrap().program = "reth".to_owned();
        seen
    };
    let offline = |mut seen: Observation| {
        seen.beacon.as_mut().unwrap().el_offline = true;
        seen
    };
    let old = |mut seen: Observation| {
        seen.now += 86_400;
        seen
    };
    let unconnected = |mut seen: Observation| {
        seen.relation = Some(Relation::Unconnected);
        seen
    };
    let finalized = |mut seen: Observation, number| {
        seen.execution.as_mut().unwrap().finalized = number;
        seen
    };
    let early = |mut seen: Observation| {
        seen.now = seen.execution.as_ref().unwrap().timestamp - 3600;
        seen
    };
    for (what, seen, expected) in [
        ("geth is ahead", seen(16, 14), vec![Confirm, SetHead(14), Renew]),
        ("geth is far ahead", seen(46, 14), vec![SetHead(14), Renew]),
        ("and has finalized more", finalized(seen(16, 14), 14), vec![SetHead(14), Renew]),
        ("and less", finalized(seen(16, 14), 13), vec![Confirm, SetHead(14), Renew]),
        ("another client is ahead", reth(seen(16, 14)), vec![Confirm, Renew]),
        ("geth is behind", seen(10, 16), vec![Replay(11..=16), Renew]),
        ("another client is behind", reth(seen(10, 16)), vec![Replay(11..=16), Renew]),
        ("they share no block", unconnected(seen(10, 16)), vec![Renew]),
        ("they agree", seen(16, 16), vec![Restart(Validator), Restart(Beacon), Renew]),
        ("no block at all", seen(0, 0), vec![Restart(Validator), Restart(Beacon), Renew]),
        (
            "they do not speak",
            offline(seen(16, 16)),
            vec![Restart(Beacon), Restart(Execution), Renew],
        ),
        ("a day later", old(seen(16, 16)), vec![Renew]),
        ("geth is silent", silent(seen(16, 16), Execution), vec![Restart(Execution), Renew]),
        ("the beacon node is silent", silent(seen(16, 16), Beacon), vec![Restart(Beacon), Renew]),
        ("the clock was set back", early(seen(2000, 2000)), vec![Renew]),
    ] {
        assert_eq!(actions(Mode::Renew, true, &seen), expected, "{what}");
        let kept: Vec<_> = expected.iter().filter(|stage| **stage != Renew).cloned().collect();
        assert_eq!(actions(Mode::Keep, true, &seen), kept, "{what}");
        let alone: Vec<_> =
            kept.iter().filter(|stage| !matches!(stage, Restart(_))).cloned().collect();
        assert_eq!(actions(Mode::Renew, false, &seen), alone, "{what}");
        assert_eq!(actions(Mode::Never, true, &seen), [], "{what}");
    }
}

#[test]
fn who_cannot_be_healed_reads_what_to_do() {
    let last = |mode, seen: &Observation| stages(mode, false, seen).pop().unwrap();
    for (mode, seen, words) in [
        (Mode::Never, seen(16, 14), "regenesis watch --heal keep"),
        (Mode::Never, seen(10, 16), "regenesis watch --heal keep"),
        (Mode::Keep, seen(16, 14), "debug_setHead with [\"0xe\"]"),
        (
            Mode::Keep,
            seen(10, 16),
            "docker compose stop, then REGENESIS_RENEW=always docker compose up -d",
        ),
        (Mode::Keep, seen(16, 16), "the validator client's log"),
        (Mode::Keep, silent(seen(16, 16), Client::Beacon), "see the log of the beacon node"),
    ] {
        let Stage::GiveUp(cure) = last(mode, &seen) else { panic!("{seen:?}") };
        assert!(cure.contains(words), "{cure}");
    }
}

#[test]
fn heads_that_differ_are_healed_within_ten_seconds() {
    let mut healer = Healer::new(settings(Mode::Keep, false), Duration::ZERO);
    let mut at = |seconds| healer.decide(Duration::from_secs(seconds), &seen(16, 14));
    assert_eq!(at(0).stage, Stage::Wait);
    assert_eq!(at(5).stage, Stage::Wait);
    let decision = at(6);
    assert_eq!(decision.stage, Stage::Confirm);
    assert!(decision.reason.contains("has block 16, but the head of the beacon node is block 14"));
    assert!(decision.reason.contains("no block for 6 s") && !decision.reason.contains('\n'));
    assert_eq!(at(13).stage, Stage::Wait, "the first action has time to take effect");
    assert_eq!(at(14).stage, Stage::SetHead(14));
}

#[test]
fn a_block_ends_it_and_the_next_fault_is_healed_again() {
    let mut healer = Healer::new(settings(Mode::Keep, false), Duration::ZERO);
    let mut at =
        |seconds, seen: &Observation| healer.decide(Duration::from_secs(seconds), seen).stage;
    at(0, &seen(16, 14));
    assert_eq!(at(6, &seen(16, 14)), Stage::Confirm);
    assert_eq!(at(8, &seen(15, 15)), Stage::Recovered(Duration::from_secs(8)));
    assert_eq!(at(10, &seen(16, 16)), Stage::Wait);
    // Killed again.
    assert_eq!(at(12, &seen(16, 15)), Stage::Wait);
    assert_eq!(at(16, &seen(16, 15)), Stage::Confirm);
}

#[test]
fn an_execution_client_that_builds_blocks_is_left_alone() {
    for period in [1, 2, 5, 20] {
        let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
        // Two blocks show that it builds.
        healer.decide(Duration::ZERO, &seen(16, 5));
        healer.decide(Duration::ZERO, &seen(17, 5));
        let mut reasons = Vec::new();
        for at in 0..300 {
            let decision = healer.decide(Duration::from_secs(at), &seen(18 + at / period, 5));
            assert_eq!(decision.stage, Stage::Wait, "{period} s, at {at}");
            reasons.push(decision.reason);
        }
        // The user learns the reason once the beacon node's head has stood still for long enough.
        assert_eq!(reasons[7..], vec![EXECUTION_BUILDS; 293], "{period} s");
        // When it stops, the heads are brought together.
        let last = seen(18 + 299 / period, 5);
        let stages: Vec<_> = (300..400)
            .map(|at| healer.decide(Duration::from_secs(at), &last).stage)
            .filter(Stage::is_action)
            .collect();
        assert!(stages.contains(&Stage::SetHead(5)), "{stages:?}");
    }
}

#[test]
fn a_last_block_before_the_stall_delays_the_first_action_only_by_the_patience() {
    let mut healer = Healer::new(settings(Mode::Keep, false), Duration::ZERO);
    let mut at =
        |seconds, seen: &Observation| healer.decide(Duration::from_secs(seconds), seen).stage;
    at(0, &seen(16, 15));
    assert_eq!(at(4, &seen(17, 15)), Stage::Wait);
    assert_eq!(at(9, &seen(17, 15)), Stage::Wait);
    assert_eq!(at(10, &seen(17, 15)), Stage::Confirm);
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    for (execution, beacon) in [(u64::MAX, 5), (5, u64::MAX), (u64::MAX, u64::MAX)] {
        let mut seen = seen(16, 5);
        seen.execution.as_mut().unwrap().number = execution;
        seen.beacon.as_mut().unwrap().number = beacon;
        for relation in [Relation::Head, Relation::Ahead, Relation::Missing(beacon..=beacon)] {
            seen.relation = Some(relation);
            let settings = Settings { slot: u64::MAX, ..settings(Mode::Renew, true) };
            let mut healer = Healer::new(settings, Duration::ZERO);
            let stages = [0, 1000, u64::MAX - 1, u64::MAX]
                .map(|at| healer.decide(Duration::from_secs(at), &seen).stage);
            assert_eq!(stages[0], Stage::Wait);
            assert!(actions(Mode::Renew, true, &seen).ends_with(&[Stage::Renew]));
        }
    }
}

#[test]
fn before_genesis_and_on_a_clock_that_lags_nothing_happens() {
    let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
    let mut early = seen(0, 0);
    early.now = GENESIS - 500;
    for at in 0..400 {
        assert_eq!(healer.decide(Duration::from_secs(at), &early).stage, Stage::Wait);
    }
    let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
    let mut lagging = seen(16, 14);
    lagging.now = GENESIS + 16 * SLOT - 59;
    for at in 0..400 {
        let at = Duration::from_secs(at);
        assert_eq!(healer.decide(at, &lagging).stage, Stage::Wait);
    }
}

#[test]
fn a_client_that_comes_back_has_time_but_not_for_ever() {
    let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
    let (there, away) = (seen(16, 14), silent(seen(16, 14), Client::Beacon));
    let mut first = None;
    for at in 0..200 {
        // It answers for four seconds, then crashes.
        let seen = if at % 5 == 0 { &away } else { &there };
        let stage = healer.decide(Duration::from_secs(at), seen).stage;
        if stage.is_action() {
            first.get_or_insert(at);
        }
    }
    assert!(matches!(first, Some(15..40)), "{first:?}");
}

mod random;
mod supervised;
