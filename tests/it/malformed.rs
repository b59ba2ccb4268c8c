//! Malformed inputs: the sample snapshot with one error each. Every run must print exactly one
//! `error:` line with file, place, value and remedy, and write nothing.

mod alloc;
mod both;
mod config;
mod files;
mod genesis;
mod mnemonics;
mod validators;
mod values;

use std::collections::HashSet;

use crate::support::{Done, Run};
use rayon::prelude::*;

const METADATA: &str = "metadata.json";
const GENESIS: &str = "el/genesis.template.json";
const CONFIG: &str = "cl/config.yaml";
const MNEMONICS: &str = "val/mnemonics.yaml";
const VALIDATORS: &str = "val/validators.txt";

const SEED: &str = "5eed5eed00112233445566778899aabbccddeeff00112233445566778899aabb";
const JWT: &str = "3e7f3e7f0123456789abcdef0123456789abcdef0123456789abcdef01234567";

/// A change to a file of the snapshot.
#[derive(Debug, Clone)]
enum Edit {
    /// Replaces a text that occurs exactly once.
    Replace(&'static str, String),
    /// Appends a text.
    Append(String),
    /// Replaces the content.
    Write(Vec<u8>),
    Remove,
    /// Replaces the file by a directory.
    Directory,
}

fn replace(old: &'static str, new: impl Into<String>) -> Edit {
    Edit::Replace(old, new.into())
}

fn append(text: impl Into<String>) -> Edit {
    Edit::Append(text.into())
}

fn write(content: impl Into<Vec<u8>>) -> Edit {
    Edit::Write(content.into())
}

/// One malformed input.
#[derive(Debug)]
struct Row {
    name: &'static str,
    edits: Vec<(&'static str, Edit)>,
    args: &'static [&'static str],
    /// Words of the message, besides the path of the first edited file.
    says: &'static [&'static str],
}

/// A row with one edit, and the line or JSON path, value and remedy of its message.
fn row(name: &'static str, file: &'static str, edit: Edit, says: &'static [&'static str]) -> Row {
    Row { name, edits: vec![(file, edit)], args: &[], says }
}

impl Row {
    fn and(mut self, file: &'static str, edit: Edit) -> Self {
        self.edits.push((file, edit));
        self
    }

    fn args(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }

    /// The errors in the behaviour of the program, if any.
    fn faults(&self) -> Vec<String> {
        let Self { edits, args, says, .. } = self;
        let (file, first) = &edits[0];
        let line = edited_line(file, first);
        let run =
            edits.iter().fold(Run::new().snapshot(), |run, (file, edit)| apply(run, file, edit));
        let phrases = std::fs::read(run.directory().join("snapshot").join(MNEMONICS));
        let phrases = String::from_utf8_lossy(&phrases.unwrap_or_default()).into_owned();
        let run = run.arg("snapshot").args(["--seed", SEED, "--jwt", JWT]);
        let done = run.args(*args).run();
        let lines: Vec<&str> = done.stderr.lines().collect();
        let error: Vec<_> = lines.iter().filter(|line| line.starts_with("error: ")).collect();
        let error = if let [error] = error[..] { error } else { "" };
        let remedy = error.contains("expected") || lines.iter().any(|l| l.starts_with("hint: "));
        let mut faults = vec![
            (done.code == Some(3), format!("exit code {:?}", done.code)),
            (!error.is_empty(), "not one line that begins with `error: `".to_owned()),
            (error.contains(&format!("snapshot/{file}")), "no file".to_owned()),
            (remedy, "no remedy".to_owned()),
            (
                lines.iter().all(|line| line.len() < 600),
                "a line of 600 characters or more".to_owned(),
            ),
            (done.stdout.is_empty(), "output".to_owned()),
            (!done.out().exists(), "files".to_owned()),
            (!done.stderr.contains("panicked"), "a panic".to_owned()),
        ];
        for text in *says {
            let text = with_lines(text, line);
            faults.push((done.stderr.contains(&text), format!("does not say {text:?}")));
        }
        faults.extend(
            shown_secrets(&done, &phrases).map(|secret| (false, format!("shows {secret}"))),
        );
        let faults = faults.into_iter().filter(|(fine, _)| !fine).map(|(_, fault)| fault);
        let mut faults: Vec<_> = faults.collect();
        if !faults.is_empty() {
            faults.push(done.stderr);
        }
        faults
    }
}

