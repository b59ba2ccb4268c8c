//! The supervisors of the clients (`regenesis run --supervise`), and the renewal of the genesis.

use std::ffi::OsString;
use std::time::Duration;

use super::Args;
use crate::heal::notice;
use crate::heal::request::{Action, Request};
use crate::heal::{Client, Mode, State};
use crate::io::clock::{Stopwatch, pause};
use crate::io::console::Console;
use crate::io::lock::POLL;
use crate::io::supervised::PATIENCE;
use crate::io::{process, random};
use crate::runtime::{claim, client_data, requests};
use crate::summary::Finished;

/// How long clients may hold a genesis that is about to be replaced: a supervisor notices the request,
/// and stops its client.
const LIMIT: Duration = PATIENCE.saturating_add(Duration::from_secs(10));

/// The supervisors.
#[derive(Clone, Copy)]
pub(super) struct Supervisors<'a> {
    pub(super) args: &'a Args,
    pub(super) console: &'a Console,
}

impl Supervisors<'_> {
    /// Whether this `watch` renews the genesis.
    fn renews(self) -> bool {
        self.args.heal.mode() == Mode::Renew
    }

    /// The states of the clients in the run `run_id`, by their data directories.
    pub(super) fn states(self, run_id: &str) -> Vec<(String, State)> {
        let state = |path: &std::path::PathBuf| {
            // Unreadable data is no reason to leave a client alone.
            let (notice, is_locked) = client_data::look(path).unwrap_or((None, true));
            (path.display().to_string(), notice::state(run_id, notice.as_ref(), is_locked))
        };
        self.args.client_data().map(state).collect()
    }

    /// Requests the restart of a client.
    pub(super) fn restart(self, run_id: &str, client: Client) -> Result<String, String> {
        self.request(run_id, Action::Restart(client))?;
        Ok(format!("requested a restart of {client}"))
    }

    /// Stops all clients, and runs `init`; the clients then start on the new genesis.
    pub(super) fn renew(self, run_id: &str) -> Result<String, String> {
        self.request(run_id, Action::Renew)?;
        let renewed = self.replace(run_id);
        if renewed.is_err() {
            // The clients start again on the genesis that is there.
            self.request(run_id, Action::Withdrawn)?;
        }
        renewed
    }

    /// Completes the renewal that an earlier `watch` began, or withdraws it.
    pub(super) fn resume(self, run_id: &str) {
        if !requests::read(&self.args.runtime).is_some_and(|request| request.renews(run_id)) {
            return;
        }
        let done = if self.renews() {
            self.renew(run_id)
        } else {
            self.request(run_id, Action::Withdrawn)
                .map(|()| format!("withdrew the renewal of run {run_id}: --heal forbids it"))
        };
        match done {
            Ok(done) => self.console.note(&done),
            Err(error) => self.console.warning(&format!("renew: {error}")),
        }
    }

    /// Runs `init` if a renewal ended between two geneses. Returns whether it did.
    pub(super) fn complete(self) -> bool {
        let latest = requests::read(&self.args.runtime);
        let is_open = latest.is_some_and(|request| request.action == Action::Renew);
        if !self.renews() || !is_open {
            return false;
        }
        if let Err(error) = self.init() {
            self.console.warning(&format!("renew: {error}"));
        }
        true
    }

    fn request(self, run_id: &str, action: Action) -> Result<(), String> {
        let runtime = &self.args.runtime;
        let id = random::draw().map_err(|error| error.to_string())?;
        let id = hex::encode(&id[..8]);
        let request = Request { id, run_id: run_id.to_owned(), action };
        match requests::write(runtime, &request) {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("{} is a copy: run init there", runtime.display())),
            Err(error) => Err(error.to_string()),
        }
    }

    fn replace(self, run_id: &str) -> Result<String, String> {
        let runtime = &self.args.runtime;
        let watch = Stopwatch::start();
        while claim::is_in_use(runtime).map_err(|error| error.to_string())? {
            if watch.elapsed() > LIMIT {
                return Err(format!(
                    "a client still runs after {} s: is every client started by regenesis run \
                     --supervise?",
                    LIMIT.as_secs()
                ));
            }
            pause(POLL);
        }
        self.init()?;
        let marker = claim::marker(runtime).map_err(|error| error.to_string())?;
        let new = marker.and_then(|marker| Finished::parse(&marker).ok());
        match new.filter(|new| new.run_id != run_id) {
            Some(new) => Ok(format!("a new genesis, run {}", new.run_id)),
            None => Err("init kept the genesis".to_owned()),
        }
    }

    /// `init`, with the environment of this process: in a stack, that of the service `init`.
    fn init(self) -> Result<(), String> {
        let mut arguments: Vec<OsString> = vec!["init".into(), "--out".into()];
        arguments.push(self.args.runtime.clone().into());
        arguments.extend(["--renew", "always"].map(OsString::from));
        process::run_own(&arguments).map_err(|error| format!("init: {error}"))
    }
}
