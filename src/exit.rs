//! Exit codes, the same for every verb.

/// Done.
pub const DONE: u8 = 0;
/// A fault of this program: please report it.
pub const BUG: u8 = 1;
/// The command line or the environment asks for something that is not there.
pub const USAGE: u8 = 2;
/// The snapshot, or a file of it, is wrong.
pub const INPUT: u8 = 3;
/// A source of state cannot be reached.
pub const SOURCE: u8 = 4;
/// What was checked is not what it should be.
pub const VERIFICATION: u8 = 5;
/// A tool that this program drives failed.
pub const TOOL: u8 = 6;
/// The output cannot be written.
pub const OUTPUT: u8 = 7;

/// For `--help`.
pub const HELP: &str = "Exit codes:
  0  done
  1  a fault of this program
  2  usage: a flag or its REGENESIS_* variable is wrong
  3  the snapshot or one of its files is wrong
  4  a source cannot be reached
  5  a check failed
  6  a tool that this program drives failed
  7  the output cannot be written
  130  ended by a signal";
