//! `batcher.key`: the private key of the account that posts the batches of an L2.

use alloy_primitives::Address;
use bip32::secp256k1::ecdsa::SigningKey;
use zeroize::Zeroizing;

use super::error::{Error, Part, Problem};
use crate::el::address_of;
use crate::keys::SecretText;

/// Reads 64 hex digits, with or without 0x, and checks that they are the key of `batcher`. No message
/// quotes the text.
///
/// # Errors
/// The text is not a key, or that of another account.
pub fn parse(text: &[u8], batcher: Address) -> Result<SecretText, Error> {
    let error = |problem| Error::new(Part::BatcherKey, "", problem);
    let (key, address) = secret(text).ok_or_else(|| error(Problem::NotAKey))?;
    if address != batcher {
        return Err(error(Problem::NotBatcher { address, batcher }));
    }
    Ok(key)
}

/// A private key, and its account; `None` if the text is not a key.
pub fn secret(text: &[u8]) -> Option<(SecretText, Address)> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, bytes.as_mut_slice()).ok()?;
    let key = SigningKey::from_slice(bytes.as_slice()).ok()?;
    Some((format!("0x{digits}").into(), address_of(key.verifying_key())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tenth account of the mnemonic that anvil uses.
    const KEY: &str = "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6";
    const ADDRESS: &str = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";

    fn parsed(text: &str) -> Result<SecretText, Error> {
        parse(text.as_bytes(), ADDRESS.parse().unwrap())
    }

    #[test]
    fn the_key_of_the_batcher_is_read() {
        for text in [KEY.to_owned(), format!("0x{KEY}\n")] {
            assert_eq!(&*parsed(&text).unwrap(), format!("0x{KEY}"));
        }
    }

    #[test]
    fn no_message_quotes_a_key() {
        let other = format!("{}1", "0".repeat(63));
        let zero = "0".repeat(64);
        for text in [&KEY[1..], &other, &zero, "", "not hex"] {
            let message = parsed(text).unwrap_err().to_string();
            assert!(text.is_empty() || !message.contains(text), "{message}");
        }
        let message = parsed(&other).unwrap_err().to_string();
        assert!(message.contains("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"), "{message}");
        assert!(message.contains(ADDRESS), "{message}");
    }
}
