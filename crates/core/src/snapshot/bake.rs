//! `baked/` of a snapshot: everything independent of the time, computed once.
//!
//! ```text
//! SNAPSHOT/baked/
//!   bake.json         digests of the inputs, state root, range and digest of the alloc; on a second
//!                     line its own digest
//!   validators.bin    89 bytes per validator: public key, credentials, gwei, status
//!   keystores.jsonl   a keystore and its password per line; optional
//!   geth/             geth's database without the genesis block; optional
//!   seen.json         identities of the large files on this machine, to recognise them unread
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::validators::Source;
use crate::cl::validator::{GenesisValidator, Status};
use crate::el::system_contracts::SYSTEM_CONTRACTS;
use crate::file::FileDigest;
use crate::geth_database::BakedDatabase;
use crate::keys::Sealed;
use crate::l2;

/// Directory of the bake in its snapshot.
pub const DIRECTORY: &str = "baked";
/// The record of the bake.
pub const RECORD: &str = "baked/bake.json";
/// The registry.
pub const VALIDATORS: &str = "baked/validators.bin";
/// The keystores.
pub const KEYSTORES: &str = "baked/keystores.jsonl";
/// Directory of geth's database, without its log.
pub const GETH: &str = "baked/geth";
/// Identities of the large files.
pub const SEEN: &str = "baked/seen.json";

/// Every file of the bake.
pub const FILES: [&str; 4] = [RECORD, VALIDATORS, KEYSTORES, SEEN];

/// Length of a validator in [`VALIDATORS`].
const VALIDATOR_SIZE: usize = 48 + 32 + 8 + 1;

/// `bake.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the program that wrote it. Other versions do not use the bake.
    pub regenesis: String,
    /// The execution genesis.
    pub genesis: BakedGenesis,
    /// The small files, and those of the bake itself.
    pub files: Vec<FileDigest>,
    /// Digests of the large files as a boot computes them, on all cores: SHA-256 of the length and
    /// of the SHA-256 of every MiB.
    pub trees: BTreeMap<String, String>,
    /// Root of the registry in the state.
    pub genesis_validators_root: B256,
    /// Where the validators come from.
    pub sources: Vec<Source>,
    /// The OP-stack L2s by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub l2: BTreeMap<String, BakedL2>,
    /// The keystores, if they are there.
    pub keystores: Option<BakedKeystores>,
    /// geth's database, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geth: Option<BakedDatabase>,
}

/// The properties of `genesis.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BakedGenesis {
    /// The file: its digest is for `verify`, which reads all of it.
    pub file: FileDigest,
    /// Bytes of the alloc, braces included.
    pub alloc: Range<u64>,
    /// Whether the alloc has no entry.
    pub empty: bool,
    /// Number of accounts.
    pub accounts: usize,
    /// Root of the state.
    pub state_root: B256,
    /// System contracts that have no code.
    pub missing: Vec<Address>,
    /// State of SHA-256 after the alloc, which the written file starts with: hex.
    pub sha256_state: String,
    /// Bytes up to the end of the alloc.
    pub sha256_length: u64,
}

/// The properties of an L2's `genesis.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BakedL2 {
    /// Bytes of the alloc, braces included.
    pub alloc: std::ops::Range<u64>,
    /// Whether the alloc has no entry.
    pub empty: bool,
    /// Its state.
    pub state: l2::State,
}

/// The properties of the keystores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BakedKeystores {
    /// Their key derivation function.
    pub kdf: String,
    /// How many there are.
    pub count: usize,
    /// Identifies the entropy, for a run that needs its keystores.
    pub entropy: String,
}

/// A bake that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its bytes differ from those that were written.
    #[error("is damaged")]
    Damaged,
}

impl Record {
    /// As the file has it: one line of JSON, and its digest on the next.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        let digest = hex::encode(Sha256::digest(&bytes));
        bytes.extend_from_slice(format!("\n{digest}\n").as_bytes());
        bytes
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A byte differs from what was written.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let (Some(record), Some(digest), Some(b""), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(Error::Damaged);
        };
        if hex::encode(Sha256::digest(record)).as_bytes() != digest {
            return Err(Error::Damaged);
        }
        serde_json::from_slice(record).map_err(|_| Error::Damaged)
    }

    /// Whether the numbers fit a `genesis.json` of `length` bytes and a registry of `validators`. The
    /// author of a snapshot can write any: the digests only show that nothing was damaged since.
    pub fn fits(&self, length: u64, validators: usize) -> bool {
        let Self { genesis, sources, keystores, .. } = self;
        let end = |source: &Source| source.first.checked_add(source.count);
        let total = sources.iter().try_fold(0_u64, |sum, source| sum.checked_add(source.count));
        genesis.fits(length)
            && validators > 0
            && total == Some(validators as u64)
            && sources.iter().all(|source| end(source).is_some())
            && keystores.as_ref().is_none_or(|keystores| keystores.count <= validators)
    }

    /// The digest of the file at `path`, if the record has it.
    pub fn file(&self, path: &str) -> Option<&FileDigest> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl BakedGenesis {
    fn fits(&self, length: u64) -> bool {
        /// Bytes of the shortest account, `"ADDRESS":{}`.
        const ACCOUNT: u64 = 45;
        let Range { start, end } = self.alloc;
        self.file.size == length
            && start < end
            && end <= length
            && self.accounts as u64 <= (end - start) / ACCOUNT
            && self.missing.len() <= SYSTEM_CONTRACTS.len()
    }
}

