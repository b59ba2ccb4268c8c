//! Keys in PEM, as openssl writes them (RFC 8410, RFC 5208, RFC 5480).

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519: 32 bytes.
    Ed25519(Vec<u8>),
    /// ECDSA on P-256 with SHA-256: an uncompressed point of 65 bytes.
    P256(Vec<u8>),
}

/// A private key: the DER of PKCS #8.
#[derive(Debug)]
pub enum PrivateKey {
    /// Ed25519.
    Ed25519(Zeroizing<Vec<u8>>),
    /// ECDSA on P-256 with SHA-256.
    P256(Zeroizing<Vec<u8>>),
}

/// Why a text is not a key. No variant quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not PEM.
    #[error("is not a key in PEM")]
    Pem,
    /// A public key where a private one belongs, or the other way round.
    #[error("is {0}")]
    Other(&'static str),
    /// Another algorithm.
    #[error("is neither an Ed25519 nor a P-256 key")]
    Algorithm,
}

impl KeyError {
    /// The remedy.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Other("a private key") => "openssl pkey -in KEY -pubout prints the public key",
            Self::Other("an encrypted private key") => {
                "decrypt it for this run: openssl pkey -in KEY -out PLAIN"
            }
            Self::Other("a private key in an older format") => {
                "openssl pkey -in KEY -out NEW converts it"
            }
            _ => "openssl genpkey -algorithm ed25519 -out KEY creates a key",
        }
    }
}

/// DER before the 32 bytes of an Ed25519 public key.
const ED25519_PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
/// DER before the 65 bytes of a P-256 public key.
const P256_PUBLIC: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 3, 1, 7, 3, 0x42, 0,
];
/// The algorithm in the DER of an Ed25519 private key.
const ED25519: [u8; 7] = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70];

impl PublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    /// The text is not such a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (label, der) = pem(text)?;
        if label != "PUBLIC KEY" {
            return Err(other(label));
        }
        match (der.strip_prefix(&ED25519_PUBLIC), der.strip_prefix(&P256_PUBLIC)) {
            (Some(key), _) if key.len() == 32 => Ok(Self::Ed25519(key.to_vec())),
            (_, Some(key)) if key.len() == 65 && key[0] == 4 => Ok(Self::P256(key.to_vec())),
            _ => Err(KeyError::Algorithm),
        }
    }
}

impl PrivateKey {
    /// Reads a private key.
    ///
    /// # Errors
    /// The text is not such a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (label, der) = pem(text)?;
        if label != "PRIVATE KEY" {
            return Err(other(label));
        }
        let has = |wanted: &[u8]| {
            let head = der.get(..der.len().min(40)).unwrap_or_default();
            head.windows(wanted.len()).any(|found| found == wanted)
        };
        if has(&ED25519) {
            Ok(Self::Ed25519(der))
        } else if has(&P256_PUBLIC[2..23]) {
            Ok(Self::P256(der))
        } else {
            Err(KeyError::Algorithm)
        }
    }
}

fn other(label: &str) -> KeyError {
    match label {
        "PRIVATE KEY" => KeyError::Other("a private key"),
        "PUBLIC KEY" => KeyError::Other("a public key"),
        "EC PRIVATE KEY" => KeyError::Other("a private key in an older format"),
        label if label.starts_with("ENCRYPTED") => KeyError::Other("an encrypted private key"),
        _ => KeyError::Pem,
    }
}

/// The first block of a PEM text: its label and its bytes. `EC PARAMETERS`, which openssl may write first,
/// are skipped.
fn pem(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), KeyError> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once("-----BEGIN ").ok_or(KeyError::Pem)?;
        let (label, after) = after.split_once("-----").ok_or(KeyError::Pem)?;
        let (body, after) = after.split_once("-----END ").ok_or(KeyError::Pem)?;
        if label == "EC PARAMETERS" {
            rest = after;
            continue;
        }
        if label.starts_with("ENCRYPTED") {
            return Err(other(label));
        }
        let mut joined = Zeroizing::new(String::with_capacity(body.len()));
        joined.extend(body.chars().filter(|char| !char.is_whitespace()));
        let bytes = Base64::decode_vec(&joined).map_err(|_| KeyError::Pem)?;
        return Ok((label, Zeroizing::new(bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    #[test]
    fn keys_are_read_from_pem() {
        let Ok(PublicKey::Ed25519(key)) = PublicKey::parse(PUBLIC) else { panic!("no key") };
        assert!(hex::encode(key).starts_with("19bf44096984cdfe"));
        assert!(matches!(PrivateKey::parse(PRIVATE), Ok(PrivateKey::Ed25519(_))));
        assert_eq!(PublicKey::parse(PRIVATE), Err(KeyError::Other("a private key")));
        let error = |text: &str| PrivateKey::parse(text).unwrap_err();
        assert_eq!(error(PUBLIC), KeyError::Other("a public key"));
        assert_eq!(error(""), KeyError::Pem);
        assert_eq!(error(&PRIVATE.replace("MC4C", "%%%%")), KeyError::Pem);
        assert_eq!(error(&PRIVATE.replace("K2Vw", "K2Vx")), KeyError::Algorithm);
        let old = PRIVATE.replace("PRIVATE", "EC PRIVATE");
        assert_eq!(error(&old), KeyError::Other("a private key in an older format"));
        let sealed = PRIVATE.replace("PRIVATE", "ENCRYPTED SIGSTORE PRIVATE");
        assert_eq!(error(&sealed), KeyError::Other("an encrypted private key"));
    }
}
