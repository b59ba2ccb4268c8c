//! From arguments as typed to settings that make sense.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::super::prepare::Wanted;
use super::super::prepare::digests::Digests;
use super::super::prepare::history::Past;
use super::super::{Failure, given};
use super::{Args, DEFAULT_OUT, egg, shadow_fork};
use crate::cl::preset::Revision;
use crate::el::dialect::Dialect;
use crate::keys::{Entropy, Kdf, jwt};
use crate::layout::plan::Plan;
use crate::rim::console::Console;
use crate::rim::owner::Owner;
use crate::rim::{entropy, fs};
use crate::snapshot::{Input, Snapshot};
use crate::stamp::{Lead, Timestamp};
use crate::summary::Inputs;

/// `--shuffle-validators` and `--shuffle-seed`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shuffle {
    No,
    Default,
    Seed(u64),
}

/// `--jwt`.
pub(super) enum Jwt {
    New,
    Keep,
    Given(Zeroizing<[u8; 32]>),
}

/// What a run is to do.
pub(super) struct Settings {
    pub(super) snapshot: Snapshot,
    /// What a shadow fork continues.
    pub(super) shadow_fork: Option<Past>,
    pub(super) out: PathBuf,
    pub(super) timestamp: Timestamp,
    pub(super) lead: Lead,
    pub(super) jwt: Jwt,
    pub(super) kdf: Kdf,
    pub(super) entropy: Entropy,
    /// Whether the user chose the entropy.
    pub(super) seeded: bool,
    pub(super) revision: Revision,
    pub(super) add_system_contracts: bool,
    pub(super) leave_program: bool,
    pub(super) plan: Plan,
    pub(super) dialects: Vec<&'static Dialect>,
    pub(super) owner: Option<Owner>,
    pub(super) shuffle: Shuffle,
    /// The flags that decide which files are made, and their values.
    pub(super) arrangement: BTreeMap<String, String>,
    /// Record of a boot node.
    pub(super) boot_enr: Option<String>,
    /// What of the settings has no effect.
    pub(super) warnings: Vec<String>,
}

/// What fixes the time, for messages.
fn at(timestamp: Option<&str>) -> String {
    match timestamp {
        Some(text) => format!("--timestamp {text}"),
        None => "GENESIS_TIMESTAMP".to_owned(),
    }
}

fn path(path: Option<&PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty()).cloned()
}

/// The flags that decide which files are made, as far as they are given.
fn arrangement(args: &Args, kdf: Kdf) -> BTreeMap<String, String> {
    let flags = args.arrangement.given().into_iter().chain([("--kdf", kdf.to_string())]);
    let given = flags.filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Settings {
    /// Reads the arguments; `all` is for `regenesis all`.
    pub(super) fn of(args: &Args, all: bool, console: &Console) -> Result<Self, Failure> {
        let (egg, past) = egg::read(args, all, console)?.unzip();
        let text = args.timestamp.as_deref().and_then(given);
        let timestamp = match text {
            None if egg.as_ref().is_some_and(|network| network.timed) => Timestamp::Keep,
            None => Timestamp::Now,
            Some(text) => text.parse().map_err(|error| {
                Failure::usage(
                    format!("--timestamp is {text:?}, {error}"),
                    "see regenesis init --help",
                )
            })?,
        };
        let lead = args.lead.as_deref().and_then(given);
        // The stack always sets the variable.
        let is_asked = |lead: &&str| *lead != "auto";
        if let (Some(lead), Timestamp::Keep | Timestamp::At(_)) = (lead.filter(is_asked), timestamp)
        {
            return Err(Failure::usage(
                format!("--lead {lead} has no meaning with {}", at(text)),
                "the lead is added to the present: leave one of the two out",
            ));
        }
        let lead = match lead {
            None => match egg.as_ref().and_then(|network| network.lead) {
                Some(seconds) => Lead::Seconds(seconds),
                None => Lead::Auto,
            },
            Some(text) => text.parse().map_err(|error| {
                Failure::usage(format!("--lead is {text:?}, {error}"), "see regenesis init --help")
            })?,
        };
        let kdf = match given(&args.kdf) {
            None => Kdf::Light,
            Some(text) => text.parse().map_err(|error| {
                Failure::usage(format!("--kdf is {text:?}: {error}"), "see regenesis init --help")
            })?,
        };
        // What follows may be secret: no message quotes it.
        let jwt = match given(&args.jwt) {
            None | Some("new") => Jwt::New,
            Some("keep") => Jwt::Keep,
            Some(text) => Jwt::Given(jwt::parse(text).map_err(|error| {
                Failure::usage(format!("--jwt: {error}"), "use new, keep, or 64 hex digits")
            })?),
        };
        let chosen = args.seed.as_deref().and_then(given);
        let snapshot = match &egg {
            Some(network) => egg::snapshot(network),
            None => snapshot(args)?,
        };
        Ok(Self {
            shadow_fork: match past {
                Some(past) => past,
                None => shadow_fork::read(&args.shadow_fork, &snapshot, console)?,
            },
            snapshot,
            out: path(Some(&args.out)).unwrap_or_else(|| DEFAULT_OUT.into()),
            timestamp,
            lead,
            jwt,
            kdf,
            entropy: Entropy::new(seed(chosen)?),
            seeded: chosen.is_some(),
            revision: args.preset_revision,
            add_system_contracts: args.add_system_contracts,
            leave_program: args.leave_program,
            arrangement: arrangement(args, kdf),
            plan: args.arrangement.plan(all)?,
            dialects: args.arrangement.dialects()?,
            owner: args.arrangement.owner()?,
            shuffle: match args.arrangement.shuffle()? {
                Shuffle::No if egg.as_ref().is_some_and(|network| network.shuffle) => {
                    Shuffle::Default
                }
                shuffle => shuffle,
            },
            boot_enr: egg.as_ref().and_then(|network| network.boot_enr.clone()),
            warnings: egg.map(|network| network.warnings).unwrap_or_default(),
        })
    }
}

impl Settings {
    /// What a genesis of input files with these digests is made from.
    pub(super) fn inputs(&self, files: Digests) -> Inputs {
        Inputs { files, settings: self.of_genesis(), arrangement: self.arrangement.clone() }
    }

    /// The flags that change the genesis, with their values; those that only change its time, or
    /// secrets, are left out.
    fn of_genesis(&self) -> BTreeMap<String, String> {
        let revision = self.revision.to_possible_value();
        let revision = revision.map_or_else(String::new, |value| value.get_name().to_owned());
        let shuffle = match self.shuffle {
            Shuffle::No => None,
            Shuffle::Default => Some("default seed".to_owned()),
            Shuffle::Seed(seed) => Some(format!("seed {seed}")),
        };
        // The head of a node moves on from start to start: there the chain counts, not the block.
        let shadow_fork = self.shadow_fork.as_ref().map(|past| match past.genesis_hash {
            Some(genesis) => format!("chain {genesis}"),
            None => format!("block {}", past.hash),
        });
        let added = self.add_system_contracts.then(|| true.to_string());
        let settings = [
            ("--preset-revision", Some(revision)),
            ("--add-system-contracts", added),
            ("--shuffle-validators", shuffle),
            ("--shadow-fork-block", shadow_fork),
        ];
        let given = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
        settings.into_iter().filter_map(given).collect()
    }

    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            snapshot: &self.snapshot,
            shadow_fork: self.shadow_fork.as_ref(),
            revision: self.revision,
            add_system_contracts: self.add_system_contracts,
            kdf: self.plan.wants_keys().then_some(self.kdf),
            entropy: &self.entropy,
            seeded: self.seeded,
        }
    }
}

