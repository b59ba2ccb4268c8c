//! A secret snapshot: only its owner and the stack's user can read it; others get the reason.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use regenesis::io::access::{READ, SEARCH, allows};

use super::{Home, mode, text};

const STACK: u32 = 65532;
const OTHER: u32 = 65533;
const PHRASE: &str =
    "- mnemonic: test test test test test test test test test test test junk\n  count: 2\n";
const SECRETS: [&str; 2] = ["out/val/mnemonics.yaml", "out/baked/keystores.jsonl"];

/// A secret snapshot in `out`.
fn secret() -> Home {
    let home = Home::new();
    mode(&home.at(""), 0o755);
    home.write("own.yaml", PHRASE);
    mode(&home.at("own.yaml"), 0o600);
    let said =
        home.ok(&["capture", "--state", "genesis.json", "--out", "out", "--mnemonics", "own.yaml"]);
    assert!(said.contains("uid 65532, which the stack runs as, may now read"), "{said}");
    home
}

/// `init` of the snapshot as another user, if this user is root.
fn init_as(home: &Home, user: u32) -> Output {
    let program = home.at("regenesis");
    if !program.exists() {
        home.copy_program();
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
    command.current_dir(home.path()).output().expect("setpriv: apt-get install util-linux")
}

#[test]
fn only_the_stack_can_read_a_secret_snapshot() {
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
    // A later bake has the same permissions.
    home.ok(&["bake", "out", "--keystores", "pbkdf2"]);
    assert!(allows(&home.at(SECRETS[1]), STACK, READ).unwrap());
    assert!(!allows(&home.at(SECRETS[1]), OTHER, READ).unwrap());
}

#[test]
fn compose_grants_the_stack_access_to_an_older_snapshot() {
    let home = secret();
    // Permissions as the first release set them.
    home.shell("cp -r out old; rm -r out; mv old out; chmod 600 out/val/mnemonics.yaml out/baked/keystores.jsonl; chmod 700 out/val out",
    );
    assert!(!allows(&home.at("out/val"), STACK, SEARCH).unwrap());
    if rustix::process::getuid().is_root() {
        let output = init_as(&home, STACK);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("the directory out belongs to uid 0 with mode 0700"), "{said}");
        mode(&home.at("out"), 0o755);
        // A file in an unreadable directory is not reported as missing.
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
    // A second run changes nothing.
    let said = home.ok(&["compose", "out"]);
    assert!(!said.contains("uid 65532"), "{said}");
}

#[test]
fn a_public_snapshot_needs_no_grant() {
    let home = Home::new();
    let said = home.ok(&super::CAPTURE);
    assert!(!said.contains("uid 65532"), "{said}");
}

/// A downloaded snapshot may have links to secrets of the user at any of its paths.
#[test]
fn compose_grants_nothing_through_a_link() {
    let cases = [
        ("a file it does not use", "el/genesis.json", "ln -s ~/k2 el/genesis.json"),
        ("a link to a link", "el/genesis.json", "ln -s ~/k2 el/hop; ln -s hop el/genesis.json"),
        ("a link to nowhere", "el/genesis.json", "ln -s ~/late el/genesis.json"),
        ("a file of the history", "el/head.rlp", "ln -s ~/k2 el/head.rlp"),
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
        home.write("ssh/k2", "secret");
        home.shell(&format!(
            "cp -r out old; rm -r out; mv old out; HOME={}; cd out; {script}; \
                 find ~ -type f -exec chmod 600 {{}} +; find ~ -type d -exec chmod 700 {{}} +",
            outside.display()
        ));
        let before = home.state("ssh");
        let said = home.ok(&["compose", "out"]);
        assert!(
            said.contains(&format!("warning: out/{link} is a symbolic link")),
            "{what}: {said}"
        );
        assert_eq!(home.state("ssh"), before, "{what}");
        for path in crate::support::runtime::tree(&outside) {
            let right = if path.is_dir() { SEARCH } else { READ };
            assert!(!allows(&path, STACK, right).unwrap(), "{what}: {}", path.display());
        }
    }
}

#[test]
fn compose_grants_nothing_for_unused_files() {
    let home = secret();
    home.write("out/el/genesis.json", "secret");
    mode(&home.at("out/el/genesis.json"), 0o600);
    let said = home.ok(&["compose", "out"]);
    assert!(!said.contains("out/el/genesis.json"), "{said}");
    assert!(!allows(&home.at("out/el/genesis.json"), STACK, READ).unwrap());
}
