//! Prints a line for each account of a range, computed on all cores.

use std::ops::Range;

use rayon::prelude::*;

use super::super::{Failure, print};

/// The number of lines in memory.
const AT_ONCE: usize = 512;

/// Prints the result of `line` for each index; with `as_list`, as a JSON array.
pub(super) fn print_lines(
    range: Range<u32>,
    as_list: bool,
    line: impl Fn(u32) -> Result<String, Failure> + Sync,
) -> Result<(), Failure> {
    let end = range.end;
    if as_list {
        print(b"[\n")?;
    }
    let indices: Vec<u32> = range.collect();
    for indices in indices.chunks(AT_ONCE) {
        let lines = indices.par_iter().map(|index| {
            let comma = if as_list && index + 1 < end { "," } else { "" };
            Ok(format!("{}{comma}\n", line(*index)?))
        });
        let lines: Result<Vec<String>, Failure> = lines.collect();
        print(lines?.concat().as_bytes())?;
    }
    if as_list { print(b"]\n") } else { Ok(()) }
}
