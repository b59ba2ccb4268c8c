//! A stream with the digest of the bytes that were consumed, and of no others.

use std::io::{BufRead, Read, Result};

use sha2::{Digest, Sha256};

const BUFFER: usize = 1 << 18;

/// Buffers a stream. What its reader consumes is counted and hashed.
#[derive(Debug)]
pub struct Hashed<R> {
    inner: R,
    buffer: Vec<u8>,
    /// The part of the buffer that is still to be consumed.
    from: usize,
    to: usize,
    count: u64,
    hasher: Sha256,
}

impl<R: Read> Hashed<R> {
    /// The stream after `count` bytes, which `hasher` has.
    pub fn resume(inner: R, count: u64, hasher: Sha256) -> Self {
        Self { inner, buffer: vec![0; BUFFER], from: 0, to: 0, count, hasher }
    }

    /// The bytes consumed so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The digest of the bytes consumed so far.
    pub fn hasher(&self) -> &Sha256 {
        &self.hasher
    }

    /// At least `least` of the next bytes, or fewer at the end of the stream.
    ///
    /// # Errors
    /// The stream fails.
    pub fn peek(&mut self, least: usize) -> Result<&[u8]> {
        while self.to - self.from < least {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            match self.inner.read(&mut self.buffer[self.to..]) {
                Ok(0) => break,
                Ok(length) => self.to += length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.buffer[self.from..self.to])
    }
}

impl<R: Read> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.from == self.to {
            (self.from, self.to) = (0, 0);
            self.to = self.inner.read(&mut self.buffer)?;
        }
        Ok(&self.buffer[self.from..self.to])
    }

    fn consume(&mut self, amount: usize) {
        self.hasher.update(&self.buffer[self.from..self.from + amount]);
        self.from += amount;
        self.count += amount as u64;
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}
