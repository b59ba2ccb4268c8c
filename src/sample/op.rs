//! The sample with an OP-stack L2. `sample/op/README.md` names the sources of its files.

use std::io::Read;

use crate::file::Input;
use crate::snapshot::{CONFIG, GENESIS, METADATA, MNEMONICS, Snapshot};

/// Its L2.
const NAME: &str = "op";

macro_rules! embedded {
    ($path:literal) => {
        include_bytes!(concat!("../../sample/", $path)).as_slice()
    };
}

/// The files, by their paths in a snapshot.
pub(super) fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (GENESIS, genesis(embedded!("el/genesis.template.json"), embedded!("op/l1-alloc.json.gz"))),
        (CONFIG, embedded!("cl/config.yaml").to_vec()),
        (MNEMONICS, embedded!("val/mnemonics.yaml").to_vec()),
        ("l2/op/rollup.json", embedded!("op/rollup.json").to_vec()),
        ("l2/op/genesis.json", unpacked(embedded!("op/l2-genesis.json.gz"))),
        ("l2/op/fund.json", embedded!("op/fund.json").to_vec()),
        ("l2/op/batcher.key", embedded!("op/batcher.key").to_vec()),
        (METADATA, embedded!("op/metadata.json").to_vec()),
    ]
}

/// The sample as a snapshot.
pub(super) fn snapshot() -> Snapshot {
    let files = files();
    let find = |path: &str| files.iter().find(|(known, _)| *known == path);
    let file = |path: &str| {
        let bytes = find(path).map(|(_, bytes)| bytes.clone()).unwrap_or_default();
        Input::memory(&format!("(embedded) {path}"), bytes)
    };
    Snapshot::new(NAME.to_owned(), vec![NAME.to_owned()], file, |path| find(path).is_some())
}

/// The sample's genesis with more accounts, before its own.
fn genesis(template: &[u8], accounts: &[u8]) -> Vec<u8> {
    const ALLOC: &str = "\"alloc\": {";
    let (template, accounts) = (String::from_utf8_lossy(template), unpacked(accounts));
    let accounts = String::from_utf8_lossy(&accounts);
    let accounts = accounts.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let accounts = accounts.unwrap_or_default().trim_end();
    match template.split_once(ALLOC) {
        Some((head, rest)) => format!("{head}{ALLOC}{accounts},{rest}").into_bytes(),
        None => template.into_owned().into_bytes(),
    }
}

/// The contents of a gzip file of ours.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // A damaged one leaves a text that no reader accepts.
    let _ = flate2::read::GzDecoder::new(bytes).read_to_end(&mut text);
    text
}
