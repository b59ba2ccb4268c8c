//! Random sequences of events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::compose::{LIMIT, Stack};
use super::events::{self, Event};
use super::plan::{Clients, Plan, Version, sample};
use super::{alone, started};
use crate::nodes::snapshot;
use crate::support::rng::Rng;

/// `STACK_SEQUENCES` and `STACK_SEED` repeat a run; `scripts/random_events.sh` is the long one.
#[test]
fn blocks_resume_after_random_sequences_of_events() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path().join("snapshot");
    snapshot::snapshot("fulu", &snapshot);
    let number = |name: &str| std::env::var(name).ok().map(|number| number.parse().unwrap());
    let count = number("STACK_SEQUENCES").unwrap_or(12);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = number("STACK_SEED").unwrap_or(now);
    println!("{count} sequences, STACK_SEED={seed}");
    let versions = [Version::V1, Version::V2];
    let plans = [Clients::Lagging, Clients::Finalized]
        .map(|clients| versions.map(|version| Plan { clients, ..sample(version) }))
        .concat();
    let errors: Vec<String> = std::thread::scope(|scope| {
        let (snapshot, turns) = (&snapshot, plans.len() as u64);
        let runs = plans.iter().zip(0..).map(|(plan, turn)| {
            let plan = Plan { snapshot: Some(snapshot), ..*plan };
            let sequences = (turn..count).step_by(usize::try_from(turns).unwrap());
            scope.spawn(move || {
                let mut stack = None;
                sequences.filter_map(|n| run(&mut stack, plan, seed, n).err()).collect::<Vec<_>>()
            })
        });
        let runs: Vec<_> = runs.collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    println!(
        "{} of {count} sequences: the chain builds again within 30 s",
        count - errors.len() as u64
    );
    assert!(errors.is_empty(), "STACK_SEED={seed}\n{}", errors.join("\n"));
}

/// Two or three events, one soon after the other, and the chain lives again.
fn run(at: &mut Option<Stack>, plan: Plan<'_>, seed: u64, sequence: u64) -> Result<(), String> {
    let mut rng = Rng::new(seed.wrapping_add(sequence));
    let events = events::of_sequences();
    let drawn: Vec<&Event> =
        (0..2 + rng.below(2)).map(|_| &events[rng.below(events.len())]).collect();
    let pauses: Vec<Duration> =
        drawn.iter().map(|_| Duration::from_millis(rng.next() % 2000)).collect();
    let names: Vec<&str> = drawn.iter().map(|event| event.name).collect();
    let what = format!("{sequence}: {}: {}", plan.title(), names.join("; "));
    let happen = |at: &mut Option<Stack>| {
        let stack = at.get_or_insert_with(|| started(plan));
        let before = stack.genesis();
        for (event, pause) in drawn.iter().zip(&pauses) {
            std::thread::sleep(*pause);
            (event.happens)(stack);
        }
        let lives = stack.lives(LIMIT)?;
        stack.genesis_is_ours();
        let genesis = if stack.genesis() == before { "same" } else { "new" };
        Some(format!("{genesis} genesis, {:.0} s", lives.as_secs_f64()))
    };
    // A command that fails is an outcome, too: the other sequences follow. On a busy machine it may fail by
    // chance, but hardly twice.
    let mut outcome = catch_unwind(AssertUnwindSafe(|| happen(at)));
    if outcome.is_err() {
        println!("{what}: a command failed; once more, on a fresh stack");
        *at = None;
        outcome = catch_unwind(AssertUnwindSafe(|| happen(at)));
    }
    let outcome = outcome.map_err(|_| "a command failed").and_then(|o| o.ok_or("dead"));
    match outcome {
        Ok(outcome) => {
            println!("{what}: {outcome}");
            Ok(())
        }
        Err(outcome) => {
            println!("{what}: {outcome}");
            let logs = at.take().map_or_else(String::new, |stack| stack.last_words());
            let error = format!("{what}: {outcome}\n{logs}");
            println!("{error}");
            Err(error)
        }
    }
}
