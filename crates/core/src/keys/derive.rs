//! BLS12-381 secret keys from a seed: the key tree of EIP-2333 and the paths of EIP-2334.
//!
//! Each procedure of EIP-2333 is one function of the same name, with one exception: the two Lamport
//! keys of a parent are expanded in lockstep. Their SHA-256 chains are independent, so the processor
//! overlaps them (`benches/keys.rs` compares with blst; decision 16). `HKDF_mod_r` is the `KeyGen` of
//! the IETF BLS draft 4, from the crate `blst`.

use std::{fmt, str::FromStr};

use blst::min_pk;
use sha2::{Digest, Sha256, block_api::compress256};
use zeroize::Zeroizing;

use super::{Error, hmac_sha256};

/// Compressed G1 point, 48 bytes.
pub type PublicKey = [u8; 48];

/// A secret key of BLS12-381, a scalar `0 < sk < r`, as 32 big-endian bytes.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// Creates a key from a scalar of 32 big-endian bytes.
    ///
    /// # Errors
    /// [`Error::SecretKeyRange`] unless `0 < sk < r`.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        min_pk::SecretKey::from_bytes(bytes).map_err(|_| Error::SecretKeyRange)?;
        Ok(Self(Zeroizing::new(*bytes)))
    }

    /// Returns the 32 big-endian bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the key at `path`, where `self` is the master key `m`.
    #[must_use]
    pub fn derive_path(&self, path: &Path) -> SecretKey {
        path.0.iter().fold(self.clone(), |parent_sk, &index| derive_child_sk(&parent_sk, index))
    }

    /// Returns the public key, the 48 bytes of `sk * G1`.
    pub fn public_key(&self) -> PublicKey {
        self.to_blst().sk_to_pk().compress()
    }

    pub(super) fn to_blst(&self) -> min_pk::SecretKey {
        min_pk::SecretKey::from_bytes(&*self.0).expect("every constructor checks the range")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

/// `derive_master_SK` of EIP-2333: the master key of a seed of at least 32 bytes.
///
/// # Errors
/// [`Error::SeedLength`] if the seed is shorter.
pub fn derive_master_sk(seed: &[u8]) -> Result<SecretKey, Error> {
    if seed.len() < 32 {
        return Err(Error::SeedLength(seed.len()));
    }
    Ok(hkdf_mod_r(seed))
}

/// `derive_child_SK` of EIP-2333: the child of a key at any 32-bit index.
pub fn derive_child_sk(parent_sk: &SecretKey, index: u32) -> SecretKey {
    hkdf_mod_r(&*parent_sk_to_lamport_pk(parent_sk, index))
}

/// `HKDF_mod_r` with an empty `key_info`.
fn hkdf_mod_r(ikm: &[u8]) -> SecretKey {
    let sk = min_pk::SecretKey::key_gen(ikm, &[]).expect("every caller has 32 bytes or more");
    SecretKey(Zeroizing::new(sk.to_bytes()))
}

/// `parent_SK_to_lamport_PK`: the compressed Lamport public key.
fn parent_sk_to_lamport_pk(parent_sk: &SecretKey, index: u32) -> Zeroizing<[u8; 32]> {
    let salt = index.to_be_bytes();
    let ikm = parent_sk.as_bytes();
    let not_ikm = Zeroizing::new(ikm.map(|byte| !byte));
    let mut lamport = ikm_to_lamport_sk([ikm, &not_ikm], salt);
    let mut block = Zeroizing::new(last_block(0, &[0; 32]));
    for chunk in lamport.as_flattened_mut() {
        block[..32].copy_from_slice(chunk);
        *chunk = compress(&SHA256_INITIAL, &block);
    }
    Zeroizing::new(Sha256::digest(lamport.as_flattened().as_flattened()).into())
}

/// `lamport_SK`, 255 chunks of 32 bytes.
type LamportSk = [[u8; 32]; 255];

/// `IKM_to_lamport_SK` of two keys.
fn ikm_to_lamport_sk(ikm: [&[u8; 32]; 2], salt: [u8; 4]) -> Zeroizing<[LamportSk; 2]> {
    let mut expand = ikm.map(|ikm| HkdfExpand::new(&hkdf_extract(&salt, ikm)));
    let mut okm = Zeroizing::new([[[0; 32]; 255]; 2]);
    for i in 0..255 {
        for (expand, lamport_sk) in expand.iter_mut().zip(okm.iter_mut()) {
            lamport_sk[i] = expand.outer_pass();
        }
        expand.iter_mut().for_each(HkdfExpand::inner_pass);
    }
    okm
}

/// HKDF-Extract, RFC 5869.
fn hkdf_extract(salt: &[u8], ikm: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac_sha256(salt, &[ikm]))
}

