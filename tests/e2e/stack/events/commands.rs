//! Commands that users run.

use std::time::Duration;

use super::Promise::{Either, New, Same};
use super::{ALL, Event, Reach, event, up};

pub fn events() -> Vec<Event> {
    vec![
        Event { reach: Reach::All, ..event("`up -d` while it runs", Same, up) },
        Event {
            reach: Reach::All,
            ..event("`stop`, `start`", New, |stack| {
                stack.compose(&["stop"]);
                stack.compose(&["start"]);
            })
        },
        event("`stop`, `up -d`", New, |stack| {
            stack.compose(&["stop"]);
            up(stack);
        }),
        event("`stop`, `up -d` with `REGENESIS_RENEW=stale`", Same, |stack| {
            stack.compose(&["stop"]);
            stack.up_with("REGENESIS_RENEW", "stale");
        }),
        Event {
            reach: Reach::All,
            ..event("`restart`", Either, |stack| {
                stack.compose(&["restart"]);
            })
        },
        Event {
            reach: Reach::All,
            ..event("`restart el`", Same, |stack| {
                stack.compose(&["restart", "el"]);
            })
        },
        Event {
            reach: Reach::All,
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
            reach: Reach::All,
            ..event("all containers are frozen for 20 s", Same, |stack| {
                stack.freeze(&ALL);
                std::thread::sleep(Duration::from_secs(20));
                stack.thaw(&ALL);
            })
        },
    ]
}

/// With `REGENESIS_RENEW=stale` in `.env`, so that all commands have it.
pub fn with_stale() -> Vec<Event> {
    let stale = |name, happens| Event {
        before: |stack| stack.up_with("REGENESIS_RENEW", "stale"),
        reach: Reach::Newer,
        ..event(name, Same, happens)
    };
    vec![
        stale("`stop`, `start` with `REGENESIS_RENEW=stale`", |stack| {
            stack.compose(&["stop"]);
            stack.compose(&["start"]);
        }),
        stale("`restart` with `REGENESIS_RENEW=stale`", |stack| {
            stack.compose(&["restart"]);
        }),
        stale("`down`, `up -d` with `REGENESIS_RENEW=stale`", |stack| {
            stack.compose(&["down"]);
            stack.up_with("REGENESIS_RENEW", "stale");
        }),
    ]
}