/// 32 bytes of entropy: the given ones, or fresh.
pub(in super::super) fn seed(text: Option<&str>) -> Result<[u8; 32], Failure> {
    let Some(text) = text else {
        return entropy::draw()
            .map(|seed| *seed)
            .map_err(|error| Failure::bug(format!("the system gives no randomness: {error}")));
    };
    let mut seed = [0; 32];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, &mut seed).map_err(|_| {
        let length = digits.chars().count();
        Failure::usage(
            format!("--seed has {length} characters, expected 64 hex digits"),
            "openssl rand -hex 32 makes one",
        )
    })?;
    Ok(seed)
}

/// Whether a path is no file, and as long as a mnemonic: then no message may quote it.
fn is_phrase(path: &Path) -> bool {
    path.to_string_lossy().split_whitespace().count() >= 12 && !fs::exists(path)
}

fn snapshot(args: &Args) -> Result<Snapshot, Failure> {
    if args.mnemonics.as_deref().is_some_and(is_phrase) {
        return Err(Failure::usage(
            "--mnemonics is a phrase, expected a file",
            "the file has `- mnemonic: \"…\"` and, indented below, `count: 64`",
        ));
    }
    let file = |option: &Option<PathBuf>| path(option.as_ref()).map(Input::File);
    let directory = path(args.snapshot.as_ref());
    let (genesis, config) = (file(&args.genesis), file(&args.config));
    let (mnemonics, validators) = (file(&args.mnemonics), file(&args.validators));
    let loose =
        genesis.is_some() || config.is_some() || mnemonics.is_some() || validators.is_some();
    let base = match directory {
        Some(directory) => super::super::snapshot_directory(&directory)?,
        None if !loose => Snapshot::sample(),
        None => match (genesis, config) {
            (Some(genesis), Some(config)) if mnemonics.is_some() || validators.is_some() => {
                let name = "loose files".to_owned();
                return Ok(Snapshot::loose(name, genesis, config, mnemonics, validators));
            }
            _ => {
                return Err(Failure::usage(
                    "loose files need --genesis, --config and --mnemonics (or --validators)",
                    "give the missing ones, or a SNAPSHOT that has them",
                ));
            }
        },
    };
    Ok(Snapshot {
        // Files of another chain may replace the snapshot's: its metadata then says nothing, and
        // its bake is of other files.
        metadata: if genesis.is_some() { None } else { base.metadata },
        baked: if loose { None } else { base.baked },
        history: if genesis.is_some() { None } else { base.history },
        genesis: genesis.unwrap_or(base.genesis),
        config: config.unwrap_or(base.config),
        mnemonics: mnemonics.or(base.mnemonics),
        validators: validators.or(base.validators),
        name: base.name,
    })
}
