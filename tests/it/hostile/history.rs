//! A node that serves false blocks: a history capture refuses them and keeps none.

use crate::support::regenesis;

use alloy_primitives::{B256, keccak256};
use regenesis::el::block::Block;
use regenesis::el::header::Header;
use serde_json::{Value, json};

use super::Capture;
use super::served_history::{
    BLOCKS, BY_HASH, BY_INDEX, BY_NUMBER, FLAGS, History, RAW, UNKNOWN, capture, child, hex, kept,
    list, refuse, requested, rpc_block,
};
use super::server::{self, Call, Reply};

/// Replaces the answer of `method` for block `number`.
fn instead(
    method: &'static str,
    number: u64,
    other: impl Fn() -> Value + Send + Sync + 'static,
) -> impl Fn(&Call<'_>) -> Reply + Send + Sync + 'static {
    move |call| match call.method {
        RAW if method != RAW => refuse(UNKNOWN),
        _ if call.method == method && requested(call) == number => Reply::Result(other()),
        _ => Reply::Honest,
    }
}

#[test]
fn every_method_returns_the_same_bytes() {
    let history = History::plain();
    let (rlp, genesis) = (history.rlp(), history.genesis.clone());
    let head = history.blocks.last().unwrap().clone();
    let raw = capture(history, |_| Reply::Honest);
    let metadata = raw.metadata();
    assert_eq!(metadata["mode"], "history");
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["state_root"], json!(head.header.state_root));
    assert_eq!(metadata["source"]["kind"], RAW);
    assert_eq!(metadata["source"]["block"]["hash"], json!(head.header.hash()));
    assert_eq!(metadata["source"]["block"]["timestamp"], 100 + 2 * BLOCKS);
    assert_eq!(metadata["counts"]["blocks"], BLOCKS);
    assert_eq!(metadata["counts"]["transactions"], BLOCKS / 3 * 5);
    let read = |path: &str| std::fs::read(raw.out().join(path)).unwrap();
    assert_eq!(kept(&raw), rlp);
    assert_eq!(read("el/genesis.json"), genesis);
    assert_eq!(read("el/head.rlp"), alloy_rlp::encode(&head));
    for (path, file) in metadata["files"].as_object().unwrap() {
        use sha2::{Digest, Sha256};
        assert_eq!(file["sha256"], hex::encode(Sha256::digest(read(path))), "{path}");
    }
    for path in ["el/genesis.json", "el/chain.rlp", "el/head.rlp", "cl/config.yaml"] {
        assert!(metadata["files"][path]["size"].as_u64().unwrap() > 0, "{path}");
    }
    assert!(!raw.out().join("el/genesis.template.json").exists());
    assert!(raw.out().join("up.sh").exists() && raw.out().join("baked/bake.json").exists());
    let mut inspect = regenesis();
    let inspected = inspect.arg("inspect").arg(raw.out()).output().unwrap();
    let inspected = String::from_utf8(inspected.stdout).unwrap();
    for line in [
        "mode        history: ",
        &format!("block       {BLOCKS} {}", head.header.hash()),
        &format!("history     {BLOCKS} blocks, {} transactions", BLOCKS / 3 * 5),
        "proven: the block's",
        &format!("file        el/chain.rlp, {} bytes", rlp.len()),
        "file        el/genesis.json",
    ] {
        assert!(inspected.contains(line), "no {line:?} in {inspected}");
    }

    let by_index =
        capture(
            History::plain(),
            |call| {
                if call.method == RAW { refuse(UNKNOWN) } else { Reply::Honest }
            },
        );
    assert_eq!(by_index.metadata()["source"]["kind"], BY_NUMBER);
    assert_eq!(kept(&by_index), rlp);
    // Blob transactions in network form, with their sidecar.
    let sender = History::plain();
    let by_hash = capture(History::plain(), move |call| match call.method {
        RAW | BY_INDEX => refuse(UNKNOWN),
        BY_HASH => match sender.honest(BY_HASH, call.params).unwrap() {
            Value::String(text) if text.starts_with("0x03") => {
                let transaction = hex::decode(&text[4..]).unwrap();
                let payload = [&transaction, &list(1, 3)[..], &list(2, 3), &list(3, 3)].concat();
                let mut sent = vec![3];
                alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut sent);
                Reply::Result(hex(&[sent, payload].concat()))
            }
            other => Reply::Result(other),
        },
        _ => Reply::Honest,
    });
    assert_eq!(by_hash.metadata()["source"]["kind"], BY_NUMBER);
    assert_eq!(kept(&by_hash), rlp);
}

