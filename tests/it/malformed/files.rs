//! Files that are not there, or are something else; `metadata.json`.

use super::{CONFIG, Edit, GENESIS, METADATA, MNEMONICS, Row, VALIDATORS, replace, row, write};

pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row("config missing", CONFIG, Edit::Remove, &["No such file", "hint: check the path"]),
        row("genesis missing", GENESIS, Edit::Remove, &["No such file", "hint: check the path"]),
        row("metadata missing", METADATA, Edit::Remove, &["No such file", "hint: check the path"]),
        row(
            "metadata empty",
            METADATA,
            write(""),
            &["is not a snapshot's metadata", "line 1", "hint: "],
        ),
        row(
            "metadata broken",
            METADATA,
            replace("\"format\": 1,", "\"format\": 1"),
            &["is not a snapshot's metadata", "line 3", "hint: "],
        ),
        row(
            "metadata without chain",
            METADATA,
            replace("\"chain_id\"", "\"chain\""),
            &["missing field `chain_id`", "hint: "],
        ),
        row(
            "chain misspelt",
            METADATA,
            replace("\"chain_id\"", "\"chain_idd\""),
            &["has \"chain_idd\" instead of chain_id", "hint: correct the key"],
        ),
        row(
            "chain in quotes",
            METADATA,
            replace("\"chain_id\": 271828", "\"chain_id\": \"271828\""),
            &["invalid type", "line 4", "hint: "],
        ),
        row(
            "format 2",
            METADATA,
            replace("\"format\": 1", "\"format\": 2"),
            &["has format 2, expected 1", "hint: "],
        ),
        row(
            "format of later keys",
            METADATA,
            write("{\"format\": 2, \"network\": \"x\"}"),
            &["has format 2, expected 1", "hint: "],
        ),
        row(
            "format missing",
            METADATA,
            replace("\"format\": 1,", ""),
            &["missing field `format`", "hint: "],
        ),
        row(
            "metadata a list",
            METADATA,
            write("[1, \"sample\", 271828]"),
            &["is not a snapshot's metadata", "hint: "],
        ),
        row("metadata byte order mark", METADATA, write("\u{feff}{}"), &["line 1", "hint: "]),
    ];
    for (name, file) in [
        ("config a directory", CONFIG),
        ("genesis a directory", GENESIS),
        ("metadata a directory", METADATA),
        ("mnemonics a directory", MNEMONICS),
        ("validators a directory", VALIDATORS),
    ] {
        rows.push(row(
            name,
            file,
            Edit::Directory,
            &["is a directory", "hint: if the source of a bind mount"],
        ));
    }
    rows
}
