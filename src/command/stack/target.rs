//! What `regenesis up` starts: the compose file, its project, and its settings.

mod described;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::{Failure, given, snapshot_directory};
use super::{COMPOSE_FILE, NO_SETTINGS, state_directory};
use crate::compose::{self, project, seal};
use crate::exit;
use crate::io::docker::Project;
use crate::io::fs;
use crate::operate::l2;
use crate::operate::settings::Origin;
use crate::operate::stacks::Stack;
use crate::operate::{CLIENTS, SERVICES};
use crate::sample::Sample;
use crate::services::{self, Clients, Enclave, Options, stack};
use crate::snapshot::METADATA;
use described::{described, described_by};

/// The names of the samples' stacks.
const SAMPLE: &str = "regenesis-sample";
const OP_SAMPLE: &str = "regenesis-op";
/// The directory of a sample with L2s, in the state directory of its stack: `init` reads it from there.
pub(super) const SNAPSHOT: &str = "snapshot";

/// What the user asked for.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    /// A directory, or the name of a stack or of a sample.
    pub(super) target: Option<&'a str>,
    /// `--name`
    pub(super) name: Option<&'a str>,
    /// `COMPOSE_FILE` of the shell.
    pub(super) files: Option<&'a str>,
}

/// What to start.
#[derive(Debug)]
pub(super) struct Target {
    /// The project.
    pub(super) project: Project,
    /// The services, as far as regenesis knows them.
    pub(super) stack: services::Stack,
    /// The directory of the snapshot; `None`: the sample.
    pub(super) snapshot: Option<PathBuf>,
    /// The sample to write into that directory first.
    pub(super) sample: Option<Sample>,
    /// The compose file to write, if the snapshot has none.
    pub(super) rendered: Option<String>,
}

impl Target {
    /// Finds out what the user means.
    ///
    /// # Errors
    /// There is no such snapshot or stack, the name belongs to another one, or the snapshot has a compose
    /// file that regenesis did not write.
    pub(super) fn of(request: &Request<'_>, stacks: &[Stack]) -> Result<Self, Failure> {
        check_name(request.name)?;
        let by_name = |name: &str| stacks.iter().find(|stack| stack.name == name);
        let target = request.target.and_then(given);
        let path = target.map(Path::new);
        if let Some(path) = path
            && (path.components().count() > 1 || fs::exists(path))
        {
            return Self::of_snapshot(path, request, stacks);
        }
        let found = match target {
            Some(name) => match (by_name(name), <Sample as clap::ValueEnum>::from_str(name, false))
            {
                (Some(stack), _) => Some(stack),
                (None, Ok(Sample::Op)) => return Self::of_op(request, stacks),
                (None, Ok(Sample::L1)) => by_name(request.name.unwrap_or(SAMPLE)),
                (None, Err(_)) => {
                    let message = format!("{name}: is no directory, no stack and no sample");
                    let hint = "regenesis list shows the stacks, regenesis capture writes a \
                                snapshot, and the samples are l1 and op";
                    return Err(Failure::new(exit::INPUT, message, Some(hint)));
                }
            },
            None => by_name(request.name.unwrap_or(SAMPLE)),
        };
        match found {
            Some(stack) => Self::of_stack(stack, request, stacks),
            None => Self::of_sample(request.name.unwrap_or(SAMPLE), request),
        }
    }

    fn new(
        name: &str,
        directory: Option<PathBuf>,
        stack: services::Stack,
    ) -> Result<Self, Failure> {
        let state = state_directory(name)?;
        let project = Project {
            name: name.to_owned(),
            directory: directory.unwrap_or_else(|| state.clone()),
            files: vec![state.join(COMPOSE_FILE)],
            no_settings: state.join(NO_SETTINGS),
        };
        Ok(Self { project, stack, snapshot: None, sample: None, rendered: None })
    }

    /// The origin of a name that the user did not give; `found` is the stack with that name.
    pub(super) fn origin_of_name(&self, found: Option<&Stack>) -> Origin {
        if found.is_some() {
            Origin::Stack
        } else if self.snapshot.is_some() && self.sample.is_none() {
            Origin::Derived("the path of the snapshot")
        } else {
            Origin::Default
        }
    }

    /// The services that run, in the order in which they start.
    pub(super) fn services(&self) -> Vec<&str> {
        let names = self.stack.services.iter().map(|service| service.name.as_str());
        names.filter(|name| *name != "init").collect()
    }

