//! The files that a tool's flags name. A tool writes them again at every start of a stack, so an earlier
//! output is replaced; any other file is the user's.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::Failure;
use crate::exit;
use crate::io::atomic_file::AtomicFile;
use crate::io::disk::{check_file, make_directories};
use crate::io::fs;

/// The length of the fixed fields that every beacon state starts with: time, root, slot, fork, and the
/// latest block header.
const STATE_HEAD: usize = 176;
/// The slot, the fork and the latest block header in a beacon state.
const HEAD: Range<usize> = 40..STATE_HEAD;

/// Files that are open at once: a limit of the system is 1024 by default.
const AT_ONCE: usize = 256;

/// The kind of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A genesis state in SSZ.
    State,
    /// A genesis state in JSON.
    StateJson,
    /// Ranges of the registry and their sources, in YAML.
    Mapping,
    /// Public keys, one per line.
    PublicKeys,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::State => "a genesis state in SSZ",
            Self::StateJson => "a genesis state in JSON",
            Self::Mapping => "a validator mapping",
            Self::PublicKeys => "a list of public keys",
        }
    }

    /// Whether `old` is an earlier output, or the empty file that a mount needs. `new` is the output of
    /// this run, which shares its form: a file of the user must not be taken for an output.
    fn includes(self, old: &[u8], new: &[u8]) -> bool {
        let text = || std::str::from_utf8(old).ok();
        old.is_empty()
            || old == new
            || match self {
                // The slot, the fork and the latest block header: equal for every genesis state of a
                // fork, and never all zeros.
                Self::State => old.len() > STATE_HEAD && old.get(HEAD) == new.get(HEAD),
                Self::StateJson => match (fields(old), fields(new)) {
                    (Some(old), Some(new)) => old == new,
                    _ => false,
                },
                Self::Mapping => text().is_some_and(|text| text.lines().all(is_mapping)),
                Self::PublicKeys => text().is_some_and(|text| text.lines().all(is_public_key)),
            }
    }
}

/// The names of the members of a JSON object, in their order.
fn fields(json: &[u8]) -> Option<Vec<String>> {
    let object: serde_json::Map<String, Value> = serde_json::from_slice(json).ok()?;
    Some(object.into_iter().map(|(name, _)| name).collect())
}

/// A line such as `- 0-63: { src: "mnemonic-0", from: 0, to: 64 }`, with nothing else in it.
fn is_mapping(line: &str) -> bool {
    let parts = line.strip_prefix("- ").and_then(|line| line.split_once(": { src: \""));
    let Some((range, source)) = parts else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    range.split_once('-').is_some_and(|(first, last)| number(first) && number(last))
        && !source.contains('#')
        && source.matches(',').count() <= 2
        && source.ends_with('}')
}

fn is_public_key(line: &str) -> bool {
    line.strip_prefix("0x")
        .is_some_and(|key| key.len() == 96 && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A file to write.
#[derive(Debug)]
pub(super) struct Output<'a> {
    /// The flag that names it.
    pub(super) flag: &'static str,
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) content: Cow<'a, [u8]>,
}

impl Output<'_> {
    /// Checks that nothing of the user's is in the way. Returns the path without links.
    fn check(&self) -> Result<PathBuf, Failure> {
        let Self { path, kind, content, .. } = self;
        // The nearest directory that exists.
        let directory = path.ancestors().skip(1).find(|path| fs::exists(path));
        let directory = directory.unwrap_or(Path::new("."));
        if !fs::is_directory(directory)? {
            let what = format!("{} is not a directory", directory.display());
            return Err(self.error(&what, "name a file in a directory"));
        }
        check_file(path)?;
        if fs::exists(path) && !kind.includes(&fs::read_file(path)?, content) {
            let hint = "move it away, or name another file";
            return Err(self.error(&format!("exists, and is not {}", kind.name()), hint));
        }
        Ok(fs::canonical(directory)?.join(path.strip_prefix(directory).unwrap_or(path)))
    }

    /// Writes the file under a temporary name.
    fn stage(&self) -> Result<AtomicFile, Failure> {
        if let Some(directory) = self.path.parent().filter(|path| !path.as_os_str().is_empty()) {
            make_directories(directory, 0o755)?;
        }
        let mut file = AtomicFile::create(&self.path, false)?;
        file.put(&self.content)?;
        Ok(file)
    }

    fn error(&self, what: &str, hint: &str) -> Failure {
        let message = format!("{} {}: {what}", self.flag, self.path.display());
        Failure::new(exit::OUTPUT, message, Some(hint))
    }
}

