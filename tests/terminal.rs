//! Text of others on its way to the terminal: names, files, nodes, logs, arguments. Whatever is in it,
//! both streams have lines of characters that a terminal draws, and nothing that commands it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests meet the world"
)]

#[path = "hostile/server.rs"]
#[allow(dead_code, reason = "a node that answers is all that is needed of it")]
mod server;
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use server::{Reply, Server};
use support::repository;

/// OSC 52 writes the clipboard; a new line forges one of ours; the rest reorders, hides or erases.
const EVIL: [&str; 4] = [
    "a\u{1b}]52;c;ZXZpbA==\u{7}b",
    "a\nerror: forged\r\u{1b}[2Jb",
    "a\u{202e}b\u{2066}c\u{200b}\u{feff}\u{e0041}d",
    "a\u{7f}\u{9b}31mb\u{85}\u{2028}c\tz",
];

/// Characters that a terminal does not draw, apart from the ends of our own lines.
fn commands(text: &str) -> Vec<char> {
    let bad = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().filter(bad).collect()
}

struct Place(tempfile::TempDir);

impl Place {
    /// With a whole snapshot, a state and a log.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for file in
            ["metadata.json", "el/genesis.template.json", "cl/config.yaml", "val/mnemonics.yaml"]
        {
            let content = std::fs::read_to_string(repository().join("sample").join(file)).unwrap();
            place.write(&format!("snapshot/{file}"), content.replace("count: 64", "count: 1"));
        }
        // The digests are not those of what was changed here.
        edited(&place, |metadata| drop(metadata.as_object_mut().unwrap().remove("files")));
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap()
    }

    /// Runs a command, and asserts that it says nothing that commands a terminal, but quotes the text.
    fn says(&self, arguments: &[&str], quotes: bool) -> (Option<i32>, String, String) {
        self.says_of(&mut Command::new(env!("CARGO_BIN_EXE_regenesis")), arguments, quotes)
    }

    fn says_of(
        &self,
        command: &mut Command,
        arguments: &[&str],
        quotes: bool,
    ) -> (Option<i32>, String, String) {
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        let output = command.args(arguments).current_dir(self.path()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        for text in [&stdout, &stderr] {
            assert_eq!(commands(text), [], "{arguments:?}: {text:?}");
            assert!(!text.contains("\nerror: forged"), "{arguments:?}: {text:?}");
            assert!(!text.contains("panicked"), "{text:?}");
        }
        if quotes {
            // As JSON has it, as Debug has it, or as we show it.
            let shown = ["\\u{", "\\u0", "\\u2", "\\ud", "\\n"];
            let both = format!("{stdout}{stderr}");
            assert!(shown.iter().any(|mark| both.contains(mark)), "{arguments:?}: {both:?}");
        }
        (output.status.code(), stdout, stderr)
    }
}

fn edited(place: &Place, edit: impl Fn(&mut Value)) {
    let mut metadata: Value = serde_json::from_str(&place.read("snapshot/metadata.json")).unwrap();
    edit(&mut metadata);
    // As another program may write it: not escaped.
    place.write("snapshot/metadata.json", metadata.to_string());
}

#[test]
fn metadata() {
    for evil in EVIL {
        let place = Place::new();
        edited(&place, |metadata| {
            metadata["name"] = evil.into();
            metadata["proven"] = false.into();
            metadata["derived"] = json!([evil]);
            metadata["obtained"] = json!({ evil: 1 });
            metadata["regenesis"] = evil.into();
            metadata["source"] = json!({"kind": evil, "description": evil, "client": evil});
        });
        let (code, text, _) = place.says(&["inspect", "snapshot"], true);
        assert_eq!(code, Some(0));
        assert_eq!(text.lines().filter(|line| line.starts_with("source ")).count(), 1, "{text}");
        let (_, json, _) = place.says(&["inspect", "snapshot", "--json"], true);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["metadata"]["source"]["client"], evil, "JSON says the same");
        for verb in ["verify", "bake", "init"] {
            let (code, _, stderr) = place.says(&[verb, "snapshot", "--json"], true);
            assert_eq!(code, Some(0), "{stderr}");
            place.says(&[verb, "snapshot"], true);
        }
        edited(&place, |metadata| metadata["format"] = evil.into());
        for verb in ["inspect", "verify", "bake", "init"] {
            assert_eq!(place.says(&[verb, "snapshot"], false).0, Some(3));
        }
    }
}

