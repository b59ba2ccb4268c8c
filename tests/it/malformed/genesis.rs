//! `genesis.template.json`: what geth refuses, we refuse, with its JSON path.

use super::{Edit, GENESIS, Row, replace, row, write};

/// Replaces a text of the sample's genesis.
pub fn edited(
    name: &'static str,
    old: &'static str,
    new: &str,
    says: &'static [&'static str],
) -> Row {
    row(name, GENESIS, replace(old, new), says)
}

fn whole(name: &'static str, content: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Row {
    row(name, GENESIS, write(content), says)
}

const NONCE: &str = "\"nonce\": \"0x1234\"";
pub const LONG: &str = "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

pub fn rows() -> Vec<Row> {
    [syntax(), head(), placeholders(), config(), engines()].into_iter().flatten().collect()
}

fn syntax() -> Vec<Row> {
    let sample = include_str!("../../../sample/el/genesis.template.json");
    let end = sample.trim_end().len() - 1;
    vec![
        whole(
            "empty file",
            "",
            &["line 1", "expected `{`", "the end of the file", "it ends too early"],
        ),
        whole("blank file", "\n\n \n", &["line 4", "the end of the file"]),
        whole("a list", "[]", &["line 1", "expected `{`, the start of a genesis, found `[`"]),
        whole("a YAML file", "config:\n  chainId: 1\n", &["line 1", "expected `{`", "found `c`"]),
        whole("cut off in the head", &sample[..500], &["the end of the file", "it ends too early"]),
        whole(
            "cut off in the alloc",
            &sample[..20_000],
            &["the end of the file", "it ends too early"],
        ),
        whole("cut off before the last brace", &sample[..end], &["line @", "expected `,` or `}`"]),
        whole("byte order mark", format!("\u{feff}{sample}"), &["line 1", "byte order mark"]),
        whole(
            "100 MB on a line, cut off",
            huge(&sample[..end]),
            &["line @", "the end of the file"],
        ),
        edited("no comma", "271828,", "271828", &["line @+1", "expected `,` or `}`, found `\"`"]),
        edited(
            "comma at the end",
            "3338477 }",
            "3338477, }",
            &["line @", "expected a key", "found `}`"],
        ),
        edited(
            "key without quotes",
            NONCE,
            "nonce",
            &["line @", "a key in double quotes", "found `n`"],
        ),
        edited(
            "single quotes",
            "\"0x1234\"",
            "'0x1234'",
            &["line @", "expected a value, found `'`"],
        ),
        edited("a comment", NONCE, "// here\n\"nonce\": \"0x1234\"", &["line @", "found `/`"]),
        edited("NUL between members", NONCE, "\0\"nonce\": \"0x1234\"", &["line @", "a NUL byte"]),
        edited(
            "NUL in a string",
            "0x1234",
            "0x\0",
            &["line @", "no control character in a string"],
        ),
        edited("bad escape", "0x1234", "\\x12", &["line @", "an escape such as"]),
        edited("NaN", "\"0x0\"", "NaN", &["line @", "expected a value, found `N`"]),
        edited("nested too deep", "\"0x1234\"", &"[".repeat(20_000), &["line @", "less nesting"]),
        row(
            "braces without end",
            GENESIS,
            Edit::Write(b"{".repeat(100_000)),
            &["line @", "expected"],
        ),
    ]
}

fn huge(start: &str) -> Vec<u8> {
    let mut text = start.as_bytes().to_vec();
    text.extend_from_slice(b",\"x\":\"");
    text.resize(100_000_000, b'y');
    text
}

