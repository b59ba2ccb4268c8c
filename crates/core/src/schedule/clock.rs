//! Epochs and times.

/// The relation between epochs and times of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) genesis_time: u64,
    pub(super) seconds_per_epoch: u64,
}

impl Clock {
    /// The time of `epoch`. It does not overflow for a scheduled epoch: see `Plan::check_epochs`.
    pub(super) fn time(self, epoch: u64) -> u64 {
        self.genesis_time.saturating_add(epoch.saturating_mul(self.seconds_per_epoch))
    }

    /// The epoch that starts at `time`.
    pub(super) fn epoch(self, time: u64) -> Option<u64> {
        let elapsed = time.checked_sub(self.genesis_time)?;
        (elapsed % self.seconds_per_epoch == 0).then_some(elapsed / self.seconds_per_epoch)
    }
}
