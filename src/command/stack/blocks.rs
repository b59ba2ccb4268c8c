//! Starting the services of a stack, and waiting for its blocks. A failure names its cause.

use std::path::Path;

use serde::Deserialize;

use super::super::{Failure, steps::Steps};
use super::now;
use super::target::{Target, shell};
use crate::exit;
use crate::health::Finding;
use crate::io::docker::{self, Compose};
use crate::io::process;
use crate::operate::settings::Settings;
use crate::operate::stacks::Stack;
use crate::operate::{CLIENTS, l2};

/// This program, in the containers of clients.
const PROGRAM: &str = "/runtime/bin/regenesis";
/// Seconds that a client may take to stop.
pub(super) const GRACE: &str = "60";

/// A start that is under way.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) target: &'a Target,
    pub(super) compose: &'a Compose,
    pub(super) settings: Settings,
    pub(super) steps: &'a Steps<'a>,
    /// The stack as it was before.
    pub(super) started: Option<&'a Stack>,
}

/// The part of the answer of `regenesis health --json` that is read.
#[derive(Debug, Default, Deserialize)]
struct Health {
    #[serde(default)]
    healthy: bool,
    own_blocks: Option<u64>,
    /// What an L2 answers.
    l2: Option<String>,
    #[serde(default)]
    findings: Vec<Finding>,
}

impl Run<'_> {
    /// The stack as it is now.
    pub(super) fn now(&self) -> Result<Stack, Failure> {
        now(&self.target.project.name)
    }

    /// Whether a client ran before: a failure then leaves it running.
    pub(super) fn ran(&self) -> bool {
        self.started.is_some_and(|stack| CLIENTS.iter().any(|name| stack.running(name).is_some()))
    }

    /// Continues paused containers.
    pub(super) fn unpause(&self) -> Result<(), Failure> {
        let stack = self.now()?;
        for container in stack.containers.iter().filter(|one| one.state == "paused") {
            docker::run(&["unpause", &container.id])?;
        }
        self.steps.done("continue", "the paused containers");
        Ok(())
    }

    /// Stops all services, whose chain is given up.
    pub(super) fn stop(&mut self) -> Result<(), Failure> {
        self.started = None;
        self.steps.console.work("stopping the services");
        stop(&self.now()?)
    }

    /// Creates and starts what does not run.
    pub(super) fn start(&self) -> Result<(), Failure> {
        self.steps.console.work("starting the services");
        let before = self.now()?.container("init").map(|init| init.started.clone());
        let done = self.compose.run(&self.target.project, &["up", "-d"], &self.variables())?;
        if done.succeeded() {
            return Ok(());
        }
        Err(self.not_started(&done.stderr(), before)?)
    }

    /// The variables of Compose: the settings, and nothing of the shell.
    pub(super) fn variables(&self) -> Vec<(String, Option<String>)> {
        let mut variables: Vec<_> = shell()
            .into_keys()
            .filter(|name| name.starts_with("COMPOSE_"))
            .map(|name| (name, None))
            .collect();
        variables
            .extend(self.settings.values.iter().map(|v| (v.name.clone(), Some(v.value.clone()))));
        if self.settings.get("SNAPSHOT").is_none_or(|value| value.value.is_empty()) {
            variables.push(("SNAPSHOT".to_owned(), None));
        }
        variables
    }

    /// Asks both clients, from inside the stack.
    fn health(&self, options: &[&str]) -> Result<Health, Failure> {
        self.asks("el", &["--cl", "http://cl:5052", "--json"], options)
    }

    /// Waits for new blocks of both clients; the last check if none came.
    fn builds(&self, seconds: u64, done: &str) -> Result<Option<Health>, Failure> {
        self.steps.console.work(&format!("waiting for blocks, {seconds} s at most"));
        let health = self.health(&["--wait", &seconds.to_string(), "--explain"])?;
        if health.healthy {
            self.steps.done("blocks", done);
            return Ok(None);
        }
        self.all_run()?;
        // On a slow machine, a block may have come since.
        let late = self.health(&["--wait", "1"])?;
        if late.healthy {
            self.steps.done("blocks", &format!("{done}, after more than {seconds} s"));
            return Ok(None);
        }
        self.found(&health);
        Ok(Some(late))
    }

    /// Prints what a check found.
    fn found(&self, health: &Health) {
        health.findings.iter().for_each(|finding| self.steps.console.note(&finding.cause));
    }

    /// Runs `regenesis health` in the container of a service.
    fn asks(&self, service: &str, which: &[&str], options: &[&str]) -> Result<Health, Failure> {
        let stack = self.now()?;
        let Some(container) = stack.running(service) else { return Ok(Health::default()) };
        let command = [&["docker", "exec", &container.id, PROGRAM, "health"], which].concat();
        let line: Vec<_> = command.iter().chain(options).map(std::ffi::OsString::from).collect();
        let console = self.steps.console;
        let mut see = |line: &str| {
            // Errors follow from here, with a cause.
            if line.starts_with("          ") {
                console.note(line.trim());
            }
        };
        let done = process::capture(&line, &mut |_| (), &mut see)?;
        let health: Health = serde_json::from_slice(&done.stdout).unwrap_or_default();
        Ok(Health { healthy: health.healthy && done.succeeded(), ..health })
    }
}

