//! A node that lies, stumbles or stalls: every time a clear error, nothing written as a snapshot,
//! and memory within bounds.

mod clients;
mod endless;
mod history;
mod interrupted;
mod library;
mod password;
mod place;
pub mod served_history;
pub mod server;

use crate::support::{PROGRAM, regenesis};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use server::{Call, Reply, Server};

/// Three pages.
const ACCOUNTS: u64 = 600;
const PAGE: &str = "debug_accountRange";

pub struct Capture {
    directory: tempfile::TempDir,
    code: Option<i32>,
    stderr: String,
}

impl Capture {
    fn of(server: &Server) -> Self {
        Self::into(tempfile::tempdir().unwrap(), server)
    }

    fn into(directory: tempfile::TempDir, server: &Server) -> Self {
        Self::with(directory, &server.url, "")
    }

    /// With further flags.
    fn with(directory: tempfile::TempDir, url: &str, flags: &str) -> Self {
        // More memory than a capture of this size needs from an honest node.
        let command =
            format!("ulimit -v 1500000; exec {PROGRAM} capture --el-rpc {url} --out out {flags}");
        let output = Command::new("sh")
            .arg("-c")
            .arg(command)
            .current_dir(directory.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { directory, code: output.status.code(), stderr }
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    fn metadata(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_slice(&std::fs::read(self.out().join("metadata.json")).unwrap()).unwrap()
    }

    /// Asserts that it failed so, and left no snapshot.
    fn fails(&self, code: i32, what: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains("error: ") && self.stderr.contains(what), "{}", self.stderr);
        assert!(!self.out().exists(), "a snapshot was written");
    }

    /// Asserts that nothing at all is left.
    fn leaves_nothing(&self) {
        let left: Vec<_> = std::fs::read_dir(self.directory.path()).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Spoils the calls of a method from the `from`th on.
fn spoil(
    method: &'static str,
    from: usize,
    reply: impl Fn(&Call<'_>) -> Reply + Send + Sync + 'static,
) -> Server {
    Server::start(ACCOUNTS, move |call| {
        if call.method == method && call.before >= from { reply(call) } else { Reply::Honest }
    })
}

#[test]
fn an_honest_node_is_captured_and_proven() {
    let server = Server::start(ACCOUNTS, |_| Reply::Honest);
    let capture = Capture::of(&server);
    let metadata = capture.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["counts"]["accounts"], ACCOUNTS);
    assert_eq!(metadata["state_root"], server.chain.state_root);
    assert_eq!(metadata["source"]["block"]["number"], 7);
    assert!(!capture.directory.path().join("out.capture").exists());
}

#[test]
fn a_dump_cut_at_256_accounts_is_refused() {
    let server = Server::start(ACCOUNTS, |call| {
        if call.method != PAGE {
            return Reply::Honest;
        }
        let mut page = server::Chain::new(ACCOUNTS).page("0x");
        page.as_object_mut().unwrap().remove("next");
        Reply::Result(page)
    });
    let capture = Capture::of(&server);
    capture.fails(5, "returned 256 accounts with the state root");
    assert!(capture.stderr.contains("one page of a dump"), "{}", capture.stderr);
    capture.leaves_nothing();
}

#[test]
fn a_missing_account_is_noticed() {
    let server = spoil(PAGE, 1, |call| {
        let mut page = server::Chain::new(ACCOUNTS).page(call.params[1].as_str().unwrap());
        let accounts = page["accounts"].as_object_mut().unwrap();
        let first = accounts.keys().next().unwrap().clone();
        accounts.remove(&first);
        Reply::Result(page)
    });
    Capture::of(&server).fails(5, "the capture is incomplete");
}

#[test]
fn a_truncated_answer_is_requested_again() {
    let server = Server::start(ACCOUNTS, |call| {
        if call.method == PAGE && call.before < 2 { Reply::Cut } else { Reply::Honest }
    });
    let capture = Capture::of(&server);
    assert_eq!(capture.metadata()["proven"], true);
    assert!(capture.stderr.contains("again in 0.25 s"), "{}", capture.stderr);
}

#[test]
fn a_capture_resumes_where_it_was_interrupted() {
    let server = spoil(PAGE, 2, |_| Reply::Gone);
    let capture = Capture::of(&server);
    capture.fails(4, "cannot be reached");
    assert!(capture.stderr.contains("run the same command again to resume"), "{}", capture.stderr);
    let again = Server::start(ACCOUNTS, |call| {
        let begins = call.method == PAGE && call.params[1] == "0x";
        if begins { Reply::Raw("500 Internal Server Error", vec![]) } else { Reply::Honest }
    });
    let capture = Capture::into(capture.directory, &again);
    assert_eq!(capture.metadata()["counts"]["accounts"], ACCOUNTS);
    assert!(capture.stderr.contains("resume  at 512 accounts"), "{}", capture.stderr);
}

#[test]
fn a_loop_of_cursors_ends() {
    let first = |call: &Call<'_>| {
        let mut page = server::Chain::new(ACCOUNTS).page(call.params[1].as_str().unwrap());
        page["next"] = format!("0x{}", "00".repeat(32)).into();
        Reply::Result(page)
    };
    Capture::of(&spoil(PAGE, 0, first)).fails(4, "pages are out of order");
    let same = |_: &Call<'_>| Reply::Result(server::Chain::new(ACCOUNTS).page("0x"));
    Capture::of(&spoil(PAGE, 0, same)).fails(4, "pages are out of order");
    let empty = |_: &Call<'_>| {
        Reply::Result(json!({"accounts": {}, "next": format!("0x{}", "ff".repeat(32))}))
    };
    Capture::of(&spoil(PAGE, 0, empty)).fails(4, "pages are out of order");
}

#[test]
fn a_page_of_another_state_is_refused() {
    let server = spoil(PAGE, 1, |call| {
        let mut page = server::Chain::new(ACCOUNTS).page(call.params[1].as_str().unwrap());
        page["root"] = "ab".repeat(32).into();
        Reply::Result(page)
    });
    Capture::of(&server).fails(5, "the node returns state root 0xabab");
}

#[test]
fn hashes_without_preimages_are_named() {
    let server = spoil(PAGE, 0, |call| {
        let mut page = server::Chain::new(ACCOUNTS).page(call.params[1].as_str().unwrap());
        let accounts = std::mem::take(page["accounts"].as_object_mut().unwrap());
        for (address, mut account) in accounts {
            account.as_object_mut().unwrap().remove("address");
            let hash = account["key"].as_str().unwrap().to_owned();
            let key = if address.ends_with('0') { format!("pre({hash})") } else { address };
            page["accounts"][key] = account;
        }
        Reply::Result(page)
    });
    let capture = Capture::of(&server);
    assert!(capture.stderr.contains("--cache.preimages"), "{}", capture.stderr);
    capture.fails(5, "without address (first pre(0x");
}

#[test]
fn a_stub_that_answers_null_is_named() {
    let capture = Capture::of(&spoil(PAGE, 0, |_| Reply::Result(Value::Null)));
    assert!(capture.stderr.contains("reth"), "{}", capture.stderr);
    capture.fails(4, "debug_accountRange returns null");
}

/// geth before 1.11.
#[test]
fn base64_cursors_are_accepted() {
    let server = spoil(PAGE, 0, |call| {
        let start = call.params[1].as_str().unwrap();
        if start == "0x" {
            return Reply::Refused(-32602, "illegal base64 data at input byte 1");
        }
        let hex = if start.is_empty() {
            String::new()
        } else {
            format!("0x{}", hex::encode(from_base64(start)))
        };
        let mut page = server::Chain::new(ACCOUNTS).page(&hex);
        if let Some(next) = page.get("next").and_then(Value::as_str) {
            page["next"] = to_base64(&hex::decode(&next[2..]).unwrap()).into();
        }
        Reply::Result(page)
    });
    assert_eq!(Capture::of(&server).metadata()["counts"]["accounts"], ACCOUNTS);
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let mut bits: Vec<u8> = bits(bytes.iter().copied(), 8);
    bits.resize(bits.len().next_multiple_of(6), 0);
    let mut text: String =
        bits.chunks(6).map(|six| char::from(ALPHABET[usize::from(number(six))])).collect();
    text.push_str(["", "===", "==", "="][text.len() % 4]);
    text
}

fn from_base64(text: &str) -> Vec<u8> {
    let index = |c| ALPHABET.iter().position(|known| *known == c).unwrap();
    let sixes = text.trim_end_matches('=').bytes().map(|c| u8::try_from(index(c)).unwrap());
    bits(sixes, 6).chunks_exact(8).map(number).collect()
}

fn bits(numbers: impl Iterator<Item = u8>, width: u8) -> Vec<u8> {
    numbers.flat_map(|number| (0..width).rev().map(move |bit| number >> bit & 1)).collect()
}

fn number(bits: &[u8]) -> u8 {
    bits.iter().fold(0, |number, bit| number << 1 | bit)
}

#[test]
fn a_server_that_is_not_a_node_is_reported() {
    let html = || Reply::Raw("404 Not Found", b"<html>no such page</html>".to_vec());
    Capture::of(&spoil(PAGE, 1, move |_| html())).fails(4, "answers 404 Not Found: \"<html>");
    let html = || Reply::Raw("200 OK", b"<html>welcome</html>".to_vec());
    Capture::of(&spoil("eth_chainId", 0, move |_| html())).fails(4, "is not JSON-RPC: \"<html>");
    let redirect = || {
        let status = "302 Found\r\nLocation: http://example.org/";
        Reply::Raw(status, vec![])
    };
    Capture::of(&spoil(PAGE, 0, move |_| redirect())).fails(4, "redirects to http://example.org/");
    let gzip = || Reply::Raw("200 OK\r\nContent-Encoding: gzip", vec![0x1f, 0x8b, 8, 0, 0]);
    Capture::of(&spoil(PAGE, 0, move |_| gzip())).fails(4, "is not JSON-RPC");
    let mismatch = || Reply::Raw("200 OK", br#"{"jsonrpc":"2.0","id":999,"result":{}}"#.to_vec());
    Capture::of(&spoil(PAGE, 0, move |_| mismatch())).fails(4, "with id 999");
    // Text from a node must not send commands to the terminal.
    let bell = || Reply::Refused(-32000, "\u{1b}[2J\u{7}boo");
    let capture = Capture::of(&spoil(PAGE, 0, move |_| bell()));
    assert!(!capture.stderr.contains('\u{1b}'), "{:?}", capture.stderr);
    capture.fails(4, "boo");
}

#[test]
fn a_busy_proxy_is_asked_again() {
    let server = Server::start(ACCOUNTS, |call| {
        let busy = call.method == PAGE && call.before == 1;
        if busy { Reply::Raw("503 Service Unavailable", b"busy".to_vec()) } else { Reply::Honest }
    });
    assert_eq!(Capture::of(&server).metadata()["proven"], true);
}

#[test]
fn a_dripping_answer_times_out() {
    let server = spoil("eth_chainId", 0, |_| Reply::Drip);
    Capture::with(tempfile::tempdir().unwrap(), &server.url, "--rpc-timeout 2")
        .fails(4, "eth_chainId does not answer within 2 s");
}

#[test]
fn the_block_must_still_be_there_at_the_end() {
    let reorganised = |call: &Call<'_>| {
        if call.params[0] != "0x7" {
            return Reply::Honest;
        }
        let mut block = server::Chain::new(ACCOUNTS).block();
        block["hash"] = format!("0x{}", "bb".repeat(32)).into();
        Reply::Result(block)
    };
    Capture::of(&spoil("eth_getBlockByNumber", 0, reorganised)).fails(4, "it was reorganised");
    let other = |_: &Call<'_>| Reply::Result("0x1".into());
    Capture::of(&spoil("eth_chainId", 1, other))
        .fails(4, "was on chain 1337, and is now on chain 1");
}

fn anvil(dump: fn() -> Vec<u8>) -> Server {
    Server::start(ACCOUNTS, move |call| match call.method {
        PAGE => Reply::Refused(-32601, "Method not found"),
        "anvil_dumpState" => {
            let answer = format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x{}\"}}",
                hex::encode(dump())
            );
            Reply::Raw("200 OK", answer.into_bytes())
        }
        _ => Reply::Honest,
    })
}

