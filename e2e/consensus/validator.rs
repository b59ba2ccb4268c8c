//! The validator client: proposes and votes in every slot, and never signs what could be slashed.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::Genesis;
use crate::chain::Vote;
use crate::log::{Level, log};

/// What is signed, as a slashing protection database has it (EIP-3076, in its minimal form).
#[derive(Debug, Default)]
struct Signed {
    /// Of the last block.
    block: u64,
    /// Of the last vote.
    vote: u64,
    /// The highest of all votes.
    source: u64,
    target: u64,
}

impl Signed {
    fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap_or_default();
        Self { block: next(), vote: next(), source: next(), target: next() }
    }

    /// Whether it is on disk: without a record, nothing is signed.
    fn save(&self, path: &Path) -> bool {
        let Self { block, vote, source, target } = self;
        let new = path.with_extension("new");
        let done = std::fs::write(&new, format!("{block} {vote} {source} {target}"))
            .and_then(|()| std::fs::rename(&new, path));
        if let Err(error) = &done {
            log(Level::Critical, &format!("Not signing, slashing database error: {error}"));
        }
        done.is_ok()
    }

    /// Why a vote could be slashed.
    fn refuses(&self, slot: u64, vote: Vote) -> Option<&'static str> {
        if slot <= self.vote || vote.target < self.target {
            return Some("DoubleVote");
        }
        (vote.source < self.source).then_some("NewSurroundsPrev")
    }
}

pub fn run(genesis: &Genesis, path: &Path, beacon: &str, start_after: Duration) {
    log(Level::Info, "Doppelganger protection disabled.");
    let mark = path.with_extension("lock");
    if mark.exists() {
        log(
            Level::Warning,
            "Ignored stale lockfile path: \"voting-keystore.json.lock\", cause: \"Ungraceful \
             shutdown (harmless) OR non-Lighthouse client using this keystore (risky)\"",
        );
    }
    std::fs::write(&mark, "").unwrap();
    crate::on_stop(move || std::fs::remove_file(&mark).unwrap_or_default());
    std::thread::sleep(start_after);
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5)));
    let agent: ureq::Agent = config.build().into();
    let ask = |path: String| -> Result<Value, String> {
        let mut answer = agent
            .get(format!("http://{beacon}{path}"))
            .call()
            .map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    loop {
        let slot = genesis.next_slot();
        let mut signed = Signed::load(path);
        if slot <= signed.block {
            let text =
                format!("Not signing slashable block slot: {slot}, signed: {}", signed.block);
            log(Level::Critical, &text);
            continue;
        }
        // Before anything is signed, as a slashing database does it.
        signed.block = slot;
        if !signed.save(path) {
            continue;
        }
        match ask(format!("/propose/{slot}")) {
            Ok(_) => log(Level::Info, &format!("Successfully published block slot: {slot}")),
            Err(error) => {
                log(Level::Error, &format!("Error whilst producing block slot: {slot}, {error}"));
            }
        }
        // A vote is for the head that there is, new or not.
        let Ok(vote) = ask(format!("/vote/{slot}")) else { continue };
        let number = |at: usize| vote["data"][at].as_u64().unwrap();
        let vote = Vote { source: number(0), target: number(1) };
        if let Some(reason) = signed.refuses(slot, vote) {
            let text =
                format!("Not signing slashable attestation error: InvalidAttestation({reason})");
            log(Level::Critical, &text);
            continue;
        }
        signed = Signed { vote: slot, source: vote.source, target: vote.target, ..signed };
        if !signed.save(path) {
            continue;
        }
        let _ = ask(format!("/vote/{}/{}", vote.source, vote.target));
    }
}
