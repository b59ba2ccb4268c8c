//! Failures that clients write to their logs, and what helps. The texts are those of geth 1.17,
//! Lighthouse 5 to 8, Prysm 7, Lodestar 1.5, reth, Besu, Nethermind, Teku and Nimbus.

use super::{Finding, REGENERATE};

/// A failure that is known.
#[derive(Debug)]
struct Known {
    /// One of these is in the line.
    marks: &'static [&'static str],
    cause: &'static str,
    cure: &'static str,
}

const WIPE: &str = "start it by regenesis run --datadir, or docker compose down -v, then up -d";

const KNOWN: &[Known] = &[
    Known {
        marks: &[
            "database contains incompatible genesis",
            "genesis hash in the storage does not match",
            "Supplied genesis block does not match",
        ],
        cause: "the execution client has data of another run",
        cure: WIPE,
    },
    Known {
        marks: &["Writing default main-net genesis block"],
        cause: "geth had no genesis, and became mainnet",
        cure: "geth init --datadir D runtime/metadata/genesis.json before it starts",
    },
    Known {
        marks: &[
            "invalid JWT secret",
            "Invalid JWT",
            "stale token",
            "401 Unauthorized",
            "JwtError",
        ],
        cause: "the beacon node and the execution client have different JWT secrets, or clocks",
        cure: "mount the same runtime/jwt/jwtsecret into both; the clocks must agree to 60 s",
    },
    Known {
        marks: &["missing field `totalDifficulty`"],
        cause: "this Lighthouse is older than this geth: it misses totalDifficulty",
        cure: "Lighthouse 7 or later",
    },
    Known {
        marks: &[
            "Head block not found in store",
            "does not match the latest block header signing root",
        ],
        cause: "the client's preset is another revision than the genesis'",
        cure: "regenesis init --preset-revision, by the table in docs/reference.md",
    },
    Known {
        marks: &["Syncing from genesis is insecure"],
        cause: "the genesis is older than the window in which blobs are kept",
        cure: REGENERATE,
    },
    Known {
        marks: &[
            "YAML configuration incompatible with spec constants",
            "Config does not match any known preset",
            "not compatible with the current build",
        ],
        cause: "the client was not built for the preset in config.yaml",
        cure: "an image with the minimal preset, or PRESET_BASE: mainnet",
    },
    Known {
        marks: &["invalid decreasing offsets"],
        cause: "Prysm cannot run slots of one second",
        cure: "SLOT_DURATION_MS: 2000, or another client",
    },
    Known {
        marks: &["configset cannot add config with conflicting fork version"],
        cause: "config.yaml lacks the version of a fork that Prysm knows",
        cure: "regenesis init completes config.yaml: give the client the written one",
    },
    Known {
        marks: &[
            "Not signing slashable",
            "DoubleVote",
            "DoubleBlockProposal",
            "Unable to sign block: Slashable",
        ],
        cause: "the validator client has the slashing database of another run",
        cure: WIPE,
    },
    Known {
        marks: &["already in use", "stale lock", "Failed to acquire lock"],
        cause: "a validator client that was killed left its lock on the keystores",
        cure: "docker compose stop, then up -d; Teku: --validators-keystore-locking-enabled=false",
    },
    Known {
        marks: &["oppelganger"],
        cause: "doppelganger protection waits for epochs that never come on a chain of its own",
        cure: "turn it off: nobody else has these keys",
    },
    Known {
        marks: &["Node is syncing - waiting for peers"],
        cause: "Lodestar came up more than an epoch behind the clock, and never proposes",
        cure: "docker compose stop, then up -d; if it comes again, with a longer REGENESIS_LEAD",
    },
    Known {
        marks: &[
            "payload status is SYNCING",
            "payload status is ACCEPTED",
            "Execution client is syncing",
        ],
        cause: "the execution client lost blocks that the beacon node has: it was killed",
        cure: REGENERATE,
    },
    Known {
        marks: &[
            "exec: \"/bin/sh\": no such file",
            "exec: \"/bin/sh\": stat /bin/sh: no such file",
        ],
        cause: "a health check needs a shell, and the image has none",
        cure: "the exec form: [\"CMD\", \"/runtime/bin/regenesis\", \"health\", \"el\"]",
    },
    Known {
        marks: &["genesis.json: is a directory", "genesis.ssz: is a directory"],
        cause: "a bind mount's source is missing: Docker made a directory in its place",
        cure: "mount the directory above, not the file",
    },
    Known {
        marks: &["no space left on device", "No space left on device"],
        cause: "the disk is full",
        cure: "docker system df shows what holds it",
    },
];

/// The known failures in logs, each once, with the first line that shows it.
pub fn in_logs(logs: &str) -> Vec<Finding> {
    KNOWN
        .iter()
        .filter_map(|known| {
            let shows = |line: &&str| known.marks.iter().any(|mark| line.contains(mark));
            let line = logs.lines().find(shows)?;
            let line: String = line.trim().chars().filter(|c| !c.is_control()).take(160).collect();
            Some(Finding::new(format!("{} ({line})", known.cause), known.cure))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_failures_are_found_once_each() {
        let logs = "INFO all is well\n\
            cl | CRIT Failed to start: Head block not found in store\n\
            el | Fatal: Failed to write genesis block: database contains incompatible genesis (have a, new b)\n\
            el | Fatal: Failed to write genesis block: database contains incompatible genesis (have a, new b)\n";
        let found = in_logs(logs);
        assert_eq!(found.len(), 2);
        assert!(found[0].cause.contains("(el | Fatal: "), "{}", found[0].cause);
        assert!(found[1].cure.contains("--preset-revision"));
        assert!(in_logs("INFO Imported new block number=12\nWARN Low peer count").is_empty());
    }
}
