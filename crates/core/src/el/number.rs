//! The numbers and hex strings of geth's JSON. Source: geth `common/math/{integer,big}.go`,
//! `common/hexutil`.
//!
//! Unless noted otherwise, functions take the raw JSON text of a value, with its quotes.
//!
//! alloy's `hex` accepts a second `0x`. It is rejected here because the output is as long as all
//! digits, and `0x` is not one.

use alloy_primitives::{U256, hex};

use super::error::{Problem, invalid};

fn unquoted(raw: &[u8]) -> &[u8] {
    match raw {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    }
}

fn digits(text: &[u8], radix: u64) -> Option<U256> {
    let significant = &text[text.iter().take_while(|b| **b == b'0').count()..];
    // 2^256 has 78 decimal digits.
    if text.is_empty() || significant.len() > 78 || !text.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    if significant.is_empty() {
        return Some(U256::ZERO);
    }
    U256::from_str_radix(std::str::from_utf8(significant).ok()?, radix).ok()
}

fn hex_or_decimal(text: &[u8]) -> Option<U256> {
    match text {
        [] => Some(U256::ZERO),
        [b'0', b'x' | b'X', hex @ ..] => digits(hex, 16),
        decimal => digits(decimal, 10),
    }
}

/// `HexOrDecimal64`: a JSON number or a string, `0x` hex or decimal, empty for zero.
pub fn hex_or_decimal_64(raw: &[u8]) -> Result<u64, Problem> {
    hex_or_decimal(unquoted(raw))
        .and_then(|value| value.try_into().ok())
        .ok_or_else(|| invalid(raw, "a 64-bit number: decimal, or hex with 0x"))
}

/// `HexOrDecimal256`: the same with 256 bits. geth accepts a sign before the digits and reads −1 as
/// 2²⁵⁶−1. A minus sign is rejected here.
pub fn hex_or_decimal_256(raw: &[u8]) -> Result<U256, Problem> {
    let value = match unquoted(raw) {
        [b'+', decimal @ ..] => digits(decimal, 10),
        [b'0', b'x' | b'X', b'+', hex @ ..] => digits(hex, 16),
        unsigned => hex_or_decimal(unsigned),
    };
    value.ok_or_else(|| invalid(raw, "a 256-bit number: decimal, or hex with 0x"))
}

/// A value, or `None` for `null`, which is the same as an absent value.
pub fn unless_null<T>(
    raw: &[u8],
    read: impl Fn(&[u8]) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    if raw == b"null" { Ok(None) } else { read(raw).map(Some) }
}

/// A Go integer: a JSON number without sign, fraction or exponent.
pub fn plain(raw: &[u8]) -> Result<U256, Problem> {
    digits(raw, 10)
        .ok_or_else(|| invalid(raw, "a number (no quotes, no sign, no fraction, no exponent)"))
}

/// A Go `uint64`.
pub fn plain_64(raw: &[u8]) -> Result<u64, Problem> {
    plain(raw)?.try_into().map_err(|_| invalid(raw, "a number of at most 64 bits"))
}

/// A non-negative Go `int`.
pub fn plain_63(raw: &[u8]) -> Result<u64, Problem> {
    let value: i64 =
        plain(raw)?.try_into().map_err(|_| invalid(raw, "a number of at most 63 bits"))?;
    Ok(value.unsigned_abs())
}

/// A `QUANTITY` of JSON-RPC: a string, `0x` and hex digits. `None` for anything else, and for a
/// number that `T` cannot represent.
pub fn quantity<T: TryFrom<U256>>(value: &serde_json::Value) -> Option<T> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    U256::from_str_radix(digits, 16).ok()?.try_into().ok()
}

/// A Go `bool`.
pub fn boolean(raw: &[u8]) -> Result<bool, Problem> {
    match raw {
        b"true" => Ok(true),
        b"false" => Ok(false),
        _ => Err(invalid(raw, "true or false")),
    }
}

/// `hexutil.Bytes`: a string, `0x` and an even number of hex digits, or empty.
pub fn hex_bytes(raw: &[u8]) -> Result<Vec<u8>, Problem> {
    let [b'"', text @ .., b'"'] = raw else {
        return Err(invalid(raw, "hex bytes in quotes, starting with 0x"));
    };
    let digits = match text {
        [] => text,
        [b'0', b'x' | b'X', digits @ ..] => digits,
        _ => return Err(invalid(raw, "hex bytes starting with 0x")),
    };
    let mut bytes = vec![0; digits.len() / 2];
    if !digits.len().is_multiple_of(2) {
        return Err(invalid(raw, "an even number of hex digits"));
    }
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| invalid(raw, "hex digits only"))?;
    Ok(bytes)
}

