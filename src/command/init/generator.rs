//! Where the variables of ethereum-genesis-generator come from: `--egg-values`, and `regenesis all`.
//!
//! `init` ignores those in the environment: a `CHAIN_ID` that a compose file sets for another program
//! must not change the network. `all` is the generator's own command, which reads them.

use std::path::{Path, PathBuf};

use super::super::Failure;
use super::args::Args;
use super::settings::{Settings, path};
use super::shadow_fork;
use crate::exit;
use crate::file::Input;
use crate::genesis_generator::{
    self, Error, Network, Origin, Settings as Variables, shadow, values,
};
use crate::io::console::Console;
use crate::io::environment;
use crate::io::fs;
use crate::pipeline::ChainHistory;
use crate::placeholder;
use crate::snapshot::Snapshot;

/// Where the generator's image has its inputs.
const DIRECTORY: &str = "/config";
const VALUES: &str = "values.env";
const ENVIRONMENT: &str = "the environment";
/// Files that the generator fills in, and regenesis does not read.
const TEMPLATES: [&str; 3] = ["cl/config.yaml", "cl/mnemonics.yaml", "el/genesis-config.yaml"];

const NO_SNAPSHOT: &str = "the variables of ethereum-genesis-generator describe a complete network: \
                           they need no snapshot and none of its files";
const LEAVE_OUT: &str = "leave out SNAPSHOT and its files, or --egg-values";

/// A network that the variables describe.
pub(super) struct Generated {
    pub(super) network: Network,
    /// The block that it continues as a shadow fork.
    pub(super) shadow_fork: Option<ChainHistory>,
}

/// Reads the variables, if `--egg-values` or the verb asks for it.
pub(super) fn read(
    args: &Args,
    settings: &Settings,
    console: &Console,
) -> Result<Option<Generated>, Failure> {
    let usual = || Some(Path::new(DIRECTORY).join(VALUES)).filter(|path| fs::exists(path));
    let file = path(args.egg_values.as_ref()).or_else(|| usual().filter(|_| settings.all));
    if !settings.all && file.is_none() {
        return Ok(None);
    }
    let inputs = [&args.snapshot, &args.config, &args.mnemonics, &args.validators];
    if args.names_sample() || inputs.into_iter().any(|input| path(input.as_ref()).is_some()) {
        return Err(Failure::usage(NO_SNAPSHOT, LEAVE_OUT));
    }
    let directory = file.as_deref().and_then(Path::parent);
    let directory = directory.unwrap_or(Path::new(DIRECTORY)).to_owned();
    check_templates(&directory)?;
    let file = file.as_deref();
    let in_file = |error: Error| failure(&error, file);
    if let Some(warning) = file.is_none().then(unset).flatten() {
        console.warning(&warning);
    }
    let variables = variables(file)?;
    let (contracts, missing) = contracts(&variables, file)?;
    let source = match &settings.shadow_fork {
        Some(source) => Some(source.clone()),
        None => variables.shadow_fork().map_err(in_file)?.map(|source| match source {
            shadow::Source::File(path) => shadow_fork::Source::File(path.into()),
            shadow::Source::Url(url) => {
                shadow_fork::Source::Url("SHADOW_FORK_FILE", url.to_owned())
            }
            shadow::Source::Node(url) => {
                shadow_fork::Source::Node("SHADOW_FORK_RPC", url.to_owned())
            }
        }),
    };
    let public = public_genesis(&variables, args, file, source.is_some())?;
    let shadow_fork = source.map(|source| source.read(console)).transpose()?;
    let fork = shadow_fork.as_ref().map(|history| shadow::Fork {
        public: public.as_deref(),
        head: history.head.header.timestamp,
    });
    let network =
        genesis_generator::network(&variables, contracts.as_deref(), fork).map_err(in_file)?;
    let network = complete(network, missing, &directory, file)?;
    Ok(Some(Generated { network, shadow_fork }))
}

