//! Chooses the next stage.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::explanation::{cure, diagnosis, silent};
use super::{
    Client, Decision, Execution, Mode, Observation, Relation, Renewal, Settings, Stage, State,
};
use crate::health::renew;

/// A chain is stalled once its clients have disagreed about the head for this many slots.
const PATIENCE_SLOTS: u64 = 3;
/// The reason to wait while a chain builds.
pub const BUILDS: &str = "the chain builds blocks";
/// The reason to wait while a source of blocks that the beacon node does not see is alive.
pub const EXECUTION_BUILDS: &str = "the execution client's head grows, but the beacon node's head does not: \
                                    no action while blocks arrive";
/// The limits of that time: a one-second slot is missed now and then, and no client needs twelve seconds to
/// pass on a block.
pub(super) const PATIENCE: RangeInclusive<Duration> =
    Duration::from_secs(6)..=Duration::from_secs(12);
/// The patience while the heads agree: the chain may still continue by itself. As in `regenesis health`.
const LONG_PATIENCE_SLOTS: u64 = 16;
const LONG_PATIENCE: Duration = Duration::from_secs(30);
/// The time in which an action must lead to a block.
const EFFECT_SLOTS: u64 = 3;
const EFFECT: Duration = Duration::from_secs(8);
/// A restarted client also needs time to start.
const START: Duration = Duration::from_secs(20);
/// A client that reappears resets the wait, at most this often between two blocks.
const MOST_RETURNS: u32 = 4;
/// If the clock is further behind the head's timestamp than this, it was set back, and clients propose only
/// once it has caught up.
const MOST_DRIFT: u64 = 60;

/// After this many seconds without a block, clients no longer catch up with the clock, and a restart cannot
/// help. `regenesis run --max-idle`, and ten minutes for a client that resumes just before that.
const TOO_OLD: u64 = 1800 + 600;

/// An attempt since the last block; attempts happen in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Attempt {
    Confirm,
    SetHead,
    Replay,
    Restart(Client),
    Renew,
}

/// Watches a chain, and chooses what to do about it.
///
/// Times are durations since any fixed moment, by a monotonic clock that stops while the machine
/// sleeps, because no blocks arrive then.
#[derive(Debug)]
pub struct Healer {
    settings: Settings,
    /// The renewal before this genesis, until a block shows that it helped.
    renewal: Renewal,
    /// The highest slot of the beacon node's head; blocks after it are new.
    highest: Option<u64>,
    /// When the last block came.
    last_block: Option<Duration>,
    /// The execution client's last head, by number.
    execution: Option<u64>,
    /// How often the execution client's head has grown since the beacon node's last block, and when it
    /// last did.
    growth: (u32, Duration),
    /// The start of the current wait: the last block, or the last return of a client.
    quiet_since: Duration,
    /// When the heads first differed.
    differs_since: Option<Duration>,
    /// Which clients answered: execution client, beacon node.
    answered: (bool, bool),
    returns: u32,
    attempts: BTreeSet<Attempt>,
    last_attempt: Option<(Attempt, Duration)>,
}

impl Healer {
    /// Starts to watch at `at`.
    pub fn new(settings: Settings, at: Duration) -> Self {
        Self {
            renewal: settings.renewal,
            settings,
            highest: None,
            last_block: None,
            execution: None,
            growth: (0, at),
            quiet_since: at,
            differs_since: None,
            answered: (false, false),
            returns: 0,
            attempts: BTreeSet::new(),
            last_attempt: None,
        }
    }

    /// Chooses the stage for an observation at `at`. The caller carries out an action before the next call,
    /// whether it succeeds or not.
    pub fn decide(&mut self, at: Duration, seen: &Observation) -> Decision {
        self.notice_growth(at, seen);
        if let Some(decision) = self.notice_block(at, seen) {
            return decision;
        }
        self.notice_returns(at, seen);
        if self.renewal == Renewal::Led && self.has_block(seen) {
            self.renewal = Renewal::Untried;
        }
        let drift = seen.execution.as_ref().map_or(0, |el| el.timestamp.saturating_sub(seen.now));
        // The timestamp of an execution genesis is the genesis time.
        if seen.now < self.settings.genesis_time && !self.has_block(seen) {
            self.quiet_since = at;
            return wait(format!("genesis in {} s", self.settings.genesis_time - seen.now));
        }
        if seen.relation.is_none()
            && let Some(name) = with_state(seen, &[State::Starting])
        {
            self.quiet_since = at;
            return wait(format!("the supervisor of {name} prepares its data"));
        }
        if drift > 0 && drift <= MOST_DRIFT {
            self.quiet_since = at;
            return wait(format!("the clock is {drift} s before the timestamp of the last block"));
        }
        let quiet = at.saturating_sub(self.quiet_since.max(self.growth.1));
        let (still, patience) = self.stalled(at, seen);
        if still < patience {
            return wait(format!("no block for {} s", quiet.as_secs()));
        }
        if at.saturating_sub(self.growth.1) < self.growth_patience(patience) {
            return wait(EXECUTION_BUILDS.to_owned());
        }
        if let Some((attempt, since)) = self.last_attempt
            && at.saturating_sub(since) < self.effect(attempt)
        {
            return wait("waiting for the next block".to_owned());
        }
        let reason = format!("{} (no block for {} s)", diagnosis(seen), quiet.as_secs());
        if drift > 0 {
            return self.clock_set_back(drift, seen, at);
        }
        match self.next(seen) {
            Some((attempt, stage)) => {
                self.attempts.insert(attempt);
                self.last_attempt = Some((attempt, at));
                Decision { stage, reason }
            }
            None => Decision { stage: Stage::GiveUp(cure(seen, &self.settings)), reason },
        }
    }

