//! `regenesis edit`: changes the state of a snapshot, and seals it with what a user edited by hand.

mod changes;
mod ready;
mod rebake;

use std::path::{Path, PathBuf};

use super::steps::Steps;
use super::{Failure, access, bake, snapshot_directory};
use crate::capture::WorkFiles as _;
use crate::exit;
use crate::io::console::Console;
use crate::io::fs::Files;
use crate::io::signal;
use crate::pipeline;
use crate::snapshot::metadata::Metadata;
use crate::snapshot_files::work::{self, Place, Work};
use ready::Ready;
use rebake::Rebake;

const EXAMPLES: &str = "Examples:
  regenesis edit my-snapshot --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000
  regenesis edit my-snapshot --set-storage 0x00000000000000000000000000000000000000aa:0=42
  regenesis edit my-snapshot --set-code 0x00000000000000000000000000000000000000aa=@Counter.json
  regenesis edit my-snapshot                          seal the files that you edited by hand

metadata.json lists the edit under \"edited\": what, when, and the digests of the files before.
verify then accepts the snapshot. A bake is computed again. If an edit is interrupted, nothing has
changed, or the same command completes it. A running stack keeps its state: to start the edited
snapshot, run regenesis up SNAPSHOT --fresh.";

/// Change accounts of a snapshot, and seal what was edited by hand
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory
    snapshot: PathBuf,
    /// Add ETH to the balance of an account
    #[arg(long, value_name = "ADDR=ETH", value_delimiter = ',')]
    fund: Vec<String>,
    /// Set a storage slot; the value 0 removes it
    #[arg(long, value_name = "ADDR:SLOT=VALUE", value_delimiter = ',')]
    set_storage: Vec<String>,
    /// Set the code of an account: hex, or a file with hex, with an account (which also sets slots and
    /// nonce), or with a compiler's artifact
    #[arg(long, value_name = "ADDR=HEX|@FILE", value_delimiter = ',')]
    set_code: Vec<String>,
    /// Set the nonce of an account
    #[arg(long, value_name = "ADDR=NUMBER", value_delimiter = ',')]
    nonce: Vec<String>,
    /// Print the snapshot's metadata.json to stdout
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// A change is impossible, the edited snapshot is not valid, or it cannot be written. The snapshot then
/// stays as it was.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let directory = &args.snapshot;
    let overlay = changes::of(args)?;
    let _lock = work::hold(directory, console).map_err(|held| bake::busy(&held))?;
    let was_interrupted = work::is_half_published(directory);
    if !was_interrupted {
        snapshot_directory(directory)?;
    }
    let shown = directory.display();
    let steps = Steps::start(console);
    console.title(&format!("regenesis {} · editing {shown}", env!("CARGO_PKG_VERSION")));
    let work = Work::open(Place::edited(directory)?)?;
    refuse_capture(&work)?;
    // Until the bake is done, the plan says that this edit was applied.
    work.set_resumable(was_interrupted);
    let bake = Rebake::of(directory)?;
    let wanted = overlay.changes();
    let ready = if was_interrupted && is_done(directory, &wanted)? {
        console.note("the interrupted edit is complete: it had these changes");
        None
    } else {
        work.forget_plan()?;
        work.set_resumable(false);
        match Ready::prepare(directory, overlay, &work, &steps) {
            Ok(ready) => ready,
            Err(failure) => {
                work.remove()?;
                return Err(failure);
            }
        }
    };
    let bake = match ready {
        Some(ready) => {
            work.publish_edit(ready.before)?;
            signal::set_farewell(Some(
                "interrupted before the bake: run the same command again, it applies no change twice"
                    .to_owned(),
            ));
            steps.done("edit", &ready.changes.join(", "));
            bake
        }
        None => {
            if !was_interrupted {
                console.note("nothing to seal: every file is as metadata.json lists it");
            }
            bake.filter(|bake| bake.is_missing)
        }
    };
    if let Some(bake) = bake {
        bake.run(directory, &steps);
    }
    // Last: as long as the plan is there, a repeated --fund pays nothing.
    work.remove()?;
    access::give(directory, console);
    console.title(&format!("{shown} is sealed: regenesis verify {shown} checks it"));
    if args.json {
        super::print(&metadata(directory)?.to_json())?;
    }
    Ok(())
}

/// Whether the last edit of the snapshot has the changes `wanted`, and none but those of files by hand.
fn is_done(directory: &Path, wanted: &[String]) -> Result<bool, Failure> {
    let metadata = metadata(directory)?;
    let Some(last) = metadata.edited.last() else { return Ok(false) };
    let rest = last.changes.strip_prefix(wanted);
    Ok(rest.is_some_and(|rest| rest.iter().all(|change| change.ends_with(" by hand"))))
}

fn metadata(directory: &Path) -> Result<Metadata, Failure> {
    let snapshot = snapshot_directory(directory)?;
    Ok(pipeline::read_metadata(&snapshot, &Files)?.unwrap_or_default())
}

/// Refuses a work directory in which an interrupted capture left what it would resume.
pub(super) fn refuse_capture(work: &Work) -> Result<(), Failure> {
    if work.checkpoint().is_none() {
        return Ok(());
    }
    let message = format!("{} is of an interrupted capture", work.label());
    let hint = "run that capture again, which resumes; or remove the directory to give it up";
    Err(Failure::new(exit::OUTPUT, message, Some(hint)))
}
