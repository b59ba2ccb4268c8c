use super::*;

fn paths(plan: &Plan, index: usize) -> Vec<String> {
    let (keystore, password) = (b"{}".to_vec(), "p".to_owned().into());
    let key = Sealed { pubkey: [0xab; 48], keystore, password };
    plan.files(index, &[key]).into_iter().map(|file| file.path).collect()
}

fn what(layouts: &[&str], split: Option<&str>) -> String {
    Plan::parse(layouts, split).unwrap_err().what
}

#[test]
fn the_slowest_client_is_waited_for() {
    assert_eq!(Plan::parse(&[], None).unwrap().start(), 4);
    assert_eq!(Plan::parse(&["egg"], None).unwrap().start(), START);
    assert_eq!(Plan::parse(&["lighthouse", "lodestar"], None).unwrap().start(), 15);
    assert_eq!(Plan::parse(&[], Some("0-3:teku,4-7:lodestar")).unwrap().start(), 15);
}

#[test]
fn every_layout_has_directories_of_its_own() {
    let clients: Vec<_> =
        LAYOUTS.iter().map(|(name, _)| *name).filter(|name| *name != "eth2-val-tools").collect();
    let plan = Plan::parse(&clients, None).unwrap();
    let mut all = paths(&plan, 5);
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((all.len(), count), (10, 10));
    assert!(what(&["nimbus", "eth2-val-tools"], None).contains("share nimbus-keys"));
    assert!(what(&["teku", "teku"], None).contains("share teku-keys"));
}

#[test]
fn without_names_the_keys_are_lighthouses() {
    let pubkey = format!("0x{}", "ab".repeat(48));
    let expected = [
        format!("validator-keys/keys/{pubkey}/voting-keystore.json"),
        format!("validator-keys/secrets/{pubkey}"),
    ];
    assert_eq!(paths(&Plan::parse(&[], None).unwrap(), 7), expected);
    let egg = Plan::parse(&["egg"], None).unwrap();
    assert!(!egg.wants_keys() && egg.wants_network());
}

#[test]
fn a_split_gives_every_key_to_one_client() {
    let plan = Plan::parse(&["egg"], Some("32-63:teku, 0-31:lighthouse,70:lodestar")).unwrap();
    let first = |index| paths(&plan, index).first().cloned().unwrap_or_default();
    assert!(first(0).starts_with("validator-keys/1-lighthouse-0-31/keys/0xabab"));
    assert!(first(63).starts_with("validator-keys/2-teku-32-63/teku-keys/0xabab"));
    assert!(first(70).starts_with("validator-keys/3-lodestar-70-70/lodestar-keys/"));
    assert_eq!(paths(&plan, 64), Vec::<String>::new());
    assert_eq!(plan.check(80).unwrap(), [64..70, 71..80]);
    assert_eq!(plan.check(70).unwrap_err().what, "--split asks for key 70, but there are 70");
}

#[test]
fn splits_without_meaning_are_refused() {
    assert!(what(&[], Some("0-3:lighthouse,3-5:teku")).contains("key 3 to two clients"));
    assert!(what(&["teku"], Some("0-3:lighthouse")).contains("--layout teku with --split"));
    assert!(what(&[], Some("0-3:egg")).contains("egg arranges no keys"));
    assert!(what(&[], Some("0-3:besu")).contains("no layout \"besu\""));
    for text in ["", "0-3", "3-0:teku", "+1-3:teku", "0-:teku", "a-b:teku", "0-3:teku,"] {
        assert!(what(&[], Some(text)).contains("no FIRST-LAST:LAYOUT"), "{text:?}");
    }
}
