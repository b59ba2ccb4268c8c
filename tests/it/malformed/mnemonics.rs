//! `mnemonics.yaml`: no message may quote a mnemonic, wherever it is in the file.

use super::{MNEMONICS, Row, VALIDATORS, append, replace, row, write};

const PHRASE: &str = "giant issue aisle success illegal bike spike question tent bar rely arctic volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete";

fn edited(name: &'static str, old: &'static str, new: &str, says: &'static [&'static str]) -> Row {
    row(name, MNEMONICS, replace(old, new), says)
}

fn whole(name: &'static str, content: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Row {
    row(name, MNEMONICS, write(content), says)
}

pub fn rows() -> Vec<Row> {
    [yaml(), phrases(), values(), withdrawals()].into_iter().flatten().collect()
}

fn yaml() -> Vec<Row> {
    let sample = include_str!("../../../sample/val/mnemonics.yaml");
    let bare = format!("- {PHRASE}\n");
    vec![
        whole("empty file", "", &["line 1: is empty", "hint: "]),
        whole("an empty list", "[]\n", &["has no validator", "hint: "]),
        whole("a mapping", "mnemonic: x\n", &["line 1: is not a list of entries", "hint: "]),
        whole("a phrase alone", PHRASE, &["is not a list of entries", "hint: "]),
        whole("a list of phrases", bare, &["line 1: is not an entry", "hint: "]),
        whole(
            "not YAML",
            format!("- mnemonic: \"{PHRASE}\n  count: 1\n"),
            &["not valid YAML", "hint: "],
        ),
        whole(
            "phrase as a key",
            format!("- {PHRASE}: 64\n"),
            &["line 1: has a text of 152 characters as a key, expected one of mnemonic"],
        ),
        whole(
            "phrase as a key, twice",
            format!("- {PHRASE}: 1\n  {PHRASE}: 2\n"),
            &["line 2: sets a text of", "again", "hint: "],
        ),
        whole(
            "byte order mark",
            format!("\u{feff}{sample}"),
            &["line 1", "byte order mark", "hint: "],
        ),
        whole("not UTF-8", b"- mnemonic: caf\xe9\n".to_vec(), &["line 1: is not UTF-8", "hint: "]),
        row("NUL", MNEMONICS, append("\0"), &["NUL byte", "hint: "]),
        row(
            "second document",
            MNEMONICS,
            append(format!("---\n{sample}")),
            &["second YAML document", "hint: "],
        ),
        row("alias", MNEMONICS, append("- &x\n  count: 1\n- *x\n"), &["anchor", "hint: "]),
        edited(
            "same key twice",
            "  start: 0\n",
            "  count: 1\n",
            &["sets \"count\" again (first on line @)", "hint: "],
        ),
        edited(
            "unknown key",
            "count: 64",
            "counts: 64",
            &["line @: has the unknown key \"counts\"", "did you mean count?"],
        ),
    ]
}

fn phrases() -> Vec<Row> {
    vec![
        edited(
            "bad checksum",
            "have athlete",
            "have issue",
            &["line @: mnemonic: the checksum does not match", "hint: "],
        ),
        edited(
            "unknown word",
            "have athlete",
            "have swordfish",
            &["line @: mnemonic: word 24 is not in the English BIP-39 word list", "hint: "],
        ),
        edited(
            "13 words",
            "volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete",
            "volcano",
            &["line @: mnemonic: 13 words, expected 12"],
        ),
        edited(
            "capitals",
            "giant issue",
            "GIANT issue",
            &["line @: mnemonic: word 1 is not in", "hint: "],
        ),
        edited("no phrase", "- mnemonic: ", "- name: ", &["line", "hint: "]),
        edited(
            "phrase missing",
            PHRASE_LINE,
            "- start: 0\n  name: \"a\"\n",
            &["line @: mnemonic is missing", "hint: "],
        ),
        whole(
            "phrase empty",
            "- mnemonic: ''\n  count: 1\n",
            &["line 1: mnemonic is missing", "hint: "],
        ),
        whole(
            "phrase as a variable",
            "- mnemonic: $MNEMONIC\n  count: 1\n",
            &["line 1: mnemonic: ", "hint: this is a variable that no shell expanded"],
        ),
        whole(
            "phrase as a list",
            "- mnemonic: [giant, issue, aisle]\n  count: 1\n",
            &["line 1: mnemonic is a list", "expected a single value"],
        ),
    ]
}

