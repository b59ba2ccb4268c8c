//! What a service of an enclave is for.

use std::collections::BTreeMap;

/// Labels that a package of Kurtosis sets have this prefix.
const CUSTOM: &str = "com.kurtosistech.custom.";

/// What a service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An execution client of the L1.
    Execution,
    /// A beacon node of the L1.
    Beacon,
    /// A validator client of the L1.
    Validator,
    /// op-geth, or another execution client of an L2.
    L2Execution,
    /// op-node, or another rollup node.
    L2Node,
    /// op-batcher.
    Batcher,
    /// A service that a capture does not read, by its program.
    Other(&'static str),
    /// No label and no image says what it is.
    Unknown,
}

/// The programs that the packages run without a label of their client. Source: kurtosis-cdk
/// `src/package_io/constants.star`, optimism-package `src/package_io/registry.star`.
const IMAGES: [(&str, Role); 29] = [
    ("agglayer", Role::Other("agglayer")),
    ("agglayer-contracts", Role::Other("contracts")),
    ("aggkit", Role::Other("aggkit")),
    ("aggkit-prover", Role::Other("aggkit-prover")),
    ("cdk", Role::Other("cdk-node")),
    ("cdk-node", Role::Other("cdk-node")),
    ("cdk-data-availability", Role::Other("cdk-data-availability")),
    ("cdk-erigon", Role::Other("cdk-erigon")),
    ("eth2-val-tools", Role::Other("keystores")),
    ("hildr", Role::L2Node),
    ("kona-node", Role::L2Node),
    ("op-batcher", Role::Batcher),
    ("op-besu", Role::L2Execution),
    ("op-challenger", Role::Other("op-challenger")),
    ("op-deployer", Role::Other("op-deployer")),
    ("op-erigon", Role::L2Execution),
    ("op-geth", Role::L2Execution),
    ("op-nethermind", Role::L2Execution),
    ("op-node", Role::L2Node),
    ("op-proposer", Role::Other("op-proposer")),
    ("op-reth", Role::L2Execution),
    ("op-succinct-proposer", Role::Other("op-succinct-proposer")),
    ("op-supervisor", Role::Other("op-supervisor")),
    ("postgres", Role::Other("database")),
    ("proxyd", Role::Other("proxyd")),
    ("zkevm-bridge-service", Role::Other("bridge")),
    ("zkevm-node", Role::Other("zkevm-node")),
    ("zkevm-pool-manager", Role::Other("pool manager")),
    ("zkevm-prover", Role::Other("prover")),
];

/// Values of optimism-package's label `op.kind` that [`IMAGES`] does not decide better.
const OP_KINDS: [(&str, Role); 7] = [
    ("el", Role::L2Execution),
    ("cl", Role::L2Node),
    ("batcher", Role::Batcher),
    ("elbuilder", Role::Other("block builder")),
    ("clbuilder", Role::Other("block builder")),
    ("proposer", Role::Other("op-proposer")),
    ("challenger", Role::Other("op-challenger")),
];

/// The programs that build their own state from logs since the first block, and halt without them.
const READERS: [&str; 6] = ["agglayer", "aggkit", "bridge", "cdk-erigon", "cdk-node", "zkevm-node"];

impl Role {
    /// The role by the labels of the package, else by the program that the image is named after. The name
    /// of a service decides nothing: users choose it.
    pub(super) fn of(labels: &BTreeMap<String, String>, image: &str) -> Self {
        let label = |name: &str| labels.get(&format!("{CUSTOM}{name}")).map(String::as_str);
        let found = |table: &[(&str, Self)], name: &str| {
            table.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
        };
        let by_image = found(&IMAGES, program(image));
        // optimism-package gave its clients ethereum-package's labels before it had its own.
        let client = label("ethereum-package.client").and_then(|client| found(&IMAGES, client));
        if let Some(kind) = label("op.kind") {
            return found(&OP_KINDS, kind).or(by_image).unwrap_or(Self::Unknown);
        }
        match label("ethereum-package.client-type") {
            Some("execution") => client.unwrap_or(Self::Execution),
            Some("beacon") => client.unwrap_or(Self::Beacon),
            Some("validator") => Self::Validator,
            Some("remote-signer") => Self::Other("remote signer"),
            _ => by_image.unwrap_or(Self::Unknown),
        }
    }

    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Execution => "L1 execution",
            Self::Beacon => "L1 beacon",
            Self::Validator => "L1 validator",
            Self::L2Execution => "L2 execution",
            Self::L2Node => "L2 node",
            Self::Batcher => "op-batcher",
            Self::Other(program) => program,
            Self::Unknown => "unknown",
        }
    }

    /// Whether it reads logs since the first block of the L1.
    pub(super) fn reads_history(self) -> bool {
        matches!(self, Self::Other(program) if reads_history(program))
    }
}

/// Whether the program of this role reads logs since the first block of the L1.
pub(super) fn reads_history(role: &str) -> bool {
    READERS.contains(&role)
}

/// `op-geth` of `registry:5000/images/op-geth:v1@sha256:…`.
pub(super) fn program(image: &str) -> &str {
    let path = image.split('@').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(labels: &[(&str, &str)], image: &str) -> Role {
        let labels =
            labels.iter().map(|(name, value)| (format!("{CUSTOM}{name}"), (*value).into()));
        Role::of(&labels.collect(), image)
    }

    #[test]
    fn labels_decide_before_images() {
        let kind = |kind| [("ethereum-package.client-type", kind)];
        assert_eq!(role(&kind("execution"), "mine/fork:1"), Role::Execution);
        assert_eq!(role(&kind("beacon"), "mine/fork:1"), Role::Beacon);
        assert_eq!(role(&kind("validator"), ""), Role::Validator);
        assert_eq!(role(&[("op.kind", "el")], "mine/fork:1"), Role::L2Execution);
        assert_eq!(role(&[("op.kind", "cl")], "mine/fork:1"), Role::L2Node);
        assert_eq!(role(&[("op.kind", "elbuilder")], "op-geth:1"), Role::Other("block builder"));
        assert_eq!(role(&[("op.kind", "later")], "x/proxyd:1"), Role::Other("proxyd"));
        let older =
            [("ethereum-package.client-type", "execution"), ("ethereum-package.client", "op-geth")];
        assert_eq!(role(&older, "mine/fork:1"), Role::L2Execution);
        let older =
            [("ethereum-package.client-type", "beacon"), ("ethereum-package.client", "op-node")];
        assert_eq!(role(&older, "mine/fork:1"), Role::L2Node);
    }

    #[test]
    fn an_image_is_named_after_its_program() {
        assert_eq!(role(&[], "registry:5000/images/op-geth:v1@sha256:00"), Role::L2Execution);
        assert_eq!(role(&[], "op-node"), Role::L2Node);
        assert_eq!(role(&[], "ghcr.io/agglayer/aggkit:0.8"), Role::Other("aggkit"));
        assert!(role(&[], "ghcr.io/agglayer/aggkit:0.8").reads_history());
        assert!(!role(&[], "x/proxyd:1").reads_history());
        // Without a label, a geth may be of any chain.
        assert_eq!(role(&[], "ethereum/client-go:v1.16.8"), Role::Unknown);
    }
}
