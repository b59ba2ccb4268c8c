//! Records of pax headers: `LENGTH KEY=VALUE\n`.

/// What a pax header changes in the entry after it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Records {
    /// The path.
    pub path: Option<Vec<u8>>,
    /// The target of a link.
    pub link: Option<Vec<u8>>,
    /// Bytes of data.
    pub size: Option<u64>,
}

/// Reads the records that change what is extracted. Times, owners and attributes have no effect.
///
/// # Errors
/// A record is invalid, or describes a sparse file.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Records, &'static str> {
    const INVALID: &str = "a pax header is invalid";
    let mut records = Records::default();
    while !bytes.is_empty() {
        let blank = bytes.iter().position(|byte| *byte == b' ').ok_or(INVALID)?;
        let digits = str::from_utf8(&bytes[..blank]).map_err(|_| INVALID)?;
        let length: usize = digits.parse().map_err(|_| INVALID)?;
        let record = bytes.get(blank + 1..length).ok_or(INVALID)?;
        let record = record.strip_suffix(b"\n").ok_or(INVALID)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(INVALID)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => records.path = Some(value.to_vec()),
            b"linkpath" => records.link = Some(value.to_vec()),
            b"size" => {
                let size = str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                records.size = Some(size.ok_or(INVALID)?);
            }
            key if key.starts_with(b"GNU.sparse.") => return Err("a file is sparse"),
            _ => {}
        }
        bytes = &bytes[length..];
    }
    Ok(records)
}

/// A record. Its length counts its own digits.
pub(super) fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        for length in [1, 80, 85, 86, 87, 90, 990, 1000, 4000] {
            let path = "x".repeat(length);
            let text = record("mtime", "1.5") + &record("path", &path) + &record("size", "77");
            let read = parse(text.as_bytes()).unwrap();
            assert_eq!(read.path.unwrap(), path.as_bytes());
            assert_eq!((read.link, read.size), (None, Some(77)));
        }
        assert_eq!(record("path", "a"), "9 path=a\n");
        for text in
            ["x", "5 a=", "9 path=a", "99 path=a\n", "9 pathxa\n", "0 path=a\n", "12 size=x\n\n"]
        {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(parse(record("GNU.sparse.major", "1").as_bytes()).is_err());
    }
}
