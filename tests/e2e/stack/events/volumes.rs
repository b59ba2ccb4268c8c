//! Volumes that were restored from a copy, or lost a part.

use std::time::Duration;

use super::Promise::{Either, Same};
use super::{ALL, Event, Reach, event};
use crate::stack::compose::Stack;

/// The age of the copy.
const OLDER: Duration = Duration::from_secs(30);

pub fn events() -> Vec<Event> {
    let events = [
        event("geth's volume is restored from a copy of 30 s before", Same, |stack| {
            restore(stack, "el");
        }),
        event("the beacon node's volume is restored from a copy of 30 s before", Same, |stack| {
            restore(stack, "cl");
        }),
        event("every second file of geth's volume is lost", Either, |stack| halve(stack, "el")),
        event("every second file of the beacon node's volume is lost", Either, |stack| {
            halve(stack, "cl");
        }),
    ];
    events.map(|event| Event { reach: Reach::Newer, ..event }).into()
}

/// Everything in the volume, as `tar` or a backup program restores it; then Docker starts the containers.
fn restore(stack: &Stack, volume: &str) {
    stack.freeze(&ALL);
    stack.shell(&format!("rm -rf /copy/*; cp -a /{volume}/. /copy"));
    stack.thaw(&ALL);
    std::thread::sleep(OLDER);
    stack.compose(&["stop"]);
    stack.shell(&format!("find /{volume} -mindepth 1 -delete; cp -a /copy/. /{volume}"));
    stack.to_containers(&["start"], &ALL);
}

fn halve(stack: &Stack, volume: &str) {
    stack.compose(&["stop"]);
    stack.shell(&format!("find /{volume} -type f | sort | sed -n 'n;p' | xargs -r rm"));
    stack.to_containers(&["start"], &ALL);
}