    /// The services without which a chain does not continue.
    pub(super) fn clients(&self) -> Vec<&str> {
        let is_client = |name: &&str| CLIENTS.contains(name) || l2::network(name).is_some();
        self.services().into_iter().filter(is_client).collect()
    }

    /// The names of the L2s, in their order.
    pub(super) fn l2s(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.services().into_iter().filter_map(l2::network).collect();
        names.dedup();
        names
    }

    /// The sample with an L2. Its files are written before the start, because the init image lacks them.
    fn of_op(request: &Request<'_>, stacks: &[Stack]) -> Result<Self, Failure> {
        let name = request.name.unwrap_or(OP_SAMPLE);
        let directory = state_directory(name)?.join(SNAPSHOT);
        let request = Request { name: Some(name), ..*request };
        if fs::exists(&directory.join(METADATA)) {
            return Self::of_snapshot(&directory, &request, stacks);
        }
        let found = stacks.iter().find(|stack| stack.name == name);
        check_owner(found, name, &directory.display().to_string())?;
        let snapshot = Sample::Op.snapshot();
        let described = described(&snapshot, Enclave::default())?(Clients::default())?;
        let mut target = Self::new(name, Some(directory.clone()), described)?;
        target.snapshot = Some(directory);
        target.sample = Some(Sample::Op);
        target.rendered = Some(compose::file(&target.stack));
        target.with_files(&request)
    }

    fn of_sample(name: &str, request: &Request<'_>) -> Result<Self, Failure> {
        let stack = stack(Options::of_sample(Clients::default()));
        let rendered = compose::file(&stack);
        let mut target = Self::new(name, None, stack)?;
        target.rendered = Some(rendered);
        target.with_files(request)
    }

    /// A stack that exists, whichever program started it.
    fn of_stack(found: &Stack, request: &Request<'_>, stacks: &[Stack]) -> Result<Self, Failure> {
        let directory = found.directory().map(PathBuf::from);
        if let Some(directory) = &directory
            // Without its files, the error names the directory.
            && (fs::exists(&directory.join(METADATA))
                || found.snapshot().map(Path::new) == Some(directory))
        {
            let request = Request { name: Some(&found.name), ..*request };
            return Self::of_snapshot(directory, &request, stacks);
        }
        let is_named = request.target.and_then(given).is_some();
        if found.containers.is_empty() && is_named && found.name != SAMPLE {
            let name = &found.name;
            let message = format!("{name}: only volumes remain, which name no snapshot");
            let hint = format!("regenesis up DIRECTORY --name {name}");
            return Err(Failure::new(exit::INPUT, message, Some(&hint)));
        }
        let files: Vec<_> = found.files().iter().map(PathBuf::from).collect();
        let target = Self::of_sample(&found.name, request)?;
        if files.is_empty() || files == target.project.files {
            return Ok(target);
        }
        if let Some(missing) = files.iter().find(|path| !fs::exists(path)) {
            let message = format!("{}: is gone, and the stack needs it", missing.display());
            let hint = format!("restore it, or remove the stack: regenesis purge {}", found.name);
            return Err(Failure::new(exit::INPUT, message, Some(&hint)));
        }
        let project = Project { files, ..target.project };
        let project = Project { directory: directory.unwrap_or(project.directory), ..project };
        let snapshot = found.snapshot().map(PathBuf::from);
        let stack = described_by(&project.files, snapshot.as_deref())?;
        Self { project, stack, rendered: None, snapshot, sample: None }.with_files(request)
    }

