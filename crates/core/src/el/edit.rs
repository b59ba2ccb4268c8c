//! Edits a genesis and splits it into the parts to write.

use std::ops::Range;

use super::chain_config::{BlobParams, Hardfork};
use super::error::Error;
use super::genesis::{Document, Member, TIMESTAMP_PLACEHOLDER};
use super::json::{Cursor, fold, unescape};
use crate::file::FilePart;

/// The text between the file's opening brace and its alloc.
const ALLOC: &[u8] = b"\n  \"alloc\": ";

impl Document {
    /// Sets the time of block 0 as a decimal string, which every client reads.
    pub fn set_timestamp(&mut self, seconds: u64) {
        self.set("timestamp", format!("\"{seconds}\"").into_bytes());
    }

    /// Leaves the time of block 0 to `init`.
    pub fn clear_timestamp(&mut self) {
        self.set("timestamp", TIMESTAMP_PLACEHOLDER.to_vec());
    }

    /// Sets the base fee of block 0, in wei per gas.
    pub fn set_base_fee(&mut self, wei: u64) {
        self.set("baseFeePerGas", format!("\"{wei:#x}\"").into_bytes());
    }

    /// Sets the time of `fork`.
    ///
    /// # Errors
    /// None for a document that [`Document::genesis`] accepts.
    pub fn set_time(&mut self, fork: Hardfork, seconds: u64) -> Result<(), Error> {
        self.set_config(fork.key(), &seconds.to_string())
    }

    /// Sets the entry of `fork` in `config.blobSchedule`.
    ///
    /// # Errors
    /// None for a document that [`Document::genesis`] accepts.
    pub fn set_blob_params(&mut self, entry: &str, params: BlobParams) -> Result<(), Error> {
        let schedule = self.config_member("blobSchedule")?.unwrap_or_else(|| b"{}".to_vec());
        let schedule = if schedule == b"null" { b"{}".to_vec() } else { schedule };
        let schedule = set_member(&schedule, entry, &params.to_string())?;
        self.set_config("blobSchedule", &String::from_utf8_lossy(&schedule))
    }

    /// Sets a key of `config` to a raw value.
    ///
    /// # Errors
    /// None for a document that [`Document::genesis`] accepts.
    pub fn set_config(&mut self, key: &str, value: &str) -> Result<(), Error> {
        for member in &mut self.head {
            if *fold(&unescape(&member.key)) == *b"config" && member.value != b"null" {
                member.value = set_member(&member.value, key, value)?;
            }
        }
        Ok(())
    }

    /// Removes a key of `config`.
    ///
    /// # Errors
    /// None for a document that [`Document::genesis`] accepts.
    pub fn remove_config(&mut self, key: &str) -> Result<(), Error> {
        for member in &mut self.head {
            if *fold(&unescape(&member.key)) == *b"config" && member.value != b"null" {
                member.value = remove_member(&member.value, key)?;
            }
        }
        Ok(())
    }

    /// Removes an entry of `config.blobSchedule`.
    ///
    /// # Errors
    /// None for a document that [`Document::genesis`] accepts.
    pub fn remove_blob_params(&mut self, entry: &str) -> Result<(), Error> {
        let schedule = self.config_member("blobSchedule")?.filter(|value| value != b"null");
        let Some(schedule) = schedule else { return Ok(()) };
        let schedule = remove_member(&schedule, entry)?;
        self.set_config("blobSchedule", &String::from_utf8_lossy(&schedule))
    }

    /// The text of `config`; `None` if the key is repeated, because geth then merges the values.
    pub fn chain_config(&self) -> Option<&[u8]> {
        let is_config = |member: &&Member| *fold(&unescape(&member.key)) == *b"config";
        let mut configs = self.head.iter().filter(is_config);
        let config = configs.next()?;
        configs.next().is_none().then_some(&config.value)
    }

    fn config_member(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut found = None;
        for member in &self.head {
            if *fold(&unescape(&member.key)) == *b"config"
                && member.value != b"null"
                && let Some(range) = member_ranges(&member.value, key)?.pop()
            {
                found = Some(member.value[range].to_vec());
            }
        }
        Ok(found)
    }

    fn set(&mut self, key: &str, value: Vec<u8>) {
        let mut found = false;
        for member in &mut self.head {
            if *fold(&unescape(&member.key)) == *key.to_ascii_lowercase().as_bytes() {
                member.value.clone_from(&value);
                found = true;
            }
        }
        if !found {
            self.head.push(Member { key: key.into(), value, offset: 0 });
        }
    }

