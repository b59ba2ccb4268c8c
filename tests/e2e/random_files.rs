//! The oracle: for every genesis file, `geth init` must compute the header that this library computes, and
//! refuse the files that this library refuses.
//!
//! The files are random, but the same on every machine; `GETH_SEED` selects others. The tests run
//! side by side, each with one geth at a time.

mod client;
mod divergences;
mod forks;
mod mutations;
mod random;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::rng::Rng;
use client::{Geth, Verdict, ours};
use divergences::DIVERGENCES;
use forks::{LEVELS, level_name};
use mutations::MUTATIONS;
use random::Draft;
use regenesis::el::dialect::DIALECTS;
use regenesis::el::dialect::accounts::Accounts;
use regenesis::el::genesis;
use regenesis::el::header::make_genesis_header;
use regenesis::file::FilePart;

/// How often every fork set comes as a wild document, and every mutation.
const ROUNDS: usize = 10;
const MUTATION_ROUNDS: usize = 2;

/// Files of all tests that have ended.
static COMPARED: AtomicUsize = AtomicUsize::new(0);

fn seed() -> u64 {
    std::env::var("GETH_SEED").map_or(0x7265_6765_6e65_7369, |seed| seed.parse().unwrap())
}

/// Both verdicts on many files, and what to say about those on which they differ.
struct Comparison {
    geth: Geth,
    seed: u64,
    cases: usize,
    accepted: BTreeMap<String, usize>,
    differences: Vec<String>,
}

impl Comparison {
    fn new() -> Self {
        let (geth, seed) = (Geth::find(), seed());
        Self { geth, seed, cases: 0, accepted: BTreeMap::new(), differences: Vec::new() }
    }

    fn compare(&mut self, name: &str, text: &[u8]) {
        let (ours, geth) = (ours(text), self.geth.init(text));
        self.cases += 1;
        match (&ours, &geth) {
            (Ok(our_header), Ok(header)) if our_header == header => {
                *self.accepted.entry(name.to_owned()).or_default() += 1;
            }
            (Err(_), Err(_)) => {}
            _ => {
                let file = format!("{}/geth-{}.json", env!("CARGO_TARGET_TMPDIR"), self.cases);
                std::fs::write(&file, text).unwrap();
                let (ours, geth) = (shown(&ours), shown(&geth));
                let difference = format!("{name}\n  ours {ours}\n  geth {geth}\n  file {file}");
                self.differences.push(difference);
            }
        }
    }

    fn finish(&self) {
        let accepted: usize = self.accepted.values().sum();
        let Self { geth, seed, cases, differences, .. } = self;
        let all = cases + COMPARED.fetch_add(*cases, Ordering::Relaxed);
        let version = geth.version();
        println!("{cases} files, {accepted} accepted; {all} in all; seed {seed}; {version}");
        let count = differences.len();
        assert!(count == 0, "{count} differences; seed {seed}\n{}", differences.join("\n"));
    }
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Ok(header) => format!("accepts: header {}", hex::encode(header)),
        Err(reason) => format!("refuses: {reason}"),
    }
}

#[test]
fn random_files_have_the_same_header() {
    let mut comparison = Comparison::new();
    let mut rng = Rng::new(comparison.seed);
    for _ in 0..ROUNDS {
        for level in 0..LEVELS {
            let mut draft = Draft { rng: &mut rng, wild: true };
            let document = draft.genesis(level);
            let text = document.text(draft.rng).into_bytes();
            let text = draft.surrounded(text);
            comparison.compare(level_name(level), &text);
        }
    }
    comparison.finish();
    let accepted: usize = comparison.accepted.values().sum();
    assert!(accepted >= comparison.cases / 2, "only {accepted} files were valid");
    for level in (0..LEVELS).map(level_name) {
        assert!(comparison.accepted.contains_key(level), "no file up to {level} was valid");
    }
}

#[test]
fn broken_files_are_refused_by_both() {
    let mut comparison = Comparison::new();
    let mut rng = Rng::new(!comparison.seed);
    for round in 0..MUTATION_ROUNDS {
        for (name, change) in MUTATIONS {
            // With all forks every mutation hits something; with fewer the others show.
            let level = if round == 0 { LEVELS - 1 } else { rng.below(LEVELS) };
            let document = Draft { rng: &mut rng, wild: false }.genesis(level);
            let text = document.written(change, &mut rng);
            comparison.compare(name, &text);
        }
    }
    comparison.finish();
}

#[test]
fn no_other_divergence_is_intended() {
    let mut comparison = Comparison::new();
    let mut rng = Rng::new(comparison.seed.rotate_left(32));
    for divergence in DIVERGENCES {
        let level = (0..LEVELS).find(|level| level_name(*level) == divergence.forks_to).unwrap();
        let document = Draft { rng: &mut rng, wild: false }.genesis(level);
        comparison.compare("unchanged", document.text(&mut rng).as_bytes());
        let text = document.written(&divergence.change, &mut rng);
        let (ours, geth) = (ours(&text), comparison.geth.init(&text));
        let differs = geth.is_ok() == divergence.geth_accepts && ours.is_ok() != geth.is_ok();
        let (ours, geth, reason) = (shown(&ours), shown(&geth), divergence.reason);
        assert!(differs, "{reason}: no longer so\n  ours {ours}\n  geth {geth}");
    }
    comparison.finish();
    assert_eq!(comparison.accepted["unchanged"], DIVERGENCES.len());
}

/// `besu.json` of `text`, if its format can express it.
fn besu(text: &[u8]) -> Option<Vec<u8>> {
    let (document, state) = genesis::read(text, &|_| ()).ok()?;
    let genesis = document.checked_genesis().ok()?;
    let header = make_genesis_header(&genesis, state.root(), genesis.timestamp?);
    let open = |range: std::ops::Range<u64>| {
        let at = |offset: u64| usize::try_from(offset).unwrap();
        Ok(&text[at(range.start)..at(range.end)])
    };
    let ranges = document.alloc.iter().map(|alloc| alloc.range.clone()).collect();
    let accounts = Accounts::scan(ranges, &[], open).unwrap();
    let besu = DIALECTS.iter().find(|dialect| dialect.name == "besu").unwrap();
    let mut out = Vec::new();
    let source = |range| open(range).map(|text| Box::new(Cursor::new(text.to_vec())) as _);
    for part in besu.parts(&document, &genesis, &header, &accounts).ok()? {
        match part {
            FilePart::Text(text) => out.extend(text),
            FilePart::Encoded(accounts) => accounts.encode_to(&source, &mut out).unwrap(),
            FilePart::Source(_) => panic!("geth's spelling in besu.json"),
        }
    }
    Some(out)
}

#[test]
fn besu_json_is_the_same_block_to_geth() {
    let (geth, mut rng) = (Geth::find(), Rng::new(seed().rotate_left(16)));
    let mut compared = 0;
    for level in (0..LEVELS).cycle().take(4 * LEVELS) {
        let text = Draft { rng: &mut rng, wild: true }.genesis(level).text(&mut rng);
        if let (Ok(ours), Some(besu)) = (ours(text.as_bytes()), besu(text.as_bytes())) {
            assert_eq!(geth.init(&besu), Ok(ours), "{text}\n{}", String::from_utf8_lossy(&besu));
            compared += 1;
        }
    }
    assert!(compared > LEVELS, "only {compared} of {} can be expressed for Besu", 4 * LEVELS);
}
