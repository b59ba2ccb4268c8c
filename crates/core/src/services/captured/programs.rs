//! The programs that a stack can start from a captured enclave. To add one, add a row to [`PROGRAMS`].
//!
//! Sources: kurtosis-cdk `src/agglayer.star`, `src/chain/**/*.star` and `src/package_io/constants.star` at
//! 8dec4eb, and the images that its earlier revisions name.

use std::collections::BTreeMap;

/// A program and what its container needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// Its role in the manifest.
    pub role: &'static str,
    /// The setting of its image.
    pub image: &'static str,
    /// The repositories that publish it. A snapshot may come from a stranger, and must not choose what runs:
    /// an image of any other repository is not a default.
    repositories: &'static [&'static str],
    /// The names of its executables.
    pub executables: &'static [&'static str],
    /// For an entry point that runs any program which its first argument names: the only program that it may
    /// run, and the only flags of that program, each with a number. Other flags could load code.
    pub runs: Option<(&'static str, &'static [&'static str])>,
    /// The roles that start before it, of the same network or of no network.
    pub after: &'static [&'static str],
    /// From the first port of its network on the host to its own first port.
    offset: u16,
    /// The names of the ports that the host listens for, in this order.
    ports: &'static [&'static str],
    /// The directories below which its files may be mounted.
    pub directories: &'static [&'static str],
    /// What their names end with.
    extension: &'static str,
    /// The variables that it reads.
    pub variables: &'static [&'static str],
    /// The variables with secrets that it reads.
    pub secrets: &'static [&'static str],
    /// The variable with the directory of its data, if its config does not name it.
    pub data: Option<&'static str>,
    /// The directories of its temporary files, beside `/tmp`.
    pub temporary: &'static [&'static str],
}

const CLOUD: &str = "europe-west2-docker.pkg.dev/prj-polygonlabs-devtools-dev/public";
/// The first port on the host, that of the services that belong to no network.
const FIRST_PORT: u16 = 10_000;
/// From one network to the next.
const NETWORK: u16 = 1_000;
/// The largest number of networks with ports on the host: Linux gives ports from 32768 to clients.
const NETWORKS: u16 = 20;
/// From one service of a program to the next in the same network, and the largest number of its ports.
const SERVICE: u16 = 5;
/// From one program to the next.
const PROGRAM: u16 = 50;

