//! A stand-in for a Kurtosis enclave: containers with the labels, command lines and files of a real one.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::stack::PORTS;
use crate::nodes::tools;
use crate::support::{regenesis, repository};

/// The only image that the machine of a test has for sure.
const BASE: &str = "regenesis-e2e/base:1";
pub const EL: &str = "el-1-geth-lighthouse";
pub const CL: &str = "cl-1-lighthouse-geth";
pub const L2_EL: &str = "op-el-1-op-geth-op-node-001";
pub const L2_NODE: &str = "op-cl-1-op-node-op-geth-001";
/// Of the enclave's own batcher; kurtosis-cdk publishes it.
pub const BATCHER_KEY: &str = "0xa51bc3351fffe667d7f2fd30dc040687e2d65e2f941837bad219bb1f0466dfaa";

/// Of all keystores of kurtosis-cdk, which publishes it.
pub const PASSWORD: &str = "pSnv6Dh5s9ahuzGzH9RoCDrKAMddaX3m";
/// The files that [`Enclave::add_agglayer_files`] adds, by service and path.
pub const AGGLAYER_FILES: [(&str, &str); 5] = [
    ("agglayer", "/etc/agglayer/config.toml"),
    ("agglayer", "/etc/agglayer/aggregator.keystore"),
    ("contracts-001", "/opt/output/combined.json"),
    ("contracts-001", "/opt/keystores/sequencer.keystore"),
    ("cdk-erigon-rpc-001", "/etc/cdk-erigon/config.yaml"),
];

/// One of these files.
pub fn agglayer_file(service: &str, path: &str) -> Vec<u8> {
    let name = path.rsplit('/').next().unwrap();
    let bytes = read(&match name {
        "combined.json" => "kurtosis-cdk-op-2151908/combined.json".to_owned(),
        "aggregator.keystore" => "kurtosis-cdk-op-2151908/agglayer/aggregator.keystore".to_owned(),
        "sequencer.keystore" => "kurtosis-cdk-op-2151908/aggkit/sequencer.keystore".to_owned(),
        _ => format!("rendered-enclave/{service}{path}"),
    });
    // The config is of an enclave with another L2.
    String::from_utf8(bytes).unwrap().replace("op-el-1-op-reth-op-node-003", L2_EL).into_bytes()
}

/// Containers and image names that end with the test.
pub struct Enclave {
    pub name: String,
    pub id: String,
    images: Vec<String>,
    containers: Vec<String>,
}

pub fn fixture(path: &str) -> PathBuf {
    repository().join("tests/fixtures").join(path)
}

