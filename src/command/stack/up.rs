//! `regenesis up`: from any state to a chain that builds blocks.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{
    Failure, access, compose, given, oci, print,
    steps::{Observer, Steps},
};
use super::blocks::{self, Run};
use super::target::{Request, Target, shell};
use super::{deploy, events, images, lock, ports, summary};
use crate::compose::project;
use crate::io::atomic_file::replace;
use crate::io::console::Console;
use crate::io::docker::{self, Compose};
use crate::io::{fs, host, signal};
use crate::operate::dotenv;
use crate::operate::settings::{self, Given, Origin, PROJECT, Settings, Sources, Value};
use crate::operate::stacks::{Stack, State};
use crate::operate::up::{Situation, Step, changes, found, plan};

const EXAMPLES: &str = "Examples:
  regenesis up                       the embedded sample
  regenesis up my-snapshot           a snapshot, or the stack that runs from it
  regenesis up op                    the sample with an OP-stack L2
  regenesis up oci://registry.example/team/my-snapshot:v1
                                     a snapshot in a registry
  regenesis up my-snapshot --name second
                                     the same snapshot again, as another stack
  eval \"$(regenesis up --output env)\" && cast chain-id
                                     the URLs as variables
  regenesis up --json | jq -c 'select(.event == \"step\")'

Settings are variables of the shell or lines of the snapshot's .env: EL_HTTP_PORT=9545 regenesis up.
docs/operate.md lists them. A running chain that builds blocks is never replaced, except by --fresh.";

/// Start a chain, whatever its state, and wait for its blocks
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory or oci:// reference, the name of a stack, or a sample: l1 or op [default: l1]
    snapshot: Option<String>,
    /// Name of the stack [default: of the snapshot's directory, with a digest of its path]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Limit for the first block [default: WAIT, or 60]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Print findings, settings and steps, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Start on a new genesis, and discard the blocks of a running chain
    #[arg(long)]
    fresh: bool,
    /// Print URLs and IDs in this form
    #[arg(long, value_enum, value_name = "FORM")]
    output: Option<summary::Form>,
    /// Print each step, the URLs and IDs, or the error, as a line of JSON
    #[arg(long, conflicts_with_all = ["output", "dry_run"])]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// Docker, an image, a port or the snapshot is not as it must be, or no block comes.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let done = start(args, console);
    if let (true, Err(failure)) = (args.json, &done) {
        events::failed(failure);
    }
    done
}

fn start(args: &Args, console: &Console) -> Result<(), Failure> {
    let observer = args.json.then_some(events::step as Observer);
    let steps = Steps::start(console).observed(observer);
    let Some(started) = started(args, shell(), announce, &steps)? else { return Ok(()) };
    let form = if args.json { Some(summary::Form::Event) } else { args.output };
    summary::print_of(&started.target, form, &steps)
}

/// A stack that builds blocks. No other command starts or stops it.
struct Started {
    target: Target,
    _locks: Vec<host::Lock>,
}

/// Starts a snapshot with these variables of the shell, as the stack of this name. `announce` says what
/// Ctrl-C leaves.
pub(super) fn start_as(
    name: &str,
    snapshot: &str,
    shell: BTreeMap<String, String>,
    announce: fn(&str),
    steps: &Steps<'_>,
) -> Result<(), Failure> {
    let (snapshot, name) = (Some(snapshot.to_owned()), Some(name.to_owned()));
    started(&Args { snapshot, name, ..Args::default() }, shell, announce, steps).map(|_| ())
}

