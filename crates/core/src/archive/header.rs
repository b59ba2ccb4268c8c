//! Headers of tar entries.
//!
//! Sources: POSIX.1-2024 `pax`, section "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format".

/// Bytes of a header; data is padded to a multiple of it.
pub const BLOCK: usize = 512;

/// A header, still unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The path.
    pub path: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Bytes of data.
    pub size: u64,
    /// The kind of the entry.
    pub flag: u8,
    /// The target of a link.
    pub link: Vec<u8>,
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    /// The checksum is not that of the block, or a number is invalid.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Self, &'static str> {
        if number(&block[148..156]) != Some(checksum(block).into()) {
            return Err("is not the header of a tar entry");
        }
        let mode = number(&block[100..108]).ok_or("the mode of an entry is not a number")?;
        let size = number(&block[124..136]).ok_or("the size of an entry is not a number")?;
        let mut path = text(&block[..100]).to_vec();
        // GNU tar uses the place of the prefix for other fields.
        let prefix = text(&block[345..500]);
        if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
            path = [prefix, b"/", &path].concat();
        }
        let mode = u32::try_from(mode & 0o7777).unwrap_or_default();
        Ok(Self { path, mode, size, flag: block[156], link: text(&block[157..257]).to_vec() })
    }
}

/// A field up to its first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number: octal digits between blanks or NULs, or GNU's base 256 with the first bit set.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The second bit is the sign.
        let start = (first & 0x40 == 0).then_some(u64::from(first & 0x3f))?;
        return rest
            .iter()
            .try_fold(start, |sum, byte| sum.checked_mul(256).map(|sum| sum | u64::from(*byte)));
    }
    let digits = str::from_utf8(text(field)).ok()?.trim();
    if digits.is_empty() {
        return Some(0);
    }
    let is_octal = digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    is_octal.then(|| u64::from_str_radix(digits, 8).ok())?
}

/// The sum of all bytes, with blanks in the field of the sum.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let outside = block[..148].iter().chain(&block[156..]);
    outside.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ')
}

/// A path that fits neither the 100 bytes of the name nor name and prefix goes into a pax record.
fn ustar(path: &str, mode: u32, size: u64, flag: u8) -> Vec<u8> {
    const MOST: u64 = 0o777_7777_7777;
    let mut head = Vec::new();
    let mut block = [0; BLOCK];
    let mut records = String::new();
    if path.len() > 100 {
        records += &super::pax::record("path", path);
    }
    if size > MOST {
        records += &super::pax::record("size", &size.to_string());
    }
    if !records.is_empty() {
        head = ustar("pax", 0o644, records.len() as u64, b'x');
        head.extend_from_slice(records.as_bytes());
        head.extend_from_slice(padding(records.len() as u64));
    }
    let name = path.as_bytes().get(..path.len().min(100)).unwrap_or_default();
    block[..name.len()].copy_from_slice(name);
    let mut put =
        |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(100, &format!("{mode:07o}"));
    put(108, &format!("{:07o}", 0));
    put(116, &format!("{:07o}", 0));
    put(124, &format!("{:011o}", size.min(MOST)));
    put(136, &format!("{:011o}", 0));
    put(257, "ustar\0");
    put(263, "00");
    block[156] = flag;
    let sum = format!("{:06o}\0 ", checksum(&block));
    block[148..156].copy_from_slice(sum.as_bytes());
    head.extend_from_slice(&block);
    head
}

/// The header of a file: owner and time are 0, so that equal files give equal archives.
pub fn file_header(path: &str, mode: u32, size: u64) -> Vec<u8> {
    ustar(path, mode, size, b'0')
}

/// The header of a directory, as [`file_header`].
pub fn directory_header(path: &str, mode: u32) -> Vec<u8> {
    ustar(&format!("{path}/"), mode, 0, b'5')
}

/// The bytes between the data of a file and the next header.
pub fn padding(size: u64) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    if over == 0 { &[] } else { &ZEROS[over..] }
}

/// The end of an archive.
pub fn end() -> [u8; 2 * BLOCK] {
    [0; 2 * BLOCK]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\x01", Some((2 << 32) + 1)),
            (b"\xff\xff\xff\xff", None),
            (b"\x80\x01\0\0\0\0\0\0\0\0\0\0", None),
            (b"12345678", None),
            (b"-1\0\0", None),
            (b"+1\0\0", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let header = file_header("el/genesis.json", 0o755, 12345);
        let block = header.as_slice().try_into().unwrap();
        let read = Header::parse(block).unwrap();
        let expected = Header {
            path: b"el/genesis.json".to_vec(),
            mode: 0o755,
            size: 12345,
            flag: b'0',
            link: Vec::new(),
        };
        assert_eq!(read, expected);
        for at in [0, 99, 130, 156, 300] {
            let mut damaged = *block;
            damaged[at] ^= 1;
            assert!(Header::parse(&damaged).is_err(), "byte {at}");
        }
    }
}
