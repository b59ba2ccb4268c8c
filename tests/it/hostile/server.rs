//! A node that lies: an honest small chain, of whose answers a test spoils one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use alloy_primitives::{Address, keccak256};
use regenesis::el::genesis;
use serde_json::{Value, json};

/// How the server handles a call.
pub enum Reply {
    /// The answer of an honest node.
    Honest,
    /// This result.
    Result(Value),
    /// A JSON-RPC error.
    Refused(i64, &'static str),
    /// This status and body, whatever it is.
    Raw(&'static str, Vec<u8>),
    /// The honest answer up to its middle, then the end of the connection.
    Cut,
    /// No answer, and the end of the connection.
    Gone,
    /// One byte now and then, forever.
    Drip,
    /// This prefix, then generated parts, forever.
    Endless(&'static str, fn(u64) -> String),
}

/// A call as the test sees it: how many of this method came before, and the parameters.
pub struct Call<'a> {
    pub method: &'a str,
    pub before: usize,
    pub params: &'a Value,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
}

/// The chain: accounts in the trie's order, with 1 + index wei.
pub struct Chain {
    pub accounts: Vec<Address>,
    pub state_root: String,
}

pub const HASH: &str = "0x00000000000000000000000000000000000000000000000000000000000000aa";

impl Chain {
    pub fn new(count: u64) -> Self {
        let address = |i: u64| Address::from_word(keccak256(i.to_be_bytes()));
        let mut accounts: Vec<_> = (0..count).map(address).collect();
        accounts.sort_by_key(|address| keccak256(address));
        let entry = |(i, a): (usize, &Address)| format!("\"{a}\": {{\"balance\": \"{}\"}}", i + 1);
        let entries: Vec<_> = accounts.iter().enumerate().map(entry).collect();
        let text = format!("{{\"alloc\": {{{}}}}}", entries.join(","));
        let (_, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
        Self { accounts, state_root: state.root().to_string() }
    }

    /// A page in the style of geth.
    pub fn page(&self, start: &str) -> Value {
        let at = |address: &&Address| keccak256(address).to_string().as_str() < start;
        let first = self.accounts.iter().filter(at).count();
        let last = (first + 256).min(self.accounts.len());
        let mut accounts = serde_json::Map::new();
        for index in first..last {
            let address = self.accounts[index];
            let account = json!({
                "balance": (index + 1).to_string(), "nonce": 0,
                "root": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
                "codeHash": "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
                "address": address, "key": keccak256(address),
            });
            accounts.insert(address.to_string(), account);
        }
        let mut page = json!({"root": self.state_root[2..], "accounts": accounts});
        if let Some(next) = self.accounts.get(last) {
            page["next"] = keccak256(next).to_string().into();
        }
        page
    }

    pub fn block(&self) -> Value {
        json!({"number": "0x7", "hash": HASH, "stateRoot": self.state_root, "timestamp": "0x10",
            "gasLimit": "0x1c9c380", "baseFeePerGas": "0x7", "withdrawalsRoot": HASH})
    }

    pub fn honest(&self, method: &str, params: &Value) -> Answer {
        Ok(match method {
            "eth_chainId" => json!("0x539"),
            "web3_clientVersion" => json!("Geth/hostile"),
            "eth_getBlockByNumber" if params[0] == "0x8" => Value::Null,
            "eth_getBlockByNumber" | "eth_getBlockByHash" => self.block(),
            "debug_accountRange" => self.page(params[1].as_str().unwrap()),
            _ => return Err((-32601, "the method does not exist/is not available")),
        })
    }
}

/// The result or error of an honest node.
pub type Answer = Result<Value, (i64, &'static str)>;

/// The server; it listens until the test ends.
pub struct Server {
    pub url: String,
    pub chain: Arc<Chain>,
}

impl Server {
    pub fn start(count: u64, script: impl Fn(&Call<'_>) -> Reply + Send + Sync + 'static) -> Self {
        let chain = Arc::new(Chain::new(count));
        let served = Arc::clone(&chain);
        let url = serve(move |method, params| served.honest(method, params), script);
        Self { url, chain }
    }
}

/// Serves what `honest` answers but for what `script` spoils; where.
pub fn serve(
    honest: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static,
    script: impl Fn(&Call<'_>) -> Reply + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = listener.local_addr().unwrap().to_string();
    let counts = Mutex::new(std::collections::HashMap::<String, usize>::new());
    let count = move |method: &str| {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(method.to_owned()).or_default();
        *count += 1;
        *count - 1
    };
    let parts = Arc::new((honest, script, count));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let parts = Arc::clone(&parts);
            std::thread::spawn(move || speak(stream, &parts.0, &parts.1, &parts.2));
        }
    });
    url
}

fn speak(
    mut stream: TcpStream,
    honest: &dyn Fn(&str, &Value) -> Answer,
    script: &dyn Fn(&Call<'_>) -> Reply,
    count: &dyn Fn(&str) -> usize,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some((body, authorization)) = request(&mut reader) {
        let authorization = authorization.as_deref();
        let question: Value = serde_json::from_slice(&body).unwrap();
        let calls = question.as_array().map_or(std::slice::from_ref(&question), Vec::as_slice);
        let mut odd = None;
        let mut answers = Vec::new();
        for call in calls {
            let (method, params) = (call["method"].as_str().unwrap(), &call["params"]);
            let answer =
                match script(&Call { method, before: count(method), params, authorization }) {
                    Reply::Result(result) => Ok(result),
                    Reply::Refused(code, message) => Err((code, message)),
                    Reply::Honest => honest(method, params),
                    other => {
                        odd = Some(other);
                        honest(method, params)
                    }
                };
            answers.push(match answer {
                Ok(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result}),
                Err((code, message)) => {
                    let error = json!({"code": code, "message": message});
                    json!({"jsonrpc": "2.0", "id": call["id"], "error": error})
                }
            });
        }
        let answer =
            if question.is_array() { Value::from(answers) } else { answers.remove(0) }.to_string();
        match odd {
            Some(Reply::Raw(status, body)) => send(&mut stream, status, &body),
            Some(Reply::Cut) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&answer.as_bytes()[..answer.len() / 2]);
                return;
            }
            Some(Reply::Gone) => return,
            Some(Reply::Endless(head, more)) => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(head.as_bytes());
                let mut writer = std::io::BufWriter::with_capacity(1 << 20, stream);
                let mut number = 0;
                while writer.write_all(more(number).as_bytes()).is_ok() {
                    number += 1;
                }
                return;
            }
            Some(Reply::Drip) => {
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{";
                let _ = stream.write_all(head.as_bytes());
                while stream.write_all(b" ").is_ok() {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                return;
            }
            _ => send(&mut stream, "200 OK", answer.as_bytes()),
        }
    }
}

fn send(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

/// The body of a request, and its header `Authorization`.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(Vec<u8>, Option<String>)> {
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                authorization = Some(value.trim().to_owned());
            }
            _ => {}
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((body, authorization))
}
