//! The accounts of a mnemonic on the execution layer: `m/44'/60'/0'/0/i` (BIP-32, BIP-44).

use alloy_primitives::Address;
use bip32::{ChildNumber, DerivationPath, XPrv};

use crate::el::address_of;
use crate::keys::Mnemonic;

/// Addresses of the first `count` accounts, with the empty passphrase.
///
/// # Errors
/// An index has no valid key; the probability is 2⁻¹²⁷.
pub fn addresses(mnemonic: &Mnemonic, count: u32) -> Result<Vec<Address>, bip32::Error> {
    let path: DerivationPath = "m/44'/60'/0'/0".parse()?;
    let parent = XPrv::derive_from_path(mnemonic.to_seed().as_ref(), &path)?;
    (0..count)
        .map(|index| {
            let account = parent.derive_child(ChildNumber::new(index, false)?)?;
            Ok(address_of(account.private_key().verifying_key()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The accounts that anvil prints at startup.
    #[test]
    fn accounts_have_the_paths_of_bip_44() {
        let phrase = "test test test test test test test test test test test junk";
        let addresses = addresses(&Mnemonic::parse(phrase).unwrap(), 10).unwrap();
        assert_eq!(addresses[0].to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(addresses[1].to_string(), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
        assert_eq!(addresses[9].to_string(), "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720");
    }
}
