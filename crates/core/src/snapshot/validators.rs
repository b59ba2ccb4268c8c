//! The validator registry: the validators of the mnemonics, derived on all cores, then the listed ones.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::mnemonics::{Entry, Withdrawal};
use crate::cl::state;
use crate::cl::validator::{
    BLS_WITHDRAWAL_PREFIX, COMPOUNDING_WITHDRAWAL_PREFIX, GenesisValidator, Status,
};
use crate::keys::{self, Accounts, Path, PublicKey, SecretKey};
use crate::placeholder;
use crate::yaml::shown;

/// A validator whose signing key is known.
#[derive(Debug)]
pub struct SigningKey {
    /// The key.
    pub secret: SecretKey,
    /// Its public key.
    pub pubkey: PublicKey,
    /// Its EIP-2334 path.
    pub path: Path,
}

/// The registry in its order, with keys and sources.
#[derive(Debug, Default)]
pub struct Registry {
    /// The validators in the state.
    pub validators: Vec<GenesisValidator>,
    /// Keys of the first validators, those of the mnemonics.
    pub signing_keys: Vec<SigningKey>,
    /// Where the validators come from, for `validator_names.yaml`.
    pub sources: Vec<Source>,
}

/// A run of validators, neighbours in the registry and in their source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Name of the mnemonic's entry, or of the list.
    pub name: String,
    /// Index in the source of the first one.
    pub first: u64,
    /// Number of validators.
    pub count: u64,
}

/// Derives the validators of `entries` in order. `progress` is called with the number of newly derived
/// ones.
///
/// # Errors
/// None for entries that were parsed.
pub fn derive(
    entries: &[Entry],
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Registry, keys::Error> {
    let mut registry = Registry::default();
    for entry in entries {
        let accounts = Accounts::of(&entry.mnemonic)?;
        let derived: Vec<_> = (entry.start..entry.start + entry.count)
            .into_par_iter()
            .map(|index| {
                let withdrawal_key = accounts.withdrawal_key(index);
                let secret = Accounts::signing_key(&withdrawal_key);
                let pubkey = secret.public_key();
                let withdrawal_credentials = match &entry.withdrawal {
                    Withdrawal::Address { prefix, address } => by_address(*prefix, address),
                    Withdrawal::Key(None) => credentials_by_key(&withdrawal_key),
                    Withdrawal::Key(Some(path)) => credentials_by_key(&accounts.key(path)),
                };
                progress(1);
                let (balance, status) = (entry.balance, entry.status);
                let validator =
                    GenesisValidator { pubkey, withdrawal_credentials, balance, status };
                (validator, SigningKey { secret, pubkey, path: Path::signing(index) })
            })
            .collect();
        let (first, count) = (u64::from(entry.start), u64::from(entry.count));
        registry.sources.push(Source { name: entry.name.clone(), first, count });
        let (validators, signing_keys): (Vec<_>, Vec<_>) = derived.into_iter().unzip();
        registry.validators.extend(validators);
        registry.signing_keys.extend(signing_keys);
    }
    Ok(registry)
}

/// Withdrawal credentials of a BLS key: its hash after the prefix 0x00.
pub fn credentials_by_key(withdrawal_key: &SecretKey) -> [u8; 32] {
    let mut credentials: [u8; 32] = Sha256::digest(withdrawal_key.public_key()).into();
    credentials[0] = BLS_WITHDRAWAL_PREFIX;
    credentials
}

fn by_address(prefix: u8, address: &[u8; 20]) -> [u8; 32] {
    let mut credentials = [0; 32];
    credentials[0] = prefix;
    credentials[12..].copy_from_slice(address);
    credentials
}

/// An error in `validators.txt`.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// Line of the file, from 1.
    pub line: usize,
    /// The cause.
    pub what: String,
    /// The remedy.
    pub hint: &'static str,
}

const FORM: &str =
    "a line is pubkey:withdrawal_credentials or pubkey:withdrawal_credentials:balance_gwei";

/// Keys of a list that [`KeyCheck::Sample`] checks completely.
pub const SAMPLE: usize = 1024;

/// Which public keys of a list are checked to be points of the right subgroup, at 40 µs a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    /// All.
    All,
    /// Of a list longer than [`SAMPLE`], that many, evenly spread. The others must have the form of a
    /// compressed point, as for eth-beacon-genesis; a client reports one that is not valid.
    Sample,
}

impl KeyCheck {
    /// The distance of the keys that are checked in a list of `count`.
    fn step(self, count: usize) -> usize {
        match self {
            Self::All => 1,
            Self::Sample => count.div_ceil(SAMPLE).max(1),
        }
    }
}

/// Reads `validators.txt`: a line each, `pubkey:withdrawal_credentials[:balance_gwei]`, hex with
/// or without `0x`; empty lines and lines that begin with `#` are skipped.
///
/// # Errors
/// A line of another form; a public key that is not valid; credentials whose prefix is not 0x00, 0x01
/// or 0x02, or whose padding is not zero.
pub fn parse(text: &[u8], check: KeyCheck) -> Result<Vec<GenesisValidator>, Error> {
    let mut validators = Vec::new();
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let error = |what: String, hint| Error { line: number, what, hint };
        let line =
            str::from_utf8(line).map_err(|_| error("is not UTF-8 text".to_owned(), FORM))?.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let hint = || line.split(':').find_map(placeholder::hint).unwrap_or(FORM);
        validators.push(validator(line).map_err(|what| error(what, hint()))?);
        lines.push(number);
    }
    let keys: Vec<_> = validators.iter().map(|validator| validator.pubkey).collect();
    state::check_public_keys(&keys, check.step(keys.len())).map_err(|index| {
        let key = hex::encode(keys[index]);
        let what = format!("the public key 0x{key} is not a point of BLS12-381's group G1");
        Error { line: lines[index], what, hint: FORM }
    })?;
    Ok(validators)
}

