//! Every disk operation fails once and kills the program once: the output is complete or has no marker, and
//! the next run repairs it.

mod database;
mod faults;
mod places;
mod publish;
