//! Answers observed from other clients: each client is captured, or gets a hint with its own flags.

use alloy_primitives::{Address, B256, U256, keccak256};
use regenesis::el::alloc::{Slot, storage_root};
use regenesis::el::genesis;
use serde_json::{Value, json};

use super::server::{Answer, HASH, Reply, serve};
use super::{Capture, PAGE};

const EMPTY_ROOT: &str = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
const CONTRACT: &str = "0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0";
/// The value of the contract's slot 1 after the captured block.
const VALUE: u64 = 7;
const ACCOUNTS: u64 = 1100;

/// A chain of many accounts and a contract, whose slot 1 the next block's system call writes.
#[derive(Clone)]
struct Chain {
    alloc: Value,
    state_root: String,
}

fn chain() -> Chain {
    let address = |i: u64| Address::from_word(keccak256(i.to_be_bytes())).to_string();
    let mut alloc: serde_json::Map<_, _> = (0..ACCOUNTS)
        .map(|i| (address(i).to_lowercase(), json!({"balance": format!("{:#x}", i + 1)})))
        .collect();
    let storage = json!({(slot(1)): slot(VALUE), (slot(2)): slot(9)});
    let contract = json!({"balance": "0x0", "nonce": "0x1", "code": "0x00", "storage": storage});
    alloc.insert(CONTRACT.to_owned(), contract);
    let alloc = Value::from(alloc);
    let text = json!({"config": {"chainId": 1337}, "difficulty": "0x0", "gasLimit": "0x1c9c380", "alloc": alloc});
    let (_, state) = genesis::read(text.to_string().as_bytes(), &|_| ()).unwrap();
    Chain { alloc, state_root: state.root().to_string() }
}

fn slot(number: u64) -> String {
    B256::from(U256::from(number)).to_string()
}

impl Chain {
    /// Answers that all clients share.
    fn common(&self, version: &str, method: &str, params: &Value) -> Answer {
        Ok(match method {
            "eth_chainId" => json!("0x539"),
            "web3_clientVersion" => json!(version),
            "eth_getBlockByNumber" if params[0] == "0x8" => Value::Null,
            "eth_getBlockByNumber" | "eth_getBlockByHash" => {
                json!({"number": "0x7", "hash": HASH, "stateRoot": self.state_root,
                    "timestamp": "0x10", "gasLimit": "0x1c9c380", "baseFeePerGas": "0x7",
                    "withdrawalsRoot": HASH, "transactions": [], "withdrawals": []})
            }
            "eth_getProof" => self.proof(params),
            "eth_getCode" => self
                .account(&params[0])
                .map_or(json!("0x"), |a| a.get("code").cloned().unwrap_or(json!("0x"))),
            _ => return Err((-32601, "the method does not exist/is not available")),
        })
    }

    fn account(&self, address: &Value) -> Option<&Value> {
        self.alloc.get(address.as_str().unwrap().to_lowercase())
    }

    /// A proof of the requested block.
    fn proof(&self, params: &Value) -> Value {
        let nothing = json!({"balance": "0x0", "code": "0x"});
        let account = self.account(&params[0]);
        let account = account.unwrap_or(&nothing);
        let storage = account["storage"].as_object().cloned().unwrap_or_default();
        let slots = storage.iter().map(|(slot, value)| Slot {
            hashed_slot: keccak256(slot.parse::<B256>().unwrap()),
            value: value.as_str().unwrap().parse().unwrap(),
        });
        let code = hex::decode(account["code"].as_str().unwrap_or("0x").trim_start_matches("0x"));
        let value = |slot: &Value| {
            let number = slot.as_str().unwrap().parse::<B256>().unwrap().to_string();
            let value = storage.get(&number).and_then(Value::as_str).unwrap_or("0x0");
            json!({"key": slot, "value": format!("{:#x}", value.parse::<U256>().unwrap()), "proof": []})
        };
        json!({"address": params[0], "balance": account["balance"],
            "nonce": account.get("nonce").cloned().unwrap_or(json!("0x0")),
            "codeHash": keccak256(code.unwrap()), "storageHash": storage_root(slots.collect()),
            "accountProof": [], "storageProof": params[1].as_array().unwrap().iter().map(value).collect::<Vec<_>>()})
    }

