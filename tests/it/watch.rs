//! `regenesis watch` against made-up clients: what it sends them, in which order, and how often.

mod renew;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{eventually, regenesis};

/// Hash of the execution block of this number.
fn hash(number: u64) -> String {
    format!("0x{number:064x}")
}

/// Method, parameters, `Authorization`.
type Call = (String, Value, String);

/// Both clients behind one port, stalled: geth with block 16, the beacon node with block 14.
struct Clients {
    port: u16,
    /// Whether `debug_setHead` lets the beacon node build a block.
    recovers: Arc<AtomicBool>,
    /// Calls that may change the chain.
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Clients {
    fn start(genesis: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(Mutex::new(Vec::<Call>::new()));
        let record = Arc::clone(&calls);
        let recovers = Arc::new(AtomicBool::new(false));
        let may_recover = Arc::clone(&recovers);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let has_rewound =
                    record.lock().unwrap().iter().any(|(method, ..)| method == "debug_setHead");
                let head = if has_rewound && may_recover.load(Relaxed) { 15 } else { 14 };
                serve(stream.unwrap(), &genesis, head, &record);
            }
        });
        Self { port, recovers, calls }
    }

    fn methods(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(method, ..)| method.clone()).collect()
    }

    fn wait_for(&self, calls: usize) {
        let end = Instant::now() + Duration::from_mins(3);
        while self.calls.lock().unwrap().len() < calls {
            assert!(Instant::now() < end, "only {:?}", self.methods());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn serve(mut stream: TcpStream, genesis: &Value, head_of_beacon: u64, record: &Mutex<Vec<Call>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let Some(first) = head.first() else { return };
    let header = |name: &str| {
        let mut lines = head.iter().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let body = if first.starts_with("POST") {
        let mut body = vec![0; header("content-length").parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let call: Value = serde_json::from_slice(&body).unwrap();
        let (method, params) = (call["method"].as_str().unwrap(), &call["params"]);
        if method.starts_with("engine_") || method.starts_with("debug_") {
            let authorization = header("authorization");
            record.lock().unwrap().push((method.to_owned(), params.clone(), authorization));
        }
        json!({"jsonrpc": "2.0", "id": call["id"], "result": execution(genesis, method, params)})
    } else {
        beacon(genesis, head_of_beacon, first.split(' ').nth(1).unwrap())
    };
    let body = body.to_string();
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
}

fn execution(genesis: &Value, method: &str, params: &Value) -> Value {
    let block = |number: u64| {
        json!({"number": format!("{number:#x}"), "hash": hash(number), "timestamp": "0x10",
            "transactions": []})
    };
    match (method, params[0].as_str()) {
        ("web3_clientVersion", _) => json!("Geth/v1.17.4-stable/linux-amd64/go1.26.0"),
        ("eth_getBlockByNumber", Some("0x0")) => {
            json!({"number": "0x0", "hash": genesis["el"]["block_hash"]})
        }
        ("eth_getBlockByNumber", Some("latest")) => block(16),
        ("eth_getBlockByNumber", Some("finalized")) => Value::Null,
        ("eth_getBlockByNumber", Some(number)) => {
            block(u64::from_str_radix(&number[2..], 16).unwrap())
        }
        (method, _) if method.starts_with("engine_forkchoiceUpdated") => {
            json!({"payloadStatus": {"status": "VALID"}, "payloadId": null})
        }
        _ => Value::Null,
    }
}

fn beacon(genesis: &Value, head: u64, path: &str) -> Value {
    let number = head.to_string();
    match path {
        "/eth/v1/beacon/genesis" => json!({"data": {
            "genesis_time": genesis["cl"]["genesis_time"].to_string(),
            "genesis_validators_root": genesis["cl"]["genesis_validators_root"],
        }}),
        "/eth/v1/node/syncing" => json!({"data": {"head_slot": number, "el_offline": false}}),
        "/eth/v2/beacon/blocks/head" => json!({"version": "fulu", "data": {"message": {
            "slot": number, "parent_root": hash(99),
            "body": {"execution_payload": {"block_number": number, "block_hash": hash(head)}},
        }}}),
        other => panic!("{other} was asked for"),
    }
}

/// A running `watch`, or one of its clients, which ends with its test.
struct Watch {
    process: Child,
    log: tempfile::NamedTempFile,
}

impl Watch {
    fn start(directory: &Path, port: u16, arguments: &[&str]) -> Self {
        let mut command = regenesis();
        let url = format!("127.0.0.1:{port}");
        command.args(["watch", "--el", &url, "--cl", &url, "--engine", &url]).args(arguments);
        Self::of(command.current_dir(directory))
    }

    fn of(command: &mut Command) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let process = command.stderr(log.reopen().unwrap()).spawn().unwrap();
        Self { process, log }
    }

    /// Its output so far.
    fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log.path()).unwrap()).into_owned()
    }

    /// Ends it; what it printed.
    fn end(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.said()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A directory with `runtime`, whose genesis was two minutes ago; its summary.
fn runtime() -> (tempfile::TempDir, Value) {
    let directory = tempfile::tempdir().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let time = (now.as_secs() - 120).to_string();
    let mut init = regenesis();
    let output = init.args(["init", "--timestamp", &time]).current_dir(directory.path());
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = std::fs::read(directory.path().join("runtime/regenesis.json")).unwrap();
    (directory, serde_json::from_slice(&summary).unwrap())
}

#[test]
fn geth_that_is_ahead_gets_each_cure_once() {
    let (directory, genesis) = runtime();
    let clients = Clients::start(genesis);
    let watch = Watch::start(directory.path(), clients.port, &[]);
    clients.wait_for(2);
    eventually("watch gives up", || watch.said().contains("error: "));
    std::thread::sleep(Duration::from_secs(4));
    let text = watch.end();
    let calls = clients.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), 2, "nothing is repeated: {calls:?}");
    let zero = hash(0);
    let state =
        json!({"headBlockHash": hash(16), "safeBlockHash": zero, "finalizedBlockHash": zero});
    assert_eq!(calls[0].0, "engine_forkchoiceUpdatedV3");
    assert_eq!(calls[0].1, json!([state, null]));
    let token = calls[0].2.strip_prefix("Bearer ").unwrap();
    assert_eq!(token.split('.').count(), 3, "a JWT");
    assert_eq!(calls[1].0, "debug_setHead");
    assert_eq!(calls[1].1, json!(["0xe"]));
    assert_eq!(calls[1].2, "", "the token is for the Engine API alone");
    assert!(!text.contains(token), "{text}");
    assert_eq!(text.matches("error: ").count(), 1, "it gives up once: {text}");
    assert!(text.contains("hint: "), "{text}");
}

