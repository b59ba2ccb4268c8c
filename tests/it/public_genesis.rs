//! Genesis blocks of the public networks, and a header of every fork from geth.

use std::io::Read;

use crate::support::chain::BEFORE_LONDON;
use alloy_primitives::{B256, b256};
use regenesis::el::genesis;
use regenesis::el::header::make_genesis_header;
use serde_json::{Value, json};

/// State root and block hash.
fn roots(text: &[u8]) -> (B256, B256) {
    let (document, state) = genesis::read(text, &|_| ()).unwrap();
    let genesis = document.checked_genesis().unwrap();
    let (state_root, timestamp) = (state.root(), genesis.timestamp.unwrap());
    (state_root, make_genesis_header(&genesis, state_root, timestamp).hash())
}

/// Name, state root, block hash, accounts.
const NETWORKS: [(&str, B256, B256, usize); 4] = [
    (
        "mainnet",
        b256!("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
        b256!("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"),
        8893,
    ),
    (
        "sepolia",
        b256!("5eb6e371a698b8d68f665192350ffcecbbbf322916f4b51bd79bb6887da3f494"),
        b256!("25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"),
        15,
    ),
    (
        "holesky",
        b256!("69d8c9d72f6fa4ad42d4702b433707212f90db395eb54dc20bc85de253788783"),
        b256!("b5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4"),
        317,
    ),
    (
        "hoodi",
        b256!("da87d7f5f91c51508791bbcbd4aa5baf04917830b86985eeb9ad3d5bfb657576"),
        b256!("bbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b"),
        335,
    ),
];

#[test]
fn public_networks_have_their_genesis_blocks() {
    for (name, state_root, block_hash, accounts) in NETWORKS {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/public");
        let file = std::fs::File::open(format!("{directory}/{name}.json.gz")).unwrap();
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut text).unwrap();
        let (_, state) = genesis::read(&text[..], &|_| ()).unwrap();
        assert_eq!(state.len(), accounts, "{name}");
        assert_eq!(roots(&text), (state_root, block_hash), "{name}");
    }
}

/// Chain 271828 with one account of 1 ETH, and every fork of `times` at 0.
fn chain(london: bool, times: &[&str]) -> Value {
    let mut config = json!({"chainId": 271_828, "terminalTotalDifficulty": 0});
    for fork in BEFORE_LONDON {
        config[format!("{fork}Block")] = json!(0);
    }
    if london {
        config["londonBlock"] = json!(0);
        config["mergeNetsplitBlock"] = json!(0);
    }
    for fork in times {
        config[format!("{fork}Time")] = json!(0);
    }
    let blobs = |target, max, fraction| json!({"target": target, "max": max, "baseFeeUpdateFraction": fraction});
    config["blobSchedule"] = json!({
        "cancun": blobs(3, 6, 3_338_477),
        "prague": blobs(6, 9, 5_007_716),
        "osaka": blobs(6, 9, 5_007_716),
        "bpo1": blobs(10, 15, 8_346_193),
        "amsterdam": blobs(6, 9, 5_007_716),
    });
    json!({
        "config": config,
        "nonce": "0x1234",
        "timestamp": "1700000000",
        "gasLimit": "0x17d7840",
        "difficulty": if london { "0x0" } else { "0x20000" },
        "alloc": {"0x1111111111111111111111111111111111111111": {"balance": "0xde0b6b3a7640000"}},
    })
}

/// Hashes printed by `geth init` 1.17.4.
#[test]
fn headers_of_every_fork_equal_those_of_geth() {
    let prague = b256!("9de1024e9b155b718c41f3c9756e08dd4033d9992f36308369addd1216184dc7");
    let hashes = [
        ("paris", b256!("96be3a6c15fcdeb1d67b0a2f40c90d1e2f0a6244121bc675d5b7609f2d4ea40e")),
        ("shanghai", b256!("10eba17aa374fb63133b6edf0f735a6748a56defe245423c50a3a33431de5953")),
        ("cancun", b256!("d5521ba5fc9f95149b1450502c1c34934e336bc8a49dfbae8f41ef8e43007cdf")),
        ("prague", prague),
        ("osaka", prague),
        ("bpo1", prague),
        ("amsterdam", b256!("52d1445a63e5f61b608d5a71f0e4d3d8c42ce973dd187d0de9fcc6fa2485e461")),
    ];
    let names = hashes.map(|(name, _)| name);
    for (level, (name, hash)) in hashes.into_iter().enumerate() {
        let (_, ours) = roots(chain(true, &names[1..=level]).to_string().as_bytes());
        assert_eq!(ours, hash, "{name}");
    }
    let mut amsterdam = chain(true, &names[1..]);
    amsterdam["slotNumber"] = json!(7);
    let (_, ours) = roots(amsterdam.to_string().as_bytes());
    assert_eq!(ours, b256!("3ace150edcff2d06ffb17938157aea57ca1cb30fa2672b082f1c10ad8d0fb59e"));
    let (_, ours) = roots(chain(false, &[]).to_string().as_bytes());
    assert_eq!(ours, b256!("4420ce0a9a0f288b737417fd3c4aca4950adc657b567666a9ed84b2d89842856"));
}
