//! Foreign text on its way to the terminal: names, files, nodes, logs, arguments. Whatever it contains,
//! both streams consist of printable lines, without control characters that a terminal obeys.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::hostile::server::{Reply, Server};
use crate::support::{PROGRAM, Place, regenesis, without_variables};
use serde_json::{Value, json};

/// OSC 52 writes the clipboard; the new line forges an error; the others reorder, hide or erase text.
const EVIL: [&str; 4] = [
    "a\u{1b}]52;c;ZXZpbA==\u{7}b",
    "a\nerror: forged\r\u{1b}[2Jb",
    "a\u{202e}b\u{2066}c\u{200b}\u{feff}\u{e0041}d",
    "a\u{7f}\u{9b}31mb\u{85}\u{2028}c\tz",
];

/// Characters that a terminal does not draw, except line ends.
fn commands(text: &str) -> Vec<char> {
    let bad = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().filter(bad).collect()
}

/// A place where every command is checked for output that a terminal obeys.
struct Terminal(Place);

impl std::ops::Deref for Terminal {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Terminal {
    /// With a snapshot of one validator.
    fn new() -> Self {
        let place = Place::with_sample();
        place.edit("snapshot/val/mnemonics.yaml", "count: 64", "count: 1");
        // The digests of the sample do not match the edited file.
        edited(&place, |metadata| drop(metadata.as_object_mut().unwrap().remove("files")));
        Self(place)
    }

    /// Runs a command and asserts that its output has no control characters and, if `quotes`, escaped text.
    fn says(&self, arguments: &[&str], quotes: bool) -> (Option<i32>, String, String) {
        self.says_of(&mut regenesis(), arguments, quotes)
    }

