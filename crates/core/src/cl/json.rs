//! The genesis state as JSON in the form of the Beacon API (numbers as strings, bytes as hex),
//! which ethereum-genesis-generator writes to `parsed/`. Source: ethereum/beacon-APIs `types/`.

use alloy_primitives::{Address, U256};

use super::ssz::{Element, Encoding, Kind, Value};

/// A value as JSON, with a newline at the end.
pub fn to_json(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value);
    out.push(b'\n');
    out
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value.encoding() {
        Encoding::Container(fields) => {
            object(out, fields.iter().map(|(name, field)| (*name, field)), write);
        }
        Encoding::Elements(elements) => array(out, elements.iter(), write),
        Encoding::Repeated(element, count) => {
            array(out, std::iter::repeat_n(&**element, *count), write);
        }
        Encoding::Bytes(kind, bytes) => write_bytes(out, *kind, bytes),
    }
}

fn write_bytes(out: &mut Vec<u8>, kind: Kind, bytes: &[u8]) {
    let text = match kind {
        Kind::Uint => U256::from_le_slice(bytes).to_string(),
        Kind::Address => Address::from_slice(bytes).to_string(),
        Kind::Bytes => format!("0x{}", hex::encode(bytes)),
        Kind::Boolean => {
            return out.extend_from_slice(if bytes == [0] { b"false" } else { b"true" });
        }
        Kind::List(element) => {
            return array(out, bytes.chunks(element.size()), |out, bytes| {
                write_element(out, element, bytes);
            });
        }
    };
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn write_element(out: &mut Vec<u8>, element: Element, mut bytes: &[u8]) {
    match element {
        Element::Uint(_) => write_bytes(out, Kind::Uint, bytes),
        Element::Container(fields) => {
            let fields = fields.iter().map(|(name, kind, size)| {
                let (field, rest) = bytes.split_at(*size);
                bytes = rest;
                (*name, (*kind, field))
            });
            object(out, fields, |out, (kind, field)| write_bytes(out, kind, field));
        }
    }
}

fn array<T>(out: &mut Vec<u8>, elements: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, element);
    }
    out.push(b']');
}

fn object<T>(
    out: &mut Vec<u8>,
    fields: impl Iterator<Item = (&'static str, T)>,
    write: impl Fn(&mut Vec<u8>, T),
) {
    out.push(b'{');
    for (index, (name, field)) in fields.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        out.extend_from_slice(format!("{comma}\"{name}\":").as_bytes());
        write(out, field);
    }
    out.push(b'}');
}
