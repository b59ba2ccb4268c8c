//! The secret that authenticates the Engine API between the two layers of a node.
//!
//! Source: `ethereum/execution-apis`, `src/engine/authentication.md`: 256 bits, hex encoded. Every
//! client reads the form that we write: geth trims both ends and accepts `0x` or `0X`, Lighthouse trims
//! only the end and accepts only `0x`.

use zeroize::Zeroizing;

use super::{Entropy, Error};

/// Returns the 32 bytes of the JWT secret of a run.
pub fn new_secret(entropy: &Entropy) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(entropy.derive("jwt-secret", &[]))
}

/// Reads the 32 bytes of a JWT secret file: 64 hex digits, optional `0x` or `0X`, outer blanks.
///
/// # Errors
/// [`Error::JwtLength`] or [`Error::JwtDigit`] for any other text after the prefix.
pub fn parse(text: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let length = digits.chars().count();
    if length != 64 {
        return Err(Error::JwtLength(length));
    }
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, &mut *secret).map_err(|_| Error::JwtDigit)?;
    Ok(secret)
}

/// Writes a JWT secret as `0x` and 64 lower-case hex digits, without a newline.
pub fn format(secret: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::from("0x"));
    text.push_str(&Zeroizing::new(hex::encode(secret)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "ad0a28c4Fd7ab3de5d1a4f9c9d8e1b2c3d4e5f60718293a4b5c6d7e8f9001122";

    #[test]
    fn parses_every_form_that_clients_write() {
        let expected = hex::decode(DIGITS).unwrap();
        for text in [
            DIGITS.to_owned(),
            format!("0x{DIGITS}"),
            format!("0X{DIGITS}\n"),
            format!(" \t{DIGITS}\r\n"),
            DIGITS.to_uppercase(),
        ] {
            assert_eq!(parse(&text).unwrap()[..], expected, "{text:?}");
        }
    }

    #[test]
    fn refuses_other_texts() {
        assert_eq!(parse(""), Err(Error::JwtLength(0)));
        assert_eq!(parse("0x"), Err(Error::JwtLength(0)));
        assert_eq!(parse(&DIGITS[1..]), Err(Error::JwtLength(63)));
        assert_eq!(parse(&format!("{DIGITS}0")), Err(Error::JwtLength(65)));
        assert_eq!(parse(&format!("0x0x{}", &DIGITS[2..])), Err(Error::JwtDigit));
        assert_eq!(parse(&format!("{} {}", &DIGITS[..31], &DIGITS[32..])), Err(Error::JwtDigit));
        assert_eq!(parse(&format!("{}g", &DIGITS[1..])), Err(Error::JwtDigit));
        assert_eq!(parse(&format!("{}é", &DIGITS[1..])), Err(Error::JwtDigit));
        assert_eq!(parse(&format!("{}é", &DIGITS[2..])), Err(Error::JwtLength(63)));
    }

    #[test]
    fn the_strictest_client_reads_the_written_form() {
        let text = format(&[0xab; 32]);
        assert_eq!(*text, format!("0x{}", "ab".repeat(32)));
        assert_eq!(*parse(&text).unwrap(), [0xab; 32]);
    }

    #[test]
    fn the_secret_depends_only_on_the_entropy() {
        assert_eq!(new_secret(&Entropy::new([1; 32])), new_secret(&Entropy::new([1; 32])));
        assert_ne!(new_secret(&Entropy::new([1; 32])), new_secret(&Entropy::new([2; 32])));
    }
}