fn head() -> Vec<Row> {
    vec![
        edited("no gasLimit", "\"gasLimit\"", "\"gas\"", &["gasLimit is missing", "hint: "]),
        edited("no difficulty", "\"difficulty\"", "\"x\"", &["difficulty is missing", "hint: "]),
        edited(
            "gasLimit overflows",
            "0x3938700",
            "0x10000000000000000",
            &["line @: gasLimit is \"0x1", "64-bit"],
        ),
        edited(
            "gasLimit without digits",
            "0x3938700",
            "0x",
            &["line @: gasLimit is \"0x\"", "64-bit"],
        ),
        edited(
            "gasLimit with a sign",
            "\"0x3938700\"",
            "-1",
            &["line @: gasLimit is -1", "64-bit"],
        ),
        edited(
            "gasLimit with a fraction",
            "\"0x3938700\"",
            "3e7",
            &["line @: gasLimit is 3e7", "64-bit"],
        ),
        edited(
            "timestamp in words",
            "TIMESTAMP_PLACEHOLDER",
            "soon",
            &["line @: timestamp is \"soon\"", "64-bit"],
        ),
        edited(
            "difficulty overflows",
            "\"0x0\"",
            &format!("\"0x1{}\"", "0".repeat(64)),
            &["line @: difficulty", "256-bit"],
        ),
        edited(
            "extraData odd",
            "\"0x\"",
            "\"0x123\"",
            &["line @: extraData is \"0x123\"", "an even number"],
        ),
        edited(
            "extraData without 0x",
            "\"0x\"",
            "\"1234\"",
            &["line @: extraData is \"1234\"", "starting with 0x"],
        ),
        edited(
            "extraData too long",
            "\"0x\"",
            &format!("\"{LONG}\""),
            &["extraData", "33 bytes", "32", "hint: set extraData in genesis.json to \"0x\""],
        ),
        edited(
            "coinbase of 21 bytes",
            "\"coinbase\": \"0x",
            "\"coinbase\": \"0xff",
            &["line @: coinbase is \"0xff00", "40 hex digits"],
        ),
        edited(
            "mixHash of 33 bytes",
            "\"mixHash\": \"0x",
            "\"mixHash\": \"0xff",
            &["line @: mixHash is \"0xff00", "64 hex digits"],
        ),
        edited("nonce is an object", "\"0x1234\"", "{}", &["line @: nonce is {}", "64-bit"]),
        edited(
            "number above 0",
            NONCE,
            "\"number\": \"0x1\", \"nonce\": \"0x1234\"",
            &["line @: number is \"0x1\"", "expected 0"],
        ),
        edited(
            "slotNumber in quotes",
            NONCE,
            "\"slotNumber\": \"7\", \"nonce\": \"0x1234\"",
            &["line @: slotNumber is \"7\"", "no quotes"],
        ),
    ]
}