/// The network that the variables of `file` describe, for a new snapshot.
#[cfg(feature = "host")]
pub(in super::super) fn network(file: &Path) -> Result<Network, Failure> {
    let directory = file.parent().unwrap_or(Path::new("")).to_owned();
    check_templates(&directory)?;
    let in_file = |error: Error| failure(&error, Some(file));
    let variables = variables(Some(file))?;
    if variables.shadow_fork().map_err(in_file)?.is_some() {
        let message = format!("{}: describes a shadow fork, not a new chain", file.display());
        let hint =
            "regenesis init --egg-values starts it; regenesis capture --mode history keeps it";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    let (contracts, missing) = contracts(&variables, Some(file))?;
    let network = genesis_generator::network(&variables, contracts.as_deref(), None);
    complete(network.map_err(in_file)?, missing, &directory, Some(file))
}

/// The text of the contracts in a file, or the warning that the file is missing.
fn contracts(
    variables: &Variables,
    file: Option<&Path>,
) -> Result<(Option<String>, Option<String>), Failure> {
    let path = variables.contracts_file().map_err(|error| failure(&error, file))?;
    Ok(match path {
        None => (None, None),
        Some(path) if fs::exists(Path::new(path)) => (Some(text_of(Path::new(path))?), None),
        Some(path) => (Some(String::new()), Some(missing_contracts(path))),
    })
}

/// The network with the place of its validators and its source. The generator resolves relative paths in
/// the directory of its inputs.
fn complete(
    mut network: Network,
    missing: Option<String>,
    directory: &Path,
    file: Option<&Path>,
) -> Result<Network, Failure> {
    let absolute = |path: String| directory.join(path).display().to_string();
    network.validators = network.validators.map(absolute);
    if let Some(path) = network.validators.as_deref().filter(|path| !fs::exists(Path::new(path))) {
        let what = format!("CL_ADDITIONAL_VALIDATORS is {path}, which does not exist");
        let hint = placeholder::variable(path).unwrap_or("mount the file there, or set its path");
        return Err(Failure::new(exit::INPUT, what, Some(hint)));
    }
    network.warnings.extend(missing);
    network.source = file.map_or_else(|| ENVIRONMENT.to_owned(), |f| f.display().to_string());
    Ok(network)
}

/// Refuses files that the generator fills in: the network would silently lack them.
fn check_templates(directory: &Path) -> Result<(), Failure> {
    let template = TEMPLATES.iter().map(|name| directory.join(name)).find(|path| fs::exists(path));
    let Some(template) = template else { return Ok(()) };
    let message = format!("{}: is a template of ethereum-genesis-generator", template.display());
    let hint = "regenesis does not read it: set its values as variables, and remove it; or fill it \
                in, and use --genesis, --config and --mnemonics";
    Err(Failure::new(exit::INPUT, message, Some(hint)))
}

/// The variables of the environment, and of `file`, which overrides them.
fn variables(file: Option<&Path>) -> Result<Variables, Failure> {
    let environment = environment::variables();
    let script = match file {
        None => values::Script::default(),
        Some(path) => {
            let text = text_of(path)?;
            let known = |name: &str| {
                let set =
                    environment.iter().find(|(known, value)| known == name && !value.is_empty());
                let default = || genesis_generator::table::find(name).map(|v| v.default.to_owned());
                set.map(|(_, value)| value.clone()).or_else(default)
            };
            values::parse(&text, known).map_err(|error| failure(&error, file))?
        }
    };
    Variables::of(environment, script).map_err(|error| failure(&error, file))
}

/// A warning if no variable of the generator is set: its default network is large.
fn unset() -> Option<String> {
    let environment = environment::variables();
    let is_set = |(name, value): &(String, String)| {
        !value.is_empty() && genesis_generator::table::is_known(name)
    };
    let count = genesis_generator::table::find("NUMBER_OF_VALIDATORS")?.default;
    (!environment.iter().any(is_set))
        .then(|| format!("no {VALUES}: the generator's defaults, {count} validators"))
}

/// ethereum-package names a file of contracts in every `values.env`, but mounts it in its own container
/// only. The generator continues without it, too.
fn missing_contracts(path: &str) -> String {
    let hint = placeholder::variable(path).map_or_else(String::new, |hint| format!("; {hint}"));
    format!(
        "ADDITIONAL_PRELOADED_CONTRACTS is {path}, which does not exist: no contracts added{hint}"
    )
}

/// The genesis of the public network whose chain id is set. The generator downloads it.
fn public_genesis(
    variables: &Variables,
    args: &Args,
    file: Option<&Path>,
    is_shadow_fork: bool,
) -> Result<Option<Vec<u8>>, Failure> {
    let network = variables.public().map_err(|error| failure(&error, file))?;
    match (network, path(args.genesis.as_ref())) {
        (Some(network), None) if is_shadow_fork => {
            let message = format!("a shadow fork of {} needs that network's genesis", network.name);
            let hint = format!(
                "--genesis FILE: metadata/genesis.json of github.com/eth-clients/{}; regenesis \
                 does not download it",
                network.name
            );
            Err(Failure::usage(message, &hint))
        }
        (None, Some(_)) => Err(Failure::usage(NO_SNAPSHOT, LEAVE_OUT)),
        (_, path) => path.map(|path| fs::read_file(&path)).transpose().map_err(Failure::from),
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

/// The inputs of `network` as a snapshot without a directory. Messages name the file of variables.
pub(super) fn snapshot(network: &Network) -> Snapshot {
    let generated = |text: &str| Input::memory(&network.source, text.as_bytes());
    let name = if network.source == ENVIRONMENT { ENVIRONMENT } else { VALUES };
    Snapshot::loose(
        name.to_owned(),
        generated(&network.genesis),
        generated(&network.config),
        Some(generated(&network.mnemonics)),
        network.validators.as_ref().map(|path| Input::file(PathBuf::from(path))),
    )
}