/// Waits until both clients of the L1 and every L2 have a new block. An L1 without one starts once more, on a
/// new genesis: nothing is lost then.
pub(super) fn wait(run: &mut Run<'_>, seconds: u64) -> Result<(), Failure> {
    wait_for_l1(run, seconds)?;
    let l2s = run.target.l2s();
    if l2s.is_empty() {
        return Ok(());
    }
    run.all_run()?;
    for name in l2s {
        wait_for_l2(run, name, seconds)?;
    }
    Ok(())
}

/// Its first block follows the one of the L1 that it starts from, so that it never needs another genesis.
fn wait_for_l2(run: &Run<'_>, name: &str, seconds: u64) -> Result<(), Failure> {
    run.steps.console.work(&format!("waiting for a block of {name}, {seconds} s at most"));
    let limit = seconds.to_string();
    let health = run.asks(&l2::execution(name), &["l2", "--json"], &["--wait", &limit])?;
    if health.healthy {
        run.steps.done("l2", health.l2.as_deref().unwrap_or(name));
        return Ok(());
    }
    run.all_run()?;
    run.found(&health);
    run.explain(&run.now()?)?;
    run.give_up()?;
    let hint = format!("regenesis logs {} --network {name}", run.target.project.name);
    let message = format!("the L2 {name} has no new block in {seconds} s");
    Err(Failure::new(exit::NO_BLOCKS, message, Some(&hint)))
}

fn wait_for_l1(run: &mut Run<'_>, seconds: u64) -> Result<(), Failure> {
    let Some(mut health) = run.builds(seconds, "both clients have new ones")? else {
        return Ok(());
    };
    let stack = run.now()?;
    if health.own_blocks == Some(0) {
        // Without the validator client, no block can follow the answer.
        if let Some(vc) = stack.running("vc") {
            docker::run(&["stop", &vc.id])?;
        }
        let counted = run.health(&[]);
        if !matches!(counted, Ok(Health { own_blocks: Some(0), .. })) {
            run.start_validator()?;
        }
        health = counted?;
    }
    if health.own_blocks != Some(0) {
        run.explain(&stack)?;
        return Err(run.not_replaced(health.own_blocks, seconds)?);
    }
    run.steps.console.note("no block yet, so that nothing is lost: once more, on a new genesis");
    run.stop()?;
    run.settings.set("REGENESIS_RENEW", "always");
    run.start()?;
    if run.builds(seconds, "both clients have new ones, on a second genesis")?.is_none() {
        return Ok(());
    }
    run.explain(&stack)?;
    run.give_up()?;
    let hint = format!("regenesis logs {}; regenesis doctor", stack.name);
    Err(Failure::new(exit::NO_BLOCKS, format!("no block in {seconds} s"), Some(&hint)))
}

/// Stops all services of a stack, at the same time.
pub(super) fn stop(stack: &Stack) -> Result<(), Failure> {
    let running: Vec<_> =
        stack.containers.iter().filter(|one| one.runs()).map(|one| one.id.as_str()).collect();
    // Docker stops a paused container only after it continues.
    let paused = stack.containers.iter().filter(|one| one.state == "paused");
    let paused: Vec<_> = paused.map(|one| one.id.as_str()).collect();
    if !paused.is_empty() {
        docker::run(&[&["unpause"], &paused[..]].concat())?;
    }
    if !running.is_empty() {
        docker::run(&[&["stop", "--time", GRACE], &running[..]].concat())?;
    }
    Ok(())
}

/// A file in the runtime volume, through any container that has it.
pub(super) fn runtime_file(stack: &Stack, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    let path = Path::new("/runtime").join(path);
    for service in ["el", "init", "watch"] {
        let Some(container) = stack.container(service) else { continue };
        match docker::file(&container.id, &path) {
            Ok(Some(file)) => return Ok(Some(file)),
            // Another container may still be there.
            Ok(None) | Err(docker::Error::Failed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
