//! Archives of snapshots, as values: tar entries and their checks, the manifest of a pack, the checkpoint
//! of a restore. Streams are the caller's.
//!
//! ```text
//! bytes ─▶ Reader ─▶ Entry (path and kind checked) ─▶ Seen (no name twice) ─▶ the caller writes it
//! ```
//!
//! The reader is ours because a restore resumes between two entries and must bound what an archive can
//! make it remember: general readers keep a long name of any length in memory.

mod checkpoint;
mod digests;
mod error;
mod format;
mod header;
mod links;
mod manifest;
mod marker;
mod names;
pub mod oci;
mod parts;
mod pax;
mod reader;
mod s3;
mod seen;

pub use self::checkpoint::{Checkpoint, Position};
pub use self::digests::{parse_digest, sidecar, sidecar_line};
pub use self::error::{Error, Refusal};
pub use self::format::Format;
pub use self::header::{BLOCK, directory_header, end, file_header, padding};
pub use self::manifest::{MANIFEST, Manifest};
pub use self::marker::{MARKER, Marker};
pub use self::parts::Parts;
pub use self::reader::{Entry, Kind, Reader};
pub use self::s3::{Credentials, Request, S3, authorize, encoded};
pub use self::seen::{Paths, Seen};
pub use crate::keys::SecretText;
