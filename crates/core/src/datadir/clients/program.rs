//! The name of the program that a command line starts.

use std::ffi::{OsStr, OsString};

use super::KnownClients;

/// Programs that run the program named by their first argument.
const RUNNERS: &[&str] = &["node", "dotnet", "sh", "bash", "dash", "tini", "dumb-init"];

/// The name of the program that a command line starts, without its directory. Looks through
/// interpreters and init programs: `node …/@chainsafe/lodestar/lib/index.js` is `lodestar`.
pub fn program(line: &[OsString]) -> String {
    let parts = |word: &OsStr| -> Vec<String> {
        let word = word.to_string_lossy().into_owned();
        word.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let base = |word: &OsStr| parts(word).pop().unwrap_or_default();
    let Some(first) = line.first() else { return String::new() };
    let name = base(first);
    if !RUNNERS.contains(&name.as_str()) {
        return name;
    }
    let script = line[1..].iter().find(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let script = script.filter(|word| !word.as_encoded_bytes().iter().any(u8::is_ascii_whitespace));
    let parts = script.map(|script| parts(script)).unwrap_or_default();
    let is_client = |part: &String| KnownClients::of([part.as_str()]).are_all;
    parts.into_iter().rev().find(is_client).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program_of(line: &[&str]) -> String {
        program(&line.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_program_is_recognised_by_its_file_name() {
        assert_eq!(program_of(&["/usr/local/bin/geth", "--datadir", "d"]), "geth");
        let lodestar = "/lodestar/node_modules/@chainsafe/lodestar/lib/index.js";
        assert_eq!(program_of(&["node", "--require=/x.cjs", lodestar, "beacon"]), "lodestar");
        assert_eq!(program_of(&["/sbin/tini", "--", "geth"]), "geth");
        let nethermind = program_of(&["dotnet", "/nethermind/Nethermind.Runner.dll"]);
        assert!(KnownClients::of([nethermind.as_str()]).are_all);
        assert_eq!(program_of(&["sh", "-c", "echo /geth/ x"]), "sh");
        assert_eq!(program_of(&["sh", "start-geth.sh"]), "sh");
        assert_eq!(program_of(&[]), "");
    }
}
