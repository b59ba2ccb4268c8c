//! BLS signatures of the consensus specification: `bls.Sign` and `bls.Verify`, from the crate
//! `blst`. Source: consensus-specs `specs/phase0/beacon-chain.md` (BLS signatures); the scheme is
//! the proof-of-possession one of the IETF BLS draft 4.

use blst::{BLST_ERROR, min_pk};

use super::{PublicKey, SecretKey};

/// Compressed G2 point, 96 bytes.
pub type Signature = [u8; 96];

/// `DST` of the ciphersuite.
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

impl SecretKey {
    /// Signs a message, which is a signing root: 32 bytes.
    pub fn sign(&self, message: &[u8; 32]) -> Signature {
        self.to_blst().sign(message, DST, &[]).compress()
    }
}

/// Whether `signature` is a valid signature of `message` by the owner of `pubkey`.
pub fn verify(pubkey: &PublicKey, message: &[u8; 32], signature: &Signature) -> bool {
    let key = min_pk::PublicKey::key_validate(pubkey);
    let signature = min_pk::Signature::sig_validate(signature, false);
    let (Ok(key), Ok(signature)) = (key, signature) else { return false };
    signature.verify(false, message, DST, &[], &key, false) == BLST_ERROR::BLST_SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector of consensus-spec-tests, `bls/sign/small`.
    #[test]
    fn signatures_match_the_specification() {
        let secret = "263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3";
        let secret = SecretKey::from_bytes(&hex::decode(secret).unwrap().try_into().unwrap());
        let secret = secret.unwrap();
        let message = [0x56; 32];
        let signature = secret.sign(&message);
        assert_eq!(
            hex::encode(signature),
            "882730e5d03f6b42c3abc26d3372625034e1d871b65a8a6b900a56dae22da98abbe1b68f85e49fe7652a55ec3d0591c20767677e33e5cbb1207315c41a9ac03be39c2e7668edc043d6cb1d9fd93033caa8a1c5b0e84bedaeb6c64972503a43eb"
        );
        let pubkey = secret.public_key();
        assert!(verify(&pubkey, &message, &signature));
        assert!(!verify(&pubkey, &[0x57; 32], &signature));
        let mut other = signature;
        other[95] ^= 1;
        assert!(!verify(&pubkey, &message, &other));
        assert!(!verify(&[0xc0; 48], &message, &signature));
        let infinity: Signature = std::array::from_fn(|i| if i == 0 { 0xc0 } else { 0 });
        assert!(!verify(&pubkey, &message, &infinity));
    }
}
