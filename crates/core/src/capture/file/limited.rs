//! A streamed answer, from a node that may never end it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{LONGEST, Text, packed};
use crate::capture::Error;
use crate::el::stream::Stream;

/// Fails after a number of bytes.
struct Limited<R> {
    reader: R,
    left: u64,
    exceeded: Arc<AtomicBool>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                self.exceeded.store(true, Ordering::Relaxed);
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(read)
    }
}

/// Reads `answer`: at most `most` bytes as received, and at most `most` bytes unpacked.
pub(super) fn read<T>(
    answer: Box<dyn Read + Send>,
    most: u64,
    read: impl FnOnce(&mut Text) -> Result<T, Error>,
) -> Result<T, Error> {
    let exceeded = Arc::new(AtomicBool::new(false));
    let limit = |reader| -> Box<dyn Read + Send> {
        Box::new(Limited { reader, left: most, exceeded: Arc::clone(&exceeded) })
    };
    let done = packed::unpack(limit(answer))
        .and_then(|unpacked| read(&mut Stream::within(limit(unpacked), LONGEST)));
    match done {
        Err(_) if exceeded.load(Ordering::Relaxed) => Err(Error::Endless { most }),
        done => done,
    }
}
