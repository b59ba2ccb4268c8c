//! Properties of every sequence of events.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::super::*;
use super::{GENESIS, SLOT, seen, settings, silent};

/// An event within a second.
#[derive(Debug, Clone)]
enum Event {
    Nothing,
    Block,
    ExecutionLoses(u64),
    BeaconLoses(u64),
    Silent(bool, bool),
    Clock(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => Just(Event::Nothing),
        2 => Just(Event::Block),
        1 => (1..8_u64).prop_map(Event::ExecutionLoses),
        1 => (1..8_u64).prop_map(Event::BeaconLoses),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(el, cl)| Event::Silent(el, cl)),
        1 => (-100_000..100_000_i64).prop_map(Event::Clock),
    ]
}

proptest! {
    /// In every sequence: no stage twice without a block in between, and none while the chain builds.
    #[test]
    fn no_stage_is_repeated_without_a_block(
        events in prop::collection::vec(event(), 1..600),
        supervised: bool,
    ) {
        let mut healer = Healer::new(settings(Mode::Renew, supervised), Duration::ZERO);
        let (mut slot, mut execution, mut beacon, mut highest) = (50_u64, 50_u64, 50_u64, 50_u64);
        let (mut el_silent, mut cl_silent) = (false, false);
        let mut now = GENESIS + 100;
        let mut last_block = 0;
        let mut tried = BTreeMap::new();
        for (at, event) in (0..).zip(events) {
            now += 1;
            match event {
                Event::Nothing => {}
                Event::Block => {
                    slot += 1;
                    (execution, beacon) = (slot, slot);
                }
                Event::ExecutionLoses(blocks) => execution = execution.saturating_sub(blocks),
                Event::BeaconLoses(blocks) => beacon = beacon.saturating_sub(blocks),
                Event::Silent(el, cl) => (el_silent, cl_silent) = (el, cl),
                Event::Clock(by) => now = now.saturating_add_signed(by),
            }
            let mut seen = Observation { now, ..seen(execution, beacon) };
            if el_silent {
                seen = silent(seen, Client::Execution);
            }
            if cl_silent {
                seen = silent(seen, Client::Beacon);
            }
            if !cl_silent && beacon > highest {
                highest = beacon;
                last_block = at;
                tried.clear();
            }
            let decision = healer.decide(Duration::from_secs(at), &seen);
            prop_assert!(!decision.reason.is_empty() && !decision.reason.contains('\n'));
            if decision.stage.is_action() {
                prop_assert!(at - last_block >= healer::PATIENCE.start().as_secs(), "{decision:?}");
                // The number in a stage may change; its kind must not repeat.
                let kind = match decision.stage {
                    Stage::SetHead(_) => Stage::SetHead(0),
                    Stage::Replay(_) => Stage::Replay(0..=0),
                    stage => stage,
                };
                let kind = format!("{kind:?}");
                prop_assert_eq!(tried.insert(kind, at), None);
            }
        }
    }

    /// A chain that builds, however unevenly, is left alone; the execution client may be seen with a block
    /// that the beacon node did not have a moment before.
    #[test]
    fn a_living_chain_is_never_touched(
        gaps in prop::collection::vec(1..=15_u64, 1..100),
        slot_seconds in 1..=12_u64,
        leads in prop::collection::vec(any::<bool>(), 100),
    ) {
        let settings = Settings { slot: slot_seconds, ..settings(Mode::Renew, true) };
        let mut healer = Healer::new(settings, Duration::ZERO);
        let (mut at, mut slot) = (0, 1);
        for (gap, lead) in gaps.into_iter().zip(leads) {
            let seconds = gap * slot_seconds;
            for second in 0..seconds {
                let execution = slot + u64::from(lead && second == seconds - 1);
                let seen = seen(execution, slot);
                let now = GENESIS + execution * SLOT;
                let decision =
                    healer.decide(Duration::from_secs(at), &Observation { now, ..seen });
                prop_assert_eq!(decision.stage, Stage::Wait);
                at += 1;
            }
            slot += gap;
        }
    }

    /// In every sequence of geneses that may fail to build: no renewal without a block in
    /// between, and none while a client is stopped.
    #[test]
    fn no_renewal_follows_another_without_a_block(
        events in prop::collection::vec((event(), 0..40_u8), 1..900),
    ) {
        let mut healer = Healer::new(settings(Mode::Renew, true), Duration::ZERO);
        let (mut execution, mut beacon, mut now) = (50_u64, 50_u64, GENESIS + 100);
        let (mut state, mut renewed) = (State::Running, false);
        for (at, (event, roll)) in (0..).zip(events) {
            now += 1;
            match event {
                Event::Block => {
                    execution = execution.max(beacon) + 1;
                    beacon = execution;
                    renewed = false;
                }
                Event::ExecutionLoses(blocks) => execution = execution.saturating_sub(blocks),
                Event::BeaconLoses(blocks) => beacon = beacon.saturating_sub(blocks),
                Event::Clock(by) => now = now.saturating_add_signed(by),
                Event::Nothing | Event::Silent(..) => {}
            }
            state = match roll {
                0 => State::Stopped,
                1 => State::Waiting,
                2 => State::Failing,
                3 => State::Running,
                _ => state,
            };
            let clients = vec![("data/el".to_owned(), state)];
            let seen = Observation { now, clients, ..seen(execution, beacon) };
            let decision = healer.decide(Duration::from_secs(at), &seen);
            if decision.stage == Stage::Renew {
                prop_assert!(!renewed && state != State::Stopped, "{decision:?}");
                renewed = true;
                (execution, beacon) = (0, 0);
                let settings = settings(Mode::Renew, true);
                // The new genesis is at the time of the clock.
                let settings = Settings { renewal: Renewal::Led, genesis_time: now, ..settings };
                healer = Healer::new(settings, Duration::from_secs(at));
            }
        }
    }
}