/// `validators.bin`.
pub fn encode_validators(validators: &[GenesisValidator]) -> Vec<u8> {
    let mut out = Vec::with_capacity(validators.len() * VALIDATOR_SIZE);
    for validator in validators {
        out.extend_from_slice(&validator.pubkey);
        out.extend_from_slice(&validator.withdrawal_credentials);
        out.extend_from_slice(&validator.balance.unwrap_or(0).to_le_bytes());
        out.push(validator.status as u8);
    }
    out
}

/// Reads `validators.bin`.
///
/// # Errors
/// The length is not a multiple of a validator's, or a status is unknown.
pub fn decode_validators(bytes: &[u8]) -> Result<Vec<GenesisValidator>, Error> {
    let (records, rest) = bytes.as_chunks::<VALIDATOR_SIZE>();
    if !rest.is_empty() {
        return Err(Error::Damaged);
    }
    let decode = |record: &[u8; VALIDATOR_SIZE]| {
        let (pubkey, rest) = record.split_first_chunk::<48>().ok_or(Error::Damaged)?;
        let (credentials, rest) = rest.split_first_chunk::<32>().ok_or(Error::Damaged)?;
        let (gwei, status) = rest.split_first_chunk::<8>().ok_or(Error::Damaged)?;
        let gwei = u64::from_le_bytes(*gwei);
        let statuses = [Status::Active, Status::Slashed, Status::Exited];
        let status = statuses.into_iter().find(|known| [*known as u8] == status);
        Ok(GenesisValidator {
            pubkey: *pubkey,
            withdrawal_credentials: *credentials,
            balance: (gwei != 0).then_some(gwei),
            status: status.ok_or(Error::Damaged)?,
        })
    };
    records.iter().map(decode).collect()
}

/// `keystores.jsonl`: a line each, `<pubkey> <password> <keystore>`.
pub fn encode_keystores(sealed: &[Sealed]) -> Vec<u8> {
    let mut out = Vec::new();
    for key in sealed {
        let head = format!("{} {} ", hex::encode(key.pubkey), &*key.password);
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&key.keystore);
        out.push(b'\n');
    }
    out
}

/// Reads `keystores.jsonl`.
///
/// # Errors
/// A line of another form.
pub fn decode_keystores(bytes: &[u8]) -> Result<Vec<Sealed>, Error> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let decode = |line: &[u8]| {
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let (Some(pubkey), Some(password), Some(keystore)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::Damaged);
        };
        let mut key = [0; 48];
        hex::decode_to_slice(pubkey, &mut key).map_err(|_| Error::Damaged)?;
        let password = String::from_utf8(password.to_vec()).map_err(|_| Error::Damaged)?;
        Ok(Sealed { pubkey: key, keystore: keystore.to_vec(), password: password.into() })
    };
    lines.map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_and_keystores_round_trip() {
        let validator = |byte: u8, balance, status| GenesisValidator {
            pubkey: [byte; 48],
            withdrawal_credentials: [byte + 1; 32],
            balance,
            status,
        };
        let validators =
            vec![validator(1, None, Status::Active), validator(7, Some(31), Status::Exited)];
        let bytes = encode_validators(&validators);
        assert_eq!(decode_validators(&bytes).unwrap(), validators);
        assert!(decode_validators(&bytes[1..]).is_err());
        let sealed = Sealed {
            pubkey: [3; 48],
            keystore: br#"{"a": "b c"}"#.to_vec(),
            password: "secret".to_owned().into(),
        };
        let again = decode_keystores(&encode_keystores(&[sealed])).unwrap();
        assert_eq!((again[0].pubkey, &again[0].keystore[..]), ([3; 48], &br#"{"a": "b c"}"#[..]));
        assert_eq!(&*again[0].password, "secret");
        assert!(decode_keystores(b"00 x\n").is_err());
    }
}
