//! The validator accounts of a mnemonic: the keys at `m/12381/3600/i/0` (withdrawal) and
//! `m/12381/3600/i/0/0` (signing).
//! Source: EIP-2334.

use super::{Error, Mnemonic, Path, SecretKey, derive_child_sk, derive_master_sk};

/// The accounts of a mnemonic, with the keys above them already derived.
#[derive(Debug)]
pub struct Accounts {
    master: SecretKey,
    /// `m/12381/3600`.
    coin_type_key: SecretKey,
}

impl Accounts {
    /// The accounts of `mnemonic`, under the empty passphrase.
    ///
    /// # Errors
    /// None in practice: the seed of a mnemonic is long enough.
    pub fn of(mnemonic: &Mnemonic) -> Result<Self, Error> {
        let master = derive_master_sk(mnemonic.to_seed().as_ref())?;
        let coin_type_key = derive_child_sk(&derive_child_sk(&master, 12381), 3600);
        Ok(Self { master, coin_type_key })
    }

    /// The withdrawal key of account `index`.
    pub fn withdrawal_key(&self, index: u32) -> SecretKey {
        derive_child_sk(&derive_child_sk(&self.coin_type_key, index), 0)
    }

    /// The signing key of an account: child 0 of its withdrawal key.
    pub fn signing_key(withdrawal_key: &SecretKey) -> SecretKey {
        derive_child_sk(withdrawal_key, 0)
    }

    /// The key at a path.
    pub fn key(&self, path: &Path) -> SecretKey {
        self.master.derive_path(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_at_the_paths_of_eip_2334() {
        let phrase = "test test test test test test test test test test test junk";
        let accounts = Accounts::of(&Mnemonic::parse(phrase).unwrap()).unwrap();
        for index in [0, 1, 77] {
            let withdrawal = accounts.withdrawal_key(index);
            assert_eq!(withdrawal.as_bytes(), accounts.key(&Path::withdrawal(index)).as_bytes());
            let signing = Accounts::signing_key(&withdrawal);
            assert_eq!(signing.as_bytes(), accounts.key(&Path::signing(index)).as_bytes());
        }
    }
}