fn gzip(text: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    use std::io::Write;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    text.for_each(|piece| out.write_all(&piece).unwrap());
    out.finish().unwrap()
}

#[test]
fn gzip_bombs_do_not_explode() {
    let zeros = || gzip((0..1024).map(|_| vec![0; 1 << 20]));
    Capture::of(&anvil(zeros)).fails(4, "found a NUL byte");
    let endless = || {
        let head = std::iter::once(b"{\"accounts\": {\"".to_vec());
        gzip(head.chain((0..1024).map(|_| vec![b'a'; 1 << 20])))
    };
    Capture::of(&anvil(endless)).fails(4, "has a value longer than");
    let deep = || {
        gzip(
            std::iter::once(b"{\"accounts\": {\"a\": ".to_vec())
                .chain((0..64).map(|_| vec![b'['; 1 << 20])),
        )
    };
    Capture::of(&anvil(deep)).fails(4, "not valid JSON");
}

#[test]
fn errors_about_urls_hide_their_secrets() {
    for (url, what) in [
        ("ws://127.0.0.1:1", "has the scheme ws"),
        ("http://", "is not the URL of a server"),
        ("http://user:secret@127.0.0.1:1/key", "http://127.0.0.1:1 cannot be reached"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let output = regenesis()
            .args(["capture", "--el-rpc", url])
            .current_dir(directory.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(what) && !stderr.contains("secret"), "{stderr}");
    }
}
