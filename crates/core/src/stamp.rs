//! The times of a run: one clock for both layers.

use std::str::FromStr;

use crate::cl;
use crate::cl::config::Config;

/// Milliseconds that `geth init` needs for a megabyte of alloc and for a thousand accounts. Measured:
/// 2.7 s for 10 k accounts in 27 MB, 35 s for 100 k in 288 MB, 101 s for 1 M in 368 MB.
const GETH_MS_PER_MEGABYTE: u64 = 100;
const GETH_MS_PER_THOUSAND_ACCOUNTS: u64 = 70;
/// Milliseconds that `geth import` needs for a block of one transaction (`scripts/bench_history.py`),
/// and may need for a megabyte of full blocks.
const GETH_MS_PER_BLOCK: u64 = 2;
const GETH_MS_PER_CHAIN_MEGABYTE: u64 = 1000;

/// `--timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamp {
    /// The current time plus the lead.
    Now,
    /// The times in the input files.
    Keep,
    /// Seconds since the epoch.
    At(u64),
}

/// `--lead`: time between the run and genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// As long as the clients need to come up.
    Auto,
    /// Seconds.
    Seconds(u64),
}

/// What geth must import before it starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportEstimate {
    /// Accounts of the genesis.
    pub accounts: u64,
    /// Bytes of the genesis.
    pub bytes: u64,
    /// Blocks of the history.
    pub blocks: u64,
    /// Bytes of the history.
    pub chain_bytes: u64,
}

/// A setting in none of the accepted forms.
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

impl ImportEstimate {
    /// Seconds that geth needs.
    pub fn seconds(self) -> u64 {
        let parts = [
            (self.bytes / 1_000_000, GETH_MS_PER_MEGABYTE),
            (self.accounts / 1000, GETH_MS_PER_THOUSAND_ACCOUNTS),
            (self.blocks, GETH_MS_PER_BLOCK),
            (self.chain_bytes / 1_000_000, GETH_MS_PER_CHAIN_MEGABYTE),
        ];
        let parts = parts.into_iter().map(|(amount, each)| amount.saturating_mul(each));
        parts.fold(0, u64::saturating_add).div_ceil(1000)
    }
}

impl Lead {
    /// Seconds, for clients that are ready `start` seconds after geth's import.
    pub fn seconds(self, start: u64, import: ImportEstimate) -> u64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Auto => start.saturating_add(import.seconds()),
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
    /// Timestamp of the last block of the history, if the chain has one; block 0 then keeps its time.
    pub head: Option<u64>,
    /// Whether the fork schedule of the files stays as it is (`--timestamp keep`).
    pub keeps_schedule: bool,
}

impl Stamp {
    /// Both layers start at `time`. The execution layer of a chain with a history started earlier.
    pub fn at(time: u64, history: Option<HistoryTimes>) -> Self {
        let (el_timestamp, head) = match history {
            None => (time, None),
            Some(HistoryTimes { genesis, head }) => (genesis, Some(head)),
        };
        Self { el_timestamp, genesis_time: time, head, keeps_schedule: false }
    }
}

/// Times of a history, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryTimes {
    /// Timestamp of block 0.
    pub genesis: u64,
    /// Timestamp of the last block.
    pub head: u64,
}

/// Why no times can be chosen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The execution genesis has a placeholder for its time.
    #[error("has no time to keep: its timestamp is a placeholder")]
    Placeholder,
    /// A time in the consensus config is not valid.
    #[error(transparent)]
    Config(#[from] cl::Error),
    /// The time of the execution genesis is after year 9999.
    #[error("timestamp is {0}, expected a time before the year 10000")]
    KeptTooLarge(u64),
    /// The genesis time is after year 9999.
    #[error("genesis time {0} is too large")]
    TooLarge(u64),
    /// The beacon chain would start before the block that it continues.
    #[error("genesis time {genesis_time} is before the last block of the history, at {head}")]
    BeforeHead {
        /// The chosen time.
        genesis_time: u64,
        /// Timestamp of the last block.
        head: u64,
    },
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Placeholder => Some("use --timestamp now, or a time"),
            Self::Config(error) => error.hint(),
            Self::KeptTooLarge(_) => Some("times are seconds since 1970, not milliseconds"),
            Self::TooLarge(_) => Some("--timestamp expects seconds, not milliseconds"),
            Self::BeforeHead { .. } => Some(
                "a chain with its history continues after its last block: choose a later \
                      --timestamp",
            ),
        }
    }
}

/// The latest accepted time: the end of year 9999. A later one is a mistake, and its sum with epochs
/// must stay below 2⁶⁴.
const LATEST: u64 = 253_402_300_799;

