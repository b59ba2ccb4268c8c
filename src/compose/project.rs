//! The Compose project of a snapshot's directory, as `up.sh` names it: by the whole path, so that
//! two directories of one name never share volumes.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// As many characters as the name of the directory gives.
const LONGEST: usize = 40;

/// The name of the project for a directory, given by its absolute path without links.
pub fn of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().as_bytes().to_ascii_lowercase();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name: String = name
        .iter()
        .filter(|byte| allowed(byte))
        .skip_while(|byte| matches!(byte, b'_' | b'-'))
        .take(LONGEST)
        .map(|&byte| char::from(byte))
        .collect();
    let name = if name.is_empty() { "regenesis" } else { &name };
    format!("{name}-{}", cksum(directory.as_os_str().as_bytes()))
}

/// The checksum that POSIX gives the program `cksum`: a CRC of the bytes and of their number.
fn cksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: u8| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            let polynomial = if crc & 0x8000_0000 == 0 { 0 } else { 0x04c1_1db7 };
            crc << 1 ^ polynomial
        })
    };
    let crc = bytes.iter().fold(0, |crc, &byte| step(crc, byte));
    let length = std::iter::successors(Some(bytes.len()), |length| Some(length >> 8));
    let length = length.take_while(|&length| length > 0);
    !length.fold(crc, |crc, length| step(crc, length.to_le_bytes()[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_that_of_cksum() {
        // printf %s TEXT | cksum
        assert_eq!(cksum(b""), 4_294_967_295);
        assert_eq!(cksum(b"123456789"), 930_766_865);
        assert_eq!(cksum(&[b'a'; 300]), 1_664_553_091);
    }

    #[test]
    fn a_project_has_a_name_that_compose_takes() {
        let name = |path: &str| of(Path::new(path)).rsplit_once('-').unwrap().0.to_owned();
        assert_eq!(name("/x/Chain 7.1"), "chain71");
        assert_eq!(name("/x/_-a_b-C"), "a_b-c");
        assert_eq!(name("/x/\u{e9}"), "regenesis");
        assert_eq!(name(&format!("/{}", "a".repeat(60))), "a".repeat(40));
        assert_ne!(of(Path::new("/x1/chain-7")), of(Path::new("/x2/chain-7")));
    }
}