/// Starts with these variables of the shell; `None` after a dry run.
fn started(
    args: &Args,
    mut shell: BTreeMap<String, String>,
    announce: fn(&str),
    steps: &Steps<'_>,
) -> Result<Option<Started>, Failure> {
    let console = steps.console;
    let version = docker::daemon()?;
    let compose = Compose::find()?;
    steps.done("docker", &format!("Docker {version}, {}", compose.version));

    let cached = cached(args, &shell, console)?;
    let target = target(args, &shell, cached.as_ref())?;
    // The variable names a snapshot; the sample has none.
    shell.remove("SNAPSHOT");
    let is_named = shell.get(PROJECT).is_some_and(|name| given(name).is_some());
    let name = target.project.name.clone();
    let locks = if args.dry_run { Vec::new() } else { prepare(&target, console)? };
    let stacks = docker::all_stacks()?;
    let stack = stacks.iter().find(|stack| stack.name == name);
    steps.done("stack", &format!("{name}: {}", found(stack)));

    let (settings, changes) = resolve(&target, stack, shell, args.options())?;
    settings.notes.iter().for_each(|note| console.note(note));
    let mut images = images::missing(&images::of(&target.stack, &settings)?)?;
    let mut run = Run { target: &target, compose: &compose, settings, steps, started: stack };
    if !images.is_empty() && target.rendered.is_none() && !args.dry_run {
        // Compose builds these when it starts the services. It needs a file that a dry run does not write.
        let built = deploy::configured(&run)?;
        images.retain(|(image, _)| built.iter().all(|build| build.image.as_ref() != Some(image)));
    }
    let settings = &run.settings;
    let plan = plan(&Situation {
        found: stack,
        services: target.services(),
        missing_images: images.iter().map(|(image, _)| image.clone()).collect(),
        changes,
        fresh: args.fresh,
        wait: settings.wait.0,
    });
    ports::check(&target.stack, settings)?;
    let busy = ports::busy(&target.stack, settings, stack)?;
    if args.dry_run {
        busy.iter().for_each(|busy| console.warning(&ports::failure(busy).message));
        let origin = if args.name.as_deref().and_then(given).is_some() {
            Origin::Option("--name")
        } else if is_named {
            Origin::Shell
        } else {
            target.origin_of_name(stack)
        };
        print(described(&target, origin, settings, &plan).as_bytes())?;
        return Ok(None);
    }
    if let Some(busy) = busy.first() {
        return Err(ports::failure(busy));
    }

    announce(&name);
    carry_out(&plan, &images, &mut run)?;
    signal::set_farewell(None);
    Ok(Some(Started { target, _locks: locks }))
}

/// From here on, Ctrl-C says what it leaves.
pub(super) fn announce(name: &str) {
    let left = format!(
        "interrupted: {name} may be half started. regenesis up continues, regenesis down {name} stops it"
    );
    signal::set_farewell(Some(left));
}

/// A variable that is set, and not empty.
pub(super) fn set<'a>(shell: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    shell.get(name).map(String::as_str).and_then(given)
}

fn snapshot<'a>(args: &'a Args, shell: &'a BTreeMap<String, String>) -> Option<&'a str> {
    args.snapshot.as_deref().and_then(given).or_else(|| set(shell, "SNAPSHOT"))
}

/// The snapshot in a registry that the user names, and the name of its stack.
fn cached(
    args: &Args,
    shell: &BTreeMap<String, String>,
    console: &Console,
) -> Result<Option<(oci::Cached, String)>, Failure> {
    let Some(reference) = snapshot(args, shell).filter(|text| oci::is_reference(Path::new(text)))
    else {
        return Ok(None);
    };
    if args.dry_run {
        let hint = "pull it first: regenesis pull REFERENCE DIR, then regenesis up DIR --dry-run";
        return Err(Failure::usage("--dry-run downloads nothing", hint));
    }
    let cached = oci::cached(reference, console)?;
    // What is pulled belongs to the user alone.
    access::give(&cached.directory, console);
    // Whatever the tag names later, its stack keeps its name.
    let tagged = reference.split('@').next().unwrap_or_default().replace(':', "-");
    let name = project::of(tagged.as_bytes());
    Ok(Some((cached, name)))
}

fn target(
    args: &Args,
    shell: &BTreeMap<String, String>,
    cached: Option<&(oci::Cached, String)>,
) -> Result<Target, Failure> {
    let directory = cached.map(|(cached, _)| cached.directory.to_string_lossy());
    let name = args.name.as_deref().and_then(given).or_else(|| set(shell, PROJECT));
    let request = Request {
        target: directory.as_deref().or_else(|| snapshot(args, shell)),
        name: name.or(cached.map(|(_, name)| &**name)),
        files: set(shell, "COMPOSE_FILE"),
    };
    Target::of(&request, &docker::all_stacks()?)
}

impl Args {
    /// The settings that options decide.
    fn options(&self) -> Vec<Given> {
        let fresh = self.fresh.then(|| Given {
            setting: "REGENESIS_RENEW",
            option: "--fresh",
            value: "always".to_owned(),
        });
        fresh.into_iter().chain(wait(self.wait)).collect()
    }
}

