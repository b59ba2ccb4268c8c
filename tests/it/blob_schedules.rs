//! Random blob schedules of both layers: whatever comes out, both allow as many blobs in every epoch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::support::rng::Rng;
use regenesis::cl::config::{BlobParameters, Config, FAR_FUTURE_EPOCH};
use regenesis::cl::config_file;
use regenesis::cl::preset::{Preset, Revision};
use regenesis::el::genesis::{self, Document, Genesis};
use regenesis::file::FilePart;
use regenesis::forks::Hardfork;
use regenesis::schedule;
use regenesis::stamp::Stamp;
use serde_json::{Map, Value, json};

/// When the files' chain began; 16 seconds an epoch.
const BEGAN: u64 = 1_600_000_000;
const EPOCH: u64 = 16;
const LIMITS: [u64; 6] = [6, 9, 9, 12, 15, 21];

/// Both files of a network.
#[derive(Debug, Clone)]
struct Files {
    genesis: String,
    config: String,
}

fn params(rng: &mut Rng, max: u64) -> Value {
    let target = 1 + rng.next() % max;
    json!({"target": target, "max": max, "baseFeeUpdateFraction": 1_000_000 + max})
}

/// Changes of a limit, in order; several may share an epoch.
fn changes(rng: &mut Rng, most: usize, first: u64) -> Vec<(u64, u64)> {
    let mut epoch = first;
    let count = rng.below(most + 1);
    let mut change = || {
        epoch += rng.pick(&[0, 0, 1, 2, 3, 5]);
        (epoch, rng.pick(&LIMITS))
    };
    (0..count).map(|_| change()).collect()
}

