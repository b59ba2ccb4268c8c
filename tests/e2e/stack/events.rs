//! Events in a stack, and how its chain continues.

mod commands;
mod leftovers;
mod machine;
mod stops;
mod volumes;

use std::fmt;
use std::time::{Duration, SystemTime};

use super::compose::{LIMIT, SOON, Stack};
use super::plan::{Clients, Plan, Version};
use super::rig;

/// The expected outcome of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// With the same genesis.
    Same,
    /// With a new one.
    New,
    /// With either: it depends on whether `init` or a client starts first.
    Either,
}

/// The observed outcome of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the chain continued with the same genesis.
    pub same: bool,
    /// What the user had to do.
    cure: &'static str,
    /// Seconds until three blocks more.
    seconds: u64,
}

/// How the outcome differs from the promise.
#[derive(Debug)]
pub enum Difference {
    /// Late, or with another genesis: a busy machine can be the reason.
    Other(String),
    /// Not at all.
    Dead(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(text) => f.write_str(text),
            Self::Dead(logs) => write!(f, "dead\n{logs}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let genesis = if self.same { "same" } else { "new" };
        write!(f, "{}{genesis} genesis, {} s", self.cure, self.seconds)
    }
}

#[derive(Clone, Copy)]
pub struct Event {
    pub name: &'static str,
    /// Waits for the state of the chain in which it happens.
    before: fn(&Stack),
    pub happens: fn(&Stack),
    promise: Promise,
    pub reach: Reach,
}

/// The stacks that try an event: each takes half a minute or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    All,
    /// Those whose beacon node resumes from its own data.
    Resuming,
    /// Those with the volumes of the shipped stack.
    Shipped,
    /// Those with the volumes of the shipped stack, and the suite's client.
    Suites,
    /// Of these, those with Docker Compose v2: the event is not one of its commands.
    Newer,
}

impl Reach {
    pub fn has(self, plan: &Plan<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Resuming => plan.clients != Clients::Lodestar,
            Self::Shipped => plan.clients != Clients::Embedded,
            Self::Suites => plan.clients.is_suites(),
            Self::Newer => plan.clients.is_suites() && plan.version == Version::V2,
        }
    }
}

/// Events that one stack goes through, one after the other.
#[derive(Clone)]
pub struct Group {
    pub rig: rig::Kind,
    pub events: Vec<Event>,
}

const CLIENTS: [&str; 3] = ["el", "cl", "vc"];
/// The containers that run.
const ALL: [&str; 4] = ["el", "cl", "vc", "watch"];
const CURE: &str = "docker compose stop, then";

fn up(stack: &Stack) {
    stack.compose(&["up", "-d"]);
}

/// `kill -9` of containers, and a start that runs nothing but them, as Docker does after a crash.
fn hard_stop(stack: &Stack, services: &[&str]) {
    stack.kill(services);
    stack.to_containers(&["start"], services);
}

fn event(name: &'static str, promise: Promise, happens: fn(&Stack)) -> Event {
    Event { name, before: |_| (), happens, promise, reach: Reach::Suites }
}

/// All events; the stack runs before each.
pub fn groups() -> Vec<Group> {
    let plain = |events| Group { rig: rig::Kind::Plain, events };
    let mut groups = vec![
        plain(commands::events()),
        plain(stops::events()),
        plain(stops::after_finality()),
        plain(leftovers::events()),
        plain(commands::with_stale()),
        plain(volumes::events()),
    ];
    // Clocks and disks of their own: files are as old as the machine says, whatever the clock of the stack.
    let alone = |event| (rig::Kind::Clock, vec![event]);
    let machine = machine::clock().into_iter().map(alone);
    let machine = machine.chain([(rig::Kind::Disk, machine::disk())]);
    groups.extend(machine.map(|(rig, events)| Group { rig, events }));
    groups
}

/// Those that may follow each other in any order.
pub fn of_sequences() -> Vec<Event> {
    [commands::events(), stops::events(), leftovers::events()].concat()
}

impl Event {
    /// Applies the event to a running stack, and observes how the chain continues.
    ///
    pub fn prove(&self, stack: &Stack, clients: Clients) -> Result<Outcome, Difference> {
        (self.before)(stack);
        let before = stack.genesis();
        let begin = SystemTime::now();
        (self.happens)(stack);
        // A busy machine is slow for Lodestar, or too slow: then its user tries again.
        let (limit, cures) = match clients {
            Clients::Lodestar => (SOON + Duration::from_secs(10), 3),
            Clients::Embedded => (SOON, 1),
            _ => (SOON, 0),
        };
        let mut lived = stack.lives(limit);
        let mut cure = "";
        for _ in 0..cures {
            // Users of the image alone restart as docs/embed.md describes.
            let embedded = clients == Clients::Embedded;
            if lived.is_some() || !(embedded || asks_for_a_restart(stack, begin)) {
                break;
            }
            cure = if embedded { "`down`, `up -d`; " } else { "reported; " };
            stack.compose(&[if embedded { "down" } else { "stop" }]);
            up(stack);
            lived = stack.lives(limit);
        }
        let Some(lived) = lived else {
            let logs = stack.last_words();
            let late = stack.lives(LIMIT).ok_or_else(|| Difference::Dead(logs.clone()))?;
            let seconds = (limit + late).as_secs();
            return Err(Difference::Other(format!("alive only after {seconds} s\n{logs}")));
        };
        let same = stack.genesis() == before;
        let outcome = Outcome { same, cure, seconds: lived.as_secs() + 1 };
        if clients == Clients::Embedded {
            return Ok(outcome);
        }
        stack.genesis_is_ours();
        let kept = match self.promise {
            // Lodestar cannot resume from its own data.
            _ if clients == Clients::Lodestar => true,
            Promise::Same => same,
            Promise::New => !same,
            Promise::Either => true,
        };
        if kept {
            Ok(outcome)
        } else {
            let logs = stack.last_words();
            Err(Difference::Other(format!("{outcome} instead of {:?}\n{logs}", self.promise)))
        }
    }
}

/// Whether the log of a client or `regenesis health` asks the user to restart the stack.
fn asks_for_a_restart(stack: &Stack, since: SystemTime) -> bool {
    if CLIENTS.iter().any(|service| stack.said(service, since).contains(CURE)) {
        return true;
    }
    let health = ["/runtime/bin/regenesis", "health", "--explain", "--cl", "http://cl:5052"];
    let arguments = ["exec", "-T", "el"];
    // A chain counts as stalled after half a minute.
    (0..10).any(|_| {
        let output = stack.tries(&[&arguments[..], &health[..]].concat());
        let asks = String::from_utf8_lossy(&output.stderr).contains(CURE);
        if !asks {
            std::thread::sleep(Duration::from_secs(2));
        }
        asks
    })
}
