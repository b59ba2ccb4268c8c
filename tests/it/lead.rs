//! `--lead auto` learns how long the clients need: from made-up clients, and from hostile files.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Place, regenesis};

const FILE: &str = "out/.regenesis/start-times.json";
const FIRST_HASH: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A place with a genesis in `out`, whose slots have two seconds.
pub fn init(place: &Place, arguments: &[&str]) -> Value {
    place.run(&[&["init", "--out", "out", "--jwt", "new"], arguments].concat()).succeeds();
    place.json("out/regenesis.json")
}

/// The same; genesis must be `lead` seconds later.
fn init_with_lead(place: &Place, arguments: &[&str], lead: u64) -> Value {
    let before = now();
    let genesis = init(place, arguments);
    assert_lead(before, &genesis, lead);
    genesis
}

/// Asserts that an `init` that began at `before` chose this lead.
fn assert_lead(before: u64, genesis: &Value, lead: u64) {
    let time = time_of(genesis);
    assert!((before + lead..=now() + lead).contains(&time), "{time}: {lead} s after {before}");
}

fn time_of(genesis: &Value) -> u64 {
    genesis["cl"]["genesis_time"].as_u64().unwrap()
}

/// When the genesis was complete.
fn stamped(place: &Place) -> u64 {
    let marker = place.at("out/regenesis.json").metadata().unwrap();
    u64::try_from(marker.mtime()).unwrap()
}

/// Both clients behind one port, which answer `ready` after the first question; their chain has its first
/// block in `slot`.
pub struct Clients {
    pub port: u16,
}

impl Clients {
    pub fn start(genesis: Value, ready: Duration, slot: u64) -> Self {
        // No other process gets this port before the clients are ready: connections wait here.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            // However late the first question comes, clients that are not ready at once refuse it.
            let mut begin = None;
            for stream in listener.incoming() {
                // A client that is not up yet closes the connection.
                if begin.get_or_insert_with(Instant::now).elapsed() >= ready {
                    serve(stream.unwrap(), &genesis, slot);
                }
            }
        });
        Self { port }
    }

    /// `regenesis health --wait`, which waits for the first block.
    fn wait(&self, place: &Place) -> String {
        let url = format!("127.0.0.1:{}", self.port);
        let mut command = regenesis();
        command.args(["health", "--wait", "40", "--runtime", "out", "--el", &url, "--cl", &url]);
        let output = command.current_dir(place.path()).output().unwrap();
        let text = crate::support::text(&output);
        assert!(output.status.success(), "{text}");
        text
    }
}

/// `regenesis watch`, until it has recorded a start; what it printed.
fn watch(place: &Place, clients: &Clients) -> String {
    let url = format!("127.0.0.1:{}", clients.port);
    let log = File::create(place.at("watch.log")).unwrap();
    let mut command = regenesis();
    command.args(["watch", "--runtime", "out", "--el", &url, "--cl", &url, "--engine", &url]);
    let mut watch = command.current_dir(place.path()).stderr(log).spawn().unwrap();
    let end = Instant::now() + Duration::from_mins(2);
    // The line follows the file.
    while !place.read("watch.log").contains("the clients were ready") && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    place.read("watch.log")
}

fn serve(mut stream: TcpStream, genesis: &Value, slot: u64) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let genesis_time = time_of(genesis);
    let block_time = genesis_time + 2 * slot;
    let builds = now() >= block_time;
    let answer = match serde_json::from_slice::<Value>(&body) {
        Ok(call) => {
            let result = match (call["method"].as_str().unwrap(), call["params"][0].as_str()) {
                ("eth_chainId", _) => json!("0x425d0"),
                ("web3_clientVersion", _) => json!("Geth/v1.17.4-stable/linux-amd64/go1.26.0"),
                ("eth_getBlockByNumber", Some("latest")) if !builds => json!({
                    "number": "0x0", "timestamp": format!("{genesis_time:#x}"),
                    "hash": genesis["el"]["block_hash"],
                }),
                ("eth_getBlockByNumber", Some("0x0")) => {
                    json!({"number": "0x0", "hash": genesis["el"]["block_hash"]})
                }
                _ => json!({
                    "number": "0x1", "timestamp": format!("{block_time:#x}"), "hash": FIRST_HASH,
                }),
            };
            json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
        }
        Err(_) if first.contains("/beacon/genesis") => json!({"data": {
            "genesis_time": genesis_time.to_string(),
            "genesis_validators_root": genesis["cl"]["genesis_validators_root"],
        }}),
        Err(_) if first.contains("/syncing") => {
            let head = if builds { slot } else { 0 };
            json!({"data": {"head_slot": head.to_string()}})
        }
        Err(_) if first.contains("/blocks/head") => {
            let (slot, number) = if builds { (slot, 1) } else { (0, 0) };
            let payload = json!({"block_number": number.to_string(), "block_hash": FIRST_HASH});
            let message = json!({"slot": slot.to_string(), "body": {"execution_payload": payload}});
            json!({"version": "fulu", "data": {"message": message}})
        }
        Err(_) => json!({"data": {"root": genesis["cl"]["block_root"]}}),
    };
    let body = answer.to_string();
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
}

