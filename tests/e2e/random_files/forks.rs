//! Random chain configs: every hardfork from frontier to amsterdam, with gaps, near and far.

use alloy_primitives::U256;

use super::random::Draft;
use crate::support::json::Json;
use crate::support::spelling::{any_64, hex_bytes};

/// geth's `CheckConfigForkOrder`: the key, and whether a chain may leave it out.
const BLOCKS: [(&str, bool); 15] = [
    ("homesteadBlock", false),
    ("daoForkBlock", true),
    ("eip150Block", false),
    ("eip155Block", false),
    ("eip158Block", false),
    ("byzantiumBlock", false),
    ("constantinopleBlock", false),
    ("petersburgBlock", false),
    ("istanbulBlock", false),
    ("muirGlacierBlock", true),
    ("berlinBlock", false),
    ("londonBlock", false),
    ("arrowGlacierBlock", true),
    ("grayGlacierBlock", true),
    ("mergeNetsplitBlock", true),
];
const TIMES: [(&str, &str); 10] = [
    ("shanghaiTime", ""),
    ("cancunTime", "cancun"),
    ("pragueTime", "prague"),
    ("osakaTime", "osaka"),
    ("bpo1Time", "bpo1"),
    ("bpo2Time", "bpo2"),
    ("bpo3Time", "bpo3"),
    ("bpo4Time", "bpo4"),
    ("bpo5Time", "bpo5"),
    ("amsterdamTime", "amsterdam"),
];

/// The number of fork sets: frontier, and one for each fork.
pub const LEVELS: usize = 1 + BLOCKS.len() + TIMES.len();

/// The name of a fork set.
pub fn level_name(level: usize) -> &'static str {
    let blocks = BLOCKS.iter().map(|(key, _)| *key);
    ["frontier"].into_iter().chain(blocks).chain(TIMES.map(|(key, _)| key)).nth(level).unwrap()
}

impl Draft<'_> {
    /// A `config` with all forks up to `level`.
    pub fn config(&mut self, level: usize, timestamp: u64) -> Json {
        let mut members = Vec::new();
        self.block_forks(level, &mut members);
        let timed = level.saturating_sub(BLOCKS.len());
        let scheduled = self.time_forks(timed, timestamp, &mut members);
        if timed > 1 || self.chance(4) {
            self.member(&mut members, "blobSchedule", |draft| draft.blob_schedule(&scheduled));
        }
        if !self.chance(20) {
            self.member(&mut members, "chainId", |draft| Json::raw(any_64(draft.rng)));
        }
        let total = self.rng.pick(&["0", "58750000000000000000000", "null"]);
        self.member(&mut members, "terminalTotalDifficulty", |_| Json::raw(total));
        if self.chance(3) {
            self.member(&mut members, "depositContractAddress", |d| hex_bytes(d.rng, 20));
        }
        if self.chance(4) {
            let value = self.rng.pick(&["true", "false", "null"]);
            self.member(&mut members, "daoForkSupport", |_| Json::raw(value));
            self.member(&mut members, "enableUBTAtGenesis", |_| Json::raw("false"));
            self.member(&mut members, "ethash", |_| Json::raw("{\"any\": 1}"));
            self.member(&mut members, "clique", |_| Json::raw("null"));
        }
        if self.chance(30) {
            let clique = "{\"period\": 5, \"EPOCH\": 30000, \"other\": []}";
            self.member(&mut members, "clique", |_| Json::raw(clique));
        }
        self.unknown(&mut members);
        self.rng.shuffle(&mut members);
        Json::Object(members)
    }

    fn block_forks(&mut self, level: usize, members: &mut Vec<(String, Json)>) {
        let mut block = U256::ZERO;
        for (index, (key, optional)) in BLOCKS.into_iter().enumerate().take(level) {
            // The last fork is the level.
            if optional && index + 1 != level && self.chance(2) {
                continue;
            }
            if self.chance(60) {
                block += U256::from(any_64(self.rng));
            }
            let broken = self.chance(200);
            if !broken {
                self.member(members, key, |_| Json::raw(block));
            }
        }
    }

    /// The scheduled forks that have blobs.
    fn time_forks(
        &mut self,
        count: usize,
        timestamp: u64,
        members: &mut Vec<(String, Json)>,
    ) -> Vec<&'static str> {
        let all_active = !self.chance(3);
        let mut times: Vec<u64> = (0..count)
            .map(|_| match self.rng.below(5) {
                0 => 0,
                1 => timestamp,
                2 => timestamp.saturating_sub(1),
                _ if all_active => self.rng.next() % timestamp.max(1),
                3 => timestamp.saturating_add(1),
                _ => any_64(self.rng),
            })
            .collect();
        if !self.chance(80) {
            times.sort_unstable();
        }
        let mut scheduled = Vec::new();
        for (index, ((key, blobs), time)) in TIMES.into_iter().zip(times).enumerate() {
            if index > 0 && index + 1 < count && self.chance(4) {
                continue;
            }
            self.member(members, key, |_| Json::raw(time));
            if index > 0 {
                scheduled.push(blobs);
            }
        }
        scheduled
    }

    fn blob_schedule(&mut self, scheduled: &[&str]) -> Json {
        let mut members = Vec::new();
        for (_, name) in &TIMES[1..] {
            let wanted = scheduled.contains(name);
            if wanted && !self.chance(150) || self.chance(6) {
                self.member(&mut members, name, Self::blob_params);
            }
        }
        if self.chance(6) {
            self.member(&mut members, "ubt", |_| Json::raw("{\"target\": 3}"));
        }
        self.unknown(&mut members);
        self.rng.shuffle(&mut members);
        Json::Object(members)
    }

    fn blob_params(&mut self) -> Json {
        let mut members = Vec::new();
        if !self.chance(20) {
            self.member(&mut members, "target", |draft| Json::raw(draft.rng.below(100)));
        }
        let max = self.rng.pick(&["0", "6", "9223372036854775807", "null"]);
        self.member(&mut members, "max", |_| Json::raw(max));
        self.member(&mut members, "baseFeeUpdateFraction", |draft| {
            Json::raw(any_64(draft.rng).max(1))
        });
        self.unknown(&mut members);
        self.rng.shuffle(&mut members);
        Json::Object(members)
    }
}
