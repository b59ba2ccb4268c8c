//! Whether a chain builds again after a failure in a log.

use super::{Beacon, Execution, Expected, beacon, execution};

/// A head is new for this many slots: a rule of [`super::known`] needs about as many failures in a row.
const NEW_SLOTS: u64 = 2;

/// Whether both clients are healthy and have a new block. A failure that a later line can end is over
/// then, even if no log has that line.
pub fn has_new_blocks(expected: &Expected, el: &Execution, cl: &Beacon, now: u64) -> bool {
    let limit = NEW_SLOTS.saturating_mul(expected.slot);
    let is_new = |time: u64| now.saturating_sub(time) <= limit;
    let head_time = expected.genesis_time + cl.head_slot.saturating_mul(expected.slot);
    execution(expected, el, now).is_ok()
        && beacon(expected, cl, now).is_ok()
        && el.number > expected.first
        && cl.head_slot > 0
        && is_new(el.timestamp)
        && is_new(head_time)
}
