//! op-node 1.17, which checks its three files at the start. `op-node-refusals.json` of the test fixtures has
//! its words for each change of a running L2.

use super::failure::Failure;
use super::{Rule, says};

pub(super) const RULES: &[Rule] = &[
    says(Failure::OtherL1, &["incorrect L1 genesis block hash "]),
    says(Failure::OtherL2Data, &["expected L2 genesis hash to match L2 block"]),
    says(Failure::OtherL1ChainId, &["l1 chain config chain ID mismatch"]),
    says(Failure::SequencerDrift, &["maximum sequencer drift must be greater than 0"]),
    says(Failure::ForkGap, &["rollup config error: fork ", ", but prior fork ", " missing"]),
    says(Failure::NoL1Config, &["failed to read chain spec: open : "]),
    says(Failure::NoBlobSchedule, &["L1 chain config does not have a blob schedule"]),
    says(Failure::ForeignL1Config, &["missing JSON field ", "config"]),
    says(Failure::ForeignL1Config, &["failed to decode JSON field ", "config", "unknown field"]),
    says(Failure::AnchorAhead, &["L1 genesis block not found, skipping validity check"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"failed to setup: failed \
         to init L1 Source: failed to validate the L1 config: incorrect L1 genesis block hash 0x1, \
         expected 0x2\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"Rollup Config\" l1_genesis_block_hash=0x1",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"failed to setup: failed \
         to init L2: failed to get L2 genesis blockhash: expected L2 genesis hash to match L2 block at \
         genesis block number 0: 0x1 <> 0x2\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"L2 genesis hash matches\"",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"unable to create the \
         rollup node config: l1 chain config chain ID mismatch: 1 != 2\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"l1 chain config\" chain_id=1",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"rollup config error: \
         maximum sequencer drift must be greater than 0\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"maximum sequencer drift\" seconds=600",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"rollup config error: \
         fork granite set (to 0), but prior fork fjord missing\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"fork granite set (to 0)\"",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"failed to read chain \
         spec: open : no such file or directory\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"read chain spec\"",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"L1 chain config does \
         not have a blob schedule config\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"L1 chain config has a blob schedule config\"",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"missing JSON field \
         \\\"config\\\"\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"JSON field config\"",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=crit msg=\"Application failed\" message=\"failed to decode JSON \
         field \\\"config\\\": json: unknown field \\\"terminalTotalDifficultyPassed\\\"\"",
        "t=2026-11-28T16:00:00+0000 lvl=warn msg=\"decoded JSON field config\"",
    ),
    (
        "t=2026-11-28T16:00:00+0000 lvl=warn msg=\"L1 genesis block not found, skipping validity check\"",
        "t=2026-11-28T16:00:00+0000 lvl=info msg=\"L1 genesis block found\"",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = "\
t=2026-11-28T16:00:00+0000 lvl=info msg=\"Initializing rollup node\" version=v1.17.0
t=2026-11-28T16:00:00+0000 lvl=info msg=\"Rollup node started\"
t=2026-11-28T16:00:01+0000 lvl=info msg=\"Sequencer inserted block\" block=0x1:1
t=2026-11-28T16:00:02+0000 lvl=warn msg=\"Using system config contract\"
";
