//! Lets every event happen to every stack.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::events::{self, Difference, Event, Group};
use super::plan::{Clients, Plan, Version, root, sample};
use super::{started, table};
use crate::nodes::history::run as run_program;
use crate::support::regenesis;

/// How many stacks run at once: they mostly wait for slots.
const WORKERS: usize = 5;

/// If more events differ at first, the cause is not the machine.
const MOST_AGAIN: usize = 12;

/// How often an event that differs is repeated: a bug differs every time, a busy machine does not.
const REPEATS: usize = 3;

/// The stacks of the table, without Lodestar, which needs the machine for itself.
pub fn plans() -> Vec<Plan<'static>> {
    let version = |clients| [Version::V1, Version::V2].map(|v| Plan { clients, ..sample(v) });
    let mut plans = [Clients::Lagging, Clients::Finalized].map(version).concat();
    plans.push(Plan { clients: Clients::Embedded, ..sample(Version::V2) });
    plans
}

/// The events that a stack with a baked database tries: `init` copies the database for another genesis, or
/// geth opens it again. Elsewhere, `init` computes the database.
const BAKED: [&str; 8] = [
    "`stop`, `start`",
    "`restart el`",
    "`down`, `up -d`",
    "`down -v`, `up -d`",
    "power cut: `kill -9` of all, started without `init`, before finality",
    "`kill -9` of geth, `up -d`",
    "the runtime volume is lost, client data is not, `up -d`",
    "`init` was killed halfway, `up -d`",
];

/// The sample in `directory`, with geth's database in its bake.
pub fn baked(directory: &Path) -> PathBuf {
    let snapshot = directory.join("baked");
    let copied = Command::new("cp").arg("-r").arg(root().join("sample")).arg(&snapshot).status();
    assert!(copied.unwrap().success());
    run_program(regenesis().arg("bake").arg(&snapshot).args(["--geth-datadir", "yes"]));
    snapshot
}

/// A group of events for a column of the table.
struct Task<'a> {
    title: String,
    plan: Plan<'a>,
    group: Group,
}

/// Runs all groups of events on these stacks; returns what differs from its promise.
///
/// On a busy machine, `watch` takes a slow client for a dead one. So an event after which the chain is late,
/// or has another genesis than promised, is repeated with one stack alone, up to [`REPEATS`] times.
pub fn run(plans: &[Plan<'_>], workers: usize) -> Vec<String> {
    let titled = plans.iter().map(|plan| (plan.title(), *plan));
    let titled: Vec<_> = titled.filter(|(title, _)| table::has_column(title)).collect();
    // Group by group, so that the longest ones begin first.
    let groups = events::groups();
    let tasks =
        groups.iter().flat_map(|group| titled.iter().map(|column| Task::new(column, group)));
    let tasks: VecDeque<Task<'_>> = tasks.filter(|task| !task.group.events.is_empty()).collect();
    let (tasks, errors, again) = (Mutex::new(tasks), Mutex::default(), Mutex::default());
    let next = || tasks.lock().unwrap().pop_front();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(task) = next() {
                    let differ = task.run();
                    let (dead, other): (Vec<_>, Vec<_>) =
                        differ.into_iter().partition(|(_, d)| matches!(d, Difference::Dead(_)));
                    locked(&errors).extend(dead.iter().map(|(event, d)| task.error(event, d)));
                    locked(&again).extend(other.into_iter().map(|(event, _)| task.only(event)));
                }
            });
        }
    });
    // From here on, no other stack uses the processor.
    let mut errors: Vec<String> = errors.into_inner().unwrap();
    let again: Vec<Task<'_>> = again.into_inner().unwrap();
    if again.len() > MOST_AGAIN {
        errors.push(format!("{} events differ from their promises", again.len()));
    }
    for task in again {
        let mut differ = Vec::new();
        for _ in 0..REPEATS {
            println!("{}: once more, alone: {}", task.title, task.group.events[0].name);
            differ = task.run();
            // Kept its promise, or dead, which no busy machine explains.
            if differ.iter().all(|(_, d)| matches!(d, Difference::Dead(_))) {
                break;
            }
        }
        errors.extend(differ.iter().map(|(event, difference)| task.error(event, difference)));
    }
    errors
}

fn locked<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As many stacks at once as this machine bears.
pub fn run_all(plans: &[Plan<'_>]) -> Vec<String> {
    run(plans, WORKERS)
}

/// The events that this stack tries. `STACK_EVENTS` chooses those whose name contains it.
fn chosen(plan: &Plan<'_>, group: &Group) -> Vec<Event> {
    let part = table::part().unwrap_or_default();
    let is_reached = |event: &Event| {
        if plan.is_baked { BAKED.contains(&event.name) } else { event.reach.has(plan) }
    };
    let is_tried = |event: &&Event| is_reached(event) && event.name.contains(&part);
    group.events.iter().filter(is_tried).copied().collect()
}

impl<'a> Task<'a> {
    fn new((title, plan): &(String, Plan<'a>), group: &Group) -> Self {
        let group = Group { rig: group.rig, events: chosen(plan, group) };
        Self { title: title.clone(), plan: Plan { rig: group.rig, ..*plan }, group }
    }

    /// One of its events.
    fn only(&self, event: Event) -> Self {
        let group = Group { rig: self.group.rig, events: vec![event] };
        Self { title: self.title.clone(), plan: self.plan, group }
    }

    fn error(&self, event: &Event, difference: &Difference) -> String {
        format!("{}: {}: {difference}", self.title, event.name)
    }

    /// Returns the events whose outcomes differ from their promises.
    fn run(&self) -> Vec<(Event, Difference)> {
        let Self { title, plan, group } = self;
        let mut differ = Vec::new();
        let mut stack = None;
        for event in &group.events {
            // A command that fails is an outcome too: the table is of all events.
            let prove = || {
                let stack = stack.get_or_insert_with(|| started(*plan));
                let begin = SystemTime::now();
                let outcome = event.prove(stack, plan.clients)?;
                let is_copied = || stack.said("el", begin).contains("skipped geth init");
                if plan.is_baked && !outcome.same && !is_copied() {
                    return Err(Difference::Other("geth init imported the genesis".to_owned()));
                }
                Ok(outcome)
            };
            let outcome = catch_unwind(AssertUnwindSafe(prove))
                .unwrap_or_else(|_| Err(Difference::Other("a command failed".to_owned())));
            println!("{title}: {}: {outcome:?}", event.name);
            let cell = match &outcome {
                Ok(outcome) => outcome.to_string(),
                Err(error) => {
                    format!("**{}**", error.to_string().lines().next().unwrap_or_default())
                }
            };
            table::record(title, event.name, &cell);
            if let Err(difference) = outcome {
                differ.push((*event, difference));
                stack = None;
            }
            // Where nothing holds the genesis, an event may be felt in the next one.
            if plan.clients == Clients::Embedded {
                stack = None;
            }
        }
        differ
    }
}