/// Writes the files. No file is replaced before all are checked, and all (of many: the next 256) are
/// written under a temporary name.
///
/// # Errors
/// Two outputs are one file, another file is in the way, or one cannot be written.
pub(super) fn write(outputs: &[Output<'_>]) -> Result<(), Failure> {
    let mut places = HashSet::new();
    for output in outputs {
        if !places.insert(output.check()?) {
            let what = "is also the file of another output";
            return Err(output.error(what, "name a file for each output"));
        }
    }
    for outputs in outputs.chunks(AT_ONCE) {
        let staged: Vec<_> = outputs.iter().map(Output::stage).collect::<Result<_, _>>()?;
        staged.into_iter().try_for_each(|file| file.publish().map(drop))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write files")]
mod tests {
    use super::*;

    #[test]
    fn only_outputs_are_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let key = format!("0x{}\n", "0a".repeat(48));
        let json = r#"{"genesis_time": "1", "genesis_validators_root": "0x", "validators": []}"#;
        let mut state = [7; 200];
        state[40..48].fill(0);
        let mapping = "- 0-1: { src: \"mnemonic-0\", from: 0, to: 1 }\n";
        let kinds: [(Kind, &[u8]); 4] = [
            (Kind::State, &state),
            (Kind::StateJson, json.as_bytes()),
            (Kind::Mapping, mapping.as_bytes()),
            (Kind::PublicKeys, key.as_bytes()),
        ];
        for (kind, output) in kinds {
            let path = directory.path().join(format!("{kind:?}"));
            let named = |kind, output| Output {
                flag: "--flag",
                path: path.clone(),
                kind,
                content: Cow::Borrowed(output),
            };
            for before in [None, Some(&b""[..]), Some(output)] {
                before.into_iter().for_each(|text| std::fs::write(&path, text).unwrap());
                write(&[named(kind, output)]).unwrap();
                assert_eq!(std::fs::read(&path).unwrap(), output);
            }
            let own_json = r#"{"genesis_time": "1", "genesis_validators_root": 2, "validators": 3, "mine": 4}"#;
            let own_yaml = "- 0-1: { src: \"x\", note: my, own: yaml, here: too }";
            let others: [&[u8]; 7] = [
                b"notes",
                b"{}",
                &[b'x'; 200],
                // A tar with a short name, and an image that starts with zeros.
                &[0; 512],
                &[&b"data.txt"[..], &[0; 400]].concat(),
                own_json.as_bytes(),
                own_yaml.as_bytes(),
            ];
            for other in others {
                std::fs::write(&path, other).unwrap();
                // A valid output before it is not written, either.
                let first = directory.path().join("first");
                let before = Output { path: first.clone(), ..named(kind, output) };
                let failure = write(&[before, named(kind, output)]).unwrap_err();
                assert!(failure.message.starts_with("--flag "), "{failure:?}");
                assert_eq!(std::fs::read(&path).unwrap(), other);
                assert!(!first.exists());
            }
        }
    }

    #[test]
    fn no_output_is_written_if_one_cannot_be() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        std::fs::create_dir(at("directory")).unwrap();
        std::os::unix::fs::symlink("nothing", at("link")).unwrap();
        std::os::unix::fs::symlink(".", at("here")).unwrap();
        let bytes = format!("0x{}\n", "0a".repeat(48)).into_bytes();
        let output = |path: &str| {
            let content = Cow::from(&bytes);
            Output { flag: "--flag", path: at(path), kind: Kind::PublicKeys, content }
        };
        for wrong in ["file/x", "file/x/y", "directory", "link", "good", "here/good", "./good"] {
            assert!(
                write(&[output("good"), output("new/other"), output(wrong)]).is_err(),
                "{wrong}"
            );
            assert!(!at("good").exists() && !at("new").exists(), "{wrong}");
        }
        let many: Vec<_> = (0..AT_ONCE + 2).map(|number| format!("new/{number}")).collect();
        write(&many.iter().map(|path| output(path)).collect::<Vec<_>>()).unwrap();
        assert_eq!(std::fs::read_dir(at("new")).unwrap().count(), AT_ONCE + 2);
    }
}
