//! Lighthouse's command line, so that the shipped compose file runs word for word where no registry of
//! images can be reached.
//!
//! It writes where Lighthouse does, too: the chain in `beacon`, the slashing database beside the keystores.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::Path;

const DATABASE: &str = "slashing_protection.sqlite";

/// The role and the flags of this client, for `lighthouse beacon_node …` or `… validator_client …`.
pub fn translated(arguments: &[String]) -> (String, HashMap<&'static str, String>) {
    let (role, flags) = arguments.split_first().expect("beacon_node or validator_client");
    let flags: HashMap<&str, &str> = flags
        .iter()
        .map(|flag| flag.trim_start_matches("--").split_once('=').unwrap_or((flag, "")))
        .collect();
    let address = |flag: &str| flags[flag].trim_start_matches("http://").to_owned();
    let runtime = Path::new(flags["testnet-dir"]).parent().unwrap().display().to_string();
    let mut own = HashMap::from([("runtime", runtime)]);
    for (name, variable) in [("head", "CONSENSUS_HEAD"), ("start-after", "CONSENSUS_START_AFTER")] {
        own.insert(name, std::env::var(variable).unwrap_or_default());
    }
    match role.as_str() {
        "beacon_node" => {
            assert!(Path::new(flags["execution-jwt"]).is_file(), "no JWT secret");
            let chain = Path::new(flags["datadir"]).join("beacon");
            std::fs::create_dir_all(&chain).unwrap();
            own.insert("datadir", chain.display().to_string());
            own.insert("engine", address("execution-endpoint"));
            own.insert("port", flags.get("http-port").unwrap_or(&"5052").to_string());
            ("beacon".to_owned(), own)
        }
        "validator_client" => {
            let validators = Path::new(flags["validators-dir"]);
            unlock(validators, Path::new(flags["secrets-dir"]));
            own.insert("signed", validators.join(DATABASE).display().to_string());
            own.insert("beacon", address("beacon-nodes"));
            ("validator".to_owned(), own)
        }
        other => panic!("lighthouse {other} is not known here"),
    }
}

/// Asserts what Lighthouse needs of its directories: a secret for each keystore, and a place to write.
fn unlock(validators: &Path, secrets: &Path) {
    let mut keystores = 0;
    for entry in std::fs::read_dir(validators).unwrap() {
        let entry = entry.unwrap();
        if entry.path().join("voting-keystore.json").is_file() {
            std::fs::read(secrets.join(entry.file_name())).expect("no secret of a keystore");
            keystores += 1;
        }
    }
    assert!(keystores > 0, "no keystores in {}", validators.display());
    let database = validators.join(DATABASE);
    if let Err(error) = OpenOptions::new().create(true).append(true).open(&database) {
        panic!("Failed to start validator client: {}: {error}", database.display());
    }
    println!("{keystores} keystores");
}
