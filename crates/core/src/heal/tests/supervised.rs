//! Clients with supervisors: when a new genesis is made, and when not.

use std::time::Duration;

use super::super::*;
use super::{GENESIS, actions, seen, settings, silent, stages};

fn with(state: State, mut seen: Observation) -> Observation {
    seen.clients = vec![("data/el".to_owned(), State::Running), ("data/vc".to_owned(), state)];
    seen
}

fn last(settings: Settings, seen: &Observation) -> (Vec<Stage>, String) {
    let mut healer = Healer::new(settings, Duration::ZERO);
    let decisions = (0..600).map(|at| healer.decide(Duration::from_secs(at), seen).stage);
    let mut stages: Vec<_> = decisions.filter(|stage| *stage != Stage::Wait).collect();
    stages.dedup();
    let Some(Stage::GiveUp(cure)) = stages.pop() else { panic!("{stages:?}") };
    (stages, cure)
}

#[test]
fn data_that_is_too_old_gets_a_new_genesis_and_nothing_before() {
    let mut old = seen(16, 14);
    old.now += 86_400;
    let waits = with(State::Waiting, silent(seen(16, 16), Client::Beacon));
    for old in [&old, &waits] {
        assert_eq!(actions(Mode::Renew, true, old), [Stage::Renew]);
        let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
        let first =
            (0..60).find(|at| healer.decide(Duration::from_secs(*at), old).stage.is_action());
        assert!(matches!(first, Some(6..=12)), "{first:?}");
    }
    let kept = [Stage::Confirm, Stage::SetHead(14)];
    assert_eq!(actions(Mode::Keep, true, &old), kept);
    assert_eq!(actions(Mode::Renew, false, &old), kept);
    let (_, cure) = last(settings(Mode::Keep, true), &waits);
    assert!(cure.contains("watch --heal renew"), "{cure}");
}

#[test]
fn a_client_that_the_user_stopped_is_neither_restarted_nor_its_chain_replaced() {
    for seen in [
        silent(seen(16, 16), Client::Execution),
        silent(seen(16, 16), Client::Beacon),
        seen(16, 16),
    ] {
        let (stages, cure) = last(settings(Mode::Renew, true), &with(State::Stopped, seen));
        assert_eq!(stages, []);
        assert!(cure.contains("data/vc does not run: docker compose up -d"), "{cure}");
    }
    // Heads are brought together all the same.
    let ahead = with(State::Stopped, seen(16, 14));
    assert_eq!(actions(Mode::Renew, true, &ahead), [Stage::Confirm, Stage::SetHead(14)]);
}

#[test]
fn a_client_that_fails_at_each_start_gets_a_new_genesis() {
    let failing = with(State::Failing, silent(seen(16, 16), Client::Execution));
    assert_eq!(actions(Mode::Renew, true, &failing), [Stage::Renew]);
    // Soon: it has failed several times already.
    let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
    let first =
        (0..60).find(|at| healer.decide(Duration::from_secs(*at), &failing).stage.is_action());
    assert!(matches!(first, Some(6..=12)), "{first:?}");
    // Later, if its chain has just built a block: it was killed, and may start again.
    let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
    for (at, head) in [(0, 15), (1, 16)] {
        healer.decide(Duration::from_secs(at), &with(State::Running, seen(head, head)));
    }
    let first =
        (2..90).find(|at| healer.decide(Duration::from_secs(*at), &failing).stage.is_action());
    assert!(matches!(first, Some(30..=40)), "{first:?}");
    // It is the only one: the others answer.
    let other = with(State::Failing, seen(16, 16));
    assert_eq!(actions(Mode::Renew, true, &other)[0], Stage::Restart(Client::Validator));
}

#[test]
fn a_client_whose_data_is_being_prepared_has_time() {
    let starting = with(State::Starting, silent(seen(0, 0), Client::Execution));
    assert_eq!(stages(Mode::Renew, true, &starting), []);
}

#[test]
fn a_genesis_with_a_fixed_time_is_kept() {
    let settings = Settings { starts_now: false, ..settings(Mode::Renew, true) };
    let mut old = seen(0, 0);
    old.now += 86_400;
    let (stages, cure) = last(settings, &old);
    assert_eq!(stages, []);
    assert!(cure.contains("fixed time"), "{cure}");
}

#[test]
fn a_second_renewal_needs_a_block_of_the_first() {
    let led = || Settings { renewal: Renewal::Led, ..settings(Mode::Renew, true) };
    let mut dead = seen(0, 0);
    dead.now = GENESIS + 100;
    let (stages, cure) = last(led(), &dead);
    assert_eq!(stages, [Stage::Restart(Client::Validator), Stage::Restart(Client::Beacon)]);
    assert!(cure.contains("a new genesis did not help"), "{cure}");
    // The chain has built since.
    assert_eq!(last(led(), &seen(16, 16)).0.last(), Some(&Stage::Renew));
    // A renewal that failed is not tried again, whatever was built before it.
    let failed = Settings { renewal: Renewal::Failed, ..settings(Mode::Renew, true) };
    assert!(!last(failed.clone(), &seen(16, 16)).0.contains(&Stage::Renew));
    let mut healer = Healer::new(failed, Duration::ZERO);
    healer.decide(Duration::ZERO, &seen(16, 16));
    healer.decide(Duration::from_secs(2), &seen(17, 17));
    let mut later = (3..600).map(|at| healer.decide(Duration::from_secs(at), &seen(17, 17)).stage);
    assert!(later.any(|stage| stage == Stage::Renew));
}
