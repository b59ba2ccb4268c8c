//! RLP items without copies.

use alloy_rlp::Header;

/// The first item of `rlp`, with its header, and the rest.
pub(super) fn split(rlp: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut payload = rlp;
    let header = Header::decode(&mut payload).ok()?;
    let length = (rlp.len() - payload.len()).checked_add(header.payload_length)?;
    rlp.split_at_checked(length)
}

/// The items of a list, with their headers.
#[derive(Debug, Clone)]
pub(super) struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// The items of the list `rlp`, which nothing follows.
    pub(super) fn of(rlp: &'a [u8]) -> Option<Self> {
        let mut rest = rlp;
        let payload = Header::decode_bytes(&mut rest, true).ok()?;
        rest.is_empty().then_some(Self(payload))
    }

    /// Whether no item is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next item, with its header; `None` at the end, or if it is not valid.
    pub(super) fn item(&mut self) -> Option<&'a [u8]> {
        let (item, rest) = split(self.0)?;
        self.0 = rest;
        Some(item)
    }

    /// The next item, a list.
    pub(super) fn list(&mut self) -> Option<Self> {
        Self::of(self.item()?)
    }

    /// The next item, a string.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        string(self.item()?)
    }
}

/// The bytes of a string.
pub(super) fn string(mut rlp: &[u8]) -> Option<&[u8]> {
    let bytes = Header::decode_bytes(&mut rlp, false).ok()?;
    rlp.is_empty().then_some(bytes)
}
