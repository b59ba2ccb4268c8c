//! What happens to a stack, and how its chain goes on.

use std::time::{Duration, SystemTime};

use crate::compose::{Clients, SOON, Stack};

/// How a chain goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// With the same genesis.
    Same,
    /// With a new one.
    New,
    /// With either, by who was first: `init`, or a client.
    Either,
    /// The user is told to `docker compose stop`, then `up -d`, which makes a new one.
    Told,
}

/// How it went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether with the genesis that was there before.
    pub same: bool,
    /// Whether the user had to do something.
    pub told: bool,
    /// Seconds until three blocks more.
    pub seconds: u64,
}

pub struct Event {
    pub name: &'static str,
    pub happens: fn(&Stack),
    pub promise: Promise,
    /// Whether it is tried in every stack: with Lodestar it takes long.
    pub always: bool,
}

const CLIENTS: [&str; 3] = ["el", "cl", "vc"];
const CURE: &str = "docker compose stop, then";

fn up(stack: &Stack) {
    stack.compose(&["up", "-d"]);
}

fn event(name: &'static str, promise: Promise, happens: fn(&Stack)) -> Event {
    Event { name, happens, promise, always: false }
}

/// Every event; the stack runs before it.
pub fn all() -> Vec<Event> {
    let mut events = commands();
    events.extend(kills());
    events.extend(what_is_left());
    events
}

/// What users type.
fn commands() -> Vec<Event> {
    use Promise::{Either, New, Same};
    vec![
        Event { always: true, ..event("`up -d` while it runs", Same, up) },
        Event {
            always: true,
            ..event("`stop`, `start`", New, |stack| {
                stack.compose(&["stop"]);
                stack.compose(&["start"]);
            })
        },
        event("`stop`, `up -d`", New, |stack| {
            stack.compose(&["stop"]);
            up(stack);
        }),
        Event {
            always: true,
            ..event("`restart`", Either, |stack| {
                stack.compose(&["restart"]);
            })
        },
        Event {
            always: true,
            ..event("`restart el`", Same, |stack| {
                stack.compose(&["restart", "el"]);
            })
        },
        Event {
            always: true,
            ..event("`restart cl`", Same, |stack| {
                stack.compose(&["restart", "cl"]);
            })
        },
        event("`restart vc`", Same, |stack| {
            stack.compose(&["restart", "vc"]);
        }),
        event("`down`, `up -d`", New, |stack| {
            stack.compose(&["down"]);
            up(stack);
        }),
        event("`down -v`, `up -d`", New, |stack| {
            stack.compose(&["down", "-v"]);
            up(stack);
        }),
        event("`up -d --force-recreate`", Either, |stack| {
            stack.compose(&["up", "-d", "--force-recreate"]);
        }),
        event("`up -d --force-recreate el`", Same, |stack| {
            stack.compose(&["up", "-d", "--force-recreate", "el"]);
        }),
        Event {
            always: true,
            ..event("all are frozen for 20 s", Same, |stack| {
                stack.compose(&["pause", "el", "cl", "vc"]);
                std::thread::sleep(Duration::from_secs(20));
                stack.compose(&["unpause", "el", "cl", "vc"]);
            })
        },
    ]
}

/// Processes that end without being asked.
fn kills() -> Vec<Event> {
    use Promise::{New, Same};
    vec![
        Event {
            always: true,
            ..event("`kill -9` of geth, `up -d`", Same, |stack| {
                stack.kill(&["el"]);
                up(stack);
            })
        },
        Event {
            always: true,
            ..event("`kill -9` of the beacon node, `up -d`", Same, |stack| {
                stack.kill(&["cl"]);
                up(stack);
            })
        },
        event("`kill -9` of the validator client, `up -d`", Same, |stack| {
            stack.kill(&["vc"]);
            up(stack);
        }),
        Event {
            always: true,
            ..event("`kill -9` of all, `up -d`", New, |stack| {
                stack.kill(&CLIENTS);
                up(stack);
            })
        },
        event("geth crashes", Same, |stack| {
            // From within, and so restarted by its policy.
            let process = stack.to_containers(&["inspect", "--format", "{{.State.Pid}}"], &["el"]);
            let kill = std::process::Command::new("kill").args(["-9", process.trim()]).status();
            assert!(kill.unwrap().success());
        }),
    ]
}

