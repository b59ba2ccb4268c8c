//! `capture --out` on something that is there.

use crate::support::{PROGRAM, eventually};
use std::os::unix::fs::symlink;

use regenesis::FileDigest;
use regenesis::snapshot::metadata;

use super::{CAPTURE, Home, State, assert_kept};

/// Files of the user in and around a snapshot.
const USERS: [&str; 10] = [
    "out/.env",
    "out/NOTES.md",
    "out/contracts/A.sol",
    "out/.git/HEAD",
    "out/el/notes.txt",
    "out/el/genesis.json.bak",
    "out/val/extra",
    "out/baked/mine",
    "out/metadata.json.orig",
    "out/new/old/lock",
];

fn users(home: &Home) -> State {
    USERS.iter().for_each(|path| drop(home.write(path, path)));
    home.state("out")
        .into_iter()
        .filter(|(path, _)| USERS.iter().any(|user| home.at(user) == *path))
        .collect()
}

#[test]
fn a_directory_that_capture_did_not_write_is_refused() {
    let hand_made = r#"{"format": 1, "name": "x", "chain_id": 1}"#;
    for metadata in [
        r#"{"name":"my NFT"}"#,
        "",
        "[]",
        "{",
        "[1, \"x\", 1]",
        r#"{"format": 2, "name": "x", "chain_id": 1, "regenesis": "9.0.0"}"#,
        hand_made,
    ] {
        let home = Home::new();
        home.write("out/metadata.json", metadata);
        home.write("out/thesis.tex", "all of it");
        home.write("out/art/1.png", "art");
        home.refuses(&CAPTURE, "out: has files, and is not a snapshot");
    }
    for script in [
        "mkdir out; echo mine >out/thesis.tex",
        "mkdir -p out/el; echo mine >out/el/genesis.template.json",
        "mkdir out; touch out/.hidden",
        "mkdir -p out/metadata.json/x",
        "mkdir out; mkfifo out/metadata.json",
        "echo mine >out",
        "ln -s nowhere out",
        "ln -s \"$PWD/genesis.json\" out",
    ] {
        let home = Home::new();
        home.shell(script);
        home.refuses(&CAPTURE, "out");
    }
    // Through the eyes of its owner it is here.
    let home = Home::new();
    home.write("thesis.tex", "all of it");
    home.refuses(&["capture", "--state", "genesis.json", "--out", "."], ".: has files");
}

#[test]
fn a_directory_with_the_name_of_the_work_directory_is_refused() {
    let home = Home::new();
    // A capture that was interrupted: its directory, and a copy of it.
    home.write("other/genesis.json", "{");
    for script in [
        "mkdir out.capture",
        "mkdir -p out.capture/mine; echo mine >out.capture/mine/file",
        "mkdir mine; ln -s mine out.capture",
        "ln -s nowhere out.capture",
        "echo mine >out.capture",
        "mkdir out.capture; echo 'regenesis mark 1: capture in out.capture, inode 1, born 1.0' >out.capture/mark",
        "mkdir -p out/.regenesis-capture; echo mine >out/.regenesis-capture/file",
        "mkdir out mine; ln -s ../mine out/.regenesis-capture",
    ] {
        home.shell(&format!("rm -rf out out.capture mine; {script}"));
        home.refuses(&CAPTURE, "has the name of a working directory");
        // Neither when the capture would fail, nor when there is no node.
        home.refuses(
            &["capture", "--state", "other/genesis.json", "--out", "out"],
            "working directory",
        );
        home.refuses(&["capture", "--el-rpc", "127.0.0.1:1", "--out", "out"], "working directory");
    }
}

#[test]
fn files_of_an_enclaves_services_go_with_their_capture() {
    let home = Home::new();
    let path = "services/001/aggkit-001/etc/aggkit/config.toml";
    let captured = || {
        home.capture();
        home.shell("rm -r out/baked");
        home.write(format!("out/{path}"), "a = 1\n");
        let mut metadata = metadata::parse(home.read("out/metadata.json").as_bytes()).unwrap();
        metadata.files.insert(path.to_owned(), FileDigest::of(path, b"a = 1\n"));
        home.write("out/metadata.json", String::from_utf8(metadata.to_json()).unwrap());
    };
    captured();
    home.ok(&["verify", "out"]);
    home.ok(&CAPTURE);
    assert!(!home.at("out/services/001").exists());
    // One that was edited, and one that is the user's, stay.
    captured();
    home.write(format!("out/{path}"), "a = 2\n");
    home.refuses(&CAPTURE, path);
    home.ok(&["edit", "out"]);
    home.ok(&["verify", "out"]);
    home.write("out/services/001/notes.md", "mine");
    home.ok(&CAPTURE);
    assert_eq!(home.read("out/services/001/notes.md"), "mine");
    assert!(!home.at("out/services/001/aggkit-001").exists());
}

