//! Snapshots of any size, the same at every run: the sample with random accounts after its own.

#![allow(dead_code, reason = "the benches and the generator use a part each")]
#![allow(clippy::disallowed_methods, reason = "a tool, outside the library")]

use std::fs::{File, create_dir_all, write};
use std::io::{BufWriter, Result, Write};
use std::path::Path;

use alloy_primitives::hex;

/// How large a snapshot is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Accounts, those of the sample included; at least as many as the sample has.
    pub accounts: u64,
    /// Validators of the sample's mnemonic.
    pub validators: u64,
    /// One of this number of accounts is a contract.
    pub accounts_per_contract: u64,
}

/// One contract in 20 accounts.
pub const FULL: u64 = 20;
/// One contract in 200 accounts.
pub const THIN: u64 = 200;

const SAMPLE_ACCOUNTS: u64 = 27;
const GENESIS: &str = include_str!("../../sample/el/genesis.template.json");
pub const CONFIG: &str = include_str!("../../sample/cl/config.yaml");
pub const MNEMONICS: &str = include_str!("../../sample/val/mnemonics.yaml");

/// `SplitMix64`: random enough for tries and hex, and it costs nothing.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Appends `count` random bytes as hex.
    fn hex(&mut self, count: usize, out: &mut Vec<u8>) {
        let bytes: Vec<u8> =
            (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        let start = out.len();
        out.resize(start + 2 * count, 0);
        hex::encode_to_slice(&bytes[..count], &mut out[start..])
            .expect("room for two digits a byte");
    }
}

/// Writes a snapshot for `regenesis init DIR`.
pub fn write_snapshot(directory: &Path, size: Size) -> Result<()> {
    for part in ["el", "cl", "val"] {
        create_dir_all(directory.join(part))?;
    }
    let count = |text: &str, key: &str| {
        text.replace(&format!("{key}: 64"), &format!("{key}: {}", size.validators))
    };
    write(directory.join("cl/config.yaml"), count(CONFIG, "MIN_GENESIS_ACTIVE_VALIDATOR_COUNT"))?;
    write(directory.join("val/mnemonics.yaml"), count(MNEMONICS, "count"))?;
    write(
        directory.join("metadata.json"),
        "{\"format\": 1, \"name\": \"generated\", \"chain_id\": 271828}\n",
    )?;
    write_genesis(File::create(directory.join("el/genesis.template.json"))?, size)
}

/// Writes the execution genesis of a snapshot.
pub fn write_genesis(out: impl Write, size: Size) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let (sample, end) = GENESIS.trim_end().split_at(GENESIS.trim_end().len() - "\n  }\n}".len());
    out.write_all(sample.as_bytes())?;
    let mut random = Random(size.accounts);
    let mut entry = Vec::new();
    for _ in SAMPLE_ACCOUNTS..size.accounts {
        entry.clear();
        account(&mut random, size.accounts_per_contract, &mut entry);
        out.write_all(&entry)?;
    }
    writeln!(out, "{end}")?;
    out.flush()
}

fn account(random: &mut Random, accounts_per_contract: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\n    \"0x");
    random.hex(20, out);
    out.extend_from_slice(b"\": { \"balance\": \"0x");
    random.hex(12, out);
    out.push(b'"');
    let nonce = random.below(1000);
    if nonce > 0 {
        out.extend_from_slice(format!(", \"nonce\": \"{nonce:#x}\"").as_bytes());
    }
    if random.below(accounts_per_contract) == 0 {
        let length = 100 + random.below(24_477);
        out.extend_from_slice(b", \"code\": \"0x");
        random.hex(usize::try_from(length).expect("a length of code"), out);
        out.extend_from_slice(b"\", \"storage\": {");
        for slot in 0..slots(random) {
            out.extend_from_slice(if slot == 0 { b" \"0x" } else { b", \"0x" });
            random.hex(32, out);
            out.extend_from_slice(b"\": \"0x");
            random.hex(32, out);
            out.push(b'"');
        }
        out.extend_from_slice(b" }");
    }
    out.extend_from_slice(b" }");
}

/// 10 to 1000, as many below 100 as above.
fn slots(random: &mut Random) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "a random share needs no 64 bits")]
    let share = random.next() as f64 / u64::MAX as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 10 and 1000"
    )]
    let slots = (10.0 * 100_f64.powf(share)).round() as u64;
    slots
}
