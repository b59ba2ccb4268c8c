//! `regenesis doctor`: what keeps a stack from starting on this machine.

use std::path::Path;

use serde::Serialize;

use super::super::{Failure, given, print, print_json, steps::Steps};
use super::failures::LINES;
use super::target::{Request, Target, shell};
use super::{images, logs, observe, ports, up};
use crate::exit;
use crate::health::known;
use crate::io::clock::now;
use crate::io::console::{self, Console};
use crate::io::docker::{self, Compose};
use crate::io::host;
use crate::operate::doctor::{Check, Facts, Outcome, machine, programs, stack};
use crate::operate::stacks::State;

const EXAMPLES: &str = "Examples:
  regenesis doctor                   what the sample needs
  regenesis doctor my-snapshot       also the settings in its .env
  regenesis doctor --fix             get missing images, continue paused containers, after a question
  regenesis doctor --json | jq '.checks[] | select(.cure)'";

/// Check Docker, ports, images, disk, memory, clock, settings and logs, and name the cure of each failure
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory, or the name of a stack [default: the embedded sample]
    snapshot: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// List what can be repaired safely, ask, do it, and check again
    #[arg(long, conflicts_with = "json")]
    fix: bool,
    /// Repair without asking
    #[arg(long, requires = "fix")]
    yes: bool,
}

/// What `--fix` can repair: each only adds what `up` would add, or continues what was running.
#[derive(Debug, Default)]
struct Repairs {
    /// The images that are not on this machine, each with its setting.
    images: Vec<(String, String)>,
    /// The paused containers: id and name.
    paused: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct Report {
    format: u8,
    checks: Vec<Check>,
}

/// Runs the verb.
///
/// # Errors
/// A check fails.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let mut repairs = Repairs::default();
    let first = check(args, &mut repairs, console);
    if !args.fix {
        return first;
    }
    if repairs.images.is_empty() && repairs.paused.is_empty() {
        console.note("nothing that --fix can repair");
        return first;
    }
    print(repairs.listed().as_bytes())?;
    if !args.yes {
        confirm()?;
    }
    let steps = Steps::start(console);
    images::get(&repairs.images, &steps)?;
    for (id, name) in &repairs.paused {
        docker::run(&["unpause", id])?;
        steps.done("continue", name);
    }
    check(args, &mut Repairs::default(), console)
}

fn confirm() -> Result<(), Failure> {
    match console::ask("Do this? Type yes: ").as_deref() {
        Some("yes") => Ok(()),
        Some(_) => Err(Failure::new(exit::USAGE, "the answer is not yes: nothing is done", None)),
        None => Err(Failure::usage("stdin is not a terminal: nothing is done", "add --yes")),
    }
}

impl Repairs {
    /// A line for each.
    fn listed(&self) -> String {
        let images = self.images.iter().map(|(image, _)| format!("would get the image {image}\n"));
        let paused = self.paused.iter().map(|(_, name)| format!("would continue {name}\n"));
        images.chain(paused).collect()
    }
}

/// Checks, and prints the results of each stage as soon as it ends.
fn check(args: &Args, repairs: &mut Repairs, console: &Console) -> Result<(), Failure> {
    let mut all = Vec::new();
    let mut tell = |checks: Vec<Check>| {
        if !args.json {
            print(checks.iter().map(line).collect::<String>().as_bytes())?;
        }
        all.extend(checks);
        Ok::<_, Failure>(())
    };
    let mut facts = Facts { memory: host::free_memory(), ..Facts::default() };
    facts.compose = Compose::find().ok().map(|compose| compose.version);
    facts.docker = match docker::daemon() {
        Ok(version) => Some(Ok(version)),
        Err(docker::Error::Missing) => None,
        Err(error) => Some(Err(error.to_string())),
    };
    tell(programs(&facts))?;
    let answers = matches!(facts.docker, Some(Ok(_)));
    if answers {
        of_docker(&mut facts)?;
    }
    tell(machine(&facts))?;
    if answers {
        console.work("looking at images, ports and logs");
        of_stack(args, &mut facts, repairs)?;
    }
    tell(stack(&facts))?;
    let failed = all.iter().filter(|check| check.outcome == Outcome::Error).count();
    if args.json {
        print_json(&Report { format: 1, checks: all })?;
    }
    if failed == 0 {
        console.note("up can start");
        return Ok(());
    }
    let exit = if facts.docker.is_none_or(|docker| docker.is_err()) {
        exit::DOCKER
    } else {
        exit::VERIFICATION
    };
    let message =
        if failed == 1 { "one check failed".to_owned() } else { format!("{failed} checks failed") };
    Err(Failure::new(exit, message, Some("the cures are above")))
}

