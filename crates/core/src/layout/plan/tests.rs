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
fn the_start_time_is_that_of_the_slowest_client() {
    assert_eq!(Plan::parse(&[], None).unwrap().start(), 8);
    assert_eq!(Plan::parse(&["egg"], None).unwrap().start(), START);
    assert_eq!(Plan::parse(&["lighthouse", "lodestar"], None).unwrap().start(), 15);
    assert_eq!(Plan::parse(&[], Some("0-3:teku,4-7:lodestar")).unwrap().start(), 15);
}

#[test]
fn layouts_do_not_share_directories() {
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
fn the_default_layout_is_lighthouse() {
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
fn a_split_assigns_every_key_to_one_client() {
    let plan = Plan::parse(&["egg"], Some("32-63:teku, 0-31:lighthouse,70:lodestar")).unwrap();
    let first = |index| paths(&plan, index).first().cloned().unwrap_or_default();
    assert!(first(0).starts_with("validator-keys/1-lighthouse-0-31/keys/0xabab"));
    assert!(first(63).starts_with("validator-keys/2-teku-32-63/teku-keys/0xabab"));
    assert!(first(70).starts_with("validator-keys/3-lodestar-70-70/lodestar-keys/"));
    assert_eq!(paths(&plan, 64), Vec::<String>::new());
    assert_eq!(plan.check(80).unwrap(), [64..70, 71..80]);
    assert_eq!(
        plan.check(70).unwrap_err().what,
        "--split names key 70, but there are only 70 keys"
    );
}

#[test]
fn invalid_splits_are_refused() {
    assert!(what(&[], Some("0-3:lighthouse,3-5:teku")).contains("key 3 to two clients"));
    assert!(what(&["teku"], Some("0-3:lighthouse")).contains("--layout teku with --split"));
    assert!(what(&[], Some("0-3:egg")).contains("layout egg has no keystores"));
    assert!(what(&[], Some("0-3:besu")).contains("unknown layout \"besu\""));
    for text in ["", "0-3", "3-0:teku", "+1-3:teku", "0-:teku", "a-b:teku", "0-3:teku,"] {
        assert!(what(&[], Some(text)).contains("expected FIRST-LAST:LAYOUT"), "{text:?}");
    }
}

#[test]
fn a_client_that_needs_longer_slots_is_named() {
    let prysm = Plan::parse(&["lodestar", "prysm"], None).unwrap();
    assert_eq!(prysm.failures_with_slots(1999), ["Prysm 7 panics with slots shorter than 2 s"]);
    assert!(prysm.failures_with_slots(2000).is_empty());
    assert!(Plan::parse(&["lighthouse"], None).unwrap().failures_with_slots(1000).is_empty());
}

#[test]
fn files_and_keys_have_the_paths_of_the_users_choice() {
    let plan =
        Plan::parse(&["jwt.hex=jwt", "cl/keys=teku", "el/genesis.json=genesis"], None).unwrap();
    let pubkey = format!("0x{}", "ab".repeat(48));
    let keys =
        [format!("cl/keys/teku-keys/{pubkey}.json"), format!("cl/keys/teku-secrets/{pubkey}.txt")];
    assert_eq!(paths(&plan, 0), keys);
    let places: Vec<_> = plan.places().iter().map(|place| (&*place.path, place.source)).collect();
    let expected = [
        ("jwt.hex", Some("jwt/jwtsecret")),
        ("cl/keys", None),
        ("el/genesis.json", Some("metadata/genesis.json")),
    ];
    assert_eq!(places, expected);
    // Files alone leave the keystores as they are.
    let default = Plan::parse(&["jwt.hex=jwt"], None).unwrap();
    assert!(paths(&default, 0).iter().all(|path| path.starts_with("validator-keys/")));
    assert!(!default.shares_keys());
    for both in [["lighthouse", "cl/keys=teku"], ["a=lighthouse", "b=lighthouse"]] {
        assert!(Plan::parse(&both, None).unwrap().shares_keys());
    }
}

#[test]
fn a_path_is_relative_free_and_alone() {
    let long = format!("{}=jwt", "a".repeat(201));
    for (layouts, part) in [
        (&["/etc/jwt=jwt"][..], "is absolute"),
        (&["el/../jwt=jwt"], "is not a plain path"),
        (&["./jwt=jwt"], "is not a plain path"),
        (&["el//jwt=jwt"], "is not a plain path"),
        (&["el/=jwt"], "is not a plain path"),
        (&["=jwt"], "is not a plain path"),
        (&["metadata/x=jwt"], "regenesis' own"),
        (&["Metadata/x=jwt"], "regenesis' own"),
        (&["validator-keys=lighthouse"], "regenesis' own"),
        (&["regenesis.json=genesis"], "regenesis' own"),
        (&[".regenesis/mark=genesis"], "regenesis' own"),
        (&["el/.Regenesis-run=genesis"], "regenesis' own"),
        (&["bin/x=genesis"], "regenesis' own"),
        (&["a\u{e9}=jwt"], "outside ASCII"),
        (&["a\nb=jwt"], "outside ASCII"),
        (&["a\\b=jwt"], "outside ASCII"),
        (&[&long], "too long"),
        (&["a=jwt", "a=genesis"], "twice"),
        (&["el/jwt=jwt", "el/JWT=genesis"], "ignores case"),
        (&["cl=lighthouse", "cl/genesis.ssz=state"], "inside"),
        (&["cl/genesis.ssz=state", "CL=lighthouse"], "inside"),
        (&["x=egg"], "has no file \"egg\""),
        (&["x="], "has no file \"\""),
    ] {
        let what = what(layouts, None);
        assert!(what.contains(part), "{layouts:?}: {what}");
    }
    assert!(what(&["cl/keys=teku"], Some("0-3:teku")).contains("with --split"));
    assert!(Plan::parse(&["cl=lighthouse", "cl2/x=jwt", "clx=state"], None).is_ok());
}
