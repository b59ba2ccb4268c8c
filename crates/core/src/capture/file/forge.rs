//! The file of forge's `vm.dumpState`: an alloc and nothing else.

use super::super::Error;
use super::super::account::address;
use super::{Format, Outline, Sink, StateFileHeader, Text, accounts};

/// An object of accounts.
#[derive(Debug)]
pub struct Alloc;

impl Format for Alloc {
    fn name(&self) -> &'static str {
        "alloc"
    }

    fn fits(&self, outline: &Outline) -> bool {
        let is_address = |key: &String| address(key.as_bytes()).is_some();
        !outline.keys.is_empty() && outline.keys.iter().all(is_address)
    }

    fn read(
        &self,
        text: &mut Text,
        _: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<StateFileHeader, Error> {
        accounts(text, sink)?;
        Ok(StateFileHeader::default())
    }
}
