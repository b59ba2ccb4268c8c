//! Both layers have one schedule, whatever the files say and whenever genesis is.
//!
//! Contradictions are in `malformed/both.rs`.

use crate::support::{Done, Run, repository};
use regenesis::cl::config::{BlobParameters, Config, FAR_FUTURE_EPOCH};
use regenesis::cl::fork::FORKS;
use serde_json::{Value, json};

/// Slots of 2 seconds, 8 an epoch.
const SECONDS_PER_EPOCH: u64 = 16;
const TIMES: [u64; 3] = [1_700_000_123, 1_800_000_000, 4_102_444_800];
const NEVER: &str = "18446744073709551615";

/// The sample, edited.
struct Files {
    genesis: Value,
    config: String,
    args: Vec<&'static str>,
}

impl Files {
    fn sample() -> Self {
        let read = |file| std::fs::read_to_string(repository().join("sample").join(file)).unwrap();
        let genesis = serde_json::from_str(&read("el/genesis.template.json")).unwrap();
        Self { genesis, config: read("cl/config.yaml"), args: Vec::new() }
    }

    /// The sample up to electra: what comes later is never.
    fn electra() -> Self {
        Self::sample().without(&["osakaTime"]).epoch("FULU", NEVER)
    }

    /// A key of the execution's config.
    fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.genesis["config"][key] = value.into();
        self
    }

    fn without(mut self, keys: &[&str]) -> Self {
        let config = self.genesis["config"].as_object_mut().unwrap();
        keys.iter().for_each(|key| assert!(config.remove(*key).is_some(), "{key}"));
        self
    }

    fn timestamp(mut self, seconds: u64) -> Self {
        self.genesis["timestamp"] = seconds.to_string().into();
        self
    }

    /// A line of the consensus config.
    fn line(mut self, key: &str, value: &str) -> Self {
        let start = format!("{key}: ");
        let line = self.config.lines().find(|line| line.starts_with(&start)).unwrap().to_owned();
        self.config = self.config.replace(&line, &format!("{key}: {value}"));
        self
    }

    fn epoch(self, fork: &str, epoch: &str) -> Self {
        self.line(&format!("{fork}_FORK_EPOCH"), epoch)
    }

    fn blobs(self, entries: &[(u64, u64)]) -> Self {
        let entry = |(epoch, max): &(u64, u64)| {
            format!("\n  - EPOCH: {epoch}\n    MAX_BLOBS_PER_BLOCK: {max}")
        };
        self.line("BLOB_SCHEDULE", &entries.iter().map(entry).collect::<String>())
    }

    fn args(mut self, args: &[&'static str]) -> Self {
        self.args.extend(args);
        self
    }

    fn run(&self) -> Run {
        Run::new()
            .file("genesis.json", self.genesis.to_string())
            .file("config.yaml", &self.config)
            .file("mnemonics.yaml", MNEMONICS)
            .args(["--genesis", "genesis.json", "--config", "config.yaml"])
            .args(["--mnemonics", "mnemonics.yaml"])
            .args(&self.args)
    }

    /// The output at `time`; asserts that its layers agree.
    fn at(&self, time: u64) -> Made {
        let done = self.run().arg("--timestamp").arg(time.to_string()).succeeds();
        let made = Made::read(&done, time);
        made.assert_layers_agree();
        made
    }
}

const MNEMONICS: &str =
    "- mnemonic: \"test test test test test test test test test test test junk\"\n  count: 2\n";

struct Made {
    time: u64,
    genesis: Value,
    config: Config,
    summary: Value,
    stderr: String,
}

impl Made {
    fn read(done: &Done, time: u64) -> Self {
        Self {
            time,
            genesis: done.json("metadata/genesis.json"),
            config: Config::parse(&done.read("metadata/config.yaml")).unwrap(),
            summary: done.json("regenesis.json"),
            stderr: done.stderr.clone(),
        }
    }

    fn fork_time(&self, key: &str) -> Option<u64> {
        self.genesis["config"].get(key).map(|time| time.as_u64().unwrap())
    }

    fn begin(&self, epoch: u64) -> u64 {
        self.time + epoch * SECONDS_PER_EPOCH
    }

    fn said(&self, list: &str, text: &str) -> bool {
        let said = self.summary[list].as_array().unwrap();
        assert!(said.iter().all(|line| self.stderr.contains(line.as_str().unwrap())));
        said.iter().any(|line| line.as_str().unwrap().contains(text))
    }

