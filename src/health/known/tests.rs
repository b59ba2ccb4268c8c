use super::*;

/// A line for every mark, as its client writes it, and a line of a healthy client that is near it.
const LINES: &[(&str, &str, &str)] = &[
    (
        "data of another run",
        "Fatal: Failed to write genesis block: database contains incompatible genesis (have a, new b)",
        "INFO [11-28|16:00:00.000] Successfully wrote genesis state database=chaindata hash=0x1",
    ),
    (
        "data of another run",
        "2026-11-28T16:00:00Z ERROR shutting down due to error: genesis hash in the storage does not match",
        "2026-11-28T16:00:00Z INFO genesis hash in the storage matches",
    ),
    (
        "data of another run",
        "2026-11-28 16:00:00+0000 | main | ERROR | Besu | Supplied genesis block does not match chain data",
        "2026-11-28 16:00:00+0000 | main | INFO | Besu | Supplied genesis block hash 0x1",
    ),
    (
        "became mainnet",
        "INFO [11-28|16:00:00.000] Writing default main-net genesis block",
        "INFO [11-28|16:00:00.000] Writing custom genesis block",
    ),
    (
        "different JWT secrets",
        "Fatal: Failed to create the protocol stack: invalid JWT secret",
        "INFO [11-28|16:00:00.000] Loaded JWT secret file path=/runtime/jwt/jwtsecret crc32=0x1",
    ),
    (
        "different JWT secrets",
        "ERROR[11-28|16:00:00.000] Invalid JWT secret path=/runtime/jwt/jwtsecret length=31",
        "INFO [11-28|16:00:00.000] Generated JWT secret path=/runtime/jwt/jwtsecret",
    ),
    (
        "different JWT secrets",
        "Nov 28 16:00:00.000 WARN  Error during execution engine upcheck error: ServerMessage { stale token }",
        "Nov 28 16:00:00.000 INFO  Execution engine online",
    ),
    (
        "different JWT secrets",
        "Nov 28 16:00:00.000 ERROR Error during execution engine upcheck, detail: 401 Unauthorized",
        "Nov 28 16:00:00.000 DEBUG a validator monitor asked: 401 Unauthorized",
    ),
    (
        "different JWT secrets",
        "Nov 28 16:00:00.000 CRIT Failed to start beacon node reason: JwtError(InvalidKey)",
        "Nov 28 16:00:00.000 INFO  JWT loaded",
    ),
    (
        "misses totalDifficulty",
        "Nov 28 16:00:00.000 ERRO Unable to check genesis: missing field `totalDifficulty` at line 1",
        "Nov 28 16:00:00.000 DEBG block without missing field `totalDifficulty`",
    ),
    (
        "another revision",
        "Nov 28 16:00:00.000 CRIT Failed to start beacon node, reason: Failed to build beacon chain: Head block not found in store",
        "Nov 28 16:00:00.000 DEBUG Head block not found in store of the cache",
    ),
    (
        "another revision",
        "time=\"2026-11-28 16:00:00\" level=error msg=\"parent root 0x1 does not match the latest block header signing root in state 0x2\"",
        "time=\"2026-11-28 16:00:00\" level=info msg=\"Synced new block\" block=0x1",
    ),
    (
        "window in which blobs",
        "Nov 28 16:00:00.000 CRIT Failed to start beacon node, reason: Syncing from genesis is insecure",
        "Nov 28 16:00:00.000 INFO  Starting from known genesis state",
    ),
    (
        "not built for the preset",
        "Nov 28 16:00:00.000 CRIT YAML configuration incompatible with spec constants for minimal",
        "Nov 28 16:00:00.000 INFO  Configured network",
    ),
    (
        "not built for the preset",
        "level=fatal msg=\"Config does not match any known preset\"",
        "level=info msg=\"Config matches a known preset\"",
    ),
    (
        "not built for the preset",
        "FAT 2026-11-28 16:00:00.000 The selected network is not compatible with the current build",
        "INF 2026-11-28 16:00:00.000 The selected network is compatible",
    ),
    (
        "slots of one second",
        "panic: invalid decreasing offsets",
        "level=debug msg=\"no invalid decreasing offsets\"",
    ),
    (
        "lacks the version of a fork",
        "level=fatal msg=\"configset cannot add config with conflicting fork version schedule\"",
        "level=info msg=\"configset added\"",
    ),
    (
        "slashing database",
        "Nov 28 16:00:00.000 CRIT Not signing slashable block error: InvalidBlock(SlotViolatesLowerBound)",
        "Nov 28 16:00:00.000 INFO  Completed pruning of slashing protection DB",
    ),
    (
        "slashing database",
        "Nov 28 16:00:00.000 ERROR not signed: InvalidAttestation(DoubleVote(SignedAttestation { .. }))",
        "Nov 28 16:00:00.000 DEBUG no DoubleVote( seen",
    ),
    (
        "slashing database",
        "Nov 28 16:00:00.000 ERROR not signed: InvalidBlock(DoubleBlockProposal(SignedBlock { .. }))",
        "Nov 28 16:00:00.000 DEBUG no DoubleBlockProposal( seen",
    ),
    (
        "slashing database",
        "Nov 28 16:00:00.000 CRIT Error whilst producing block: Unable to sign block: Slashable(..)",
        "Nov 28 16:00:00.000 INFO  Successfully published block",
    ),
    (
        "may not write where its keys are",
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: Unable to open or create slashing protection database: Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" }",
        "Nov 28 16:00:00.000 WARN  Could not set mode: Permission denied",
    ),
    (
        "may not write where its keys are",
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: Os { code: 30, message: \"Read-only file system\" }",
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: no beacon node",
    ),
    (
        "left its lock",
        "2026-11-28 16:00:00.000 ERROR - Keystore file /keys/0x1.json already in use.",
        "2026-11-28 16:00:00.000 INFO  - Loading 64 validator keys...",
    ),
    (
        "left its lock",
        "Nov-28 16:00:00.000[] error: EEXIST: file already exists, open '/keys/0x1/voting-keystore.json.lock'",
        "Nov-28 16:00:00.000[] error: EEXIST: file already exists, mkdir '/keys'",
    ),
    (
        "left its lock",
        "Nov 28 16:00:00.000 CRIT Failed to start validator client reason: Unable to initialize validators: LockfileError(FileLocked(..))",
        "Nov 28 16:00:00.000 WARN  Ignored stale lockfile  path: /keys/0x1/voting-keystore.json.lock, cause: Ungraceful shutdown (harmless) OR non-Lighthouse client using this keystore (risky)",
    ),
    (
        "left its lock",
        "level=fatal msg=\"cannot obtain database lock, database may be in use by another process\"",
        "level=info msg=\"Opened validator DB\"",
    ),
    (
        "listens on the port",
        "Fatal: Error starting protocol stack: listen tcp 127.0.0.1:8545: bind: address already in use",
        "INFO [11-28|16:00:00.000] HTTP server started endpoint=[::]:8545",
    ),
    (
        "keeps the validators silent",
        "Nov 28 16:00:00.000 INFO  Listening for doppelgangers  doppelganger_detecting_validators: 64",
        "Nov 28 16:00:00.000 INFO  Doppelganger protection disabled.",
    ),
    (
        "keeps the validators silent",
        "time=\"2026-11-28 16:00:00\" level=info msg=\"Running doppelganger check\" prefix=validator",
        "time=\"2026-11-28 16:00:00\" level=info msg=\"Doppelganger check disabled\" prefix=validator",
    ),
    (
        "keeps the validators silent",
        "2026-11-28 16:00:00.000 INFO  - Starting doppelganger detection for public keys: b28ab22",
        "2026-11-28 16:00:00.000 INFO  - Doppelganger detection check finished. Stopping doppelganger detection for public keys b28ab22",
    ),
    (
        "keeps the validators silent",
        "NTC 2026-11-28 16:00:00.000 Doppelganger detection active - skipping validator duties while observing the network",
        "NTC 2026-11-28 16:00:00.000 Doppelganger detection disabled",
    ),
    (
        "keeps the validators silent",
        "Nov-28 16:00:00.000[] info: Registered validator for doppelganger detection remainingEpochs=1",
        "Nov-28 16:00:00.000[] info: Doppelganger detection skipped for validator initialized before genesis",
    ),
    (
        "stopped the validators",
        "Nov 28 16:00:00.000 CRIT Doppelganger(s) detected  doppelganger_indices: [42]",
        "Nov 28 16:00:00.000 INFO  No Doppelganger(s) detected",
    ),
    (
        "stopped the validators",
        "level=fatal msg=\"Could not succeed with doppelganger check: Duplicate instances exists in the network for validator keys: 0x1\"",
        "level=info msg=\"Doppelganger check passed\"",
    ),
    (
        "stopped the validators",
        "2026-11-28 16:00:00.000 INFO  - Validator doppelganger detected. Public keys: b28ab22. Shutting down...",
        "2026-11-28 16:00:00.000 INFO  - No validator doppelganger detected. Stopping doppelganger detection service.",
    ),
    (
        "stopped the validators",
        "FAT 2026-11-28 16:00:00.000 Doppelganger detection triggered! It appears a validator loaded into this process is already live",
        "INF 2026-11-28 16:00:00.000 Doppelganger detection complete",
    ),
    (
        "never proposes",
        "Nov-28 16:00:00.000[] error: Error on getProposerDuties: Service Unavailable: Node is syncing - waiting for peers",
        "Nov-28 16:00:00.000[] info: Searching peers - peers: 0",
    ),
    (
        "lost blocks that the beacon node has",
        "Nov-28 16:00:00.000[] error: Execution payload status is SYNCING",
        "Nov-28 16:00:00.000[] debug: Execution payload status is SYNCING",
    ),
    (
        "lost blocks that the beacon node has",
        "Nov-28 16:00:00.000[] error: Execution payload status is ACCEPTED",
        "Nov-28 16:00:00.000[] info: Execution payload status is VALID",
    ),
    (
        "lost blocks that the beacon node has",
        "2026-11-28 16:00:00.000 WARN  - Execution client is syncing",
        "2026-11-28 16:00:00.000 INFO  - Execution client is online",
    ),
    (
        "needs a shell",
        "OCI runtime exec failed: exec failed: exec: \"/bin/sh\": no such file or directory: unknown",
        "exec: \"/bin/sh\" -c true",
    ),
    (
        "needs a shell",
        "OCI runtime exec failed: exec: \"/bin/sh\": stat /bin/sh: no such file or directory",
        "OCI runtime: exec: \"/bin/bash\"",
    ),
    (
        "source is missing",
        "Fatal: Failed to read genesis file: read /runtime/metadata/genesis.json: is a directory",
        "INFO [11-28|16:00:00.000] Read genesis.json",
    ),
    (
        "source is missing",
        "error: /runtime/metadata/genesis.ssz: is a directory",
        "Nov 28 16:00:00.000 INFO  Loaded genesis.ssz",
    ),
    (
        "disk is full",
        "ERROR[11-28|16:00:00.000] write /data/geth/LOCK: no space left on device",
        "INFO [11-28|16:00:00.000] space left on device",
    ),
    (
        "disk is full",
        "Nov 28 16:00:00.000 CRIT Os { code: 28, message: \"No space left on device\" }",
        "Nov 28 16:00:00.000 DEBUG No space left on device is no fault of a test",
    ),
];

/// The same for what counts when it comes again and again, and the line after which it does not.
const REPEATING: &[(&str, &str)] = &[
    (
        "INFO [11-28|16:00:00.000] Ignoring beacon update to old head while syncing number=1,034 hash=0x1",
        "INFO [11-28|16:00:02.000] Imported new potential chain segment number=1035 hash=0x2",
    ),
    (
        "Nov 28 16:00:00.000 ERROR Exec engine unable to produce payload msg: No payload ID, the engine is likely syncing. This has the potential to cause a missed block proposal.",
        "Nov 28 16:00:02.000 INFO  Valid block from HTTP API block_delay: 10ms",
    ),
    (
        "Nov 28 16:00:00.000 WARN  Error processing HTTP API request path: /eth/v3/validator/blocks/12 error: PayloadIdUnavailable",
        "Nov 28 16:00:02.000 INFO  Valid block from HTTP API block_delay: 10ms",
    ),
    (
        "time=\"2026-11-28 16:00:00\" level=error msg=\"Received nil payload ID on VALID engine response\" prefix=blockchain",
        "time=\"2026-11-28 16:00:02\" level=info msg=\"Synced new block\" prefix=blockchain",
    ),
    (
        "time=\"2026-11-28 16:00:00\" level=error msg=\"Could not get local payload: nil payload with block hash\"",
        "time=\"2026-11-28 16:00:02\" level=info msg=\"Synced new block\" prefix=blockchain",
    ),
];

fn causes(logs: &str) -> String {
    in_logs(logs).into_iter().map(|finding| finding.cause + "\n").collect()
}

#[test]
fn every_failure_is_found_by_its_line_and_by_no_line_near_it() {
    for (cause, line, near) in LINES {
        for prefix in ["", "vc-1  | ", "stack_cl_1 | "] {
            let found = in_logs(&format!("{prefix}{line}\n"));
            assert_eq!(found.len(), 1, "{prefix}{line}: {found:?}");
            assert!(found[0].cause.contains(cause), "{line}: {}", found[0].cause);
            assert_eq!(causes(&format!("{prefix}{near}\n")), "", "{near}");
        }
        let coloured =
            line.replace("INFO", "\x1b[32mINFO\x1b[0m").replace("CRIT", "\x1b[1;31mCRIT\x1b[0m");
        assert!(causes(&coloured).contains(cause), "{coloured}");
    }
}

#[test]
fn no_mark_is_without_its_line() {
    for (number, known) in KNOWN.iter().enumerate() {
        for mark in known.marks {
            let lines = LINES.iter().map(|(_, line, _)| line);
            let mut lines = lines.chain(REPEATING.iter().map(|(line, _)| line));
            assert!(lines.any(|line| mark.matches(&Line::parse(line))), "{number}: {mark:?}");
        }
    }
}

#[test]
fn a_dead_head_is_told_with_its_cure_once_it_stays() {
    for (line, passes) in REPEATING {
        let line = format!("cl-1  | {line}\n");
        assert_eq!(causes(&line.repeat(2)), "", "a start may do so: {line}");
        let found = in_logs(&line.repeat(3));
        assert_eq!(found.len(), 1, "{line}");
        assert!(found[0].cure.contains("debug_setHead"), "{}", found[0].cure);
        assert_eq!(causes(&format!("{}cl-1  | {passes}\n", line.repeat(9))), "", "{passes}");
        // Another client's line does not heal this one's.
        assert_ne!(causes(&format!("{}xx-1  | {passes}\n", line.repeat(3))), "", "{passes}");
        assert_ne!(causes(&format!("cl-1  | {passes}\n{}", line.repeat(3))), "", "{passes}");
    }
    let found = in_logs(&format!("{}\n", REPEATING[0].0).repeat(3));
    assert!(found[0].cure.contains("[\"0x40a\"]"), "{}", found[0].cure);
    let found = in_logs(&format!("{}\n", REPEATING[1].0).repeat(3));
    assert!(found[0].cure.contains("/eth/v2/beacon/blocks/head"), "{}", found[0].cure);
}

/// Lines of healthy clients, real ones among them that older rules took for faults.
#[test]
fn a_healthy_stack_has_no_fault() {
    let logs = "\
        vc-1 | Nov 28 16:00:00.000 INFO  Doppelganger protection disabled.\n\
        vc-1 | Nov 28 16:00:00.000 WARN  Ignored stale lockfile                        path: \"/runtime/validator-keys/keys/0x1/voting-keystore.json.lock\", cause: \"Ungraceful shutdown (harmless) OR non-Lighthouse client using this keystore (risky)\"\n\
        vc-1 | Nov 28 16:00:00.000 WARN  PBKDF2 parameters are too weak\n\
        vc-1 | Nov 28 16:00:00.000 ERROR Failed to resolve pubkey to index\n\
        cl-1 | Nov 28 16:00:00.000 WARN  Low peer count\n\
        cl-1 | Nov 28 16:00:00.000 WARN  Could not publish message error: NoPeersSubscribedToTopic\n\
        cl-1 | Nov 28 16:00:00.000 INFO  Imported new block number=12\n\
        el-1 | WARN [11-28|16:00:00.000] Nil finalized block cannot evict old blobs\n\
        el-1 | WARN [11-28|16:00:00.000] Failed to load snapshot err=\"missing or corrupted snapshot\"\n\
        el-1 | INFO [11-28|16:00:00.000] Ignoring beacon update to old head while syncing number=3 hash=0x1\n\
        el-1 | INFO [11-28|16:00:02.000] Imported new potential chain segment number=4\n";
    assert_eq!(causes(logs), "");
}

#[test]
fn a_failure_is_told_once_with_its_first_line() {
    let logs = "INFO all is well\n\
        cl | CRIT Failed to start beacon node: Head block not found in store\n\
        el | Fatal: database contains incompatible genesis (have a, new b)\n\
        el | Fatal: database contains incompatible genesis (have c, new d)\n";
    let found = in_logs(logs);
    assert_eq!(found.len(), 2);
    assert!(found[0].cause.contains("(Fatal: ") && found[0].cause.contains("have a"), "{found:?}");
    assert!(found[1].cure.contains("--preset-revision"));
}
