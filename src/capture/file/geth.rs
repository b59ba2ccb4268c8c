//! `geth dump`: one object, or with `--iterative` a line an account. Source: geth
//! `core/state/dump.go`.

use super::super::Error;
use super::super::account::word;
use super::{Format, Outline, Sink, Text, Told, accounts, entry, members};
use crate::el;

/// `geth dump`, `debug_dumpBlock`, `debug_accountRange`.
#[derive(Debug)]
pub struct Dump;

impl Format for Dump {
    fn name(&self) -> &'static str {
        "geth dump"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.has("accounts") && outline.has("root")
    }

    fn read(&self, text: &mut Text, _: Option<u64>, sink: &mut Sink<'_>) -> Result<Told, Error> {
        let (mut told, mut read, mut next) = (Told::default(), 0, false);
        members(text, |key, text| {
            match key {
                b"accounts" if text.peek()? == Some(b'{') => {
                    accounts(text, &mut |account| {
                        read += 1;
                        sink(account)
                    })?;
                }
                b"root" => told.state_root = Some(root(text.value()?.0)?),
                // geth leaves it out on the last page.
                b"next" => next = text.value()?.0 != b"null",
                _ => text.skip()?,
            }
            Ok(())
        })?;
        if next {
            return Err(Error::OnePage { accounts: read });
        }
        Ok(told)
    }
}

/// `geth dump --iterative`, `geth snapshot dump`: the root on the first line.
#[derive(Debug)]
pub struct Lines;

impl Format for Lines {
    fn name(&self) -> &'static str {
        "geth dump --iterative"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.keys == ["root"] || outline.sequence && outline.has("balance")
    }

    fn read(&self, text: &mut Text, _: Option<u64>, sink: &mut Sink<'_>) -> Result<Told, Error> {
        let mut told = Told::default();
        while text.peek()?.is_some() {
            let (line, offset) = text.value()?;
            match line {
                [b'{', .., b'}'] if told.state_root.is_none() && !line.contains(&b',') => {
                    let mut cursor = el::json::Cursor::new(line, offset);
                    cursor.object(|key, cursor| {
                        let raw = cursor.value()?;
                        if key == b"root" {
                            told.state_root = Some(root(raw)?);
                        }
                        Ok(())
                    })?;
                }
                line => sink(entry(b"", line, offset)?)?,
            }
        }
        Ok(told)
    }
}

fn root(raw: &[u8]) -> Result<alloy_primitives::B256, el::Error> {
    let text = raw.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(raw);
    word(text).map_err(|problem| el::Error::from(problem).under("root"))
}
