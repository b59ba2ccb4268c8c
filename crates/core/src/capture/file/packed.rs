//! Wrappings of a state: gzip, hex, the answer to a JSON-RPC call.

use std::io::{self, Cursor, Read};

use alloy_primitives::hex;
use flate2::read::GzDecoder;

use super::super::Error;
use crate::rpc::message::{excerpt, refusal};

/// The hex digits of an answer start within these bytes.
const HEAD: u64 = 512;

/// The JSON in `reader`, without its wrapping.
///
/// # Errors
/// The reader fails.
pub fn unpack(mut reader: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>, Error> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(GzDecoder::new(Cursor::new(head).chain(reader))));
    }
    let blanks = head.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let value = result_of_answer(&head).unwrap_or(blanks);
    let digits = match &head[value..] {
        [b'"', b'0', b'x', ..] => Some(value + 3),
        [b'0', b'x', ..] => Some(value + 2),
        _ => None,
    };
    let Some(digits) = digits else {
        if is_refusal(&head) {
            reader.by_ref().take(HEAD * 8).read_to_end(&mut head)?;
            refusal(&head, "the call", "the node")?;
        }
        return Ok(Box::new(Cursor::new(head).take_from(value).chain(reader)));
    };
    let mut hex = Hex { reader: Box::new(Cursor::new(head).take_from(digits).chain(reader)) };
    let mut magic = [0; 2];
    hex.read_exact(&mut magic)?;
    let rest = Cursor::new(magic).chain(hex);
    Ok(if magic == [0x1f, 0x8b] { Box::new(GzDecoder::new(rest)) } else { Box::new(rest) })
}

trait TakeFrom {
    fn take_from(self, position: usize) -> Self;
}

impl TakeFrom for Cursor<Vec<u8>> {
    fn take_from(mut self, position: usize) -> Self {
        self.set_position(position as u64);
        self
    }
}

/// Where the result starts, if `head` is the start of an answer to a JSON-RPC call.
fn result_of_answer(head: &[u8]) -> Option<usize> {
    const KEY: &[u8] = b"\"result\"";
    let is_answer = memchr::memmem::find(head, b"\"jsonrpc\"").is_some();
    let key = memchr::memmem::find(head, KEY).filter(|_| is_answer)?;
    let value = head[key + KEY.len()..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace() && *byte != b':')?;
    Some(key + KEY.len() + value)
}

/// Whether `head` is the start of an answer to a JSON-RPC call without a result.
fn is_refusal(head: &[u8]) -> bool {
    let has = |key: &[u8]| memchr::memmem::find(head, key).is_some();
    has(b"\"jsonrpc\"") && has(b"\"error\"") && !has(b"\"result\"")
}

/// Decodes hex, up to the first other character.
struct Hex<R> {
    reader: R,
}

impl<R: Read> Read for Hex<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut digits = vec![0; (out.len() * 2).min(1 << 16)];
        let mut read = 0;
        // An even number of digits: a single one would have to be kept for the next call.
        while read < digits.len() && (read == 0 || read % 2 == 1) {
            match self.reader.read(&mut digits[read..])? {
                0 => break,
                more => read += more,
            }
        }
        let text = &digits[..read];
        let length = text.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(read);
        let end = &text[length..];
        let is_complete =
            length.is_multiple_of(2) && (end.is_empty() || b"\"\r\n}".contains(&end[0]));
        let bytes = &mut out[..length / 2];
        if !is_complete || hex::decode_to_slice(&text[..length], bytes).is_err() {
            let message = format!("hex digits are followed by {}", excerpt(end));
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(length / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn unpacked(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        unpack(Box::new(Cursor::new(bytes))).unwrap().read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn every_wrapping_is_removed() {
        let plain = format!("{{\"accounts\": \"{}\"}}", "x".repeat(5000));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(plain.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let hex = format!("0x{}", hex::encode(&gzip));
        let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"{hex}\"}}\n");
        for wrapped in [
            plain.clone().into_bytes(),
            format!("\n {plain}").into_bytes(),
            gzip,
            format!("{hex}\n").into_bytes(),
            format!("\"{hex}\"").into_bytes(),
            answer.clone().into_bytes(),
            format!("0x{}", hex::encode(&plain)).into_bytes(),
        ] {
            assert_eq!(unpacked(wrapped).unwrap(), plain);
        }
        let object = "{\"jsonrpc\": \"2.0\", \"result\" : {\"root\":1}}";
        assert_eq!(unpacked(object.into()).unwrap(), "{\"root\":1}}");
        assert!(
            unpacked(answer.as_bytes()[..answer.len() / 2].to_vec()).is_err(),
            "cut in the middle"
        );
        let refusal =
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-32601,\"message\":\"no\"}}";
        let refused = unpack(Box::new(Cursor::new(refusal))).err().unwrap().to_string();
        assert_eq!(refused, "the call: the node returns error -32601: no");
        assert!(unpacked(answer.replace("0x1f8b08", "0x1f8bzz").into_bytes()).is_err());
    }
}
