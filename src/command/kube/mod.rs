//! `regenesis kube`: Kubernetes objects for a snapshot.

mod source;
mod unused;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Failure, compose, given, snapshot_directory};
use crate::compose::seal;
use crate::exit;
use crate::io::atomic_file::replace;
use crate::io::console::{self, Console};
use crate::io::disk;
use crate::io::environment;
use crate::io::fs;
use crate::kube::{
    self, CHAIN_FILE, Devnet, KUSTOMIZATION_FILE, SNAPSHOT_FILE, Shape, Source, name,
};
use crate::operate::{dotenv, settings};
use crate::services::{Clients, Consensus, Execution, Options, Stack, stack_with};
use crate::snapshot_files::replaced;

const EXAMPLES: &str = "Examples:
  regenesis kube | kubectl apply --server-side --filename -          the sample
  regenesis kube my-snapshot --out k8s && kubectl apply --server-side --kustomize k8s
  regenesis kube my-snapshot --from job=s3://bucket/my-snapshot.tar.zst --sha256 HEX --out k8s
  regenesis kube my-snapshot --from image=registry.example/my-snapshot:1 --statefulsets --out k8s
  regenesis kube --prune              lists volumes with snapshots that nothing uses, and asks

Settings such as images come from variables of the shell and from the snapshot's .env, as with up.";

/// Write Kubernetes objects for a snapshot: one pod for the chain, or a StatefulSet for each client
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory [default: the sample]
    snapshot: Option<PathBuf>,
    /// Directory for the objects and kustomization.yaml [default: print the objects to stdout]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Name of the objects [default: from the snapshot's directory]
    #[arg(long)]
    name: Option<String>,
    /// Where the cluster finds the snapshot: image=REF, claim=NAME[/DIR], job=URL (downloads an archive once,
    /// into a claim) or init=URL (for each pod) [default: a secret, up to 1 MB]
    #[arg(long, value_name = "KIND=PLACE", requires = "snapshot")]
    from: Option<String>,
    /// SHA-256 of the archive [default: from the file URL.sha256, if there is one]
    #[arg(long, value_name = "HEX", requires = "from")]
    sha256: Option<String>,
    /// A StatefulSet for each client, with claims for its data, instead of one pod
    #[arg(long)]
    statefulsets: bool,
    /// Consensus client of the stack
    #[arg(long, value_name = "CLIENT", default_value = "lighthouse")]
    #[arg(value_parser = compose::consensus())]
    consensus: Consensus,
    /// Execution client of the stack
    #[arg(long, value_name = "CLIENT", default_value = "geth", value_parser = compose::execution())]
    execution: Execution,
    /// Remove the claims of job= that nothing in kubectl's current namespace uses; lists them, and asks
    #[arg(long, conflicts_with_all = ["snapshot", "out", "name", "statefulsets"])]
    prune: bool,
    /// Do not ask
    #[arg(long, requires = "prune")]
    yes: bool,
}

/// The name of the sample's objects.
const SAMPLE: &str = "regenesis-sample";

/// Runs the verb.
///
/// # Errors
/// The snapshot cannot be read, an option is invalid, or the output cannot be written.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    if args.prune {
        return unused::prune(args.yes, console);
    }
    let clients = Clients { execution: args.execution, consensus: args.consensus };
    let directory = args.snapshot.as_deref().filter(|path| !path.as_os_str().is_empty());
    let name = object_name(args, directory)?;
    let shape = if args.statefulsets { Shape::StatefulSets } else { Shape::OnePod };
    let (options, chains) = match directory {
        Some(directory) => compose::checked(directory, &snapshot_directory(directory)?, clients)?,
        None => (Options::of_sample(clients), Vec::new()),
    };
    let options = Options { shares_network: shape == Shape::OnePod, ..options };
    let stack = stack_with(options, &chains);
    let settings = values(&stack, directory, console)?;
    let files = directory.map(source::sizes).transpose()?.unwrap_or_default();
    let source = match directory {
        Some(directory) => {
            source::of(args.from.as_deref(), args.sha256.as_deref(), directory, &files)?
        }
        None => Source::Sample,
    };
    let size = files.iter().map(|(_, size)| size).sum();
    let settings = &settings;
    let devnet = Devnet { name: &name, stack: &stack, settings, source: &source, size, shape };
    let files = kube::files(&devnet);
    let has_keys = matches!(source, Source::Secret(_));
    match args.out.as_deref().filter(|path| !path.as_os_str().is_empty()) {
        Some(out) => write(out, &files, has_keys, console),
        None if has_keys => {
            if console::binary_stdout().is_none() {
                let what = "stdout is a terminal, and the objects have the keys of the validators";
                return Err(Failure::usage(what, "pipe them to kubectl, or add --out DIR"));
            }
            super::print(files.together().as_bytes())
        }
        None => super::print(files.together().as_bytes()),
    }
}

