//! `validators.txt`: `pubkey:withdrawal_credentials[:balance_gwei]`, one per line.

use super::{MNEMONICS, Row, VALIDATORS, row, write};

/// The sample's first validator, and a key that the sample does not have.
const FIRST: &str = "aaf6c1251e73fb600624937760fef218aace5b253bf068ed45398aeb29d821e4d2899343ddcbbe37cb3f6cf500dff26c";
const OTHER: &str = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";

fn line(name: &'static str, line: impl AsRef<[u8]>, says: &'static [&'static str]) -> Row {
    let content = [b"# listed\n\n", line.as_ref(), b"\n"].concat();
    row(name, VALIDATORS, write(content), says)
}

/// Lines of a template that is not filled in.
fn templates(creds: &str) -> Vec<Row> {
    vec![
        line(
            "variables",
            "$PUBKEY:$CREDENTIALS",
            &["line 3: the public key", "hint: this is a variable that no shell expanded"],
        ),
        line(
            "one variable",
            "${VALIDATOR}",
            &["line 3: is not two or three", "hint: this is a variable that no shell expanded"],
        ),
        line(
            "a variable as the balance",
            format!("{OTHER}:{creds}:${{GWEI:-1}}"),
            &["line 3: ", "hint: this is a variable that no shell expanded"],
        ),
        line(
            "a placeholder",
            format!("0xYOUR_KEY:{creds}"),
            &["line 3: the public key", "hint: this is a placeholder"],
        ),
    ]
}

pub fn rows() -> Vec<Row> {
    let creds = format!("01{}{}", "00".repeat(11), "cd".repeat(20));
    let infinity = format!("c0{}", "00".repeat(47));
    let mut rows = templates(&creds);
    rows.extend([
        line(
            "one part",
            OTHER,
            &["line 3: is not two or three parts separated by colons", "hint: "],
        ),
        line(
            "four parts",
            format!("{OTHER}:{creds}:1:2"),
            &["line 3: is not two or three parts", "hint: "],
        ),
        line(
            "key of 47 bytes",
            format!("{}:{creds}", &OTHER[2..]),
            &["line 3: the public key: expected 96 hex digits, found 94"],
        ),
        line(
            "key not hex",
            format!("{}zz:{creds}", &OTHER[2..]),
            &["line 3: the public key: expected 96 hex digits, some characters are not"],
        ),
        line(
            "key not on the curve",
            format!("{}:{creds}", "ab".repeat(48)),
            &["line 3: the public key 0xabababab", "hint: "],
        ),
        line(
            "key at infinity",
            format!("{infinity}:{creds}"),
            &["line 3: the public key 0xc0000000", "hint: "],
        ),
        line(
            "credentials of 31 bytes",
            format!("{OTHER}:{}", &creds[2..]),
            &["line 3: the withdrawal credentials: expected 64 hex digits, found 62"],
        ),
        line(
            "prefix 3",
            format!("{OTHER}:03{}", &creds[2..]),
            &["line 3: ", "prefix 0x03", "expected 0x00, 0x01 or 0x02"],
        ),
        line(
            "address not padded",
            format!("{OTHER}:01{}", "11".repeat(31)),
            &["line 3: ", "expected 11 zero bytes"],
        ),
        line(
            "balance in words",
            format!("{OTHER}:{creds}:lots"),
            &["line 3: the balance is \"lots\"", "expected gwei"],
        ),
        line(
            "balance overflows",
            format!("{OTHER}:{creds}:18446744073709551616"),
            &["line 3: the balance is \"18446744073709551616\""],
        ),
        line("not UTF-8", b"\xff\xfe:00", &["line 3: is not UTF-8", "hint: "]),
        line("NUL", b"\0:\0", &["line 3: ", "hint: "]),
        line(
            "listed and derived",
            format!("{FIRST}:{creds}"),
            &["sample[0]", "additional-validators[0]", "same key", "hint: "],
        ),
        line(
            "listed twice",
            format!("{OTHER}:{creds}\n{OTHER}:{creds}"),
            &["additional-validators[0]", "additional-validators[1]", "same key", "hint: "],
        ),
        line(
            "a phrase",
            "giant issue aisle success",
            &["line 3: is not two or three parts", "hint: "],
        ),
        line(
            "a list of mnemonics",
            include_str!("../../../sample/val/mnemonics.yaml"),
            &["line 3: the public key: expected 96 hex digits, found 10", "hint: "],
        )
        .and(MNEMONICS, super::Edit::Remove),
    ]);
    rows
}