/// `text` with `@` replaced by a line number, and `@+n` by that number plus n.
fn with_lines(text: &str, line: usize) -> String {
    let after = |text: String, n: usize| text.replace(&format!("@+{n}"), &(line + n).to_string());
    (1..10).fold(text.to_owned(), after).replace('@', &line.to_string())
}

/// The line, from 1, of an edit in a file of the sample; the last line of a replaced content.
fn edited_line(file: &str, edit: &Edit) -> usize {
    let before = match edit {
        Edit::Replace(old, _) => {
            let text = sample(file);
            text[..text.find(old).unwrap_or(0)].to_owned()
        }
        Edit::Append(_) => sample(file),
        Edit::Write(content) => String::from_utf8_lossy(content).into_owned(),
        Edit::Remove | Edit::Directory => String::new(),
    };
    1 + before.matches('\n').count()
}

fn sample(file: &str) -> String {
    std::fs::read_to_string(crate::support::repository().join("sample").join(file)).unwrap()
}

fn apply(run: Run, file: &str, edit: &Edit) -> Run {
    let name = format!("snapshot/{file}");
    let path = run.directory().join(&name);
    match edit {
        Edit::Replace(old, new) => {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches(old).count(), 1, "{old:?} in {file}");
            run.file(&name, text.replace(old, new))
        }
        Edit::Append(text) => {
            let before = std::fs::read_to_string(&path).unwrap();
            run.file(&name, before + text)
        }
        Edit::Write(content) => run.file(&name, content),
        Edit::Remove => {
            std::fs::remove_file(&path).unwrap();
            run
        }
        Edit::Directory => {
            let _ = std::fs::remove_file(&path);
            std::fs::create_dir(&path).unwrap();
            run
        }
    }
}

/// Three consecutive words of a mnemonic of the input, or the value of `--seed` or `--jwt`.
fn shown_secrets<'a>(done: &'a Done, phrases: &'a str) -> impl Iterator<Item = String> + 'a {
    let words = |text: &'a str| -> Vec<&'a str> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| w.len() >= 3);
        words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())).collect()
    };
    let shown: HashSet<_> = words(&done.stderr).windows(3).map(<[_]>::to_vec).collect();
    let phrases: Vec<_> = words(phrases).windows(3).map(<[_]>::to_vec).collect();
    let phrases = phrases.into_iter().filter(move |run| shown.contains(run));
    let secrets = [SEED, JWT].into_iter().filter(|secret| done.stderr.contains(&secret[..12]));
    phrases.map(|run| run.join(" ")).chain(secrets.map(str::to_owned))
}

fn check(rows: &[Row]) {
    let names: HashSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have the same name");
    let faults: Vec<_> = rows
        .par_iter()
        .flat_map_iter(|row| {
            let faults = row.faults();
            (!faults.is_empty()).then(|| format!("{}: {}", row.name, faults.join("; ")))
        })
        .collect();
    assert!(faults.is_empty(), "{} of {}:\n\n{}", faults.len(), rows.len(), faults.join("\n"));
}

#[test]
fn errors_of_the_execution_genesis() {
    check(&genesis::rows());
}

#[test]
fn errors_of_accounts() {
    check(&alloc::rows());
}

#[test]
fn errors_of_the_consensus_config() {
    check(&config::rows());
}

#[test]
fn errors_of_consensus_values() {
    check(&values::rows());
}

#[test]
fn errors_between_both_layers() {
    check(&both::rows());
}

#[test]
fn errors_of_mnemonics() {
    check(&mnemonics::rows());
}

#[test]
fn errors_of_validators() {
    check(&validators::rows());
}

#[test]
fn errors_of_files_and_metadata() {
    check(&files::rows());
}

/// Not an error: files written on Windows.
#[test]
fn lines_may_end_in_carriage_return_and_line_feed() {
    let time = ["--timestamp", "1700000000", "--seed", SEED];
    let init = |run: Run| run.arg("snapshot").args(time).succeeds().files();
    let windows =
        [METADATA, GENESIS, CONFIG, MNEMONICS].iter().fold(Run::new().snapshot(), |run, file| {
            apply(run, file, &write(sample(file).replace('\n', "\r\n")))
        });
    let (mut windows, mut unix) = (init(windows), init(Run::new().snapshot()));
    let genesis = "metadata/genesis.json";
    let lines = |text: Vec<u8>| String::from_utf8(text).unwrap().replace("\r\n", "\n");
    assert_eq!(windows.remove(genesis).map(lines), unix.remove(genesis).map(lines));
    assert_eq!(windows, unix);
}
