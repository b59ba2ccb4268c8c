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

/// Every file that starts a geth which others call.
fn recipes() -> Vec<(&'static str, String)> {
    let files = [
        "compose/docker-compose.yml",
        "docs/embed.md",
        "docs/embed/compose.yml",
        "docs/embed/kubernetes.yaml",
        "e2e/docker/embed.yml",
    ];
    files.map(|file| (file, repository(file))).to_vec()
}

/// With `*`, any page of any site could call these ports; `debug` even writes files.
#[test]
fn no_recipe_lets_in_web_pages() {
    for (file, text) in recipes() {
        let arguments =
            text.lines().filter(|line| line.contains("- --") || line.contains("- \"--"));
        for line in arguments {
            let open = ["vhosts", "corsdomain", "origins", "allow-origin"]
                .iter()
                .any(|flag| line.contains(flag) && line.contains('*') && !line.contains("//"));
            assert!(!open, "{file}: {line}");
        }
    }
    // An origin's port may be any, its host may not.
    for line in repository("compose/docker-compose.yml").lines() {
        if let Some((_, origins)) = line.split_once("corsdomain=").or(line.split_once("origins=")) {
            for origin in origins.trim_end_matches('"').split(',') {
                let host = origin.split_once("://").unwrap().1.split(':').next().unwrap();
                assert!(matches!(host, "localhost" | "127.0.0.1"), "{line}");
            }
        }
    }
}

/// By default geth's miner leaves a tip below 1,000,000 wei in the pool for ever.
#[test]
fn every_recipe_mines_the_least_tip() {
    for (file, text) in recipes() {
        assert!(text.contains("--http.vhosts=") && text.contains("--miner.gasprice=1"), "{file}");
    }
}

#[test]
fn no_service_writes_into_the_runtime_volume_but_init() {
    for file in ["compose/docker-compose.yml", "e2e/docker/embed.yml"] {
        assert_eq!(repository(file).matches("runtime:/runtime\"").count(), 1, "{file}");
    }
    let pod = repository("docs/embed/kubernetes.yaml");
    let clients = pod.split("  containers:").nth(1).unwrap();
    let mounts = clients.matches("mountPath: /runtime\n").count();
    assert_eq!(mounts, clients.matches("mountPath: /runtime\n          readOnly: true").count());
    assert_eq!(mounts, 3);
}

#[test]
fn the_recipe_in_the_docs_is_yaml() {
    let text = repository("docs/embed.md");
    let lines = text.lines().skip_while(|line| *line != "    services:");
    let recipe: Vec<&str> =
        lines.take_while(|line| line.starts_with("    ")).map(|line| &line[4..]).collect();
    assert!(recipe.len() > 50, "{recipe:?}");
    regenesis::yaml::parse(recipe.join("\n").as_bytes()).unwrap();
}