/// The programs, in the order in which they start.
pub const PROGRAMS: [Program; 10] = [
    Program {
        role: "agglayer",
        image: "AGGLAYER_IMAGE",
        repositories: &["ghcr.io/agglayer/agglayer", "ghcr.io/agglayer/agglayer-rs", "*/agglayer"],
        executables: &["agglayer"],
        ports: &["aglr-grpc", "aglr-readrpc", "aglr-admin", "prometheus"],
        directories: &["/etc/agglayer"],
        variables: &["RUST_BACKTRACE"],
        secrets: &["NETWORK_PRIVATE_KEY", "NETWORK_RPC_URL", "SP1_PRIVATE_KEY"],
        ..BASE
    },
    Program {
        role: "database",
        image: "POSTGRES_IMAGE",
        repositories: &["postgres", "library/postgres", "docker.io/library/postgres"],
        executables: &["docker-entrypoint.sh"],
        runs: Some(("postgres", &["-N", "-B"])),
        offset: PROGRAM,
        ports: &["postgres"],
        directories: &["/docker-entrypoint-initdb.d"],
        // The entry point runs scripts of a shell, too.
        extension: ".sql",
        secrets: &["POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"],
        data: Some("PGDATA"),
        temporary: &["/var/run/postgresql"],
        ..BASE
    },
    Program {
        role: "prover",
        image: "ZKEVM_PROVER_IMAGE",
        repositories: &["hermeznetwork/zkevm-prover", "ghcr.io/0xpolygon/zkevm-prover"],
        executables: &["zkProver"],
        after: &["database"],
        offset: 2 * PROGRAM,
        ports: &["hash-db", "executor"],
        directories: &["/etc/zkevm-prover"],
        ..BASE
    },
    Program {
        role: "pool manager",
        image: "ZKEVM_POOL_MANAGER_IMAGE",
        repositories: &["ghcr.io/0xpolygon/zkevm-pool-manager", "hermeznetwork/zkevm-pool-manager"],
        executables: &["zkevm-pool-manager"],
        after: &["database"],
        offset: 3 * PROGRAM,
        ports: &["http"],
        directories: &["/etc/pool-manager"],
        ..BASE
    },
    Program {
        role: "cdk-erigon",
        image: "CDK_ERIGON_IMAGE",
        repositories: &["ghcr.io/0xpolygon/cdk-erigon", "hermeznetwork/cdk-erigon", "*/cdk-erigon"],
        executables: &["cdk-erigon"],
        after: &["prover", "pool manager"],
        offset: 4 * PROGRAM,
        ports: &["rpc", "ws-rpc", "data-streamer", "prometheus", "pprof"],
        directories: &["/etc/cdk-erigon", "/home/erigon/dynamic-configs"],
        variables: &["CDK_ERIGON_SEQUENCER"],
        ..BASE
    },
    Program {
        role: "cdk-data-availability",
        image: "CDK_DATA_AVAILABILITY_IMAGE",
        repositories: &[
            "ghcr.io/0xpolygon/cdk-data-availability",
            "0xpolygon/cdk-data-availability",
        ],
        executables: &["cdk-data-availability"],
        after: &["database", "cdk-erigon"],
        offset: 5 * PROGRAM,
        ports: &["dac"],
        directories: &["/etc/cdk-data-availability"],
        ..BASE
    },
    Program {
        role: "cdk-node",
        image: "CDK_NODE_IMAGE",
        repositories: &["ghcr.io/0xpolygon/cdk", "0xpolygon/cdk"],
        executables: &["cdk-node", "aggkit"],
        after: &["agglayer", "database", "prover", "cdk-erigon", "cdk-data-availability"],
        offset: 6 * PROGRAM,
        ports: &["rpc", "rest", "aggregator"],
        directories: &["/etc/cdk"],
        ..BASE
    },
    Program {
        role: "aggkit-prover",
        image: "AGGKIT_PROVER_IMAGE",
        repositories: &["ghcr.io/agglayer/aggkit-prover"],
        executables: &["aggkit-prover"],
        offset: 7 * PROGRAM,
        ports: &["grpc", "api", "metrics"],
        directories: &["/etc/aggkit-prover"],
        variables: &["RUST_LOG", "RUST_BACKTRACE"],
        secrets: &["NETWORK_PRIVATE_KEY", "PROPOSER_NETWORK_PRIVATE_KEY"],
        ..BASE
    },
    Program {
        role: "aggkit",
        image: "AGGKIT_IMAGE",
        repositories: &["ghcr.io/agglayer/aggkit"],
        executables: &["aggkit"],
        after: &["agglayer", "cdk-erigon", "cdk-data-availability", "aggkit-prover"],
        offset: 8 * PROGRAM,
        ports: &["rpc", "rest", "validator-grpc", "pprof"],
        directories: &["/etc/aggkit"],
        ..BASE
    },
    Program {
        role: "bridge",
        image: "ZKEVM_BRIDGE_SERVICE_IMAGE",
        repositories: &[
            "ghcr.io/0xpolygon/zkevm-bridge-service",
            "hermeznetwork/zkevm-bridge-service",
        ],
        executables: &["zkevm-bridge"],
        after: &["database", "cdk-erigon"],
        offset: 9 * PROGRAM,
        ports: &["rpc", "grpc", "prometheus"],
        directories: &["/etc/zkevm"],
        ..BASE
    },
];

const BASE: Program = Program {
    role: "",
    image: "",
    repositories: &[],
    executables: &[],
    runs: None,
    after: &[],
    offset: 0,
    ports: &[],
    directories: &[],
    extension: "",
    variables: &[],
    secrets: &[],
    data: None,
    temporary: &[],
};