    fn says_of(
        &self,
        command: &mut Command,
        arguments: &[&str],
        quotes: bool,
    ) -> (Option<i32>, String, String) {
        without_variables(command);
        let output = command.args(arguments).current_dir(self.path()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        for text in [&stdout, &stderr] {
            assert_eq!(commands(text), [], "{arguments:?}: {text:?}");
            assert!(!text.contains("\nerror: forged"), "{arguments:?}: {text:?}");
            assert!(!text.contains("panicked"), "{text:?}");
        }
        if quotes {
            // Escaped by JSON, by Debug, or by regenesis.
            let shown = ["\\u{", "\\u0", "\\u2", "\\ud", "\\n"];
            let both = format!("{stdout}{stderr}");
            assert!(shown.iter().any(|mark| both.contains(mark)), "{arguments:?}: {both:?}");
        }
        (output.status.code(), stdout, stderr)
    }
}

fn edited(place: &Place, edit: impl Fn(&mut Value)) {
    let mut metadata = place.json("snapshot/metadata.json");
    edit(&mut metadata);
    // Not escaped, as another program may write it.
    place.write("snapshot/metadata.json", metadata.to_string());
}

#[test]
fn metadata_is_escaped() {
    for evil in EVIL {
        let place = Terminal::new();
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
        assert_eq!(json["metadata"]["source"]["client"], evil, "JSON has the original text");
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
fn names_of_files_and_directories_are_escaped() {
    for evil in EVIL {
        let place = Terminal::new();
        let (dump, alloc) = (format!("{evil}.json"), r#"{"alloc": {}}"#);
        place.write(&dump, alloc);
        place.write("log", "");
        // `inspect` shows the directory of a snapshot without a name.
        edited(&place, |metadata| metadata["name"] = "".into());
        std::fs::rename(place.at("snapshot"), place.at(evil)).unwrap();
        place.write(format!("{evil}/{evil}"), "");
        for verb in ["inspect", "verify", "bake", "init", "compose"] {
            let (code, _, stderr) = place.says(&[verb, evil], true);
            assert_eq!(code, Some(0), "{verb}: {stderr}");
        }
        place.says(&["verify", evil, "--json"], true);
        place.write(format!("{evil}/compose.{evil}.yml"), "");
        place
            .write(format!("{evil}/.env"), format!("COMPOSE_{}=1", evil.replace(['\n', '\r'], "")));
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
fn contents_of_files_are_escaped() {
    for evil in EVIL {
        let quoted = serde_json::to_string(evil).unwrap();
        // YAML with JSON's escapes, and YAML with the raw characters.
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
                let place = Terminal::new();
                place.write(format!("snapshot/{file}"), content);
                for verb in ["inspect", "verify", "bake", "init"] {
                    place.says(&[verb, "snapshot"], false);
                }
                place.write("state.json", place.read("snapshot/el/genesis.template.json"));
                place.says(&["capture", "--state", "state.json", "--out", "new"], false);
            }
        }
        let place = Terminal::new();
        place.write("values.env", format!("export {evil}=1\nPRESET_BASE={evil}\n"));
        place.says(&["init", "--egg-values", "values.env"], false);
        place.write("runtime/regenesis.json", format!("{{\"el\": {{\"block_hash\": {evil:?}}}}}"));
        place.write("runtime/metadata/config.yaml", format!("PRESET_BASE: '{evil}'\n"));
        place.says(&["health"], false);
    }
}

#[test]
fn lines_of_a_log_are_escaped() {
    for evil in EVIL {
        let place = Terminal::new();
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
fn arguments_are_escaped() {
    for evil in EVIL {
        let place = Terminal::new();
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
            let mut command = regenesis();
            command.env_clear();
            command.env(name, evil);
            let output = command.arg("init").current_dir(place.path()).output().unwrap();
            assert_eq!(commands(&String::from_utf8(output.stderr).unwrap()), [], "{name}");
        }
    }
}

/// A link to the program can have any name.
#[test]
fn the_name_of_the_program_is_not_printed() {
    use std::os::unix::process::CommandExt as _;
    let program = PROGRAM;
    let verbs = ["init", "all", "capture", "bake", "keys", "verify", "inspect", "compose", "run"];
    let verbs = verbs.into_iter().chain(["health", "completions", "man"]);
    let mut lines = vec![vec!["--help"], vec!["-h"], vec!["--version"], vec!["help"], vec![]];
    lines.extend([vec!["no-such-verb"], vec!["--no-such-flag"], vec!["completions", "bash"]]);
    lines.extend([vec!["keys", "keystores", "--help"], vec!["keys", "keystores", "--nothing"]]);
    for verb in verbs {
        lines.extend([vec![verb, "--help"], vec![verb, "--no-such-flag"], vec!["help", verb]]);
    }
    let place = Terminal::new();
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
fn answers_of_an_execution_node_are_escaped() {
    for evil in EVIL {
        let place = Terminal::new();
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
                let calls = Arc::new(AtomicUsize::new(0));
                let counter = Arc::clone(&calls);
                let server = Server::start(3, move |call| {
                    if call.method != method {
                        return Reply::Honest;
                    }
                    counter.fetch_add(1, Ordering::SeqCst);
                    match kind {
                        0 => Reply::Refused(-32000, evil),
                        1 => Reply::Result(json!({ evil: evil })),
                        2 => Reply::Raw("500 Internal Server Error", evil.into()),
                        _ => Reply::Raw("200 OK", evil.into()),
                    }
                });
                place.says(&["capture", "--el-rpc", &server.url, "--out", "new"], false);
                place.says(&["verify", "snapshot", "--el-rpc", &server.url], false);
                place.says(&["health", "--el", &server.url], false);
                assert!(calls.load(Ordering::SeqCst) > 0, "no command calls {method}");
            }
        }
    }
}

#[test]
fn answers_of_a_beacon_node_are_escaped() {
    for evil in EVIL {
        let place = Terminal::new();
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
            let (url, requests) = beacon_node(status, body);
            place.says(&["capture", "--el-rpc", &execution.url, "--cl-rpc", &url], false);
            place.says(&["health", "cl", "--cl", &url], false);
            place
                .says(&["verify", "snapshot", "--el-rpc", &execution.url, "--cl-rpc", &url], false);
            assert!(requests.load(Ordering::SeqCst) > 0, "no command asks the beacon node");
        }
    }
}

/// Gives every request the same answer; returns the address and the number of requests.
fn beacon_node(status: &'static str, body: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}");
            let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
        }
    });
    (url, requests)
}

/// On a terminal, the only control sequences are colours and the erasing of a progress line.
#[test]
fn only_colours_and_erased_lines_reach_a_terminal() {
    for evil in EVIL {
        let place = Terminal::new();
        edited(&place, |metadata| {
            metadata["name"] = evil.into();
            metadata["proven"] = false.into();
        });
        std::fs::rename(place.at("snapshot"), place.at(evil)).unwrap();
        place.write("line", format!("exec \"$0\" \"$@\" '{}'", evil.replace('\'', "")));
        for verb in ["inspect", "verify", "bake", "no-such-verb", "health"] {
            let mut command = Command::new("script");
            command.args(["-qec", &format!("sh line {PROGRAM} {verb}")]);
            let line = format!("set -- {verb}; {}", place.read("line"));
            place.write("line", line.replace("\"$0\"", PROGRAM));
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
