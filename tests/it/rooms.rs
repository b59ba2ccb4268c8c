//! The rooms of the program. `command` uses `runtime` and `snapshot_files`, both use `io`, and no import
//! points upwards. `io` knows nothing of the product. The core is a crate, so that the compiler checks that
//! nothing in it can open a file; its modules have layers of their own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::repository;

/// Each room, and the modules that it must not import.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    (
        "io",
        &[
            "capture",
            "cl",
            "command",
            "compose",
            "datadir",
            "exit",
            "genesis_generator",
            "health",
            "keys",
            "layout",
            "pipeline",
            "runtime",
            "schedule",
            "snapshot",
            "snapshot_files",
            "stamp",
            "summary",
        ],
    ),
    ("runtime", &["command", "exit", "pipeline", "snapshot_files"]),
    ("snapshot_files", &["command", "exit", "pipeline", "runtime"]),
];

/// The layers of the core, lowest first: a module imports only from layers before its own.
const CORE: [&[&str]; 11] = [
    &[
        "digest",
        "forks",
        "identity",
        "keys",
        "placeholder",
        "progress",
        "sort",
        "spelling",
        "start_times",
        "visible",
        "yaml",
    ],
    &["datadir", "file", "rpc"],
    &["archive", "el"],
    &["cl", "geth_database", "l2"],
    &["networks", "services", "stamp"],
    &["schedule", "summary"],
    &["compose", "health", "kube"],
    &["heal", "operate", "snapshot"],
    &["capture", "genesis_generator", "layout"],
    &["creation", "pipeline"],
    &["enclave"],
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let inner = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(inner).collect()
}

/// The modules that a source imports by `crate::…`, without comments and unit tests.
fn imports(source: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(source).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let word = |text: &str| {
        let end = text.find(|char: char| !char.is_alphanumeric() && char != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let mut found = BTreeSet::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{').and_then(|rest| rest.split_once("};")) {
            Some((list, _)) => found.extend(list.split(',').map(|name| word(name.trim()))),
            None => _ = found.insert(word(rest)),
        }
    }
    found
}

#[test]
fn the_core_has_layers() {
    let directory = repository().join("crates/core/src");
    let layer = |name: &str| CORE.iter().position(|layer| layer.contains(&name));
    let mut seen = BTreeSet::new();
    for source in sources(&directory) {
        let inside = source.strip_prefix(&directory).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if module == "lib" || inside.file_name().unwrap() == "tests.rs" {
            continue;
        }
        let own = layer(&module).unwrap_or_else(|| panic!("{module} has no layer"));
        for name in imports(&source).into_iter().filter(|name| *name != module) {
            if let Some(other) = layer(&name) {
                assert!(other < own, "{}: {module} imports {name}", source.display());
            }
        }
        seen.insert(module);
    }
    assert_eq!(seen.len(), CORE.iter().map(|layer| layer.len()).sum::<usize>(), "{seen:?}");
}

#[test]
fn no_import_points_upwards() {
    for (room, forbidden) in FORBIDDEN {
        let sources = sources(&repository().join("src").join(room));
        assert!(sources.len() > 3, "{room}: {sources:?}");
        for source in sources {
            let text = std::fs::read_to_string(&source).unwrap();
            for (number, line) in (1..).zip(text.lines()) {
                let imports = line.match_indices("crate::").map(|(at, name)| {
                    let name = &line[at + name.len()..];
                    name.split(|char: char| !char.is_alphanumeric() && char != '_').next()
                });
                for name in imports.flatten() {
                    let place = format!("{}:{number}", source.display());
                    assert!(!forbidden.contains(&name), "{place}: {room} imports {name}");
                }
            }
        }
    }
}
