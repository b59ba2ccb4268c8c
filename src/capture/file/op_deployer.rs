//! op-deployer's `state.json`: the L1 after the deployment, and an L2 for each chain. Source:
//! optimism `op-deployer/pkg/deployer/state/state.go` (`State`, `GzipData`).

use std::io::Cursor;

use alloy_primitives::U256;
use base64ct::{Base64, Encoding};
use serde_json::Value;

use super::super::Error;
use super::{
    Format, LONGEST, Outline, Sink, Stream, Text, Told, accounts, elements, members, packed,
};

/// An alloc for each chain, gzip and base64.
#[derive(Debug)]
pub struct State;

const L1: &str = "l1StateDump";
const CHAINS: &str = "opChainDeployments";

impl Format for State {
    fn name(&self) -> &'static str {
        "op-deployer state"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.has(L1) || outline.has(CHAINS)
    }

    fn read(
        &self,
        text: &mut Text,
        chain_id: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<Told, Error> {
        let (mut l1, mut chains) = (Value::Null, Vec::new());
        members(text, |key, text| {
            match (key, text.peek()?) {
                (b"l1StateDump", _) => l1 = value(text.value()?.0)?,
                (b"opChainDeployments", Some(b'[')) => elements(text, |chain| {
                    let mut chain = value(chain)?;
                    chains.push((id(&chain["id"]), chain["allocs"].take()));
                    Ok(())
                })?,
                _ => text.skip()?,
            }
            Ok(())
        })?;
        chains.retain(|(_, allocs)| !allocs.is_null());
        let asked = chains.iter().find(|(id, _)| id.is_some() && *id == chain_id);
        let (part, state) = match asked {
            Some((id, allocs)) => (format!("allocs of chain {}", id.unwrap_or_default()), allocs),
            None if !l1.is_null() => (L1.to_owned(), &l1),
            None => {
                let known: Vec<_> = chains.iter().filter_map(|(id, _)| *id).collect();
                return Err(Error::NoDeployment { known });
            }
        };
        let alloc = unpacked(state).map_err(|what| Error::Embedded { part: part.clone(), what })?;
        let mut alloc = Stream::within(packed::unpack(Box::new(Cursor::new(alloc)))?, LONGEST);
        accounts(&mut alloc, sink)?;
        Ok(Told { part: Some(part), ..Told::default() })
    }
}

fn value(raw: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(raw).map_err(|error| Error::Embedded {
        part: "a value".to_owned(),
        what: format!("not valid JSON: {error}"),
    })
}

/// A chain id, which is 32 bytes of hex there.
fn id(value: &Value) -> Option<u64> {
    let text = value.as_str()?;
    let number = U256::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()?;
    number.try_into().ok()
}

/// The JSON of an alloc, or the gzip of it.
fn unpacked(state: &Value) -> Result<Vec<u8>, String> {
    match state {
        Value::Object(_) => Ok(state.to_string().into_bytes()),
        Value::String(text) => {
            Base64::decode_vec(text).map_err(|_| "is no base64 of a gzip".to_owned())
        }
        _ => Err("is neither base64 of a gzip nor an alloc".to_owned()),
    }
}
