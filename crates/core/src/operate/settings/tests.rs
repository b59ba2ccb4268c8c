use std::collections::BTreeSet;

use super::schema::ALL;
use super::*;
use crate::operate::containers::Binding;
use crate::operate::dotenv;
use crate::operate::stacks::stacks;
use crate::operate::stacks::tests::container;
use crate::services::{
    Captured, Clients, Consensus, Enclave, L2, Options, Program, settings, stack, stack_of,
    stack_with,
};

fn sample() -> Stack {
    stack(Options::of_sample(Clients::default()))
}

fn from_file(text: &str) -> Result<Settings, Error> {
    let sources = Sources { file: dotenv::lines(text), project: "chain-1", ..Sources::default() };
    resolve(&sample(), &sources)
}

#[test]
fn every_setting_of_every_stack_is_known() {
    for clients in Clients::all() {
        for name in used(&stack(Options::of_sample(clients))).keys() {
            assert!(ALL.iter().any(|known| known.name == *name), "{name}");
        }
    }
    let file = settings::FILE.lines().filter_map(|line| line.split_once('='));
    for (name, _) in file.filter(|(name, _)| !name.starts_with('#')) {
        assert!(ALL.iter().any(|known| known.name == name), "{name}");
    }
}

#[test]
fn the_shell_wins_over_the_file_and_the_file_over_the_running_stack() {
    let mut sources = Sources {
        file: dotenv::lines("EL_HTTP_PORT=2\nEL_WS_PORT=2\nEL_WS_PORT=3"),
        ..Sources::default()
    };
    for name in ["EL_HTTP_PORT", "EL_WS_PORT", "CL_HTTP_PORT"] {
        sources.running.insert(name.to_owned(), "4".to_owned());
    }
    sources.shell.insert("EL_HTTP_PORT".to_owned(), "1".to_owned());
    sources.shell.insert("REGENESIS_LEAD".to_owned(), String::new());
    let settings = resolve(&sample(), &sources).unwrap();
    for (name, value, origin) in [
        ("EL_HTTP_PORT", "1", Origin::Shell),
        ("EL_WS_PORT", "3", Origin::File(3)),
        ("CL_HTTP_PORT", "4", Origin::Stack),
        ("REGENESIS_LEAD", "auto", Origin::Default),
    ] {
        let found = settings.get(name).unwrap();
        assert_eq!((&*found.value, &found.origin), (value, &origin), "{name}");
    }
    assert!(settings.get("RETH_IMAGE").is_none(), "this stack has no reth");
    assert_eq!(settings.wait, (60, Origin::Default));
}

#[test]
fn an_option_wins_over_all_others() {
    let option = |setting, option, value: &str| Given { setting, option, value: value.to_owned() };
    let shell = [("REGENESIS_RENEW", "stale"), ("WAIT", "90")];
    let mut sources = Sources {
        options: vec![option("REGENESIS_RENEW", "--fresh", "always")],
        shell: shell.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Sources::default()
    };
    let settings = resolve(&sample(), &sources).unwrap();
    let renew = settings.get("REGENESIS_RENEW").unwrap().to_string();
    assert_eq!(renew, "REGENESIS_RENEW=always (--fresh)");
    assert_eq!(settings.wait, (90, Origin::Shell));
    sources.options.push(option("WAIT", "--wait", "5"));
    assert_eq!(resolve(&sample(), &sources).unwrap().wait, (5, Origin::Option("--wait")));
    sources.options[1].value = "100000".to_owned();
    let error = resolve(&sample(), &sources).unwrap_err().to_string();
    let expected = "--wait: WAIT is \"100000\", expected a number of seconds below 100000";
    assert_eq!(error, expected);
}