/// The last recorded start, in seconds.
fn recorded(place: &Place) -> u64 {
    let starts = place.json(FILE)["starts"].as_array().unwrap().clone();
    starts.last().unwrap()["seconds"].as_u64().unwrap()
}

/// What may be recorded now, of clients that were not ready until three seconds after `begin`.
fn recordable(place: &Place, begin: u64) -> RangeInclusive<u64> {
    let stamped = stamped(place);
    begin + 3 - stamped..=now() - stamped
}

#[test]
fn the_next_lead_is_the_time_that_the_clients_needed() {
    let place = Place::new();
    let genesis = init_with_lead(&place, &[], 8);
    let begin = now();
    let clients = Clients::start(genesis, Duration::from_secs(3), 1);
    let text = clients.wait(&place);
    assert!(text.contains("the next lead depends on it"), "{text}");
    let first = recorded(&place);
    assert!(recordable(&place, begin).contains(&first), "{first}");
    // The same run does not count again.
    clients.wait(&place);
    assert_eq!(place.json(FILE)["starts"].as_array().unwrap().len(), 1);

    // Four slots lost: the lead grows by eight seconds, although the clients answer at once.
    let genesis = init_with_lead(&place, &["--lead", "6"], 6);
    let needed = time_of(&genesis) + 8 - stamped(&place);
    Clients::start(genesis, Duration::ZERO, 5).wait(&place);
    assert_eq!(recorded(&place), needed);
    // On a busy machine, the first start may have been the longer one.
    init_with_lead(&place, &[], needed.max(first));
    // Other clients start with their own guess; a lead that is given stays as it is.
    init_with_lead(&place, &["--layout", "lodestar"], 15);
    init_with_lead(&place, &["--lead", "3"], 3);
    assert!(place.has(FILE), "init keeps it");
}

#[test]
fn watch_records_what_the_clients_needed() {
    let place = Place::new();
    let said = place.run(&["init", "--out", "out"]).succeeds().stderr;
    assert!(said.contains("lead 8 s: a guess for these clients; regenesis watch"), "{said}");
    let genesis = place.json("out/regenesis.json");
    let begin = now();
    let said = watch(&place, &Clients::start(genesis, Duration::from_secs(3), 1));
    let seconds = recorded(&place);
    assert!(recordable(&place, begin).contains(&seconds), "{seconds}: {said}");
    let recorded = format!("the clients were ready {seconds} s after init");
    assert!(said.contains(&recorded), "{said}");
    let before = now();
    let said = place.run(&["init", "--out", "out"]).succeeds().stderr;
    let line = format!("lead {seconds} s: these clients needed {seconds} s at their last start\n");
    assert!(said.contains(&line), "{said}");
    assert_lead(before, &place.json("out/regenesis.json"), seconds);
    // A lead that is given; and a time of its own has none.
    let said = place.run(&["init", "--out", "out", "--lead", "3"]).succeeds().stderr;
    assert!(said.contains("lead 3 s: set by --lead\n"), "{said}");
    let said = place.run(&["init", "--out", "out", "--timestamp", "1800000000"]).succeeds().stderr;
    assert!(!said.contains("lead "), "{said}");
}

#[test]
fn a_hostile_file_changes_the_lead_within_limits_only() {
    let start = |seconds: &str| {
        format!(
            "{{\"starts\": [{{\"run_id\": \"a\", \"clients\": \"\", \"seconds\": {seconds}}}]}}"
        )
    };
    let place = Place::new();
    init(&place, &[]);
    for (file, expected) in [
        (start("12"), 12),
        (start("0"), 2),
        (start("18446744073709551615"), 30),
        (start("-1"), 8),
        (start("1e3"), 8),
        (start("12").replace("\"clients\": \"\"", "\"clients\": \"prysm\""), 8),
        (String::new(), 8),
        ("{".repeat(60_000), 8),
        ("x".repeat(1 << 22), 8),
    ] {
        place.write(FILE, &file);
        init_with_lead(&place, &[], expected);
        assert_eq!(place.read(FILE), file, "init only reads it");
    }
    std::fs::remove_file(place.at(FILE)).unwrap();
    assert!(Command::new("mkfifo").arg(place.at(FILE)).status().unwrap().success());
    init_with_lead(&place, &[], 8);
    std::fs::remove_file(place.at(FILE)).unwrap();
    let target = place.write("target", start("12"));
    symlink(&target, place.at(FILE)).unwrap();
    let before = now();
    let genesis = init(&place, &[]);
    assert!((before + 2..=now() + 30).contains(&time_of(&genesis)));
    // The start is observed, and the link and its target stay.
    Clients::start(genesis, Duration::ZERO, 1).wait(&place);
    assert_eq!(place.read("target"), start("12"));
    assert!(place.at(FILE).is_symlink());
}

#[test]
fn a_directory_that_is_not_ours_gets_no_record() {
    let place = Place::new();
    let genesis = init(&place, &[]);
    std::fs::remove_file(place.at("out/.regenesis/mark")).unwrap();
    let text = Clients::start(genesis, Duration::ZERO, 1).wait(&place);
    assert!(!place.has(FILE) && !text.contains("next lead"), "{text}");
}
