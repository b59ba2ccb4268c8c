use super::super::alloc_writer::Counts;
use super::super::file::read_entries;
use super::*;

const A: &str = "0x1111111111111111111111111111111111111111";
const B: &str = "0x2222222222222222222222222222222222222222";
const C: &str = "0x3333333333333333333333333333333333333333";

#[test]
fn amounts_are_exact() {
    let wei = |text: &str| format!("{A}={text}").parse::<Fund>().map(|fund| fund.wei);
    for (text, expected) in [
        ("1", "1000000000000000000"),
        ("0.000000000000000001", "1"),
        ("1000000.5", "1000000500000000000000000"),
        ("0", "0"),
    ] {
        let found = wei(text).unwrap();
        assert_eq!(found.to_string(), expected);
        assert_eq!(ether(found), text);
    }
    let most = "115792089237316195423570985008687907853269984665640564039457.584007913129639935";
    assert_eq!(wei(most), Ok(U256::MAX));
    assert_eq!(ether(U256::MAX), most);
    for text in ["", "1.", "-1", "1e3", "0x1", ".5", "1.0000000000000000000", "1,5", "1 ETH"] {
        // A trailing point is accepted.
        assert_eq!(wei(text).is_ok(), text == "1.", "{text}");
    }
    assert!(wei(&format!("{most}9")).is_err() && wei(&"9".repeat(70)).is_err());
    for text in ["", A, "1=1", &format!("{A}11=1")] {
        assert!(text.parse::<Fund>().is_err(), "{text}");
    }
}

fn applied(overlay: Overlay, alloc: &'static str) -> (String, Counts, Vec<String>) {
    let mut out = AllocWriter::new(Vec::new(), Counts::default());
    let changes =
        overlay.apply(|sink| read_entries(Box::new(alloc.as_bytes()), sink), &mut out).unwrap();
    let counts = out.counts;
    let text = String::from_utf8(std::mem::take(out.out())).unwrap();
    (text, counts, changes)
}

const ALLOC: &str = r#""0x1111111111111111111111111111111111111111": {"balance": "0x5", "nonce": "0x1", "code": "0x00", "storage": {"0x01": "0x02"}},
    "0x2222222222222222222222222222222222222222": {"balance": "0x0"}"#;

#[test]
fn accounts_are_changed_added_and_removed() {
    let mut overlay = Overlay::default();
    assert!(overlay.is_none());
    overlay.fund(format!("{A}=0.000000000000000003").parse().unwrap()).unwrap();
    overlay.set_code(A.parse().unwrap(), "0x6001\n").unwrap();
    overlay.merge_file("more.json".to_owned());
    overlay.merge(Account::parse(C.as_bytes(), br#"{"balance":"7","nonce":2}"#).unwrap()).unwrap();
    overlay.fund(format!("{C}=1").parse().unwrap()).unwrap();
    overlay.prune_empty();
    let (text, counts, changes) = applied(overlay, ALLOC);
    let json: serde_json::Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    assert_eq!(json[A]["balance"], "0x8");
    assert_eq!(json[A]["code"], "0x6001");
    assert_eq!(json[A]["nonce"], "0x1");
    assert_eq!(json[A]["storage"].as_object().unwrap().len(), 1);
    assert_eq!(json.get(B), None);
    assert_eq!(json[C]["balance"], "0xde0b6b3a7640007");
    assert_eq!(counts, Counts { accounts: 2, contracts: 1, storage_slots: 1 });
    let expected = [
        "1 accounts of more.json".to_owned(),
        format!("code of {A}: 2 bytes"),
        format!("0.000000000000000003 ETH to {A}"),
        format!("1 ETH to {C}"),
        "without 1 empty accounts".to_owned(),
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_merged_account_replaces_the_old_one_completely() {
    let mut overlay = Overlay::default();
    overlay.merge_file("more.json".to_owned());
    overlay.merge(Account::parse(A.as_bytes(), br#"{"balance":"7"}"#).unwrap()).unwrap();
    let (text, counts, _) = applied(overlay, ALLOC);
    let json: serde_json::Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    assert_eq!(json[A], serde_json::json!({"balance": "0x7"}));
    assert_eq!(json[B], serde_json::json!({"balance": "0x0"}));
    assert_eq!(counts, Counts { accounts: 2, contracts: 0, storage_slots: 0 });
}

#[test]
fn impossible_changes_are_refused() {
    let mut overlay = Overlay::default();
    let address: Address = A.parse().unwrap();
    for hex in ["0x1", "xyz", "{}"] {
        assert!(overlay.set_code(address, hex).is_err(), "{hex}");
    }
    overlay.set_code(address, "00").unwrap();
    assert!(overlay.set_code(address, "01").is_err());
    let most = Fund { address, wei: U256::MAX };
    overlay.fund(most).unwrap();
    assert!(overlay.fund(most).is_err());
    let mut out = AllocWriter::new(Vec::new(), Counts::default());
    let read = |sink: &mut Sink<'_>| read_entries(Box::new(ALLOC.as_bytes()), sink);
    assert!(overlay.apply(read, &mut out).unwrap_err().to_string().contains("more ETH"));
}

#[test]
fn slots_and_nonces_are_set() {
    let mut overlay = Overlay::default();
    for slot in ["1=0", "0x2=0x0a", "3=7"] {
        overlay.set_storage(format!("{A}:{slot}").parse().unwrap()).unwrap();
    }
    overlay.set_nonce(format!("{A}=9").parse().unwrap()).unwrap();
    overlay.set_nonce(format!("{C}=0x10").parse().unwrap()).unwrap();
    assert!(overlay.set_nonce(format!("{C}=1").parse().unwrap()).is_err());
    assert!(overlay.set_storage(format!("{A}:0x03=1").parse().unwrap()).is_err());
    let (text, counts, changes) = applied(overlay, ALLOC);
    let json: serde_json::Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    let storage = json[A]["storage"].as_object().unwrap();
    assert_eq!(storage.len(), 2);
    assert_eq!(storage.values().next().unwrap(), &format!("0x{:064x}", 10));
    assert_eq!(json[A]["nonce"], "0x9");
    assert_eq!(json[C]["nonce"], "0x10");
    assert_eq!(counts, Counts { accounts: 3, contracts: 1, storage_slots: 2 });
    assert_eq!(changes.len(), 5);
    assert_eq!(changes[0], format!("nonce of {A}: 9"));
    assert!(changes[4].ends_with(&format!(" of {A}: 0x7")), "{}", changes[4]);
    for text in ["1=2", &format!("{A}=2"), &format!("{A}:=2"), &format!("{A}:1=-2"), "0x12:1=2"] {
        assert!(text.parse::<SetStorage>().is_err(), "{text}");
    }
    for text in [A, &format!("{A}=x"), &format!("{A}=18446744073709551615")] {
        assert!(text.parse::<SetNonce>().is_err(), "{text}");
    }
}

#[test]
fn a_change_of_an_account_that_is_there_twice_is_refused() {
    let mut overlay = Overlay::default();
    overlay.fund(format!("{A}=1").parse().unwrap()).unwrap();
    let twice = format!("{ALLOC}, \"{A}\": {{\"balance\": \"0x1\"}}");
    let mut out = AllocWriter::new(Vec::new(), Counts::default());
    let read = |sink: &mut Sink<'_>| read_entries(Box::new(std::io::Cursor::new(twice)), sink);
    assert!(overlay.apply(read, &mut out).unwrap_err().to_string().contains("twice"));
}