    /// Notices that the execution client's head grows. A lower head may grow again: healing sets it back.
    fn notice_growth(&mut self, at: Duration, seen: &Observation) {
        let Some(Execution { number, .. }) = seen.execution else { return };
        if self.execution.replace(number).is_some_and(|before| before < number) {
            self.growth = (self.growth.0.saturating_add(1), at);
        }
    }

    /// How long to wait after the execution client's head has grown. A block may have reached it just
    /// before the beacon node was killed; more than one means that it builds by itself, at any pace.
    fn growth_patience(&self, patience: Duration) -> Duration {
        match self.growth.0 {
            0 => Duration::ZERO,
            1 => patience,
            _ => self.long_patience(),
        }
    }

    /// Notices a new highest block; returns a decision if the chain builds.
    fn notice_block(&mut self, at: Duration, seen: &Observation) -> Option<Decision> {
        let slot = seen.beacon.as_ref()?.slot;
        let Some(highest) = self.highest else {
            self.highest = Some(slot);
            return None;
        };
        if slot <= highest {
            return None;
        }
        let since = self.last_block.unwrap_or(self.quiet_since);
        self.highest = Some(slot);
        self.last_block = Some(at);
        self.quiet_since = at;
        self.growth = (0, at);
        self.returns = 0;
        self.renewal = Renewal::Untried;
        let acted = !std::mem::take(&mut self.attempts).is_empty();
        self.last_attempt = None;
        if acted {
            let still = at.saturating_sub(since);
            let reason = format!("a block in slot {slot}, after {} s without one", still.as_secs());
            return Some(Decision { stage: Stage::Recovered(still), reason });
        }
        Some(wait(BUILDS.to_owned()))
    }

    /// A client that has just come back may still build a block: the wait starts over.
    fn notice_returns(&mut self, at: Duration, seen: &Observation) {
        let answers = (seen.execution.is_some(), seen.beacon.is_some());
        let returned = (answers.0 && !self.answered.0) || (answers.1 && !self.answered.1);
        self.answered = answers;
        if returned && self.returns < MOST_RETURNS {
            self.returns += 1;
            self.quiet_since = at;
        }
    }

    fn slots(&self, slots: u64) -> Duration {
        Duration::from_secs(self.settings.slot.saturating_mul(slots))
    }

    fn long_patience(&self) -> Duration {
        self.slots(LONG_PATIENCE_SLOTS).max(LONG_PATIENCE)
    }

    fn short_patience(&self) -> Duration {
        self.slots(PATIENCE_SLOTS).clamp(*PATIENCE.start(), *PATIENCE.end())
    }

    /// How long the chain has been stalled, and how long it may be. Heads that differ for a moment are
    /// normal: a block reaches one client before the other.
    fn stalled(&mut self, at: Duration, seen: &Observation) -> (Duration, Duration) {
        let clock = seen.execution.as_ref().is_some_and(|el| el.timestamp > seen.now);
        match seen.relation {
            // No client can catch up, however long it has.
            _ if self.can_renew(seen) && (clock || is_too_old(seen)) => {
                // By the age of the last block alone, a client that resumes at the limit has more time.
                let certain = clock || with_state(seen, &[State::Waiting]).is_some();
                let least = if certain { *PATIENCE.start() } else { *PATIENCE.end() };
                let patience = self.slots(PATIENCE_SLOTS).max(least);
                (at.saturating_sub(self.quiet_since), patience)
            }
            // It has started several times in vain: its data is damaged. Not while it had part in a block a
            // moment ago: then it was killed, and Docker may need a while to start it.
            None if self.can_renew(seen) && is_failing(seen) => {
                let long = self.long_patience();
                let built = self.last_block.is_some_and(|block| at.saturating_sub(block) < long);
                let patience = if built { long } else { self.short_patience() };
                (at.saturating_sub(self.quiet_since), patience)
            }
            Some(Relation::Ahead | Relation::Missing(_) | Relation::Unconnected) => {
                let since = *self.differs_since.get_or_insert(at);
                (at.saturating_sub(since.max(self.quiet_since)), self.short_patience())
            }
            Some(Relation::Head) | None => {
                if seen.relation.is_some() {
                    self.differs_since = None;
                }
                let patience = self.long_patience();
                // On a busy machine, clients may need long for their first block.
                let patience = if self.has_block(seen) { patience } else { 2 * patience };
                (at.saturating_sub(self.quiet_since), patience)
            }
        }
    }

