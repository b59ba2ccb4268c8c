//! A node that requires a password: regenesis sends it and never prints it.

use crate::support::regenesis;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::server::{Reply, Server};
use super::{ACCOUNTS, Capture};

/// `user:pass word` (RFC 7617).
const HEADER: &str = "Basic dXNlcjpwYXNzIHdvcmQ=";
const USER: &str = "user:pass%20word";
const SECRETS: [&str; 3] = ["pass word", "pass%20word", "dXNlcjpwYXNzIHdvcmQ="];

/// A server that accepts only this header, and echoes any other in its answer.
fn guarded() -> Server {
    Server::start(ACCOUNTS, |call| match call.authorization {
        Some(HEADER) => Reply::Honest,
        other => {
            let echo = format!("who is {}? try pass word", other.unwrap_or("that"));
            Reply::Raw("401 Unauthorized", echo.into_bytes())
        }
    })
}

fn assert_hidden(text: &str) {
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
}

#[test]
fn user_and_password_are_sent() {
    let server = guarded();
    for url in [
        format!("http://{USER}@{}", server.url),
        format!("{USER}@{}", server.url),
        format!("http://{USER}@{}/", server.url),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let capture = Capture::with(directory, &format!("'{url}'"), "");
        assert_eq!(capture.metadata()["proven"], true);
        assert_hidden(&capture.stderr);
        let mut written = Command::new("grep");
        written.args(["-rE", "pass.{0,3}word|dXNlcj"]);
        assert_eq!(grep(&mut written, &capture), "", "no file has it");
    }
}