    /// A page in the style of Erigon: by address, with base64 cursors, zeros for the root, and the writes
    /// of the next block.
    fn page_by_address(&self, params: &Value) -> Answer {
        let start = params[1].as_str().unwrap();
        if start.starts_with("0x") {
            return Err((-32602, "invalid argument 1: illegal base64 data at input byte 1"));
        }
        if params[5] == true {
            return Err((-32000, "not supported incompletes = true"));
        }
        let start = super::from_base64(start);
        let bytes = |address: &str| hex::decode(&address[2..]).unwrap();
        let mut all: Vec<_> = self.alloc.as_object().unwrap().iter().collect();
        all.sort_by_key(|(address, _)| (*address).clone());
        let mut left = all.into_iter().filter(|(address, _)| bytes(address) >= start);
        let mut accounts = serde_json::Map::new();
        for (address, account) in left.by_ref().take(256) {
            let mut dumped = json!({"nonce": 0, "root": EMPTY_ROOT[2..], "storage": {},
                "balance": account["balance"].as_str().unwrap().parse::<U256>().unwrap().to_string(),
                "codeHash": keccak256([]).to_string()[2..]});
            if address == CONTRACT {
                dumped["nonce"] = 1.into();
                dumped["code"] = "00".into();
                dumped["codeHash"] = keccak256([0]).to_string()[2..].into();
                dumped["storage"] = json!({(slot(1)): "63", (slot(2)): "09"});
                let ahead = [(1, 0x63), (2, 9)].map(|(slot, value)| Slot {
                    hashed_slot: keccak256(B256::from(U256::from(slot))),
                    value: U256::from(value),
                });
                dumped["root"] = storage_root(ahead.to_vec()).to_string()[2..].into();
            }
            accounts.insert(address.clone(), dumped);
        }
        let mut page = json!({"root": "00".repeat(32), "accounts": accounts});
        if let Some((address, _)) = left.next() {
            page["next"] = super::to_base64(&bytes(address)).into();
        }
        Ok(page)
    }
}

/// Serves the chain as a client of this version; `own` overrides the common answers.
fn node(
    version: &'static str,
    own: impl Fn(&Chain, &str, &Value) -> Option<Answer> + Send + Sync + 'static,
) -> (Chain, String) {
    let chain = chain();
    let served = chain.clone();
    let honest = move |method: &str, params: &Value| {
        own(&served, method, params).unwrap_or_else(|| served.common(version, method, params))
    };
    (chain, serve(honest, |_| Reply::Honest))
}

fn capture(url: &str, chain: Option<&Chain>) -> Capture {
    let directory = tempfile::tempdir().unwrap();
    let flags = chain.map_or("", |chain| {
        let genesis = json!({"config": {"chainId": 1337}, "difficulty": "0x0",
            "gasLimit": "0x1c9c380", "alloc": chain.alloc});
        std::fs::write(directory.path().join("genesis.json"), genesis.to_string()).unwrap();
        "--genesis genesis.json"
    });
    Capture::with(directory, url, flags)
}

fn is_complete(capture: &Capture, chain: &Chain) {
    let metadata = capture.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["state_root"], chain.state_root);
    assert_eq!(metadata["counts"]["accounts"], ACCOUNTS + 1);
}

#[test]
fn erigon_is_captured_with_its_own_pages() {
    let own = |chain: &Chain, method: &str, params: &Value| {
        (method == PAGE).then(|| chain.page_by_address(params))
    };
    let (chain, url) = node("erigon/3.4.0-dev/linux-amd64/go1.26", own);
    let capture = capture(&url, None);
    is_complete(&capture, &chain);
    assert_eq!(capture.metadata()["source"]["kind"], PAGE);
}

