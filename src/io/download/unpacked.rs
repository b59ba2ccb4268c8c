//! Decompression in constant memory, of one member after another: gzip, bzip2, xz and zstd files may be
//! several such files in a row, as parallel compressors and `regenesis pack` write them.

use std::fmt;
use std::io::{BufRead, Error, ErrorKind, Read, Result};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;

use super::Hashed;
use crate::archive::{Format, Position};

const BUFFER: usize = 1 << 18;
/// KiB that a block of xz may need: four times those of `xz -9`.
const XZ_MEMORY: u32 = 256 << 10;
/// The largest window of zstd as a power of two: that of `zstd --long`.
const ZSTD_WINDOW: u32 = 27;

/// The decompressed bytes of a stream.
pub struct Unpacked<R: Read> {
    codec: Codec<Hashed<R>>,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    /// Decompressed bytes, with those in the buffer.
    count: u64,
    /// The start of the current member.
    start: Position,
}

enum Codec<R: BufRead> {
    Tar(R),
    Gz(GzDecoder<R>),
    Bz2(BzDecoder<R>),
    Xz(Box<XzReader<R>>),
    Zst(Box<zstd::Decoder<'static, R>>),
    /// After an error.
    Gone,
}

impl<R: Read> fmt::Debug for Unpacked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacked").field("start", &self.start).finish_non_exhaustive()
    }
}

impl<R: Read> Unpacked<R> {
    /// The stream from its beginning, in the format of its first bytes.
    ///
    /// # Errors
    /// The stream fails.
    pub fn new(mut stream: Hashed<R>) -> Result<Self> {
        let format = Format::of(stream.peek(Format::MAGIC)?);
        let (compressed, hasher) = (stream.count(), stream.hasher().clone());
        Self::resume(stream, Position { format, compressed, uncompressed: 0, hasher })
    }

    /// The stream from `start`, where a member starts.
    ///
    /// # Errors
    /// The decompressor does not start.
    pub fn resume(stream: Hashed<R>, start: Position) -> Result<Self> {
        let codec = Codec::open(start.format, stream)?;
        let count = start.uncompressed;
        Ok(Self { codec, buffer: vec![0; BUFFER], from: 0, to: 0, count, start })
    }

    /// The latest place to read the stream from again, such that the next byte is decompressed. At the
    /// end of a member that is the start of the next one, and nothing else of it is read.
    ///
    /// # Errors
    /// The stream fails, or is damaged.
    pub fn start(&mut self) -> Result<Position> {
        self.step()?;
        Ok(self.start.clone())
    }

    /// The compressed stream.
    pub fn compressed(&self) -> Option<&Hashed<R>> {
        match &self.codec {
            Codec::Tar(stream) => Some(stream),
            Codec::Gz(codec) => Some(codec.get_ref()),
            Codec::Bz2(codec) => Some(codec.get_ref()),
            Codec::Xz(codec) => Some(codec.inner()),
            Codec::Zst(codec) => Some(codec.get_ref()),
            Codec::Gone => None,
        }
    }

    /// Ensures that the buffer has a byte, unless the stream is at its end.
    fn fill(&mut self) -> Result<()> {
        while self.step()? {}
        Ok(())
    }

    /// Fills an empty buffer. Returns whether a member has ended instead, and another one follows.
    fn step(&mut self) -> Result<bool> {
        if self.from < self.to {
            return Ok(false);
        }
        if self.start.format == Format::Tar {
            self.mark_start();
        }
        (self.from, self.to) = (0, self.codec.read(&mut self.buffer)?);
        self.count += self.to as u64;
        if self.to == 0 { self.next_member() } else { Ok(false) }
    }

    fn mark_start(&mut self) {
        if let Some(stream) = self.compressed() {
            let (compressed, hasher) = (stream.count(), stream.hasher().clone());
            let (format, uncompressed) = (self.start.format, self.count);
            self.start = Position { format, compressed, uncompressed, hasher };
        }
    }

    /// Whether another member follows. Zeros between and after members are padding.
    fn next_member(&mut self) -> Result<bool> {
        let format = self.start.format;
        let mut stream = match std::mem::replace(&mut self.codec, Codec::Gone).into_inner() {
            Some(stream) if format != Format::Tar => stream,
            Some(stream) => {
                self.codec = Codec::Tar(stream);
                return Ok(false);
            }
            None => return Ok(false),
        };
        loop {
            let found = stream.fill_buf()?;
            let zeros = found.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break;
            }
            stream.consume(zeros);
        }
        let next = stream.peek(Format::MAGIC)?;
        let (is_end, is_member) = (next.is_empty(), Format::of(next) == format);
        if is_end {
            self.codec = Codec::Tar(stream);
            self.start.format = Format::Tar;
            self.mark_start();
            return Ok(false);
        }
        if !is_member {
            let what = format!("other data follow the {} data", format.name());
            return Err(Error::new(ErrorKind::InvalidData, what));
        }
        self.codec = Codec::open(format, stream)?;
        self.mark_start();
        Ok(true)
    }
}

impl<R: BufRead> Codec<R> {
    fn open(format: Format, stream: R) -> Result<Self> {
        Ok(match format {
            Format::Tar => Self::Tar(stream),
            Format::Gz => Self::Gz(GzDecoder::new(stream)),
            Format::Bz2 => Self::Bz2(BzDecoder::new(stream)),
            Format::Xz => Self::Xz(Box::new(XzReader::new_mem_limit(stream, false, XZ_MEMORY))),
            Format::Zst => {
                let mut codec = zstd::Decoder::with_buffer(stream)?.single_frame();
                codec.window_log_max(ZSTD_WINDOW)?;
                Self::Zst(Box::new(codec))
            }
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let read = match self {
                Self::Tar(stream) => stream.read(buffer),
                Self::Gz(codec) => codec.read(buffer),
                Self::Bz2(codec) => codec.read(buffer),
                Self::Xz(codec) => codec.read(buffer),
                Self::Zst(codec) => codec.read(buffer),
                Self::Gone => Ok(0),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn into_inner(self) -> Option<R> {
        match self {
            Self::Tar(stream) => Some(stream),
            Self::Gz(codec) => Some(codec.into_inner()),
            Self::Bz2(codec) => Some(codec.into_inner()),
            Self::Xz(codec) => Some(codec.into_inner()),
            Self::Zst(codec) => Some(codec.finish()),
            Self::Gone => None,
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.fill()?;
        let length = (&self.buffer[self.from..self.to]).read(buffer)?;
        self.from += length;
        Ok(length)
    }
}
