//! The report of `regenesis status`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::stacks::{Stack, State};
use crate::health::Finding;

/// The version of the JSON: a field may be added, and none is removed or changes its meaning.
pub const FORMAT: u8 = 1;

/// The report; ages in seconds, times in Unix seconds.
#[derive(Debug, Serialize)]
pub struct Status {
    /// [`FORMAT`].
    pub format: u8,
    /// The name of the stack.
    pub name: String,
    /// Whether the chain builds blocks on the expected genesis.
    pub alive: bool,
    /// Whether its clients run.
    pub state: State,
    /// The directory of its snapshot; `null` for the embedded sample, or if it is unknown.
    pub snapshot: Option<String>,
    /// The genesis; `null` before the first start.
    pub genesis: Option<Genesis>,
    /// The execution client; `null` if it does not answer.
    pub execution: Option<Execution>,
    /// The beacon node; `null` if it does not answer.
    pub beacon: Option<Beacon>,
    /// The L2s that answer.
    pub l2: Vec<L2>,
    /// The services, in the order in which they start.
    pub services: Vec<Service>,
    /// The size of each volume, as Docker prints it; absent if it was not asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disk: BTreeMap<String, String>,
    /// What `watch` did since the last start, oldest first.
    pub heals: Vec<String>,
    /// Why it is not alive, with remedies.
    pub findings: Vec<Finding>,
}

/// The genesis in the runtime volume.
#[derive(Debug, Serialize)]
pub struct Genesis {
    /// Identifies it.
    pub run_id: String,
    /// The chain id.
    pub chain_id: u64,
    /// The genesis time of the beacon chain.
    pub time: u64,
    /// Seconds since that time; 0 before it.
    pub age: u64,
}

/// The execution client.
#[derive(Debug, Serialize)]
pub struct Execution {
    /// Its JSON-RPC on the host.
    pub url: String,
    /// Its head.
    pub latest: Head,
    /// The safe block, if there is one.
    pub safe: Option<Head>,
    /// The finalized block, if there is one.
    pub finalized: Option<Head>,
    /// Its number of peers, if it reports one.
    pub peers: Option<u64>,
}

/// A block.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Seconds since its timestamp.
    pub age: u64,
}

/// The beacon node.
#[derive(Debug, Serialize)]
pub struct Beacon {
    /// Its API on the host.
    pub url: String,
    /// The slot of its head.
    pub head_slot: u64,
    /// The slot of this moment.
    pub slot: u64,
    /// Slots from the head to this moment.
    pub lag: u64,
    /// The finalized epoch, if it reports one.
    pub finalized_epoch: Option<u64>,
    /// Its number of peers, if it reports one.
    pub peers: Option<u64>,
}

/// An OP-stack L2. Its last block is the unsafe one, which is on no L1 yet.
#[derive(Debug, Serialize)]
pub struct L2 {
    /// Its name.
    pub name: String,
    /// Its chain id.
    pub chain_id: u64,
    /// Its execution client.
    #[serde(flatten)]
    pub execution: Execution,
    /// The RPC of its op-node on the host, if it is published.
    pub node_url: Option<String>,
    /// The block of the L1 with its last batch, if it is among the last blocks.
    pub last_batch: Option<Head>,
}

/// A service.
#[derive(Debug, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The state of its container, as Docker names it; `missing` without one.
    pub state: String,
    /// The result of its health check, if it has one.
    pub health: Option<String>,
    /// Its exit code, if it has exited.
    pub exit_code: Option<i64>,
    /// Its image.
    pub image: Option<String>,
}

/// The services of a stack.
pub fn services(stack: &Stack) -> Vec<Service> {
    let service = |name: &str| match stack.container(name) {
        None => Service {
            name: name.to_owned(),
            state: "missing".to_owned(),
            health: None,
            exit_code: None,
            image: None,
        },
        Some(container) => Service {
            name: name.to_owned(),
            state: container.state.clone(),
            health: container.health.clone().filter(|_| container.runs()),
            exit_code: (container.state == "exited").then_some(container.exit_code),
            image: Some(container.image.clone()),
        },
    };
    stack.services().into_iter().map(service).collect()
}

