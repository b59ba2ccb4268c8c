//! The `alloc` of `genesis.template.json`: geth's errors, with address and member.

use super::genesis::{LONG, edited};
use super::{GENESIS, Row, replace, row, write};

const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const BALANCE: &str = r#""balance": "1000000000000000000000000" },
    "0x70"#;

fn account(name: &'static str, members: &str, says: &'static [&'static str]) -> Row {
    edited(name, BALANCE, &format!("{members} }},\n    \"0x70"), says)
}

pub fn rows() -> Vec<Row> {
    [addresses(), accounts()].into_iter().flatten().collect()
}

fn addresses() -> Vec<Row> {
    vec![
        edited("no alloc", "\"alloc\"", "\"accounts\"", &["alloc is missing", "hint: "]),
        edited(
            "alloc is null",
            "\"alloc\": {",
            "\"alloc\": null, \"x\": {",
            &["alloc is missing", "hint: "],
        ),
        edited(
            "alloc is a list",
            "\"alloc\": {",
            "\"alloc\": [], \"x\": {",
            &["line @: alloc", "an object of accounts, found `[`"],
        ),
        edited(
            "address of 21 bytes",
            ADDRESS,
            "0xfff39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            &["line @: alloc.0xfff39F", "an address of 40 hex digits"],
        ),
        edited(
            "address of 19 bytes",
            ADDRESS,
            "0xd6e51aad88F6F4ce6aB8827279cffFb92266ff",
            &["line @: alloc.0xd6e51a", "an address of 40 hex digits"],
        ),
        edited(
            "address not hex",
            ADDRESS,
            "0xz39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            &["line @: alloc.0xz39F", "hex digits"],
        ),
        row(
            "address not UTF-8",
            GENESIS,
            write(b"{\"alloc\": {\n\"\xff\xfe\": {}}}".to_vec()),
            &["line @: alloc.", "an address of 40 hex digits"],
        ),
    ]
}

fn accounts() -> Vec<Row> {
    vec![
        account("members without keys", "5 ", &["line @", "alloc.0xf39F", "expected a key"]),
        account(
            "no balance",
            "\"nonce\": \"1\"",
            &[
                "line @: alloc.0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266.balance is missing",
                "hint: ",
            ],
        ),
        account(
            "balance null",
            "\"balance\": null",
            &["line @: alloc.0xf39F", "balance is missing", "hint: "],
        ),
        account(
            "balance overflows",
            "\"balance\": \"115792089237316195423570985008687907853269984665640564039457584007913129639936\"",
            &["line @: alloc.0xf39F", ".balance is \"1157920", "256-bit"],
        ),
        account(
            "balance negative",
            "\"balance\": \"-1\"",
            &["line @: alloc.0xf39F", ".balance is \"-1\"", "256-bit"],
        ),
        account("balance in ether", "\"balance\": \"1.5\"", &[".balance is \"1.5\"", "256-bit"]),
        account("balance is a list", "\"balance\": [1]", &[".balance is [1]", "256-bit"]),
        account(
            "nonce overflows",
            "\"balance\": 0, \"nonce\": \"18446744073709551616\"",
            &[".nonce is \"18446744073709551616\"", "64-bit"],
        ),
        account(
            "code odd",
            "\"balance\": 0, \"code\": \"0x600\"",
            &[".code is \"0x600\"", "an even number of hex digits"],
        ),
        account(
            "code without 0x",
            "\"balance\": 0, \"code\": \"6000\"",
            &[".code is \"6000\"", "starting with 0x"],
        ),
        account(
            "code not hex",
            "\"balance\": 0, \"code\": \"0x60zz\"",
            &[".code is \"0x60zz\"", "hex digits only"],
        ),
        account(
            "storage is a list",
            "\"balance\": 0, \"storage\": []",
            &[".storage is []", "an object of slots"],
        ),
        account(
            "slot odd",
            "\"balance\": 0, \"storage\": {\"0x1\": \"0x01\"}",
            &[".storage.0x1 is 0x1", "an even number"],
        ),
        account(
            "slot of 33 bytes",
            &format!("\"balance\": 0, \"storage\": {{\"{LONG}\": \"0x01\"}}"),
            &[".storage.0x000102", "at most 64 hex digits"],
        ),
        account(
            "slot value of 33 bytes",
            &format!("\"balance\": 0, \"storage\": {{\"0x01\": \"{LONG}\"}}"),
            &[".storage.0x01 is 0x000102", "at most 64 hex digits"],
        ),
        account(
            "slot value is a number",
            "\"balance\": 0, \"storage\": {\"0x01\": 5}",
            &[".storage.0x01 is 5", "in quotes"],
        ),
        row(
            "text after the last account",
            GENESIS,
            replace("  }\n}\n", "  ]\n}\n"),
            &["line @", "expected `,` or `}`, found `]`"],
        ),
    ]
}
