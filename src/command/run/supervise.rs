//! `run --supervise`: keeps a parent over the client, which restarts it and starts it on a new genesis when
//! `regenesis watch` requests that.

use std::time::Duration;

use clap::ValueEnum;

use super::Args;
use crate::command::Failure;
use crate::heal::Client;
use crate::heal::notice::Notice;
use crate::heal::request::{Inbox, Order};
use crate::io::clock::pause;
use crate::io::console::Console;
use crate::io::supervised::{self, Supervised};
use crate::runtime::client_data::DataDirectory;
use crate::runtime::requests;

/// How often the client and the requests are checked.
const POLL: Duration = Duration::from_millis(200);

/// `--supervise`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Supervise {
    /// Become the client
    // Compose files leave variables empty.
    #[value(alias = "")]
    No,
    /// Supervise the execution client
    El,
    /// Supervise the beacon node
    Cl,
    /// Supervise the validator client
    Vc,
    /// Supervise a client of an L2
    L2,
}

impl Supervise {
    pub(super) fn client(self) -> Option<Client> {
        match self {
            Self::No => None,
            Self::El => Some(Client::Execution),
            Self::Cl => Some(Client::Beacon),
            Self::Vc => Some(Client::Validator),
            Self::L2 => Some(Client::Rollup),
        }
    }
}

/// Why the supervision of a client on one genesis is over.
pub(super) enum End {
    /// The client ended with this exit code.
    Ended(u8),
    /// `watch` requested another start, on this genesis or on the one that replaces it.
    Again,
}

/// Supervises the client of one run. Its locks are held by the caller, and inherited.
pub(super) fn supervise(
    args: &Args,
    client: Client,
    run_id: &str,
    data: Option<&DataDirectory>,
    variables: &[(&str, &str)],
    console: &Console,
) -> Result<End, Failure> {
    let refused = |error: std::io::Error| Failure::bug(format!("waiting for the client: {error}"));
    let mut inbox = Inbox::new(run_id, client, requests::read(&args.runtime).as_ref());
    if let Some(data) = data {
        // On a full disk the client may still run.
        let _ = data.set_notice(&Notice::of_start(data.notice().as_ref(), run_id, client));
    }
    let child = Supervised::start(&args.command, variables)?;
    let end = loop {
        if let Some(code) = child.poll().map_err(refused)? {
            break End::Ended(code);
        }
        if let Some(order) = inbox.order(requests::read(&args.runtime).as_ref()) {
            console.title(&match order {
                Order::Restart => format!("run {run_id}: restarting {client}: watch requested it"),
                Order::Renew => {
                    format!("run {run_id}: stopping {client}: watch replaces the genesis")
                }
            });
            let code = child.stop().map_err(refused)?;
            break if supervised::release() { End::Again } else { End::Ended(code) };
        }
        pause(POLL);
    };
    // A client that a signal or a request has stopped did not fail.
    if supervised::is_stopped() || matches!(end, End::Again) {
        let _ = data.map(DataDirectory::remove_notice);
    }
    Ok(end)
}
