//! The state of a running L2 with a contract, captured beside its L1.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Net, RECIPIENT, sends};
use crate::nodes::history::run;
use crate::nodes::tools;
use crate::support::regenesis;

/// A contract that adds 1 to slot 0 at each call; its creation stores 42 there.
const COUNTER: &str = "0x602a600055601260116000396012\
    6000f36000546001018060005560005260206000f3";

/// A contract on the L2, and what its account has.
pub struct Counter {
    address: String,
    code: Value,
    count: u64,
    /// Of the account that deposits go to.
    balance: u128,
}

impl Net {
    /// Deploys the contract, and calls it once.
    pub fn deploys_counter(&mut self, name: &str) -> Counter {
        let node = self.host.port(&format!("{name}-geth"), 8545);
        let mut cast = Command::new(tools::foundry("cast"));
        cast.args(["send", "--json", "--private-key", self.key]);
        cast.args(["--rpc-url", &format!("http://127.0.0.1:{node}"), "--create", COUNTER]);
        let output = cast.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
        let address = receipt["contractAddress"].as_str().unwrap().to_owned();
        sends(self.key, node, &[&address]);
        let code = self.l2(name, "eth_getCode", json!([address, "latest"])).unwrap();
        assert_eq!(code, "0x6000546001018060005560005260206000f3");
        let balance = self.balance(name).unwrap();
        Counter { address, code, count: 43, balance }
    }

    /// The snapshot of both layers as they run, with the key of the batcher, which no node has.
    pub fn captured(&mut self, name: &str, parent: &Path) -> PathBuf {
        let snapshot = parent.join("captured");
        let runtime = self.host.runtime().join("l2").join(name);
        let el = format!("127.0.0.1:{}", self.host.port("el", 8545));
        let geth = format!("{name}=127.0.0.1:{}", self.host.port(&format!("{name}-geth"), 8545));
        let node = format!("{name}=127.0.0.1:{}", self.host.port(&format!("{name}-node"), 9545));
        let genesis = format!("{name}={}", runtime.join("genesis.json").display());
        let mut capture = regenesis();
        capture.args(["capture", "--el-rpc", &el, "--l2-rpc", &geth, "--l2-node", &node]);
        run(capture.args(["--l2-genesis", &genesis, "--out"]).arg(&snapshot));
        let key = snapshot.join("l2").join(name).join("batcher.key");
        std::fs::copy(runtime.join("batcher.key"), key).unwrap();
        snapshot
    }

    /// The contract and the balance are there, and the contract works.
    pub fn has_counter(&mut self, name: &str, counter: &Counter) {
        let Counter { address, code, count, balance } = counter;
        assert_eq!(self.l2(name, "eth_getCode", json!([address, "0x0"])).unwrap(), *code);
        assert_eq!(self.count(name, address, "0x0").unwrap(), *count);
        let paid = self.l2(name, "eth_getBalance", json!([RECIPIENT, "0x0"])).unwrap();
        assert_eq!(paid, format!("{balance:#x}"));
        sends(self.key, self.host.port(&format!("{name}-geth"), 8545), &[address]);
        assert_eq!(self.count(name, address, "latest").unwrap(), count + 1);
    }

    fn count(&self, name: &str, address: &str, block: &str) -> Result<u64, String> {
        let word = self.l2(name, "eth_getStorageAt", json!([address, "0x0", block]))?;
        let digits = word.as_str().unwrap_or_default().trim_start_matches("0x").to_owned();
        u64::from_str_radix(&digits, 16).map_err(|error| error.to_string())
    }
}
