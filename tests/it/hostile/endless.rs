//! Nodes that never end, and files that unpack to more than any disk has.

use crate::support::PROGRAM;
use std::io::Read;
use std::process::Command;

use regenesis::capture::file::read_anvil;
use regenesis::capture::{self};

use super::server::{Call, Reply, Server};
use super::{ACCOUNTS, PAGE, gzip};

/// An account with 12 KB of code.
fn account(number: u64) -> String {
    let code = "00".repeat(12_000);
    format!("\"{number:#042x}\": {{\"balance\": \"0x1\", \"nonce\": 0, \"code\": \"0x{code}\"}},")
}

fn endless(call: &Call<'_>) -> Reply {
    match call.method {
        PAGE => Reply::Refused(-32601, "Method not found"),
        "anvil_dumpState" => {
            Reply::Endless("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\": {\"accounts\": {", account)
        }
        _ => Reply::Honest,
    }
}

/// On a disk of 256 MiB: the answer never ends, and some of the disk stays free.
#[test]
fn a_dump_that_never_ends_does_not_fill_the_disk() {
    let server = Server::start(ACCOUNTS, endless);
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "mount -t tmpfs -o size=256m disk . && cd . && cd \"$PWD\" && \
         timeout 120 \"$0\" capture --el-rpc {} --out out --rpc-timeout 20; \
         echo \"exit $?\"; ls -A; df --output=used -m . | tail -1",
        server.url
    );
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", &script, PROGRAM]);
    let output = unshare.current_dir(directory.path()).output();
    let output = output.expect("unshare: apt-get install util-linux");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stdout.starts_with("exit 7\n"), "{stdout}{stderr}");
    for says in ["MiB are free; regenesis leaves 12 MiB for other programs", "another --out"] {
        assert!(stderr.contains(says), "{stderr}");
    }
    assert_eq!(stdout.lines().nth(1).map(str::trim), Some("0"), "all is removed: {stdout}");
}

#[test]
fn an_answer_has_a_limit_before_and_after_decompression() {
    let plain = || {
        let head = "{\"accounts\": {".as_bytes().to_vec();
        std::iter::once(head).chain((0..200).map(|number| account(number).into_bytes()))
    };
    let hex = format!("{{\"jsonrpc\": \"2.0\", \"result\": \"0x{}\"}}", hex::encode(gzip(plain())));
    assert!(hex.len() < 200_000, "it is a bomb: {}", hex.len());
    let long = plain().flatten().collect::<Vec<u8>>();
    assert!(long.len() > 4_000_000);
    for (body, most) in [(long, 1_000_000), (hex.into_bytes(), 1_000_000)] {
        let mut accounts = 0;
        let body: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(body));
        let read = read_anvil(body, most, &mut |_| {
            accounts += 1;
            Ok(())
        });
        let error = read.unwrap_err();
        assert!(matches!(error, capture::Error::Endless { most: 1_000_000 }), "{error}");
        assert!(error.to_string().contains("more than 1000000 bytes"), "{error}");
        assert!(error.hint().unwrap().contains("--state FILE"));
        assert!(accounts < 100, "{accounts} accounts of what is too long");
    }
}

/// A file of a few hundred kilobytes that unpacks to more than the disk has.
#[test]
fn a_decompression_bomb_does_not_fill_the_disk() {
    let head = std::iter::once(b"{\"block\": null, \"accounts\": {".to_vec());
    let end = std::iter::once(b"\"0x00000000000000000000000000000000000000ff\": {}}}".to_vec());
    let accounts = (256..20_000).map(|number| account(number).into_bytes());
    let bomb = gzip(head.chain(accounts).chain(end));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("state.gz"), bomb).unwrap();
    let script = "mkdir disk && mount -t tmpfs -o size=128m disk disk && \
        timeout 120 \"$0\" capture --state state.gz --out disk/out; echo \"exit $?\"; ls -A disk";
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", script, PROGRAM]);
    let output = unshare.current_dir(directory.path()).output();
    let output = output.expect("unshare: apt-get install util-linux");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stdout, "exit 7\n", "{stderr}");
    assert!(stderr.contains("MiB are free; regenesis leaves"), "{stderr}");
}
