//! How stacks differ.

use std::path::Path;
use std::process::Command;

use super::rig;

/// The two programs called Docker Compose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// The consensus client: Lighthouse's image is only available from a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// `e2e/consensus` with the habits of Lighthouse: after a hard stop its head is a few blocks old.
    Lagging,
    /// `e2e/consensus` with the habits of Prysm without `--sync-from=head`: every start falls back to the
    /// finalized block, or to genesis.
    Finalized,
    Lodestar,
    /// Lighthouse, if its image can be pulled.
    Shipped,
    /// A foreign stack that uses only the image of regenesis; its clients are those of `Lagging`.
    Embedded,
}

/// The parts of a stack.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    pub version: Version,
    pub clients: Clients,
    /// A directory, or the sample.
    pub snapshot: Option<&'a Path>,
    /// Whether the snapshot has geth's database in `baked/`.
    pub is_baked: bool,
    /// `REGENESIS_LEAD`
    pub lead: &'a str,
    pub rig: rig::Kind,
}

/// The shipped settings, with the suite's client in the manner of Lighthouse.
pub fn sample(version: Version) -> Plan<'static> {
    let clients = Clients::Lagging;
    let rig = rig::Kind::Plain;
    Plan { version, clients, snapshot: None, is_baked: false, lead: "auto", rig }
}

/// The directory of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `REGENESIS_HEAL` for all stacks, to see what dies without `watch`: `STACK_HEAL=never`.
pub fn without_healing() -> Option<String> {
    std::env::var("STACK_HEAL").ok()
}

impl Version {
    pub fn command(self) -> Command {
        match self {
            Self::V1 => Command::new("docker-compose"),
            Self::V2 => {
                let mut command = Command::new("docker");
                // The directory of scripts/install_compose.sh.
                command.env("DOCKER_CONFIG", root().join("target/docker")).arg("compose");
                command
            }
        }
    }

    /// Its name in the report.
    fn name(self) -> String {
        let output = self.command().args(["version", "--short"]).output().unwrap();
        let number = String::from_utf8(output.stdout).unwrap();
        let program = if self == Self::V1 { "docker-compose" } else { "Docker Compose" };
        format!("{program} {}", number.trim())
    }
}

impl Clients {
    /// The compose files, without those of a rig.
    pub fn files(self) -> &'static str {
        match self {
            Self::Lodestar => "docker-compose.yml:../e2e/docker/lodestar.yml",
            Self::Lagging | Self::Finalized => "docker-compose.yml:../e2e/docker/consensus.yml",
            Self::Shipped => "docker-compose.yml",
            Self::Embedded => "../e2e/docker/embed.yml",
        }
    }

    /// The manner of `e2e/consensus`, and the seconds that the real client needs to start.
    pub fn environment(self) -> Vec<(&'static str, String)> {
        let (head, seconds) = match self {
            Self::Lagging | Self::Embedded => ("lagging", "7"),
            Self::Finalized => ("finalized", "3.3"),
            Self::Lodestar | Self::Shipped => return Vec::new(),
        };
        vec![("CONSENSUS_HEAD", head.to_owned()), ("CONSENSUS_START_AFTER", seconds.to_owned())]
    }

    /// Whether this is `e2e/consensus` in the shipped stack.
    pub fn is_suites(self) -> bool {
        matches!(self, Self::Lagging | Self::Finalized)
    }
}

impl Plan<'_> {
    /// The title of its column.
    pub fn title(&self) -> String {
        let clients = match self.clients {
            Clients::Lagging if self.is_baked => "baked database",
            Clients::Lagging => "lagging head",
            Clients::Finalized => "finalized head",
            Clients::Lodestar => "Lodestar",
            Clients::Shipped => "Lighthouse",
            Clients::Embedded => "only init and watch",
        };
        format!("{}, {clients}", self.version.name())
    }
}
