//! The accounts of a phrase on the execution layer: `m/44'/60'/0'/0/i` (BIP-32, BIP-44).

use alloy_primitives::{Address, keccak256};
use bip32::{ChildNumber, DerivationPath, XPrv};

use crate::keys::Mnemonic;

/// Addresses of the first `count` accounts, under the empty passphrase.
///
/// # Errors
/// An account that does not exist: one of 2¹²⁷.
pub fn addresses(mnemonic: &Mnemonic, count: u32) -> Result<Vec<Address>, bip32::Error> {
    let path: DerivationPath = "m/44'/60'/0'/0".parse()?;
    let purse = XPrv::derive_from_path(mnemonic.to_seed().as_ref(), &path)?;
    (0..count)
        .map(|index| {
            let account = purse.derive_child(ChildNumber::new(index, false)?)?;
            let point = account.private_key().verifying_key().to_sec1_point(false);
            Ok(Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accounts that anvil prints at its start.
    #[test]
    fn accounts_lie_at_the_paths_of_bip_44() {
        let phrase = "test test test test test test test test test test test junk";
        let addresses = addresses(&Mnemonic::parse(phrase).unwrap(), 10).unwrap();
        assert_eq!(addresses[0].to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(addresses[1].to_string(), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
        assert_eq!(addresses[9].to_string(), "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720");
    }
}