#[test]
fn the_ports_of_an_l2_are_settings() {
    let chain = L2 { name: "my-op".to_owned(), chain_id: 13, batcher: true, proposer: None };
    let stack = stack_with(Options::of_sample(Clients::default()), &[chain]);
    let from_file =
        |text: &str| resolve(&stack, &Sources { file: dotenv::lines(text), ..Sources::default() });
    let settings = from_file("L2_MY_OP_HTTP_PORT=1\n").unwrap();
    let port = |name: &str| settings.get(name).map(|port| port.value.clone());
    assert_eq!(port("L2_MY_OP_HTTP_PORT").as_deref(), Some("1"));
    assert_eq!(port("L2_MY_OP_NODE_PORT").as_deref(), Some("9547"));
    let derived = settings.get("L2_MY_OP_NODE_PORT").unwrap().to_string();
    assert_eq!(derived, "L2_MY_OP_NODE_PORT=9547 (derived from the order of the L2s)");
    let error = from_file("L2_MY_OP_HTTP_PORT=x").unwrap_err().to_string();
    assert!(error.ends_with("expected a port, 1 to 65535"), "{error}");
    let error = from_file("L2_MYOP_HTTP_PORT=1").unwrap_err().to_string();
    assert!(error.ends_with("did you mean L2_MY_OP_HTTP_PORT?"), "{error}");
}

#[test]
fn a_snapshot_sets_the_ports_of_captured_services_and_no_image() {
    let captured = Captured {
        name: "agglayer".to_owned(),
        program: Program::of("agglayer").unwrap(),
        network: None,
        image: "x/agglayer:1".to_owned(),
        command: vec!["agglayer".to_owned()],
        variables: BTreeMap::new(),
        secrets: BTreeMap::new(),
        files: BTreeMap::new(),
        ports: [("aglr-grpc".to_owned(), 4443)].into(),
        clients: BTreeSet::new(),
    };
    let enclave = Enclave { services: vec![captured], ..Enclave::default() };
    let stack = stack_of(Options::of_sample(Clients::default()), &[], &enclave);
    let text = "ENCLAVE_AGGLAYER_AGLR_GRPC_PORT=7\nAGGLAYER_IMAGE=evil\n";
    let sources = Sources { file: dotenv::lines(text), ..Sources::default() };
    let settings = resolve(&stack, &sources).unwrap();
    let value = |name: &str| settings.get(name).unwrap().value.clone();
    assert_eq!(value("ENCLAVE_AGGLAYER_AGLR_GRPC_PORT"), "7");
    assert_eq!(value("AGGLAYER_IMAGE"), "", "an image of an unknown repository");
    assert!(settings.notes[0].contains("AGGLAYER_IMAGE is not read"), "{:?}", settings.notes);
}

#[test]
fn a_misspelt_setting_is_an_error_with_the_nearest_name() {
    let error = from_file("\nEL_HTP_PORT=1").unwrap_err().to_string();
    assert_eq!(error, ".env line 2: EL_HTP_PORT is not a setting: did you mean EL_HTTP_PORT?");
    let error = from_file("EL_HTTP_PORT=http").unwrap_err().to_string();
    assert_eq!(error, ".env line 1: EL_HTTP_PORT is \"http\", expected a port, 1 to 65535");
    assert!(from_file("EL_HTTP_PORT=0").is_err() && from_file("WAIT=1e5").is_err());
    assert!(from_file("REGENESIS_LEAD=$(id)").is_err());
}

