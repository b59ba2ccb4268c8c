//! Fork versions and epochs in a config.

use super::config::{Config, FAR_FUTURE_EPOCH, fixed_hex};
use super::error::Error;
use super::fork::{FORKS, Fork};

impl Config {
    /// The version of `fork`, where the key is present.
    ///
    /// # Errors
    /// The value is not 4 bytes of hex.
    pub fn version(&self, fork: &Fork) -> Result<Option<[u8; 4]>, Error> {
        self.optional(&fork.version_key(), "0x and 8 hex digits", fixed_hex)
    }

    /// The epoch of `fork`; [`FAR_FUTURE_EPOCH`] where the key is absent; phase0 is always 0.
    ///
    /// # Errors
    /// The value is not an epoch number.
    pub fn epoch(&self, fork: &Fork) -> Result<u64, Error> {
        match fork.epoch_key() {
            None => Ok(0),
            Some(key) => Ok(self.optional_u64(&key)?.unwrap_or(FAR_FUTURE_EPOCH)),
        }
    }

    /// The fork of the genesis state: the newest one with epoch 0.
    ///
    /// # Errors
    /// A fork is scheduled before an earlier fork.
    pub fn genesis_fork(&self) -> Result<&'static Fork, Error> {
        let mut earlier = (&FORKS[0], 0);
        for fork in &FORKS[1..] {
            let epoch = self.epoch(fork)?;
            if epoch < earlier.1 {
                let key = fork.epoch_key().unwrap_or_default();
                let before = earlier.0.epoch_key().unwrap_or_default();
                let at = if self.has(&before) { earlier.1.to_string() } else { "missing".into() };
                let expected = format!("an epoch not before {before}, which is {at}");
                return Err(self.invalid(&key, expected));
            }
            earlier = (fork, epoch);
        }
        let mut genesis = &FORKS[0];
        for fork in &FORKS[1..] {
            if self.epoch(fork)? == 0 {
                genesis = fork;
            }
        }
        Ok(genesis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forks::ForkName;

    #[test]
    fn forks_must_be_in_order() {
        let fork = |text: &str| {
            Config::parse(text.as_bytes()).unwrap().genesis_fork().map(|fork| fork.name)
        };
        assert_eq!(fork("A: 1\n").unwrap(), ForkName::Phase0);
        assert_eq!(
            fork("ALTAIR_FORK_EPOCH: 0\nBELLATRIX_FORK_EPOCH: 3\n").unwrap(),
            ForkName::Altair
        );
        let message =
            fork("ALTAIR_FORK_EPOCH: 5\nBELLATRIX_FORK_EPOCH: 0\n").unwrap_err().to_string();
        assert!(message.contains("not before ALTAIR_FORK_EPOCH, which is 5"), "{message}");
        assert!(fork("BELLATRIX_FORK_EPOCH: 0\n").is_err());
    }
}
