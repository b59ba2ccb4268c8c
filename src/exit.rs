//! Exit codes, the same for every verb.

/// Success.
pub const DONE: u8 = 0;
/// A bug in regenesis.
pub const BUG: u8 = 1;
/// An option, or its variable, is invalid.
pub const USAGE: u8 = 2;
/// The snapshot, or one of its files, is invalid.
pub const INPUT: u8 = 3;
/// A node or server cannot be reached, or does not answer.
pub const SOURCE: u8 = 4;
/// A check failed.
pub const VERIFICATION: u8 = 5;
/// A program that regenesis runs failed.
pub const TOOL: u8 = 6;
/// The output cannot be written.
pub const OUTPUT: u8 = 7;
/// Docker or Compose is missing, or the daemon does not answer.
#[cfg(feature = "host")]
pub const DOCKER: u8 = 8;
/// Another program uses a port of the stack.
#[cfg(feature = "host")]
pub const PORT: u8 = 9;
/// An image is neither on this machine nor in a registry.
#[cfg(feature = "host")]
pub const IMAGE: u8 = 10;
/// The chain builds no blocks, or finalizes none.
#[cfg(feature = "host")]
pub const NO_BLOCKS: u8 = 11;
/// An archive does not exist.
#[cfg(feature = "host")]
pub const NOT_THERE: u8 = 12;
/// The disk is too small for an archive.
#[cfg(feature = "host")]
pub const FULL: u8 = 13;

/// For `--help`.
pub const HELP: &str = "Exit codes:
  0  success
  1  a bug in regenesis
  2  an option or its REGENESIS_* variable is invalid
  3  the snapshot or one of its files is invalid
  4  a node or server cannot be reached
  5  a check failed, or diff found a difference
  6  a program that regenesis runs failed
  7  the output cannot be written
  8  Docker or Compose is missing, or does not answer
  9  a port of the stack is in use
  10  an image is missing
  11  the chain builds no blocks, or finalizes none
  12  an archive, or a snapshot in a registry, does not exist
  13  the disk is too small for an archive
  130  ended by a signal";
