//! `regenesis init`: turns a snapshot and the current time into all files that the clients start from.

mod args;
mod database;
pub(super) mod generator;
mod keep;
mod keystores;
mod layout_args;
mod lead;
mod previous;
mod read;
mod renew;
mod settings;
pub(super) mod shadow_fork;
mod write;

use std::path::Path;

use super::steps::Steps;
use super::{Failure, unchanged};
use crate::file::Input;
use crate::io::clock;
use crate::io::console::Console;
use crate::io::fs::{self, Files};
use crate::io::identity::Watch;
use crate::layout;
use crate::pipeline::{self, FormatRequest, Prepared, Request};
use crate::runtime::claim::{self, Claim};
use crate::runtime::set_aside::set_aside;
use crate::snapshot::bake::DIRECTORY;
use crate::snapshot::{GENESIS, METADATA, Snapshot};
use crate::snapshot_files::digests;
use crate::stamp::Stamp;
use crate::summary::Keystores;
pub(super) use args::path_or_empty;
pub use args::{Args, SNAPSHOT_FILES};
use database::Direct;
#[cfg(feature = "host")]
pub(super) use layout_args::wrong_owner;
use previous::Previous;
use read::Sources;
pub(super) use read::is_phrase;
use settings::Settings;
pub(super) use settings::seed;

/// Runs the verb.
///
/// # Errors
/// The request or an input is not valid, or cannot be read or written; the runtime directory is then
/// unchanged.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    run_with(args, false, console)
}

/// Runs `regenesis all`: the network that ethereum-genesis-generator's variables describe.
///
/// # Errors
/// As [`run`].
pub fn run_all(args: &Args, console: &Console) -> Result<(), Failure> {
    run_with(args, true, console)
}

fn run_with(args: &Args, all: bool, console: &Console) -> Result<(), Failure> {
    let settings = Settings::parse(args, all)?;
    let sources = Sources::read(args, &settings, console)?;
    let init = Init { settings: &settings, sources: &sources, console };
    let out = &settings.out;
    check_place(out)?;
    for (path, aside) in set_aside(out)? {
        let (path, aside) = (path.display(), aside.display());
        console.warning(&format!("{path}: regenesis did not write it; moved to {aside}"));
    }
    let before = claim::marker(out)?;
    let summary = match claim::claim(out, before.as_deref(), console)? {
        Claim::Ours(runtime) => match &before {
            Some(marker) => match init.cause(marker)? {
                None => marker.clone(),
                Some(cause) => init.regenerate(Claim::Ours(runtime), Some(marker), &cause)?,
            },
            None => init.regenerate(Claim::Ours(runtime), None, LOST)?,
        },
        Claim::Absent => init.regenerate(Claim::Absent, before.as_deref(), LOST)?,
        claimed => init.keep(claimed)?,
    };
    if args.json {
        super::print(&summary)?;
    }
    Ok(())
}

/// Why a genesis is replaced whose marker, or whose `.regenesis`, does not exist.
const LOST: &str = "its records are missing";

/// Refuses to write a genesis among the files of a snapshot.
fn check_place(out: &Path) -> Result<(), Failure> {
    let is_snapshot =
        |path: &Path| fs::exists(&path.join(METADATA)) && fs::exists(&path.join(GENESIS));
    let Ok(out) = fs::canonical(out) else { return Ok(()) };
    let inside = ["el", "cl", "val", DIRECTORY].into_iter().any(|name| out.ends_with(name));
    let mut snapshots = [Some(&*out), out.parent().filter(|_| inside)].into_iter().flatten();
    let Some(snapshot) = snapshots.find(|path| is_snapshot(path)) else { return Ok(()) };
    let message = if snapshot == out {
        format!("--out {} is the snapshot itself", out.display())
    } else {
        format!("--out {} is in the snapshot {}", out.display(), snapshot.display())
    };
    Err(Failure::usage(message, "use a directory of its own for the genesis"))
}

/// A run: its settings and its inputs.
#[derive(Clone, Copy)]
struct Init<'a> {
    settings: &'a Settings,
    sources: &'a Sources,
    console: &'a Console,
}

/// The inputs of a run as they were at its start: a run reads some of them more than once.
struct Watched {
    inputs: Watch,
    baked: Watch,
}

impl Watched {
    fn of(snapshot: &Snapshot) -> Self {
        let baked = snapshot.baked.iter().flat_map(|bake| [&bake.validators, &bake.keystores]);
        let baked: Vec<&Input> = baked.collect();
        Self { inputs: Watch::of(&snapshot.inputs()), baked: Watch::of(&baked) }
    }

    /// Fails if an input has changed since.
    fn check(&self, uses_bake: bool) -> Result<(), Failure> {
        unchanged(&self.inputs)?;
        if uses_bake { unchanged(&self.baked) } else { Ok(()) }
    }
}

