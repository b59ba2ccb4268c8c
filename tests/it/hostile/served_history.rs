//! A chain with a history, which a test node serves honestly or with false answers.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_rlp::Encodable;
use regenesis::el::block::{Block, Withdrawal, ordered_root};
use regenesis::el::genesis;
use regenesis::el::header::{Header, make_genesis_header};
use serde_json::{Value, json};

use super::Capture;
use super::server::{self, Answer, Call, Reply};

/// More blocks than a capture requests in one batch.
pub const BLOCKS: u64 = 600;
pub const RAW: &str = "debug_getRawBlock";
pub const BY_NUMBER: &str = "eth_getBlockByNumber";
pub const BY_INDEX: &str = "eth_getRawTransactionByBlockNumberAndIndex";
pub const BY_HASH: &str = "eth_getRawTransactionByHash";

/// The blocks of a chain, from block 0.
pub struct History {
    pub genesis: Vec<u8>,
    pub blocks: Vec<Block>,
}

/// RLP of a list of `length` bytes strings of `fill`.
pub fn list(fill: u8, length: usize) -> Vec<u8> {
    alloy_rlp::encode(vec![Bytes::from(vec![fill; 40]); length])
}

impl History {
    /// The blocks after number `same` depend on `salt`.
    pub fn new(same: u64, salt: u8) -> Self {
        let genesis = json!({
            "config": {"chainId": 1337, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0,
                "eip158Block": 0, "byzantiumBlock": 0, "constantinopleBlock": 0,
                "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0,
                "terminalTotalDifficulty": 0, "shanghaiTime": 0},
            "timestamp": "0x64", "gasLimit": "0x1c9c380", "difficulty": "0x0",
            "alloc": {"0x70997970C51812dc3A010C7d01b50e0d17dc79C8": {"balance": "7"}},
        });
        let genesis = genesis.to_string().into_bytes();
        let (document, state) = genesis::read(&genesis[..], &|_| ()).unwrap();
        let header = make_genesis_header(&document.genesis().unwrap(), state.root(), 100);
        let mut blocks = vec![Block::genesis(header)];
        for number in 1..=BLOCKS {
            let parent = &blocks.last().unwrap().header;
            blocks.push(child(parent, if number > same { salt } else { 0 }));
        }
        Self { genesis, blocks }
    }

    pub fn plain() -> Self {
        Self::new(BLOCKS, 0)
    }

    /// In the format of `geth export`.
    pub fn rlp(&self) -> Vec<u8> {
        let mut rlp = Vec::new();
        self.blocks[1..].iter().for_each(|block| block.encode(&mut rlp));
        rlp
    }

    pub fn honest(&self, method: &str, params: &Value) -> Answer {
        let number = |text: &Value| match text.as_str().unwrap() {
            "latest" => BLOCKS,
            text => u64::from_str_radix(&text[2..], 16).unwrap(),
        };
        let block = |text: &Value| self.blocks.get(usize::try_from(number(text)).unwrap());
        let transactions = || self.blocks.iter().flat_map(|block| &block.transactions);
        Ok(match method {
            "eth_chainId" => json!("0x539"),
            "web3_clientVersion" => json!("Geth/hostile"),
            BY_NUMBER => block(&params[0]).map_or(Value::Null, rpc_block),
            RAW => block(&params[0]).map_or(json!("0x"), |block| hex(&alloy_rlp::encode(block))),
            BY_INDEX => {
                let index = usize::try_from(number(&params[1])).unwrap();
                block(&params[0])
                    .and_then(|b| b.transactions.get(index))
                    .map_or(json!("0x"), |t| hex(t))
            }
            BY_HASH => transactions()
                .find(|t| json!(keccak256(t)) == params[0])
                .map_or(json!("0x"), |t| hex(t)),
            _ => return Err(UNKNOWN),
        })
    }
}

pub const UNKNOWN: (i64, &str) = (-32601, "the method does not exist/is not available");

pub fn hex(bytes: &[u8]) -> Value {
    format!("0x{}", hex::encode(bytes)).into()
}

