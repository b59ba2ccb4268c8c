//! The `crypto` object of EIP-2335 with its three modules: key derivation, checksum and cipher.

use aes::Aes128;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::{super::Error, Kdf};

const DKLEN: u32 = 32;
/// Lighthouse has the same limit.
const MAX_PBKDF2_C: u32 = 80_000_000;
/// Lighthouse has the same limit.
const MAX_SCRYPT_BYTES: u64 = 4 << 30;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crypto {
    kdf: KdfModule,
    checksum: ChecksumModule,
    cipher: CipherModule,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", rename_all = "lowercase", deny_unknown_fields)]
enum KdfModule {
    Pbkdf2 { params: Pbkdf2Params, message: Empty },
    Scrypt { params: ScryptParams, message: Empty },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pbkdf2Params {
    dklen: u32,
    c: u32,
    prf: Prf,
    #[serde(with = "hex::serde")]
    salt: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Prf {
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScryptParams {
    dklen: u32,
    n: u32,
    p: u32,
    r: u32,
    #[serde(with = "hex::serde")]
    salt: Vec<u8>,
}

/// The empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Empty {
    #[serde(rename = "")]
    Empty,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", deny_unknown_fields)]
enum ChecksumModule {
    #[serde(rename = "sha256")]
    Sha256 {
        params: NoParams,
        #[serde(with = "hex::serde")]
        message: [u8; 32],
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParams {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", deny_unknown_fields)]
enum CipherModule {
    #[serde(rename = "aes-128-ctr")]
    Aes128Ctr {
        params: Aes128CtrParams,
        #[serde(with = "hex::serde")]
        message: Vec<u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aes128CtrParams {
    #[serde(with = "hex::serde")]
    iv: [u8; 16],
}

impl Crypto {
    pub(super) fn encrypt(
        secret: &[u8],
        password: &str,
        kdf: Kdf,
        salt: [u8; 32],
        iv: [u8; 16],
    ) -> Result<Self, Error> {
        let kdf = KdfModule::new(kdf, salt.to_vec());
        let decryption_key = kdf.decryption_key(password)?;
        let cipher_message = aes_128_ctr(&decryption_key, &iv, secret).to_vec();
        Ok(Self {
            kdf,
            checksum: ChecksumModule::Sha256 {
                params: NoParams {},
                message: checksum(&decryption_key, &cipher_message),
            },
            cipher: CipherModule::Aes128Ctr {
                params: Aes128CtrParams { iv },
                message: cipher_message,
            },
        })
    }

    pub(super) fn kdf(&self) -> Option<Kdf> {
        let (KdfModule::Pbkdf2 { params: Pbkdf2Params { salt, .. }, .. }
        | KdfModule::Scrypt { params: ScryptParams { salt, .. }, .. }) = &self.kdf;
        let all = [Kdf::Light, Kdf::Pbkdf2, Kdf::Scrypt];
        all.into_iter().find(|kdf| KdfModule::new(*kdf, salt.clone()) == self.kdf)
    }

    pub(super) fn decrypt(&self, password: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let ChecksumModule::Sha256 { message: checksum_message, .. } = &self.checksum;
        let CipherModule::Aes128Ctr { params, message: cipher_message } = &self.cipher;
        let decryption_key = self.kdf.decryption_key(password)?;
        let valid_password = checksum(&decryption_key, cipher_message).ct_eq(checksum_message);
        if !bool::from(valid_password) {
            return Err(Error::KeystoreChecksum);
        }
        Ok(aes_128_ctr(&decryption_key, &params.iv, cipher_message))
    }
}

impl KdfModule {
    fn new(kdf: Kdf, salt: Vec<u8>) -> Self {
        let pbkdf2 = |c, salt| Self::Pbkdf2 {
            params: Pbkdf2Params { dklen: DKLEN, c, prf: Prf::HmacSha256, salt },
            message: Empty::Empty,
        };
        match kdf {
            Kdf::Light => pbkdf2(2, salt),
            Kdf::Pbkdf2 => pbkdf2(262_144, salt),
            Kdf::Scrypt => Self::Scrypt {
                params: ScryptParams { dklen: DKLEN, n: 262_144, p: 1, r: 8, salt },
                message: Empty::Empty,
            },
        }
    }

    fn decryption_key(&self, password: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
        let password = encode_password(password);
        match self {
            Self::Pbkdf2 { params, .. } => params.derive(password.as_bytes()),
            Self::Scrypt { params, .. } => params.derive(password.as_bytes()),
        }
    }
}

impl Pbkdf2Params {
    pub(super) fn derive(&self, password: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        if self.dklen != DKLEN {
            return Err(Error::KdfParams("dklen is not 32"));
        }
        if !(1..=MAX_PBKDF2_C).contains(&self.c) {
            return Err(Error::KdfParams("pbkdf2 c is not between 1 and 80000000"));
        }
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &self.salt, self.c, &mut *key);
        Ok(key)
    }
}

impl ScryptParams {
    pub(super) fn derive(&self, password: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        if self.dklen != DKLEN {
            return Err(Error::KdfParams("dklen is not 32"));
        }
        let Some(log_n) = (1..32_u8).find(|log_n| self.n == 1 << log_n) else {
            return Err(Error::KdfParams("scrypt n is not a power of two above 1"));
        };
        let bytes = [self.n, self.r, self.p]
            .iter()
            .try_fold(128_u64, |bytes, &factor| bytes.checked_mul(factor.into()));
        if bytes.is_none_or(|bytes| bytes >= MAX_SCRYPT_BYTES) {
            return Err(Error::KdfParams("scrypt 128 * n * r * p is 4 GiB or more"));
        }
        let refused = Error::KdfParams("scrypt r or p is out of range");
        let params = scrypt::Params::new(log_n, self.r, self.p).map_err(|_| refused)?;
        let mut key = Zeroizing::new([0; 32]);
        scrypt::scrypt(password, &self.salt, &params, &mut *key).map_err(|_| refused)?;
        Ok(key)
    }
}

/// NFKD without the control codes C0, DEL and C1, which are the Unicode category `Cc`.
fn encode_password(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkd().filter(|c| !c.is_control()).collect())
}

/// SHA-256 of the second half of the decryption key and the cipher message.
fn checksum(decryption_key: &[u8; 32], cipher_message: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(&decryption_key[16..]).chain_update(cipher_message).finalize().into()
}

/// Encrypts or decrypts under the first half of the decryption key.
pub(super) fn aes_128_ctr(
    decryption_key: &[u8; 32],
    iv: &[u8; 16],
    message: &[u8],
) -> Zeroizing<Vec<u8>> {
    let key: [u8; 16] = std::array::from_fn(|i| decryption_key[i]);
    let mut message = Zeroizing::new(message.to_vec());
    Ctr128BE::<Aes128>::new(&key.into(), iv.into()).apply_keystream(&mut message);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_eip_2335_is_normalised() {
        let encoded = encode_password("𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑");
        assert_eq!(hex::encode(encoded.as_bytes()), "7465737470617373776f7264f09f9491");
    }

    #[test]
    fn control_codes_are_dropped_and_blanks_kept() {
        let text = "\0a\u{1f} \u{7e}\u{7f}\u{80}b\u{9f}\u{a1}\n";
        assert_eq!(*encode_password(text), "a \u{7e}b\u{a1}");
    }
}
