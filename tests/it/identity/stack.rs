//! A snapshot, a runtime directory, and a client that runs on it.

use crate::support::{Place, text};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use super::Edit;

pub struct Stack(Place);

impl std::ops::Deref for Stack {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

/// A client that is killed at the end of its test.
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
        Self(Place::with_sample())
    }

    pub fn edited(edit: Edit<'_>) -> Self {
        let stack = Self::new();
        stack.edit_snapshot("snapshot", edit);
        stack
    }

    pub fn edit_snapshot(&self, snapshot: &str, (file, from, to): Edit<'_>) {
        self.edit(Path::new(snapshot).join(file), from, to);
    }

    pub fn init(&self, arguments: &[&str]) -> Output {
        self.command(&[&["init"], arguments].concat()).output().unwrap()
    }

    /// `regenesis init`, which must succeed; returns the messages.
    pub fn inits(&self, arguments: &[&str]) -> String {
        let output = self.init(arguments);
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    }

    /// `regenesis init`, which must fail with this code; returns the messages.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.init(arguments);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        assert!(output.stdout.is_empty() && !text(&output).contains("panicked"));
        text(&output)
    }

    pub fn summary(&self) -> serde_json::Value {
        self.json("runtime/regenesis.json")
    }

    pub fn run_id(&self) -> String {
        self.summary()["run_id"].as_str().unwrap().to_owned()
    }

    /// A client that has locked the genesis when this returns.
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

/// The next line of a client's output.
pub fn next_line(client: &mut Client) -> String {
    let mut line = String::new();
    // Byte by byte: bytes read beyond the line would be lost to the next call.
    let stderr = client.0.stderr.as_mut().unwrap();
    BufReader::with_capacity(1, stderr).read_line(&mut line).unwrap();
    line
}