/// The option `--wait`, if it is given.
pub(super) fn wait(seconds: Option<u64>) -> Option<Given> {
    seconds.map(|seconds| Given { setting: "WAIT", option: "--wait", value: seconds.to_string() })
}

/// The settings, and what they change in a running stack.
pub(super) fn resolve(
    target: &Target,
    found: Option<&Stack>,
    shell: BTreeMap<String, String>,
    options: Vec<Given>,
) -> Result<(Settings, Vec<crate::operate::up::Change>), Failure> {
    let mut running =
        found.map(|found| settings::running(&target.stack, found)).unwrap_or_default();
    // A stopped stack starts with the present defaults, but with the same snapshot and ports.
    if found.is_none_or(|stack| !matches!(stack.state(), State::Running | State::Partly)) {
        running.retain(|name, _| name == "SNAPSHOT" || name.ends_with("_PORT"));
    }
    let path = target.snapshot.as_ref().map(|snapshot| snapshot.join(".env"));
    let file = match path.filter(|path| fs::exists(path)) {
        Some(path) => dotenv::lines(&String::from_utf8_lossy(&fs::read_file(&path)?)),
        None => Vec::new(),
    };
    let project = &target.project.name;
    let sources = Sources { options, shell, file, running, project };
    let settings = settings::resolve(&target.stack, &sources)
        .map_err(|error| Failure::usage(error.to_string(), "docs/operate.md lists the settings"))?;
    let changes = changes(&settings, &sources.running);
    Ok((settings, changes))
}

/// The text of `--dry-run`.
fn described(target: &Target, origin: Origin, settings: &Settings, plan: &[Step]) -> String {
    let files = target.project.files.iter().map(|file| file.display().to_string());
    let files = files.collect::<Vec<_>>().join(", ");
    let rendered = if target.rendered.is_some() { ", which up writes" } else { "" };
    let mut lines = vec![format!("stack {}, from {files}{rendered}", target.project.name)];
    lines.push("settings".to_owned());
    let set = settings.values.iter().filter(|value| !value.value.is_empty());
    let name = target.project.name.clone();
    let project = Value { name: PROJECT.to_owned(), value: name, origin };
    lines.extend(std::iter::once(&project).chain(set).map(|value| format!("  {value}")));
    let (seconds, origin) = &settings.wait;
    lines.push(format!("  WAIT={seconds} ({origin})"));
    lines.push("steps".to_owned());
    lines.extend(plan.iter().map(|step| format!("  {}", step.text())));
    lines.join("\n") + "\n"
}

/// Writes the file that Compose reads instead of a `.env`.
pub(super) fn write_no_settings(target: &Target) -> Result<(), Failure> {
    let text = "# regenesis passes the settings of this stack as variables.\n";
    Ok(replace(&target.project.no_settings, text.as_bytes(), 0o644)?)
}

/// Waits until no other command starts or stops this stack, and writes the files that Compose reads.
pub(super) fn prepare(target: &Target, console: &Console) -> Result<Vec<host::Lock>, Failure> {
    let mut locks = vec![lock(&target.project.name, console)?];
    if let (Some(sample), Some(snapshot)) = (target.sample, &target.snapshot) {
        compose::write_files(snapshot, sample)?;
        access::give(snapshot, console);
    }
    write_no_settings(target)?;
    let Some(file) = target.project.files.first() else { return Ok(locks) };
    match &target.rendered {
        Some(text) => replace(file, text.as_bytes(), 0o644)?,
        // up.sh locks its compose file.
        None => locks.push(host::lock(file, console)?),
    }
    Ok(locks)
}

fn carry_out(plan: &[Step], images: &[(String, String)], run: &mut Run<'_>) -> Result<(), Failure> {
    if !images.is_empty() {
        images::get(images, run.steps)?;
        run.steps.done("images", &format!("{} more", images.len()));
    }
    for step in plan {
        match step {
            Step::Image(_) => {}
            Step::Stop => {
                run.stop()?;
                run.steps.done("stop", "all services");
            }
            Step::Unpause => run.unpause()?,
            Step::Start(reason) => {
                run.start()?;
                run.steps.done("start", reason);
            }
            Step::Wait(seconds) => blocks::wait(run, *seconds)?,
        }
    }
    Ok(())
}