/// HKDF-Expand, RFC 5869, with empty info: chunk by chunk, T(i) = HMAC(PRK, T(i - 1) | i).
///
/// Each of the two passes of HMAC is one compression. The blocks stay in place, and the counter is
/// written one pass ahead: a load that overlaps a byte just stored would stall.
struct HkdfExpand {
    ipad: Zeroizing<[u32; 8]>,
    opad: Zeroizing<[u32; 8]>,
    inner: Zeroizing<[u8; 64]>,
    outer: Zeroizing<[u8; 64]>,
}

impl HkdfExpand {
    /// Starts with the inner pass of T(1) done, where T(0) is empty.
    fn new(prk: &[u8; 32]) -> Self {
        let state_after = |pad: u8| {
            let mut block = Zeroizing::new([pad; 64]);
            block.iter_mut().zip(prk).for_each(|(byte, key)| *byte ^= key);
            let mut state = Zeroizing::new(SHA256_INITIAL);
            compress256(&mut state, std::slice::from_ref(&block));
            state
        };
        let (ipad, opad) = (state_after(0x36), state_after(0x5c));
        let outer = Zeroizing::new(last_block(64, &compress(&ipad, &last_block(64, &[1]))));
        let mut inner = Zeroizing::new(last_block(64, &[0; 33]));
        inner[32] = 2;
        Self { ipad, opad, inner, outer }
    }

    /// Completes the chunk that the last inner pass started, and returns it.
    fn outer_pass(&mut self) -> [u8; 32] {
        let t = compress(&self.opad, &self.outer);
        self.inner[..32].copy_from_slice(&t);
        t
    }

    /// Starts the next chunk.
    fn inner_pass(&mut self) {
        self.outer[..32].copy_from_slice(&compress(&self.ipad, &self.inner));
        self.inner[32] = self.inner[32].wrapping_add(1);
    }
}

/// Initial state of SHA-256, FIPS 180-4 section 5.3.3.
const SHA256_INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The last block of a SHA-256 message, FIPS 180-4 section 5.1.1: at most 55 bytes that follow
/// `preceding` bytes, then the padding.
fn last_block(preceding: usize, message: &[u8]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] = 0x80;
    let bits = 8 * (preceding + message.len()) as u64;
    block[56..].copy_from_slice(&bits.to_be_bytes());
    block
}

/// The SHA-256 digest once `block`, the last one, is compressed into `state`.
fn compress(state: &[u32; 8], block: &[u8; 64]) -> [u8; 32] {
    let mut state = *state;
    compress256(&mut state, std::slice::from_ref(block));
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// Indices from the master key down to a key, as EIP-2334 writes them: `m/12381/3600/0/0/0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<u32>);

impl Path {
    const PURPOSE: u32 = 12381;
    const COIN_TYPE: u32 = 3600;

    /// The path of the signing key of a validator, `m/12381/3600/index/0/0`.
    pub fn signing(index: u32) -> Path {
        Path(vec![Self::PURPOSE, Self::COIN_TYPE, index, 0, 0])
    }

    /// The path of the withdrawal key of a validator, `m/12381/3600/index/0`.
    pub fn withdrawal(index: u32) -> Path {
        Path(vec![Self::PURPOSE, Self::COIN_TYPE, index, 0])
    }
}

impl FromStr for Path {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut segments = text.split('/');
        if segments.next() != Some("m") {
            return Err(Error::PathRoot);
        }
        let index = |(position, segment): (usize, &str)| {
            let index = segment.parse::<u32>().ok().filter(|index| index.to_string() == segment);
            index.ok_or(Error::PathSegment(position + 1))
        };
        let indices = segments.enumerate().map(index).collect::<Result<Vec<_>, _>>()?;
        if indices.len() < 4 {
            return Err(Error::PathLength(indices.len()));
        }
        Ok(Self(indices))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        self.0.iter().try_for_each(|index| write!(f, "/{index}"))
    }
}

#[cfg(test)]
mod tests;
