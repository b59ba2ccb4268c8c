//! `chain.rlp`: blocks one after the other, as `geth export` writes and `geth import` reads them.

use std::io::{ErrorKind, Read};

use alloy_rlp::Decodable;

use super::ChainCheck;
use crate::capture::chain::BLOCK_LIMIT;
use crate::el::block::Block;

/// Adds the blocks of a file up to number `last`, as far as they are complete and continue `chain`;
/// returns their length in bytes. Calls `progress` with the number of each.
///
/// # Errors
/// The file cannot be read.
pub fn resume(
    reader: &mut dyn Read,
    chain: &mut ChainCheck,
    last: u64,
    progress: &dyn Fn(u64),
) -> std::io::Result<u64> {
    let mut length = 0;
    while chain.number() < last {
        let Some(rlp) = next(reader)? else { break };
        let block = Block::decode(&mut &rlp[..]).ok();
        if block.and_then(|block| chain.add(block).ok()).is_none() {
            break;
        }
        length += rlp.len() as u64;
        progress(chain.number());
    }
    Ok(length)
}

/// The next RLP list, its header included; `None` at the end, or if the rest is not a complete list.
///
/// # Errors
/// The file cannot be read.
pub fn next(reader: &mut dyn Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut rlp = vec![0];
    if !fill(reader, &mut rlp)? {
        return Ok(None);
    }
    let length = match rlp[0] {
        0..0xc0 => return Ok(None),
        short @ 0xc0..0xf8 => u64::from(short - 0xc0),
        long => {
            let mut digits = vec![0; usize::from(long - 0xf7)];
            if !fill(reader, &mut digits)? {
                return Ok(None);
            }
            rlp.extend_from_slice(&digits);
            digits.iter().fold(0, |length: u64, digit| length << 8 | u64::from(*digit))
        }
    };
    if length > BLOCK_LIMIT {
        return Ok(None);
    }
    let read = reader.take(length).read_to_end(&mut rlp)?;
    Ok((read as u64 == length).then_some(rlp))
}

fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;
    use crate::el::header::Header;

    #[test]
    fn complete_blocks_are_resumed() {
        let mut chain = ChainCheck::new(B256::ZERO);
        let mut file = Vec::new();
        let mut ends = vec![0];
        for number in 1..=5 {
            let header = Header { parent_hash: chain.hash, number, ..Header::of_empty_body() };
            let mut block = Block::genesis(header);
            // One of more than 64 KiB, whose length has three digits.
            block.header.extra_data = vec![7; if number == 3 { 70_000 } else { 7 }].into();
            file.extend(alloy_rlp::encode(&block));
            ends.push(file.len());
            chain.add(block).unwrap();
        }
        let taken = |file: &[u8], last| {
            let mut chain = ChainCheck::new(B256::ZERO);
            let length = resume(&mut &file[..], &mut chain, last, &|_| ()).unwrap();
            (chain.number(), usize::try_from(length).unwrap())
        };
        assert_eq!(taken(&file, 9), (5, ends[5]));
        assert_eq!(taken(&file, 2), (2, ends[2]));
        for cut in [0, 1, 2, 3, 4, 100] {
            assert_eq!(taken(&file[..ends[4] + cut], 9), (4, ends[4]), "{cut}");
            assert_eq!(taken(&file[..ends[3] - 1 - cut], 9), (2, ends[2]), "{cut}");
        }
        for (at, bit) in [(ends[3] + 40, 1), (ends[3], 0x80), (ends[3], 4)] {
            let mut damaged = file.clone();
            damaged[at] ^= bit;
            assert_eq!(taken(&damaged, 9), (3, ends[3]), "{at}");
        }
    }
}
