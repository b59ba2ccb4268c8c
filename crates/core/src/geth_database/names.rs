//! The files of a database.

use super::table::MAGIC;

/// Names the manifest.
pub(super) const CURRENT: &str = "CURRENT";
/// Its contents.
pub(super) const CURRENT_TEXT: &[u8] = b"MANIFEST-000001\n";
/// Lists the tables.
pub(super) const MANIFEST: &str = "MANIFEST-000001";
/// Where geth moves old blocks: directories in that of its database.
pub const FREEZER_PLACE: [&str; 2] = ["ancient", "chain"];
/// The tables of the freezer; geth 1.17 has the last one.
const FROZEN: [&str; 5] = ["headers", "hashes", "bodies", "receipts", "bals"];
/// The name of a manifest before its number.
const MANIFEST_PREFIX: &str = "MANIFEST-";

/// Name of the table with this number.
pub(super) fn table_name(number: u64) -> String {
    format!("{number:06}.ldb")
}

/// Name of the log with this number.
pub fn log_name(number: u64) -> String {
    format!("{number:06}.log")
}

/// A numbered file of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A table of leveldb.
    Table,
    /// A table of pebble.
    PebbleTable,
    Log,
    Manifest,
    /// The settings of pebble.
    Options,
}

/// What the file `name` is, and its number.
pub(super) fn parse(name: &str) -> Option<(Kind, u64)> {
    let (kind, digits) = if let Some(digits) = name.strip_prefix(MANIFEST_PREFIX) {
        (Kind::Manifest, digits)
    } else if let Some(digits) = name.strip_prefix("OPTIONS-") {
        (Kind::Options, digits)
    } else {
        match name.rsplit_once('.')? {
            (digits, "ldb") => (Kind::Table, digits),
            (digits, "sst") => (Kind::PebbleTable, digits),
            (digits, "log") => (Kind::Log, digits),
            _ => return None,
        }
    };
    let is_number = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((kind, is_number.then(|| digits.parse().ok()).flatten()?))
}

/// Whether a baked database has a file of this name: a manifest, its pointer, a table, or a file of the
/// freezer.
pub fn is_name(name: &str) -> bool {
    let is_baked = |(kind, _)| matches!(kind, Kind::Table | Kind::Manifest);
    name == CURRENT || is_frozen(name) || parse(name).is_some_and(is_baked)
}

/// The number in the name of a table, a log, a manifest or settings.
pub fn number(name: &str) -> Option<u64> {
    parse(name).map(|(_, number)| number)
}

/// Whether the freezer has files of this name: an index, its properties, or a data file. A bake has them
/// beside the tables, geth in [`FREEZER_PLACE`].
pub fn is_frozen(name: &str) -> bool {
    let Some((table, rest)) = name.split_once('.') else { return false };
    let is_table = FROZEN.contains(&table);
    let is_data = |extension: &str| {
        let digits = rest.strip_suffix(extension).unwrap_or_default();
        digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_table && (["cidx", "ridx", "meta"].contains(&rest) || is_data(".cdat") || is_data(".rdat"))
}

/// Where a file of the database is in geth's directory.
pub fn place(name: &str) -> String {
    let [ancient, chain] = FREEZER_PLACE;
    if is_frozen(name) { format!("{ancient}/{chain}/{name}") } else { name.to_owned() }
}

/// Whether geth's database has files of this name, in leveldb or pebble.
pub fn is_geths(name: &str) -> bool {
    let is_marker = ["marker.manifest.", "marker.format-version."].iter().any(|prefix| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| {
            rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        })
    });
    name == CURRENT || is_marker || is_frozen(name) || parse(name).is_some()
}

fn is_manifest(name: &str) -> bool {
    parse(name).is_some_and(|(kind, _)| kind == Kind::Manifest)
}

/// Whether the file `name` has the form of one that a bake wrote.
pub fn is_written(name: &str, bytes: &[u8]) -> bool {
    if name == CURRENT {
        let text = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n'));
        return text.is_some_and(is_manifest);
    }
    if is_frozen(name) {
        // The entries of an index have 6 bytes; properties are an RLP list; data has no form of its own.
        return match name.rsplit_once('.') {
            Some((_, "cidx" | "ridx")) => bytes.len().is_multiple_of(6),
            Some((_, "meta")) => bytes.first().is_some_and(|first| *first >= 0xc0),
            _ => true,
        };
    }
    if is_manifest(name) {
        // After the header of a chunk: field 1, the name of the order.
        return bytes.get(7..).is_some_and(|edit| edit.starts_with(b"\x01\x1aleveldb.Bytewise"));
    }
    bytes.ends_with(&MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_of_a_database_have_its_names() {
        for (name, expected) in
            [("000002.ldb", 2), ("MANIFEST-000012", 12), ("1234567.ldb", 1_234_567)]
        {
            assert!(is_name(name) && number(name) == Some(expected), "{name}");
        }
        assert!(is_name("CURRENT") && number("CURRENT").is_none());
        assert!(!is_name("000013.log") && number("000013.log") == Some(13));
        for name in ["headers.cidx", "hashes.0000.rdat", "bodies.meta", "receipts.10000.cdat"] {
            assert!(is_name(name) && is_geths(name) && number(name).is_none(), "{name}");
            assert_eq!(place(name), format!("ancient/chain/{name}"));
        }
        assert_eq!(place("000002.ldb"), "000002.ldb");
        for (name, expected) in [("000007.sst", 7), ("OPTIONS-000008", 8)] {
            assert!(!is_name(name) && is_geths(name) && number(name) == Some(expected), "{name}");
        }
        for name in ["a/headers.cidx", "headers.0.cdat", "notes.meta", "FLOCK", "headers.cidx.bak"]
        {
            assert!(!is_name(name) && !is_geths(name), "{name}");
        }
        for name in ["LOCK", "LOG", "CURRENT.bak", "2.ldb", "../000002.ldb", "MANIFEST-", "a.ldb"] {
            assert!(!is_name(name) && number(name).is_none(), "{name}");
        }
        assert!(!is_name("99999999999999999999.ldb"), "not a number of 64 bits");
        assert!(is_written(CURRENT, b"MANIFEST-000004\n"));
        assert!(!is_written(CURRENT, b"mine\n") && !is_written(CURRENT, b""));
    }
}
