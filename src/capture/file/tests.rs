use std::io::Cursor;

use super::*;

const A: &str = "0x1111111111111111111111111111111111111111";

fn told(text: &str) -> Result<(&'static str, Told, Vec<Account>), String> {
    let text = text.as_bytes().to_vec();
    let mut found = Vec::new();
    let read = read(&|| Ok(Box::new(Cursor::new(text.clone()))), &mut |account| {
        found.push(account);
        Ok(())
    });
    read.map(|(name, told)| (name, told, found)).map_err(|error| error.to_string())
}

fn name(text: &str) -> String {
    told(text).map_or_else(|error| error, |(name, ..)| name.to_owned())
}

#[test]
fn kinds_are_told_apart() {
    let entry = format!("\"{A}\": {{\"balance\": \"1\"}}");
    let line = format!("{{\"balance\": \"1\", \"nonce\": 0, \"address\": \"{A}\"}}");
    let root = format!("\"root\": \"{}\"", "ab".repeat(32));
    for (text, kind) in [
        (format!("{{{root}, \"accounts\": {{{entry}}}}}"), "geth dump"),
        (format!("{{\"accounts\": {{{entry}}}, {root}, \"next\": null}}"), "geth dump"),
        (format!("{{{root}}}\n{line}\n{line}\n"), "geth dump --iterative"),
        (format!("{line}\n{line}"), "geth dump --iterative"),
        (format!("{{\"block\": {{}}, \"accounts\": {{{entry}}}}}"), "anvil state"),
        (format!("{{\"config\": {{}}, \"alloc\": {{{entry}}}}}"), "genesis.json"),
        (format!("{{{entry}}}"), "alloc"),
        (
            format!("{{\"jsonrpc\": \"2.0\", \"result\": {{{root}, \"accounts\": {{{entry}}}}}}}"),
            "geth dump",
        ),
        ("{}".to_owned(), "is no dump that this program knows: an empty object"),
        (
            "{\"a\": 1, \"b\": 2}".to_owned(),
            "is no dump that this program knows: an object with a, b",
        ),
        ("<html>".to_owned(), "not valid JSON: expected `{`, found `<`"),
        (String::new(), "not valid JSON: expected `{`, found the end of the file"),
    ] {
        assert_eq!(name(&text), kind, "{text}");
    }
}

#[test]
fn accounts_and_roots_are_read() {
    let root = format!("{}", B256::repeat_byte(0xab));
    let (_, told_lines, lines) = told(&format!(
        "{{\"root\":\"{root}\"}}\n{{\"balance\":\"1\",\"nonce\":0,\"address\":\"{A}\"}}\n"
    ))
    .unwrap();
    let (_, told_dump, dump) = told(&format!(
        "{{\"root\": \"{}\", \"accounts\": {{\"{A}\": {{\"balance\":\"1\"}}}}}}",
        &root[2..]
    ))
    .unwrap();
    assert_eq!(lines, dump);
    assert_eq!(told_lines.state_root, Some(B256::repeat_byte(0xab)));
    assert_eq!(told_lines.state_root, told_dump.state_root);
}

#[test]
fn truncation_256_accounts() {
    let entries: Vec<_> =
        (0..256).map(|i| format!("\"0x{i:040x}\": {{\"balance\": \"1\"}}")).collect();
    let page = format!(
        "{{\"root\": \"{}\", \"accounts\": {{{}}}, \"next\": \"0x{}\"}}",
        "ab".repeat(32),
        entries.join(","),
        "cd".repeat(32)
    );
    let error = told(&page).unwrap_err();
    assert!(error.contains("one page of a longer dump: 256 accounts"), "{error}");
}

/// The shape that anvil 1.7.1 writes.
fn anvil(best: u64, number: u64) -> String {
    let root = B256::repeat_byte(7);
    format!(
        "{{\"block\":{{\"number\":\"0x1\"}},\"accounts\":{{\"{A}\":{{\"nonce\":0,\"balance\":\"0x1\",\"code\":\"0x\",\"storage\":{{}}}}}},
        \"best_block_number\":{best},\"blocks\":[{{\"header\":{{\"number\":\"0x0\",\"stateRoot\":\"{root}\",\"timestamp\":\"0x5\",\"gasLimit\":\"0x10\"}},\"transactions\":[]}},
        {{\"header\":{{\"number\":\"{number:#x}\",\"stateRoot\":\"{root}\",\"timestamp\":\"0x6\",\"gasLimit\":\"0x10\",\"baseFeePerGas\":\"0x7\",\"requestsHash\":\"{root}\"}}}}],
        \"transactions\":[],\"historical_states\":null}}"
    )
}

#[test]
fn anvil_proves_by_its_last_block() {
    let (_, last, _) = told(&anvil(2, 2)).unwrap();
    assert_eq!(last.state_root, Some(B256::repeat_byte(7)));
    let block = last.block.unwrap();
    assert_eq!((block.number, block.timestamp), (2, 6));
    assert_eq!(block.hardfork, Some(crate::el::chain_config::Hardfork::Prague));
    let (_, genesis, accounts) = told(&anvil(0, 0)).unwrap();
    assert_eq!(genesis.state_root, None, "block 0 of anvil has the root of the empty trie");
    assert_eq!(accounts.len(), 1);
    let torn = told(&anvil(3, 2)).unwrap_err();
    assert!(torn.contains("best_block_number 3, but its last block is 2"), "{torn}");
}

#[test]
fn a_cut_file_is_never_whole() {
    let whole = anvil(2, 2);
    for cut in 1..whole.len() {
        assert!(told(&whole[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn faults_have_a_path_and_a_place() {
    let text = format!("{{\n\"accounts\": {{\"{A}\": {{\"balance\": \"x\"}}}}}}");
    let mut sink = |_| Ok(());
    let open = || Ok(Box::new(Cursor::new(text.clone())) as Box<dyn Read + Send>);
    let Err(Error::File(error)) = read(&open, &mut sink) else { panic!("taken") };
    assert_eq!(error.path(), format!("{A}.balance"));
    assert_eq!(error.offset, Some(16));
}
