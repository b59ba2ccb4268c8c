//! A Kurtosis enclave of 2 February 2026, with its labels, command lines, files and blocks: its L1 is geth
//! 1.16.8, its L2 op-geth. `capture --enclave` needs nothing but its name.

mod enclave;
mod stack;
mod stopped;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::node::{ALL, Geth, Node};
use crate::nodes::{http, tools};
use crate::support::{PROGRAM, regenesis, text};
use enclave::{BATCHER_KEY, CL, EL, Enclave, L2_EL, capture, fixture, unpacked};

fn expected() -> Value {
    let text = std::fs::read(fixture("kurtosis-cdk-op-20201/expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn fails(output: &Output, code: i32, what: &str) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(what), "{said}");
}

/// The services of the enclave in `capture --enclave --json`, by name.
fn listed(enclave: &Enclave, directory: &Path) -> (Value, BTreeMap<String, Value>) {
    let output = capture(directory, &["--enclave", "--json"]);
    assert!(output.status.success(), "{}", text(&output));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let own = all["enclaves"].as_array().unwrap().iter();
    let own = own.filter(|one| one["uuid"] == enclave.id.as_str()).collect::<Vec<_>>();
    assert_eq!(own.len(), 1, "{all}");
    let services = own[0]["services"].as_array().unwrap().iter();
    let services = services.map(|one| (one["name"].as_str().unwrap().to_owned(), one.clone()));
    (own[0].clone(), services.collect())
}

#[test]
fn an_enclave_is_captured_by_its_name_and_starts_again() {
    let mut enclave = Enclave::create();
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    enclave.start(EL);
    enclave.start(L2_EL);
    let (described, services) = listed(&enclave, directory.path());
    assert_eq!((&described["problem"], services.len()), (&Value::Null, 12));
    let captured: Vec<_> = services
        .values()
        .filter(|one| !one["captured"].is_null())
        .map(|one| &one["name"])
        .collect();
    let read = [CL, "contracts-001", EL, "op-batcher-001", enclave::L2_NODE, L2_EL];
    assert_eq!(captured, [&read[..], &["op-proposer-001"]].concat());
    assert_eq!(services["contracts-001"]["role"], "contracts");
    assert_eq!(services["proxyd-001"]["role"], "proxyd");

    let expected = expected();
    let [el, l2] = [EL, L2_EL].map(|service| enclave.port(service));
    for (port, head) in [(el, "0x438"), (l2, "0x0")] {
        let number = || http::call(port, "eth_blockNumber", json!([]));
        let end = Instant::now() + Duration::from_mins(5);
        while !number().is_ok_and(|number| number == head) {
            assert!(Instant::now() < end, "no block {head} in five minutes: {:?}", number());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    for kilobytes in [40, 200] {
        let full = stopped::fails_on_a_full_disk(
            directory.path(),
            kilobytes,
            &["--enclave", &enclave.name],
            7,
        );
        assert!(full.contains("hint: "), "{full}");
    }

    // Its state: nothing in this enclave reads old logs.
    let output = capture(directory.path(), &["--enclave", &enclave.name, "--out", "out"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("--mode state"), "{}", text(&output));
    assert_eq!(json(&at("out/metadata.json"))["state_root"], expected["head"]["state_root"]);

    assert!(at("out/services/001/op-proposer-001/command.json").is_file());

    // With an agglayer, which does not start without them: its blocks, instead of that snapshot.
    enclave.add("agglayer", "ghcr.io/agglayer/agglayer:0.4.4", BTreeMap::new());
    settlement_is_checked(&enclave, directory.path());
    enclave.add_agglayer_files();
    assert_eq!(listed(&enclave, directory.path()).1[EL]["state"], "running");
    let output = capture(directory.path(), &["--enclave", &enclave.id, "--out", "out", "--stop"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("--mode history: agglayer"), "{said}");
    assert!(said.contains("not captured"), "{said}");
    for key in [BATCHER_KEY, SEQUENCER_KEY] {
        assert!(!said.contains(&key[2..]), "a secret is printed");
    }
    let metadata = json(&at("out/metadata.json"));
    assert_eq!(metadata["chain_id"], 271_828);
    assert_eq!(metadata["l2"], json!(["op-20201"]));
    assert_eq!(metadata["source"]["block"]["number"], expected["head"]["number"]);
    assert_eq!(metadata["source"]["block"]["hash"], expected["head"]["hash"]);
    let file = |path: &str| std::fs::read(at(path)).unwrap();
    assert_eq!(file("out/el/chain.rlp"), unpacked("kurtosis-cdk-op-20201/chain.rlp.gz"));
    assert_eq!(file("out/el/genesis.json"), unpacked("kurtosis-cdk-op-20201/genesis.json.gz"));
    let mnemonics = std::fs::read(fixture("kurtosis-cdk-op-20201/mnemonics.yaml")).unwrap();
    assert_eq!(file("out/val/mnemonics.yaml"), mnemonics);
    let config = String::from_utf8(file("out/cl/config.yaml")).unwrap();
    for line in ["SECONDS_PER_SLOT: 2", "GENESIS_FORK_VERSION: 0x10000038", "FULU_FORK_EPOCH: 0"] {
        assert!(config.lines().any(|found| found == line), "{line}: {config}");
    }
    let rollup = json(&at("out/l2/op-20201/rollup.json"));
    assert_eq!(rollup["genesis"]["l1"]["hash"], expected["head"]["hash"]);
    let key = String::from_utf8(file("out/l2/op-20201/batcher.key")).unwrap();
    assert_eq!(key.trim(), BATCHER_KEY);
    assert!(said.contains("1, none has settled"), "{said}");
    let networks = json!([{
        "sequencer_type": "op-geth", "consensus_type": "ecdsa-multisig", "deployment_suffix": "-001",
        "l2_chain_id": 20201, "network_id": 1, "l2_sequencer_address": SEQUENCER,
        "l2_sequencer_private_key": SEQUENCER_KEY,
    }]);
    assert_eq!(json(&at("out/services/networks.json"))["networks"], networks);
    has_services(directory.path(), &said);
    for secret in
        ["out/l2/op-20201/batcher.key", "out/val/mnemonics.yaml", "out/services/networks.json"]
    {
        let mode = at(secret).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{secret} has mode {mode:o}");
    }
    assert_eq!(listed(&enclave, directory.path()).1[EL]["state"], "exited");
    stopped::is_a_source(&enclave, directory.path());
    drop(enclave);
    starts(directory.path(), &expected);
    stack::lives(directory.path());
}

/// The contract of the enclave's agglayer, and the account that signs its certificates.
const ROLLUP_MANAGER: &str = "0x6c6c009cC348976dB4A908c92B24433d4F6edA43";
const SEQUENCER: &str = "0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed";
/// Its key in the keystore; kurtosis-cdk publishes it.
const SEQUENCER_KEY: &str = "0x183c492d0ba156041a7f31a1b188958a7a22eebadca741a7fe64436092dc3181";

fn agglayer(manager: &str) -> String {
    format!(
        "[full-node-rpcs]\n1 = \"http://{L2_EL}:8545\"\n[proof-signers]\n1 = \"{SEQUENCER}\"\n\
         [l1]\nrollup-manager-contract = \"{manager}\"\n"
    )
}

/// An agglayer without a config, one of another L1, and an L1 on which a rollup has settled.
fn settlement_is_checked(enclave: &Enclave, directory: &Path) {
    let with = |more: &[&str]| {
        let output = capture(
            directory,
            &[&["--enclave", &enclave.name, "--op-node", "none", "--out", "not"], more].concat(),
        );
        assert!(!directory.join("not").exists());
        output
    };
    fails(&with(&[]), 4, "agglayer:/etc/agglayer/config.toml is not there");
    let put = |manager: &str| {
        enclave.put("agglayer", "/etc/agglayer/config.toml", agglayer(manager).as_bytes());
    };
    put(SEQUENCER);
    fails(&with(&[]), 4, "is not a rollup manager on this L1");
    // Every word of its answers is 1: one rollup, with a root. They have 32 bytes without an argument, and
    // 384 with one.
    let node = Node::anvil(&[]);
    put(ROLLUP_MANAGER);
    let word = |at: u16| format!("600161{at:04x}52");
    let words: String = (0..12).map(|index| word(32 * index)).collect();
    let code = format!("0x{words}6020600b6004360302016000f3");
    node.call("anvil_setCode", json!([ROLLUP_MANAGER, code]));
    fails(&with(&["--el-rpc", &node.url]), 5, "rollup 1 has settled at block 0");
}

/// Checks the files of the other services: they differ from those in the containers only in the directories
/// of data, and only their owner may read them. Checks their summary, too.
fn has_services(directory: &Path, said: &str) {
    let at = |path: &str| directory.join("out").join(path);
    let manifest = json(&at("services/manifest.json"));
    let files = manifest["services"].as_array().unwrap().iter().flat_map(|service| {
        let own = service["files"].as_array().unwrap().iter().map(|file| &file["path"]);
        own.chain([&service["command"]]).map(|path| path.as_str().unwrap().to_owned())
    });
    let files: Vec<String> = files.collect();
    for path in &files {
        let mode = at(path).metadata().unwrap().permissions().mode();
        // The stack's user reads what it mounts by an access list, whose mask the group's bits show.
        let mounted = ["/etc/agglayer/", "/etc/cdk-erigon/"].iter().any(|part| path.contains(part));
        assert_eq!(mode & if mounted { 0o037 } else { 0o077 }, 0, "{path} has mode {mode:o}");
    }
    for (service, path) in enclave::AGGLAYER_FILES {
        let network = if service == "agglayer" { "shared" } else { "001" };
        let copied = format!("services/{network}/{service}{path}");
        assert!(files.contains(&copied), "{copied}: {files:?}");
        let copied = String::from_utf8(std::fs::read(at(&copied)).unwrap()).unwrap();
        let mut expected = String::from_utf8(enclave::agglayer_file(service, path)).unwrap();
        for (old, new) in [
            ("\"/etc/agglayer/storage\"", "\"/data/service_agglayer/storage\""),
            ("\"/etc/agglayer/backups\"", "\"/data/service_agglayer/backups\""),
            ("./data/dynamic-kurtosis-sequencer", "/data/service_cdk-erigon-rpc-001/storage"),
        ] {
            expected = expected.replace(old, new);
        }
        assert_eq!(copied, expected, "{service}: {path}");
    }
    let state = format!("services/001/{}/network-configs/state.json", enclave::L2_NODE);
    assert!(files.contains(&state), "{files:?}");
    assert_eq!(std::fs::read(at(&state)).unwrap(), unpacked("kurtosis-cdk-op-20201/state.json.gz"));
    // Links in the container, as kurtosis-cdk has them.
    let copied = std::fs::read(at("services/001/contracts-001/opt/output/linked.json")).unwrap();
    assert_eq!(copied, enclave::agglayer_file("contracts-001", "/opt/output/combined.json"));
    for name in ["circle.json", "dangling.json"] {
        assert!(
            said.contains(&format!("contracts-001: /opt/output/{name} is left out: ")),
            "{said}"
        );
        assert!(!at("services/001/contracts-001/opt/output").join(name).exists());
    }
    let command = json(&at("services/001/op-batcher-001/command.json"));
    let key = format!("--private-key={BATCHER_KEY}");
    assert!(command["cmd"].as_array().unwrap().contains(&json!(key)), "{command}");
    let summary = json(&at("services/summary.json"));
    assert_eq!(summary["accounts"][0]["role"], "aggregator");
    let accounts = summary["networks"]["001"]["accounts"].as_array().unwrap();
    let roles: Vec<_> = accounts.iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["batcher", "sequencer"]);
    assert!(accounts.iter().all(|one| one["balance"].is_string()), "{accounts:?}");
    let funded = &summary["test_accounts"][0];
    assert_eq!(funded["source"], "ethereum-package");
    assert_eq!(funded["accounts"].as_array().unwrap().len(), 21);
    let written = summary.to_string();
    assert!(!written.contains(&BATCHER_KEY[2..]) && !written.contains(&SEQUENCER_KEY[2..]));
    let bridge = &summary["l1"]["contracts"]["bridge"];
    assert_eq!(bridge, "0xc8cbebf950b9df44d987c8619f092bea980ff038");
    assert!(said.contains("sequencer 0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed"), "{said}");
    assert!(!said.contains(enclave::PASSWORD), "a password is printed");
    let log = std::fs::read_to_string(at("services/snapshot.log")).unwrap();
    for expected in
        ["enclave ", "  node  ", "dangling.json is left out", "sequencer 0x5b06837A43bd"]
    {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    // A step that is printed has its duration, too.
    log.lines().for_each(|line| assert!(said.contains(line), "{line}"));
    let verified = regenesis().args(["verify", "out"]).current_dir(directory).output().unwrap();
    assert!(verified.status.success(), "{}", text(&verified));
}

/// The clients start from the snapshot: the L1 with all its blocks and logs, the L2 with its block 0.
fn starts(directory: &Path, expected: &Value) {
    let output = regenesis().args(["init", "out"]).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let at = |path: &str| directory.join("runtime").join(path);
    let summary = json(&at("regenesis.json"));
    assert_eq!(summary["history"]["block_hash"], expected["head"]["hash"]);
    assert_eq!(summary["l2"][0]["l1_block"], 1080);
    // With the flags of the stack.
    let hash: &[&str] = &["--state.scheme", "hash"];
    let run: &[&str] = &["--state.scheme", "hash", "--gcmode", "archive"];
    let archive = Geth { init: Some(hash), run, dev: false, api: ALL };
    let blocks = at("metadata/chain.rlp");
    let import = [run, &["import", blocks.to_str().unwrap()]].concat();
    let l1 = archive.start_after(&at("metadata/genesis.json"), &import);
    assert_eq!(l1.block("latest")["hash"], expected["head"]["hash"]);
    let logs = l1.call("eth_getLogs", json!([{"fromBlock": "0x0", "toBlock": "0x438"}]));
    assert_eq!(logs.as_array().unwrap().len() as u64, expected["logs"]);
    // What agglayer and aggkit ask first: the state of an old block.
    let log = &logs[0];
    let code = l1.call("eth_getCode", json!([log["address"], log["blockNumber"]]));
    assert!(code.as_str().unwrap().len() > 2, "{log}");
    let full = Geth { run: hash, ..archive };
    let l2 = full.start_as(&tools::op_geth(), &at("l2/op-20201/genesis.json"), &[]);
    assert_eq!(l2.block("0x0")["hash"], summary["l2"][0]["block_hash"]);
}

#[test]
fn what_is_missing_or_ambiguous_is_one_error_and_no_snapshot() {
    let mut enclave = Enclave::create();
    let directory = tempfile::tempdir().unwrap();
    let capture = |arguments: &[&str]| {
        let output = enclave::capture(directory.path(), &[&["--out", "out"], arguments].concat());
        assert!(!directory.path().join("out").exists());
        assert!(!directory.path().join("out.capture").exists());
        output
    };
    let name = enclave.name.clone();
    let unknown = capture(&["--enclave", "no-such-enclave"]);
    fails(&unknown, 2, "no enclave is called \"no-such-enclave\"");
    assert!(text(&unknown).contains(&name));
    fails(&capture(&["--enclave", &name]), 4, &format!("{EL} does not run: it is created"));
    let absent = capture(&["--enclave", &name, "--cl", "cl-9"]);
    fails(&absent, 2, "--cl cl-9: the enclave has no such service");

    // A node of its own is asked, and the files are those of the containers: one of them disappears.
    let shim = tempfile::tempdir().unwrap();
    let removes = format!(
        "if [ \"$1\" = cp ]; then DOCKER rm -f -v {} >/dev/null; fi",
        enclave.container(EL)
    );
    let path = with_docker(shim.path(), &format!("{removes}\nexec DOCKER \"$@\""));
    let gone = regenesis()
        .args(["capture", "--enclave", &name, "--el-rpc", "127.0.0.1:1", "--out", "out"])
        .env("PATH", path)
        .current_dir(directory.path())
        .output()
        .unwrap();
    fails(&gone, 4, &format!("{EL}: /network-configs/genesis.json cannot be copied: "));
    assert!(!directory.path().join("out").exists());

    // Two execution clients, and no longer a node of the L1.
    let execution = || {
        let key = "com.kurtosistech.custom.ethereum-package.client-type";
        BTreeMap::from([(key.to_owned(), "execution".to_owned())])
    };
    fails(&capture(&["--enclave", &name]), 2, "no execution client of an L1");
    enclave.add("mine", "besu:1", execution());
    enclave.add("yours", "reth:1", execution());
    let several = capture(&["--enclave", &name]);
    fails(&several, 2, "several nodes run the L1: mine, yours");
    assert!(text(&several).contains("--el SERVICE"), "{}", text(&several));
    let chosen = capture(&["--enclave", &name, "--el", "yours"]);
    fails(&chosen, 4, "yours does not run");

    // Another enclave of the same name, as after a restart of Kurtosis.
    let own = std::mem::replace(&mut enclave.id, "f".repeat(32));
    enclave.add("third", "geth:1", execution());
    let same = capture(&["--enclave", &name]);
    fails(&same, 2, &format!("2 enclaves are called {name:?}"));
    assert!(text(&same).contains(&own), "{}", text(&same));
    fails(&capture(&["--enclave", &own[..12]]), 2, "mine, yours");
}

#[test]
fn docker_that_is_away_or_closed_is_one_error() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["capture", "--enclave", "any", "--out", "out"];
    let away = regenesis()
        .args(arguments)
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .current_dir(directory.path())
        .output()
        .unwrap();
    fails(&away, 8, "Docker does not answer");
    let missing = regenesis()
        .args(arguments)
        .env("PATH", directory.path())
        .current_dir(directory.path())
        .output()
        .unwrap();
    fails(&missing, 8, "Docker is missing");
    // Another user, who may read the program.
    let program = directory.path().join("regenesis");
    std::fs::copy(PROGRAM, &program).unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let closed = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(arguments)
        .current_dir(directory.path())
        .output()
        .unwrap();
    fails(&closed, 8, "ermission denied");
    assert!(!directory.path().join("out").exists());
}

/// A PATH in which this script, in `directory`, is `docker`; DOCKER in it is the program.
fn with_docker(directory: &Path, script: &str) -> String {
    let path = std::env::var("PATH").unwrap();
    let mut found = std::env::split_paths(&path).map(|place| place.join("docker"));
    let program = found.find(|file| file.is_file()).unwrap().display().to_string();
    let shim = directory.join("docker");
    std::fs::write(&shim, format!("#!/bin/sh\n{}\n", script.replace("DOCKER", &program))).unwrap();
    std::fs::set_permissions(&shim, PermissionsExt::from_mode(0o755)).unwrap();
    format!("{}:{path}", directory.display())
}