impl Files {
    fn random(rng: &mut Rng) -> Self {
        let fulu = rng.pick(&[0, 0, 0, 2, 5]);
        let both = changes(rng, 5, fulu);
        let (mut execution, mut consensus) = match rng.below(5) {
            0 => (both, Vec::new()),
            1 => (Vec::new(), both),
            2 => (both.clone(), both),
            _ => (both, changes(rng, 6, fulu)),
        };
        if rng.one_in(3) && !execution.is_empty() {
            execution.remove(rng.below(execution.len()));
        }
        if rng.one_in(3) && !consensus.is_empty() {
            consensus.remove(rng.below(consensus.len()));
        }
        if rng.one_in(8) {
            consensus.insert(0, (0, rng.pick(&LIMITS)));
        }
        if rng.one_in(8) {
            consensus.push((FAR_FUTURE_EPOCH, rng.pick(&LIMITS)));
        }
        // The times of another start, or none that says anything.
        let began = if rng.one_in(6) { BEGAN + EPOCH * (rng.next() % 4) } else { BEGAN };
        let time = |epoch: u64| if epoch == 0 { 0 } else { began + epoch * EPOCH };
        let mut config = Map::new();
        for key in ["shanghaiTime", "cancunTime", "pragueTime"] {
            config.insert(key.to_owned(), json!(0));
        }
        config.insert("chainId".to_owned(), json!(99));
        config.insert("terminalTotalDifficulty".to_owned(), json!(0));
        let blocks = "homesteadBlock eip150Block eip155Block eip158Block byzantiumBlock \
                      constantinopleBlock petersburgBlock istanbulBlock berlinBlock londonBlock";
        config.extend(blocks.split(' ').map(|key| (key.to_owned(), json!(0))));
        let only_consensus_has_fulu = execution.is_empty() && rng.one_in(8);
        if !only_consensus_has_fulu {
            config.insert("osakaTime".to_owned(), json!(time(fulu)));
        }
        let mut limits = Map::new();
        limits.insert("cancun".to_owned(), params(rng, 6));
        limits.insert("prague".to_owned(), params(rng, 9));
        if rng.one_in(3) {
            let max = rng.pick(&[9, 9, 12]);
            limits.insert("osaka".to_owned(), params(rng, max));
        }
        let mut number = 0;
        for (epoch, max) in execution {
            number += if rng.one_in(6) { 2 } else { 1 };
            if number > 5 {
                break;
            }
            config.insert(format!("bpo{number}Time"), json!(time(epoch)));
            if number > 2 || !rng.one_in(10) {
                limits.insert(format!("bpo{number}"), params(rng, max));
            }
        }
        config.insert("blobSchedule".to_owned(), limits.into());
        let only_execution_has_fulu = !only_consensus_has_fulu && fulu > 0 && rng.one_in(8);
        let written_fulu = if only_execution_has_fulu { FAR_FUTURE_EPOCH } else { fulu };
        let gloas = if rng.one_in(8) { 9 } else { FAR_FUTURE_EPOCH };
        let placeholder = rng.one_in(10);
        let timestamp =
            if placeholder { "TIMESTAMP_PLACEHOLDER".to_owned() } else { BEGAN.to_string() };
        let genesis = json!({"config": config, "alloc": {}, "gasLimit": "0x1c9c380",
            "difficulty": "0x0", "extraData": "0x", "timestamp": timestamp});
        consensus.sort_by_key(|(epoch, _)| *epoch);
        let entries: Vec<_> = consensus.into_iter().map(|(epoch, max)| entry(epoch, max)).collect();
        let mut text = String::from(
            "PRESET_BASE: minimal\nCONFIG_NAME: devnet\nSLOT_DURATION_MS: 2000\nGENESIS_DELAY: 0\n\
             GENESIS_FORK_VERSION: 0x10000038\nMIN_GENESIS_TIME: 0\nMAX_BLOBS_PER_BLOCK_ELECTRA: 9\n\
             DEPOSIT_CHAIN_ID: 99\nTERMINAL_TOTAL_DIFFICULTY: 0\n\
             DEPOSIT_CONTRACT_ADDRESS: 0x00000000219ab540356cBB839Cbe05303d7705Fa\n",
        );
        for fork in ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"] {
            let _ = writeln!(text, "{fork}_FORK_EPOCH: 0");
        }
        let _ = writeln!(text, "FULU_FORK_EPOCH: {written_fulu}\nGLOAS_FORK_EPOCH: {gloas}");
        let list = config_file::blob_schedule(&entries);
        let blank = if list.starts_with('\n') { "" } else { " " };
        let _ = writeln!(text, "BLOB_SCHEDULE:{blank}{list}");
        Self { genesis: genesis.to_string(), config: text }
    }

    /// The output of `init` at `time`, with its notes; or its error.
    fn at(&self, time: u64) -> Result<(Self, Vec<String>), String> {
        let (mut document, genesis) = read(&self.genesis);
        let config = Config::parse(self.config.as_bytes()).unwrap();
        let preset = Preset::of(&config, Revision::default()).unwrap();
        let stamp = Stamp::at(time, None);
        let reconciled =
            schedule::reconcile(&mut document, &genesis, &config, &preset, stamp, true);
        let (values, report) = reconciled.map_err(|error| match error {
            schedule::Error::Contradiction { problem: what, hint } => {
                assert!(!hint.is_empty());
                what
            }
            error => error.to_string(),
        })?;
        document.set_timestamp(time);
        let config = config_file::complete(self.config.as_bytes(), &config, &values).unwrap();
        Ok((Self { genesis: rendered(&document, &self.genesis), config }, report.notes))
    }

    /// The numbers that a message may name: those of the files, and what follows from them.
    fn numbers(&self) -> BTreeSet<String> {
        let digits = |c: char| !c.is_ascii_digit();
        let all = self.genesis.split(digits).chain(self.config.split(digits));
        let times = all.clone().filter_map(|text| text.parse::<u64>().ok());
        let epochs = times.filter_map(|time| time.checked_sub(BEGAN));
        let epochs: Vec<String> = epochs.map(|since| (since / EPOCH).to_string()).collect();
        all.map(str::to_owned).chain(epochs).filter(|text| !text.is_empty()).collect()
    }
}

fn entry(epoch: u64, max: u64) -> BlobParameters {
    BlobParameters { epoch, max_blobs_per_block: max }
}

fn read(text: &str) -> (Document, Genesis) {
    let (document, _) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
    let genesis = document.genesis().unwrap();
    (document, genesis)
}

fn rendered(document: &Document, text: &str) -> String {
    let index = |offset| usize::try_from(offset).unwrap();
    let parts = document.parts(&[]).into_iter().flat_map(|part| match part {
        FilePart::Text(text) => text,
        FilePart::Source(range) => text.as_bytes()[index(range.start)..index(range.end)].to_vec(),
        FilePart::Encoded(_) => Vec::new(),
    });
    String::from_utf8(parts.collect()).unwrap()
}

/// The limit of the beacon chain in `epoch`: `get_blob_parameters` of the specification.
fn consensus_limit(config: &Config, epoch: u64) -> u64 {
    let mut entries = config.blob_schedule().unwrap();
    entries.sort_by_key(|entry| entry.epoch);
    let found = entries.iter().rev().find(|entry| entry.epoch <= epoch);
    let electra = || config.u64("MAX_BLOBS_PER_BLOCK_ELECTRA").unwrap();
    found.map_or_else(electra, |entry| entry.max_blobs_per_block)
}

