//! A minimal HTTP client for servers on loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// The limit for an answer, on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// `data` of a beacon node's answer.
pub fn get(port: u16, path: &str) -> Result<Value, String> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    let mut answer = exchange(port, LIMIT, &request)?;
    Ok(answer["data"].take())
}

/// `result` of an execution client's answer.
pub fn call(port: u16, method: &str, params: Value) -> Result<Value, String> {
    call_within(LIMIT, port, method, params)
}

/// The same, with another limit.
pub fn call_within(
    limit: Duration,
    port: u16,
    method: &str,
    params: Value,
) -> Result<Value, String> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let mut answer = exchange(
        port,
        limit,
        &format!(
            "POST / HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )?;
    match answer["error"].take() {
        Value::Null => Ok(answer["result"].take()),
        error => Err(format!("{method}: {error}")),
    }
}

// HTTP/1.0: its answers are never chunked, and end with the connection.
fn exchange(port: u16, limit: Duration, request: &str) -> Result<Value, String> {
    let failed = |error: std::io::Error| format!("port {port}: {error}");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, limit).map_err(failed)?;
    stream.set_read_timeout(Some(limit)).map_err(failed)?;
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a body")?;
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200") {
        return Err(format!("{status}: {body}"));
    }
    serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))
}
