//! Where the variables of ethereum-genesis-generator come from: `--egg-values`, and
//! `regenesis all`.
//!
//! `init` itself takes no notice of them: a `CHAIN_ID` that a compose file has for somebody else
//! must not make another network. `all` is the generator's own command, so whoever calls it means
//! them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::Failure;
use super::super::prepare::history::Past;
use super::{Args, shadow_fork};
use crate::egg::{self, Error, Network, Origin, Settings, shadow, values};
use crate::exit;
use crate::rim::console::Console;
use crate::rim::{environment, fs};
use crate::snapshot::{Input, Snapshot};

/// Where the generator's image has its inputs.
const DIRECTORY: &str = "/config";
const VALUES: &str = "values.env";
/// Files that the generator fills in; ours are made without them.
const TEMPLATES: [&str; 3] = ["cl/config.yaml", "cl/mnemonics.yaml", "el/genesis-config.yaml"];

const NO_SNAPSHOT: &str = "the variables of ethereum-genesis-generator make a whole network: they \
                           need no snapshot, and no files of one";
const LEAVE_OUT: &str = "leave SNAPSHOT and its files out, or --egg-values";

/// A network, if the variables are to be read, and the block that it continues as a shadow fork.
/// `all`: as the generator's command does.
pub(super) fn read(
    args: &Args,
    all: bool,
    console: &Console,
) -> Result<Option<(Network, Option<Past>)>, Failure> {
    let given = is_given(args.egg_values.as_ref()).cloned();
    let usual = || Some(Path::new(DIRECTORY).join(VALUES)).filter(|path| all && fs::exists(path));
    let file = given.or_else(usual);
    if !all && file.is_none() {
        return Ok(None);
    }
    let inputs = [&args.snapshot, &args.config, &args.mnemonics, &args.validators];
    if inputs.into_iter().any(|path| is_given(path.as_ref()).is_some()) {
        return Err(Failure::usage(NO_SNAPSHOT, LEAVE_OUT));
    }
    let directory = file.as_deref().and_then(Path::parent);
    let directory = directory.unwrap_or(Path::new(DIRECTORY)).to_owned();
    if let Some(template) = TEMPLATES.iter().map(|t| directory.join(t)).find(|t| fs::exists(t)) {
        let what = format!("{}: is a template of ethereum-genesis-generator", template.display());
        let hint = "it is not read: set its values as variables, and remove it; or fill it in, and \
                    use --genesis, --config and --mnemonics";
        return Err(Failure::new(exit::INPUT, what, Some(hint)));
    }
    let variables = environment::variables();
    let script = match &file {
        None => values::Script::default(),
        Some(path) => {
            let text = text_of(path)?;
            let known = |name: &str| {
                let set =
                    variables.iter().find(|(known, value)| known == name && !value.is_empty());
                let default = || egg::table::find(name).map(|v| v.default.to_owned());
                set.map(|(_, value)| value.clone()).or_else(default)
            };
            values::parse(&text, known).map_err(|error| failure(&error, Some(path)))?
        }
    };
    let in_file = |error: Error| failure(&error, file.as_deref());
    let settings = Settings::of(variables, script).map_err(in_file)?;
    let (contracts, missing) = match settings.contracts_file().map_err(in_file)? {
        None => (None, None),
        Some(path) if fs::exists(Path::new(path)) => (Some(text_of(Path::new(path))?), None),
        Some(path) => (Some(String::new()), Some(missing_contracts(path))),
    };
    let public = public_genesis(&settings, args, file.as_deref())?;
    let source = match shadow_fork::Source::of(&args.shadow_fork)? {
        Some(source) => Some(source),
        None => settings.shadow_fork().map_err(in_file)?.map(|source| match source {
            shadow::Source::File(path) => shadow_fork::Source::File(path.into()),
            shadow::Source::Node(url) => {
                shadow_fork::Source::Node("SHADOW_FORK_RPC", url.to_owned())
            }
        }),
    };
    let past = source.map(|source| source.read(console)).transpose()?;
    let fork = past
        .as_ref()
        .map(|past| shadow::Fork { public: public.as_deref(), head: past.head.header.timestamp });
    let mut network = egg::network(&settings, contracts.as_deref(), fork).map_err(in_file)?;
    // A relative path begins where the generator has its inputs.
    let absolute = |path: String| directory.join(path).display().to_string();
    network.validators = network.validators.map(absolute);
    network.warnings.extend(missing);
    network.source = file.map_or_else(|| "the environment".to_owned(), |f| f.display().to_string());
    Ok(Some((network, past)))
}

/// ethereum-package names a file of contracts in every `values.env`, and mounts it in its container
/// only; the generator goes on without it, too.
fn missing_contracts(path: &str) -> String {
    format!("ADDITIONAL_PRELOADED_CONTRACTS is {path}, which does not exist: no contracts added")
}

fn is_given(path: Option<&PathBuf>) -> Option<&PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

/// The genesis of the public network whose chain id is set: the generator loads it from the net.
fn public_genesis(
    settings: &Settings,
    args: &Args,
    file: Option<&Path>,
) -> Result<Option<Vec<u8>>, Failure> {
    let network = settings.public().map_err(|error| failure(&error, file))?;
    let wanted = settings.shadow_fork().map_err(|error| failure(&error, file))?;
    match (network, is_given(args.genesis.as_ref())) {
        (Some(network), None) if wanted.is_some() || args.shadow_fork.is_given() => {
            let what = format!("a shadow fork of {} needs that network's genesis", network.name);
            let hint = format!(
                "--genesis FILE: metadata/genesis.json of github.com/eth-clients/{}; regenesis \
                 does not load it",
                network.name
            );
            Err(Failure::usage(what, &hint))
        }
        (None, Some(_)) => Err(Failure::usage(NO_SNAPSHOT, LEAVE_OUT)),
        (_, path) => path.map(|path| fs::read_file(path)).transpose().map_err(Failure::from),
    }
}

fn text_of(path: &Path) -> Result<String, Failure> {
    String::from_utf8(fs::read_file(path)?).map_err(|_| {
        let what = format!("{}: is not UTF-8 text", path.display());
        Failure::new(exit::INPUT, what, Some("save it as UTF-8"))
    })
}

fn failure(error: &Error, file: Option<&Path>) -> Failure {
    let hint = (!error.hint.is_empty()).then_some(error.hint.as_str());
    let file = file.map_or_else(|| VALUES.to_owned(), |path| path.display().to_string());
    match error.origin {
        Origin::File(line) => {
            Failure::new(exit::INPUT, format!("{file} line {line}: {error}"), hint)
        }
        Origin::Environment => Failure::new(exit::USAGE, format!("the environment: {error}"), hint),
        Origin::Default => Failure::new(exit::INPUT, format!("{file}: {error}"), hint),
    }
}

/// The inputs of `network` as a snapshot without a directory. Messages call them by what the user
/// wrote, and name the variables.
pub(super) fn snapshot(network: &Network) -> Snapshot {
    let label: Arc<str> = network.source.as_str().into();
    let made = |text: &str| Input::Made(label.clone(), text.as_bytes().into());
    Snapshot::loose(
        "values.env".to_owned(),
        made(&network.genesis),
        made(&network.config),
        Some(made(&network.mnemonics)),
        network.validators.as_ref().map(|path| Input::File(PathBuf::from(path))),
    )
}
