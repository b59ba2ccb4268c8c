//! Real nodes, and real captures of them.

use crate::support::regenesis;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use alloy_primitives::B256;
use regenesis::io::console::Console;
use regenesis::io::http::{Endpoint, RetryPolicy};
use regenesis::io::rpc_client::Client;
use regenesis::rpc::Rpc;
use serde_json::{Value, json};

use crate::nodes::process::free_ports;
use crate::nodes::tools;

/// A public key: the first of anvil's accounts.
pub const FUNDED: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
pub const FUNDED_KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A node that runs until it is dropped.
pub struct Node {
    child: Child,
    pub url: String,
    /// Address of the Engine API; empty for an anvil.
    pub engine: String,
    pub data: tempfile::TempDir,
    console: Console,
}

/// How a geth is made.
#[derive(Clone, Default)]
pub struct Geth {
    /// Flags of `geth init`; `None`: the genesis is given with `--override.genesis`.
    pub init: Option<&'static [&'static str]>,
    /// Flags of the run.
    pub run: &'static [&'static str],
    /// Whether it makes blocks by itself, for an account that it holds.
    pub dev: bool,
    /// Its namespaces.
    pub api: &'static str,
}

pub const ALL: &str = "eth,net,web3,debug,admin";

impl Geth {
    /// Starts a geth with this genesis.
    pub fn start(&self, genesis: &Path) -> Node {
        self.start_after(genesis, &[])
    }

    /// Starts a geth with this genesis, on whose data another command of geth's has worked.
    pub fn start_after(&self, genesis: &Path, command: &[&str]) -> Node {
        self.start_as(&tools::geth(), genesis, command)
    }

    /// The same with this geth, of another version or another maker.
    pub fn start_as(&self, program: &Path, genesis: &Path, command: &[&str]) -> Node {
        let data = tools::scratch();
        let path = |name: &str| data.path().join(name).to_string_lossy().into_owned();
        let run = |arguments: &[&str]| {
            let output = Command::new(program)
                .env_remove("GETH_DATADIR")
                .args(["--datadir", &path("data"), "--cache", "64"])
                .args(arguments)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let genesis = genesis.to_str().unwrap();
        let mut flags: Vec<String> = Vec::new();
        match self.init {
            Some(init) => run(&[&["init"], init, &[genesis]].concat()),
            None => flags.extend(["--override.genesis".to_owned(), genesis.to_owned()]),
        }
        if !command.is_empty() {
            run(command);
        }
        if self.dev {
            std::fs::write(path("key"), FUNDED_KEY).unwrap();
            std::fs::write(path("password"), "\n").unwrap();
            run(&["account", "import", "--password", &path("password"), &path("key")]);
            flags.push("--dev".to_owned());
        }
        let [port, engine] = free_ports::<2>().map(|port| port.to_string());
        let log = std::fs::File::create(data.path().join("log")).unwrap();
        let child = Command::new(program)
            .env_remove("GETH_DATADIR")
            .args(["--datadir", &path("data"), "--cache", "64", "--nodiscover", "--maxpeers", "0"])
            .args(["--ipcdisable", "--port", "0", "--authrpc.port", &engine])
            .args(["--http", "--http.port", &port, "--http.api", self.api])
            .args(flags)
            .args(self.run)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut node = Node::wait(child, format!("127.0.0.1:{port}"), data);
        node.engine = format!("127.0.0.1:{engine}");
        node
    }
}

impl Node {
    /// Starts an anvil.
    pub fn anvil(arguments: &[&str]) -> Self {
        Self::anvil_as(&tools::foundry("anvil"), arguments)
    }

    /// Starts this anvil.
    pub fn anvil_as(program: &Path, arguments: &[&str]) -> Self {
        let data = tools::scratch();
        let [port] = free_ports::<1>().map(|port| port.to_string());
        let child = Command::new(program)
            .args(["--port", &port, "--quiet"])
            .args(arguments)
            .current_dir(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self::wait(child, format!("127.0.0.1:{port}"), data)
    }

    fn wait(child: Child, url: String, data: tempfile::TempDir) -> Self {
        let engine = String::new();
        let mut node = Self { child, url, engine, data, console: Console::new() };
        for _ in 0..600 {
            if node.try_call("eth_chainId", &json!([])).is_ok() {
                return node;
            }
            if let Some(status) = node.child.try_wait().unwrap() {
                let log = std::fs::read_to_string(node.data.path().join("log"));
                panic!("the node has ended with {status}: {}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the node does not answer");
    }

    fn client(&self) -> Client<'_> {
        let retry = RetryPolicy { timeout: Duration::from_mins(1), attempts: 1 };
        Client::new(Endpoint::new(&self.url, retry, &self.console).unwrap())
    }

    pub fn try_call(&self, method: &str, params: &Value) -> Result<Value, String> {
        let raw = self.client().call(method, params, 1 << 30).map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&raw).unwrap())
    }

