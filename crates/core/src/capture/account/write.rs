//! An account as an entry of an alloc.

use std::io::{self, Write};

use alloy_primitives::{Address, B256};

use super::{Account, StorageSlot};

impl Account {
    /// Writes its entry of an alloc, `"0x…": {…}`, with `address` as the key.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write_entry(&self, address: Address, out: &mut impl Write) -> io::Result<()> {
        self.write_head(address, out)?;
        for (index, slot) in self.storage.iter().enumerate() {
            write_slot(*slot, index == 0, out)?;
        }
        write_tail(self.storage.is_empty(), out)
    }

    /// Writes the start of the entry, up to its storage.
    ///
    /// # Errors
    /// As [`Account::write_entry`].
    pub fn write_head(&self, address: Address, out: &mut impl Write) -> io::Result<()> {
        write!(out, "\"0x{}\": {{\"balance\": \"{:#x}\"", hex::encode(address), self.balance)?;
        if self.nonce != 0 {
            write!(out, ", \"nonce\": \"{:#x}\"", self.nonce)?;
        }
        if !self.code.is_empty() {
            write!(out, ", \"code\": \"0x{}\"", hex::encode(&self.code))?;
        }
        Ok(())
    }
}

/// Writes a slot after the start of an entry.
///
/// # Errors
/// `out` cannot be written.
pub fn write_slot((slot, value): StorageSlot, first: bool, out: &mut impl Write) -> io::Result<()> {
    out.write_all(if first { b", \"storage\": {" } else { b", " })?;
    let value = B256::from(value);
    write!(out, "\"0x{}\": \"0x{}\"", hex::encode(slot), hex::encode(value))
}

/// Writes the end of an entry; `bare`: it has no slots.
///
/// # Errors
/// `out` cannot be written.
pub fn write_tail(bare: bool, out: &mut impl Write) -> io::Result<()> {
    out.write_all(if bare { b"}" } else { b"}}" })
}
