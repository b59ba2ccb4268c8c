//! Reads the inputs in the arguments: the snapshot, a generator's variables, the block of a shadow fork.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::Failure;
use super::Init;
use super::args::Args;
use super::settings::{Settings, check_lead, fresh_seed, path};
use super::{generator, shadow_fork};
use crate::archive::oci::Reference;
#[cfg(feature = "host")]
use crate::command::oci;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::fs;
use crate::keys::Entropy;
use crate::pipeline::{ChainHistory, Digests, Request};
use crate::snapshot::Snapshot;
use crate::snapshot::order::Order;
use crate::snapshot::validators::KeyCheck;
use crate::stamp::{Lead, Timestamp};
use crate::summary::Inputs;

/// The inputs of a run, and the settings that depend on them.
pub(super) struct Sources {
    pub(super) snapshot: Snapshot,
    /// The block that a shadow fork continues.
    pub(super) shadow_fork: Option<ChainHistory>,
    pub(super) timestamp: Timestamp,
    pub(super) lead: Lead,
    pub(super) order: Order,
    pub(super) entropy: Entropy,
    /// Record (ENR) of a boot node.
    pub(super) boot_enr: Option<String>,
    /// Variables without effect.
    pub(super) warnings: Vec<String>,
    /// The snapshot of a registry, which must stay where it is.
    #[cfg(feature = "host")]
    _cached: Option<oci::Cached>,
}

impl Sources {
    pub(super) fn read(
        args: &Args,
        settings: &Settings,
        console: &Console,
    ) -> Result<Self, Failure> {
        let seed = settings.seed.as_ref().map_or_else(fresh_seed, |seed| Ok(**seed))?;
        let (entropy, order) = (Entropy::new(seed), settings.order);
        let lead = settings.lead.unwrap_or(Lead::Auto);
        let Some(generated) = generator::read(args, settings, console)? else {
            #[cfg(feature = "host")]
            let cached = cached(args, console)?;
            #[cfg(feature = "host")]
            let directory = cached.as_ref().map(|cached| cached.directory.clone());
            #[cfg(not(feature = "host"))]
            let directory = None;
            let snapshot = snapshot(args, directory.or_else(|| path(args.snapshot.as_ref())))?;
            return Ok(Self {
                shadow_fork: shadow_fork::read(settings, &snapshot, console)?,
                snapshot,
                timestamp: settings.timestamp.unwrap_or(Timestamp::Now),
                lead,
                order,
                entropy,
                boot_enr: None,
                warnings: Vec::new(),
                #[cfg(feature = "host")]
                _cached: cached,
            });
        };
        let generator::Generated { network, shadow_fork } = generated;
        let timestamp = match settings.timestamp {
            None if network.timed => {
                check_lead(settings.lead, "GENESIS_TIMESTAMP")?;
                Timestamp::Keep
            }
            None => Timestamp::Now,
            Some(timestamp) => timestamp,
        };
        Ok(Self {
            snapshot: generator::snapshot(&network),
            shadow_fork,
            timestamp,
            lead: settings.lead.or(network.lead.map(Lead::Seconds)).unwrap_or(Lead::Auto),
            order: match order {
                Order::AsListed if network.shuffle => Order::DefaultSeed,
                order => order,
            },
            entropy,
            boot_enr: network.boot_enr,
            warnings: network.warnings,
            #[cfg(feature = "host")]
            _cached: None,
        })
    }
}