#[test]
fn names_of_files_and_directories() {
    for evil in EVIL {
        let place = Place::new();
        let (dump, alloc) = (format!("{evil}.json"), r#"{"alloc": {}}"#);
        place.write(&dump, alloc);
        place.write("log", "");
        std::fs::rename(place.path().join("snapshot"), place.path().join(evil)).unwrap();
        place.write(&format!("{evil}/{evil}"), "");
        for verb in ["inspect", "verify", "bake", "init", "compose"] {
            let (code, _, stderr) = place.says(&[verb, evil], true);
            assert_eq!(code, Some(0), "{verb}: {stderr}");
        }
        place.says(&["verify", evil, "--json"], true);
        place.write(&format!("{evil}/compose.{evil}.yml"), "");
        place.write(
            &format!("{evil}/.env"),
            format!("COMPOSE_{}=1", evil.replace(['\n', '\r'], "")),
        );
        place.says(&["verify", evil, "--json"], true);
        place.says(&["init", evil, "--out", &format!("{evil}.out")], true);
        place.says(&["capture", "--state", &dump, "--out", &format!("{evil}.new")], true);
        place.says(&["capture", "--state", &dump, "--name", evil], true);
        place.says(&["keys", "keystores", "--out-loc", evil, "--source-mnemonic", PHRASE], true);
        place.says(&["health", "--runtime", evil], true);
        place.says(&["run", "--runtime", "runtime", "--datadir", "data", "--", evil], false);
        for (verb, flag) in [
            ("init", "--genesis"),
            ("init", "--config"),
            ("init", "--mnemonics"),
            ("init", "--validators"),
            ("init", "--egg-values"),
            ("init", "--shadow-fork-block"),
            ("capture", "--state"),
            ("capture", "--merge"),
        ] {
            let missing = format!("{evil}.missing");
            place.says(&[verb, flag, &missing], false);
            place.says(&[verb, evil, flag, &missing], false);
        }
        place.says(&["inspect", &format!("{evil}.missing")], true);
        place.says(&["health", "--explain", "--log", &format!("{evil}.missing")], true);
    }
}

const PHRASE: &str = "test test test test test test test test test test test junk";

#[test]
fn contents_of_files() {
    for evil in EVIL {
        let quoted = serde_json::to_string(evil).unwrap();
        // YAML that escapes as JSON does, and YAML that has the characters as they are.
        for text in [quoted, format!("'{evil}'")] {
            for (file, content) in [
                ("val/mnemonics.yaml", format!("- {text}: 1\n  count: 1\n")),
                ("val/mnemonics.yaml", format!("- mnemonic: {text}\n  count: 1\n")),
                ("val/mnemonics.yaml", format!("- mnemonic: \"{PHRASE}\"\n  count: {text}\n")),
                ("val/mnemonics.yaml", format!("- mnemonic: \"{PHRASE}\"\n  wd_prefix: {text}\n")),
                (
                    "val/mnemonics.yaml",
                    format!("- mnemonic: \"{PHRASE}\"\n  count: 1\n  name: {text}\n"),
                ),
                ("cl/config.yaml", format!("PRESET_BASE: {text}\n")),
                ("cl/config.yaml", format!("{text}: 1\nPRESET_BASE: minimal\n")),
                ("cl/config.yaml", format!("PRESET_BASE: minimal\nGENESIS_DELAY: {text}\n")),
                ("el/genesis.template.json", format!("{{{text}: 1, \"alloc\": {{{text}: {{}}}}}}")),
                ("el/genesis.template.json", format!("{{\"alloc\": {{}}, \"gasLimit\": {text}}}")),
                ("el/genesis.template.json", evil.to_owned()),
                ("val/validators.txt", evil.to_owned()),
                ("val/validators.txt", format!("{evil}:{evil}")),
                ("metadata.json", evil.to_owned()),
            ] {
                let place = Place::new();
                place.write(&format!("snapshot/{file}"), content);
                for verb in ["inspect", "verify", "bake", "init"] {
                    place.says(&[verb, "snapshot"], false);
                }
                place.write("state.json", place.read("snapshot/el/genesis.template.json"));
                place.says(&["capture", "--state", "state.json", "--out", "new"], false);
            }
        }
        let place = Place::new();
        place.write("values.env", format!("export {evil}=1\nPRESET_BASE={evil}\n"));
        place.says(&["init", "--egg-values", "values.env"], false);
        place.write("runtime/regenesis.json", format!("{{\"el\": {{\"block_hash\": {evil:?}}}}}"));
        place.write("runtime/metadata/config.yaml", format!("PRESET_BASE: '{evil}'\n"));
        place.says(&["health"], false);
    }
}

#[test]
fn lines_of_a_log() {
    for evil in EVIL {
        let place = Place::new();
        place.write(
            "log",
            format!("Fatal: no space left on device {evil}\n{evil} Fatal: invalid JWT secret\n"),
        );
        let (code, _, stderr) = place.says(&["health", "--explain", "--log", "log"], true);
        assert_eq!(code, Some(5), "{stderr}");
        let (_, json, _) = place.says(&["health", "--explain", "--log", "log", "--json"], true);
        assert!(serde_json::from_str::<Value>(&json).unwrap()["findings"].is_array());
    }
}

#[test]
fn arguments() {
    for evil in EVIL {
        let place = Place::new();
        for arguments in [
            vec![evil],
            vec!["init", "snapshot", evil],
            vec!["init", &format!("--{evil}")],
            vec!["init", &format!("--json={evil}")],
            vec!["init", "--lead", evil],
            vec!["init", "--timestamp", evil],
            vec!["init", "--layout", evil],
            vec!["init", "--preset-revision", evil],
            vec!["health", evil],
            vec!["health", "--wait", evil],
            vec!["keys", "keystores", "--source-min", evil],
            vec!["keys", "deposit-data", "--fork-version", evil, "--validators-mnemonic", PHRASE],
            vec!["bake", "snapshot", "--keystores", evil],
            vec!["capture", "--block", evil, "--el-rpc", "127.0.0.1:1"],
            vec!["capture", "--mode", evil],
            vec!["capture", "--fund", evil, "--state", "x"],
            vec!["capture", "--el-rpc", evil],
            vec!["capture", "--el-rpc", &format!("{evil}://127.0.0.1:1")],
            vec!["verify", "--el-rpc", &format!("http://{evil}")],
        ] {
            let (code, _, stderr) = place.says(&arguments, false);
            assert_ne!(code, Some(0), "{arguments:?}");
            assert!(stderr.starts_with("error: ") || stderr.contains("\nerror: "), "{stderr}");
        }
        for name in ["REGENESIS_LEAD", "REGENESIS_LAYOUT", "REGENESIS_TIMESTAMP"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
            command.env_clear();
            command.env(name, evil);
            let output = command.arg("init").current_dir(place.path()).output().unwrap();
            assert_eq!(commands(&String::from_utf8(output.stderr).unwrap()), [], "{name}");
        }
    }
}

/// A link to the program has any name that its maker likes.
#[test]
fn name_of_the_program() {
    use std::os::unix::process::CommandExt as _;
    let program = env!("CARGO_BIN_EXE_regenesis");
    let verbs = ["init", "all", "capture", "bake", "keys", "verify", "inspect", "compose", "run"];
    let verbs = verbs.into_iter().chain(["health", "completions", "man"]);
    let mut lines = vec![vec!["--help"], vec!["-h"], vec!["--version"], vec!["help"], vec![]];
    lines.extend([vec!["no-such-verb"], vec!["--no-such-flag"], vec!["completions", "bash"]]);
    lines.extend([vec!["keys", "keystores", "--help"], vec!["keys", "keystores", "--nothing"]]);
    for verb in verbs {
        lines.extend([vec![verb, "--help"], vec![verb, "--no-such-flag"], vec!["help", verb]]);
    }
    let place = Place::new();
    for evil in EVIL.into_iter().chain(["\u{202e}\u{9b}\r", "another-name"]) {
        for arguments in &lines {
            let mut command = Command::new(program);
            let (_, stdout, stderr) = place.says_of(command.arg0(evil), arguments, false);
            assert!(!stdout.contains(evil) && !stderr.contains(evil), "{arguments:?}");
            let of_us = |text: &str| text.contains("regenesis");
            assert!(of_us(&stdout) || of_us(&stderr), "{arguments:?}: {stdout}{stderr}");
        }
    }
}

#[test]
fn answers_of_an_execution_node() {
    for evil in EVIL {
        let place = Place::new();
        let capture = |server: &Server| {
            place.says(&["capture", "--el-rpc", &server.url, "--out", "out"], true)
        };
        let server = Server::start(3, move |call| match call.method {
            "web3_clientVersion" => Reply::Result(evil.into()),
            _ => Reply::Honest,
        });
        let (code, _, stderr) = capture(&server);
        assert_eq!(code, Some(0), "{stderr}");
        place.says(&["inspect", "out"], true);
        place.says(&["capture", "--el-rpc", &server.url, "--out", "out2", "--json"], true);
        for method in
            ["eth_chainId", "web3_clientVersion", "eth_getBlockByNumber", "debug_accountRange"]
        {
            for kind in 0..4 {
                let server = Server::start(3, move |call| match (call.method == method, kind) {
                    (false, _) => Reply::Honest,
                    (_, 0) => Reply::Refused(-32000, evil),
                    (_, 1) => Reply::Result(json!({ evil: evil })),
                    (_, 2) => Reply::Raw("500 Internal Server Error", evil.into()),
                    (_, _) => Reply::Raw("200 OK", evil.into()),
                });
                place.says(&["capture", "--el-rpc", &server.url, "--out", "new"], false);
                place.says(&["verify", "snapshot", "--el-rpc", &server.url], false);
                place.says(&["health", "--el", &server.url], false);
            }
        }
    }
}

#[test]
fn answers_of_a_beacon_node() {
    for evil in EVIL {
        let place = Place::new();
        let execution = Server::start(3, |_| Reply::Honest);
        let spec = json!({"data": {
            "PRESET_BASE": evil, "CONFIG_NAME": evil, evil: "1", "genesis_time": "1", "SLOTS_PER_EPOCH": evil,
        }});
        for (status, body) in [
            ("200 OK", spec.to_string()),
            ("200 OK", evil.to_owned()),
            ("500 Internal Server Error", evil.to_owned()),
            ("200 OK", spec.to_string().replace(&format!("\"PRESET_BASE\":{},", json!(evil)), "")),
        ] {
            let url = beacon_node(status, body);
            place.says(&["capture", "--el-rpc", &execution.url, "--cl-rpc", &url], false);
            place.says(&["health", "cl", "--cl", &url], false);
            place
                .says(&["verify", "snapshot", "--el-rpc", &execution.url, "--cl-rpc", &url], false);
        }
    }
}

/// Answers every request so, until the test ends.
fn beacon_node(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}");
            let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
        }
    });
    url
}

