//! Failures that clients write to their logs, and what helps. The texts are those of geth 1.17,
//! Lighthouse 5 to 8, Prysm 7, Lodestar 1.5 to 1.30, reth, Besu, Nethermind, Teku and Nimbus.

use super::log_line::{Level, Line};
use super::{Finding, REGENERATE};

/// A failure that is known.
#[derive(Debug)]
struct Known {
    marks: &'static [Mark],
    cause: &'static str,
    /// `NUMBER` stands for the block number in the line, in hex.
    cure: &'static str,
}

/// Lines that show a failure.
#[derive(Debug)]
struct Mark {
    /// Texts of the line, in their order.
    parts: &'static [&'static str],
    /// What the line's writer makes of it, at least.
    level: Level,
    /// Texts of a later line of the same client that says that it went by; no such text: it does not
    /// go by. What may go by counts from the third line on.
    passes: &'static [&'static str],
}

/// A line that nobody writes who is well.
const fn says(parts: &'static [&'static str]) -> Mark {
    Mark { parts, level: Level::Debug, passes: &[] }
}

/// A line that is a fault where its writer warns of it.
const fn warns(parts: &'static [&'static str]) -> Mark {
    Mark { parts, level: Level::Warning, passes: &[] }
}

/// A line that is a fault where it comes again and again.
const fn repeats(parts: &'static [&'static str], passes: &'static [&'static str]) -> Mark {
    Mark { parts, level: Level::Debug, passes }
}

/// How often a line that may go by must come.
const REPEATED: usize = 3;

const WIPE: &str = "start it by regenesis run --datadir, or docker compose down -v, then up -d";

/// geth logs this for every new block.
const GETH_BUILDS: &[&str] = &["Imported new potential chain segment"];
/// What Lighthouse and Prysm log for a block of their validators.
const LIGHTHOUSE_BUILDS: &[&str] = &["Valid block from HTTP API"];
const PRYSM_BUILDS: &[&str] = &["Synced new block"];

