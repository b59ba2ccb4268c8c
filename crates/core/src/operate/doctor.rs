//! The checks of `regenesis doctor`: each has a name, a result and a remedy.

use serde::Serialize;

use crate::health::Finding;

/// The free disk space below which a chain stops within hours, in bytes.
const DISK: u64 = 5 << 30;
/// The free memory that the clients need, in bytes.
const MEMORY: u64 = 1 << 30;
/// A clock that differs by more than this makes the clients refuse each other's blocks, in seconds.
const CLOCK: u64 = 2;

/// What the machine is like; `None` where it could not be found out.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The version of the Docker daemon, or why it does not answer.
    pub docker: Option<Result<String, String>>,
    /// The name and version of Compose.
    pub compose: Option<String>,
    /// The architecture of the daemon, as Docker names it.
    pub architecture: Option<String>,
    /// The images of the stack that are not on this machine.
    pub missing_images: Vec<String>,
    /// The ports of the stack that are in use, each with its setting and the program that uses it.
    pub busy_ports: Vec<BusyPort>,
    /// Free bytes where the daemon keeps its data.
    pub disk: Option<u64>,
    /// Free bytes of memory.
    pub memory: Option<u64>,
    /// Seconds between the clock of the daemon and of this machine.
    pub clock: Option<u64>,
    /// The names of the stack's containers that are paused.
    pub paused: Vec<String>,
    /// Errors of the settings.
    pub settings: Vec<String>,
    /// The known failures in the logs of a stack since its last start; `None` without such a stack.
    pub logs: Option<Vec<Finding>>,
}

/// A port that another program uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusyPort {
    /// The port.
    pub port: u16,
    /// The setting.
    pub setting: String,
    /// The program, if it is visible.
    pub holder: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing to do.
    Ok,
    /// `up` may fail.
    Warning,
    /// `up` fails.
    Error,
    /// It could not be found out.
    Unknown,
}

/// A check.
#[derive(Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Its result.
    pub outcome: Outcome,
    /// What was found.
    pub text: String,
    /// The remedy, if one is needed.
    pub cure: Option<String>,
}

/// Checks of the programs, the first of three stages: each stage needs the facts of those before it.
pub fn programs(facts: &Facts) -> Vec<Check> {
    vec![docker(facts), compose(facts)]
}

/// The machine.
pub fn machine(facts: &Facts) -> Vec<Check> {
    let space = "remove unused images and volumes: docker system prune";
    let memory = "stop other programs, or give Docker more memory";
    vec![
        architecture(facts),
        amount("disk", facts.disk, DISK, space),
        amount("memory", facts.memory, MEMORY, memory),
        clock(facts),
    ]
}

/// What a stack needs, and its logs.
pub fn stack(facts: &Facts) -> Vec<Check> {
    let mut checks = Vec::new();
    if facts.settings.is_empty() {
        checks.push(ok("settings", "valid".to_owned()));
    }
    let error = |text: &String| bad("settings", Outcome::Error, text.clone(), "correct it");
    checks.extend(facts.settings.iter().map(error));
    checks.push(images(facts));
    if facts.busy_ports.is_empty() {
        checks.push(ok("ports", "free".to_owned()));
    }
    checks.extend(facts.busy_ports.iter().map(port));
    if !facts.paused.is_empty() {
        let text = format!("paused: {}", facts.paused.join(", "));
        let cure = "regenesis up continues them, and so does regenesis doctor --fix";
        checks.push(bad("containers", Outcome::Warning, text, cure));
    }
    let known = facts.logs.iter().flatten();
    checks.extend(known.map(|f| bad("logs", Outcome::Warning, f.cause.clone(), &f.cure)));
    if facts.logs.as_ref().is_some_and(Vec::is_empty) {
        checks.push(ok("logs", "no known failure since the last start".to_owned()));
    }
    checks
}

fn ok(name: &'static str, text: String) -> Check {
    Check { name, outcome: Outcome::Ok, text, cure: None }
}

fn bad(name: &'static str, outcome: Outcome, text: String, cure: &str) -> Check {
    Check { name, outcome, text, cure: Some(cure.to_owned()) }
}

fn unknown(name: &'static str) -> Check {
    Check { name, outcome: Outcome::Unknown, text: "not checked".to_owned(), cure: None }
}

fn docker(facts: &Facts) -> Check {
    match &facts.docker {
        Some(Ok(version)) => ok("docker", format!("Docker {version} answers")),
        Some(Err(error)) => {
            bad("docker", Outcome::Error, error.clone(), "start it, or join the group docker")
        }
        None => {
            let cure = "install it: docs.docker.com/engine/install";
            bad("docker", Outcome::Error, "Docker is missing".to_owned(), cure)
        }
    }
}

fn compose(facts: &Facts) -> Check {
    match &facts.compose {
        Some(version) => ok("compose", version.clone()),
        None => {
            let cure = "install the compose plugin, or docker-compose 1.29";
            bad("compose", Outcome::Error, "Docker Compose is missing".to_owned(), cure)
        }
    }
}

