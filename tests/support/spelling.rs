//! The spellings of keys, numbers and hex bytes that geth accepts.

use alloy_primitives::U256;

use super::json::Json;
use super::rng::Rng;

/// `key` as Go's decoder accepts it: in any case, with escapes, with the two letters outside
/// ASCII that fold to ASCII letters.
pub fn key(rng: &mut Rng, key: &str) -> String {
    match rng.below(16) {
        0 => key.to_uppercase(),
        1 => key.to_lowercase(),
        2 => rng.mix_case(key),
        3 => escaped(rng, key),
        4 => key.replacen('s', "\u{17f}", 1),
        5 => key.replacen('k', "\\u212A", 1),
        _ => key.to_owned(),
    }
}

/// One character of `text` as a `\u` escape.
pub fn escaped(rng: &mut Rng, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let at = rng.below(text.len());
    let code = u32::from(text.as_bytes()[at]);
    let escape = if rng.one_in(2) { format!("\\u{code:04x}") } else { format!("\\u{code:04X}") };
    format!("{}{escape}{}", &text[..at], &text[at + 1..])
}

/// A number of up to 64 bits; edge cases are more frequent.
pub fn any_64(rng: &mut Rng) -> u64 {
    match rng.below(4) {
        0 => rng.next(),
        1 => rng.next() >> rng.below(64),
        _ => rng.pick(&[0, 0, 1, 127, 128, 255, 256, 25_000_000, u64::MAX - 1, u64::MAX]),
    }
}

/// The same with 256 bits.
pub fn any_256(rng: &mut Rng) -> U256 {
    match rng.below(4) {
        0 => {
            let length = rng.below(33);
            U256::from_be_slice(&rng.bytes(length))
        }
        1 => U256::from(10).pow(U256::from(rng.below(78))),
        2 => rng.pick(&[U256::ZERO, U256::from(u64::MAX), U256::MAX >> 1, U256::MAX]),
        _ => U256::from(any_64(rng)),
    }
}

/// `HexOrDecimal64`.
pub fn number_64(rng: &mut Rng, value: u64) -> Json {
    hex_or_decimal(rng, U256::from(value))
}

/// `HexOrDecimal256`, which also accepts a sign.
pub fn number_256(rng: &mut Rng, value: U256) -> Json {
    match rng.below(16) {
        0 => Json::quoted(format!("+{value}")),
        1 => Json::quoted(format!("0x+{value:x}")),
        _ => hex_or_decimal(rng, value),
    }
}

fn hex_or_decimal(rng: &mut Rng, value: U256) -> Json {
    let zeros = "0".repeat(rng.pick(&[0, 0, 0, 1, 5, 90]));
    match rng.below(6) {
        0 if value.is_zero() => Json::quoted(""),
        0 | 1 => Json::raw(value),
        2 => Json::quoted(format!("{zeros}{value}")),
        3 => Json::quoted(format!("0X{zeros}{value:X}")),
        _ => Json::quoted(format!("0x{zeros}{value:x}")),
    }
}

/// `hexutil.Bytes`: the prefix is required.
pub fn hex_bytes(rng: &mut Rng, length: usize) -> Json {
    let prefix = rng.pick(&["0x", "0x", "0X"]);
    if length == 0 && rng.one_in(2) {
        return Json::quoted("");
    }
    Json::quoted(format!("{prefix}{}", rng.hex(length)))
}

/// `UnprefixedAddress`.
pub fn address(rng: &mut Rng, address: &str) -> String {
    let digits = match rng.below(3) {
        0 => rng.mix_case(address),
        _ => address.to_owned(),
    };
    let text = format!("{}{digits}", rng.pick(&["0x", "0x", "0X", ""]));
    if rng.one_in(12) { escaped(rng, &text) } else { text }
}

/// `storageJSON` of a word in an even number of hex digits: padded, or without leading zeros.
pub fn storage_word(rng: &mut Rng, digits: &str) -> String {
    let padded = format!("{digits:0>64}");
    let digits = if rng.one_in(2) { digits } else { &padded };
    let text = format!("{}{digits}", rng.pick(&["0x", "0x", ""]));
    if rng.one_in(20) { escaped(rng, &text) } else { text }
}
