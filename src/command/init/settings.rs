//! Turns arguments into valid settings. Reads no file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::super::{Failure, given};
use super::args::{Args, DEFAULT_OUT};
use super::renew::Keeping;
use super::shadow_fork;
use crate::cl::preset::Revision;
use crate::el::dialect::Dialect;
use crate::io::owner::Owner;
use crate::io::random;
use crate::keys::{Kdf, jwt};
use crate::layout::plan::Plan;
use crate::snapshot::order::Order;
use crate::stamp::{Lead, Timestamp};

const SEE_HELP: &str = "see regenesis init --help";

/// `--jwt`.
pub(super) enum Jwt {
    New,
    Keep,
    Given(Zeroizing<[u8; 32]>),
}

/// The settings of a run.
pub(super) struct Settings {
    /// Whether the verb is `all`, which reads ethereum-genesis-generator's variables.
    pub(super) all: bool,
    pub(super) shadow_fork: Option<shadow_fork::Source>,
    pub(super) out: PathBuf,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) lead: Option<Lead>,
    pub(super) jwt: Jwt,
    pub(super) kdf: Kdf,
    pub(super) seed: Option<Zeroizing<[u8; 32]>>,
    pub(super) revision: Revision,
    pub(super) add_system_contracts: bool,
    pub(super) leave_program: bool,
    /// Data directory of geth.
    pub(super) geth_datadir: Option<PathBuf>,
    /// When an unused genesis is kept; `None`: never.
    pub(super) keeping: Option<Keeping>,
    pub(super) plan: Plan,
    pub(super) dialects: Vec<&'static Dialect>,
    pub(super) owner: Option<Owner>,
    pub(super) order: Order,
    /// The flags that decide which files are written, and their values.
    pub(super) arrangement: BTreeMap<String, String>,
}

/// A path that is given.
pub(super) fn path(path: Option<&PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty()).cloned()
}

impl Settings {
    /// Reads the arguments; `all` is for `regenesis all`.
    pub(super) fn parse(args: &Args, all: bool) -> Result<Self, Failure> {
        let text = args.timestamp.as_deref().and_then(given);
        let timestamp = text.map(|text| {
            text.parse().map_err(|error| {
                Failure::usage(format!("--timestamp is {text:?}, {error}"), SEE_HELP)
            })
        });
        let timestamp = timestamp.transpose()?;
        let lead = args.lead.as_deref().and_then(given).map(|text| {
            text.parse()
                .map_err(|error| Failure::usage(format!("--lead is {text:?}, {error}"), SEE_HELP))
        });
        let lead = lead.transpose()?;
        if let (Some(text), Some(Timestamp::Keep | Timestamp::At(_))) = (text, timestamp) {
            check_lead(lead, &format!("--timestamp {text}"))?;
        }
        let kdf = match given(&args.kdf) {
            None => Kdf::Light,
            Some(text) => text
                .parse()
                .map_err(|error| Failure::usage(format!("--kdf is {text:?}: {error}"), SEE_HELP))?,
        };
        // The following values may be secret: no message quotes them.
        let jwt = match given(&args.jwt) {
            None | Some("new") => Jwt::New,
            Some("keep") => Jwt::Keep,
            Some(text) => Jwt::Given(jwt::parse(text).map_err(|error| {
                Failure::usage(format!("--jwt: {error}"), "use new, keep, or 64 hex digits")
            })?),
        };
        let seed = args.seed.as_deref().and_then(given).map(parse_seed).transpose()?;
        let plan = args.layout.plan(all)?;
        let flags = args.layout.given().into_iter().chain([("--kdf", kdf.to_string())]);
        let flags = flags.filter(|(_, value)| !value.is_empty());
        Ok(Self {
            all,
            shadow_fork: shadow_fork::Source::of(&args.shadow_fork)?,
            out: path(Some(&args.out)).unwrap_or_else(|| DEFAULT_OUT.into()),
            timestamp,
            lead,
            jwt,
            kdf,
            seed: seed.map(Zeroizing::new),
            revision: args.preset_revision,
            add_system_contracts: args.add_system_contracts,
            leave_program: args.leave_program,
            geth_datadir: path(args.geth_datadir.as_ref()),
            keeping: Keeping::parse(args)?,
            dialects: args.layout.dialects(&plan)?,
            plan,
            owner: args.layout.owner()?,
            order: args.layout.order()?,
            arrangement: flags.map(|(name, value)| (name.to_owned(), value)).collect(),
        })
    }
}

/// Refuses a lead beside a fixed time, which `fixed` names. Stacks always set the variable, to `auto`.
pub(super) fn check_lead(lead: Option<Lead>, fixed: &str) -> Result<(), Failure> {
    let Some(Lead::Seconds(lead)) = lead else { return Ok(()) };
    Err(Failure::usage(
        format!("--lead {lead} has no effect with {fixed}"),
        "the lead is added to the current time: omit one of the two",
    ))
}

/// 32 bytes of entropy: the given ones, or fresh.
pub(in super::super) fn seed(text: Option<&str>) -> Result<[u8; 32], Failure> {
    text.map_or_else(fresh_seed, parse_seed)
}

/// 32 fresh bytes of entropy.
pub(super) fn fresh_seed() -> Result<[u8; 32], Failure> {
    random::draw()
        .map(|seed| *seed)
        .map_err(|error| Failure::bug(format!("the system provides no randomness: {error}")))
}

fn parse_seed(text: &str) -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, &mut seed).map_err(|_| {
        let length = digits.chars().count();
        Failure::usage(
            format!("--seed has {length} characters, expected 64 hex digits"),
            "openssl rand -hex 32 generates one",
        )
    })?;
    Ok(seed)
}
