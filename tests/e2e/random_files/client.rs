//! The two programs under comparison: geth and this library.

use std::path::PathBuf;
use std::process::{Command, Output};

use alloy_primitives::keccak256;
use regenesis::el::genesis;
use regenesis::el::header::make_genesis_header;

use crate::nodes::tools;

/// The RLP of the genesis header, or the error.
pub type Verdict = Result<Vec<u8>, String>;

/// `headerPrefix`, the block number, `headerHashSuffix` of geth's `core/rawdb/schema.go`.
const CANONICAL_HASH_0: &str = "0x6800000000000000006e";

pub fn ours(text: &[u8]) -> Verdict {
    let read = || {
        let (document, state) = genesis::read(text, &|_| ())?;
        let genesis = document.checked_genesis()?;
        let timestamp = genesis.timestamp.unwrap_or(0);
        Ok(make_genesis_header(&genesis, state.root(), timestamp))
    };
    let header = read().map_err(|error: regenesis::el::Error| error.to_string())?;
    let rlp = alloy_rlp::encode(&header);
    assert_eq!(header.hash(), keccak256(&rlp));
    Ok(rlp)
}

pub struct Geth {
    binary: PathBuf,
    scratch: tempfile::TempDir,
}

impl Geth {
    pub fn find() -> Self {
        Self { binary: tools::geth(), scratch: tools::scratch() }
    }

    pub fn version(&self) -> String {
        let output = self.run(&["version"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.starts_with("Version:"));
        line.unwrap_or("Version: unknown").to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let directory = self.scratch.path();
        Command::new(&self.binary)
            .env_remove("GETH_DATADIR")
            .current_dir(directory)
            .args(["--datadir", "data", "--cache", "16"])
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", self.binary.display()))
    }

    /// The header that `geth init` writes for `text`, read from geth's database.
    pub fn init(&self, text: &[u8]) -> Verdict {
        let directory = self.scratch.path();
        std::fs::write(directory.join("genesis.json"), text).unwrap();
        let output = self.run(&["init", "genesis.json"]);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let verdict = if output.status.success() {
            let hash = self.get(CANONICAL_HASH_0);
            // `headerPrefix`, the block number, the hash.
            let header = self.get(&format!("0x680000000000000000{}", hex::encode(&hash)));
            assert_eq!(keccak256(&header).as_slice(), hash, "geth's database is not understood");
            let short = format!("hash={}..{}", hex::encode(&hash[..3]), hex::encode(&hash[29..]));
            assert!(log.contains(&short), "geth's log has another hash:\n{log}");
            Ok(header)
        } else {
            Err(refusal(&log))
        };
        let data = directory.join("data");
        if data.exists() {
            std::fs::remove_dir_all(data).unwrap();
        }
        verdict
    }

    fn get(&self, key: &str) -> Vec<u8> {
        let output = self.run(&["db", "get", key]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = text.trim().rsplit_once(": 0x").and_then(|(_, hex)| hex::decode(hex).ok());
        value.unwrap_or_else(|| {
            panic!("geth db get {key}: {text}{}", String::from_utf8_lossy(&output.stderr))
        })
    }
}

/// The line of geth's log that refuses the file. Another failure proves nothing.
fn refusal(log: &str) -> String {
    let reasons = ["invalid genesis file:", "Failed to write genesis block:", "panic:"];
    let line = log.lines().find(|line| reasons.iter().any(|reason| line.contains(reason)));
    line.unwrap_or_else(|| panic!("geth failed, but not at the file:\n{log}")).to_owned()
}
