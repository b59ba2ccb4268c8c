//! A stream that shows how far it has come.

use std::io::{Read, Result};

use crate::io::clock::Stopwatch;
use crate::io::console::Console;
use crate::io::download::{Hashed, Stream, Unpacked};

/// The decompressed archive; every read reports progress.
pub(super) struct Shown<'a> {
    pub(super) unpacked: Unpacked<Stream<'a>>,
    console: &'a Console,
    watch: Stopwatch,
    /// Compressed bytes that earlier runs read.
    begun: u64,
    size: Option<u64>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(
        unpacked: Unpacked<Stream<'a>>,
        size: Option<u64>,
        console: &'a Console,
    ) -> Self {
        let begun = unpacked.compressed().map_or(0, Hashed::count);
        Self { unpacked, console, watch: Stopwatch::start(), begun, size }
    }

    fn report(&self) {
        let count = self.unpacked.compressed().map_or(self.begun, Hashed::count);
        self.console.heartbeat(fraction(count, self.size), || {
            text(count, self.begun, self.size, self.watch.elapsed().as_secs_f64())
        });
    }
}

impl Read for Shown<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.report();
        self.unpacked.read(buffer)
    }
}

/// Bytes in MB with one digit.
pub(in crate::command) fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// How much is done, from 0 to 1, if the size is known.
#[expect(clippy::cast_precision_loss, reason = "shown as a bar")]
pub(in crate::command) fn fraction(count: u64, size: Option<u64>) -> Option<f64> {
    size.filter(|size| *size > 0).map(|size| count as f64 / size as f64)
}

/// The progress of a download; an earlier run read the first `begun` bytes.
#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn text(count: u64, begun: u64, size: Option<u64>, seconds: f64) -> String {
    let rate = (count - begun) as f64 / seconds.max(0.001);
    let mb = rate / 1e6;
    match size.filter(|size| *size > 0) {
        Some(size) => {
            let percent = count.saturating_mul(100) / size;
            let left = size.saturating_sub(count) as f64 / rate.max(1.0);
            let (count, size) = (megabytes(count), megabytes(size));
            format!("{count} of {size} ({percent} %), {mb:.1} MB/s, {left:.0} s left")
        }
        None => format!("{}, {mb:.1} MB/s", megabytes(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_has_rate_and_remaining_time() {
        let text_of = |size| text(30_000_000, 10_000_000, size, 2.0);
        assert_eq!(text_of(Some(100_000_000)), "30.0 MB of 100.0 MB (30 %), 10.0 MB/s, 7 s left");
        assert_eq!(text_of(None), "30.0 MB, 10.0 MB/s");
        assert_eq!(text(0, 0, Some(10), 0.0), "0.0 MB of 0.0 MB (0 %), 0.0 MB/s, 10 s left");
    }
}