    /// Every fork and every change of blobs happens at one moment in both layers, and geth finds
    /// what it demands.
    fn assert_layers_agree(&self) {
        assert_eq!(self.genesis["timestamp"], self.time.to_string());
        assert_eq!(self.config.u64("MIN_GENESIS_TIME").unwrap(), self.time);
        assert_eq!(self.config.u64("GENESIS_DELAY").unwrap(), 0);
        let config = &self.genesis["config"];
        assert_eq!(config["terminalTotalDifficulty"], 0);
        for fork in FORKS {
            let Some(hardfork) = fork.hardfork else { continue };
            let time = self.fork_time(hardfork.key());
            match self.config.epoch(fork).unwrap() {
                FAR_FUTURE_EPOCH => assert_eq!(time, None, "{}", fork.name),
                0 => assert!(time.unwrap() <= self.time, "{}", fork.name),
                epoch => assert_eq!(time, Some(self.begin(epoch)), "{}", fork.name),
            }
            if let Some(entry) = hardfork.blob_schedule_key().filter(|_| time.is_some()) {
                assert!(config["blobSchedule"][entry]["max"].is_u64(), "{entry}");
            }
        }
        let mut scheduled: Vec<_> = (1..=5)
            .filter_map(|n| {
                let time = self.fork_time(&format!("bpo{n}Time"))?;
                let max = &config["blobSchedule"][format!("bpo{n}")]["max"];
                Some((time, max.as_u64().unwrap()))
            })
            .filter(|(time, _)| *time > self.time)
            .collect();
        scheduled.sort_unstable();
        let entries = self.config.blob_schedule().unwrap();
        let entries =
            entries.iter().filter(|entry| entry.epoch != 0 && entry.epoch != FAR_FUTURE_EPOCH);
        let entries: Vec<_> =
            entries.map(|e| (self.begin(e.epoch), e.max_blobs_per_block)).collect();
        assert_eq!(scheduled, entries);
    }
}

#[test]
fn the_sample_has_the_same_schedule_at_any_time() {
    for time in TIMES {
        let made = Files::sample().at(time);
        assert_eq!(made.summary["notes"], json!([]));
        assert_eq!(made.summary["cl"]["fork"], "fulu");
    }
}

#[test]
fn future_hardforks_follow_their_epochs() {
    for time in TIMES {
        let files = Files::sample()
            .timestamp(1_600_000_000)
            .set("pragueTime", 1_600_000_032)
            .set("osakaTime", 1_600_009_999)
            .epoch("ELECTRA", "2")
            .epoch("FULU", "1000");
        let made = files.at(time);
        assert_eq!(made.summary["cl"]["fork"], "deneb");
        assert_eq!(made.fork_time("pragueTime"), Some(made.begin(2)));
        assert_eq!(made.fork_time("osakaTime"), Some(made.begin(1000)));
        assert!(
            made.said("notes", "osakaTime") && made.said("notes", "was 1600009999, epoch 1000")
        );
        // The output is a valid snapshot, whose times move again.
        let config = made.config.u64("FULU_FORK_EPOCH").unwrap().to_string();
        let again = Files { genesis: made.genesis, ..Files::sample() }
            .epoch("ELECTRA", "2")
            .epoch("FULU", &config);
        again.at(time + 12_345);
    }
}

#[test]
fn a_hardfork_that_only_the_beacon_chain_schedules_is_added() {
    let made = Files::electra().epoch("FULU", "7").epoch("GLOAS", "9").at(TIMES[0]);
    assert_eq!(made.fork_time("osakaTime"), Some(made.begin(7)));
    assert_eq!(made.fork_time("amsterdamTime"), Some(made.begin(9)));
    assert!(made.said("notes", "osakaTime 1700000235 (added, epoch 7)"));
    let blobs = &made.genesis["config"]["blobSchedule"];
    assert_eq!(blobs["amsterdam"], blobs["osaka"], "what is not said stays as it was");
}

#[test]
fn an_epoch_that_only_the_execution_schedules_is_added() {
    let files = Files::electra().timestamp(1_600_000_000).set("osakaTime", 1_600_000_000 + 112);
    let made = files.at(TIMES[1]);
    assert_eq!(made.config.u64("FULU_FORK_EPOCH").unwrap(), 7);
    assert_eq!(made.fork_time("osakaTime"), Some(made.begin(7)));
    assert!(made.said("notes", "FULU_FORK_EPOCH 7 added, from osakaTime 1600000112"));
    // The captured beacon chain began 60 s after its own minimum.
    let delayed = Files::electra()
        .timestamp(1_600_000_000)
        .line("MIN_GENESIS_TIME", "1600000100")
        .line("GENESIS_DELAY", "60")
        .set("osakaTime", 1_600_000_160 + 48);
    assert_eq!(delayed.at(TIMES[1]).config.u64("FULU_FORK_EPOCH").unwrap(), 3);
}