impl Init<'_> {
    /// The request, without digests.
    pub(super) fn request(&self) -> Request<'_> {
        let Self { settings, sources, .. } = self;
        Request {
            shadow_fork: sources.shadow_fork.as_ref(),
            revision: settings.revision,
            add_system_contracts: settings.add_system_contracts,
            kdf: settings.plan.wants_keys().then_some(settings.kdf),
            seeded: settings.seed.is_some(),
            order: sources.order,
            // 30,000 keys take longer to check than all the rest of a run.
            check: KeyCheck::Sample,
            ..Request::new(&sources.snapshot, &sources.entropy)
        }
    }

    /// The clients that the start times are about.
    pub(super) fn clients(&self) -> String {
        self.inputs(Digests::default()).clients()
    }

    /// The identity of the genesis of input files with these digests.
    pub(super) fn inputs(&self, files: Digests) -> Inputs {
        let arrangement = self.settings.arrangement.clone();
        Inputs { files, settings: self.genesis_flags(), arrangement }
    }

    /// The flags that change the genesis, with their values; not those of its time and its secrets.
    fn genesis_flags(&self) -> BTreeMap<String, String> {
        let Self { settings, sources, .. } = self;
        let shuffle = match sources.order {
            Order::AsListed => None,
            Order::DefaultSeed => Some("default seed".to_owned()),
            Order::Seed(seed) => Some(format!("seed {seed}")),
        };
        // The head of a node differs at every start: there the chain counts, not the block.
        let shadow_fork = sources.shadow_fork.as_ref().map(|history| match history.genesis_hash {
            Some(genesis) => format!("chain {genesis}"),
            None => format!("block {}", history.hash),
        });
        let flags = [
            ("--preset-revision", Some(settings.revision.name().to_owned())),
            ("--add-system-contracts", settings.add_system_contracts.then(|| true.to_string())),
            ("--shuffle-validators", shuffle),
            ("--shadow-fork-block", shadow_fork),
        ];
        let given = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
        flags.into_iter().filter_map(given).collect()
    }
}

/// Whether a path is a mnemonic, typed where a file is expected: no message may quote it.
pub(in crate::command) fn is_phrase(path: &Path) -> bool {
    path.to_string_lossy().split_whitespace().count() >= 12 && !fs::exists(path)
}

#[cfg(feature = "host")]
fn embedded(args: &Args) -> Snapshot {
    args.sample.snapshot()
}

#[cfg(not(feature = "host"))]
fn embedded(_: &Args) -> Snapshot {
    crate::sample()
}

/// The snapshot in the cache, if the arguments name one in a registry.
#[cfg(feature = "host")]
fn cached(args: &Args, console: &Console) -> Result<Option<oci::Cached>, Failure> {
    let reference = args.snapshot.as_deref().filter(|path| oci::is_reference(path));
    let reference = reference.map(|path| path.to_string_lossy());
    reference.map(|reference| oci::cached(&reference, console)).transpose()
}

/// The snapshot that the arguments name, with the files that replace its own.
fn snapshot(args: &Args, directory: Option<PathBuf>) -> Result<Snapshot, Failure> {
    if args.mnemonics.as_deref().is_some_and(is_phrase) {
        return Err(Failure::usage(
            "--mnemonics is a phrase, expected a file",
            "the file has `- mnemonic: \"…\"` and, indented below, `count: 64`",
        ));
    }
    let file = |option: &Option<PathBuf>| path(option.as_ref()).map(Input::file);
    let (genesis, config) = (file(&args.genesis), file(&args.config));
    let (mnemonics, validators) = (file(&args.mnemonics), file(&args.validators));
    let loose =
        genesis.is_some() || config.is_some() || mnemonics.is_some() || validators.is_some();
    if args.names_sample() && (directory.is_some() || loose) {
        return Err(Failure::usage(
            "--sample cannot be combined with a snapshot or loose files",
            "leave one of them out; REGENESIS_SAMPLE and REGENESIS_SNAPSHOT set them, too",
        ));
    }
    let base = match directory {
        Some(reference) if reference.to_str().is_some_and(Reference::is_meant) => {
            return Err(Failure::usage(
                "this build pulls no snapshot from a registry",
                "use the program of a release, or mount an image of push --with-image",
            ));
        }
        Some(directory) => super::super::snapshot_directory(&directory)?,
        None if !loose => embedded(args),
        None => match (genesis, config) {
            (Some(genesis), Some(config)) if mnemonics.is_some() || validators.is_some() => {
                let name = "loose files".to_owned();
                return Ok(Snapshot::loose(name, genesis, config, mnemonics, validators));
            }
            _ => {
                return Err(Failure::usage(
                    "loose files need --genesis, --config and --mnemonics (or --validators)",
                    "add the missing ones, or a SNAPSHOT that has them",
                ));
            }
        },
    };
    Ok(Snapshot {
        // The files may be another chain's: the metadata and the bake are not about them.
        metadata: if genesis.is_some() { None } else { base.metadata },
        baked: if loose { None } else { base.baked },
        history: if genesis.is_some() { None } else { base.history },
        l2: if genesis.is_some() { Vec::new() } else { base.l2 },
        genesis: genesis.unwrap_or(base.genesis),
        config: config.unwrap_or(base.config),
        mnemonics: mnemonics.or(base.mnemonics),
        validators: validators.or(base.validators),
        name: base.name,
    })
}