/// Without its debug namespace, `eth_getStorageAt` is ahead of the block, too.
#[test]
fn erigon_without_debug_is_captured_with_proofs() {
    let own = |_: &Chain, method: &str, params: &Value| {
        let ahead = method == "eth_getStorageAt" && params[1] == slot(1);
        let value = if ahead { 0x63 } else { 0 };
        (method == "eth_getStorageAt").then(|| Ok(slot(value).into()))
    };
    let (chain, url) = node("erigon/3.4.0-dev/linux-amd64/go1.26", own);
    // The genesis has another value, so that the capture looks the slot up.
    let mut old = chain.clone();
    old.alloc[CONTRACT]["storage"][slot(1)] = slot(1).into();
    is_complete(&capture(&url, Some(&old)), &chain);
}

#[test]
fn reth_is_captured_with_proofs() {
    let own = |_: &Chain, method: &str, _: &Value| {
        (method == PAGE).then_some(Err((-32602, "Invalid params")))
    };
    let (chain, url) = node("reth/v2.5.1-0000000/x86_64-unknown-linux-gnu", own);
    let run = capture(&url, Some(&chain));
    is_complete(&run, &chain);
    assert_eq!(run.metadata()["source"]["kind"], "eth_getProof");
    // Without the genesis, the addresses are unknown.
    let refused = capture(&url, None);
    refused.fails(4, "eth_getProof returns no accounts");
    assert!(refused.stderr.contains("--genesis FILE"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("geth"), "{}", refused.stderr);
}

/// Besu uses the same method name for something else.
#[test]
fn besu_is_captured_with_proofs() {
    let own = |_: &Chain, method: &str, _: &Value| {
        (method == PAGE).then(|| Ok(json!({"addressMap": {}, "nextKey": "0x01"})))
    };
    let (chain, url) = node("besu/v26.1.0/linux-x86_64/openjdk-java-21", own);
    is_complete(&capture(&url, Some(&chain)), &chain);
}

#[test]
fn hints_match_the_client() {
    let refuses = |code, message| {
        move |_: &Chain, method: &str, _: &Value| {
            let state = method.starts_with("debug_")
                || method.starts_with("anvil_")
                || method == "eth_getProof";
            state.then_some(Err((code, message)))
        }
    };
    let window = "distance to target block exceeds maximum proof window";
    for (version, code, message, named) in [
        ("HardhatNetwork/2.26.3/x", -32004, "Method x is not supported", "deploy to an anvil"),
        (
            "Ganache/v7.9.2/EthereumJS TestRPC/v7.9.2/ethereum-js",
            -32700,
            "no",
            "deploy to an anvil",
        ),
        ("reth/v2.5.1", -32000, window, "--rpc.eth-proof-window"),
        ("erigon/3.4.0", -32601, "the method does not exist", "--prune.mode archive"),
        ("besu/v26.1.0", -32601, "Method not found", "--rpc-http-api"),
        ("Nethermind/v1.36.0", -32601, "Method not found", "EnabledModules"),
        ("Geth/v1.17.4", -32601, "the method does not exist", "geth --http.api"),
    ] {
        let (_, url) = node(version, refuses(code, message));
        let capture = capture(&url, None);
        capture.fails(4, "debug_accountRange");
        assert!(capture.stderr.contains(named), "{version}: {}", capture.stderr);
        let of_geth = capture.stderr.contains("geth --");
        assert_eq!(of_geth, version.starts_with("Geth"), "{version}: {}", capture.stderr);
    }
}

/// A refusal in the middle of a capture is an error, and the progress is kept: a retry without `incompletes`
/// would silently omit accounts.
#[test]
fn a_refusal_midway_is_not_mistaken_for_another_dialect() {
    let chain = super::server::Chain::new(600);
    let own = move |method: &str, params: &Value| {
        Ok(match method {
            "web3_clientVersion" => json!("Geth/v1.17.4"),
            PAGE if params[5] != true => json!({"root": &chain.state_root[2..], "accounts": {}}),
            PAGE if params[1] == "0x" => chain.page("0x"),
            PAGE => return Err((-32000, "state is busy")),
            "eth_chainId" => json!("0x539"),
            _ => chain.block(),
        })
    };
    let capture = capture(&serve(own, |_| Reply::Honest), None);
    capture.fails(4, "state is busy");
    assert!(capture.stderr.contains("run the same command again to resume"), "{}", capture.stderr);
}