/// The actions in a log of `watch`: it logs each with its duration, and nothing else in that form.
pub fn heals(log: &str) -> Vec<String> {
    const ACTIONS: [&str; 6] = ["confirm", "set head", "replay", "restart", "renew", "healed"];
    let action = |line: &str| {
        let text = line.trim();
        let is_action = ACTIONS.iter().any(|name| text.starts_with(&format!("{name}  ")));
        let text = text.strip_suffix(" ms")?;
        let (text, time) = text.rsplit_once("  ")?;
        (is_action && time.parse::<f64>().is_ok()).then(|| text.replacen("  ", ": ", 1))
    };
    log.lines().filter_map(action).collect()
}

impl Service {
    /// Its state, with its health or exit code.
    pub fn text(&self) -> String {
        let Self { state, health, exit_code, .. } = self;
        let detail = health.clone().or_else(|| exit_code.map(|code| format!("code {code}")));
        let detail = detail.map_or_else(String::new, |detail| format!(" ({detail})"));
        format!("{state}{detail}")
    }
}

impl Genesis {
    /// Its age, run and chain.
    pub fn text(&self) -> String {
        format!("{} ago, run {}, chain ID {}", duration(self.age), self.run_id, self.chain_id)
    }
}

impl Beacon {
    /// Its URL, head and peers.
    pub fn text(&self) -> String {
        let epoch = self.finalized_epoch;
        let epoch = epoch.map_or_else(String::new, |epoch| format!(", finalized epoch {epoch}"));
        let peers = peers(self.peers);
        format!("{}  head slot {} of {}{epoch}{peers}", self.url, self.head_slot, self.slot)
    }
}

impl L2 {
    /// The block of the L1 with its last batch.
    pub fn batch(&self) -> String {
        match self.last_batch {
            Some(batch) => head("last batch in L1 block", batch),
            None => "no recent batch".to_owned(),
        }
    }
}

impl Status {
    /// Whether it lives, in a few words.
    pub fn title(&self) -> String {
        match (&self.execution, self.alive) {
            (Some(el), true) => format!("alive, {}", head("block", el.latest)),
            (Some(el), false) => format!("not alive, {}", head("block", el.latest)),
            (None, _) => self.state.text().to_owned(),
        }
    }

    /// The snapshot that it starts from.
    pub fn source(&self) -> &str {
        self.snapshot.as_deref().unwrap_or("the sample, or unknown")
    }

    /// The report in lines.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{}: {}", self.name, self.title());
        let mut row = |name: &str, text: &str| {
            let _ = writeln!(out, "  {name:<9}  {text}");
        };
        row("snapshot", self.source());
        if let Some(genesis) = &self.genesis {
            row("genesis", &genesis.text());
        }
        if let Some(el) = &self.execution {
            row("execution", &format!("{}{}", heads(el, "latest"), peers(el.peers)));
        }
        if let Some(cl) = &self.beacon {
            row("beacon", &cl.text());
        }
        for l2 in &self.l2 {
            let heads = heads(&l2.execution, "unsafe");
            row(&format!("L2 {}", l2.name), &format!("{heads}, {}", l2.batch()));
        }
        let services = self.services.iter().map(|one| format!("{} {}", one.name, one.text()));
        row("services", &services.collect::<Vec<_>>().join(", "));
        if !self.disk.is_empty() {
            let sizes = self.disk.iter().map(|(name, size)| format!("{name} {size}"));
            row("disk", &sizes.collect::<Vec<_>>().join(", "));
        }
        for heal in &self.heals {
            row("watch", heal);
        }
        out
    }
}

/// The URL and the heads of an execution client; `latest` is the name of its last block.
fn heads(el: &Execution, latest: &str) -> String {
    let heads = [(latest, Some(el.latest)), ("safe", el.safe), ("finalized", el.finalized)];
    let heads = heads.map(|(name, block)| format!("{name} {}", number(block)));
    format!("{}  {}", el.url, heads.join(", "))
}

fn head(name: &str, head: Head) -> String {
    format!("{name} {}", number(Some(head)))
}

/// The number of a block with its age.
pub fn number(head: Option<Head>) -> String {
    head.map_or_else(
        || "none".to_owned(),
        |head| format!("{} ({})", head.number, duration(head.age)),
    )
}

fn peers(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| format!(", {number} peers"))
}

/// A duration, in its largest two units.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
