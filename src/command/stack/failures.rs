//! Why a stack does not start or does not build: the cause, the last lines of the logs, and the cure.

use super::super::Failure;
use super::blocks::{Run, stop};
use super::{observe, ports};
use crate::exit;
use crate::health::known;
use crate::io::docker::{self, last_line};
use crate::operate::compose_error::{Cause, cause};
use crate::operate::doctor::BusyPort;
use crate::operate::stacks::{Stack, is_trial};

/// The lines of each log that are searched for known failures.
pub(super) const LINES: &str = "5000";

impl Run<'_> {
    /// The error of Compose's `up`, from its messages. `before` is when `init` had last started.
    pub(super) fn not_started(
        &self,
        messages: &str,
        before: Option<String>,
    ) -> Result<Failure, Failure> {
        let own = ports::of(&self.target.stack, &self.settings);
        let numbers: Vec<_> = own.iter().map(|(.., port)| *port).collect();
        let failure = match cause(messages, &numbers) {
            Cause::PortInUse(port) => {
                let named = own.iter().find(|(.., number)| Some(*number) == port);
                match named {
                    Some((_, setting, _, port)) => ports::failure(&BusyPort {
                        port: *port,
                        setting: setting.clone(),
                        holder: None,
                    }),
                    None => Failure::new(exit::PORT, last_line(messages), None),
                }
            }
            Cause::Init => self.init_failed(before.as_deref())?,
            Cause::Other => {
                let hint = "docs/troubleshooting.md, or regenesis doctor";
                Failure::new(exit::TOOL, format!("Compose: {}", last_line(messages)), Some(hint))
            }
        };
        self.give_up()?;
        Ok(failure)
    }

    /// The error of `init`, after its last lines.
    fn init_failed(&self, before: Option<&str>) -> Result<Failure, Failure> {
        let stack = self.now()?;
        let Some(init) = stack.container("init") else {
            return Ok(Failure::new(exit::TOOL, "init has no container", None));
        };
        let started = init.started.as_str();
        let since = if before == Some(started) { "0" } else { started };
        let log = docker::tries(&["logs", "--since", since, "--tail", "20", &init.id])?.stderr();
        log.lines().for_each(|line| self.steps.console.note(line));
        let code = init.exit_code;
        let message = format!("init failed, exit code {code}");
        let hint = if self.ran() { "the running chain continues" } else { "see its lines above" };
        let code = u8::try_from(code).unwrap_or(exit::TOOL).max(exit::BUG);
        Ok(Failure::new(code, message, Some(hint)))
    }

    /// Stops what this start has started: a failure leaves nothing half started. A trial is removed as a
    /// whole, after the last lines of its logs.
    pub(super) fn give_up(&self) -> Result<(), Failure> {
        let name = &self.target.project.name;
        if self.ran() || is_trial(name) {
            return Ok(());
        }
        stop(&self.now()?)?;
        let text = format!("the services are stopped again; their logs: regenesis logs {name}");
        self.steps.console.note(&text);
        Ok(())
    }

    /// Fails if a client does not run.
    pub(super) fn all_run(&self) -> Result<(), Failure> {
        let stack = self.now()?;
        let mut dead = Vec::new();
        for name in self.target.clients() {
            let text = match stack.container(name) {
                None => format!("{name} has no container"),
                Some(one) if one.state == "running" => continue,
                Some(one) => {
                    format!("{name} is not running: {}, exit code {}", one.state, one.exit_code)
                }
            };
            for line in observe::lines(&stack, &[name], &["--tail", "5"])? {
                self.steps.console.note(&format!("{name}: {}", line.text));
            }
            dead.push(text);
        }
        if dead.is_empty() {
            return Ok(());
        }
        self.explain(&stack)?;
        self.give_up()?;
        let hint = format!("see its log: regenesis logs {}", stack.name);
        Err(Failure::new(exit::NO_BLOCKS, dead.join("; "), Some(&hint)))
    }

    /// The error of a chain that may have blocks: a new genesis would discard them.
    pub(super) fn not_replaced(&self, own: Option<u64>, seconds: u64) -> Result<Failure, Failure> {
        let (name, message) = (&self.target.project.name, format!("no new block in {seconds} s"));
        let Some(own) = own else {
            self.give_up()?;
            let hint = format!("regenesis logs {name} shows why; or wait longer: --wait 300");
            return Ok(Failure::new(exit::NO_BLOCKS, message, Some(&hint)));
        };
        let message = format!("{message}, and a new genesis would discard {own} blocks");
        let hint = "wait longer: --wait 300; or discard them: --fresh";
        Ok(Failure::new(exit::NO_BLOCKS, message, Some(hint)))
    }

    /// Starts the validator client again, which was stopped to count the blocks.
    pub(super) fn start_validator(&self) -> Result<(), Failure> {
        if let Some(vc) = self.now()?.container("vc").filter(|vc| !vc.runs()) {
            docker::run(&["start", &vc.id])?;
        }
        Ok(())
    }

    /// Prints the known failures in the logs.
    pub(super) fn explain(&self, stack: &Stack) -> Result<(), Failure> {
        for logged in known::in_logs(&observe::logs(stack, &["--tail", LINES])?) {
            self.steps.console.error(&logged.finding.cause, Some(&logged.finding.cure));
        }
        Ok(())
    }
}
