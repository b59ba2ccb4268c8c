//! Chooses the times: one clock for both layers.

use std::str::FromStr;

use crate::cl;
use crate::cl::config::Config;

/// What `geth init` took for large allocs (measured: 2.7 s for 10 k accounts in 27 MB, 35 s for
/// 100 k in 288 MB, 101 s for 1 M in 368 MB): milliseconds a megabyte, and a thousand accounts.
const GETH_MS_PER_MEGABYTE: u64 = 100;
const GETH_MS_PER_THOUSAND_ACCOUNTS: u64 = 70;
/// What `geth import` takes for blocks of one transaction (`scripts/bench_history.py`), and what it
/// may take for those that are full.
const GETH_MS_PER_BLOCK: u64 = 2;
const GETH_MS_PER_CHAIN_MEGABYTE: u64 = 1000;

/// `--timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamp {
    /// The present, and the lead.
    Now,
    /// The times of the input files.
    Keep,
    /// Seconds since the epoch.
    At(u64),
}

/// `--lead`: how long before genesis the files are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// What the clients need to come up.
    Auto,
    /// Seconds.
    Seconds(u64),
}

/// What geth imports before it starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Accounts of the genesis.
    pub accounts: u64,
    /// Bytes of the genesis.
    pub bytes: u64,
    /// Blocks of the past.
    pub blocks: u64,
    /// Bytes of the past.
    pub chain_bytes: u64,
}

/// A setting that is none of the accepted forms.
#[derive(Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct ParseError(&'static str);

impl FromStr for Timestamp {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let expected = "`now`, `keep`, seconds since 1970, or a time such as 2026-01-31T12:00:00Z";
        match text {
            "now" => Ok(Self::Now),
            "keep" => Ok(Self::Keep),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map(Self::At).map_err(|_| ParseError(expected))
            }
            time => {
                let time: jiff::Timestamp = time.parse().map_err(|_| ParseError(expected))?;
                u64::try_from(time.as_second()).map(Self::At).map_err(|_| ParseError(expected))
            }
        }
    }
}

impl FromStr for Lead {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        match text.parse() {
            Ok(seconds) if seconds <= 86_400 => Ok(Self::Seconds(seconds)),
            _ => Err(ParseError("`auto` or seconds, at most a day (86400)")),
        }
    }
}

impl Lead {
    /// Seconds, for clients that are ready `start` seconds after geth has imported `load`.
    pub fn seconds(self, start: u64, load: Load) -> u64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Auto => {
                let import = load.bytes / 1_000_000 * GETH_MS_PER_MEGABYTE
                    + load.accounts / 1000 * GETH_MS_PER_THOUSAND_ACCOUNTS
                    + load.blocks * GETH_MS_PER_BLOCK
                    + load.chain_bytes / 1_000_000 * GETH_MS_PER_CHAIN_MEGABYTE;
                start + import.div_ceil(1000)
            }
        }
    }
}

/// The times of a run, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Timestamp of the execution genesis block.
    pub el_timestamp: u64,
    /// `genesis_time` of the beacon state.
    pub genesis_time: u64,
    /// Timestamp of the execution block that the beacon chain continues, if it keeps its past:
    /// then block 0 keeps its own time.
    pub head: Option<u64>,
}

impl Stamp {
    /// Both layers begin at `time`; a chain that keeps its past has block 0 at `el_timestamp`, and
    /// its last block at `head`.
    pub fn at(time: u64, past: Option<Past>) -> Self {
        match past {
            None => Self { el_timestamp: time, genesis_time: time, head: None },
            Some(Past { el_timestamp, head }) => {
                Self { el_timestamp, genesis_time: time, head: Some(head) }
            }
        }
    }
}

/// Times of a past that is kept, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Of block 0.
    pub el_timestamp: u64,
    /// Of the last block.
    pub head: u64,
}

/// Why `keep` has nothing to keep.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The execution genesis has only the placeholder.
    #[error("has no time to keep: its timestamp is a placeholder")]
    Placeholder,
    /// A key of the consensus config.
    #[error(transparent)]
    Config(#[from] cl::Error),
    /// The time of the execution genesis is none.
    #[error("timestamp is {0}, expected a time before the year 10000")]
    KeptTooLarge(u64),
    /// The times overflow.
    #[error("genesis time {0} is too large")]
    TooLarge(u64),
    /// The beacon chain would begin before the block that it continues.
    #[error("genesis time {genesis_time} is before the last block of the past, of {head}")]
    BeforeHead {
        /// What was chosen.
        genesis_time: u64,
        /// Timestamp of the last block.
        head: u64,
    },
}

/// The latest time that is taken: the end of year 9999. What is later is a mistake, and sums of
/// it and epochs must stay below 2⁶⁴.
const LATEST: u64 = 253_402_300_799;

