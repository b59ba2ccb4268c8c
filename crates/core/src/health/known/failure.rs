//! The failures that logs show, with their remedies.

use super::super::REGENERATE;

/// A failure. The order is that of a report: causes before their consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    /// Data of another genesis in an execution client.
    OtherExecutionData,
    /// Data of another genesis in a beacon node or a validator client.
    OtherConsensusData,
    /// geth without a genesis.
    Mainnet,
    /// JWT secrets or clocks that differ.
    Jwt,
    /// A Lighthouse older than geth.
    TotalDifficulty,
    /// A preset of another spec release.
    PresetRevision,
    /// A genesis older than the window of blobs.
    BlobRetention,
    /// A client without the preset.
    Preset,
    /// Prysm with slots of one second.
    ShortSlots,
    /// A `config.yaml` without the fork version of a fork.
    ForkVersion,
    /// Votes in the slashing protection database that are newer than the chain.
    SlashingProtection,
    /// A directory of keys that cannot be written.
    KeysReadOnly,
    /// A lock on a keystore or a database.
    Locked,
    /// A port of another program.
    Port,
    /// Doppelganger protection before its end.
    DoppelgangerWait,
    /// Doppelganger protection that has stopped the validators.
    DoppelgangerStop,
    /// Lodestar, an epoch late.
    Late,
    /// A beacon node with an older head than the execution client.
    OlderHead,
    /// An execution client that lacks blocks of the beacon node.
    LostBlocks,
    /// An L2 whose `rollup.json` names another L1.
    OtherL1,
    /// An L2 whose execution client has another genesis than its `rollup.json`.
    OtherL2Data,
    /// An L2 whose `rollup.json` names another chain id of its L1 than the config of that L1.
    OtherL1ChainId,
    /// A `rollup.json` without a limit for the sequencer's clock.
    SequencerDrift,
    /// A `rollup.json` with a fork, and without the one before it.
    ForkGap,
    /// An op-node without the config of an L1 that it does not know.
    NoL1Config,
    /// A config of an L1 without the schedule of blobs.
    NoBlobSchedule,
    /// A config of an L1 with a member that op-node does not know.
    ForeignL1Config,
    /// An L2 that starts from a block which the L1 does not have.
    AnchorAhead,
    /// A health check that needs a shell.
    Shell,
    /// A bind mount without a source.
    BindMount,
    /// A full disk.
    DiskFull,
}

