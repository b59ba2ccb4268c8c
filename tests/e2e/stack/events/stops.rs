//! Containers that end without being asked.

use super::Promise::{New, Same};
use super::{ALL, CLIENTS, Event, Reach, event, hard_stop, up};
use crate::stack::compose::Stack;

pub fn events() -> Vec<Event> {
    vec![
        // The first of them: the chain is young.
        Event {
            reach: Reach::All,
            ..event(
                "power cut: `kill -9` of all, started without `init`, before finality",
                Same,
                all,
            )
        },
        Event {
            reach: Reach::All,
            ..event("`kill -9` of geth, `up -d`", Same, |stack| {
                stack.kill(&["el"]);
                up(stack);
            })
        },
        Event {
            reach: Reach::All,
            ..event("`kill -9` of the beacon node, `up -d`", Same, |stack| {
                stack.kill(&["cl"]);
                up(stack);
            })
        },
        event("`kill -9` of the validator client, `up -d`", Same, |stack| {
            stack.kill(&["vc"]);
            up(stack);
        }),
        event(
            "`kill -9` of geth and the beacon node, started without `init`; the validator client lives",
            Same,
            |stack| hard_stop(stack, &["el", "cl"]),
        ),
        event("geth crashes", Same, |stack| {
            // From within, and so restarted by its policy.
            let process = stack.to_containers(&["inspect", "--format", "{{.State.Pid}}"], &["el"]);
            // 0: it is starting again. It may also have ended since.
            if process.trim() != "0" {
                let _ = std::process::Command::new("kill").args(["-9", process.trim()]).status();
            }
        }),
        Event {
            reach: Reach::All,
            ..event("`kill -9` of all clients, `up -d`", New, |stack| {
                stack.kill(&CLIENTS);
                up(stack);
            })
        },
    ]
}

pub fn after_finality() -> Vec<Event> {
    let after =
        |event| Event { before: Stack::waits_for_finality, reach: Reach::Resuming, ..event };
    vec![
        after(event(
            "power cut: `kill -9` of all, started without `init`, after finality",
            Same,
            all,
        )),
        after(event(
            "`kill -9` of the beacon node, started without `init`, after finality",
            Same,
            |stack| hard_stop(stack, &["cl"]),
        )),
    ]
}

fn all(stack: &Stack) {
    hard_stop(stack, &ALL);
}
