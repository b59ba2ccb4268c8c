//! Events of the machine: its clock and its disk.

use std::time::Duration;

use super::Promise::{Either, New, Same};
use super::{ALL, Event, Reach, event};

const HOUR: i64 = 3600;

/// Each changes the clock of its stack, which nothing sets back.
pub fn clock() -> Vec<Event> {
    let events = [
        // A client that catches up keeps its chain.
        event("the machine sleeps for 8 hours", Either, |stack| {
            stack.freeze(&ALL);
            stack.rig().set_clock(8 * HOUR);
            stack.thaw(&ALL);
        }),
        event(
            "everything is off for half a day, then Docker starts the containers",
            New,
            |stack| {
                stack.compose(&["stop"]);
                stack.rig().set_clock(12 * HOUR);
                stack.to_containers(&["start"], &ALL);
            },
        ),
        event("the clock is set back by an hour", New, |stack| stack.rig().set_clock(-HOUR)),
    ];
    events.map(|event| Event { reach: Reach::All, ..event }).into()
}

pub fn disk() -> Vec<Event> {
    let full = event("the disk is full for 20 s", Same, |stack| {
        stack.rig().fill_disk();
        std::thread::sleep(Duration::from_secs(20));
        stack.rig().free_disk();
    });
    vec![Event { reach: Reach::Shipped, ..full }]
}
