//! op-deployer's `state.json`: the L1 after the deployment, and an L2 for each chain. Source:
//! optimism `op-deployer/pkg/deployer/state/state.go` (`State`, `GzipData`).

use std::io::Cursor;

use serde_json::Value;

use super::super::Error;
use super::{
    Format, LONGEST, Outline, Sink, StateFileHeader, Stream, Text, accounts, elements, members,
    packed,
};
use crate::l2::{deployed_chain_id, unpacked_alloc};

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
    ) -> Result<StateFileHeader, Error> {
        let (mut l1, mut chains) = (Value::Null, Vec::new());
        members(text, |key, text| {
            match (key, text.peek()?) {
                (b"l1StateDump", _) => l1 = value(text.value()?.0)?,
                (b"opChainDeployments", Some(b'[')) => elements(text, |chain| {
                    let mut chain = value(chain)?;
                    chains.push((deployed_chain_id(&chain["id"]), chain["allocs"].take()));
                    Ok(())
                })?,
                _ => text.skip()?,
            }
            Ok(())
        })?;
        chains.retain(|(_, allocs)| !allocs.is_null());
        let requested = chains.iter().find(|(id, _)| id.is_some() && *id == chain_id);
        let (part, state) = match requested {
            Some((id, allocs)) => (format!("allocs of chain {}", id.unwrap_or_default()), allocs),
            None if !l1.is_null() => (L1.to_owned(), &l1),
            None => {
                let known: Vec<_> = chains.iter().filter_map(|(id, _)| *id).collect();
                return Err(Error::NoDeployment { known });
            }
        };
        let alloc =
            unpacked_alloc(state).map_err(|what| Error::Embedded { part: part.clone(), what })?;
        let mut alloc = Stream::within(packed::unpack(Box::new(Cursor::new(alloc)))?, LONGEST);
        accounts(&mut alloc, sink)?;
        Ok(StateFileHeader { part: Some(part), ..StateFileHeader::default() })
    }
}

fn value(raw: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(raw).map_err(|error| Error::Embedded {
        part: "a value".to_owned(),
        what: format!("not valid JSON: {error}"),
    })
}