/// Chooses the times. `now` and `lead` are seconds; `file_timestamp` is the timestamp in
/// `genesis.json`, if it has one; `past` is what the chain keeps, if it keeps anything.
///
/// With [`Timestamp::Keep`], `genesis_time` is `MIN_GENESIS_TIME` (or else the time of the
/// execution block that is continued) plus `GENESIS_DELAY`: the rule of eth-beacon-genesis.
///
/// # Errors
/// There is nothing to keep, the time is beyond the year 9999, or before the past's last block
/// (but for `keep`, which only reproduces).
pub fn choose(
    timestamp: Timestamp,
    lead: u64,
    now: u64,
    file_timestamp: Option<u64>,
    past: Option<Past>,
    config: &Config,
) -> Result<Stamp, Error> {
    let both = |time| Stamp::at(time, past);
    let stamp = match timestamp {
        Timestamp::Now => both(now.saturating_add(lead)),
        Timestamp::At(time) => both(time),
        Timestamp::Keep => {
            let el_timestamp = file_timestamp.ok_or(Error::Placeholder)?;
            if el_timestamp > LATEST {
                return Err(Error::KeptTooLarge(el_timestamp));
            }
            let continued = past.map_or(el_timestamp, |past| past.head);
            let genesis_time = kept_genesis_time(continued, config)?;
            if genesis_time > LATEST {
                let own =
                    config.optional_u64("MIN_GENESIS_TIME")?.is_some_and(|time| time > LATEST);
                let key = if own { "MIN_GENESIS_TIME" } else { "GENESIS_DELAY" };
                return Err(config.invalid(key, "seconds that end before the year 10000").into());
            }
            Stamp { el_timestamp, ..Stamp::at(genesis_time, past) }
        }
    };
    let Stamp { genesis_time, head, .. } = stamp;
    match head {
        _ if genesis_time > LATEST => Err(Error::TooLarge(genesis_time)),
        Some(head) if genesis_time < head && timestamp != Timestamp::Keep => {
            Err(Error::BeforeHead { genesis_time, head })
        }
        _ => Ok(stamp),
    }
}

/// `genesis_time` as the files say it: see [`choose`].
///
/// # Errors
/// `GENESIS_DELAY` is missing, or a value is no number.
pub fn kept_genesis_time(el_timestamp: u64, config: &Config) -> Result<u64, cl::Error> {
    let minimum = config.optional_u64("MIN_GENESIS_TIME")?.filter(|time| *time != 0);
    Ok(minimum.unwrap_or(el_timestamp).saturating_add(config.u64("GENESIS_DELAY")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_timestamp() {
        assert_eq!("now".parse::<Timestamp>().ok(), Some(Timestamp::Now));
        assert_eq!("1700000000".parse::<Timestamp>().ok(), Some(Timestamp::At(1_700_000_000)));
        assert_eq!(
            "2023-11-14T22:13:20Z".parse::<Timestamp>().ok(),
            Some(Timestamp::At(1_700_000_000))
        );
        assert_eq!(
            "2023-11-14T23:13:20+01:00".parse::<Timestamp>().ok(),
            Some(Timestamp::At(1_700_000_000))
        );
        for text in ["soon", "", "-1", "1e9", "1969-01-01T00:00:00Z", "18446744073709551616"] {
            // The empty text is all digits, and none.
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
        assert!("86401".parse::<Lead>().is_err());
    }

    #[test]
    fn times_are_one_clock() {
        let config = Config::parse(b"MIN_GENESIS_TIME: 500\nGENESIS_DELAY: 30\n").unwrap();
        let stamp = |timestamp, file| choose(timestamp, 5, 1000, file, None, &config);
        let both = |time| Stamp::at(time, None);
        assert_eq!(stamp(Timestamp::Now, Some(7)).unwrap(), both(1005));
        assert_eq!(stamp(Timestamp::At(9), None).unwrap(), both(9));
        let kept = Stamp { el_timestamp: 7, genesis_time: 530, head: None };
        assert_eq!(stamp(Timestamp::Keep, Some(7)).unwrap(), kept);
        assert!(matches!(stamp(Timestamp::Keep, None), Err(Error::Placeholder)));
        assert!(matches!(stamp(Timestamp::At(u64::MAX), None), Err(Error::TooLarge(_))));
        let zero = Config::parse(b"MIN_GENESIS_TIME: 0\nGENESIS_DELAY: 30\n").unwrap();
        let kept = choose(Timestamp::Keep, 5, 0, Some(7), None, &zero).unwrap();
        assert_eq!(kept.genesis_time, 37);
    }

    #[test]
    fn a_past_keeps_its_times() {
        let config = Config::parse(b"GENESIS_DELAY: 30\n").unwrap();
        let past = Some(Past { el_timestamp: 7, head: 900 });
        let stamp = |timestamp| choose(timestamp, 5, 1000, Some(7), past, &config);
        let at = |genesis_time| Stamp { el_timestamp: 7, genesis_time, head: Some(900) };
        assert_eq!(stamp(Timestamp::Now).unwrap(), at(1005));
        assert_eq!(stamp(Timestamp::At(900)).unwrap(), at(900));
        assert_eq!(stamp(Timestamp::Keep).unwrap(), at(930));
        let early = stamp(Timestamp::At(899)).unwrap_err();
        assert!(matches!(early, Error::BeforeHead { genesis_time: 899, head: 900 }));
        let before = Config::parse(b"MIN_GENESIS_TIME: 500\nGENESIS_DELAY: 30\n").unwrap();
        let kept = choose(Timestamp::Keep, 5, 1000, Some(7), past, &before).unwrap();
        assert_eq!(kept, at(530));
    }
}
