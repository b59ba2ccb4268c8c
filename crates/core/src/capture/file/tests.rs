use std::io::Cursor;

use super::*;

const A: &str = "0x1111111111111111111111111111111111111111";

fn header(text: &str) -> Result<(&'static str, StateFileHeader, Vec<Account>), String> {
    let text = text.as_bytes().to_vec();
    let mut found = Vec::new();
    let read = read(&|| Ok(Box::new(Cursor::new(text.clone()))), &mut |account| {
        found.push(account);
        Ok(())
    });
    read.map(|(name, header)| (name, header, found)).map_err(|error| error.to_string())
}

fn name(text: &str) -> String {
    header(text).map_or_else(|error| error, |(name, ..)| name.to_owned())
}

#[test]
fn formats_are_recognised() {
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
        ("{}".to_owned(), "is not a state dump in a known format: an empty object"),
        (
            "{\"a\": 1, \"b\": 2}".to_owned(),
            "is not a state dump in a known format: an object with a, b",
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
    let (_, header_of_lines, lines) = header(&format!(
        "{{\"root\":\"{root}\"}}\n{{\"balance\":\"1\",\"nonce\":0,\"address\":\"{A}\"}}\n"
    ))
    .unwrap();
    let (_, header_of_dump, dump) = header(&format!(
        "{{\"root\": \"{}\", \"accounts\": {{\"{A}\": {{\"balance\":\"1\"}}}}}}",
        &root[2..]
    ))
    .unwrap();
    assert_eq!(lines, dump);
    assert_eq!(header_of_lines.state_root, Some(B256::repeat_byte(0xab)));
    assert_eq!(header_of_lines.state_root, header_of_dump.state_root);
}

/// The start of the next page as geth before 1.17.3 writes it, as geth 1.17.3 does, and as Erigon does.
const CURSORS: [&str; 3] = [
    "vd7GUWUuCqF+BW3heQVUrspfokjOzEEx0YnazSbEylU=",
    "0xbddec651652e0aa17e056de1790554aeca5fa248cecc4131d189dacd26c4ca55",
    "ERERERERERERERERERERERERERE=",
];

#[test]
fn a_dump_that_names_a_next_page_is_incomplete() {
    let entries: Vec<_> =
        (0..256).map(|i| format!("\"0x{i:040x}\": {{\"balance\": \"1\"}}")).collect();
    let accounts = format!("\"accounts\": {{{}}}", entries.join(","));
    let root = format!("\"root\": \"{}\"", "ab".repeat(32));
    let lines: Vec<_> = (0..256)
        .map(|i| format!("{{\"balance\": \"1\", \"address\": \"0x{i:040x}\"}}\n"))
        .collect();
    let lines = lines.concat();
    let with = |next: &str| {
        let next = format!("\"next\": {next}");
        [
            format!("{{{root}, {accounts}, {next}}}"),
            format!("{{{next}, {accounts}, {root}}}"),
            // Erigon's has an empty root; a page of another client may have none.
            format!("{{\"root\": \"\", {accounts}, {next}}}"),
            format!("{{{accounts}, {next}}}"),
            format!(
                "{{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {{{root}, {accounts}, {next}}}}}"
            ),
            format!("{{{root}, {next}}}\n{lines}"),
            format!("{{{root}}}\n{lines}{{ {next} }}\n"),
        ]
    };
    for cursor in CURSORS {
        let expected = format!(
            "is incomplete: next is {cursor}, expected null: its 256 accounts are one page of a longer dump"
        );
        for (number, text) in with(&format!("\"{cursor}\"")).iter().enumerate() {
            assert_eq!(header(text).unwrap_err(), expected, "form {number}");
        }
    }
    for end in ["null", "\"\"", "\"0x\""] {
        for (number, text) in with(end).iter().enumerate() {
            let (_, _, found) = header(text).unwrap();
            assert_eq!(found.len(), 256, "form {number} with {end}");
        }
    }
    // An account's own root does not make its line the head of the dump.
    let sorted = format!("{{{root}, \"balance\": \"1\", \"address\": \"{A}\"}}");
    let (_, read, found) = header(&format!("{{{root}}}\n{sorted}\n")).unwrap();
    assert_eq!((found.len(), read.state_root), (1, Some(B256::repeat_byte(0xab))));
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
    let (_, last, _) = header(&anvil(2, 2)).unwrap();
    assert_eq!(last.state_root, Some(B256::repeat_byte(7)));
    let block = last.block.unwrap();
    assert_eq!((block.number, block.timestamp), (2, 6));
    assert_eq!(block.hardfork, Some(crate::el::chain_config::Hardfork::Prague));
    let (_, genesis, accounts) = header(&anvil(0, 0)).unwrap();
    assert_eq!(genesis.state_root, None, "block 0 of anvil has the root of the empty trie");
    assert_eq!(accounts.len(), 1);
    let torn = header(&anvil(3, 2)).unwrap_err();
    assert!(torn.contains("best_block_number 3, but its last block is 2"), "{torn}");
}

#[test]
fn truncated_files_are_refused() {
    let complete = anvil(2, 2);
    for cut in 1..complete.len() {
        assert!(header(&complete[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn errors_have_a_path_and_an_offset() {
    let text = format!("{{\n\"accounts\": {{\"{A}\": {{\"balance\": \"x\"}}}}}}");
    let mut sink = |_| Ok(());
    let open = || Ok(Box::new(Cursor::new(text.clone())) as Box<dyn Read + Send>);
    let Err(Error::File(error)) = read(&open, &mut sink) else { panic!("taken") };
    assert_eq!(error.path(), format!("{A}.balance"));
    assert_eq!(error.offset, Some(16));
}

fn packed(alloc: &str) -> String {
    use base64ct::Encoding;
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(alloc.as_bytes()).unwrap();
    base64ct::Base64::encode_string(&gzip.finish().unwrap())
}

/// The part that is taken for a chain, and the balance of its one account; or the error.
fn deployment(text: &str, chain_id: Option<u64>) -> Result<(String, u64), String> {
    let mut balance = 0;
    let open = || Ok(Box::new(Cursor::new(text.as_bytes().to_vec())) as Box<dyn Read + Send>);
    let read = read_chain(&open, chain_id, &mut |account| {
        balance = account.balance.to();
        Ok(())
    });
    let (kind, header) = read.map_err(|error| error.to_string())?;
    assert_eq!(kind, "op-deployer state");
    Ok((header.part.unwrap(), balance))
}

#[test]
fn a_deployment_has_a_state_for_each_chain() {
    let alloc = |balance: u64| format!("{{\"{A}\": {{\"balance\": \"{balance}\"}}}}");
    let chain = |id: u64, balance| {
        format!("{{\"id\": \"0x{id:064x}\", \"allocs\": \"{}\"}}", packed(&alloc(balance)))
    };
    let (l2, other) = (chain(901, 2), chain(902, 3));
    let pending = "{\"id\": \"0x0387\", \"allocs\": null}";
    let chains = format!("\"opChainDeployments\": [{l2}, {other}, {pending}]");
    let with =
        |l1: &str| format!("{{\"version\": 1, {chains}, \"l1StateDump\": {l1}, \"x\": {{}}}}");
    let l1 = with(&format!("\"{}\"", packed(&alloc(1))));
    let read = |text: &str, id| deployment(text, id).unwrap();
    assert_eq!(read(&l1, None), ("l1StateDump".to_owned(), 1));
    assert_eq!(read(&l1, Some(900)), ("l1StateDump".to_owned(), 1));
    assert_eq!(read(&l1, Some(902)), ("allocs of chain 902".to_owned(), 3));
    // As later versions may write it.
    assert_eq!(read(&with(&alloc(7)), None), ("l1StateDump".to_owned(), 7));
    let live = with("null");
    assert_eq!(read(&live, Some(901)), ("allocs of chain 901".to_owned(), 2));
    for id in [None, Some(900), Some(0x387)] {
        assert!(deployment(&live, id).unwrap_err().contains("chains 901, 902 only"), "{id:?}");
    }
    let nothing = "{\"version\": 1, \"l1StateDump\": null, \"opChainDeployments\": null}";
    assert!(deployment(nothing, None).unwrap_err().contains("has no state"));
    for (damaged, what) in [
        ("\"H4sI!\"".to_owned(), "l1StateDump: is not base64"),
        ("5".to_owned(), "l1StateDump: is neither"),
        (format!("\"{}\"", packed("[]")), "expected"),
        (format!("\"{}\"", &packed(&alloc(1))[..24]), ""),
    ] {
        let error = deployment(&with(&damaged), None).unwrap_err();
        assert!(error.contains(what), "{damaged}: {error}");
    }
}

#[test]
fn forks_of_anvil_are_known_by_their_blocks() {
    let entry = format!("\"accounts\": {{\"{A}\": {{\"balance\": \"1\"}}}}");
    let block = |number: u64, root: &str| {
        format!(
            "{{\"header\": {{\"number\": \"{number:#x}\", \"stateRoot\": \"0x{}\",
            \"timestamp\": \"0x1\", \"gasLimit\": \"0x1\"}}}}",
            root.repeat(32)
        )
    };
    let dump = |blocks: &[String], best: u64| {
        header(&format!(
            "{{{entry}, \"best_block_number\": {best}, \"blocks\": [{}]}}",
            blocks.join(",")
        ))
    };
    let (zero, root) = (block(7, "00"), block(8, "ab"));
    for (blocks, best) in [(vec![], 7), (vec![], 0), (vec![zero.clone()], 7), (vec![zero, root], 8)]
    {
        assert!(dump(&blocks, best).unwrap_err().contains("of a fork"), "{blocks:?}");
    }
    // As anvil 1.7 and 1.4 write a chain of their own.
    assert!(dump(&[block(0, "56"), block(1, "ab")], 1).is_ok());
    assert!(dump(&[block(1, "ab"), block(0, "00")], 1).is_ok());
    // Before anvil kept its blocks.
    assert!(header(&format!("{{{entry}, \"best_block_number\": 7}}")).is_ok());
}
