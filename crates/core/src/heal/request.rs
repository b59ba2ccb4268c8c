//! Requests of `regenesis watch` to the supervisors of the clients, `regenesis run --supervise`.
//!
//! A runtime directory has one request, the latest. It names the run that it is for: supervisors of
//! another run ignore it, so that an old request, or one from a copied directory, has no effect. A
//! supervisor restarts its client once for each id. A requested renewal lasts until another run replaces
//! the one that it names, or until `watch` withdraws it: a client that starts meanwhile must not lock the
//! genesis that is about to be replaced.

use serde::{Deserialize, Serialize};

use super::{Client, Renewal};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Differs from that of every other request.
    pub id: String,
    /// The run whose clients it addresses.
    pub run_id: String,
    /// The requested action.
    pub action: Action,
}

/// The requested action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Stop this client and start it again.
    Restart(Client),
    /// Stop all clients, and wait for another run.
    Renew,
    /// None any longer: the renewal failed.
    Withdrawn,
}

/// An order to one supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Stop the client and start it again.
    Restart,
    /// Stop the client and wait for another run.
    Renew,
}

impl Request {
    /// Reads a request; `None` for anything else.
    pub fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The file.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and unit variants always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether the run must not start: `watch` is replacing it.
    pub fn renews(&self, run_id: &str) -> bool {
        self.action == Action::Renew && self.run_id == run_id
    }

    /// The part of this request, the latest, in the history of the run `run_id`, which replaced
    /// `replaces`.
    pub fn renewal(&self, run_id: &str, replaces: Option<&str>) -> Renewal {
        match self.action {
            Action::Renew if replaces == Some(&self.run_id) => Renewal::Led,
            Action::Withdrawn if self.run_id == run_id => Renewal::Failed,
            _ => Renewal::Untried,
        }
    }
}

/// The requests as the supervisor of one client of one run reads them.
#[derive(Debug)]
pub struct Inbox {
    run_id: String,
    client: Client,
    /// The id of the last restart.
    known: Option<String>,
}

impl Inbox {
    /// Starts with the request that is there when the client starts, which is done.
    pub fn new(run_id: &str, client: Client, there: Option<&Request>) -> Self {
        let known = there.map(|request| request.id.clone());
        Self { run_id: run_id.to_owned(), client, known }
    }

    /// The order in the latest request, if it is new.
    pub fn order(&mut self, latest: Option<&Request>) -> Option<Order> {
        let request = latest.filter(|request| request.run_id == self.run_id)?;
        match request.action {
            Action::Renew => Some(Order::Renew),
            Action::Restart(client) => {
                let is_known = self.known.as_ref() == Some(&request.id);
                self.known = Some(request.id.clone());
                (client == self.client && !is_known).then_some(Order::Restart)
            }
            Action::Withdrawn => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(id: &str, run_id: &str, action: Action) -> Request {
        Request { id: id.to_owned(), run_id: run_id.to_owned(), action }
    }

    #[test]
    fn a_restart_is_for_one_client_of_one_run_and_once() {
        let restart = |id, client| request(id, "a1", Action::Restart(client));
        let mut inbox = Inbox::new("a1", Client::Beacon, Some(&restart("0", Client::Beacon)));
        assert_eq!(inbox.order(None), None);
        assert_eq!(inbox.order(Some(&restart("0", Client::Beacon))), None, "done before the start");
        assert_eq!(inbox.order(Some(&restart("1", Client::Execution))), None);
        let second = restart("2", Client::Beacon);
        assert_eq!(inbox.order(Some(&second)), Some(Order::Restart));
        assert_eq!(inbox.order(Some(&second)), None);
        let other = request("3", "b2", Action::Restart(Client::Beacon));
        assert_eq!(inbox.order(Some(&other)), None);
        assert_eq!(inbox.order(Some(&restart("4", Client::Beacon))), Some(Order::Restart));
    }

    #[test]
    fn a_renewal_lasts_until_another_run_or_its_withdrawal() {
        let renew = request("1", "a1", Action::Renew);
        for client in [Client::Execution, Client::Beacon, Client::Validator, Client::Rollup] {
            // A supervisor that starts meanwhile obeys, too.
            let mut inbox = Inbox::new("a1", client, Some(&renew));
            assert_eq!(inbox.order(Some(&renew)), Some(Order::Renew));
            assert_eq!(Inbox::new("b2", client, Some(&renew)).order(Some(&renew)), None);
            assert_eq!(inbox.order(Some(&request("2", "a1", Action::Withdrawn))), None);
        }
        assert!(renew.renews("a1") && !renew.renews("b2"));
        assert!(!request("2", "a1", Action::Withdrawn).renews("a1"));
    }

    #[test]
    fn a_run_knows_the_renewal_that_led_to_it() {
        let renew = request("1", "a1", Action::Renew);
        assert_eq!(renew.renewal("b2", Some("a1")), Renewal::Led);
        assert_eq!(renew.renewal("a1", None), Renewal::Untried, "it is pending");
        assert_eq!(renew.renewal("c3", Some("b2")), Renewal::Untried, "the user ran init again");
        let withdrawn = request("2", "a1", Action::Withdrawn);
        assert_eq!(withdrawn.renewal("a1", None), Renewal::Failed);
        assert_eq!(withdrawn.renewal("b2", Some("a1")), Renewal::Untried);
    }

    #[test]
    fn a_request_survives_its_file() {
        for action in [Action::Restart(Client::Validator), Action::Renew, Action::Withdrawn] {
            let request = request("0f", "a1", action);
            assert_eq!(Request::parse(&request.to_json()), Some(request));
        }
        for bad in [
            &b""[..],
            b"{}",
            b"\xff",
            br#"{"id":"1","run_id":"a1","action":"remove"}"#,
            br#"{"id":"1","run_id":"a1","action":{"restart":"init"}}"#,
            br#"{"id":"1","run_id":"a1","action":"renew","command":["sh"]}"#,
        ] {
            assert_eq!(Request::parse(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        /// No sequence of requests restarts a client twice for one id, or obeys another run's.
        #[test]
        fn no_id_is_obeyed_twice(requests in prop::collection::vec((0..5_u8, 0..2_u8, 0..3_u8), 0..60)) {
            let mut inbox = Inbox::new("0", Client::Execution, None);
            let mut last = None;
            for (id, run, client) in requests {
                let client = [Client::Execution, Client::Beacon, Client::Validator][usize::from(client)];
                let now = request(&id.to_string(), &run.to_string(), Action::Restart(client));
                let order = inbox.order(Some(&now));
                if order.is_some() {
                    prop_assert!(run == 0 && client == Client::Execution && last != Some(id));
                }
                if run == 0 {
                    last = Some(id);
                }
            }
        }
    }
}
