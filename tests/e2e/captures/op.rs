//! The state of an OP-stack L2: captured from op-geth beside its L1, and started again on a new L1.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_rlp::Encodable;
use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::genesis;
use super::node::{ALL, Geth, Node, Run, run_in};
use crate::nodes::tools;
use crate::support::repository;

/// Jovian at genesis, 2,381 accounts: ten pages. Its L1 has the sample's chain id.
const FIXTURE: &str = "tests/fixtures/op-genesis/kurtosis-cdk-jovian-20201";
const OP_GETH: Geth = Geth {
    init: Some(&["--state.scheme", "hash"]),
    run: &["--state.scheme", "hash", "--gcmode", "archive", "--syncmode", "full"],
    dev: false,
    api: ALL,
};
/// Stores 42 in slot 1, and deploys one byte.
const CREATION: &str = "602a6001556001601160003960016000f300";

/// Of the account that the fixture's `rollup.json` names.
const BATCHER_KEY: &str = "a51bc3351fffe667d7f2fd30dc040687e2d65e2f941837bad219bb1f0466dfaa";

/// The URL of a proxy of the node at `url` that refuses requests for accounts after this number of them.
fn cut_after(most: usize, url: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = url.to_owned();
    std::thread::spawn(move || {
        let mut pages = 0;
        for client in listener.incoming() {
            // Requests are sequential: one connection at a time.
            let mut client = client.unwrap();
            let node = ureq::Agent::new_with_defaults();
            while let Some(body) = request(&mut client) {
                pages += usize::from(body.contains("debug_accountRange"));
                let answer = if pages > most {
                    let request: Value = serde_json::from_str(&body).unwrap();
                    let error = json!({"code": -32000, "message": "cut"});
                    json!({"jsonrpc": "2.0", "id": request["id"], "error": error}).to_string()
                } else {
                    let post = node.post(format!("http://{url}"));
                    let post = post.header("Content-Type", "application/json").send(&body);
                    post.unwrap().body_mut().read_to_string().unwrap()
                };
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
                client.write_all((head + &answer).as_bytes()).unwrap();
            }
        }
    });
    address.to_string()
}

/// The body of the next request of a connection.
fn request(client: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(client);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// A deposit transaction, which needs no signature. Source: op-geth `core/types/deposit_tx.go`.
fn deposit(number: u64, from: Address, to: Option<Address>, mint: u64, data: &[u8]) -> String {
    let mut fields = Vec::new();
    keccak256(number.to_be_bytes()).encode(&mut fields);
    from.encode(&mut fields);
    match to {
        Some(to) => to.encode(&mut fields),
        None => b"".as_slice().encode(&mut fields),
    }
    mint.encode(&mut fields);
    0_u8.encode(&mut fields);
    1_000_000_u64.encode(&mut fields);
    false.encode(&mut fields);
    data.encode(&mut fields);
    let mut out = vec![0x7e];
    alloy_rlp::Header { list: true, payload_length: fields.len() }.encode(&mut out);
    out.extend(fields);
    format!("0x{}", alloy_primitives::hex::encode(out))
}

/// The Engine API of an op-geth, driven as op-node drives it.
struct Engine<'a> {
    node: &'a Node,
    blocks: u64,
}

impl Engine<'_> {
    fn call(&self, method: &str, params: &Value) -> Value {
        let secret = self.node.data.path().join("data/geth/jwtsecret");
        let secret = std::fs::read_to_string(secret).unwrap();
        let secret = alloy_primitives::hex::decode(secret.trim()).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let part = |json: Value| Base64UrlUnpadded::encode_string(json.to_string().as_bytes());
        let mut token = part(json!({"alg": "HS256", "typ": "JWT"}));
        write!(token, ".{}", part(json!({"iat": now}))).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(token.as_bytes());
        let mac = Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes());
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = ureq::post(format!("http://{}", self.node.engine));
        let request = request.header("Content-Type", "application/json");
        let request = request.header("Authorization", format!("Bearer {token}.{mac}"));
        let mut answer = request.send(body.to_string()).unwrap();
        let mut answer: Value =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Adds a block with the attributes of the L1 and this deposit.
    fn add(&mut self, deposit: String) {
        self.blocks += 1;
        let head = self.node.block("latest");
        let time = u64::from_str_radix(&head["timestamp"].as_str().unwrap()[2..], 16).unwrap();
        let (hash, zero) = (&head["hash"], B256::ZERO);
        let depositor: Address = "0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001".parse().unwrap();
        let l1_block: Address = "0x4200000000000000000000000000000000000015".parse().unwrap();
        // setL1BlockValuesJovian
        let values = [&[0x3d, 0xb6, 0xbe, 0x2b][..], &[0; 174]].concat();
        let values = self::deposit(1000 + self.blocks, depositor, Some(l1_block), 0, &values);
        let attributes = json!({
            "timestamp": format!("{:#x}", time + 1), "prevRandao": zero, "withdrawals": [],
            "suggestedFeeRecipient": "0x4200000000000000000000000000000000000011",
            "parentBeaconBlockRoot": zero, "transactions": [values, deposit], "noTxPool": true,
            "gasLimit": "0x3938700", "eip1559Params": "0x0000000000000000", "minBaseFee": 0,
        });
        let choice = |head: &Value| json!({"headBlockHash": head, "safeBlockHash": hash, "finalizedBlockHash": hash});
        let begun = self.call("engine_forkchoiceUpdatedV3", &json!([choice(hash), attributes]));
        let built = self.call("engine_getPayloadV4", &json!([begun["payloadId"]]));
        let payload = &built["executionPayload"];
        let parameters = json!([payload, [], zero, built["executionRequests"]]);
        assert_eq!(self.call("engine_newPayloadV4", &parameters)["status"], "VALID");
        let chosen = json!([choice(&payload["blockHash"]), null]);
        self.call("engine_forkchoiceUpdatedV3", &chosen);
        assert_eq!(self.node.block("latest")["hash"], payload["blockHash"]);
    }
}