impl Failure {
    /// The cause, and the remedy. `NUMBER` in the remedy stands for the block number in the line.
    #[expect(clippy::too_many_lines, reason = "a table of texts")]
    pub(super) fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::OtherExecutionData => ("the execution client has data from another run", WIPE),
            Self::OtherConsensusData => {
                ("the beacon node or the validator client has data from another run", WIPE)
            }
            Self::Mainnet => (
                "geth started without a genesis and became mainnet",
                "run geth init --datadir DIR runtime/metadata/genesis.json before it starts",
            ),
            Self::Jwt => (
                "the beacon node and the execution client have different JWT secrets or clocks",
                "mount the same runtime/jwt/jwtsecret into both; their clocks must agree to within \
                 60 s",
            ),
            Self::TotalDifficulty => (
                "this Lighthouse is too old for this geth: it requires totalDifficulty",
                "use Lighthouse 7 or later",
            ),
            Self::PresetRevision => (
                "the client was built with another revision of the preset than the genesis",
                "set regenesis init --preset-revision: docs/reference.md has a table of the clients",
            ),
            Self::BlobRetention => {
                ("the genesis is older than the blob retention period", REGENERATE)
            }
            Self::Preset => (
                "the client was not built for the preset in config.yaml",
                "use an image with the minimal preset, or PRESET_BASE: mainnet",
            ),
            Self::ShortSlots => (
                "Prysm does not support slots of one second",
                "use SLOT_DURATION_MS: 2000, or another client",
            ),
            Self::ForkVersion => (
                "config.yaml lacks the fork version of a fork that Prysm knows",
                "mount metadata/config.yaml of the runtime: regenesis init completes it",
            ),
            Self::SlashingProtection => (
                "the validator client refuses to sign: its slashing protection database has votes \
                 from another run, or for blocks that the beacon node has lost",
                concat!(
                    renew!(),
                    ": a new genesis; without regenesis run --datadir, docker compose down -v, then up -d"
                ),
            ),
            Self::KeysReadOnly => (
                "the validator client cannot write to the directory of its keys",
                "start it with regenesis run --copy validator-keys; or mount the keys without :ro, \
                 and writable for its user",
            ),
            Self::Locked => (
                "a killed client left its lock on keystores or a database, or is still running",
                concat!(renew!(), "; Teku: --validators-keystore-locking-enabled=false"),
            ),
            Self::Port => (
                "another program uses the port",
                "choose another port, or stop that program: ss -ltnp lists it",
            ),
            Self::DoppelgangerWait => (
                "doppelganger protection keeps the validators from signing, for epochs or forever: \
                 they are the only ones of this chain",
                "turn it off: no other client has these keys",
            ),
            Self::DoppelgangerStop => (
                "doppelganger protection stopped the validators: it saw their keys in use elsewhere",
                "run each key in one validator client, and turn the protection off",
            ),
            Self::Late => (
                "Lodestar started more than an epoch after genesis, and never proposes",
                concat!(renew!(), "; if it happens again, with a longer REGENESIS_LEAD"),
            ),
            Self::OlderHead => (
                "the beacon node was killed and restarted with an older head than geth's, on which \
                 geth does not build",
                "run regenesis watch, which sets geth's head to the beacon node's; or call \
                 debug_setHead with [\"NUMBER\"] on geth's HTTP port. Later blocks, and possibly \
                 their transactions, are lost",
            ),
            Self::LostBlocks => (
                "the execution client was killed and lost blocks that the beacon node has",
                concat!(
                    "run regenesis watch, which sends them again; or ",
                    renew!(),
                    ": a new genesis"
                ),
            ),
            Self::OtherL1 => (
                "the L1 has another genesis than the L2's rollup.json names",
                concat!(
                    "start op-node with runtime/l2/NAME/rollup.json, which regenesis init anchors at \
                     every genesis; in the stack, ",
                    renew!(),
                    ": a new genesis of both"
                ),
            ),
            Self::OtherL2Data => ("the L2's execution client has data from another run", WIPE),
            Self::OtherL1ChainId => (
                "the L2's rollup.json names another chain id of the L1 than the L1's config",
                "pass rollup.json and l1-chain-config.json of the same runtime/l2/NAME; in the snapshot, \
                 set l1_chain_id to config.chainId of the L1's genesis",
            ),
            Self::SequencerDrift => (
                "the L2's rollup.json has no max_sequencer_drift",
                "set it to the deployment's value, such as 600: op-deployer inspect rollup prints it",
            ),
            Self::ForkGap => (
                "the L2's rollup.json has the time of a fork, and none of the fork before it",
                "add the missing time, at most that of the later fork, to rollup.json and the L2's \
                 genesis",
            ),
            Self::NoL1Config => (
                "op-node has no config of this L1, which it does not know",
                "pass --rollup.l1-chain-config=runtime/l2/NAME/l1-chain-config.json",
            ),
            Self::NoBlobSchedule => (
                "the L1's config has no blobSchedule",
                "add config.blobSchedule to the L1's genesis, or pass \
                 runtime/l2/NAME/l1-chain-config.json to op-node",
            ),
            Self::ForeignL1Config => (
                "the L1's config has a member that op-node refuses",
                "pass runtime/l2/NAME/l1-chain-config.json to op-node: regenesis init leaves such \
                 members out",
            ),
            Self::AnchorAhead => (
                "the L2 starts from a block that the L1 does not have",
                "set genesis.l1 of rollup.json to a block of this L1: regenesis init does so at every \
                 genesis",
            ),
            Self::Shell => (
                "the health check needs a shell, and the image has none",
                "use the exec form: [\"CMD\", \"/runtime/bin/regenesis\", \"health\", \"el\"]",
            ),
            Self::BindMount => (
                "the source of a bind mount is missing: Docker created a directory instead",
                "mount the parent directory, not the file",
            ),
            Self::DiskFull => ("the disk is full", "docker system df shows what uses it"),
        }
    }
}

const WIPE: &str = "start it with regenesis run --datadir, or docker compose down -v, then up -d";