fn config() -> Vec<Row> {
    let (start, end) = ("\"config\": {", "\"berlinBlock\": 0,\n    \"londonBlock\": 0,");
    vec![
        edited(
            "no config",
            start,
            "\"configuration\": {",
            &["config is missing", "hint: add the chain config"],
        ),
        edited(
            "config is a text",
            start,
            "\"config\": \"x\", \"y\": {",
            &["line @: config", "expected an object"],
        ),
        edited(
            "chainId in quotes",
            "271828",
            "\"271828\"",
            &["line @: config.chainId is \"271828\"", "no quotes"],
        ),
        edited(
            "chainId with a fraction",
            "271828",
            "1.5",
            &["line @: config.chainId is 1.5", "no fraction"],
        ),
        edited(
            "fork block in quotes",
            end,
            "\"berlinBlock\": \"0\",",
            &["config.berlinBlock is \"0\"", "no quotes"],
        ),
        edited(
            "fork time of 65 bits",
            "\"cancunTime\": 0",
            "\"cancunTime\": 18446744073709551616",
            &["line @: config.cancunTime is 18446744073709551616", "64 bits"],
        ),
        edited(
            "forks out of order",
            "\"cancunTime\": 0",
            "\"cancunTime\": 5",
            &["config", "pragueTime is set to 0 but cancunTime is 5", "hint: "],
        ),
        edited(
            "no London",
            end,
            "\"berlinBlock\": 0,",
            &["config", "londonBlock is not set", "hint: "],
        ),
        edited(
            "late London",
            "\"londonBlock\": 0",
            "\"londonBlock\": 5",
            &["config.londonBlock", "after block 0", "hint: "],
        ),
        edited(
            "blobSchedule is a list",
            "\"blobSchedule\": {",
            "\"blobSchedule\": [], \"x\": {",
            &["config.blobSchedule", "expected an object"],
        ),
        edited(
            "max in quotes",
            "\"max\": 6, ",
            "\"max\": \"6\", ",
            &["config.blobSchedule.cancun.max is \"6\"", "no quotes"],
        ),
        edited(
            "fraction 0",
            "3338477",
            "0",
            &["config.blobSchedule.cancun.baseFeeUpdateFraction is 0", "above 0"],
        ),
        edited(
            "clique",
            "\"blobSchedule\"",
            "\"clique\": {}, \"blobSchedule\"",
            &["config has clique", "hint: remove config.clique"],
        ),
        edited(
            "binary trie",
            "\"blobSchedule\"",
            "\"ubtTime\": 5, \"blobSchedule\"",
            &["config enables the experimental binary trie", "hint: remove ubtTime"],
        ),
        edited(
            "deposit contract of 21 bytes",
            "\"depositContractAddress\": \"0x",
            "\"depositContractAddress\": \"0xff",
            &["line @: config.depositContractAddress", "40 hex digits"],
        ),
        edited(
            "difficulty in quotes",
            "\"terminalTotalDifficulty\": 0",
            "\"terminalTotalDifficulty\": \"0\"",
            &["config.terminalTotalDifficulty is \"0\"", "no quotes"],
        ),
    ]
}

/// Placeholders that a template's author left to fill in.
fn placeholders() -> Vec<Row> {
    vec![
        edited(
            "coinbase is a variable",
            "\"coinbase\": \"0x",
            "\"coinbase\": \"$COINBASE\", \"x\": \"0x",
            &[
                "line @: coinbase is \"$COINBASE\"",
                "hint: this is a variable that no shell expanded",
            ],
        ),
        edited(
            "extraData is a placeholder",
            "\"extraData\": \"0x\"",
            "\"extraData\": \"0xYOUR_SIGNER\"",
            &["line @: extraData is \"0xYOUR_SIGNER\"", "hint: this is a placeholder"],
        ),
        edited(
            "a variable without quotes",
            "\"0x3938700\"",
            "$GAS_LIMIT",
            &["line @", "found `$`", "hint: this is a variable that no shell expanded"],
        ),
    ]
}

/// Chains that no beacon chain drives.
fn engines() -> Vec<Row> {
    vec![
        edited(
            "an L2 of the OP Stack",
            "\"blobSchedule\"",
            "\"optimism\": {\"eip1559Elasticity\": 6}, \"blobSchedule\"",
            &["config has optimism: an L2 of the OP Stack", "hint: a beacon chain starts an L1"],
        ),
        edited(
            "an L2 of Arbitrum",
            "\"blobSchedule\"",
            "\"arbitrum\": {\"EnableArbOS\": true}, \"blobSchedule\"",
            &["config has arbitrum: an L2 of Arbitrum", "hint: "],
        ),
        edited(
            "BNB Smart Chain",
            "\"blobSchedule\"",
            "\"parlia\": {}, \"blobSchedule\"",
            &["config has parlia", "hint: "],
        ),
        edited(
            "IBFT 2.0",
            "\"blobSchedule\"",
            "\"ibft2\": {\"blockperiodseconds\": 2}, \"blobSchedule\"",
            &["config has ibft2: IBFT 2.0", "no beacon chain can", "hint: "],
        ),
        edited(
            "QBFT",
            "\"blobSchedule\"",
            "\"qbft\": {}, \"blobSchedule\"",
            &["config has qbft", "hint: "],
        ),
    ]
}
