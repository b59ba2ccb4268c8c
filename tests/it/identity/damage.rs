//! Damaged files that `init` can create again stop neither it nor a client that waits for it.

use std::process::Command;

use super::stack::{Stack, next_line};
use crate::support::text;

/// Replaces a file with something else.
type Damage = (&'static str, fn(&std::path::Path));

fn fifo(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn directory(path: &std::path::Path) {
    std::fs::create_dir(path).unwrap();
    std::fs::write(path.join("mine"), "of the user").unwrap();
}

fn remove(path: &std::path::Path) {
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_damaged_summary_is_replaced() {
    let damages: [Damage; 8] = [
        ("truncated", |path| {
            let text = std::fs::read(path).unwrap();
            std::fs::write(path, &text[..text.len() / 2]).unwrap();
        }),
        ("empty", |path| std::fs::write(path, "").unwrap()),
        ("not JSON", |path| std::fs::write(path, "run 1\n").unwrap()),
        ("another JSON", |path| std::fs::write(path, "[]").unwrap()),
        ("not UTF-8", |path| std::fs::write(path, b"\xff\xfe{").unwrap()),
        ("a run id that moves the cursor", |path| {
            let mut summary: serde_json::Value =
                serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            summary["run_id"] = "\u{1b}[2J".into();
            std::fs::write(path, summary.to_string()).unwrap();
        }),
        ("a directory", |path| {
            remove(path);
            directory(path);
        }),
        ("a pipe", |path| {
            remove(path);
            fifo(path);
        }),
    ];
    for (what, damage) in damages {
        let stack = Stack::new();
        stack.inits(&["snapshot"]);
        let marker = stack.at("runtime/regenesis.json");
        damage(&marker);
        let said = stack.inits(&["snapshot"]);
        assert!(said.contains("\nnew genesis: replaces a previous one"), "{what}: {said}");
        assert!(!said.contains('\u{1b}'), "{what}");
        assert!(stack.summary()["replaces"]["run_id"].is_null(), "{what}");
        assert!(!stack.run_id().is_empty());
        if what == "a directory" {
            let mine = stack.at("runtime/regenesis.json.set-aside-1/mine");
            assert_eq!(std::fs::read_to_string(mine).unwrap(), "of the user");
        }
    }
}

#[test]
fn a_lock_that_is_not_a_file_is_replaced() {
    for name in ["init", "lock"] {
        for damage in [directory, fifo] {
            let stack = Stack::new();
            stack.inits(&["snapshot"]);
            let lock = stack.at("runtime/.regenesis").join(name);
            remove(&lock);
            damage(&lock);
            let said = stack.inits(&["snapshot"]);
            assert!(said.contains(&format!("{name}: regenesis did not write it")), "{said}");
            let _client = stack.client();
            assert!(stack.inits(&["snapshot"]).contains("kept run"));
        }
    }
}

#[test]
fn a_directory_without_our_mark_is_left_as_it_is() {
    let stack = Stack::new();
    std::fs::create_dir(stack.at("runtime")).unwrap();
    directory(&stack.at("runtime/regenesis.json"));
    stack.fails(7, &["snapshot"]);
    assert!(stack.at("runtime/regenesis.json/mine").exists());
}

#[test]
fn a_damaged_jwt_secret_is_replaced_even_with_jwt_keep() {
    let stack = Stack::new();
    let keep = ["snapshot", "--jwt", "keep"];
    assert!(!stack.inits(&keep).contains("warning"));
    let path = stack.at("runtime/jwt/jwtsecret");
    let secret = std::fs::read(&path).unwrap();
    assert!(!stack.inits(&keep).contains("warning"));
    assert_eq!(std::fs::read(&path).unwrap(), secret);
    let damages: [Damage; 3] = [
        ("0x12", |path| std::fs::write(path, "0x12").unwrap()),
        ("not UTF-8", |path| std::fs::write(path, [0xff; 64]).unwrap()),
        ("a directory", |path| {
            remove(path);
            std::fs::create_dir(path).unwrap();
        }),
    ];
    for (what, damage) in damages {
        damage(&path);
        let said = stack.inits(&keep);
        assert!(
            said.contains("jwtsecret: ") && said.contains("replaced by a new secret"),
            "{said}"
        );
        let new = std::fs::read_to_string(&path).unwrap();
        assert!(new.len() == 66 && new.starts_with("0x"), "{what}");
    }
}

#[test]
fn a_client_waits_until_a_damaged_summary_is_replaced() {
    let stack = Stack::new();
    stack.inits(&["snapshot"]);
    std::fs::write(stack.at("runtime/regenesis.json"), "{\"run_id\": ").unwrap();
    let mut client = stack.spawn();
    let line = next_line(&mut client);
    assert!(line.contains("regenesis.json: ") && line.contains("waiting for init"), "{line}");
    stack.inits(&["snapshot"]);
    assert_eq!(next_line(&mut client), format!("run {}\n", stack.run_id()));
}

#[test]
fn a_damaged_summary_of_a_genesis_in_use_stays_an_error() {
    let stack = Stack::new();
    stack.inits(&["snapshot"]);
    let _client = stack.client();
    std::fs::write(stack.at("runtime/regenesis.json"), "{").unwrap();
    let output = stack.init(&["snapshot"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(text(&output).contains("regenesis.json is damaged"), "{}", text(&output));
}