    fn of_snapshot(path: &Path, request: &Request<'_>, stacks: &[Stack]) -> Result<Self, Failure> {
        let snapshot = snapshot_directory(path)?;
        let directory = fs::canonical(path)?;
        let shown = directory.display().to_string();
        if shown.contains([':', '\n']) {
            let message =
                format!("{shown}: Docker cannot mount a path with a colon or a line break");
            return Err(Failure::new(exit::INPUT, message, Some("move it")));
        }
        let own = project::of(directory.as_os_str().as_encoded_bytes());
        let found = match request.name {
            Some(name) => stacks.iter().find(|stack| stack.name == name),
            None => in_directory(stacks, &shown, &own),
        };
        check_owner(found, request.name.unwrap_or(&own), &shown)?;
        let name = request.name.or(found.map(|stack| &*stack.name)).unwrap_or(&own);
        let described = described(&snapshot, super::super::compose::enclave(&directory)?)?;
        let mut target = Self::new(name, Some(directory.clone()), described(Clients::default())?)?;
        target.snapshot = Some(directory.clone());
        let file = directory.join(COMPOSE_FILE);
        if request.files.is_some() {
            return target.with_files(request);
        }
        // The user chose several files when the stack started.
        if let Some(several) = found.map(Stack::files).filter(|files| files.len() > 1) {
            let several = several.join(":");
            return target.with_files(&Request { files: Some(&several), ..*request });
        }
        if !fs::exists(&file) {
            target.rendered = Some(compose::file(&target.stack));
            return Ok(target);
        }
        let text = String::from_utf8_lossy(&fs::read_file(&file)?).into_owned();
        let runs = found.is_some_and(|stack| stack.files().contains(&file.display().to_string()));
        let mut is_known = false;
        for clients in Clients::all() {
            let stack = described(clients)?;
            let rendered = compose::file(&stack);
            if text == rendered || text == seal::seal(&rendered) {
                (target.stack, is_known) = (stack, true);
            }
        }
        // A snapshot may come from a stranger, and must not choose what runs here.
        if !is_known && !runs {
            let message =
                format!("{}: was edited, or is of another version of regenesis", file.display());
            let hint = format!(
                "run regenesis compose {shown}, which writes it again if it is unedited; or start it as \
                 it is: COMPOSE_FILE={} regenesis up {shown}",
                file.display()
            );
            return Err(Failure::new(exit::INPUT, message, Some(&hint)));
        }
        target.project.files = vec![file];
        if !is_known {
            target.stack = described_by(&target.project.files, target.snapshot.as_deref())?;
        }
        Ok(target)
    }

    /// The compose files that the shell chooses instead.
    fn with_files(mut self, request: &Request<'_>) -> Result<Self, Failure> {
        let Some(files) = request.files.and_then(given) else { return Ok(self) };
        let absolute = files.split(':').map(|file| fs::canonical(Path::new(file)));
        self.project.files = absolute.collect::<Result<_, _>>()?;
        self.stack = described_by(&self.project.files, self.snapshot.as_deref())?;
        self.rendered = None;
        if self.snapshot.is_none()
            && let Some(directory) = self.project.files.first().and_then(|file| file.parent())
        {
            self.project.directory = directory.to_path_buf();
        }
        Ok(self)
    }
}

/// Fails if the stack of this name is that of another directory.
fn check_owner(found: Option<&Stack>, name: &str, directory: &str) -> Result<(), Failure> {
    let Some(other) = found.and_then(Stack::directory).filter(|other| *other != directory) else {
        return Ok(());
    };
    let message = format!("the stack {name} belongs to {other}, not to {directory}");
    let hint = format!("choose another name: --name; or remove that stack: regenesis purge {name}");
    Err(Failure::usage(message, &hint))
}

/// The stack of a snapshot's directory: of several, the one that `up.sh` and this program start.
fn in_directory<'a>(stacks: &'a [Stack], directory: &str, own: &str) -> Option<&'a Stack> {
    let mut here = stacks.iter().filter(|stack| stack.directory() == Some(directory));
    stacks.iter().find(|stack| stack.name == own).or_else(|| here.next())
}

fn check_name(name: Option<&str>) -> Result<(), Failure> {
    let Some(name) = name else { return Ok(()) };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if !name.chars().all(allowed) || name.starts_with(['_', '-']) || name.is_empty() {
        let hint =
            "a name has lower-case letters, digits, _ and -, and starts with a letter or a digit";
        return Err(Failure::usage(format!("--name is {name:?}"), hint));
    }
    if SERVICES.contains(&name) {
        let message = format!("--name is {name:?}, which is the name of a service");
        return Err(Failure::usage(message, "choose another name"));
    }
    Ok(())
}

/// The variables of the shell.
pub(super) fn shell() -> BTreeMap<String, String> {
    crate::io::environment::variables().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::containers::Container;

    #[test]
    fn a_stack_whose_snapshot_is_unknown_or_gone_is_not_the_sample() {
        let gone = "/nothere/my-snapshot";
        let init = Container {
            service: "init".to_owned(),
            directory: gone.to_owned(),
            environment: [("REGENESIS_SNAPSHOT".to_owned(), "/snapshot".to_owned())].into(),
            directories: [("/snapshot".to_owned(), gone.to_owned())].into(),
            ..Container::default()
        };
        for (containers, words) in [(vec![], "only volumes remain"), (vec![init], gone)] {
            let name = "a-stack-of-a-test".to_owned();
            let stacks = [Stack { name, containers, ..Stack::default() }];
            let request = Request { target: Some("a-stack-of-a-test"), ..Request::default() };
            let failure = Target::of(&request, &stacks).unwrap_err();
            assert_eq!(failure.exit, exit::INPUT, "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    }
}