const PHRASE_LINE: &str = "- mnemonic: \"giant issue aisle success illegal bike spike question tent bar rely arctic volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete\"\n  name: \"sample\"\n  start: 0\n";

fn values() -> Vec<Row> {
    let again = "- mnemonic: \"giant issue aisle success illegal bike spike question tent bar rely arctic volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete\"\n  start: 63\n  count: 2\n";
    vec![
        edited("count 0", "count: 64", "count: 0", &["has no validator", "hint: "]),
        edited("count negative", "count: 64", "count: -1", &["line @: count is \"-1\""]),
        edited(
            "count too large",
            "count: 64",
            "count: 1000001",
            &["line @: count is \"1000001\", expected a number from 0 to 1000000"],
        ),
        edited("count in words", "count: 64", "count: many", &["line @: count is \"many\""]),
        edited("count missing", "  count: 64\n", "", &["line 1: count is missing", "hint: "]),
        edited(
            "a phrase for a count",
            "count: 64",
            &format!("count: {PHRASE}"),
            &["line @: count is", "expected a number"],
        ),
        edited(
            "start beyond the last account",
            "start: 0",
            "start: 4294967232",
            &["line @: start is \"4294967232\"", "at most"],
        ),
        edited(
            "start overflows",
            "start: 0",
            "start: 18446744073709551616",
            &["line @: start is \"18446744073709551616\""],
        ),
        edited(
            "balance in ether",
            "start: 0",
            "balance: 32ETH",
            &["line @: balance is \"32ETH\"", "gwei"],
        ),
        edited(
            "balance overflows",
            "start: 0",
            "balance: 18446744073709551616",
            &["line @: balance is \"18446744073709551616\"", "gwei"],
        ),
        edited("status 3", "start: 0", "status: 3", &["line @: status is \"3\"", "0 (active)"]),
        edited("name is a list", "\"sample\"", "[a]", &["line @: name is a list"]),
        row(
            "same validators twice",
            MNEMONICS,
            append(again),
            &["sample[63]", "mnemonic-1[63]", "same key", "hint: "],
        ),
        edited(
            "no validator has 32 ETH",
            "start: 0",
            "balance: 1",
            &["no validator is active", "hint: "],
        ),
        edited(
            "every validator has exited",
            "start: 0",
            "status: 2",
            &["no validator is active", "hint: "],
        ),
    ]
}

fn withdrawals() -> Vec<Row> {
    vec![
        edited(
            "prefix without address",
            "  wd_address: \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"\n",
            "",
            &["line 5: wd_prefix 0x01 and 0x02 need a wd_address", "hint: "],
        ),
        edited(
            "address without prefix",
            "  wd_prefix: \"0x01\"\n",
            "",
            &["line @: wd_address needs a wd_prefix", "hint: "],
        ),
        edited(
            "unknown prefix",
            "\"0x01\"",
            "\"0x03\"",
            &["line @: wd_prefix is \"0x03\"", "0x02"],
        ),
        edited("prefix as a number", "\"0x01\"", "1", &["line @: wd_prefix is \"1\""]),
        edited(
            "address of 21 bytes",
            "\"0xf39F",
            "\"0xfff39F",
            &["line @: wd_address is \"0xfff39F", "40 hex digits"],
        ),
        edited(
            "a phrase for an address",
            "wd_address: \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"",
            &format!("wd_address: {PHRASE}"),
            &["line @: wd_address is"],
        ),
        edited(
            "path without m",
            "  wd_prefix: \"0x01\"\n  wd_address: \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"\n",
            "  wd_key_path: 12381/3600/0/0\n",
            &["line @: wd_key_path", "hint: "],
        ),
        row(
            "no validator in either file",
            VALIDATORS,
            write("# empty\n"),
            &["no validator", "hint: "],
        )
        .and(MNEMONICS, super::Edit::Remove),
    ]
}
