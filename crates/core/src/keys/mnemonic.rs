//! The seed of a BIP-39 phrase.
//!
//! Word list, checksum and PBKDF2 come from the crate `bip39`. The list is the English one, whose
//! words are ASCII, so the NFKD step of BIP-39 changes nothing here.

use std::fmt;

use bip39::Language;
use zeroize::Zeroizing;

use super::Error;

/// A valid English BIP-39 phrase.
pub struct Mnemonic {
    words: bip39::Mnemonic,
    was_normalised: bool,
}

impl Mnemonic {
    /// Parses a lower-case English phrase of 12, 15, 18, 21 or 24 words.
    ///
    /// Outer blanks are dropped and inner ones folded into one space each.
    ///
    /// # Errors
    /// [`Error::WordCount`], [`Error::UnknownWord`] or [`Error::PhraseChecksum`].
    pub fn parse(phrase: &str) -> Result<Self, Error> {
        let words =
            bip39::Mnemonic::parse_in_normalized(Language::English, phrase).map_err(|error| {
                match error {
                    bip39::Error::BadWordCount(count) => Error::WordCount(count),
                    bip39::Error::UnknownWord(position) => Error::UnknownWord(position + 1),
                    _ => Error::PhraseChecksum,
                }
            })?;
        let was_normalised = !phrase.trim().split(' ').eq(phrase.split_whitespace());
        Ok(Self { words, was_normalised })
    }

    /// Returns the phrase of 24 words for 32 bytes of entropy.
    ///
    /// # Errors
    /// None in practice: BIP-39 allows this length.
    pub fn generate(entropy: &Zeroizing<[u8; 32]>) -> Result<Self, Error> {
        let words = bip39::Mnemonic::from_entropy_in(Language::English, entropy.as_ref());
        let words = words.map_err(|_| Error::PhraseChecksum)?;
        Ok(Self { words, was_normalised: false })
    }

    /// Returns the phrase.
    pub fn phrase(&self) -> Zeroizing<String> {
        Zeroizing::new(self.words.to_string())
    }

    /// Whether inner blanks were folded.
    ///
    /// Other tools hash such a phrase as typed, and derive other keys.
    pub fn was_normalised(&self) -> bool {
        self.was_normalised
    }

    /// Returns the 64-byte seed under the empty passphrase.
    pub fn to_seed(&self) -> Zeroizing<[u8; 64]> {
        self.to_seed_with("")
    }

    fn to_seed_with(&self, passphrase_nfkd: &str) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.words.to_seed_normalized(passphrase_nfkd))
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(redacted)")
    }
}

#[cfg(test)]
mod tests;
