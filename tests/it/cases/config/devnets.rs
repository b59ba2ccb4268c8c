//! `values.env` of ethpandaops' public devnets, from their facts in `tests/egg/devnets.txt`.

use std::collections::BTreeMap;

use super::values::{SMALL, all};
use crate::support::repository;

/// The variables of each file, by its number.
fn devnets() -> BTreeMap<u32, BTreeMap<String, String>> {
    let text = std::fs::read_to_string(repository().join("tests/egg/devnets.txt")).unwrap();
    let mut devnets = BTreeMap::<_, BTreeMap<_, _>>::new();
    for row in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = row.split_once(' ').unwrap();
        let (files, value) = rest.split_once(' ').unwrap();
        for range in files.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            for file in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
                let variables = devnets.entry(file).or_default();
                variables.insert(name.to_owned(), value.replace("\\n", "\n"));
            }
        }
    }
    devnets
}

/// What a file needs before any program can use it, with its exit code. Shadow forks need the network.
fn remedy(variables: &BTreeMap<String, String>) -> Option<(i32, &'static str)> {
    let text = |name: &str| variables.get(name).map(|value| value.trim_matches('"'));
    let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok());
    let deneb = number("DENEB_FORK_EPOCH").unwrap_or_default();
    if text("SHADOW_FORK_FILE").or(text("SHADOW_FORK_RPC")).is_some() {
        let public = text("CHAIN_ID") == Some("1");
        Some((
            2,
            if public { "--genesis FILE" } else { "is https, which this build does not support" },
        ))
    } else if text("CL_ADDITIONAL_VALIDATORS").is_some() {
        Some((3, "CL_ADDITIONAL_VALIDATORS is /config/validators.txt, which does not exist"))
    } else if number("ELECTRA_FORK_EPOCH").is_some_and(|electra| electra < deneb) {
        Some((3, "ELECTRA_FORK_EPOCH is 0, which is before DENEB_FORK_EPOCH: 500000"))
    } else {
        None
    }
}

#[test]
fn every_public_devnet_passes_or_has_a_remedy() {
    let devnets = devnets();
    let mut passed = 0;
    for (file, variables) in &devnets {
        let lines: Vec<_> =
            variables.iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
        let run = all(&format!("{SMALL}{}", lines.concat()));
        match remedy(variables) {
            None => {
                run.succeeds();
                passed += 1;
            }
            // It would ask the network.
            Some((2, _)) if cfg!(feature = "tls") => {}
            Some((code, expected)) => {
                let done = run.fails(code);
                assert!(done.stderr.contains(expected), "{file}: {}", done.stderr);
                assert!(done.stderr.contains("hint: "), "{file}: {}", done.stderr);
            }
        }
    }
    assert_eq!((passed, devnets.len()), (68, 88));
}