#[test]
fn a_capture_may_end_at_an_earlier_block() {
    let history = History::plain();
    let hash = history.blocks[300].header.hash();
    let (genesis, rlp) = (history.genesis.clone(), history.rlp());
    let url =
        server::serve(move |method, params| history.honest(method, params), |_| Reply::Honest);
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("genesis.json"), genesis).unwrap();
    let captured = Capture::with(directory, &url, &format!("{FLAGS} --block 300"));
    assert_eq!(captured.metadata()["source"]["block"]["hash"], json!(hash));
    assert!(rlp.starts_with(&kept(&captured)));
    std::fs::remove_dir_all(captured.out()).unwrap();
    let none = Capture::with(captured.directory, &url, &format!("{FLAGS} --block 0"));
    none.fails(2, "block 0 has no history");
    assert!(none.stderr.contains("--mode state"), "{}", none.stderr);
}

#[test]
fn pruned_blocks_are_reported() {
    let pruned = |call: &Call<'_>| {
        let gone = call.method == RAW && requested(call) <= 10;
        if gone { Reply::Refused(4444, "pruned history unavailable") } else { Reply::Honest }
    };
    let captured = capture(History::plain(), pruned);
    let what = "block 1: debug_getRawBlock: the node returns error 4444: pruned history";
    captured.fails(4, what);
    assert!(captured.stderr.contains("--mode state"), "{}", captured.stderr);
    assert!(!captured.directory.path().join("out.capture").exists());
    let unknown = |call: &Call<'_>| {
        let gone = call.method == RAW && requested(call) == 200;
        if gone { Reply::Refused(-32001, "Block not found") } else { Reply::Honest }
    };
    capture(History::plain(), unknown).fails(4, "no longer has block 200");
    // The node has the header, but not the body.
    let pruned = |call: &Call<'_>| match call.method {
        RAW => refuse(UNKNOWN),
        BY_INDEX => Reply::Result(Value::Null),
        _ => Reply::Honest,
    };
    capture(History::plain(), pruned).fails(4, "no longer has block 3: it answers null");
    for null in [Value::Null, json!("0x")] {
        capture(History::plain(), instead(BY_NUMBER, 200, move || null.clone()))
            .fails(4, "no longer has block 200");
    }
}

#[test]
fn a_node_without_a_usable_method_is_reported() {
    let neither = |call: &Call<'_>| {
        let lacks = [RAW, BY_INDEX, BY_HASH].contains(&call.method);
        if lacks { refuse(UNKNOWN) } else { Reply::Honest }
    };
    let captured = capture(History::plain(), neither);
    assert!(captured.stderr.contains("--http.api eth,net,web3,debug"), "{}", captured.stderr);
    assert!(captured.stderr.contains(BY_INDEX), "{}", captured.stderr);
    captured.fails(4, "does not return complete blocks: debug_getRawBlock");
}

/// Asserts that a capture with another block 300 fails and leaves no files.
fn refuses(other: impl Fn(&History) -> Block, what: &str) {
    let history = History::plain();
    let other = other(&history);
    for (method, answer) in [(RAW, hex(&alloy_rlp::encode(&other))), (BY_NUMBER, rpc_block(&other))]
    {
        let captured = capture(History::plain(), instead(method, 300, move || answer.clone()));
        captured.fails(5, what);
        assert!(!captured.directory.path().join("out.capture").exists());
    }
}

#[test]
fn another_block_is_refused() {
    refuses(
        |history| history.blocks[301].clone(),
        "for block 300, the node returns one that has the number 301",
    );
    refuses(|history| child(&history.blocks[298].header, 0), "has the number 299");
    refuses(|_| History::new(298, 1).blocks[300].clone(), "has the parent 0x");
    // Its child names another parent.
    refuses(
        |history| child(&history.blocks[299].header, 9),
        "for block 301, the node returns one that has the parent 0x",
    );
    let swapped = |history: &History| {
        let mut block = history.blocks[300].clone();
        block.transactions.swap(0, 1);
        block
    };
    let answer = hex(&alloy_rlp::encode(swapped(&History::plain())));
    capture(History::plain(), instead(RAW, 300, move || answer.clone()))
        .fails(5, "has transactions with the root 0x");
    let paid_to_another = |history: &History| {
        let mut block = history.blocks[300].clone();
        block.withdrawals.as_mut().unwrap()[0].amount += 1;
        block
    };
    refuses(paid_to_another, "has withdrawals with the root 0x");
}

