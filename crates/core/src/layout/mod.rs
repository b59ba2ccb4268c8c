//! The files of a runtime directory, for each client and tool that reads them. Nothing here writes.
//!
//! A new client or tool is one file and one line in [`LAYOUTS`].

mod egg;
pub mod eth2_val_tools;
mod grandine;
mod kurtosis;
mod lighthouse;
mod lodestar;
pub mod metadata;
mod nimbus;
pub mod places;
pub mod plan;
mod prysm;
pub mod shape;
mod teku;

use crate::file::OutFile;
use crate::keys::{Entropy, Error, Kdf, PublicKey, Sealed, SecretKey, SecretText};

/// The entries of a runtime directory that `init` owns, besides its marker; every run replaces them.
pub const OWNED: [&str; 6] = ["metadata", "jwt", SECRETS, L2, "network-configs", "parsed"];
/// The directory of the validators' keystores and their passwords.
pub const SECRETS: &str = "validator-keys";
/// The directory of the OP-stack L2s.
pub const L2: &str = "l2";
/// The marker of a finished run, which is its summary.
pub const MARKER: &str = "regenesis.json";
/// The secret of the Engine API, at ethereum-genesis-generator's path.
pub const JWT: &str = "jwt/jwtsecret";
/// This program, with `--leave-program`.
pub const PROGRAM: &str = "bin/regenesis";

/// Every layout, by its name in `--layout`.
pub const LAYOUTS: [(&str, Layout); 9] = [
    ("lighthouse", Layout::Keys(&lighthouse::LAYOUT)),
    ("lodestar", Layout::Keys(&lodestar::LAYOUT)),
    ("teku", Layout::Keys(&teku::LAYOUT)),
    ("nimbus", Layout::Keys(&nimbus::LAYOUT)),
    ("prysm", Layout::Keys(&prysm::LAYOUT)),
    ("grandine", Layout::Keys(&grandine::LAYOUT)),
    ("eth2-val-tools", Layout::Keys(&eth2_val_tools::LAYOUT)),
    ("kurtosis", Layout::Network(kurtosis::files)),
    ("egg", Layout::Network(egg::files)),
];

/// The start time of most clients, in seconds: [`KeyLayout::start`].
pub const START: u64 = 6;

/// The files of one client or tool.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// The keystores of a validator client.
    Keys(&'static KeyLayout),
    /// Network files, besides `metadata/`.
    Network(fn(&Network<'_>) -> Vec<OutFile>),
}

/// How a validator client finds its keys. Paths are relative to the client's directory.
#[derive(Debug)]
pub struct KeyLayout {
    /// The paths of all its files, split at `/`; `0x` stands for a public key. Clients write locks and
    /// databases beside their keys: no two clients can share a top-level entry.
    pub paths: &'static [&'static [&'static str]],
    /// The files of one key.
    pub each: fn(&Sealed) -> Vec<OutFile>,
    /// The files of all keys of the client together.
    pub together: Option<Together>,
    /// Seconds until the client is ready on two busy cores.
    pub start: u64,
    /// The shortest slot with which the client works, if slots of a second are too short.
    pub shortest_slot: Option<ShortestSlot>,
}

/// The shortest slot with which a client works.
#[derive(Debug)]
pub struct ShortestSlot {
    /// Its duration.
    pub milliseconds: u64,
    /// The failure with shorter ones, for a warning.
    pub failure: &'static str,
}

impl KeyLayout {
    /// Its top-level directories and files.
    fn entries(&self) -> impl Iterator<Item = &'static str> {
        self.paths.iter().filter_map(|path| path.first().copied())
    }
}

/// Creates the files that contain all keys of a client.
pub type Together = fn(&Keyring<'_>) -> Result<Vec<OutFile>, Error>;

/// All keys of a client.
#[derive(Debug)]
pub struct Keyring<'a> {
    /// The keys, in order.
    pub keys: &'a [(PublicKey, SecretKey)],
    /// Password of the file that contains all of them.
    pub password: SecretText,
    /// Key derivation of that file.
    pub kdf: Kdf,
    /// Entropy for its salt.
    pub entropy: &'a Entropy,
    /// Distinguishes the client from the others of the run.
    pub client: &'a str,
}

/// The inputs of the network files.
#[derive(Debug)]
pub struct Network<'a> {
    /// The files of `metadata/`.
    pub metadata: &'a [OutFile],
    /// `mnemonics.yaml`, if the snapshot has one.
    pub mnemonics: Option<&'a [u8]>,
    /// The genesis state as JSON.
    pub state_json: &'a [u8],
}

impl Sealed {
    /// The public key as names of directories contain it.
    fn name(&self) -> String {
        format!("0x{}", hex::encode(self.pubkey))
    }

    fn keystore_at(&self, path: String) -> OutFile {
        OutFile::secret(path, self.keystore.clone())
    }

    fn password_at(&self, path: String) -> OutFile {
        OutFile::secret(path, self.password.as_bytes())
    }
}

/// Path of a file of the L2 `name`.
pub fn l2(name: &str, file: &str) -> String {
    format!("{L2}/{name}/{file}")
}

/// The JWT secret of the L2 `name`, which is that of the L1.
pub fn l2_jwt(name: &str, secret: &str) -> OutFile {
    OutFile::secret(l2(name, "jwtsecret"), secret)
}

/// The JWT secret.
pub fn jwt(secret: &str) -> OutFile {
    OutFile::secret(JWT, secret)
}
