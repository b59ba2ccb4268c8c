//! When a chain is ready for a capture: it has enough blocks, and those that it has are final.

use std::time::Duration;

use super::Error;
use super::chain::{BlockId, pin};
use crate::rpc::{self, Rpc};

/// How long a head may stay the same: longer than a missed slot of any chain.
const STILL: Duration = Duration::from_mins(5);
/// After this many blocks without a new finalized one, none will come: six epochs of the mainnet preset.
/// A new chain finalizes its first epoch in its fourth.
const UNFINALIZED: u64 = 192;

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    /// The number that the chain must have reached.
    pub number: u64,
    /// Whether the block with that number must be final.
    pub finalized: bool,
}

/// The heads of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// The number of the last block.
    pub latest: u64,
    /// The number of the last finalized block, if there is one.
    pub finalized: Option<u64>,
}

/// Why waiting ends without success.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stalled {
    /// The chain does not advance.
    #[error("block {latest} has been the last one for {} minutes", STILL.as_secs() / 60)]
    Head {
        /// Its number.
        latest: u64,
    },
    /// The chain advances, and does not finalize.
    #[error("the chain built {blocks} blocks without finalizing another one")]
    Finality {
        /// How many.
        blocks: u64,
    },
}

impl Stalled {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Head { .. } => {
                "check the log of the beacon node and of the validator client; without \
                 --wait-finalized and --min-blocks, the chain is captured as it is"
            }
            Self::Finality { .. } => {
                "finality needs two thirds of the validators; without --wait-finalized, the head is \
                 captured"
            }
        }
    }
}

impl Heads {
    /// The heads of a node. One without a finalized block may answer with an error.
    ///
    /// # Errors
    /// The node cannot be reached.
    pub fn fetch(rpc: &dyn Rpc) -> Result<Self, Error> {
        let latest = pin(rpc, BlockId::Latest)?.number;
        let finalized = match pin(rpc, BlockId::Finalized) {
            Ok(block) => Some(block.number),
            Err(Error::NoBlock { .. } | Error::Rpc(rpc::Error::Refused { .. })) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { latest, finalized })
    }

    /// Whether the chain is ready.
    pub fn have(&self, goal: Goal) -> bool {
        let number = if goal.finalized { self.finalized } else { Some(self.latest) };
        number.is_some_and(|number| number >= goal.number)
    }
}

/// The last changes of a chain, while a capture waits for it.
#[derive(Debug)]
pub struct Patience {
    last: Heads,
    moved: Duration,
    /// The head when the last block was finalized.
    head: u64,
}

impl Patience {
    /// Starts with these heads.
    pub fn new(heads: Heads) -> Self {
        Self { last: heads, moved: Duration::ZERO, head: heads.latest }
    }

    /// Checks that the chain can still become ready; `since` is the time since the start.
    ///
    /// # Errors
    /// The chain stands still, or does not finalize.
    pub fn check(&mut self, heads: Heads, goal: Goal, since: Duration) -> Result<(), Stalled> {
        if heads.latest != self.last.latest {
            self.moved = since;
        }
        if heads.finalized != self.last.finalized {
            self.head = heads.latest;
        }
        self.last = heads;
        if since.saturating_sub(self.moved) > STILL {
            return Err(Stalled::Head { latest: heads.latest });
        }
        // Blocks before the goal do not count: the goal cannot be final yet.
        let from = self.head.max(goal.number.min(heads.latest));
        let blocks = heads.latest.saturating_sub(from);
        if goal.finalized && blocks > UNFINALIZED {
            return Err(Stalled::Finality { blocks });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(latest: u64, finalized: impl Into<Option<u64>>) -> Heads {
        Heads { latest, finalized: finalized.into() }
    }

    #[test]
    fn a_chain_is_ready_when_the_head_in_question_is_there() {
        let final_ten = Goal { number: 10, finalized: true };
        let ten = Goal { number: 10, finalized: false };
        for (chain, is_ready, is_final) in [
            (heads(9, 8), false, false),
            (heads(10, None), true, false),
            (heads(10, 9), true, false),
            (heads(20, 10), true, true),
        ] {
            assert_eq!((chain.have(ten), chain.have(final_ten)), (is_ready, is_final), "{chain:?}");
        }
    }

    #[test]
    fn a_chain_that_stands_still_is_given_up() {
        let goal = Goal { number: 100, finalized: false };
        let mut patience = Patience::new(heads(1, None));
        let seconds = Duration::from_secs;
        assert_eq!(patience.check(heads(1, None), goal, seconds(300)), Ok(()));
        assert_eq!(patience.check(heads(2, None), goal, seconds(301)), Ok(()));
        assert_eq!(patience.check(heads(2, None), goal, seconds(601)), Ok(()));
        let still = patience.check(heads(2, None), goal, seconds(602)).unwrap_err();
        assert_eq!(still.to_string(), "block 2 has been the last one for 5 minutes");
    }

    #[test]
    fn a_chain_that_advances_without_finality_is_given_up() {
        let goal = Goal { number: 50, finalized: true };
        let mut patience = Patience::new(heads(50, None));
        let now = Duration::from_secs(1);
        assert_eq!(patience.check(heads(242, None), goal, now), Ok(()));
        assert_eq!(
            patience.check(heads(243, None), goal, now),
            Err(Stalled::Finality { blocks: 193 })
        );
        // A newly finalized block restarts the count.
        let mut patience = Patience::new(heads(50, None));
        assert_eq!(patience.check(heads(200, 40), goal, now), Ok(()));
        assert_eq!(patience.check(heads(392, 40), goal, now), Ok(()));
        assert!(patience.check(heads(393, 40), goal, now).is_err());
        // A goal that the chain has not reached starts no count.
        let mut patience = Patience::new(heads(50, 10));
        let later = Goal { number: 1000, finalized: true };
        assert_eq!(patience.check(heads(900, 10), later, now), Ok(()));
    }
}
