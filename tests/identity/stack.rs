//! A snapshot, a runtime directory, and a client that runs on it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::Edit;

const PROGRAM: &str = env!("CARGO_BIN_EXE_regenesis");
/// What is copied of the sample: without its bake.
const FILES: [&str; 4] =
    ["metadata.json", "el/genesis.template.json", "cl/config.yaml", "val/mnemonics.yaml"];

pub struct Stack(tempfile::TempDir);

/// A client that ends with its test.
pub struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stack {
    /// With the sample as `snapshot`.
    pub fn new() -> Self {
        let stack = Self(tempfile::tempdir().unwrap());
        stack.add_snapshot("snapshot");
        stack
    }

    pub fn edited(edit: Edit<'_>) -> Self {
        let stack = Self::new();
        stack.edit("snapshot", edit);
        stack
    }

    pub fn add_snapshot(&self, name: &str) {
        for file in FILES {
            let copy = self.at(name).join(file);
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample").join(file);
            std::fs::copy(sample, copy).unwrap();
        }
    }

    pub fn edit(&self, snapshot: &str, (file, from, to): Edit<'_>) {
        let path = self.at(snapshot).join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{file} has no {from}");
        std::fs::write(path, edited).unwrap();
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
            command.env_remove(key);
        }
        command.args(arguments).current_dir(self.0.path());
        command
    }

    pub fn init(&self, arguments: &[&str]) -> Output {
        self.command(&[&["init"], arguments].concat()).output().unwrap()
    }

    /// `regenesis init`, which must succeed; what it said.
    pub fn inits(&self, arguments: &[&str]) -> String {
        let output = self.init(arguments);
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    }

    /// `regenesis init`, which must fail with this code; what it said.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.init(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        assert!(output.stdout.is_empty() && !text(&output).contains("panicked"));
        text(&output)
    }

    pub fn summary(&self) -> serde_json::Value {
        let marker = std::fs::read(self.at("runtime/regenesis.json")).unwrap();
        serde_json::from_slice(&marker).unwrap()
    }

    pub fn run_id(&self) -> String {
        self.summary()["run_id"].as_str().unwrap().to_owned()
    }

    /// A client, which holds the genesis when this returns.
    pub fn client(&self) -> Client {
        let mut client = self.spawn();
        assert!(next_line(&mut client).starts_with("run "));
        client
    }

    /// A client that may have to wait for a genesis.
    pub fn spawn(&self) -> Client {
        let mut command = self.command(&["run", "--", "sleep", "1000"]);
        Client(command.stderr(Stdio::piped()).spawn().unwrap())
    }
}

/// The next line that a client writes.
pub fn next_line(client: &mut Client) -> String {
    let mut line = String::new();
    // One byte at a time: what is read too far is lost to the next call.
    let stderr = client.0.stderr.as_mut().unwrap();
    BufReader::with_capacity(1, stderr).read_line(&mut line).unwrap();
    line
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
