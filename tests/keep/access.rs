//! A secret snapshot: the stack's user reads it, nobody else does, and who may not is told why.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use regenesis::rim::access::{READ, SEARCH, allows};

use super::{Home, mode, shell, support, text};

const STACK: u32 = 65532;
const OTHER: u32 = 65533;
const PHRASE: &str =
    "- mnemonic: test test test test test test test test test test test junk\n  count: 2\n";
const SECRETS: [&str; 2] = ["out/val/mnemonics.yaml", "out/baked/keystores.jsonl"];

/// A secret snapshot in `out`.
fn secret() -> Home {
    let home = Home::new();
    mode(&home.at(""), 0o755);
    home.put("own.yaml", PHRASE);
    mode(&home.at("own.yaml"), 0o600);
    let said =
        home.ok(&["capture", "--state", "genesis.json", "--out", "out", "--mnemonics", "own.yaml"]);
    assert!(said.contains("uid 65532, as which the stack runs, may now read"), "{said}");
    home
}

/// `init` of the snapshot by a user; who is not root is that user already.
fn init_as(home: &Home, user: u32) -> Output {
    let program = home.at("regenesis");
    if !program.exists() {
        // Not by this process: a child of another thread would have the file open for writing.
        shell(home, &format!("cp {} regenesis", env!("CARGO_BIN_EXE_regenesis")));
    }
    let out = home.at(format!("rt-{user}"));
    let _ = std::fs::create_dir(&out);
    mode(&out, 0o777);
    let mut command = std::process::Command::new("setpriv");
    if rustix::process::getuid().is_root() {
        let user = user.to_string();
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    }
    command.arg(program).args(["init", "out", "--out"]).arg(out.join("rt"));
    command.current_dir(home.0.path()).output().expect("setpriv: apt-get install util-linux")
}

#[test]
fn the_stack_reads_a_secret_snapshot_and_nobody_else_does() {
    let home = secret();
    for file in SECRETS {
        assert!(allows(&home.at(file), STACK, READ).unwrap(), "{file}");
        assert!(!allows(&home.at(file), OTHER, READ).unwrap(), "{file}");
        assert_eq!(home.at(file).metadata().unwrap().permissions().mode() & 0o7, 0, "{file}");
    }
    for directory in ["out", "out/val", "out/baked", "out/el", "out/cl"] {
        assert_eq!(home.at(directory).metadata().unwrap().permissions().mode() & 0o777, 0o755);
    }
    let output = init_as(&home, STACK);
    assert!(output.status.success(), "{}", text(&output));
    if rustix::process::getuid().is_root() {
        let said = text(&init_as(&home, OTHER));
        for part in
            ["mnemonics.yaml: Permission denied", "belongs to uid 0", "runs as uid 65533", "hint: "]
        {
            assert!(said.contains(part), "no {part} in {said}");
        }
    }
    // A bake made later is as secret, and as readable.
    home.ok(&["bake", "out", "--keystores", "pbkdf2"]);
    assert!(allows(&home.at(SECRETS[1]), STACK, READ).unwrap());
    assert!(!allows(&home.at(SECRETS[1]), OTHER, READ).unwrap());
}

#[test]
fn compose_lets_the_stack_read_an_older_snapshot() {
    let home = secret();
    // As the first release left it.
    shell(
        &home,
        "cp -r out old; rm -r out; mv old out; chmod 600 out/val/mnemonics.yaml out/baked/keystores.jsonl; chmod 700 out/val out",
    );
    assert!(!allows(&home.at("out/val"), STACK, SEARCH).unwrap());
    if rustix::process::getuid().is_root() {
        let output = init_as(&home, STACK);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("the directory out belongs to uid 0 with mode 0700"), "{said}");
        mode(&home.at("out"), 0o755);
        // What cannot be looked for is not missing.
        let said = text(&init_as(&home, STACK));
        assert!(said.contains("the directory out/val belongs to uid 0 with mode 0700"), "{said}");
        assert!(!said.contains("has no validators"), "{said}");
    }
    let said = home.ok(&["compose", "out"]);
    assert_eq!(said.matches("uid 65532").count(), 1, "{said}");
    assert!(said.contains("out/val/mnemonics.yaml"), "{said}");
    let output = init_as(&home, STACK);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!allows(&home.at("out/val"), OTHER, SEARCH).unwrap());
    // Once is enough.
    let said = home.ok(&["compose", "out"]);
    assert!(!said.contains("uid 65532"), "{said}");
}

#[test]
fn a_public_snapshot_needs_nothing() {
    let home = Home::new();
    let said = home.ok(&super::CAPTURE);
    assert!(!said.contains("uid 65532"), "{said}");
}

/// A stranger's snapshot may have a link at any of its names, to any secret of its user.
#[test]
fn compose_gives_no_right_through_a_link() {
    let cases = [
        ("a file it does not use", "el/genesis.json", "ln -s ~/k2 el/genesis.json"),
        ("a link to a link", "el/genesis.json", "ln -s ~/k2 el/hop; ln -s hop el/genesis.json"),
        ("a link to nowhere", "el/genesis.json", "ln -s ~/late el/genesis.json"),
        ("a file of the past", "el/head.rlp", "ln -s ~/k2 el/head.rlp"),
        (
            "a file it uses",
            "val/mnemonics.yaml",
            "mv val/mnemonics.yaml ~/k3; ln -s ~/k3 val/mnemonics.yaml",
        ),
        (
            "a file of its bake",
            "baked/keystores.jsonl",
            "mv baked/keystores.jsonl ~/k3; ln -s ~/k3 baked/keystores.jsonl",
        ),
        ("a directory", "baked", "mv baked ~/dir; ln -s ~/dir baked"),
        ("a directory it needs", "val", "mv val ~/dir; ln -s ~/dir val"),
    ];
    for (what, link, script) in cases {
        let home = secret();
        let outside = home.at("ssh");
        std::fs::create_dir(&outside).unwrap();
        home.put("ssh/k2", "secret");
        shell(
            &home,
            &format!(
                "cp -r out old; rm -r out; mv old out; HOME={}; cd out; {script}; \
                 find ~ -type f -exec chmod 600 {{}} +; find ~ -type d -exec chmod 700 {{}} +",
                outside.display()
            ),
        );
        let before = home.state("ssh");
        let said = home.ok(&["compose", "out"]);
        assert!(
            said.contains(&format!("warning: out/{link} is a symbolic link")),
            "{what}: {said}"
        );
        assert_eq!(home.state("ssh"), before, "{what}");
        for path in support::place::tree(&outside) {
            let right = if path.is_dir() { SEARCH } else { READ };
            assert!(!allows(&path, STACK, right).unwrap(), "{what}: {}", path.display());
        }
    }
}

#[test]
fn compose_gives_a_right_to_nothing_that_the_snapshot_does_not_use() {
    let home = secret();
    home.put("out/el/genesis.json", "secret");
    mode(&home.at("out/el/genesis.json"), 0o600);
    let said = home.ok(&["compose", "out"]);
    assert!(!said.contains("out/el/genesis.json"), "{said}");
    assert!(!allows(&home.at("out/el/genesis.json"), STACK, READ).unwrap());
}
