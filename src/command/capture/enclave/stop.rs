//! `--stop`: ends the services of a captured enclave.

use super::super::super::Failure;
use super::super::super::steps::Steps;
use crate::enclave::Service;
use crate::io::docker;

/// Seconds until SIGKILL. geth writes its last blocks when it stops: the geth of an enclave that was killed
/// after five seconds lost all of them but one.
const GRACE: &str = "180";

/// The running containers of an enclave.
#[derive(Debug, Default)]
pub(in super::super) struct Running(Vec<String>);

impl Running {
    pub(super) fn of(services: &[&Service]) -> Self {
        let running = services.iter().filter(|service| service.runs());
        Self(running.map(|service| service.container.clone()).collect())
    }

    /// Stops them, after the snapshot is written.
    ///
    /// # Errors
    /// Docker does not stop one of them.
    pub(in super::super) fn stop(&self, steps: &Steps<'_>) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let containers = self.0.iter().map(String::as_str);
        docker::run(&["stop", "-t", GRACE].into_iter().chain(containers).collect::<Vec<_>>())?;
        steps.done("stop", &format!("{} services of the enclave", self.0.len()));
        Ok(())
    }
}