#[test]
fn the_state_of_an_l2_survives_its_l1() {
    let mut text = Vec::new();
    let packed = std::fs::read(repository().join(FIXTURE).join("genesis.json.gz")).unwrap();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
    let files = tempfile::tempdir().unwrap();
    let l2_genesis = files.path().join("l2.json");
    std::fs::write(&l2_genesis, text).unwrap();
    let rollup = repository().join(FIXTURE).join("rollup.json");
    let l2 = OP_GETH.start_as(&tools::op_geth(), &l2_genesis, &[]);
    let mut engine = Engine { node: &l2, blocks: 0 };
    let user = Address::repeat_byte(0x77);
    let creation = alloy_primitives::hex::decode(CREATION).unwrap();
    engine.add(deposit(1, user, None, 1_000_000_000, &creation));
    let contract = user.create(0);
    for number in 2..5 {
        engine.add(deposit(
            number,
            user,
            Some(Address::repeat_byte(u8::try_from(number).unwrap())),
            7,
            &[],
        ));
    }
    let head = l2.block("latest");
    let slot = B256::from(U256::from(1));
    let before = l2.account(&contract.to_string(), &[slot], "latest");
    assert_eq!(before["storageProof"][0], "0x2a");

    let (_directory, l1_genesis) = genesis::write(0);
    let l1 = Geth { init: Some(&[]), run: &[], dev: false, api: ALL }.start(&l1_genesis);
    let named = |path: &std::path::Path| format!("op={}", path.display());
    let (rollup, l2_genesis) = (named(&rollup), named(&l2_genesis));
    let command = |l2: &str| {
        let l2 = format!("op={l2}");
        let l1 = ["capture", "--el-rpc", &l1.url, "--l2-rpc", &l2].map(str::to_owned);
        let files = ["--l2-rollup", &rollup, "--l2-genesis", &l2_genesis].map(str::to_owned);
        [&l1[..], &files, &["--out".to_owned(), "out".to_owned()]].concat()
    };
    let again = |directory, l2: &str| {
        let command = command(l2);
        run_in(directory, &command.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // Two requests for each page: op-geth omits contracts in the first.
    let run = again(tempfile::tempdir().unwrap(), &cut_after(6, &l2.url));
    run.fails(4, "run the same command again to resume");
    let run = again(run.directory, &l2.url);
    assert_eq!(run.metadata()["l2"], json!(["op"]));
    assert!(run.stderr.contains("resume  at 768 accounts"), "{}", run.stderr);
    let root = head["stateRoot"].as_str().unwrap();
    assert!(run.stderr.contains(&format!("{root}, proven")), "{}", run.stderr);
    assert!(run.stderr.contains("block 4: 2384 accounts"), "{}", run.stderr);
    // No portal on this L1 holds what was minted.
    assert!(run.stderr.contains("the L2 has 1000000021 wei more"), "{}", run.stderr);

    // Another capture over it keeps the batcher that the user has added.
    let warned = |run: &Run| run.stderr.contains("not baked");
    std::fs::write(run.path("out/l2/op/batcher.key"), BATCHER_KEY).unwrap();
    std::fs::write(run.path("out/l2/op/fund.json"), format!("{{\"{user}\": \"5\"}}")).unwrap();
    let run = again(run.directory, &l2.url);
    assert!(run.code == Some(0) && !warned(&run), "{}", run.stderr);
    let stack = std::fs::read_to_string(run.path("out/docker-compose.yml")).unwrap();
    assert!(stack.contains("op-batcher:"), "{stack}");
    let run = run_in(run.directory, &["init", "out"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("baked") && run.path("runtime/l2/op/batcher.key").exists());
    std::fs::remove_file(run.path("out/l2/op/fund.json")).unwrap();

    let run = run_in(run.directory, &["init", "out"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let rollup = run.json("runtime/l2/op/rollup.json");
    let again = OP_GETH.start_as(&tools::op_geth(), &run.path("runtime/l2/op/genesis.json"), &[]);
    let zero = again.block("0x0");
    assert_eq!(zero["hash"], rollup["genesis"]["l2"]["hash"]);
    assert_eq!(zero["stateRoot"], head["stateRoot"]);
    for key in ["gasLimit", "baseFeePerGas", "extraData", "withdrawalsRoot"] {
        assert_eq!(zero[key], head[key], "{key}");
    }
    assert_eq!(again.account(&contract.to_string(), &[slot], "0x0"), before);
    // And the chain continues.
    Engine { node: &again, blocks: 0 }.add(deposit(9, user, Some(contract), 0, &[]));
}