pub fn unpacked(path: &str) -> Vec<u8> {
    let (mut bytes, packed) = (Vec::new(), std::fs::read(fixture(path)).unwrap());
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

pub fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("no docker: scripts/install_docker.sh")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = docker(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The command line of a service, as the packages write it.
fn command(service: &str) -> Vec<String> {
    let shell = |text: &str| ["sh", "-c", text].map(str::to_owned).to_vec();
    let http = "--http --http.addr=0.0.0.0 --http.port=8545 --http.vhosts=*";
    let quiet = "--syncmode=full --gcmode=archive --nodiscover --maxpeers=0 --cache=64";
    let geth = "geth --datadir=/data/geth/execution-data --state.scheme=hash";
    let node = |number: u8| {
        format!(
            "op-node --log.level=info --l2=http://op-el-{number}-op-geth-op-node-001:8551 \
             --l2.jwt-secret=/jwt/jwtsecret --rollup.config=/network-configs/rollup-20201.json \
             --rpc.port=8547 --l1=http://{EL}:8545"
        )
    };
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    match service {
        // Its blocks, as if it had run for half an hour.
        EL => shell(&format!(
            "{geth} --cache=64 init /network-configs/genesis.json && {geth} --cache=64 \
             --gcmode=archive import /chain.rlp && exec {geth} {quiet} {http} \
             --http.api=admin,engine,net,eth,web3,debug,txpool"
        )),
        L2_EL => shell(&format!(
            "{geth} init /network-configs/genesis-20201.json && exec {geth} --networkid=20201 {quiet} \
             {http} --http.api=admin,engine,net,eth,web3,debug,miner"
        )),
        L2_NODE => words(&format!("{} --sequencer.enabled", node(1))),
        "op-cl-2-op-node-op-geth-001" => words(&node(2)),
        "op-batcher-001" => words(&format!(
            "op-batcher --l2-eth-rpc=http://{L2_EL}:8545 --rollup-rpc=http://{L2_NODE}:8547 \
             --private-key={BATCHER_KEY} --data-availability-type=blobs"
        )),
        "agglayer" => words("agglayer run --cfg /etc/agglayer/config.toml"),
        "cdk-erigon-rpc-001" => words("cdk-erigon --config /etc/cdk-erigon/config.yaml"),
        _ => vec!["true".to_owned()],
    }
}

impl Enclave {
    /// Creates the containers; none of them starts.
    pub fn create() -> Self {
        let unique = tempfile::tempdir().unwrap();
        let unique = unique.path().file_name().unwrap().to_string_lossy().to_lowercase();
        let name = format!("regenesis-{}", unique.trim_start_matches('.'));
        let id = format!("{:032x}", rand(&name));
        let mut enclave = Self { name, id, images: Vec::new(), containers: Vec::new() };
        let text = std::fs::read(fixture("kurtosis-cdk-op-20201/enclave.json")).unwrap();
        let described: Value = serde_json::from_slice(&text).unwrap();
        for service in described["services"].as_array().unwrap() {
            let labels = service["labels"].as_object().unwrap().iter();
            let labels =
                labels.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
            let image = service["image"].as_str().unwrap_or("sigp/lighthouse:v8.0.1");
            enclave.add(service["name"].as_str().unwrap(), image, labels.collect());
        }
        for (service, path, file) in [
            (EL, "genesis.json", unpacked("kurtosis-cdk-op-20201/genesis.json.gz")),
            (CL, "genesis.json", unpacked("kurtosis-cdk-op-20201/genesis.json.gz")),
            (CL, "config.yaml", read("kurtosis-cdk-op-20201/config.yaml")),
            (CL, "mnemonics.yaml", read("kurtosis-cdk-op-20201/mnemonics.yaml")),
            (
                L2_EL,
                "genesis-20201.json",
                unpacked("op-genesis/kurtosis-cdk-jovian-20201/genesis.json.gz"),
            ),
            (
                L2_NODE,
                "rollup-20201.json",
                read("op-genesis/kurtosis-cdk-jovian-20201/rollup.json"),
            ),
            (L2_NODE, "state.json", unpacked("kurtosis-cdk-op-20201/state.json.gz")),
        ] {
            enclave.put(service, &format!("/network-configs/{path}"), &file);
        }
        enclave.put(EL, "/chain.rlp", &unpacked("kurtosis-cdk-op-20201/chain.rlp.gz"));
        enclave
    }

    /// Adds a service with these labels, but the enclave's.
    pub fn add(&mut self, service: &str, image: &str, mut labels: BTreeMap<String, String>) {
        let label = |name: &str| format!("com.kurtosistech.{name}");
        labels.insert(label("enclave-name"), self.name.clone());
        labels.entry(label("container-type")).or_insert_with(|| "user-service".to_owned());
        labels.insert(label("enclave-id"), self.id.clone());
        labels.insert(label("id"), service.to_owned());
        if let Some((_, ports)) = PORTS.iter().find(|(name, _)| *name == service) {
            labels.insert(label("ports"), (*ports).to_owned());
        }
        // Programs are known by the last part of the image's name.
        let image = format!("{}/{}", self.name, image.rsplit('/').next().unwrap());
        if !self.images.contains(&image) {
            succeeds(&["tag", BASE, &image]);
            self.images.push(image.clone());
        }
        let container = self.container(service);
        // Kurtosis mounts files as volumes.
        let mut line = vec!["create".to_owned(), "-v".to_owned(), "/network-configs".to_owned()];
        line.extend(["-v".to_owned(), "/etc/agglayer".to_owned()]);
        line.extend(["--name".to_owned(), container.clone()]);
        line.extend(
            labels.iter().flat_map(|(key, value)| ["--label".into(), format!("{key}={value}")]),
        );
        if service == EL || service == L2_EL {
            let geth = if service == EL { tools::geth_1_16() } else { tools::op_geth() };
            line.extend(["-p".into(), "127.0.0.1::8545".into(), "-v".into()]);
            line.push(format!("{}:/usr/local/bin/geth:ro", geth.display()));
        }
        line.push(image);
        line.extend(command(service));
        succeeds(&line.iter().map(String::as_str).collect::<Vec<_>>());
        self.containers.push(container);
    }

    /// Adds the files of the agglayer and of the contracts' container, and a cdk-erigon. None of them starts.
    pub fn add_agglayer_files(&mut self) {
        self.add("cdk-erigon-rpc-001", "0xpolygon/cdk-erigon:v2.61.24", BTreeMap::new());
        for (service, path) in AGGLAYER_FILES {
            // Directories that the image does not have are created by a copy of a tree.
            let tree = tempfile::tempdir().unwrap();
            let place = tree.path().join(&path[1..]);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(&place, agglayer_file(service, path)).unwrap();
            if path == "/opt/output/combined.json" {
                let links = [
                    ("/opt/output/combined.json", "linked.json"),
                    ("/nothing.json", "dangling.json"),
                    ("circle.json", "circle.json"),
                ];
                for (target, name) in links {
                    std::os::unix::fs::symlink(target, place.with_file_name(name)).unwrap();
                }
            }
            let (root, to) = (tree.path().display(), self.container(service));
            succeeds(&["cp", &format!("{root}/."), &format!("{to}:/")]);
        }
    }

    pub fn container(&self, service: &str) -> String {
        format!("{service}--{}", self.name)
    }

    /// Writes a file into a container.
    pub fn put(&self, service: &str, path: &str, bytes: &[u8]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let source = file.path().to_str().unwrap();
        succeeds(&["cp", source, &format!("{}:{path}", self.container(service))]);
    }

    pub fn start(&self, service: &str) {
        succeeds(&["start", &self.container(service)]);
    }

    /// The published port 8545 of a service.
    pub fn port(&self, service: &str) -> u16 {
        let address = succeeds(&["port", &self.container(service), "8545/tcp"]);
        address.rsplit(':').next().unwrap().parse().unwrap()
    }
}

/// `regenesis capture` in a directory.
pub fn capture(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = regenesis();
    command.arg("capture").args(arguments).current_dir(directory);
    command.output().unwrap()
}

impl Drop for Enclave {
    fn drop(&mut self) {
        let logs = docker(&["logs", "--tail", "20", &self.container(EL)]);
        if std::thread::panicking() {
            eprintln!("-- {EL}:\n{}", String::from_utf8_lossy(&logs.stderr));
        }
        let _ = Command::new("docker").args(["rm", "-f", "-v"]).args(&self.containers).output();
        let _ = Command::new("docker").arg("rmi").args(&self.images).output();
    }
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(fixture(path)).unwrap()
}

/// A number for each text.
fn rand(text: &str) -> u128 {
    let digest = crate::support::sha256(text.as_bytes());
    u128::from_str_radix(&digest[..32], 16).unwrap()
}
