//! The files of a runtime directory. One consumer a file; none of them writes anything.
//!
//! To add a consumer, add its file and its line in [`LAYOUTS`].

mod egg;
pub mod eth2_val_tools;
mod grandine;
mod kurtosis;
mod lighthouse;
mod lodestar;
pub mod metadata;
mod nimbus;
pub mod plan;
mod prysm;
pub mod shape;
mod teku;

use std::fmt;

use crate::cl::ssz::Value;
use crate::digest::Prefix;
use crate::el::edit::Piece;
use crate::keys::{Entropy, Error, Kdf, PublicKey, Sealed, SecretKey, SecretText};
use crate::snapshot::Input;

/// What `init` owns in a runtime directory, beside its marker: a run replaces it wholly.
pub const OWNED: [&str; 5] = ["metadata", "jwt", SECRETS, "network-configs", "parsed"];
/// The directory of the validators' keystores and their passwords.
pub const SECRETS: &str = "validator-keys";
/// The marker of a finished run, its summary.
pub const MARKER: &str = "regenesis.json";
/// This program, if it was asked to leave itself there.
pub const PROGRAM: &str = "bin/regenesis";

/// Every consumer, by its name for `--layout`.
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

/// What most clients need until they are ready, in seconds: [`KeyLayout::start`].
pub const START: u64 = 6;

/// A consumer's arrangement of what was made.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// Of the keys of a validator client.
    Keys(&'static KeyLayout),
    /// Of the files of the network, beside `metadata/`.
    Network(fn(&Network<'_>) -> Vec<OutFile>),
}

/// How a validator client finds its keys. Paths are relative to the client's directory.
#[derive(Debug)]
pub struct KeyLayout {
    /// Directories and files that it takes at the top. Clients lock and write beside their keys:
    /// none of these may be another client's too.
    pub takes: &'static [&'static str],
    /// The files of one key.
    pub each: fn(&Sealed) -> Vec<OutFile>,
    /// The files of all keys of the client together.
    pub together: Option<Together>,
    /// Seconds until the client is ready on two busy cores.
    pub start: u64,
}

/// Makes the files that hold all keys of a client.
pub type Together = fn(&Keyring<'_>) -> Result<Vec<OutFile>, Error>;

/// All keys of a client.
#[derive(Debug)]
pub struct Keyring<'a> {
    /// The keys in their order.
    pub keys: &'a [(PublicKey, SecretKey)],
    /// Password of a file that holds them all.
    pub password: SecretText,
    /// How that file is protected.
    pub kdf: Kdf,
    /// Source of its salt.
    pub entropy: &'a Entropy,
    /// Tells the client from others of the run.
    pub client: &'a str,
}

/// What is known of the network when its files are arranged.
#[derive(Debug)]
pub struct Network<'a> {
    /// The files of `metadata/`.
    pub metadata: &'a [OutFile],
    /// `mnemonics.yaml`, if the snapshot has one.
    pub mnemonics: Option<&'a [u8]>,
    /// The genesis state as JSON.
    pub state_json: &'a [u8],
}

/// A file to write.
#[derive(Debug, Clone)]
pub struct OutFile {
    /// Path in the runtime directory, with `/`.
    pub path: String,
    /// What is in it.
    pub content: Content,
    /// Whether only its owner may read it.
    pub secret: bool,
}

/// The content of a file; it may be secret, and is not printed.
#[derive(Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The encoding of a value.
    Ssz(Value),
    /// Pieces, some of them ranges of an input; and what is known of the digest.
    Pieces(Vec<Piece>, Input, Option<Prefix>),
    /// All of an input, whose length and SHA-256 are known.
    Copy(Input, u64, [u8; 32]),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Ssz(value) => write!(f, "Ssz({})", value.len()),
            Self::Pieces(pieces, input, _) => write!(f, "Pieces({}, {input:?})", pieces.len()),
            Self::Copy(input, length, _) => write!(f, "Copy({length}, {input:?})"),
        }
    }
}

impl OutFile {
    /// A file, which only its owner may read if it is secret.
    pub fn new(path: impl Into<String>, content: Content, secret: bool) -> Self {
        Self { path: path.into(), content, secret }
    }

    fn public(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new(path, Content::Bytes(content.into()), false)
    }

    fn secret(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new(path, Content::Bytes(content.into()), true)
    }

    /// A file that nobody need hide, in pieces of `input`.
    pub fn pieces(path: String, pieces: Vec<Piece>, input: Input, prefix: Option<Prefix>) -> Self {
        Self::new(path, Content::Pieces(pieces, input, prefix), false)
    }

    /// The same file below `directory`.
    #[must_use]
    fn below(mut self, directory: &str) -> Self {
        self.path = format!("{directory}/{}", self.path);
        self
    }
}

impl Sealed {
    /// The public key as directories are called after it.
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

/// The JWT secret, as ethereum-genesis-generator places it.
pub fn jwt(secret: &str) -> OutFile {
    OutFile::secret("jwt/jwtsecret", secret)
}