    /// The file to write: the alloc first, then one member per line. `accounts` (raw entries) are
    /// added to the alloc. A later entry for the same address replaces an earlier one.
    ///
    /// The alloc is first because it does not depend on the time: a digest of the file can be resumed
    /// after it, and a file system that shares blocks can share its blocks.
    pub fn parts(&self, accounts: &[String]) -> Vec<FilePart> {
        let mut text = b"{".to_vec();
        let mut parts = Vec::new();
        for (index, alloc) in self.alloc.iter().enumerate() {
            text.extend_from_slice(if index == 0 { ALLOC } else { b",\n  \"alloc\": " });
            parts.push(FilePart::Text(std::mem::take(&mut text)));
            let last = index + 1 == self.alloc.len();
            if last && !accounts.is_empty() {
                parts.push(FilePart::Source(alloc.range.start..alloc.range.end - 1));
                text = if alloc.empty { b"\n    ".to_vec() } else { b",\n    ".to_vec() };
                text.extend_from_slice(accounts.join(",\n    ").as_bytes());
                text.extend_from_slice(b"\n  }");
            } else {
                parts.push(FilePart::Source(alloc.range.clone()));
            }
        }
        for member in &self.head {
            if *fold(&unescape(&member.key)) != *b"alloc" {
                let parts = [b",\n  \"", &member.key[..], b"\": ", &member.value[..]];
                text.extend_from_slice(&parts.concat());
            }
        }
        text.extend_from_slice(b"\n}\n");
        parts.push(FilePart::Text(text));
        parts
    }
}

impl Document {
    /// The document without its alloc.
    pub fn head_json(&self) -> Vec<u8> {
        let parts = Self { head: self.head.clone(), alloc: Vec::new() }.parts(&[]);
        let text = parts.into_iter().find_map(|part| match part {
            FilePart::Text(text) => Some(text),
            _ => None,
        });
        // Without an alloc, the first member follows the brace.
        String::from_utf8_lossy(&text.unwrap_or_default()).replacen("{,", "{", 1).into_bytes()
    }
}

/// The ranges of the values of `key` in the object `text`.
fn member_ranges(text: &[u8], key: &str) -> Result<Vec<Range<usize>>, Error> {
    let folded_key = key.to_ascii_lowercase();
    let mut ranges = Vec::new();
    Cursor::new(text, 0).object(|found, cursor| {
        cursor.peek();
        let start = cursor.at();
        cursor.value()?;
        if *fold(found) == *folded_key.as_bytes() {
            ranges.push(start..cursor.at());
        }
        Ok(())
    })?;
    Ok(ranges)
}

/// The object `text` with `key` set: in place where it is there, else after the last member and
/// indented as the first one.
pub(crate) fn set_member(text: &[u8], key: &str, value: &str) -> Result<Vec<u8>, Error> {
    let mut out = text.to_vec();
    let ranges = member_ranges(text, key)?;
    if !ranges.is_empty() {
        for range in ranges.into_iter().rev() {
            out.splice(range, value.bytes());
        }
        return Ok(out);
    }
    let inner = &text[1..text.len() - 1];
    let blanks = inner.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if blanks == inner.len() {
        return Ok(format!("{{\"{key}\": {value}}}").into_bytes());
    }
    let end = text.len() - 1 - inner.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    let indent = String::from_utf8_lossy(&inner[..blanks]);
    out.splice(end..end, format!(",{indent}\"{key}\": {value}").into_bytes());
    Ok(out)
}

/// The object `text` with the member at `path` set, in an object within it unless `path` is one key.
/// An object that is not there is left out.
pub(crate) fn set_path(text: &[u8], path: &[&str], value: &str) -> Result<Vec<u8>, Error> {
    let [key, rest @ ..] = path else { return Ok(text.to_vec()) };
    if rest.is_empty() {
        return set_member(text, key, value);
    }
    let mut out = text.to_vec();
    for range in member_ranges(text, key)?.into_iter().rev() {
        let inner = set_path(&text[range.clone()], rest, value)?;
        out.splice(range, inner);
    }
    Ok(out)
}