    /// How long to wait for a block after an attempt.
    fn effect(&self, attempt: Attempt) -> Duration {
        let effect = self.slots(EFFECT_SLOTS).max(EFFECT);
        match attempt {
            Attempt::Confirm | Attempt::SetHead | Attempt::Replay => effect,
            Attempt::Restart(_) | Attempt::Renew => effect.saturating_add(START),
        }
    }

    /// The first stage that is allowed, fits the observation, and is untried since the last block.
    fn next(&self, seen: &Observation) -> Option<(Attempt, Stage)> {
        let Settings { mode, supervised, .. } = self.settings;
        if mode == Mode::Never {
            return None;
        }
        let can_renew = self.can_renew(seen);
        let renew = (Attempt::Renew, Stage::Renew);
        let mut stages = Vec::new();
        if can_renew && is_too_old(seen) {
            return (!self.attempts.contains(&Attempt::Renew)).then_some(renew);
        }
        if let (Some(execution), Some(beacon), Some(relation)) =
            (&seen.execution, &seen.beacon, &seen.relation)
        {
            match relation {
                Relation::Ahead => {
                    if execution.rewinds_to(beacon.number) {
                        stages.push((Attempt::Confirm, Stage::Confirm));
                    }
                    if execution.is_geth() {
                        stages.push((Attempt::SetHead, Stage::SetHead(beacon.number)));
                    }
                }
                Relation::Missing(blocks) => {
                    stages.push((Attempt::Replay, Stage::Replay(blocks.clone())));
                }
                Relation::Head | Relation::Unconnected => {}
            }
        }
        if supervised && with_state(seen, &[State::Stopped]).is_none() {
            let restart = |client| (Attempt::Restart(client), Stage::Restart(client));
            stages.extend(suspects(seen).iter().copied().map(restart));
        }
        stages.extend(can_renew.then_some(renew));
        stages.into_iter().find(|(attempt, _)| !self.attempts.contains(attempt))
    }

    /// Whether a new genesis is allowed, and would help. Not while the user has stopped a client: its
    /// chain may be what the user is looking at.
    fn can_renew(&self, seen: &Observation) -> bool {
        let Settings { mode, supervised, starts_now, .. } = self.settings;
        let allowed = mode == Mode::Renew && supervised && starts_now;
        let is_first = self.renewal == Renewal::Untried;
        allowed && is_first && with_state(seen, &[State::Stopped, State::Starting]).is_none()
    }

    /// Whether the chain has a block of its own.
    fn has_block(&self, seen: &Observation) -> bool {
        let Observation { execution, beacon, .. } = seen;
        execution.as_ref().is_some_and(|el| el.number > self.settings.first)
            || beacon.as_ref().is_some_and(|beacon| beacon.slot > 0)
    }

    /// Validators never sign a slot twice: until the clock has caught up, only a new genesis has blocks.
    fn clock_set_back(&mut self, drift: u64, seen: &Observation, at: Duration) -> Decision {
        let reason = format!("the clock was set back: the last block is {drift} s in the future");
        if self.can_renew(seen) && self.attempts.insert(Attempt::Renew) {
            self.last_attempt = Some((Attempt::Renew, at));
            return Decision { stage: Stage::Renew, reason };
        }
        let cure = concat!("correct the clock; for a new genesis: ", renew!());
        Decision { stage: Stage::GiveUp(cure.to_owned()), reason }
    }
}

/// The data directory of the first client in one of these states.
pub(super) fn with_state<'a>(seen: &'a Observation, states: &[State]) -> Option<&'a str> {
    let mut clients = seen.clients.iter();
    clients.find(|(_, state)| states.contains(state)).map(|(name, _)| &**name)
}

/// Whether no client can resume: by its supervisor, or by the age of the last block.
pub(super) fn is_too_old(seen: &Observation) -> bool {
    let age = seen.execution.as_ref().map_or(0, |el| seen.now.saturating_sub(el.timestamp));
    age > TOO_OLD || with_state(seen, &[State::Waiting]).is_some()
}

/// Whether a silent client ends by itself soon after each start.
fn is_failing(seen: &Observation) -> bool {
    silent(seen).is_some() && with_state(seen, &[State::Failing]).is_some()
}

/// The clients for which a restart may help, the likeliest first.
fn suspects(seen: &Observation) -> &'static [Client] {
    use Client::{Beacon, Execution, Validator};
    // One that fails has no supervisor to restart it.
    if is_too_old(seen) || is_failing(seen) {
        return &[];
    }
    match (silent(seen), &seen.relation, &seen.beacon) {
        (Some(Execution), ..) => &[Execution],
        (Some(Beacon), ..) => &[Beacon],
        // The beacon node cannot reach the execution client, which answers us.
        (None, _, Some(beacon)) if beacon.el_offline => &[Beacon, Execution],
        (None, Some(Relation::Head), _) => &[Validator, Beacon],
        _ => &[],
    }
}

fn wait(reason: String) -> Decision {
    Decision { stage: Stage::Wait, reason }
}
