//! `metadata.json` of a snapshot.

use serde::Deserialize;
use serde_json::Value;

/// The snapshot format that this program reads.
pub const FORMAT: u64 = 1;

/// What `init` needs of the metadata.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    /// Version of the snapshot format.
    pub format: u64,
    /// Name of the snapshot.
    pub name: String,
    /// Chain id of the execution genesis.
    pub chain_id: u64,
}

/// What can be wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the JSON of a snapshot's metadata.
    #[error("is not a snapshot's metadata: {0}")]
    Json(#[from] serde_json::Error),
    /// Made by a later version of this program.
    #[error("has format {0}, this version reads format {FORMAT}")]
    Format(u64),
}

/// Reads `metadata.json`.
///
/// # Errors
/// The text is something else, or of another format.
pub fn parse(text: &[u8]) -> Result<Metadata, Error> {
    // A map first: of a list, serde would take the fields in their order. And the format before
    // the rest: another one may have other keys.
    let members: serde_json::Map<String, Value> = serde_json::from_slice(text)?;
    match members.get("format").and_then(Value::as_u64) {
        Some(format) if format != FORMAT => Err(Error::Format(format)),
        _ => Ok(serde_json::from_slice(text)?),
    }
}
