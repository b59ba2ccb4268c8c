//! Explains a stalled chain, and what the user can do.

use std::ops::RangeInclusive;

use super::healer::{is_too_old, with_state};
use super::{Beacon, Client, Execution, Mode, Observation, Relation, Renewal, Settings, State};
use crate::health::renew;

/// The silent client; the execution client first, because the beacon node depends on it.
pub(super) fn silent(seen: &Observation) -> Option<Client> {
    if seen.execution.is_none() {
        return Some(Client::Execution);
    }
    seen.beacon.is_none().then_some(Client::Beacon)
}

/// The cause of a stalled chain, as far as it shows.
pub(super) fn diagnosis(seen: &Observation) -> String {
    if let Some(name) = with_state(seen, &[State::Waiting]) {
        return format!("the data in {name} is too old for its client to resume");
    }
    if let Some(name) = with_state(seen, &[State::Failing]) {
        return format!("the client of {name} ends soon after each start");
    }
    let (execution, beacon) = match (&seen.execution, &seen.beacon) {
        (None, None) => return "neither client answers".to_owned(),
        (None, Some(_)) => return "the execution client does not answer".to_owned(),
        (Some(_), None) => return "the beacon node does not answer".to_owned(),
        (Some(execution), Some(beacon)) => (execution, beacon),
    };
    match &seen.relation {
        Some(Relation::Ahead) => ahead(execution, beacon),
        Some(Relation::Missing(blocks)) => format!(
            "the execution client lacks {} of the beacon node: it was killed before it saved them, or its \
             data was replaced",
            numbers(blocks)
        ),
        Some(Relation::Unconnected) => format!(
            "the execution client lacks block {}, the beacon node's head, and the beacon node lacks the \
             blocks before it",
            beacon.number
        ),
        Some(Relation::Head) | None if beacon.el_offline => {
            "the beacon node cannot reach the execution client".to_owned()
        }
        Some(Relation::Head) | None if is_too_old(seen) => {
            let age = seen.now.saturating_sub(execution.timestamp);
            format!("the last block, {}, is {age} s old: no client catches up", execution.number)
        }
        Some(Relation::Head) | None => {
            format!("both clients have block {}, and no block follows", beacon.number)
        }
    }
}

/// A range of block numbers, in words.
fn numbers(blocks: &RangeInclusive<u64>) -> String {
    match (blocks.start(), blocks.end()) {
        (first, last) if first == last => format!("block {first}"),
        (first, last) => format!("blocks {first} to {last}"),
    }
}

fn ahead(execution: &Execution, beacon: &Beacon) -> String {
    format!(
        "the execution client has block {}, but the head of the beacon node is block {}: it \
         restarted with an older head, and the execution client does not build on that",
        execution.number, beacon.number
    )
}

/// The remedy. Its last part, a new genesis, ends the chain.
pub(super) fn cure(seen: &Observation, settings: &Settings) -> String {
    const RENEW: &str = concat!("for a new genesis: ", renew!());
    let Settings { mode, supervised, starts_now, renewal, .. } = settings;
    if let Some(name) = with_state(seen, &[State::Stopped]) {
        return format!("the client of {name} does not run: docker compose up -d");
    }
    if is_too_old(seen) && *supervised && *mode != Mode::Renew {
        return format!("{RENEW}; watch --heal renew does the same");
    }
    if *mode == Mode::Renew && *supervised && !starts_now {
        return format!("this genesis has a fixed time, so that watch keeps it; {RENEW}");
    }
    if *renewal == Renewal::Led {
        return "a new genesis did not help: see the logs of all clients".to_owned();
    }
    let by_us = matches!(seen.relation, Some(Relation::Ahead | Relation::Missing(_)));
    if *mode == Mode::Never && by_us {
        return format!("regenesis watch --heal keep brings the heads together; {RENEW}");
    }
    let first = match (silent(seen), &seen.execution, &seen.beacon, &seen.relation) {
        (Some(client), ..) => {
            format!("see the log of {client}, and check that --el and --cl are right")
        }
        (None, Some(execution), Some(beacon), Some(Relation::Ahead)) if execution.is_geth() => {
            format!("debug_setHead with [\"{:#x}\"] on geth's HTTP port", beacon.number)
        }
        (.., Some(beacon), _) if beacon.el_offline => {
            "both need the same JWT secret, and clocks that agree to within 60 s".to_owned()
        }
        (.., Some(Relation::Head)) => "see the validator client's log".to_owned(),
        _ => return RENEW.to_owned(),
    };
    format!("{first}; {RENEW}")
}
