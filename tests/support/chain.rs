//! A small chain through the library's API: the inputs of the vectors in `tests/it/spec.rs`.

use std::fmt::Write;
use std::sync::LazyLock;

use regenesis::cl::config::{Config, FAR_FUTURE_EPOCH};
use regenesis::cl::fork::{FORKS, Fork};
use regenesis::cl::preset::{Preset, Revision};
use regenesis::cl::state::{GenesisState, genesis_state};
use regenesis::cl::validator::GenesisValidator;
use regenesis::el::block::Block;
use regenesis::el::genesis;
use regenesis::el::header::{Header, make_genesis_header};
use regenesis::snapshot::{mnemonics, validators};

/// Public.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// A config with `fork` at genesis and the later ones never; versions as in consensus-specs
/// `configs/`.
pub fn config(fork: &Fork, preset: &str) -> Config {
    let network = u8::from(preset == "minimal");
    let mut text = format!("PRESET_BASE: {preset}\n");
    for (number, known) in FORKS.iter().enumerate() {
        writeln!(text, "{}: 0x{number:02x}0000{network:02x}", known.version_key()).unwrap();
        if let Some(key) = known.epoch_key() {
            let epoch = if fork.is_at_least(known.name) { 0 } else { FAR_FUTURE_EPOCH };
            writeln!(text, "{key}: {epoch}").unwrap();
        }
    }
    Config::parse(text.as_bytes()).unwrap()
}

/// The preset of a config, of the current specification.
pub fn preset(config: &Config) -> Preset {
    Preset::of(config, Revision::default()).unwrap()
}

/// The hardforks by block number before london, as keys of a chain config begin.
pub const BEFORE_LONDON: [&str; 9] = [
    "homestead",
    "eip150",
    "eip155",
    "eip158",
    "byzantium",
    "constantinople",
    "petersburg",
    "istanbul",
    "berlin",
];

/// The execution block at `fork`: chain 271828, one account with 1 ETH, 2023-11-14.
pub fn header(fork: &Fork) -> Header {
    let mut config = "\"chainId\": 271828, \"terminalTotalDifficulty\": 0".to_owned();
    for block in BEFORE_LONDON.iter().chain(&["london"]) {
        write!(config, r#", "{block}Block": 0"#).unwrap();
    }
    for known in FORKS.iter().filter(|known| fork.is_at_least(known.name)) {
        if let Some(hardfork) = known.hardfork {
            write!(config, r#", "{}": 0"#, hardfork.key()).unwrap();
        }
    }
    let text = format!(
        r#"{{"config": {{{config}}}, "nonce": "0x1234", "timestamp": 1700000000,
        "gasLimit": "0x17d7840", "difficulty": "0x0",
        "alloc": {{"{}": {{"balance": "1000000000000000000"}}}}}}"#,
        "11".repeat(20)
    );
    let (document, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
    make_genesis_header(&document.genesis().unwrap(), state.root(), 1_700_000_000)
}

/// The first `count` validators of the mnemonic, up to 70, with 32 ETH each and BLS withdrawal
/// credentials.
pub fn validators(count: usize) -> Vec<GenesisValidator> {
    static DERIVED: LazyLock<Vec<GenesisValidator>> = LazyLock::new(|| {
        let text = format!("- mnemonic: {MNEMONIC}\n  count: 70\n");
        let entries = mnemonics::parse(text.as_bytes()).unwrap();
        validators::derive(&entries, &|_| ()).unwrap().validators
    });
    DERIVED[..count].to_vec()
}

/// The state of `fork` under `preset`.
pub fn state(
    fork: &Fork,
    preset_base: &str,
    validators: &[GenesisValidator],
    genesis_time: u64,
) -> GenesisState {
    let config = config(fork, preset_base);
    let block = Block::genesis(header(fork));
    genesis_state(&config, &preset(&config), validators, &block, None, genesis_time).unwrap()
}
