//! Whether the clients of a genesis can continue its chain: the decision of `init --renew stale`, as a
//! pure function.

use std::fmt;
use std::time::Duration;

/// `init` decides a moment before the clients start, and each client decides again: no client may find
/// its data too old after `init` has kept the genesis.
const MARGIN: Duration = Duration::from_mins(1);

/// The data directory of a client, as `init` finds it.
#[derive(Debug)]
pub struct ClientData {
    /// Its path, for messages.
    pub name: String,
    /// The run whose chain is in it; `None` if it has no complete chain data.
    pub run_id: Option<String>,
    /// Time since the last write; `None` if it is empty.
    pub idle: Option<Duration>,
}

/// Why the clients cannot continue a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// This data directory has no chain of the run.
    Missing(String),
    /// The data of this client is this old, and clients resume up to the second age only.
    Old(String, Duration, Duration),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name} has no chain data of the last genesis"),
            Self::Old(name, idle, limit) => write!(
                f,
                "the last write to {name} was {} s ago, and clients resume within {} s",
                idle.as_secs(),
                limit.as_secs()
            ),
        }
    }
}

/// Decides whether all clients can continue the chain of `run_id`; `max_idle` as in
/// [`Start`](super::Start). Returns the time since the last write.
///
/// # Errors
/// The first client that cannot.
pub fn continues(
    run_id: &str,
    max_idle: Duration,
    data: &[ClientData],
) -> Result<Duration, Obstacle> {
    let mut oldest = Duration::ZERO;
    for ClientData { name, run_id: found, idle } in data {
        let (Some(idle), true) = (*idle, found.as_deref() == Some(run_id)) else {
            return Err(Obstacle::Missing(name.clone()));
        };
        if idle.saturating_add(MARGIN) >= max_idle {
            return Err(Obstacle::Old(name.clone(), idle, max_idle));
        }
        oldest = oldest.max(idle);
    }
    Ok(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_AN_HOUR: Duration = Duration::from_mins(30);

    fn data(name: &str, run_id: Option<&str>, idle: Option<u64>) -> ClientData {
        let (name, run_id) = (name.to_owned(), run_id.map(str::to_owned));
        ClientData { name, run_id, idle: idle.map(Duration::from_secs) }
    }

    #[test]
    fn clients_continue_the_chain_in_their_data() {
        let both = [data("el", Some("a1"), Some(9)), data("cl", Some("a1"), Some(12))];
        assert_eq!(continues("a1", HALF_AN_HOUR, &both), Ok(Duration::from_secs(12)));
    }

    #[test]
    fn data_of_another_run_and_missing_data_need_a_new_genesis() {
        for bad in [
            data("cl", Some("b2"), Some(1)),
            data("cl", None, Some(1)),
            data("cl", Some("a1"), None),
        ] {
            let both = [data("el", Some("a1"), Some(1)), bad];
            let missing = Err(Obstacle::Missing("cl".to_owned()));
            assert_eq!(continues("a1", HALF_AN_HOUR, &both), missing);
        }
    }

    #[test]
    fn old_data_needs_a_new_genesis_before_a_client_refuses_it() {
        let at = |idle| continues("a1", HALF_AN_HOUR, &[data("el", Some("a1"), Some(idle))]);
        assert!(at(1739).is_ok());
        let error = at(1740).unwrap_err().to_string();
        assert_eq!(error, "the last write to el was 1740 s ago, and clients resume within 1800 s");
        assert!(continues("a1", Duration::ZERO, &[data("el", Some("a1"), Some(0))]).is_err());
    }
}