/// What a former life left behind.
fn what_is_left() -> Vec<Event> {
    use Promise::{New, Told};
    vec![
        event("the runtime volume is lost, the data are not, `up -d`", New, |stack| {
            stack.compose(&["down"]);
            stack.docker(&["volume", "rm", &stack.volume("runtime")]);
            up(stack);
        }),
        event("`init` was killed half-way, `up -d`", New, |stack| {
            stack.compose(&["stop"]);
            stack.shell("rm /runtime/regenesis.json; mkdir -p /runtime/.regenesis/new/jwt");
            up(stack);
        }),
        event("eight `init` at once, `up -d`", New, |stack| {
            stack.compose(&["stop"]);
            let volume = format!("{}:/runtime", stack.volume("runtime"));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| stack.docker(&["run", "--rm", "-v", &volume, "regenesis:e2e"]));
                }
            });
            up(stack);
        }),
        event("all is off for a day, and Docker starts the clients", Told, |stack| {
            stack.compose(&["stop"]);
            stack.shell("find /el -exec touch -h -d '1 day ago' {} +");
            stack.to_containers(&["start"], &CLIENTS);
        }),
    ]
}

impl Event {
    /// Lets it happen to a stack that lives, and sees how the chain goes on.
    ///
    /// The error says what was otherwise than promised.
    pub fn prove(&self, stack: &Stack, clients: Clients) -> Result<Outcome, String> {
        let before = stack.genesis();
        let begin = SystemTime::now();
        (self.happens)(stack);
        // A busy machine is slow for Lodestar, or too slow: then its user tries again.
        let (limit, patience) = match clients {
            Clients::Lodestar => (SOON + Duration::from_secs(10), 3),
            _ => (SOON, 1),
        };
        let mut lived = stack.lives(limit);
        let mut told = false;
        for _ in 0..patience {
            // Who has the init image alone is told by docs/embed.md.
            let embedded = clients == Clients::Embedded;
            if lived.is_some() || !(embedded || is_told(stack, begin)) {
                break;
            }
            told = true;
            stack.compose(&[if embedded { "down" } else { "stop" }]);
            up(stack);
            lived = stack.lives(limit);
        }
        let Some(lived) = lived else { return Err(format!("dead\n{}", stack.last_words())) };
        let same = stack.genesis() == before;
        let outcome = Outcome { same, told, seconds: lived.as_secs() + 1 };
        if clients == Clients::Embedded {
            return Ok(outcome);
        }
        stack.genesis_is_ours();
        let kept = match self.promise {
            // It cannot go on from its own data.
            _ if clients == Clients::Lodestar => true,
            Promise::Same => same && !told,
            Promise::New => !same && !told,
            Promise::Either => !told,
            Promise::Told => !same && told,
        };
        if kept { Ok(outcome) } else { Err(format!("{outcome:?} instead of {:?}", self.promise)) }
    }
}

/// Whether the user is told what to do, by the log of a client or by `regenesis health`.
pub fn is_told(stack: &Stack, since: SystemTime) -> bool {
    if CLIENTS.iter().any(|service| stack.said(service, since).contains(CURE)) {
        return true;
    }
    let health = ["/runtime/bin/regenesis", "health", "--explain", "--cl", "http://cl:5052"];
    let arguments = ["exec", "-T", "el"];
    // A chain stands still when it did so for half a minute.
    (0..10).any(|_| {
        let output = stack.tries(&[&arguments[..], &health[..]].concat());
        let told = String::from_utf8_lossy(&output.stderr).contains(CURE);
        if !told {
            std::thread::sleep(Duration::from_secs(2));
        }
        told
    })
}
