//! The differences on stdout, as lines of text or of JSON.

use std::io;

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use super::super::Failure;
use crate::capture::compare::chain::Setting;
use crate::capture::compare::{CodeOf, Difference, Whole};
use crate::capture::overlay::ether;
use crate::exit;
use crate::io::console;
use crate::visible;

/// Bytes that are gathered before they are printed.
const BUFFER: usize = 1 << 16;

/// What was written.
pub(super) struct Written {
    json: bool,
    text: String,
    found: u64,
}

impl Written {
    pub(super) fn new(json: bool) -> Self {
        Self { json, text: String::new(), found: 0 }
    }

    /// A key of the genesis or of the consensus config.
    pub(super) fn setting(&mut self, of: &str, setting: &Setting) -> Result<(), Failure> {
        let Setting { key, first, second } = setting;
        let shown = |value: &Option<String>| match value {
            Some(value) => visible::line(value).into_owned(),
            None => "-".to_owned(),
        };
        let text = format!("~ {of} {}: {} -> {}", visible::line(key), shown(first), shown(second));
        self.line(&text, &json!({"of": of, "key": key, "a": first, "b": second})).map_err(stdout)
    }

    /// A file whose content is not shown.
    pub(super) fn file(&mut self, path: &str) -> Result<(), Failure> {
        let text = format!("~ file {}", visible::line(path));
        self.line(&text, &json!({"of": "file", "path": path})).map_err(stdout)
    }

    /// A difference of an account.
    pub(super) fn difference(
        &mut self,
        address: Address,
        difference: &Difference,
    ) -> io::Result<()> {
        let (text, mut json) = match difference {
            Difference::Removed(whole) => {
                (format!("- {address} {}", all(whole)), json!({"a": fields(whole)}))
            }
            Difference::Added(whole) => {
                (format!("+ {address} {}", all(whole)), json!({"b": fields(whole)}))
            }
            Difference::Balance(a, b) => (
                format!("~ {address} balance: {} -> {} ETH", ether(*a), ether(*b)),
                values("balance", &wei(*a), &wei(*b)),
            ),
            Difference::Nonce(a, b) => {
                (format!("~ {address} nonce: {a} -> {b}"), values("nonce", &json!(a), &json!(b)))
            }
            Difference::Code(a, b) => (
                format!("~ {address} code: {} -> {}", code(a), code(b)),
                values("code", &code_json(a), &code_json(b)),
            ),
            Difference::Slot(slot, a, b) => {
                let hex = |value: &U256| format!("{value:#x}");
                let mut json = values("slot", &json!(hex(a)), &json!(hex(b)));
                json["slot"] = json!(slot);
                (format!("~ {address} slot {slot}: {a:#x} -> {b:#x}"), json)
            }
        };
        json["of"] = json!("account");
        json["address"] = json!(address.to_string());
        self.line(&text, &json)
    }

    fn line(&mut self, text: &str, json: &Value) -> io::Result<()> {
        self.found += 1;
        if self.json {
            self.text.push_str(&json.to_string());
        } else {
            self.text.push_str(text);
        }
        self.text.push('\n');
        if self.text.len() > BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        console::print(std::mem::take(&mut self.text).as_bytes())
    }

    /// Prints the rest; returns how many differences there are.
    pub(super) fn finish(mut self) -> Result<u64, Failure> {
        self.flush().map_err(stdout)?;
        Ok(self.found)
    }
}

fn stdout(error: io::Error) -> Failure {
    Failure::new(exit::OUTPUT, format!("stdout: {error}"), None)
}

fn all(whole: &Whole) -> String {
    let Whole { balance, nonce, code, slots } = whole;
    format!("{} ETH, nonce {nonce}, {code} bytes of code, {slots} slots", ether(*balance))
}

fn fields(whole: &Whole) -> Value {
    let Whole { balance, nonce, code, slots } = whole;
    json!({"balance": balance.to_string(), "nonce": nonce, "code_size": code, "storage_slots": slots})
}

fn values(field: &str, a: &Value, b: &Value) -> Value {
    json!({"field": field, "a": a, "b": b})
}

fn wei(balance: U256) -> Value {
    json!(balance.to_string())
}

fn code(code: &CodeOf) -> String {
    match code.size {
        0 => "none".to_owned(),
        size => format!("{size} bytes ({})", code.hash),
    }
}

fn code_json(code: &CodeOf) -> Value {
    match code.size {
        0 => Value::Null,
        size => json!({"size": size, "hash": code.hash}),
    }
}