fn architecture(facts: &Facts) -> Check {
    match facts.architecture.as_deref() {
        Some(name @ ("x86_64" | "amd64" | "aarch64" | "arm64")) => {
            ok("architecture", name.to_owned())
        }
        Some(name) => {
            let text = format!("{name}: the images exist for amd64 and arm64");
            bad("architecture", Outcome::Warning, text, "use another Docker host: DOCKER_HOST")
        }
        None => unknown("architecture"),
    }
}

fn images(facts: &Facts) -> Check {
    if facts.docker.as_ref().is_none_or(Result::is_err) {
        return unknown("images");
    }
    if facts.missing_images.is_empty() {
        return ok("images", "all on this machine".to_owned());
    }
    let text = format!("not on this machine: {}", facts.missing_images.join(", "));
    bad(
        "images",
        Outcome::Warning,
        text,
        "regenesis up pulls them, and so does regenesis doctor --fix; without a registry, docker load",
    )
}

fn port(busy: &BusyPort) -> Check {
    let BusyPort { port, setting, holder } = busy;
    let holder = holder.as_ref().map_or_else(String::new, |holder| format!(" by {holder}"));
    let text = format!("port {port} is in use{holder}");
    bad("ports", Outcome::Error, text, &format!("choose another: {setting}=…"))
}

fn amount(name: &'static str, free: Option<u64>, least: u64, cure: &str) -> Check {
    let gigabytes = |bytes: u64| format!("{}.{} GB", bytes >> 30, ((bytes % (1 << 30)) * 10) >> 30);
    match free {
        None => unknown(name),
        Some(free) if free >= least => ok(name, format!("{} free", gigabytes(free))),
        Some(free) => {
            let text = format!("{} free, expected at least {}", gigabytes(free), gigabytes(least));
            bad(name, Outcome::Warning, text, cure)
        }
    }
}

fn clock(facts: &Facts) -> Check {
    match facts.clock {
        None => unknown("clock"),
        Some(seconds) if seconds <= CLOCK => ok("clock", "Docker has the same time".to_owned()),
        Some(seconds) => {
            let text = format!("Docker's clock differs by {seconds} s");
            let cure = "synchronise it: restart Docker Desktop, or run an NTP client";
            bad("clock", Outcome::Warning, text, cure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Damage = fn(&mut Facts);

    fn checks(facts: &Facts) -> Vec<Check> {
        [programs, machine, stack].iter().flat_map(|stage| stage(facts)).collect()
    }

    fn healthy() -> Facts {
        Facts {
            docker: Some(Ok("27.1".into())),
            compose: Some("Docker Compose 2.40.3".into()),
            architecture: Some("x86_64".into()),
            disk: Some(50 << 30),
            memory: Some(4 << 30),
            clock: Some(0),
            ..Facts::default()
        }
    }

    fn outcome(facts: &Facts, name: &str) -> (Outcome, bool) {
        let check = checks(facts).into_iter().find(|check| check.name == name).unwrap();
        (check.outcome, check.cure.is_some())
    }

    #[test]
    fn a_healthy_machine_has_no_remedy() {
        let checks = checks(&healthy());
        assert!(checks.iter().all(|check| check.outcome == Outcome::Ok), "{checks:#?}");
        assert_eq!(checks.len(), 9);
    }

    #[test]
    fn every_failure_has_a_remedy() {
        let busy =
            BusyPort { port: 8545, setting: "EL_HTTP_PORT".into(), holder: Some("geth".into()) };
        let cases: [(&str, Outcome, Damage); 11] = [
            ("docker", Outcome::Error, |f| f.docker = None),
            ("docker", Outcome::Error, |f| f.docker = Some(Err("no answer".into()))),
            ("compose", Outcome::Error, |f| f.compose = None),
            ("architecture", Outcome::Warning, |f| f.architecture = Some("riscv64".into())),
            ("images", Outcome::Warning, |f| f.missing_images = vec!["geth:1".into()]),
            ("disk", Outcome::Warning, |f| f.disk = Some(1)),
            ("memory", Outcome::Warning, |f| f.memory = Some(1)),
            ("clock", Outcome::Warning, |f| f.clock = Some(3)),
            ("containers", Outcome::Warning, |f| f.paused = vec!["a-el-1".into()]),
            ("logs", Outcome::Warning, |f| f.logs = Some(vec![Finding::new("x", "y")])),
            ("settings", Outcome::Error, |f| f.settings = vec!["X is wrong".into()]),
        ];
        for (name, expected, damage) in cases {
            let mut facts = healthy();
            damage(&mut facts);
            assert_eq!(outcome(&facts, name), (expected, true), "{name}");
        }
        let facts = Facts { busy_ports: vec![busy], ..healthy() };
        let check = checks(&facts).into_iter().find(|check| check.name == "ports").unwrap();
        assert_eq!(check.text, "port 8545 is in use by geth");
        assert_eq!(check.cure.as_deref(), Some("choose another: EL_HTTP_PORT=…"));
    }

    #[test]
    fn without_docker_nothing_is_claimed_about_images() {
        let facts = Facts { docker: None, ..healthy() };
        assert_eq!(outcome(&facts, "images"), (Outcome::Unknown, false));
    }
}