impl Init<'_> {
    /// Warns of a genesis time long ago. The genesis does not depend on the current time, so that its
    /// summary does not list this.
    fn warn_of_old_genesis(self, stamp: Stamp) {
        const DAY: u64 = 24 * 60 * 60;
        let days = clock::now().saturating_sub(stamp.genesis_time) / DAY;
        if days > 0 {
            self.console.warning(&format!(
                "genesis time {} is {days} days ago: clients process every empty slot since then before \
                 they build a block (--timestamp now starts at once)",
                stamp.genesis_time
            ));
        }
    }

    /// Creates a genesis that replaces the one with the marker `before`, because of `cause`. Returns the
    /// new marker.
    fn regenerate(
        self,
        claimed: Claim,
        before: Option<&[u8]>,
        cause: &str,
    ) -> Result<Vec<u8>, Failure> {
        let Self { settings, sources, console } = self;
        let snapshot = &sources.snapshot;
        self.check_geth_datadir()?;
        let steps = Steps::start(console);
        console.title(&format!("regenesis {} · {}", env!("CARGO_PKG_VERSION"), snapshot.name));
        let watched = Watched::of(snapshot);
        let recalled = match &snapshot.baked {
            Some(_) => Some(digests::recall(snapshot, &watched.inputs)?),
            None => None,
        };
        let request = Request { digests: recalled.as_ref(), ..self.request() };
        let disk = Direct::new(settings.geth_datadir.as_deref(), &settings.out);
        let (mut prepared, collector) = self.prepare(&request, &disk, &steps)?;
        prepared.warnings.extend(sources.warnings.iter().cloned());
        let keys = prepared.keystores.len();
        prepared.warnings.extend(layout_args::check(&settings.plan, keys)?);
        let slot = prepared.config.slot_duration_ms();
        let slot = slot.map_err(|error| Failure::config(&snapshot.config, &error))?;
        for failure in settings.plan.failures_with_slots(slot) {
            let text = format!("{failure}: set SLOT_DURATION_MS, or use another client");
            prepared.warnings.push(text);
        }
        let formats = FormatRequest {
            plan: &settings.plan,
            dialects: settings.dialects.clone(),
            boot_enr: sources.boot_enr.as_deref(),
        };
        let formats = formats.read(&prepared, &Files)?;
        let start = self.start();
        let stamp = |prepared: &Prepared| {
            prepared.stamp(sources.timestamp, sources.lead, start.seconds, clock::now())
        };
        // Every error in the inputs is reported before a directory is created or a file of the
        // previous run is touched.
        let planned = stamp(&prepared)?;
        pipeline::validate(&prepared, planned, &formats)?;
        self.warn_of_old_genesis(planned);
        let digests = match recalled.clone() {
            Some(digests) => digests,
            None => digests::compute(snapshot)?,
        };
        let claimed = match claimed {
            Claim::Absent => claim::claim_new(&settings.out, before, console)?,
            claimed => claimed,
        };
        let Claim::Ours(runtime) = claimed else { return self.keep(claimed) };
        let has_files = runtime.previous_file("metadata/config.yaml").is_some();
        let geth = self.geth_data(&mut prepared, collector, &disk)?;
        let previous = Previous::of(before, has_files);
        let secret = write::jwt_secret(&runtime, self);
        let mut staging = runtime.stage(settings.plan.places())?;
        runtime.kept().iter().for_each(|kept| console.note(kept));
        keystores::stage(&prepared.keystores, &request, settings, &mut staging, &steps)?;
        // Sealing takes time, which would be missing from the lead.
        let mut genesis = pipeline::assemble(&prepared, stamp(&prepared)?, &formats, &steps)?;
        let secret = crate::keys::jwt::format(&secret);
        genesis.files.push(layout::jwt(&secret));
        let l2 = genesis.summary.l2.iter().map(|chain| layout::l2_jwt(&chain.name, &secret));
        genesis.files.extend(l2.collect::<Vec<_>>());
        genesis.summary.inputs = self.inputs(digests);
        genesis.summary.keystores = Keystores {
            kdf: settings.kdf.to_string(),
            count: if settings.plan.wants_keys() { keys } else { 0 },
        };
        genesis.summary.replaces = previous.as_ref().map(Previous::replaced);
        let history = genesis.summary.history.clone();
        let farewell = previous.map(|previous| previous.farewell(history.as_ref(), cause));
        let is_unchanged = || watched.check(prepared.baked);
        let staged = write::Staged { genesis, geth, runtime: &runtime, staging };
        let marker = write::write(staged, &is_unchanged, self, steps)?;
        farewell.into_iter().for_each(|line| console.title(&line));
        self.report_lead(start, &prepared);
        Ok(marker)
    }
}