fn validator(line: &str) -> Result<GenesisValidator, String> {
    let parts: Vec<&str> = line.split(':').collect();
    let (pubkey, credentials, balance) = match parts[..] {
        [pubkey, credentials] => (pubkey, credentials, None),
        [pubkey, credentials, balance] => (pubkey, credentials, Some(balance)),
        _ => return Err("is not two or three parts separated by colons".to_owned()),
    };
    let pubkey = bytes(pubkey, "the public key")?;
    let withdrawal_credentials: [u8; 32] = bytes(credentials, "the withdrawal credentials")?;
    let (prefix, padding) = (withdrawal_credentials[0], &withdrawal_credentials[1..12]);
    if prefix > COMPOUNDING_WITHDRAWAL_PREFIX {
        return Err(format!(
            "the withdrawal credentials have the prefix {prefix:#04x}, expected 0x00, 0x01 or 0x02"
        ));
    }
    if prefix != BLS_WITHDRAWAL_PREFIX && padding.iter().any(|byte| *byte != 0) {
        return Err(format!(
            "the withdrawal credentials are 0x{}, expected 11 zero bytes before the address",
            hex::encode(withdrawal_credentials)
        ));
    }
    let balance = balance.map(|text| {
        let gwei = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let fault = || format!("the balance is {}, expected gwei, a 64-bit number", shown(text));
        gwei.and_then(|text| text.parse().ok()).ok_or_else(fault)
    });
    Ok(GenesisValidator {
        pubkey,
        withdrawal_credentials,
        balance: balance.transpose()?,
        status: Status::Active,
    })
}

/// Bytes of hex. Other text is not quoted: it may be a secret from another file.
fn bytes<const N: usize>(text: &str, what: &str) -> Result<[u8; N], String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
        let found = match digits.chars().count() {
            length if length == 2 * N => "some characters are not".to_owned(),
            length => format!("found {length}"),
        };
        format!("{what}: expected {} hex digits, {found}", 2 * N)
    })?;
    Ok(bytes)
}

impl Registry {
    /// Adds the validators of a list after those of the mnemonics.
    pub fn extend(&mut self, listed: Vec<GenesisValidator>) {
        let (name, count) = ("additional-validators".to_owned(), listed.len() as u64);
        self.sources.push(Source { name, first: 0, count });
        self.validators.extend(listed);
    }

    /// The first two validators with the same public key, by index.
    pub fn duplicate(&self) -> Option<(usize, usize)> {
        let mut seen = HashMap::with_capacity(self.validators.len());
        self.validators.iter().enumerate().find_map(|(index, validator)| {
            seen.insert(validator.pubkey, index).map(|first| (first, index))
        })
    }

    /// The name of a validator in messages: its source and its index there.
    pub fn name(&self, index: usize) -> String {
        let mut rest = index as u64;
        for source in &self.sources {
            if rest < source.count {
                return format!("{}[{}]", source.name, source.first + rest);
            }
            rest -= source.count;
        }
        format!("number {index}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_validators_txt_parse() {
        let creds = format!("01{}{}", "00".repeat(11), "cd".repeat(20));
        // The generator of G1.
        let pubkey = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
        let text = format!("# list\n\n0x{pubkey}:0x{creds}\r\n{pubkey}:{creds}:64000000000\n");
        let listed = parse(text.as_bytes(), KeyCheck::All).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!((listed[0].balance, listed[1].balance), (None, Some(64_000_000_000)));
        for (line, what) in [
            (pubkey.to_owned(), "is not two or three"),
            (
                format!("{pubkey}:{}", "00".repeat(31)),
                "credentials: expected 64 hex digits, found 62",
            ),
            (format!("{}:{creds}", &pubkey[2..]), "public key: expected 96 hex digits, found 94"),
            (
                format!("{}zz:{creds}", &pubkey[2..]),
                "public key: expected 96 hex digits, some characters are not",
            ),
            (format!("{}:{creds}", "ab".repeat(48)), "is not a point"),
            (format!("{pubkey}:03{}", "00".repeat(31)), "prefix 0x03"),
            (format!("{pubkey}:01{}", "11".repeat(31)), "11 zero bytes"),
            (format!("{pubkey}:{creds}:lots"), "the balance is \"lots\""),
        ] {
            let error = parse(format!("#\n{line}\n").as_bytes(), KeyCheck::Sample).unwrap_err();
            assert!(error.line == 2 && error.what.contains(what), "{error}");
        }
    }

    #[test]
    fn a_sample_checks_the_form_of_every_key() {
        let creds = "00".repeat(32);
        let pubkey = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
        let line = format!("{pubkey}:{creds}\n");
        // A coordinate in the field, which is that of no point.
        let no_point = format!("80{}01", "00".repeat(46));
        let list = |key: &str| {
            let half = line.repeat(SAMPLE);
            format!("{half}{key}:{creds}\n{half}{line}")
        };
        let parse = |key: &str, check| parse(list(key).as_bytes(), check);
        assert_eq!(parse(pubkey, KeyCheck::Sample).unwrap().len(), 2 * SAMPLE + 2);
        let outside = format!("9a{}", &"ff".repeat(47));
        let infinity = format!("c0{}", "00".repeat(47));
        for key in [&outside, &infinity, &pubkey.replacen("97", "17", 1)] {
            assert_eq!(parse(key, KeyCheck::Sample).unwrap_err().line, SAMPLE + 1, "{key}");
        }
        assert_eq!(parse(&no_point, KeyCheck::All).unwrap_err().line, SAMPLE + 1);
    }
}