fn line(check: &Check) -> String {
    let outcome = match check.outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Error => "error",
        Outcome::Unknown => "unknown",
    };
    let cure = check.cure.as_ref().map_or_else(String::new, |cure| format!("\n{:20}{cure}", ""));
    format!("{:<12}  {outcome:<7}  {}{cure}\n", check.name, check.text)
}

/// What the daemon reports about itself.
fn of_docker(facts: &mut Facts) -> Result<(), Failure> {
    let before = now();
    let format = "{{.Architecture}}\n{{.DockerRootDir}}\n{{.SystemTime}}";
    let answer = docker::run(&["info", "--format", format])?.stdout();
    let mut lines = answer.lines();
    facts.architecture = lines.next().map(str::to_owned);
    let root = lines.next().unwrap_or_default();
    if host::daemon_is_local() {
        facts.disk = host::free_disk(Path::new(root));
    }
    let time = lines.next().and_then(crate::stamp::seconds_of);
    // The answer was written at some moment between these two.
    facts.clock = time.map(|time| before.saturating_sub(time).max(time.saturating_sub(now())));
    Ok(())
}

/// What the stack needs.
fn of_stack(args: &Args, facts: &mut Facts, repairs: &mut Repairs) -> Result<(), Failure> {
    let (stacks, mut shell) = (docker::all_stacks()?, shell());
    let set = |name: &str| shell.get(name).cloned();
    let (snapshot, name, files) =
        (set("SNAPSHOT"), set("COMPOSE_PROJECT_NAME"), set("COMPOSE_FILE"));
    let request = Request {
        target: args.snapshot.as_deref().and_then(given).or(snapshot.as_deref()),
        name: name.as_deref().and_then(given),
        files: files.as_deref().and_then(given),
    };
    let target = Target::of(&request, &stacks)?;
    shell.remove("SNAPSHOT");
    let found = stacks.iter().find(|stack| stack.name == target.project.name);
    if let Some(stack) = found.filter(|stack| stack.state() != State::Removed) {
        let since = logs::last_start(stack).into_iter().flat_map(|since| ["--since", since]);
        let options: Vec<_> = since.chain(["--tail", LINES]).collect();
        let found = known::in_logs(&observe::logs(stack, &options)?);
        facts.logs = Some(found.into_iter().map(|logged| logged.finding).collect());
    }
    let paused = found.iter().flat_map(|stack| &stack.containers);
    let paused = paused.filter(|container| container.state == "paused");
    repairs.paused = paused.map(|one| (one.id.clone(), one.name.clone())).collect();
    facts.paused = repairs.paused.iter().map(|(_, name)| name.clone()).collect();
    match up::resolve(&target, found, shell, Vec::new()) {
        Ok((settings, _)) => {
            let missing = images::missing(&images::of(&target.stack, &settings)?)?;
            facts.missing_images = missing.iter().map(|(image, _)| image.clone()).collect();
            repairs.images = missing;
            facts.busy_ports = ports::busy(&target.stack, &settings, found)?;
        }
        Err(failure) => facts.settings.push(failure.message),
    }
    Ok(())
}