/// Both actions collect blocks 15 and 16, which leave the chain once.
#[test]
fn the_cost_of_healing_counts_each_block_once() {
    let (directory, genesis) = runtime();
    let clients = Clients::start(genesis);
    clients.recovers.store(true, Relaxed);
    let watch = Watch::start(directory.path(), clients.port, &[]);
    clients.wait_for(2);
    eventually("watch names the cost", || watch.said().contains("blocks replaced: "));
    let text = watch.end();
    assert!(text.contains("blocks replaced: 2; transactions in them: 0"), "{text}");
}

#[test]
fn a_chain_that_is_not_ours_is_never_touched() {
    let (directory, mut genesis) = runtime();
    genesis["el"]["block_hash"] = hash(7).into();
    let clients = Clients::start(genesis);
    let watch = Watch::start(directory.path(), clients.port, &[]);
    eventually("watch names the chain", || watch.said().contains("runs genesis "));
    std::thread::sleep(Duration::from_secs(12));
    let text = watch.end();
    assert_eq!(clients.methods(), Vec::<String>::new());
    assert!(text.contains(&format!("runs genesis {}", hash(7))), "{text}");
    assert!(text.contains("watch leaves this chain alone"), "{text}");
}

#[test]
fn nothing_is_done_where_only_reports_are_allowed() {
    let (directory, genesis) = runtime();
    let clients = Clients::start(genesis);
    let watch = Watch::start(directory.path(), clients.port, &["--heal", "never"]);
    eventually("watch names the cure", || watch.said().contains("--heal keep"));
    std::thread::sleep(Duration::from_secs(6));
    let text = watch.end();
    assert_eq!(clients.methods(), Vec::<String>::new());
    assert!(text.contains("has block 16, but the head of the beacon node is block 14"), "{text}");
    assert!(text.contains("regenesis watch --heal keep"), "{text}");
}