/// The limit of the execution chain at `time`: that of geth's latest fork.
fn execution_limit(genesis: &Genesis, time: u64) -> u64 {
    let forks = [Hardfork::Prague, Hardfork::Osaka].into_iter().chain(Hardfork::bpo());
    let active = forks.filter(|fork| genesis.config.time(*fork).is_some_and(|t| t <= time));
    genesis.config.blob_params(active.last().unwrap()).unwrap().max
}

fn fulu(config: &Config) -> u64 {
    config.u64("FULU_FORK_EPOCH").unwrap()
}

fn check(files: &Files, time: u64, made: &Files) {
    let (_, genesis) = read(&made.genesis);
    let config = Config::parse(made.config.as_bytes()).unwrap();
    genesis.config.check(0).unwrap_or_else(|error| panic!("{error}: {files:?}"));
    let first = fulu(&config);
    for epoch in first..60 {
        let (one, other) =
            (consensus_limit(&config, epoch), execution_limit(&genesis, time + epoch * EPOCH));
        assert_eq!(one, other, "epoch {epoch} of {made:?} from {files:?}");
    }
    // Every distance stays: what the user scheduled by epoch is where it was.
    let before = Config::parse(files.config.as_bytes()).unwrap();
    let written = config.blob_schedule().unwrap();
    let epochs: BTreeSet<u64> = written.iter().map(|entry| entry.epoch).collect();
    assert_eq!(epochs.len(), written.len(), "one entry an epoch: {made:?}");
    for entry in before.blob_schedule().unwrap() {
        assert!(epochs.contains(&entry.epoch), "{entry:?} of {files:?} in {made:?}");
        let last = before.blob_schedule().unwrap().into_iter().rfind(|e| e.epoch == entry.epoch);
        assert!(written.contains(&last.unwrap()));
    }
}

/// Without entries of the beacon chain nothing but the genesis time moves a blob fork.
fn check_distances(files: &Files, time: u64, made: &Files) {
    let config = Config::parse(files.config.as_bytes()).unwrap();
    let (before, after) = (read(&files.genesis).1, read(&made.genesis).1);
    let alone = config.blob_schedule().unwrap().is_empty() && before.timestamp.is_some();
    for fork in Hardfork::bpo().filter(|_| alone) {
        let since = |time: u64, genesis: u64| time.saturating_sub(genesis);
        let before = before.config.time(fork).map(|at| since(at, BEGAN));
        let after = after.config.time(fork).map(|at| since(at, time));
        assert_eq!(before, after, "{fork:?} of {files:?} in {made:?}");
    }
}

#[test]
fn both_layers_have_the_same_blob_schedule() {
    let (mut accepted, mut refused) = (0, 0);
    let mut kinds = BTreeMap::new();
    for seed in 0..12_000 {
        let mut rng = Rng::new(seed);
        let files = Files::random(&mut rng);
        let time = 1_700_000_000 + rng.next() % 100_000;
        let (made, _) = match files.at(time) {
            Ok(made) => made,
            Err(message) => {
                refused += 1;
                let kind = message.replace(|c: char| c.is_ascii_digit(), "");
                *kinds.entry(kind).or_insert(0_u32) += 1;
                let known = files.numbers();
                let names = ["bpo1", "bpo2", "bpo3", "bpo4", "bpo5"];
                let plain = names.iter().fold(message.clone(), |text, name| text.replace(name, ""));
                let mut numbers = plain.split(|c: char| !c.is_ascii_digit());
                let unknown =
                    numbers.find(|n| !n.is_empty() && !known.contains(*n) && *n != "4096");
                assert_eq!(unknown, None, "{message}: {files:?}");
                continue;
            }
        };
        accepted += 1;
        check(&files, time, &made);
        check_distances(&files, time, &made);
        // The output is valid input, and all its times move together.
        let later = time + 987_654;
        let (again, notes) = made.at(later).unwrap_or_else(|e| panic!("{e}: {made:?} {files:?}"));
        check(&made, later, &again);
        assert!(notes.iter().all(|note| note.contains("was ")), "{notes:?}: {made:?}");
        let limits = |files: &Files| {
            let config = Config::parse(files.config.as_bytes()).unwrap();
            (0..60).map(|epoch| consensus_limit(&config, epoch)).collect::<Vec<_>>()
        };
        assert_eq!(limits(&made), limits(&again));
    }
    println!("{kinds:#?}");
    assert!(accepted > 8_000 && refused > 100, "{accepted} accepted, {refused} refused");
}
