//! `config.yaml`: invalid YAML, and schedules that no client can run.

use super::{CONFIG, Row, append, replace, row, write};

pub fn edited(
    name: &'static str,
    old: &'static str,
    new: &str,
    says: &'static [&'static str],
) -> Row {
    row(name, CONFIG, replace(old, new), says)
}

pub fn added(name: &'static str, text: &str, says: &'static [&'static str]) -> Row {
    row(name, CONFIG, append(text), says)
}

fn whole(name: &'static str, content: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Row {
    row(name, CONFIG, write(content), says)
}

pub fn rows() -> Vec<Row> {
    [text(), structure(), forks()].into_iter().flatten().collect()
}

fn text() -> Vec<Row> {
    let sample = include_str!("../../../sample/cl/config.yaml");
    vec![
        whole("empty file", "", &["line 1: is empty", "hint: "]),
        whole("only a comment", "# nothing\n", &["is empty", "hint: "]),
        whole("a list", "- A: 1\n", &["is not a list of `KEY: value` lines", "hint: "]),
        whole("a word", "minimal\n", &["is not a list of `KEY: value` lines", "hint: "]),
        whole(
            "byte order mark",
            format!("\u{feff}{sample}"),
            &["line 1", "byte order mark", "hint: save"],
        ),
        whole(
            "not UTF-8",
            b"A: 1\nB: \xff\xfe\n".to_vec(),
            &["line 2: is not UTF-8", "hint: save"],
        ),
        whole("UTF-16", b"A\0:\0 \x001\0\n\0".to_vec(), &["line 1: has a NUL byte", "hint: "]),
        edited("NUL", "'regenesis'", "'rege\0nesis'", &["line @: has a NUL byte", "hint: "]),
        whole(
            "only carriage returns",
            sample.replace('\n', "\r"),
            &["line 1: has a carriage return", "hint: "],
        ),
        edited(
            "tab",
            "\nCONFIG_NAME",
            "\n\tCONFIG_NAME",
            &["line @+1", "not valid YAML", "hint: "],
        ),
        edited("quote without end", "'regenesis'", "'regenesis", &["not valid YAML", "hint: "]),
        edited(
            "bracket without end",
            "BLOB_SCHEDULE: []",
            "BLOB_SCHEDULE: [",
            &["not valid YAML", "hint: "],
        ),
        edited(
            "no blank after the colon",
            "SECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT:2",
            &["not valid YAML", "hint: "],
        ),
    ]
}

fn structure() -> Vec<Row> {
    let sample = include_str!("../../../sample/cl/config.yaml");
    let members: Vec<_> =
        sample.lines().filter(|line| line.contains(": ") && !line.starts_with('#')).collect();
    let bomb = "a: &a [x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]\n";
    vec![
        edited(
            "same key twice",
            "SECONDS_PER_SLOT: 2\n",
            "SECONDS_PER_SLOT: 2\nSECONDS_PER_SLOT: 2\n",
            &["line @+1: sets \"SECONDS_PER_SLOT\" again (first on line @)", "hint: "],
        ),
        edited(
            "anchor",
            "CONFIG_NAME: ",
            "CONFIG_NAME: &name ",
            &["line @: has a YAML anchor", "hint: "],
        ),
        added("alias", "NAME: *name\n", &["line @", "hint: "]),
        added("alias bomb", bomb, &["line @: has a YAML anchor", "hint: "]),
        added(
            "merge key",
            "<<: {A: 1}\n<<: {B: 1}\n",
            &["line @+1: sets \"<<\" again (first on line @)", "hint: "],
        ),
        added("second document", "---\nA: 1\n", &["second YAML document", "hint: "]),
        added(
            "key that is a list",
            "? [a]\n: 1\n",
            &["line @", "has a key that is not text", "hint: "],
        ),
        added(
            "nested too deep",
            &format!("A: {}\n", "[".repeat(50_000)),
            &["line @", "not valid YAML", "hint: "],
        ),
        whole("nested too deep in blocks", "- ".repeat(50_000), &["line 1", "hint: "]),
        whole(
            "flow mapping",
            format!("{{{}}}\n", members.join(", ")),
            &["line 1: PRESET_BASE is \"minimal\"", "one `KEY: value` per line"],
        ),
        edited(
            "two keys on a line",
            "CONFIG_NAME: 'regenesis'",
            "{CONFIG_NAME: 'regenesis'}",
            &["not valid YAML", "hint: "],
        ),
        edited(
            "quoted key",
            "CONFIG_NAME:",
            "'CONFIG_NAME':",
            &["line @: CONFIG_NAME is \"regenesis\"", "one `KEY: value` per line"],
        ),
        whole(
            "indented keys",
            sample.replace('\n', "\n  ").trim_end().to_owned(),
            &["PRESET_BASE", "one `KEY: value` per line"],
        ),
        edited(
            "nested value",
            "SECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT:\n  A: 1",
            &["line @+1: SECONDS_PER_SLOT is \"a list or mapping\"", "a single value"],
        ),
        edited(
            "a list for a value",
            "'regenesis'",
            "[regenesis]",
            &["line @: CONFIG_NAME is \"a list or mapping\"", "a single value"],
        ),
    ]
}

fn forks() -> Vec<Row> {
    vec![
        edited(
            "epoch in words",
            "ELECTRA_FORK_EPOCH: 0",
            "ELECTRA_FORK_EPOCH: soon",
            &["line @: ELECTRA_FORK_EPOCH is \"soon\", expected an epoch number"],
        ),
        edited(
            "epoch negative",
            "ELECTRA_FORK_EPOCH: 0",
            "ELECTRA_FORK_EPOCH: -1",
            &["line @: ELECTRA_FORK_EPOCH is \"-1\""],
        ),
        edited(
            "epoch of 65 bits",
            "FULU_FORK_EPOCH: 0",
            "FULU_FORK_EPOCH: 18446744073709551616",
            &["line @: FULU_FORK_EPOCH is \"18446744073709551616\""],
        ),
        edited(
            "epoch in hex",
            "FULU_FORK_EPOCH: 0",
            "FULU_FORK_EPOCH: 0x0",
            &["line @: FULU_FORK_EPOCH is \"0x0\""],
        ),
        edited(
            "epoch empty",
            "FULU_FORK_EPOCH: 0",
            "FULU_FORK_EPOCH:",
            &["line @: FULU_FORK_EPOCH is \"~\""],
        ),
        edited(
            "forks out of order",
            "DENEB_FORK_EPOCH: 0",
            "DENEB_FORK_EPOCH: 5",
            &["line @+2: ELECTRA_FORK_EPOCH is \"0\"", "not before DENEB_FORK_EPOCH, which is 5"],
        ),
        edited(
            "fork left out",
            "ELECTRA_FORK_EPOCH: 0\n",
            "",
            &[
                "line @+1: FULU_FORK_EPOCH is \"0\", expected an epoch not before ELECTRA_FORK_EPOCH, which is missing",
            ],
        ),
        edited(
            "version of 3 bytes",
            "0x60000038",
            "0x600000",
            &["line @: ELECTRA_FORK_VERSION is \"0x600000\", expected 0x and 8 hex digits"],
        ),
        edited(
            "version odd",
            "0x10000038",
            "0x1000003",
            &["line @: GENESIS_FORK_VERSION is \"0x1000003\""],
        ),
        edited(
            "version as a number",
            "0x70000038",
            "1879048248",
            &["line @: FULU_FORK_VERSION is \"1879048248\""],
        ),
        edited(
            "version of two forks",
            "0x70000038",
            "0x60000038",
            &["line @: FULU_FORK_VERSION is \"0x60000038\"", "ELECTRA_FORK_VERSION"],
        ),
        edited(
            "schedule in words",
            "BLOB_SCHEDULE: []",
            "BLOB_SCHEDULE: none",
            &["line @: BLOB_SCHEDULE is \"none\"", "a list of EPOCH"],
        ),
        edited(
            "schedule of numbers",
            "BLOB_SCHEDULE: []",
            "BLOB_SCHEDULE: [1]",
            &["line @: BLOB_SCHEDULE", "a list of EPOCH"],
        ),
        edited(
            "schedule not ascending",
            "BLOB_SCHEDULE: []",
            "BLOB_SCHEDULE:\n  - EPOCH: 9\n    MAX_BLOBS_PER_BLOCK: 9\n  - EPOCH: 8\n    MAX_BLOBS_PER_BLOCK: 12",
            &["line @+3: BLOB_SCHEDULE", "epochs ascending"],
        ),
        edited(
            "schedule without a maximum",
            "BLOB_SCHEDULE: []",
            "BLOB_SCHEDULE:\n  - EPOCH: 9",
            &["line @+1: BLOB_SCHEDULE", "MAX_BLOBS_PER_BLOCK"],
        ),
    ]
}
