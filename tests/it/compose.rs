//! `regenesis compose` writes the stack in compose/, and a stack for any snapshot.

use crate::support::regenesis;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

fn compose(arguments: &[&Path]) -> Output {
    let mut command = regenesis();
    command.env_remove("REGENESIS_SNAPSHOT").arg("compose").args(arguments);
    command.output().unwrap()
}

fn repository(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_shipped_file_equals_its_output() {
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
fn a_snapshot_has_its_stack() {
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

    for name in ["metadata.json", "docker-compose.yml", "up.sh"] {
        std::fs::remove_file(snapshot.join(name)).unwrap();
    }
    let refused = compose(&[snapshot]);
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("has no metadata.json") && stderr.contains("hint: write it"),
        "{stderr}"
    );
    assert!(!up.exists());

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
fn lighthouse_has_the_flags_of_the_stack() {
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

/// The beacon nodes and validator clients that `--consensus` offers share the shape of the shipped stack.
#[test]
fn every_consensus_client_has_a_stack() {
    for (client, layout, images) in [
        ("lighthouse", None, ["LIGHTHOUSE_IMAGE", "LIGHTHOUSE_IMAGE"]),
        ("prysm", Some("prysm"), ["PRYSM_BEACON_IMAGE", "PRYSM_VALIDATOR_IMAGE"]),
        ("lodestar", Some("lodestar"), ["LODESTAR_IMAGE", "LODESTAR_IMAGE"]),
    ] {
        let output = compose(&["--consensus".as_ref(), client.as_ref()]);
        let text = String::from_utf8(output.stdout).unwrap();
        regenesis::yaml::parse(text.as_bytes()).unwrap();
        assert_eq!(
            layout,
            text.split("REGENESIS_LAYOUT: \"").nth(1).and_then(|l| l.split('"').next())
        );
        for image in images {
            assert!(text.contains(&format!("${{{image}:-")), "{client}: {image}");
        }
        for fee in ["--suggested-fee-recipient=", "--suggestedFeeRecipient="] {
            let count = text.matches(fee).count();
            assert!(count == 0 || count == 2, "{client}: {fee}");
        }
    }
    let output = compose(&["--consensus".as_ref(), "none".as_ref()]);
    assert_eq!(output.status.code(), Some(2));
}

/// With `--always-prepare-payload` both stall; without its payloads, Prysm has nothing to replay to a reth
/// that lost its last blocks.
#[test]
fn reth_has_a_stack_with_every_consensus_client() {
    for client in ["lighthouse", "prysm", "lodestar"] {
        let output = compose(&["--execution", "reth", "--consensus", client].map(Path::new));
        let text = String::from_utf8(output.stdout).unwrap();
        regenesis::yaml::parse(text.as_bytes()).unwrap();
        assert!(text.contains("${RETH_IMAGE:-") && !text.contains("GETH_IMAGE"), "{text}");
        assert!(!text.contains("geth") && !text.contains("--always-prepare-payload"), "{text}");
        assert_eq!(text.contains("--save-full-execution-payloads"), client == "prysm");
        for verb in ["init", "import", "node"] {
            let words = format!("- \"reth\"\n      - \"{verb}\"\n");
            assert_eq!(text.matches(&words).count(), 1, "{verb}");
        }
        for flag in [
            "--engine.persistence-threshold=0",
            "--builder.deadline=1",
            "--rpc.eth-proof-window=100000",
        ] {
            assert!(text.contains(flag), "{flag}");
        }
    }
    let output = compose(&["--execution".as_ref(), "none".as_ref()]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn logs_rotate() {
    let shipped = repository("compose/docker-compose.yml");
    let services = shipped.matches("    image: ").count();
    assert_eq!(services, 5);
    assert_eq!(shipped.matches("    logging:\n      driver: json-file\n").count(), services);
}

/// Every file that starts a geth which others call.
fn recipes() -> Vec<(&'static str, String)> {
    let files = [
        "compose/docker-compose.yml",
        "docs/embed.md",
        "docs/embed/compose.yml",
        "docs/embed/kubernetes.yaml",
    ];
    files.map(|file| (file, repository(file))).to_vec()
}

/// With `*`, any page of any site could call these ports; `debug` even writes files.
#[test]
fn no_recipe_is_open_to_web_pages() {
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

/// By default geth's miner leaves a tip below 1,000,000 wei in the pool forever.
#[test]
fn every_recipe_mines_a_tip_of_1_wei() {
    for (file, text) in recipes() {
        assert!(text.contains("--http.vhosts=") && text.contains("--miner.gasprice=1"), "{file}");
    }
}

#[test]
fn only_init_and_watch_write_into_the_runtime_volume() {
    let shipped = repository("compose/docker-compose.yml");
    assert_eq!(shipped.matches("runtime:/runtime\"").count(), 2);
    let pod = repository("docs/embed/kubernetes.yaml");
    let clients = pod.split("  containers:").nth(1).unwrap();
    let mounts = clients.matches("mountPath: /runtime\n").count();
    assert_eq!(mounts, clients.matches("mountPath: /runtime\n          readOnly: true").count());
    assert_eq!(mounts, 3);
}

#[test]
fn the_recipe_in_the_docs_is_yaml() {
    let text = repository("docs/embed.md");
    let lines = text.lines().skip_while(|line| *line != "```yaml").skip(1);
    let recipe: Vec<&str> = lines.take_while(|line| *line != "```").collect();
    assert!(recipe.len() > 50, "{recipe:?}");
    regenesis::yaml::parse(recipe.join("\n").as_bytes()).unwrap();
}

#[test]
fn the_sample_with_an_l2_becomes_a_directory_with_its_stack() {
    let place = crate::support::Place::new();
    let compose = ["compose", "--sample", "op", "rollup"];
    place.run(&compose).succeeds();
    let text = place.read("rollup/docker-compose.yml");
    for service in ["op-geth:", "op-node:", "op-batcher:", "--networkid=13"] {
        assert!(text.contains(service), "{service}");
    }
    let key = place.read("rollup/l2/op/batcher.key");
    assert!(!text.contains(key.trim().trim_start_matches("0x")));
    let mode = place.at("rollup/l2/op/batcher.key").metadata().unwrap().permissions().mode();
    // The bits of the group are the mask of an access list, if there is one.
    assert_eq!(mode & 0o707, 0o600);
    place.run(&["verify", "rollup"]).succeeds();
    place.run(&compose).fails(2, "--sample: rollup exists already");
    place.run(&["compose", "--sample", "op"]).fails(2, "SNAPSHOT");
}

#[test]
fn a_sample_that_does_not_fit_leaves_nothing() {
    let place = crate::support::Place::new();
    let script = "mount -t tmpfs -o size=1m none . && cd \"$PWD\" && \
                  \"$0\" compose --sample op rollup; echo \"exit $?\"; ls -A";
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", script, crate::support::PROGRAM]);
    let output = unshare.current_dir(place.at(".")).output();
    let output = output.expect("unshare: apt-get install util-linux");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "exit 7\n", "{said}");
    assert!(said.contains("No space left on device"), "{said}");
}