fn object_name(args: &Args, directory: Option<&Path>) -> Result<String, Failure> {
    if let Some(name) = args.name.as_deref().and_then(given) {
        if !name::is_valid(name) {
            let what = format!(
                "--name is {name:?}, expected at most 30 lower case letters, digits and single -, a \
                 letter first"
            );
            return Err(Failure::usage(what, "objects add a service's name, up to 63 characters"));
        }
        return Ok(name.to_owned());
    }
    let Some(directory) = directory else { return Ok(SAMPLE.to_owned()) };
    let path = fs::canonical(directory).unwrap_or_else(|_| directory.to_owned());
    Ok(name::of(&path.file_name().unwrap_or_default().to_string_lossy()))
}

/// The values of the stack's settings: of the shell, of `.env`, and the defaults.
fn values(
    stack: &Stack,
    directory: Option<&Path>,
    console: &Console,
) -> Result<BTreeMap<String, String>, Failure> {
    let path = directory.map(|directory| directory.join(".env")).filter(|path| fs::exists(path));
    let text = path.map(|path| fs::read_file(&path)).transpose()?.unwrap_or_default();
    let mut file = dotenv::lines(&String::from_utf8_lossy(&text));
    // Of Compose alone.
    file.retain(|line| !line.name.starts_with("COMPOSE_"));
    let shell = environment::variables().into_iter().collect();
    let sources = settings::Sources { shell, file, ..settings::Sources::default() };
    let settings = settings::resolve(stack, &sources)
        .map_err(|error| Failure::usage(error.to_string(), "docs/operate.md lists the settings"))?;
    settings.notes.iter().for_each(|note| console.note(note));
    let values = settings.values.into_iter().map(|value| (value.name, value.value));
    // A directory of this machine.
    Ok(values.filter(|(name, _)| name != "SNAPSHOT").collect())
}

/// Writes all files; none, if one of them was edited.
fn write(
    out: &Path,
    files: &kube::Files,
    has_keys: bool,
    console: &Console,
) -> Result<(), Failure> {
    if !disk::check_directory(out)? {
        disk::create_directory(out, 0o755)?;
    }
    let snapshot = files.snapshot.as_deref().map(|text| (SNAPSHOT_FILE, text));
    let others = [(CHAIN_FILE, &*files.chain), (KUSTOMIZATION_FILE, &*files.kustomization)];
    let all: Vec<_> = snapshot.into_iter().chain(others).collect();
    for path in all.iter().map(|(name, _)| out.join(name)) {
        if !replaced::may_replace(&path)? {
            let message =
                format!("{}: was not written by regenesis, or was edited", path.display());
            let hint = "keep changes in a kustomization of your own, which lists this directory as a \
                        resource; or name another --out";
            return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
        }
    }
    let stale = out.join(SNAPSHOT_FILE);
    if files.snapshot.is_none() && fs::exists(&stale) {
        if !replaced::may_replace(&stale)? {
            let message =
                format!("{}: was not written by regenesis, or was edited", stale.display());
            let hint = "the cluster finds the snapshot elsewhere now: move the file away";
            return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
        }
        disk::remove(&stale)?;
        console.note(&format!("{} is removed: --from names the snapshot now", stale.display()));
    }
    for (name, text) in &all {
        let mode = if has_keys && *name == SNAPSHOT_FILE { 0o600 } else { 0o644 };
        replace(&out.join(name), seal::seal(text).as_bytes(), mode)?;
    }
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    console.title(&format!("{}: {}", out.display(), names.join(", ")));
    console.note(&format!("kubectl apply --server-side --kustomize {}", out.display()));
    Ok(())
}