/// The object `text` without `key`, the others as they are.
pub(crate) fn remove_member(text: &[u8], key: &str) -> Result<Vec<u8>, Error> {
    let folded_key = key.to_ascii_lowercase();
    let (mut kept, mut begin, mut removed) = (Vec::new(), 1, false);
    Cursor::new(text, 0).object(|found, cursor| {
        cursor.value()?;
        let member = &text[begin..cursor.at()];
        begin = cursor.at() + 1;
        if *fold(found) == *folded_key.as_bytes() {
            removed = true;
        } else {
            kept.push(member.trim_ascii());
        }
        // Skip the blanks between the value and its comma.
        begin += text[begin - 1..].iter().position(|byte| *byte == b',').unwrap_or_default();
        Ok(())
    })?;
    if !removed {
        return Ok(text.to_vec());
    }
    let inner = &text[1..text.len() - 1];
    let blanks = inner.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let trailing = inner.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let separator = [b",", &inner[..blanks]].concat();
    let end = if kept.is_empty() { &[][..] } else { &inner[inner.len() - trailing..] };
    let start = if kept.is_empty() { &[][..] } else { &inner[..blanks] };
    Ok([b"{", start, &kept.join(&separator[..]), end, b"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::super::genesis;
    use super::*;

    fn rendered(source: &str, document: &Document, accounts: &[String]) -> String {
        let mut out = Vec::new();
        for part in document.parts(accounts) {
            match part {
                FilePart::Text(text) => out.extend(text),
                FilePart::Source(range) => out.extend_from_slice(
                    &source.as_bytes()[usize::try_from(range.start).unwrap()
                        ..usize::try_from(range.end).unwrap()],
                ),
                FilePart::Encoded(_) => panic!("geth reads every spelling"),
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn members_are_set_in_place_or_added() {
        let pretty = b"{\n    \"a\": 1,\n    \"B\": {}\n  }";
        let set = |key, value| String::from_utf8(set_member(pretty, key, value).unwrap()).unwrap();
        assert_eq!(set("a", "22"), "{\n    \"a\": 22,\n    \"B\": {}\n  }");
        assert_eq!(set("b", "[]"), "{\n    \"a\": 1,\n    \"B\": []\n  }");
        assert_eq!(set("c", "3"), "{\n    \"a\": 1,\n    \"B\": {},\n    \"c\": 3\n  }");
        assert_eq!(set_member(b"{ }", "c", "3").unwrap(), b"{\"c\": 3}");
        assert_eq!(set_member(b"{\"a\":1}", "c", "3").unwrap(), b"{\"a\":1,\"c\": 3}");
    }

    #[test]
    fn members_are_removed_in_place() {
        let pretty = b"{\n  \"a\": 1 ,\n  \"B\": {\"a\": [2, 3]},\n  \"c\": \"x,\"\n}";
        let without = |key| String::from_utf8(remove_member(pretty, key).unwrap()).unwrap();
        assert_eq!(without("a"), "{\n  \"B\": {\"a\": [2, 3]},\n  \"c\": \"x,\"\n}");
        assert_eq!(without("b"), "{\n  \"a\": 1,\n  \"c\": \"x,\"\n}");
        assert_eq!(without("c"), "{\n  \"a\": 1,\n  \"B\": {\"a\": [2, 3]}\n}");
        assert_eq!(without("d").as_bytes(), pretty);
        assert_eq!(remove_member(b"{\"a\":1}", "A").unwrap(), b"{}");
        assert_eq!(remove_member(b"{ }", "a").unwrap(), b"{ }");
    }

    #[test]
    fn unedited_members_are_kept() {
        let source = r#"{"x":"\u00e9", "Timestamp":"TIMESTAMP_PLACEHOLDER","alloc":{ "0x01" : 7 },
            "config":{"chainId":5,"cancunTime":9}, "gasLimit":1,"difficulty":0, "y":[1, 2]}"#
            .replace("\"0x01\" : 7", &format!("\"{}\":{{\"balance\":7,\"z\":0}}", "11".repeat(20)));
        let (mut document, _) = genesis::read(source.as_bytes(), &|_| ()).unwrap();
        document.set_timestamp(1_700_000_000);
        document.set_time(Hardfork::Cancun, 1234).unwrap();
        let params = BlobParams { target: 3, max: 6, update_fraction: 5 };
        document.set_blob_params("cancun", params).unwrap();
        let extra = vec![format!("\"{}\": {{\"balance\": \"0\"}}", "22".repeat(20))];
        let text = rendered(&source, &document, &extra);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["x"], "é");
        assert_eq!(json["Timestamp"], "1700000000");
        assert_eq!(json["config"]["cancunTime"], 1234);
        assert_eq!(json["config"]["blobSchedule"]["cancun"]["max"], 6);
        assert_eq!(json["y"], serde_json::json!([1, 2]));
        assert_eq!(json["alloc"].as_object().unwrap().len(), 2);
        assert_eq!(json["alloc"]["11".repeat(20)]["z"], 0);
        let (again, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
        assert_eq!(state.len(), 2);
        assert_eq!(again.genesis().unwrap().timestamp, Some(1_700_000_000));
    }
}