fn grep(command: &mut Command, capture: &Capture) -> String {
    let output = command.arg(capture.directory.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_wrong_password_is_reported_without_the_password() {
    let server = guarded();
    let capture = Capture::of(&server);
    capture.fails(4, "answers 401 Unauthorized");
    assert!(capture.stderr.contains("http://user:password@host:port"), "{}", capture.stderr);
    for user in ["user:wrong-one", "lonely", "other:wrong-two"] {
        let url = format!("'http://{user}@{}'", server.url);
        let capture = Capture::with(tempfile::tempdir().unwrap(), &url, "");
        capture.fails(4, "answers 401 Unauthorized");
        let password = user.split(':').nth(1).unwrap_or("lonely");
        assert!(!capture.stderr.contains(password), "{}", capture.stderr);
    }
    // A node that echoes the password, wherever it does.
    let echoes = Server::start(ACCOUNTS, |call| match (call.method, call.before) {
        ("eth_chainId", _) => {
            Reply::Refused(-32000, "no pass word, pass%20word, dXNlcjpwYXNzIHdvcmQ=")
        }
        _ => Reply::Honest,
    });
    let url = format!("'http://{USER}@{}'", echoes.url);
    let capture = Capture::with(tempfile::tempdir().unwrap(), &url, "");
    assert_hidden(&capture.stderr);
    capture.fails(4, "no ***, ***, ***");
    let redirects = Server::start(ACCOUNTS, |_| {
        Reply::Raw("302 Found\r\nLocation: http://user:pass%20word@example.org/", vec![])
    });
    let url = format!("'http://{USER}@{}'", redirects.url);
    let capture = Capture::with(tempfile::tempdir().unwrap(), &url, "");
    assert_hidden(&capture.stderr);
    capture.fails(4, "redirects are not followed");
}

/// Wherever the excerpt of an answer ends, and however the node escapes what it sends back.
#[test]
fn no_part_of_a_password_or_a_key_is_shown() {
    const PASSWORD: &str = r#"Quo"te\Xyz#Wvu"#;
    const TYPED: &str = "Quo%22te%5CXyz%23Wvu";
    const KEY: &str = "0123456789abcdefKEYKEY";
    let json = r#"Quo\"te\\Xyz\u0023Wvu"#;
    let html = r"Quo&quot;te\Xyz&#35;Wvu";
    for form in
        [PASSWORD, TYPED, json, html, KEY, "YWRtaW46UXVvInRlXFh5eiNXdnU", "UXVvInRlXFh5eiNXdnU="]
    {
        for before in [0, 40, 55, 59, 250, 295] {
            let echo: &'static str = format!("{}{form}", "-".repeat(before)).leak();
            for (kind, method) in [
                (0, "eth_chainId"),
                (1, "eth_chainId"),
                (2, "eth_chainId"),
                (3, "eth_chainId"),
                (4, "eth_chainId"),
                (1, "eth_getBlockByNumber"),
                (2, "debug_accountRange"),
            ] {
                let server = Server::start(3, move |call| match (call.method == method, kind) {
                    (false, _) => Reply::Honest,
                    (_, 0) => Reply::Raw("500 Internal Server Error", echo.into()),
                    (_, 1) => Reply::Refused(-32000, echo),
                    (_, 2) => Reply::Result(echo.into()),
                    (_, 3) => Reply::Raw("200 OK", echo.into()),
                    (_, _) => Reply::Raw("401 Unauthorized", format!("{echo:?}").into()),
                });
                let url = format!("'http://admin:{TYPED}@{}/v3/{KEY}?x=1'", server.url);
                let capture = Capture::with(tempfile::tempdir().unwrap(), &url, "");
                // The port may have the digits of a key.
                let stderr = capture.stderr.replace(&server.url, "SERVER");
                assert!(stderr.contains("error: "), "{stderr}");
                let parts = ["Quo", "Xyz", "Wvu", "0123", "KEY", "YWRt", "UXVv"];
                assert!(
                    !parts.iter().any(|part| stderr.contains(part)),
                    "{method} {kind}: {stderr}"
                );
            }
        }
    }
}

/// `anvil_dumpState` and `debug_dbGet` are read as they come, with errors of their own.
#[test]
fn a_refused_stream_shows_no_password() {
    let server = Server::start(3, |call| match call.method {
        "web3_clientVersion" => Reply::Result("anvil/v1.0.0".into()),
        "anvil_dumpState" | "debug_accountRange" => {
            Reply::Refused(-32000, "no pass word, dXNlcjpwYXNzIHdvcmQ=")
        }
        _ => Reply::Honest,
    });
    let url = format!("'http://{USER}@{}'", server.url);
    let capture = Capture::with(tempfile::tempdir().unwrap(), &url, "");
    assert_hidden(&capture.stderr);
    assert!(capture.stderr.contains("no ***, ***"), "{}", capture.stderr);
}

#[test]
fn an_unreachable_node_is_reported_without_its_password() {
    for url in [
        "http://user:hunter2@127.0.0.1:1",
        "user:hunter2@127.0.0.1:1/key-0123456789",
        "http://user:hunter2",
        "http://user:12/hunter2@127.0.0.1:1",
        "http://user:12?hunter2@127.0.0.1:1",
        "http://user:12#hunter2@127.0.0.1:1",
        "user:12#hunter2@127.0.0.1:1",
        "http://hunter2:4242#x@127.0.0.1:1",
        "http://user:p@hunter2#x@127.0.0.1:1",
        "user:hunter2://127.0.0.1:1",
        "ws://user:hunter2@127.0.0.1:1",
        "http://user:hunter2%0d%0aX:y@127.0.0.1:1",
    ] {
        for arguments in [
            ["capture", "--el-rpc", url],
            ["verify", "--el-rpc", url],
            ["init", "--shadow-fork-rpc", url],
        ] {
            let directory = tempfile::tempdir().unwrap();
            let mut command = regenesis();
            let output = command.args(arguments).current_dir(directory.path()).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && stderr.contains("error: "), "{stderr}");
            assert!(!stderr.contains("hunter2") && !stderr.contains("0123456789"), "{stderr}");
        }
    }
}

#[test]
fn a_beacon_node_gets_user_and_password() {
    let (url, headers) = beacon_node();
    let server = Server::start(ACCOUNTS, |_| Reply::Honest);
    let beacon = format!("--cl-rpc 'http://{USER}@{url}/base'");
    let capture = Capture::with(tempfile::tempdir().unwrap(), &server.url, &beacon);
    assert_hidden(&capture.stderr);
    capture.fails(4, "answers 503");
    let mut command = regenesis();
    command.args(["health", "cl", "--cl", &format!("http://{USER}@{url}")]);
    let directory = Capture::of(&server).directory;
    let runtime = command.args(["--runtime", "out"]).current_dir(directory.path()).output();
    assert_hidden(&String::from_utf8(runtime.unwrap().stderr).unwrap());
    let headers = headers.lock().unwrap().clone();
    assert!(!headers.is_empty());
    for head in headers {
        assert!(head.contains(HEADER) && !head.contains("user:"), "{head}");
        assert!(head.starts_with("GET /base/eth/v1/"), "{head}");
    }
}

/// Notes the heads of requests, and shows them in its refusals.
fn beacon_node() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = listener.local_addr().unwrap().to_string();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heads);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            noted.lock().unwrap().push(head.clone());
            let answer = format!(
                "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{head}",
                head.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, heads)
}