#[test]
fn another_transaction_is_refused() {
    let other = |call: &Call<'_>| match call.method {
        RAW => refuse(UNKNOWN),
        BY_INDEX if requested(call) == 300 => Reply::Result(
            History::plain().honest(BY_INDEX, &json!(["0x3", call.params[1]])).unwrap(),
        ),
        _ => Reply::Honest,
    };
    capture(History::plain(), other)
        .fails(5, "for block 300, the node returns one that has transactions with the root");
}

#[test]
fn headers_of_later_forks_are_refused() {
    let history = History::plain();
    let mut later = rpc_block(&history.blocks[300]);
    later["fooRoot"] = json!(B256::ZERO);
    later["hash"] = json!(B256::ZERO);
    capture(History::plain(), instead(BY_NUMBER, 300, move || later.clone()))
        .fails(5, "unknown fields: fooRoot");
    // Every known field, and one more.
    let full = Header {
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::ZERO),
        block_access_list_hash: Some(B256::ZERO),
        slot_number: Some(1),
        ..history.blocks[300].header.clone()
    };
    let known = alloy_rlp::encode(full);
    let mut fields = &known[..];
    let fields = alloy_rlp::Header::decode_bytes(&mut fields, true).unwrap();
    let in_list = |payload: &[u8]| {
        let mut out = Vec::new();
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
        [&out, payload].concat()
    };
    let header = in_list(&[fields, &[1]].concat());
    let block = hex(&in_list(&[&header[..], &[0xc0, 0xc0, 0xc0]].concat()));
    capture(History::plain(), instead(RAW, 300, move || block.clone()))
        .fails(5, "its header has unknown fields");
    let block = |ommers: &[u8]| {
        let mut block = History::plain().blocks[300].clone();
        block.ommers = in_list(ommers).into();
        block.header.ommers_hash = keccak256(&block.ommers);
        rpc_block(&block)
    };
    let uncle = block(&alloy_rlp::encode(&history.blocks[200].header));
    capture(History::plain(), instead(BY_NUMBER, 300, move || uncle.clone()))
        .fails(5, "has ommers, which only debug_getRawBlock returns");
    for nonsense in [json!("0xc0"), json!("0x12"), json!("nonsense"), json!(7), json!("0xf8ff00")] {
        capture(History::plain(), instead(RAW, 300, move || nonsense.clone()))
            .fails(5, "for block 300, the node returns one that is no");
    }
}

#[test]
fn the_genesis_must_belong_to_the_chain() {
    let with = |genesis: &str| {
        let directory = tempfile::tempdir().unwrap();
        let history = History::plain();
        std::fs::write(directory.path().join("genesis.json"), genesis).unwrap();
        let url =
            server::serve(move |method, params| history.honest(method, params), |_| Reply::Honest);
        Capture::with(directory, &url, FLAGS)
    };
    let own = String::from_utf8(History::plain().genesis).unwrap();
    let hash = History::plain().blocks[0].header.hash().to_string();
    let other = with(&own.replace("\"7\"", "\"8\""));
    other.fails(5, "genesis.json: produces block 0 0x");
    assert!(other.stderr.contains(&hash), "{}", other.stderr);
    assert!(other.stderr.contains("/network-configs/genesis.json"), "{}", other.stderr);
    with(&own.replace("1337", "1338")).fails(5, "has the chain id 1338, but the node has 1337");
    with(&own.replace("\"0x64\"", "\"TIMESTAMP_PLACEHOLDER\"")).fails(5, "is a template");
    with(&own.replace("\"gasLimit\"", "\"gas\"")).fails(3, "gasLimit");
}

#[test]
fn meaningless_flags_are_refused() {
    for (flags, what) in [
        ("--mode history", "requires --genesis"),
        (
            "--mode history --genesis g --state dump.json",
            "--state cannot be used with --mode history",
        ),
        ("--mode history --genesis g --fund 0x00=1", "--fund cannot be used with --mode history"),
        (
            "--mode history --genesis g --set-code 0x00=0x",
            "--set-code cannot be used with --mode history",
        ),
        ("--mode history --genesis g --merge file", "--merge cannot be used with --mode history"),
        (
            "--mode history --genesis g --prune-empty",
            "--prune-empty cannot be used with --mode history",
        ),
        ("--mode past", "expected state, history or auto"),
    ] {
        let captured = Capture::with(tempfile::tempdir().unwrap(), "127.0.0.1:1", flags);
        captured.fails(2, what);
        captured.leaves_nothing();
    }
}