const KNOWN: &[Known] = &[
    Known {
        marks: &[
            says(&["database contains incompatible genesis"]),
            says(&["genesis hash in the storage does not match"]),
            says(&["Supplied genesis block does not match"]),
        ],
        cause: "the execution client has data of another run",
        cure: WIPE,
    },
    Known {
        marks: &[says(&["Writing default main-net genesis block"])],
        cause: "geth had no genesis, and became mainnet",
        cure: "geth init --datadir D runtime/metadata/genesis.json before it starts",
    },
    Known {
        marks: &[
            warns(&["invalid JWT secret"]),
            warns(&["Invalid JWT"]),
            warns(&["stale token"]),
            warns(&["401 Unauthorized"]),
            warns(&["JwtError"]),
        ],
        cause: "the beacon node and the execution client have different JWT secrets, or clocks",
        cure: "mount the same runtime/jwt/jwtsecret into both; the clocks must agree to 60 s",
    },
    Known {
        marks: &[warns(&["missing field `totalDifficulty`"])],
        cause: "this Lighthouse is older than this geth: it misses totalDifficulty",
        cure: "Lighthouse 7 or later",
    },
    Known {
        marks: &[
            warns(&["Failed to start beacon node", "Head block not found in store"]),
            warns(&["parent root", "does not match the latest block header signing root"]),
        ],
        cause: "the client's preset is another revision than the genesis'",
        cure: "regenesis init --preset-revision, by the table in docs/reference.md",
    },
    Known {
        marks: &[warns(&["Syncing from genesis is insecure"])],
        cause: "the genesis is older than the window in which blobs are kept",
        cure: REGENERATE,
    },
    Known {
        marks: &[
            warns(&["YAML configuration incompatible with spec constants"]),
            warns(&["Config does not match any known preset"]),
            warns(&["not compatible with the current build"]),
        ],
        cause: "the client was not built for the preset in config.yaml",
        cure: "an image with the minimal preset, or PRESET_BASE: mainnet",
    },
    Known {
        marks: &[warns(&["invalid decreasing offsets"])],
        cause: "Prysm cannot run slots of one second",
        cure: "SLOT_DURATION_MS: 2000, or another client",
    },
    Known {
        marks: &[warns(&["configset cannot add config with conflicting fork version"])],
        cause: "config.yaml lacks the version of a fork that Prysm knows",
        cure: "regenesis init completes config.yaml: give the client the written one",
    },
    Known {
        marks: &[
            warns(&["Not signing slashable"]),
            warns(&["DoubleVote("]),
            warns(&["DoubleBlockProposal("]),
            warns(&["Unable to sign block: Slashable"]),
        ],
        cause: "the validator client has the slashing database of another run",
        cure: WIPE,
    },
    Known {
        marks: &[
            warns(&["Failed to start validator client", "Permission denied"]),
            warns(&["Failed to start validator client", "Read-only file system"]),
        ],
        cause: "the validator client may not write where its keys are",
        cure: "regenesis run --copy validator-keys gives it keys of its own; else mount the keys \
               without :ro, for its user to write",
    },
    Known {
        marks: &[
            // Teku, Lodestar, Lighthouse, Prysm.
            warns(&["eystore", " already in use"]),
            warns(&["EEXIST", ".json.lock"]),
            warns(&["Failed to start validator client", "LockfileError"]),
            warns(&["cannot obtain database lock"]),
        ],
        cause: "a validator client that was killed left its lock on the keystores, or runs still",
        cure: "docker compose stop, then up -d; Teku: --validators-keystore-locking-enabled=false",
    },
    Known {
        marks: &[warns(&["address already in use"])],
        cause: "another program listens on the port",
        cure: "choose another port, or stop that program: ss -ltnp shows it",
    },
    Known {
        marks: &[
            // Lighthouse, Prysm, Teku, Nimbus, Lodestar: the check runs.
            says(&["Listening for doppelgangers"]),
            says(&["Running doppelganger check"]),
            says(&["Starting doppelganger detection for public keys"]),
            says(&["Doppelganger detection active - skipping validator duties"]),
            says(&["Registered validator for doppelganger"]),
        ],
        cause: "doppelganger protection keeps the validators silent, for epochs or for ever: they \
                are all that this chain has",
        cure: "turn it off: nobody else has these keys",
    },
    Known {
        marks: &[
            // Lighthouse and Lodestar, Prysm, Teku, Nimbus: the check took the former run for another.
            warns(&["Doppelganger(s) detected"]),
            warns(&["Duplicate instances exists in the network for validator keys"]),
            says(&["Validator doppelganger detected"]),
            warns(&["Doppelganger detection triggered"]),
        ],
        cause: "doppelganger protection stopped the validators: it saw them at work elsewhere",
        cure: "run each key in one validator client, and turn the protection off",
    },
    Known {
        marks: &[warns(&["Node is syncing - waiting for peers"])],
        cause: "Lodestar came up more than an epoch behind the clock, and never proposes",
        cure: "docker compose stop, then up -d; if it comes again, with a longer REGENESIS_LEAD",
    },
    Known {
        marks: &[
            repeats(&["Ignoring beacon update to old head while syncing"], GETH_BUILDS),
            repeats(&["No payload ID, the engine is likely syncing"], LIGHTHOUSE_BUILDS),
            repeats(&["PayloadIdUnavailable"], LIGHTHOUSE_BUILDS),
            repeats(&["Received nil payload ID on VALID engine response"], PRYSM_BUILDS),
            repeats(&["Could not get local payload: nil payload"], PRYSM_BUILDS),
        ],
        cause: "the beacon node was killed and came back with an older head than geth, which builds \
                nothing on it",
        cure: "set geth's head to the beacon node's: debug_setHead with [\"NUMBER\"] on geth's HTTP \
               port; the blocks after that one, and perhaps their transactions, are lost",
    },
    Known {
        marks: &[
            warns(&["payload status is SYNCING"]),
            warns(&["payload status is ACCEPTED"]),
            warns(&["Execution client is syncing"]),
        ],
        cause: "the execution client lost blocks that the beacon node has: it was killed",
        cure: REGENERATE,
    },
    Known {
        marks: &[
            says(&["exec: \"/bin/sh\": no such file"]),
            says(&["exec: \"/bin/sh\": stat /bin/sh: no such file"]),
        ],
        cause: "a health check needs a shell, and the image has none",
        cure: "the exec form: [\"CMD\", \"/runtime/bin/regenesis\", \"health\", \"el\"]",
    },
    Known {
        marks: &[warns(&["genesis.json: is a directory"]), warns(&["genesis.ssz: is a directory"])],
        cause: "a bind mount's source is missing: Docker made a directory in its place",
        cure: "mount the directory above, not the file",
    },
    Known {
        marks: &[warns(&["no space left on device"]), warns(&["No space left on device"])],
        cause: "the disk is full",
        cure: "docker system df shows what holds it",
    },
];

/// What stands for the number in a cure where the line has none.
const OF_THE_HEAD: &str = "0x…, its execution_payload.block_number in /eth/v2/beacon/blocks/head";

/// The known failures in logs, each once, with the first line that shows it.
pub fn in_logs(logs: &str) -> Vec<Finding> {
    let lines: Vec<_> = logs.lines().map(Line::parse).collect();
    KNOWN
        .iter()
        .filter_map(|known| {
            let line = known.marks.iter().find_map(|mark| mark.first(&lines))?;
            let text: String = line.text.chars().take(160).collect();
            let number = line.number().map(|number| format!("{number:#x}"));
            let cure = known.cure.replace("NUMBER", number.as_deref().unwrap_or(OF_THE_HEAD));
            Some(Finding::new(format!("{} ({text})", known.cause), cure))
        })
        .collect()
}

impl Mark {
    fn matches(&self, line: &Line<'_>) -> bool {
        line.level >= self.level && line.has(self.parts)
    }

    /// The first line that shows the failure, unless it went by.
    fn first<'a, 'b>(&self, lines: &'a [Line<'b>]) -> Option<&'a Line<'b>> {
        let first = lines.iter().find(|line| self.matches(line))?;
        if self.passes.is_empty() {
            return Some(first);
        }
        // Since it last went by.
        let mut since = Vec::new();
        for line in lines.iter().filter(|line| line.service == first.service) {
            if line.has(self.passes) {
                since.clear();
            } else if self.matches(line) {
                since.push(line);
            }
        }
        (since.len() >= REPEATED).then(|| since[since.len() - 1])
    }
}

#[cfg(test)]
mod tests;
