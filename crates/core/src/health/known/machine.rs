//! Docker, the disk and the network, in the words of Docker and of the system libraries.

use super::failure::Failure;
use super::{Rule, says, warns};

pub(super) const RULES: &[Rule] = &[
    warns(Failure::Port, &["address already in use"]),
    says(Failure::Shell, &["exec: \"/bin/sh\": no such file"]),
    says(Failure::Shell, &["exec: \"/bin/sh\": stat /bin/sh: no such file"]),
    warns(Failure::BindMount, &["genesis.json: is a directory"]),
    warns(Failure::BindMount, &["genesis.ssz: is a directory"]),
    warns(Failure::DiskFull, &["no space left on device"]),
    warns(Failure::DiskFull, &["No space left on device"]),
];

#[cfg(test)]
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "Fatal: Error starting protocol stack: listen tcp 127.0.0.1:8545: bind: address already in use",
        "INFO [11-28|16:00:00.000] HTTP server started endpoint=[::]:8545",
    ),
    (
        "OCI runtime exec failed: exec failed: exec: \"/bin/sh\": no such file or directory: unknown",
        "exec: \"/bin/sh\" -c true",
    ),
    (
        "OCI runtime exec failed: exec: \"/bin/sh\": stat /bin/sh: no such file or directory",
        "OCI runtime: exec: \"/bin/bash\"",
    ),
    (
        "Fatal: Failed to read genesis file: read /runtime/metadata/genesis.json: is a directory",
        "INFO [11-28|16:00:00.000] Read genesis.json",
    ),
    (
        "error: /runtime/metadata/genesis.ssz: is a directory",
        "Nov 28 16:00:00.000 INFO  Loaded genesis.ssz",
    ),
    (
        "ERROR[11-28|16:00:00.000] write /data/geth/LOCK: no space left on device",
        "INFO [11-28|16:00:00.000] space left on device",
    ),
    (
        "Nov 28 16:00:00.000 CRIT Os { code: 28, message: \"No space left on device\" }",
        "Nov 28 16:00:00.000 DEBUG No space left on device is expected by a test",
    ),
];

#[cfg(test)]
pub(super) const HEALTHY: &str = "run 0123456789abcdef resumes with the data in /data\n";
