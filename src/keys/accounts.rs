//! The validator accounts of a phrase: the keys at `m/12381/3600/i/0` and `m/12381/3600/i/0/0`.
//! Source: EIP-2334.

use super::{Error, Mnemonic, Path, SecretKey, derive_child_sk, derive_master_sk};

/// What the accounts of a phrase have in common.
#[derive(Debug)]
pub struct Accounts {
    master: SecretKey,
    /// `m/12381/3600`.
    purse: SecretKey,
}

impl Accounts {
    /// The accounts of `mnemonic`, under the empty passphrase.
    ///
    /// # Errors
    /// None: the seed of a phrase is long enough.
    pub fn of(mnemonic: &Mnemonic) -> Result<Self, Error> {
        let master = derive_master_sk(mnemonic.to_seed().as_ref())?;
        let purse = derive_child_sk(&derive_child_sk(&master, 12381), 3600);
        Ok(Self { master, purse })
    }

    /// The withdrawal key of account `index`.
    pub fn withdrawal_key(&self, index: u32) -> SecretKey {
        derive_child_sk(&derive_child_sk(&self.purse, index), 0)
    }

    /// The signing key of the account that `withdrawal_key` belongs to: it lies below it.
    pub fn signing_key(withdrawal_key: &SecretKey) -> SecretKey {
        derive_child_sk(withdrawal_key, 0)
    }

    /// The key at any path.
    pub fn key(&self, path: &Path) -> SecretKey {
        self.master.derive_path(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_at_the_paths_of_the_eip() {
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