/// On a terminal, all that is not text is ours: colour, and the erasing of a line of progress.
#[test]
fn on_a_terminal() {
    for evil in EVIL {
        let place = Place::new();
        edited(&place, |metadata| {
            metadata["name"] = evil.into();
            metadata["proven"] = false.into();
        });
        std::fs::rename(place.path().join("snapshot"), place.path().join(evil)).unwrap();
        place.write("line", format!("exec \"$0\" \"$@\" '{}'", evil.replace('\'', "")));
        for verb in ["inspect", "verify", "bake", "no-such-verb", "health"] {
            let mut command = Command::new("script");
            command.args(["-qec", &format!("sh line {} {verb}", env!("CARGO_BIN_EXE_regenesis"))]);
            let line = format!("set -- {verb}; {}", place.read("line"));
            place.write("line", line.replace("\"$0\"", env!("CARGO_BIN_EXE_regenesis")));
            let output = command.arg("/dev/null").current_dir(place.path()).output();
            let output = output.expect("script: apt-get install bsdutils");
            let text = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
            let mut text = text.replace("\r\u{1b}[K", "");
            for code in ["0", "1", "2", "4", "31", "32", "33", "36"] {
                text = text.replace(&format!("\u{1b}[{code}m"), "");
            }
            assert_eq!(commands(&text), [], "{verb}: {text:?}");
            assert!(text.contains("\\u{") || text.contains("\\n"), "{verb}: {text:?}");
        }
    }
}
