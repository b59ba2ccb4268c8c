//! Numbers and strings as leveldb and pebble encode them.

/// The rest of some bytes. A method returns `None` if they end early or are not valid.
#[derive(Debug, Clone)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// 7 bits a byte, the least significant first.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    /// Bytes after their length.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

/// The key of an internal key, and its sequence number and kind: `number << 8 | kind`.
pub(super) fn split(internal: &[u8]) -> Option<(&[u8], u64)> {
    let (key, trailer) = internal.split_last_chunk()?;
    Some((key, u64::from_le_bytes(*trailer)))
}

/// Orders internal keys: by key, and the newest entry first.
pub(super) fn order(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    match (split(one), split(other)) {
        (Some((one, one_trailer)), Some((other, other_trailer))) => {
            one.cmp(other).then(other_trailer.cmp(&one_trailer))
        }
        _ => one.cmp(other),
    }
}

/// The internal key before all entries of `key`.
pub(super) fn before(key: &[u8]) -> Vec<u8> {
    [key, &u64::MAX.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_overflow_or_end_early_are_refused() {
        let varint = |bytes: &[u8]| Bytes(bytes).varint();
        assert_eq!(varint(&[0xac, 0x02]), Some(300));
        assert_eq!(
            varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            Some(u64::MAX)
        );
        for bad in [
            &[][..],
            &[0x80],
            &[0xff; 11],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert_eq!(varint(bad), None, "{bad:?}");
        }
        assert_eq!(Bytes(&[3, 1, 2]).string(), None);
    }

    #[test]
    fn newer_entries_of_a_key_come_first() {
        let key = |key: &[u8], sequence: u64| [key, &(sequence << 8 | 1).to_le_bytes()].concat();
        assert!(order(&key(b"a", 2), &key(b"a", 1)).is_lt());
        assert!(order(&key(b"a", 1), &key(b"ab", 9)).is_lt());
        assert!(order(&before(b"a"), &key(b"a", 9)).is_lt());
    }
}