/// Chooses the times. `now` and `lead` are seconds; `file_timestamp` is the timestamp in
/// `genesis.json`, if it has one; `history` the times of the chain's history, if it has one.
///
/// With [`Timestamp::Keep`], `genesis_time` is `MIN_GENESIS_TIME` (or else the time of the
/// execution block that is continued) plus `GENESIS_DELAY`: the rule of eth-beacon-genesis.
///
/// # Errors
/// There is no time to keep, the time is after year 9999, or it is before the last block of the
/// history (accepted with `keep`, which only reproduces).
pub fn choose(
    timestamp: Timestamp,
    lead: u64,
    now: u64,
    file_timestamp: Option<u64>,
    history: Option<HistoryTimes>,
    config: &Config,
) -> Result<Stamp, Error> {
    let both = |time| Stamp::at(time, history);
    let stamp = match timestamp {
        Timestamp::Now => both(now.saturating_add(lead)),
        Timestamp::At(time) => both(time),
        Timestamp::Keep => {
            let el_timestamp = file_timestamp.ok_or(Error::Placeholder)?;
            if el_timestamp > LATEST {
                return Err(Error::KeptTooLarge(el_timestamp));
            }
            let continued = history.map_or(el_timestamp, |history| history.head);
            let genesis_time = kept_genesis_time(continued, config)?;
            if genesis_time > LATEST {
                let own =
                    config.optional_u64("MIN_GENESIS_TIME")?.is_some_and(|time| time > LATEST);
                let key = if own { "MIN_GENESIS_TIME" } else { "GENESIS_DELAY" };
                return Err(config.invalid(key, "seconds that end before the year 10000").into());
            }
            Stamp { el_timestamp, keeps_schedule: true, ..Stamp::at(genesis_time, history) }
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

/// `genesis_time` according to the files: see [`choose`].
///
/// # Errors
/// `GENESIS_DELAY` is missing, or a value is no number.
pub fn kept_genesis_time(el_timestamp: u64, config: &Config) -> Result<u64, cl::Error> {
    let minimum = config.optional_u64("MIN_GENESIS_TIME")?.filter(|time| *time != 0);
    Ok(minimum.unwrap_or(el_timestamp).saturating_add(config.u64("GENESIS_DELAY")?))
}

/// The Unix seconds of a time in RFC 3339; `None` if it is not one, or before 1970.
pub fn seconds_of(time: &str) -> Option<u64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    u64::try_from(time.as_second()).ok()
}

/// A time in RFC 3339; `None` if no calendar has it.
pub fn calendar_time(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?);
    time.ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_timestamp_is_accepted() {
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
    fn both_layers_share_one_clock() {
        let config = Config::parse(b"MIN_GENESIS_TIME: 500\nGENESIS_DELAY: 30\n").unwrap();
        let stamp = |timestamp, file| choose(timestamp, 5, 1000, file, None, &config);
        let both = |time| Stamp::at(time, None);
        assert_eq!(stamp(Timestamp::Now, Some(7)).unwrap(), both(1005));
        assert_eq!(stamp(Timestamp::At(9), None).unwrap(), both(9));
        let kept = Stamp { el_timestamp: 7, genesis_time: 530, head: None, keeps_schedule: true };
        assert_eq!(stamp(Timestamp::Keep, Some(7)).unwrap(), kept);
        assert!(matches!(stamp(Timestamp::Keep, None), Err(Error::Placeholder)));
        assert!(matches!(stamp(Timestamp::At(u64::MAX), None), Err(Error::TooLarge(_))));
        let zero = Config::parse(b"MIN_GENESIS_TIME: 0\nGENESIS_DELAY: 30\n").unwrap();
        let kept = choose(Timestamp::Keep, 5, 0, Some(7), None, &zero).unwrap();
        assert_eq!(kept.genesis_time, 37);
    }

    #[test]
    fn a_history_keeps_its_times() {
        let config = Config::parse(b"GENESIS_DELAY: 30\n").unwrap();
        let history = Some(HistoryTimes { genesis: 7, head: 900 });
        let stamp = |timestamp| choose(timestamp, 5, 1000, Some(7), history, &config);
        let at = |genesis_time| Stamp::at(genesis_time, history);
        let kept_at = |genesis_time| Stamp { keeps_schedule: true, ..at(genesis_time) };
        assert_eq!(stamp(Timestamp::Now).unwrap(), at(1005));
        assert_eq!(stamp(Timestamp::At(900)).unwrap(), at(900));
        assert_eq!(stamp(Timestamp::Keep).unwrap(), kept_at(930));
        let early = stamp(Timestamp::At(899)).unwrap_err();
        assert!(matches!(early, Error::BeforeHead { genesis_time: 899, head: 900 }));
        let before = Config::parse(b"MIN_GENESIS_TIME: 500\nGENESIS_DELAY: 30\n").unwrap();
        let kept = choose(Timestamp::Keep, 5, 1000, Some(7), history, &before).unwrap();
        assert_eq!(kept, kept_at(530));
    }
}
