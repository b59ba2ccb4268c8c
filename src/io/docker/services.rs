//! The services of Kurtosis enclaves.

use super::{Error, inspect, run};
use crate::enclave::{self, Service};

/// The services of all enclaves on this machine, also those that do not run.
///
/// # Errors
/// Docker does not answer.
pub fn services() -> Result<Vec<Service>, Error> {
    let ids = run(&["ps", "-aq", "--no-trunc", "--filter", enclave::FILTER])?;
    let answer = inspect(&["inspect", "--type", "container"], &ids.stdout())?;
    Ok(enclave::parse(&answer)?)
}