/// A child of `parent`. Every third block has transactions of every type, and a withdrawal.
pub fn child(parent: &Header, salt: u8) -> Block {
    let number = parent.number + 1;
    let mut block = Block::genesis(Header {
        parent_hash: parent.hash(),
        number,
        timestamp: parent.timestamp + 2,
        extra_data: vec![salt].into(),
        base_fee_per_gas: parent.base_fee_per_gas,
        withdrawals_root: parent.withdrawals_root,
        ..Header::of_empty_body()
    });
    if number.is_multiple_of(3) {
        let fill = u8::try_from(number % 251).unwrap();
        let typed = |kind| Bytes::from([&[kind][..], &list(fill, 9)].concat());
        block.transactions = [list(fill, 9).into()].into_iter().chain((1..=4).map(typed)).collect();
        block.header.transactions_root = ordered_root(&block.transactions);
        let withdrawal =
            Withdrawal { index: number, validator_index: 3, address: Address::ZERO, amount: 32 };
        block.header.withdrawals_root =
            Some(ordered_root(&[alloy_rlp::encode(&withdrawal).into()]));
        block.withdrawals = Some(vec![withdrawal]);
    } else {
        block.header.withdrawals_root = Some(ordered_root(&[]));
    }
    block
}

/// The result of `eth_getBlockByNumber`, with transaction hashes.
pub fn rpc_block(block: &Block) -> Value {
    let Header { parent_hash, ommers_hash, coinbase, state_root, .. } = &block.header;
    let Header { transactions_root, receipts_root, logs_bloom, mix_hash, nonce, .. } =
        &block.header;
    let quantity = |number: u64| format!("{number:#x}");
    let withdrawal = |one: &Withdrawal| {
        json!({"index": quantity(one.index), "validatorIndex": quantity(one.validator_index),
            "address": one.address, "amount": quantity(one.amount)})
    };
    let hashes: Vec<B256> = block.transactions.iter().map(keccak256).collect();
    let withdrawals: Vec<_> = block.withdrawals.iter().flatten().map(withdrawal).collect();
    json!({
        "hash": block.header.hash(), "parentHash": parent_hash, "sha3Uncles": ommers_hash,
        "miner": coinbase, "stateRoot": state_root, "transactionsRoot": transactions_root,
        "receiptsRoot": receipts_root, "logsBloom": logs_bloom, "difficulty": "0x0",
        "number": quantity(block.header.number), "gasLimit": quantity(block.header.gas_limit),
        "gasUsed": quantity(block.header.gas_used), "timestamp": quantity(block.header.timestamp),
        "extraData": block.header.extra_data, "mixHash": mix_hash, "nonce": nonce,
        "baseFeePerGas": block.header.base_fee_per_gas, "size": "0x300", "uncles": [],
        "withdrawalsRoot": block.header.withdrawals_root, "withdrawals": withdrawals,
        "transactions": hashes,
    })
}

/// Runs `regenesis capture --mode history` on a node that serves this history; `script` replaces answers.
pub fn capture(
    history: History,
    script: impl Fn(&Call<'_>) -> Reply + Send + Sync + 'static,
) -> Capture {
    capture_into(tempfile::tempdir().unwrap(), history, script)
}

pub fn capture_into(
    directory: tempfile::TempDir,
    history: History,
    script: impl Fn(&Call<'_>) -> Reply + Send + Sync + 'static,
) -> Capture {
    std::fs::write(directory.path().join("genesis.json"), &history.genesis).unwrap();
    let url = server::serve(move |method, params| history.honest(method, params), script);
    Capture::with(directory, &url, FLAGS)
}

pub const FLAGS: &str = "--mode history --genesis genesis.json";

pub fn refuse((code, message): (i64, &'static str)) -> Reply {
    Reply::Refused(code, message)
}

/// The block number that the call requests.
pub fn requested(call: &Call<'_>) -> u64 {
    let text = call.params[0].as_str().unwrap();
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(BLOCKS)
}

pub fn kept(capture: &Capture) -> Vec<u8> {
    std::fs::read(capture.out().join("el/chain.rlp")).unwrap()
}