impl Program {
    /// The program of a role.
    pub fn of(role: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.role == role)
    }

    /// Whether a stack mounts the file at this path of its container.
    pub fn mounts(&self, path: &str) -> bool {
        let is_below = |directory: &&str| {
            path.strip_prefix(*directory).is_some_and(|rest| rest.starts_with('/'))
        };
        self.directories.iter().any(is_below) && path.ends_with(self.extension)
    }

    /// Whether an image is of one of its repositories.
    pub fn publishes(&self, image: &str) -> bool {
        let name = image.split('@').next().unwrap_or_default();
        let tag = name.rfind(':').filter(|at| !name[*at..].contains('/'));
        let repository = &name[..tag.unwrap_or(name.len())];
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@".contains(&byte);
        image.bytes().all(is_plain)
            && self.repositories.iter().any(|known| match known.strip_prefix('*') {
                Some(end) => repository.strip_prefix(CLOUD) == Some(end),
                None => *known == repository,
            })
    }

    /// The numbers of the ports whose names this program is known to use.
    pub(super) fn known_ports(&self, ports: &BTreeMap<String, u16>) -> Vec<u16> {
        self.ports.iter().filter_map(|name| ports.get(*name)).copied().collect()
    }

    /// The port of the host for the one with this name, of the `instance`th service of this program in a
    /// network, both counted from 0; `network` is 0 for the services that belong to none.
    pub(super) fn host_port(&self, network: usize, instance: usize, name: &str) -> Option<u16> {
        let at = |index: usize| u16::try_from(index).ok();
        let (network, instance) = (at(network)?, at(instance)?);
        let port = at(self.ports.iter().position(|known| *known == name)?)?;
        if network > NETWORKS || instance >= PROGRAM / SERVICE {
            return None;
        }
        Some(FIRST_PORT + network * NETWORK + self.offset + instance * SERVICE + port)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::datadir::clients::KnownClients;
    use crate::services::settings;

    #[test]
    fn no_two_services_have_the_same_port_on_the_host() {
        let mut seen = BTreeSet::new();
        for program in &PROGRAMS {
            assert!(program.ports.len() <= usize::from(SERVICE), "{}", program.role);
            for network in 0..=usize::from(NETWORKS) {
                for instance in 0..10 {
                    for name in program.ports {
                        let port = program.host_port(network, instance, name).unwrap();
                        assert!((10_000..32_768).contains(&port) && seen.insert(port), "{port}");
                    }
                }
            }
            assert_eq!(program.host_port(21, 0, program.ports[0]), None);
            assert_eq!(program.host_port(1, 10, program.ports[0]), None);
            assert_eq!(program.host_port(1, 0, "no-such-port"), None);
        }
        // The ports of the L1 and of the L2s are lower.
        assert!(
            settings::FILE
                .lines()
                .filter_map(|line| line.split_once("_PORT="))
                .all(|(_, port)| { port.parse::<u16>().unwrap() < FIRST_PORT })
        );
    }

    #[test]
    fn a_program_starts_only_after_programs_of_earlier_rows() {
        for (index, program) in PROGRAMS.iter().enumerate() {
            let earlier: Vec<_> = PROGRAMS[..index].iter().map(|program| program.role).collect();
            assert!(program.after.iter().all(|role| earlier.contains(role)), "{}", program.role);
        }
    }

    #[test]
    fn run_knows_the_data_of_every_program() {
        for name in PROGRAMS.iter().flat_map(|program| program.executables) {
            assert!(KnownClients::of([*name]).is_data("storage"), "{name}");
        }
    }

    #[test]
    fn only_images_of_known_repositories_are_published() {
        let publishes = |role, image| Program::of(role).unwrap().publishes(image);
        for image in [
            "ghcr.io/agglayer/agglayer:0.4.4",
            "ghcr.io/agglayer/agglayer@sha256:00",
            "europe-west2-docker.pkg.dev/prj-polygonlabs-devtools-dev/public/agglayer:0.4.4-remove",
        ] {
            assert!(publishes("agglayer", image), "{image}");
        }
        for image in [
            "agglayer",
            "ghcr.io/stranger/agglayer:0.4.4",
            "ghcr.io/agglayer/agglayer/x:1",
            "localhost:5000/ghcr.io/agglayer/agglayer:1",
            "ghcr.io/agglayer/agglayer:1}\"",
            "ghcr.io/agglayer/aggkit:1",
        ] {
            assert!(!publishes("agglayer", image), "{image}");
        }
        assert!(publishes("database", "postgres:16.2") && !publishes("database", "x/postgres"));
    }
}