    pub fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, &params).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn block(&self, number: &str) -> Value {
        self.call("eth_getBlockByNumber", json!([number, false]))
    }

    /// The account at an address: all that its proof says of it, its code, and these slots.
    pub fn account(&self, address: &str, slots: &[B256], block: &str) -> Value {
        let mut proof = self.call("eth_getProof", json!([address, slots, block]));
        proof.as_object_mut().unwrap().remove("accountProof");
        let values: Vec<_> =
            proof["storageProof"].as_array().unwrap().iter().map(|p| p["value"].clone()).collect();
        proof["storageProof"] = values.into();
        proof["code"] = self.call("eth_getCode", json!([address, block]));
        proof
    }

    /// Sends transactions of the funded account, which the node holds; waits for the last one.
    pub fn send(&self, transactions: &[Value]) -> Vec<Value> {
        let nonce = self.call("eth_getTransactionCount", json!([FUNDED, "pending"]));
        let nonce = u64::from_str_radix(&nonce.as_str().unwrap()[2..], 16).unwrap();
        let hashes: Vec<_> = (nonce..)
            .zip(transactions)
            .map(|(nonce, transaction)| {
                let mut transaction = transaction.clone();
                transaction["from"] = FUNDED.into();
                transaction["nonce"] = format!("{nonce:#x}").into();
                self.call("eth_sendTransaction", json!([transaction]))
            })
            .collect();
        hashes.iter().map(|hash| self.receipt(hash)).collect()
    }

    pub fn receipt(&self, hash: &Value) -> Value {
        for _ in 0..1200 {
            match self.try_call("eth_getTransactionReceipt", &json!([hash])) {
                Ok(Value::Null) => {}
                Ok(receipt) => return receipt,
                // geth returns this error for a while after its start.
                Err(error) => assert!(error.contains("indexing is in progress"), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{hash} is in no block");
    }

    /// Ends the node as a user does, and hands on its data.
    pub fn stop(mut self) -> PathBuf {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        self.child.wait().unwrap();
        let data = std::mem::replace(&mut self.data, tempfile::tempdir().unwrap());
        data.keep()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run of regenesis that has ended.
pub struct Run {
    pub directory: tempfile::TempDir,
    pub code: Option<i32>,
    pub stderr: String,
}

/// `regenesis capture` with these arguments, into `out`.
pub fn capture(arguments: &[&str]) -> Run {
    run_in(tempfile::tempdir().unwrap(), &[&["capture", "--out", "out"], arguments].concat())
}

pub fn run_in(directory: tempfile::TempDir, arguments: &[&str]) -> Run {
    let output = regenesis().args(arguments).current_dir(directory.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    Run { directory, code: output.status.code(), stderr }
}

impl Run {
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// The metadata of a capture that succeeded.
    pub fn metadata(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.json("out/metadata.json")
    }

    /// Asserts how it ended, and returns what it said.
    pub fn expect(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self.stderr
    }

    /// Asserts that it failed so, and left no snapshot.
    pub fn fails(&self, code: i32, what: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(what), "{}", self.stderr);
        assert!(!self.path("out").exists(), "a snapshot was written");
    }

    /// Runs `regenesis init` on the snapshot, then geth on that genesis: its block 0 has the captured
    /// state.
    pub fn boot(self) -> (Self, Node) {
        let run = run_in(self.directory, &["init", "out"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let geth = Geth { init: Some(&[]), run: &["--gcmode", "archive"], dev: false, api: ALL };
        let node = geth.start(&run.path("runtime/metadata/genesis.json"));
        let root = &run.json("out/metadata.json")["state_root"];
        assert_eq!(&node.block("0x0")["stateRoot"], root);
        (run, node)
    }
}
