//! README and docs: every block runs as printed, here or in `tests/journeys/docs.sh`, and the table of flags
//! matches clap.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{PROGRAM, regenesis, repository, without_variables};

/// A fenced block of a page.
struct Block {
    line: usize,
    language: String,
    /// NAME of `<!-- test: NAME -->` on the line above.
    test: Option<String>,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let lines: Vec<&str> = page.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if let Some(language) = lines[at].strip_prefix("```") {
            let end =
                (at + 1..lines.len()).find(|end| lines[*end] == "```").expect("an open fence");
            let mark = at.checked_sub(1).and_then(|above| lines[above].strip_prefix("<!-- test: "));
            found.push(Block {
                line: at + 1,
                language: language.to_owned(),
                test: mark.map(|mark| mark.trim_end_matches(" -->").to_owned()),
                text: lines[at + 1..end].join("\n"),
            });
            at = end;
        }
        at += 1;
    }
    found
}

/// README and the pages in docs, with their paths below the repository.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![PathBuf::from("README.md"), PathBuf::from("CONTRIBUTING.md")];
    for folder in ["docs", "docs/embed"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path.strip_prefix(repository()).unwrap().to_owned());
            }
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(repository().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

/// A directory with the files that the pages assume: a snapshot, its parts, and values.env.
fn place() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let sample = repository().join("sample");
    let copied = Command::new("cp").arg("-r").arg(&sample).arg(root.join("my-snapshot")).status();
    assert!(copied.unwrap().success());
    let template = std::fs::read_to_string(sample.join("el/genesis.template.json")).unwrap();
    let genesis = template.replace("TIMESTAMP_PLACEHOLDER", "0x65000000");
    std::fs::write(root.join("genesis.json"), genesis).unwrap();
    for (from, to) in [
        ("sample/cl/config.yaml", "config.yaml"),
        ("sample/val/mnemonics.yaml", "mnemonics.yaml"),
        ("docs/embed/values.env", "values.env"),
    ] {
        std::fs::copy(repository().join(from), root.join(to)).unwrap();
    }
    directory
}

/// Runs a block with `regenesis` in PATH.
fn shell(directory: &Path, block: &str) -> Output {
    let program = Path::new(PROGRAM);
    let mut path = program.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut command = Command::new("sh");
    without_variables(&mut command);
    command.args(["-euc", block]).current_dir(directory);
    command.env("PATH", path).env("HOME", directory).output().unwrap()
}

#[test]
fn every_block_runs_as_printed() {
    let journey = std::fs::read_to_string(repository().join("tests/journeys/docs.sh")).unwrap();
    let calls: BTreeSet<String> = journey
        .lines()
        .filter_map(|line| line.split_once("runs ").or_else(|| line.split_once("block ")))
        .map(|(_, call)| call.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .map(|call| call.trim_end_matches(';').to_owned())
        .collect();
    let (mut ran, mut marked) = (0, BTreeSet::new());
    for (path, page) in pages() {
        let directory = place();
        for block in blocks(&page) {
            let place = format!("{}:{}", path.display(), block.line);
            match (block.language.as_str(), &block.test) {
                (_, Some(test)) if test.starts_with("none: ") => {}
                (_, Some(test)) => {
                    let call = format!("{} {test}", path.display());
                    assert!(calls.contains(&call), "{place}: no journey runs {test}: {calls:?}");
                    marked.insert(call);
                }
                ("sh", None) => {
                    let output = shell(directory.path(), &block.text);
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    assert!(output.status.success(), "{place}: {stderr}\n{}", block.text);
                    ran += 1;
                }
                ("text", None) => {}
                (other, None) => panic!("{place}: a block of {other:?} needs a test"),
            }
            if block.language == "yaml" {
                regenesis::yaml::parse(block.text.as_bytes()).unwrap();
            }
        }
    }
    assert!(ran >= 6 && marked.len() >= 10, "{ran} blocks ran, {} are marked", marked.len());
}

#[test]
fn the_table_of_flags_is_complete() {
    let reference = std::fs::read_to_string(repository().join("docs/reference.md")).unwrap();
    let section = reference.split("# Flags of init\n").nth(1).unwrap();
    let table = section.split("\n# ").next().unwrap();
    let documented: BTreeSet<&str> = table
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter_map(|code| code.split_whitespace().next())
        .filter(|word| word.starts_with("--"))
        .collect();
    let help = regenesis().args(["init", "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let options = help.split("\nOptions:\n").nth(1).unwrap().split("\nExamples:").next().unwrap();
    let flags: BTreeSet<&str> = options
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("--"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(flags.len() > 15, "{flags:?}");
    assert_eq!(documented, flags);
    for row in table.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<&str> = row.split('|').collect();
        let flag = cells[1].trim().trim_matches('`').split_whitespace().next().unwrap();
        let flag = flag.trim_end_matches([',', '`']);
        let variable = format!("REGENESIS_{}", flag[2..].replace('-', "_").to_uppercase());
        assert!(cells[2].contains(&format!("`{variable}`")), "{row}");
        assert!(options.contains(&format!("[env: {variable}]")), "{variable}");
    }
}