/// `hexutil.UnmarshalFixedJSON`: `0x` and exactly `2 N` hex digits.
pub fn fixed<const N: usize>(raw: &[u8], expected: &'static str) -> Result<[u8; N], Problem> {
    let bytes = hex_bytes(raw)?;
    bytes.try_into().map_err(|_| invalid(raw, expected))
}

/// `UnprefixedAddress`, the key of an `alloc` entry: 40 hex digits after an optional `0x`. Without
/// quotes.
pub fn unprefixed_address(text: &[u8]) -> Result<[u8; 20], Problem> {
    let digits = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")).unwrap_or(text);
    let mut address = [0; 20];
    if digits.len() != 40 || hex::decode_to_slice(digits, &mut address).is_err() {
        return Err(invalid(text, "an address of 40 hex digits, with or without 0x"));
    }
    Ok(address)
}

/// `storageJSON`, a slot or its value: an even number of hex digits, at most 64, after an optional
/// `0x` (not `0X`). Padded on the left. Without quotes.
pub fn storage_word(text: &[u8]) -> Result<[u8; 32], Problem> {
    let digits = text.strip_prefix(b"0x").unwrap_or(text);
    let mut word = [0; 32];
    if digits.len() > 64 {
        return Err(invalid(text, "at most 64 hex digits"));
    }
    if !digits.len().is_multiple_of(2) {
        return Err(invalid(text, "an even number of hex digits"));
    }
    hex::decode_to_slice(digits, &mut word[32 - digits.len() / 2..])
        .map_err(|_| invalid(text, "hex digits, with or without 0x"))?;
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_decimal_forms_are_accepted() {
        for (raw, value) in [
            ("0", Some(0)),
            ("\"\"", Some(0)),
            ("\"0x10\"", Some(16)),
            ("\"0X1F\"", Some(31)),
            ("\"0010\"", Some(10)),
            ("\"0x00000000000000000001\"", Some(1)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("\"0x\"", None),
            ("\"1_000\"", None),
            ("\"-1\"", None),
            ("\"+1\"", None),
            ("1e3", None),
            ("1.0", None),
            ("true", None),
            ("{}", None),
            ("\" 1\"", None),
        ] {
            assert_eq!(hex_or_decimal_64(raw.as_bytes()).ok(), value, "{raw}");
        }
        assert_eq!(hex_or_decimal_256(b"\"+5\"").ok(), Some(U256::from(5)));
        assert_eq!(hex_or_decimal_256(b"\"0x+5\"").ok(), Some(U256::from(5)));
        for raw in ["\"-1\"", "\"+0x5\"", "\"+\"", "\"0x+\"", "\"++5\"", "\"+0x+5\""] {
            assert!(hex_or_decimal_256(raw.as_bytes()).is_err(), "{raw}");
        }
        assert!(hex_or_decimal_256(format!("\"0x1{}\"", "0".repeat(64)).as_bytes()).is_err());
    }

    #[test]
    fn plain_numbers_are_not_quoted() {
        assert_eq!(plain_64(b"7").ok(), Some(7));
        assert_eq!(plain_63(b"9223372036854775807").ok(), Some(i64::MAX as u64));
        assert!(plain_63(b"9223372036854775808").is_err());
        for raw in ["\"7\"", "\"0x7\"", "-7", "7.0", "7e1", "null"] {
            assert!(plain_64(raw.as_bytes()).is_err(), "{raw}");
        }
    }

    #[test]
    fn hex_forms() {
        assert_eq!(hex_bytes(b"\"0xAb\"").ok(), Some(vec![0xab]));
        assert_eq!(hex_bytes(b"\"\"").ok(), Some(vec![]));
        for raw in ["\"ab\"", "\"0xabc\"", "\"0xzz\"", "12"] {
            assert!(hex_bytes(raw.as_bytes()).is_err(), "{raw}");
        }
        assert!(hex_bytes(b"\"0x0x12\"").is_err());
        assert!(storage_word(b"0x0x12").is_err());
        assert!(unprefixed_address(&[&b"0x0x"[..], &[b'1'; 38]].concat()).is_err());
        assert!(storage_word(b"0x1").is_err());
        assert!(storage_word(b"0X01").is_err());
        assert_eq!(storage_word(b"").ok(), Some([0; 32]));
        assert_eq!(storage_word(b"01").ok().map(|w| w[31]), Some(1));
        assert!(unprefixed_address(&[b'1'; 42]).is_err());
    }
}