#[test]
fn a_hardfork_before_the_stamped_time_is_active() {
    // A time before the run, but after 0: with a placeholder, it can only mean genesis.
    let made = Files::sample().set("osakaTime", 1_500_000_000).at(TIMES[0]);
    assert_eq!(made.fork_time("osakaTime"), Some(1_500_000_000));
    let captured = Files::sample().timestamp(1_600_000_000).set("osakaTime", 1_600_000_000);
    let made = captured.at(1_000_000_000);
    assert_eq!(made.fork_time("osakaTime"), Some(0));
    assert!(made.said("notes", "osakaTime 1600000000 → 0, active at genesis"));
}

#[test]
fn blob_schedule_entries_that_geth_requires_are_added() {
    let made = Files::sample().without(&["blobSchedule"]).at(TIMES[0]);
    let (cancun, prague) = (
        json!({"target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477}),
        json!({"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716}),
    );
    let expected = json!({"cancun": cancun, "prague": prague, "osaka": prague});
    assert_eq!(made.genesis["config"]["blobSchedule"], expected);
    for entry in ["cancun", "prague", "osaka"] {
        assert!(made.said("notes", &format!("blobSchedule.{entry} added")), "{entry}");
    }
    // An entry of the file stays, and later forks inherit it.
    let own = json!({"target": 1, "max": 2, "baseFeeUpdateFraction": 1_000_000});
    let files = Files::sample().set("blobSchedule", json!({"prague": own, "other": 5}));
    let expected = json!({"cancun": cancun, "prague": own, "osaka": own, "other": 5});
    assert_eq!(files.at(TIMES[0]).genesis["config"]["blobSchedule"], expected);
}

#[test]
fn blob_forks_of_one_side_are_added_to_the_other() {
    // From the beacon chain: with geth's own parameters where the number is known.
    let made = Files::sample().blobs(&[(5, 15), (9, 21), (12, 32)]).at(TIMES[0]);
    let blobs = &made.genesis["config"]["blobSchedule"];
    assert_eq!(blobs["bpo1"], json!({"target": 10, "max": 15, "baseFeeUpdateFraction": 8_346_193}));
    assert_eq!(
        blobs["bpo2"],
        json!({"target": 14, "max": 21, "baseFeeUpdateFraction": 11_684_671})
    );
    assert_eq!(blobs["bpo3"]["max"], 32);
    assert_eq!(made.fork_time("bpo3Time"), Some(made.begin(12)));
    // From the execution layer.
    let entry = json!({"target": 10, "max": 15, "baseFeeUpdateFraction": 8_346_193});
    let captured = |epochs: u64| {
        let mut files = Files::sample().timestamp(1_600_000_000);
        files.genesis["config"]["blobSchedule"]["bpo1"] = entry.clone();
        files.set("bpo1Time", 1_600_000_000 + epochs * SECONDS_PER_EPOCH)
    };
    let made = captured(4).at(TIMES[1]);
    let added = [BlobParameters { epoch: 4, max_blobs_per_block: 15 }];
    assert_eq!(made.config.blob_schedule().unwrap(), added);
    assert_eq!(made.fork_time("bpo1Time"), Some(made.begin(4)));
    // From both: the epoch takes precedence.
    let made = captured(4).blobs(&[(6, 15)]).at(TIMES[1]);
    assert_eq!(made.fork_time("bpo1Time"), Some(made.begin(6)));
    // Never, as devnets write it: nothing to schedule.
    let made = Files::sample().blobs(&[(FAR_FUTURE_EPOCH, 15)]).at(TIMES[1]);
    assert_eq!(made.fork_time("bpo1Time"), None);
}

#[test]
fn difficulty_and_deposit_contract_are_added() {
    let files = Files::sample().without(&["terminalTotalDifficulty", "depositContractAddress"]);
    let made = files.at(TIMES[0]);
    let address = "0x00000000219ab540356cBB839Cbe05303d7705Fa";
    assert_eq!(made.genesis["config"]["depositContractAddress"], address);
    assert!(made.said("notes", "terminalTotalDifficulty 0 added"));
    assert!(made.said("notes", &format!("depositContractAddress {address} added")));
    let mut files = Files::sample();
    for key in ["DEPOSIT_CONTRACT_ADDRESS", "DEPOSIT_CHAIN_ID", "DEPOSIT_NETWORK_ID"] {
        let lines = files.config.lines().filter(|line| !line.starts_with(key));
        files.config = lines.collect::<Vec<_>>().join("\n");
    }
    let made = files.at(TIMES[0]);
    assert_eq!(made.config.u64("DEPOSIT_CHAIN_ID").unwrap(), 271_828);
    assert_eq!(made.config.u64("DEPOSIT_NETWORK_ID").unwrap(), 271_828);
    assert_eq!(made.config.deposit_contract_address().unwrap().to_string(), address);
}

#[test]
fn keep_changes_no_schedule_and_warns() {
    let files = Files::sample()
        .timestamp(1_600_000_000)
        .set("osakaTime", 1_600_000_017)
        .epoch("FULU", "1")
        .args(&["--timestamp", "keep"]);
    let done = files.run().succeeds();
    let made = Made::read(&done, 1_600_000_000);
    assert_eq!(made.fork_time("osakaTime"), Some(1_600_000_017));
    assert!(
        made.said(
            "warnings",
            "osakaTime is 1600000017, but FULU_FORK_EPOCH 1 starts at 1600000016"
        )
    );
    let files = Files::electra()
        .timestamp(1_600_000_000)
        .epoch("FULU", "3")
        .blobs(&[(5, 15)])
        .args(&["--timestamp", "keep"]);
    let made = Made::read(&files.run().succeeds(), 1_600_000_000);
    assert_eq!(made.fork_time("osakaTime"), None);
    assert!(made.said("warnings", "FULU_FORK_EPOCH is 3, but genesis.json has no osakaTime"));
    assert!(made.said("warnings", "BLOB_SCHEDULE allows 15 blobs from epoch 5"));
    assert_eq!(made.config.u64("MIN_GENESIS_TIME").unwrap(), 0);
}

/// The contracts that the forks of the sample need.
const CONTRACTS: [(&str, &str); 5] = [
    ("deposit contract", "0x00000000219ab540356cBB839Cbe05303d7705Fa"),
    ("EIP-4788", "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
    ("EIP-2935", "0x0000F90827F1C53a10cb7A02335B175320002935"),
    ("EIP-7002", "0x00000961Ef480Eb55e80D19ad83579A64c007002"),
    ("EIP-7251", "0x0000BBdDc7CE488642fb579F8B00f3a590007251"),
];

#[test]
fn missing_system_contracts_are_reported_and_added_on_request() {
    let whole = Files::sample().at(TIMES[0]);
    assert_eq!(whole.summary["warnings"], json!([]));
    let remove = |files: &mut Files, address: &str| {
        assert!(files.genesis["alloc"].as_object_mut().unwrap().remove(address).is_some());
    };
    let mut without = Files::sample();
    for (name, address) in CONTRACTS {
        let mut files = Files::sample();
        remove(&mut files, address);
        remove(&mut without, address);
        let made = files.at(TIMES[0]);
        assert!(made.said("warnings", name) && made.said("warnings", address), "{name}");
        assert!(made.said("warnings", "(init and capture add them with --add-system-contracts"));
        assert_ne!(made.summary["el"], whole.summary["el"]);
        let made = files.args(&["--add-system-contracts"]).at(TIMES[0]);
        assert_eq!(made.summary["el"], whole.summary["el"], "{name}");
        assert_eq!(made.summary["warnings"], json!([]));
        assert!(made.genesis["alloc"][address]["code"].is_string());
    }
    let made = without.at(TIMES[0]);
    assert!(CONTRACTS.iter().all(|(name, _)| made.said("warnings", name)));
    let made = without.args(&["--add-system-contracts"]).at(TIMES[0]);
    assert_eq!(made.summary["el"], whole.summary["el"]);
}

#[test]
fn contracts_of_unscheduled_forks_are_not_required() {
    let mut files = Files::electra().without(&["pragueTime"]).epoch("ELECTRA", NEVER);
    for (_, address) in &CONTRACTS[2..] {
        files.genesis["alloc"].as_object_mut().unwrap().remove(*address);
    }
    assert_eq!(files.at(TIMES[0]).summary["warnings"], json!([]));
    // If either layer schedules the fork for later, nothing deploys the contracts then.
    let later = files.epoch("ELECTRA", "100").at(TIMES[0]);
    assert!(later.said("warnings", "EIP-7251"));
}

/// The chain could not start, or would surprise its owner.
#[test]
fn doubtful_chains_are_reported() {
    let mut files = Files::sample().set("chainId", 1).line("DEPOSIT_CHAIN_ID", "1");
    files = files.line("CONFIG_NAME", "mainnet");
    let made = files.at(TIMES[0]);
    assert!(made.said("warnings", "chain id 1 is that of Ethereum mainnet"));
    assert!(made.said("warnings", "CONFIG_NAME is that of a built-in network"));
    let mut files = Files::sample();
    files.config.push_str("SLOTS_PER_EPOCH: 16\n");
    let done = files.run().succeeds();
    assert!(done.stderr.contains("SLOTS_PER_EPOCH differs from the minimal preset's"));
}
