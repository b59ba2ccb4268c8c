//! Tar archives as an attacker writes them: any header, with a valid checksum.

/// A header with this kind, path, link target and size, then the data.
pub fn entry(flag: u8, path: &str, link: &str, size: u64, data: &[u8]) -> Vec<u8> {
    let mut block = [0; 512];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, path.as_bytes());
    put(100, b"0004755\0");
    put(156, &[flag]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    match size {
        0..0o100_000_000_000 => put(124, format!("{size:011o}").as_bytes()),
        // Base 256.
        _ => {
            put(124, &[0x80]);
            put(128, &size.to_be_bytes());
        }
    }
    put(148, b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = data.len().next_multiple_of(512) - data.len();
    [&block, data, &vec![0; padding]].concat()
}

pub fn file(path: &str, data: &[u8]) -> Vec<u8> {
    entry(b'0', path, "", data.len() as u64, data)
}

pub fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}