#[test]
fn every_setting_has_a_form() {
    let used = BTreeMap::new();
    let all = known(&used);
    let checked = |name: &str, value: &str| {
        all.iter().find(|known| known.name == name).unwrap().check(value, "").is_ok()
    };
    for (name, right, wrong) in [
        ("EL_WS_PORT", ["1", "65535"], "65536"),
        ("FEE_RECIPIENT", ["0x8943545177806ED17B9F23F0a21ee5948eCaa776", &"ab".repeat(20)], "0x89"),
        ("LIGHTHOUSE_LOG_LEVEL", ["error", "trace"], "warning"),
        ("REGENESIS_LEAD", ["auto", "12"], "soon"),
        ("REGENESIS_TIMESTAMP", ["now", "2026-01-31T12:00:00Z"], "tomorrow"),
        ("REGENESIS_RENEW", ["always", "stale"], "Stale"),
        ("REGENESIS_HEAL", ["never", "keep"], "off"),
        ("REGENESIS_PRESET_REVISION", ["v1.6.0", "v1.5.0-alpha.8"], "v1.7.0"),
        ("REGENESIS_ADD_SYSTEM_CONTRACTS", ["true", "No"], "2"),
        ("GETH_IMAGE", ["geth:1", "host:5000/geth@sha256:0"], "geth\n"),
    ] {
        for value in right {
            assert!(checked(name, value), "{name}={value}");
        }
        assert!(!checked(name, wrong), "{name}={wrong}");
    }
    for setting in settings::FILE.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, default)) = setting.split_once('=') else { continue };
        assert!(checked(name, default), "{setting}");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    let key = format!("0x{}", "1f".repeat(32));
    let error = from_file(&format!("FEE_RECIPIENT={key}")).unwrap_err().to_string();
    let expected = "FEE_RECIPIENT is \"(hidden)\", expected an address: 0x and 40 hex digits";
    assert_eq!(error, format!(".env line 1: {expected}"));
    let phrase = "test ".repeat(11) + "junk";
    for (value, expected) in [
        (key.as_str(), "(hidden)"),
        (&phrase, "(hidden)"),
        ("https://me:word@host:1/x@y", "https://(hidden)@host:1/x@y"),
        ("geth@sha256:1f1f", "geth@sha256:1f1f"),
        ("http://host/a@b", "http://host/a@b"),
    ] {
        assert_eq!(shown(value), expected);
    }
}

#[test]
fn what_has_no_effect_is_noted() {
    let notes = from_file("LIGHTHOUSE_LOG_LEVEL=info").unwrap().notes;
    assert_eq!(notes, Vec::<String>::new());
    let clients = Clients { consensus: Consensus::Lodestar, ..Clients::default() };
    let lodestar = stack(Options::of_sample(clients));
    let shell = ["EL_HTP_PORT", "EL_HTTP_PORT", "PATH", "REGENESIS_LEED", "BINN"];
    let sources = Sources {
        file: dotenv::lines("LIGHTHOUSE_LOG_LEVEL=info"),
        shell: shell.map(|name| (name.to_owned(), "1".to_owned())).into(),
        ..Sources::default()
    };
    let expected = [
        "EL_HTP_PORT has no effect: did you mean EL_HTTP_PORT?",
        ".env line 1: this stack does not read LIGHTHOUSE_LOG_LEVEL",
    ];
    assert_eq!(resolve(&lodestar, &sources).unwrap().notes, expected);
}

#[test]
fn a_snapshot_chooses_neither_images_nor_addresses() {
    let text = "GETH_IMAGE=evil\nBIND=0.0.0.0\nCOMPOSE_FILE=x\nAPI_KEY=1\nWAIT=7\n\
                COMPOSE_PROJECT_NAME=chain-1";
    let settings = from_file(text).unwrap();
    assert_eq!(settings.get("BIND").unwrap().value, "127.0.0.1");
    assert_eq!(settings.get("GETH_IMAGE").unwrap().origin, Origin::Default);
    assert_eq!(
        (settings.notes.len(), settings.wait),
        (4, (7, Origin::File(5))),
        "{:?}",
        settings.notes
    );
}

#[test]
fn the_settings_of_a_running_stack_are_read_from_its_containers() {
    let mut el = container("a", "el", "running");
    el.image = "geth:mine".into();
    el.ports = vec![Binding { container: 8545, address: "0.0.0.0".into(), host: 9545 }];
    let mut cl = container("a", "cl", "running");
    cl.arguments.push("--debug-level=info".into());
    let mut init = container("a", "init", "exited");
    init.environment.insert("REGENESIS_RENEW".into(), "stale".into());
    let found = stacks(vec![el, cl, init], vec![]).remove(0);
    let values = running(&sample(), &found);
    for (name, value) in [
        ("GETH_IMAGE", "geth:mine"),
        ("EL_HTTP_PORT", "9545"),
        ("BIND", "0.0.0.0"),
        ("LIGHTHOUSE_LOG_LEVEL", "info"),
        ("REGENESIS_RENEW", "stale"),
    ] {
        assert_eq!(values.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(values.get("EL_WS_PORT"), None);
}
