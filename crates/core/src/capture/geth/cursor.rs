//! The start of a page.

use alloy_primitives::B256;
use base64ct::{Base64, Encoding};

use super::super::account::Account;
use crate::el::error::shorten;

/// The start of a page: the beginning, the hash of an address, or an address.
///
/// geth 1.10 to 1.17.2 writes base64 but reads only hex; from 1.17.3 on it writes hex. So a cursor is
/// kept as bytes, and sent in the form that the node reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

/// The start of the next page, as the member `next` of a page spells it; `None` if there is no next page. On
/// the last page, geth omits the member, and other clients write null or an empty string.
pub fn next_page(raw: &[u8]) -> Option<String> {
    match serde_json::from_slice::<Option<String>>(raw) {
        Ok(next) => {
            next.filter(|text| !matches!(&**text, "" | "0x")).map(|text| shorten(text.as_bytes()))
        }
        Err(_) => Some(shorten(raw)),
    }
}

/// The order of a node's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By the hash of the address, as geth does.
    Hash,
    /// By the address, as Erigon does.
    Address,
}

/// The form in which a node reads a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Hex,
    Base64,
}

impl Cursor {
    /// Reads a cursor that a node, or an earlier run, wrote: hex or base64 of a hash or an address.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        // Base64 of a hash or an address ends with `=`, so it is never valid hex.
        let bytes = hex::decode(digits).ok().or_else(|| Base64::decode_vec(text).ok())?;
        matches!(bytes.len(), 20 | 32).then_some(Self(bytes))
    }

    /// `0x` and hex.
    pub fn hex(&self) -> String {
        self.written(Form::Hex)
    }

    pub(super) fn written(&self, form: Form) -> String {
        match form {
            Form::Hex => format!("0x{}", hex::encode(&self.0)),
            Form::Base64 => Base64::encode_string(&self.0),
        }
    }

    /// The order of the pages; `None` for the beginning.
    pub(super) fn order(&self) -> Option<Order> {
        match self.0.len() {
            20 => Some(Order::Address),
            32 => Some(Order::Hash),
            _ => None,
        }
    }

    /// The hash in it.
    pub(super) fn hash(&self) -> Option<B256> {
        B256::try_from(&self.0[..]).ok()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The start of a page with this account alone.
    pub(super) fn at(account: &Account, order: Order) -> Self {
        Self(order.key(account))
    }

    /// The fraction of the state before it, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let first = self.0.first_chunk().map_or(0, |first| u16::from_be_bytes(*first));
        f64::from(first) / f64::from(u16::MAX)
    }
}

impl Order {
    /// The sort key of an account.
    pub(super) fn key(self, account: &Account) -> Vec<u8> {
        match self {
            Self::Hash => account.hashed_address.to_vec(),
            Self::Address => account.address.unwrap_or_default().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_hex_or_base64() {
        let hash = B256::repeat_byte(0x5a);
        let base64 = "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=";
        let bare = hex::encode(hash);
        for text in [base64, &bare, &hash.to_string(), &hash.to_string().to_uppercase()[2..]] {
            let cursor = Cursor::parse(text).unwrap();
            assert_eq!((cursor.hash(), cursor.hex()), (Some(hash), hash.to_string()), "{text}");
            assert_eq!(cursor.written(Form::Base64), base64);
        }
        assert!((Cursor::parse(base64).unwrap().progress() - 0.353).abs() < 0.001);
        let erigon = Cursor::parse("ERERERERERERERERERERERERERE=").unwrap();
        assert_eq!(erigon.order(), Some(Order::Address));
        assert_eq!(erigon.hex(), format!("0x{}", "11".repeat(20)));
        for text in ["nonsense!", "", "0x", "0x12", "WlpaWg==", &format!("{hash}00")] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_page_has_no_next_one() {
        for raw in ["null", "\"\"", "\"0x\""] {
            assert_eq!(next_page(raw.as_bytes()), None, "{raw}");
        }
        let (hex, base64) = (format!("0x{}", "5a".repeat(32)), "ERERERERERERERERERERERERERE=");
        for text in [&hex, base64] {
            assert_eq!(next_page(format!("\"{text}\"").as_bytes()).as_deref(), Some(text));
        }
        // No client writes these. They do not show that the dump is complete, so they count as a next page.
        for raw in ["false", "0", "[]", "{}"] {
            assert_eq!(next_page(raw.as_bytes()).as_deref(), Some(raw));
        }
    }

    /// One hash in 4096 starts like hex.
    #[test]
    fn base64_that_starts_like_hex_is_base64() {
        let hash = B256::right_padding_from(&[0xd3, 0x1d, 0x35]);
        let text = Base64::encode_string(&hash[..]);
        assert!(text.starts_with("0x"), "{text}");
        assert_eq!(Cursor::parse(&text).and_then(|cursor| cursor.hash()), Some(hash));
    }

    #[test]
    fn the_beginning_is_empty_in_either_form() {
        let start = Cursor::default();
        assert_eq!((start.hex(), start.written(Form::Base64)), ("0x".to_owned(), String::new()));
        assert_eq!((start.order(), start.progress()), (None, 0.0));
    }
}
