//! `regenesis compose` writes what is shipped in compose/, and a stack for any snapshot.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn compose(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
    command.env_remove("REGENESIS_SNAPSHOT").arg("compose").args(arguments);
    command.output().unwrap()
}

fn repository(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_shipped_file_is_what_it_prints() {
    let output = compose(&[]);
    assert!(output.status.success());
    let shipped = repository("compose/docker-compose.yml");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        shipped,
        "regenesis compose >compose/docker-compose.yml"
    );
}

#[test]
fn a_snapshot_gets_its_stack() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path();
    for (path, text) in [
        ("metadata.json", r#"{"format": 1, "name": "x", "chain_id": 1}"#),
        ("el/genesis.template.json", "{}"),
        ("cl/config.yaml", ""),
    ] {
        std::fs::create_dir_all(snapshot.join(path).parent().unwrap()).unwrap();
        std::fs::write(snapshot.join(path), text).unwrap();
    }
    for (epoch, supernode) in [("18446744073709551615", false), ("3", true)] {
        std::fs::write(
            snapshot.join("cl/config.yaml"),
            format!("PRESET_BASE: minimal\nFULU_FORK_EPOCH: {epoch}\n"),
        )
        .unwrap();
        let output = compose(&[snapshot]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(snapshot.join("docker-compose.yml")).unwrap();
        assert_eq!(text.contains("--supernode"), supernode);
        assert!(text.contains("\".:/snapshot:ro\"") && !text.contains("${SNAPSHOT"), "{text}");
    }
    let up = snapshot.join("up.sh");
    let shipped = regenesis::compose::seal::seal(&repository("compose/up.sh"));
    assert_eq!(std::fs::read_to_string(&up).unwrap(), shipped);
    assert_eq!(up.metadata().unwrap().permissions().mode() & 0o777, 0o755);

    let nowhere = snapshot.join("nowhere");
    assert_eq!(compose(&[&nowhere]).status.code(), Some(3));
}

/// Flags of Lighthouse 8 (`book/src/help_bn.md` at 00a87df, `help_vc.md` at 018be5c), and whether
/// they take a value.
const LIGHTHOUSE: [(&str, &[(&str, bool)]); 2] = [
    (
        "beacon_node",
        &[
            ("allow-insecure-genesis-sync", false),
            ("always-prepare-payload", false),
            ("boot-nodes", true),
            ("datadir", true),
            ("debug-level", true),
            ("disable-enr-auto-update", false),
            ("disable-packet-filter", false),
            ("disable-quic", false),
            ("disable-upnp", false),
            ("enr-address", true),
            ("execution-endpoint", true),
            ("execution-jwt", true),
            ("http", false),
            ("http-address", true),
            ("http-allow-origin", true),
            ("http-port", true),
            ("logfile-max-number", true),
            ("metrics", false),
            ("suggested-fee-recipient", true),
            ("supernode", false),
            ("target-peers", true),
            ("testnet-dir", true),
        ],
    ),
    (
        "validator_client",
        &[
            ("beacon-nodes", true),
            ("datadir", true),
            ("debug-level", true),
            ("init-slashing-protection", false),
            ("logfile-max-number", true),
            ("metrics", false),
            ("secrets-dir", true),
            ("suggested-fee-recipient", true),
            ("testnet-dir", true),
            ("validators-dir", true),
        ],
    ),
];

#[test]
fn lighthouse_knows_its_flags() {
    let shipped = repository("compose/docker-compose.yml");
    for (command, known) in LIGHTHOUSE {
        let words = shipped.split(&format!("- \"{command}\"\n")).nth(1).unwrap();
        let words: Vec<&str> = words
            .lines()
            .map_while(|line| line.trim().strip_prefix("- \"--")?.strip_suffix('"'))
            .collect();
        assert!(words.len() > 5, "{command}: {words:?}");
        for word in words {
            let (flag, value) =
                word.split_once('=').map_or((word, false), |(flag, _)| (flag, true));
            assert!(known.contains(&(flag, value)), "{command}: --{word}");
        }
    }
}
