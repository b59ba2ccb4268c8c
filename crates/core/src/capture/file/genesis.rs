//! A `genesis.json` in geth's format.

use super::super::Error;
use super::{Format, Outline, Sink, StateFileHeader, Text, accounts, members};
use crate::el::genesis::Member;

/// A genesis, whose alloc is the state and whose other members describe the chain.
#[derive(Debug)]
pub struct Genesis;

impl Format for Genesis {
    fn name(&self) -> &'static str {
        "genesis.json"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.has("alloc")
    }

    fn read(
        &self,
        text: &mut Text,
        _: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<StateFileHeader, Error> {
        let mut header = StateFileHeader::default();
        members(text, |key, text| {
            if key == b"alloc" {
                return accounts(text, sink);
            }
            let (value, offset) = text.value()?;
            header.genesis.push(Member { key: key.to_vec(), value: value.to_vec(), offset });
            Ok(())
        })?;
        Ok(header)
    }
}
