//! The accounts of an enclave's services, from their command lines and from their keystores. The keystores
//! have no `address`, so finding it means to decrypt them.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Service, network};
use crate::keys::{AccountKeystore, Error, SecretText};
use crate::l2::read_key;

/// Private keys by their addresses.
pub type Keys = BTreeMap<Address, SecretText>;

/// An account of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Account {
    /// `sequencer`, `aggregator` …: the name of its keystore, or of its program.
    pub role: String,
    /// Its address.
    pub address: Address,
    /// The service.
    pub service: String,
    /// The network of the service, if it has one.
    pub network: Option<String>,
    /// The keystore in the snapshot; `None` for a key on the command line.
    pub keystore: Option<String>,
}

impl Account {
    /// The account whose key an op-batcher, op-proposer or op-challenger has on its command line.
    pub(super) fn on_command_line(service: &Service) -> Option<Self> {
        let role = service.role.name().strip_prefix("op-")?;
        let (_, address) = read_key(service.words.value("--private-key")?.as_bytes())?;
        Some(Self {
            role: role.to_owned(),
            address,
            service: service.name.clone(),
            network: network(service).map(str::to_owned),
            keystore: None,
        })
    }
}

/// The private key and the address of a keystore that one of these passwords opens.
///
/// # Errors
/// The file is not the keystore of an account, or none of the passwords opens it.
pub fn open<'a>(
    keystore: &[u8],
    passwords: impl IntoIterator<Item = &'a SecretText>,
) -> Result<(SecretText, Address), Error> {
    let keystore = AccountKeystore::from_json(keystore)?;
    let mut last = Error::KeystoreChecksum;
    for password in passwords {
        match keystore.open(password) {
            Ok(key) => {
                let digits = Zeroizing::new(hex::encode(&*key));
                return read_key(digits.as_bytes()).ok_or(Error::AccountKeystoreJson);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
