//! `regenesis deploy`: rebuilds the images whose inputs have changed, and restarts their services.

mod inputs;

use super::super::{Failure, steps::Steps};
use super::blocks::{self, Run};
use super::target::{Request, Target, shell};
use super::{images, stack_and_services, state_directory, up};
use crate::exit;
use crate::io::console::Console;
use crate::io::docker::{self, Compose, last_line};
use crate::io::{host, signal};
use crate::operate::build::{Build, builds};
use crate::operate::stacks::{Stack, State};
use inputs::{Built, Record, digest};

const EXAMPLES: &str = "Examples:
  regenesis deploy                   all images of the only stack that are built on this machine
  regenesis deploy my-chain el       only that of geth

A service with a build section in a compose file is built; the image of init, in a checkout of regenesis:
  COMPOSE_FILE=my-snapshot/docker-compose.yml:my-snapshot/geth.yml regenesis up my-snapshot
  regenesis deploy                   after each change of the sources";

/// The record of the last builds, in the state directory of the stack.
pub(super) const RECORD: &str = "builds.json";
/// The services with the image of regenesis.
const OWN: [&str; 2] = ["init", "watch"];

/// Rebuild the images of a stack whose inputs have changed, and restart their services
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "regenesis deploy [OPTIONS] [STACK] [SERVICE]...")]
pub struct Args {
    /// Name of the stack, unless there is only one, and services [default: all that are built]
    #[arg(value_name = "STACK|SERVICE")]
    words: Vec<String>,
    /// Limit for the next block
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack, no image is built on this machine, a build fails, or no block follows.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let steps = Steps::start(console);
    let compose = Compose::find()?;
    let stacks = docker::all_stacks()?;
    let (stack, services) = stack_and_services(&stacks, &args.words)?;
    let request = Request { target: Some(&stack.name), ..Request::default() };
    let target = Target::of(&request, &stacks)?;
    let _locks = up::prepare(&target, console)?;
    let stacks = docker::all_stacks()?;
    let stack = super::named(&stacks, Some(&target.project.name))?;
    let mut variables = shell();
    variables.remove("SNAPSHOT");
    let (settings, _) = up::resolve(&target, Some(stack), variables, Vec::new())?;
    let runs = matches!(stack.state(), State::Running | State::Partly);
    let mut run =
        Run { target: &target, compose: &compose, settings, steps: &steps, started: Some(stack) };

    let all = sources(&run, &services)?;
    if all.is_empty() {
        let hint = "add a build section to the service, in a file that COMPOSE_FILE names";
        let message = format!("{}: no image of it is built on this machine", stack.name);
        return Err(Failure::usage(message, hint));
    }
    let path = state_directory(&stack.name)?.join(RECORD);
    let mut record = Record::read(&path);
    let mut changed = Vec::new();
    for source in &all {
        let inputs = digest(source)?;
        let image = docker::image_id(&image_of(source, stack))?;
        let is_built = image.is_some_and(|image| {
            record.has(&source.service, &Built { inputs: inputs.clone(), image })
        });
        if !is_built {
            changed.push((source, inputs));
        }
    }
    steps.done("inputs", &format!("of {}", names(all.iter())));
    if changed.is_empty() {
        console.title(&format!("{}: nothing has changed", stack.name));
        return Ok(());
    }
    console.work(&format!("building {}", names(changed.iter().map(|(build, _)| *build))));
    let built = build_all(&run, &changed)?;
    record.add(built, &path)?;
    steps.done("build", &names(changed.iter().map(|(build, _)| *build)));
    if !runs {
        console.note(&format!("regenesis up {} starts it", stack.name));
        return Ok(());
    }
    up::announce(&stack.name);
    run.start()?;
    signal::set_farewell(None);
    steps.done("start", "what has a new image; the genesis stays");
    blocks::wait(&mut run, args.wait)
}

/// The names of services.
fn names<'a>(builds: impl Iterator<Item = &'a Build>) -> String {
    builds.map(|build| &*build.service).collect::<Vec<_>>().join(", ")
}

/// What the images of these services are built from; without services, of all.
fn sources(run: &Run<'_>, services: &[&str]) -> Result<Vec<Build>, Failure> {
    let mut all = configured(run)?;
    let is_asked =
        |names: &[&str]| services.is_empty() || names.iter().any(|name| services.contains(name));
    all.retain(|build| is_asked(&[build.service.as_str()]));
    let own = run.settings.get(images::OWN).map(|own| own.value.clone());
    if let (Some(checkout), Some(image)) = (host::checkout(), own)
        && is_asked(&OWN)
        && all.iter().all(|build| !OWN.contains(&&*build.service))
    {
        all.push(Build {
            service: OWN[0].to_owned(),
            image: Some(image),
            context: checkout.display().to_string(),
            dockerfile: "docker/Dockerfile".to_owned(),
            section: images::SCRIPT.to_owned(),
        });
    }
    Ok(all)
}

/// The services that have a `build` section.
pub(super) fn configured(run: &Run<'_>) -> Result<Vec<Build>, Failure> {
    let config = run.compose.run(&run.target.project, &["config"], &run.variables())?;
    if !config.succeeded() {
        let message = format!("Compose: {}", last_line(&config.stderr()));
        return Err(Failure::new(exit::TOOL, message, Some("correct the compose file")));
    }
    builds(&config.stdout()).map_err(|error| {
        let message = format!("docker compose config, line {}: {error}", error.line);
        Failure::new(exit::TOOL, message, Some(error.hint))
    })
}

/// The name of the image of a service.
fn image_of(build: &Build, stack: &Stack) -> String {
    let running = || stack.container(&build.service).map(|container| container.image.clone());
    build.image.clone().or_else(running).unwrap_or_default()
}

/// Builds images side by side.
fn build_all(run: &Run<'_>, changed: &[(&Build, String)]) -> Result<Vec<(String, Built)>, Failure> {
    let one = |(build, inputs): &(&Build, String)| {
        run.steps.console.note(&format!("building the image of {} …", build.service));
        let done = if build.section == images::SCRIPT {
            images::build_own(build.image.as_deref().unwrap_or_default(), run.steps)?
        } else {
            let arguments = ["build", build.service.as_str()];
            run.compose.run(&run.target.project, &arguments, &run.variables())?
        };
        if !done.succeeded() {
            let said = done.stderr() + &done.stdout();
            let message =
                format!("building the image of {} failed: {}", build.service, last_line(&said));
            let hint = format!("{} build {}", run.compose.command(), build.service);
            return Err(Failure::new(exit::IMAGE, message, Some(&hint)));
        }
        let stack = run.now()?;
        let image = docker::image_id(&image_of(build, &stack))?.unwrap_or_default();
        Ok((build.service.clone(), Built { inputs: inputs.clone(), image }))
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            changed.iter().map(|change| scope.spawn(move || one(change))).collect();
        let joined = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(Failure::bug("a build ended early")))
        };
        threads.into_iter().map(joined).collect()
    });
    results.into_iter().collect()
}