#[test]
fn user_files_in_a_snapshot_stay() {
    let home = Home::new();
    home.capture();
    let users = users(&home);
    assert_eq!(users.len(), USERS.len());
    let old = home.read("out/metadata.json");
    home.ok(&[&CAPTURE[..], &["--slot-time", "3"]].concat());
    assert_kept(&users, &home.state("out"));
    assert!(home.read("out/cl/config.yaml").contains("SECONDS_PER_SLOT: 3"));
    assert_ne!(home.read("out/metadata.json"), old);
    assert!(!home.at("out/.regenesis-capture").exists());
    home.ok(&["verify", "out"]);
    // A capture that fails changes nothing at all.
    let before = home.state("out");
    home.write("bad.json", "{\"alloc\": {\"0x1\": {}}}");
    let output = home.run(&["capture", "--state", "bad.json", "--out", "out"]);
    assert_ne!(output.code, Some(0));
    assert_eq!(home.state("out"), before);
}

#[test]
fn every_edited_file_of_a_snapshot_is_named() {
    let files = {
        let home = Home::new();
        home.capture();
        let files = home.state("out").into_keys().filter(|path| path.is_file());
        files
            .map(|path| path.strip_prefix(home.path()).unwrap().display().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(files.len(), 9, "{files:?}");
    for file in files {
        for edit in ["printf ' ' >>X", "printf @ | dd of=X conv=notrunc status=none", ": >X"] {
            let home = Home::new();
            home.capture();
            home.shell(&edit.replace('X', &file));
            if file.ends_with("docker-compose.yml") || file.ends_with("up.sh") {
                let edited = home.state(&file);
                let said = home.ok(&CAPTURE);
                assert!(
                    said.contains(&format!("{file} was edited and is left unchanged")),
                    "{said}"
                );
                assert_eq!(home.state(&file), edited);
            } else {
                // If it is no longer JSON, nothing shows that the directory is ours.
                let path = if file == "out/metadata.json" { "out" } else { &file };
                home.refuses(&CAPTURE, path);
            }
        }
    }
    // A value that reads as well as the one before; with and without a bake that binds it.
    for prepare in ["", "rm -r out/baked"] {
        let home = Home::new();
        home.capture();
        let edit = if prepare.is_empty() {
            "s/\"name\": \"out\"/\"name\": \"mine\"/"
        } else {
            "s/: /:  /"
        };
        home.shell(&format!("{prepare}\nsed -i '{edit}' out/metadata.json"));
        home.refuses(&CAPTURE, "out/metadata.json: was edited");
    }
}

#[test]
fn a_snapshot_file_that_capture_did_not_write_is_named() {
    for file in ["val/validators.txt", "el/chain.rlp", "el/head.rlp", "el/genesis.json"] {
        let home = Home::new();
        home.capture();
        home.write(format!("out/{file}"), "mine");
        home.refuses(&CAPTURE, file);
    }
    // A bake whose record is gone: nothing says whose its files are.
    let home = Home::new();
    home.capture();
    home.shell("rm out/baked/bake.json");
    home.refuses(&CAPTURE, "out/baked/validators.bin");
    home.ok(&["bake", "out"]);
    home.capture();
}

#[test]
fn a_list_in_metadata_names_no_other_files() {
    let home = Home::new();
    home.capture();
    home.write("thesis.tex", "mine");
    let digest = super::sha256(b"mine");
    let entry =
        format!("\"files\": {{\"../thesis.tex\": {{\"size\": 4, \"sha256\": \"{digest}\"}},");
    let text = home.read("out/metadata.json").replace("\"files\": {", &entry);
    let value: regenesis::snapshot::metadata::Metadata = serde_json::from_str(&text).unwrap();
    home.write("out/metadata.json", std::str::from_utf8(&value.to_json()).unwrap());
    home.shell("rm -r out/baked");
    home.capture();
    assert_eq!(home.read("thesis.tex"), "mine");
}

#[test]
fn an_empty_directory_is_filled_whatever_its_name() {
    // Here; with what a fresh file system has; through a link.
    let home = Home::new();
    home.shell("mkdir here there; ln -s there link");
    let genesis = home.at("genesis.json");
    let capture = |directory: &str, out: &str| {
        let mut command = home.command(&["capture", "--out", out, "--state"]);
        let output = command.arg(&genesis).current_dir(home.at(directory)).output().unwrap();
        assert!(output.status.success(), "{}", super::text(&output));
        home.has_no_scratch();
    };
    capture("here", ".");
    assert!(home.read("here/metadata.json").contains("\"name\": \"here\""));
    capture("here", ".");
    capture("", "link");
    assert_eq!(std::fs::read_link(home.at("link")).unwrap(), std::path::Path::new("there"));
    capture("", "link/");
    for directory in ["here", "there", "link"] {
        home.ok(&["verify", directory]);
        home.ok(&["inspect", directory]);
        home.ok(&["init", directory]);
    }
    // A link that leads nowhere is no missing snapshot.
    symlink("nowhere", home.at("lost")).unwrap();
    for verb in ["verify", "inspect", "init", "bake", "compose"] {
        let output = home.run(&[verb, "lost"]);
        assert_eq!(output.code, Some(3), "{verb}");
        let said = output.stderr;
        assert!(said.contains("lost: it is a symbolic link to nowhere: "), "{verb}: {said}");
    }
    home.ok(&["bake", "link"]);
    home.ok(&["compose", "link"]);
}

#[test]
fn user_files_in_the_work_directory_survive_its_end() {
    use std::io::Write;
    for place in ["out.capture", "out/.regenesis-capture"] {
        let home = Home::new();
        if place.starts_with("out/") {
            home.capture();
        }
        let mut command = home.command(&["capture", "--state", "/dev/stdin", "--out", "out"]);
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Open until the end.
        let mut stdin = child.stdin.take().unwrap();
        let begun = home.read("genesis.json").into_bytes();
        stdin.write_all(&begun[..begun.len() / 2]).unwrap();
        // From here on, a signal removes the accounts collected so far.
        eventually("the capture collects", || home.has(format!("{place}/alloc")));
        home.write(format!("{place}/mine/notes"), "mine");
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{place}");
        assert_eq!(home.read(format!("{place}/mine/notes")), "mine");
        assert!(!home.at(format!("{place}/alloc")).exists());
        assert!(home.run(&CAPTURE).code == Some(0));
        assert_eq!(home.read(format!("{place}/mine/notes")), "mine");
    }
}

#[test]
fn a_mount_point_is_filled() {
    let home = Home::new();
    let script = "mkdir -p out && mount -t tmpfs none out && mkdir out/lost+found && chmod 0 out/lost+found \
        && \"$0\" capture --state genesis.json --out out && echo mine >out/NOTES.md \
        && \"$0\" capture --state genesis.json --out out && \"$0\" verify out && ls -A out";
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", script, PROGRAM]);
    let output = unshare.current_dir(home.path()).output();
    let output = output.expect("unshare: apt-get install util-linux");
    assert!(output.status.success(), "{}", super::text(&output));
    let names = String::from_utf8_lossy(&output.stdout);
    let names: Vec<_> = names.lines().filter(|line| !line.contains(' ')).collect();
    let all = [
        "NOTES.md",
        "baked",
        "cl",
        "docker-compose.yml",
        "el",
        "lost+found",
        "metadata.json",
        "up.sh",
        "val",
    ];
    assert!(all.iter().all(|name| names.contains(name)), "{names:?}");
    // A directory of the snapshot that is a mount of its own is named before anything is done.
    let script = "mkdir -p out/el && mount -t tmpfs none out/el && exec \"$0\" capture --state genesis.json --out out";
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", script, PROGRAM]);
    let output = unshare.current_dir(home.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(super::text(&output).contains("out/el: is a mount point"), "{}", super::text(&output));
}
