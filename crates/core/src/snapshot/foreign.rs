//! Files in a snapshot's directory that regenesis did not write, and whether starting the stack there
//! executes or applies them. A snapshot from another author must not bring such a file unnoticed.

use super::{
    CHAIN, CONFIG, DATABASE, GENESIS, HEAD, L2_FILES, METADATA, MNEMONICS, OWN_GENESIS, VALIDATORS,
    bake, is_l2_file, is_service_file,
};
use crate::archive::MARKER;
use crate::compose::{FILE, UP_FILE, seal};
use crate::geth_database;

/// Where Compose and the stack's script look for settings.
pub const SETTINGS: &str = ".env";

/// The files that regenesis writes into a snapshot. The list in metadata.json does not count: the
/// author of the snapshot wrote it.
const OURS: [&str; 15] = [
    METADATA,
    GENESIS,
    OWN_GENESIS,
    CHAIN,
    HEAD,
    CONFIG,
    MNEMONICS,
    VALIDATORS,
    bake::RECORD,
    bake::VALIDATORS,
    bake::KEYSTORES,
    bake::SEEN,
    FILE,
    UP_FILE,
    MARKER,
];

/// Whether regenesis writes a file of this path, or reads it as that of an L2.
pub fn is_ours(path: &str) -> bool {
    let below = |directory| path.strip_prefix(directory)?.strip_prefix('/');
    OURS.contains(&path)
        || is_l2_file(path, &L2_FILES)
        || is_service_file(path)
        || below(bake::GETH).is_some_and(geth_database::is_name)
        || below(DATABASE).is_some_and(geth_database::is_geths)
}

/// Whether Compose reads a file of this name in the snapshot. The case is ignored, as on some file
/// systems.
pub fn is_read_by_compose(path: &str) -> bool {
    let name = path.to_lowercase();
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    let is_compose = |stem: &str| {
        let rest = stem.strip_prefix("docker-compose").or_else(|| stem.strip_prefix("compose"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    };
    path != FILE && stem.is_some_and(is_compose)
}

/// A variable that a file of settings sets, and its line, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The line.
    pub line: usize,
    /// The variable.
    pub name: String,
}

/// The variables in `text` that change what the stack runs or who can reach it, except for lines that
/// `shipped`, our own file of settings, has too.
pub fn settings_obeyed(text: &str, shipped: &str) -> Vec<Setting> {
    // Compose ends lines as Go's godotenv and Python's dotenv do: also with a lone carriage return.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    // In a quoted value, an apparent comment may be the end of the value and a setting.
    let quotes = text.contains(['\'', '"', '`', '\\']);
    let lines = (1..).zip(text.lines());
    let obeyed = lines.filter_map(|(line, text)| {
        if shipped.lines().any(|shipped| shipped == text)
            || !quotes && text.trim_start().starts_with('#')
        {
            return None;
        }
        variables(text).find(|name| decides(name)).map(|name| Setting { line, name })
    });
    obeyed.collect()
}

/// The variables that a line may set: each name before a `=` or a `:`, at any position. Parsers
/// differ in whether they continue after a quoted value.
fn variables(line: &str) -> impl Iterator<Item = String> {
    let name_before = |at: usize| {
        let text = line[..at].trim_end().trim_end_matches(['\'', '"']);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = text.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        name.to_uppercase()
    };
    line.match_indices(['=', ':']).map(move |(at, _)| name_before(at))
}

fn decides(name: &str) -> bool {
    name == "BIND"
        || name == "SNAPSHOT"
        || name.ends_with("_IMAGE")
        || ["COMPOSE_", "DOCKER_"].iter().any(|prefix| name.starts_with(prefix))
}

/// The first line, from 1, on which `found` differs from what regenesis writes; `None` if there is
/// none. The seal is ignored.
pub fn first_difference(found: &[u8], written: &str) -> Option<usize> {
    let text = String::from_utf8_lossy(found);
    if let Some((unsealed, line)) = seal::unsealed(&text) {
        return match different_line(&unsealed, written) {
            Some(different) => Some(if different < line { different } else { different + 1 }),
            None => (!seal::is_unedited(&text)).then_some(line),
        };
    }
    different_line(&text, written)
}

fn different_line(found: &str, written: &str) -> Option<usize> {
    let mut lines = found.split_inclusive('\n');
    let mut number = 0;
    for expected in written.split_inclusive('\n') {
        number += 1;
        if lines.next() != Some(expected) {
            return Some(number);
        }
    }
    lines.next().map(|_| number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_an_l2_are_ours() {
        assert!(is_ours("l2/op/rollup.json") && is_ours("l2/a-b/batcher.key"));
        for path in ["l2/op/up.sh", "l2/rollup.json", "l2/Op/rollup.json", "l2/op/x/rollup.json"] {
            assert!(!is_ours(path), "{path}");
        }
    }

    #[test]
    fn the_files_of_a_captured_service_are_ours() {
        assert!(is_ours("services/manifest.json") && !is_ours("summary.json"));
        assert!(is_ours("services/001/aggkit-001/etc/aggkit/config.toml"));
        let deep = format!("services{}", "/a".repeat(17));
        for path in
            ["services", "services/.env", "services/../a", "services//a", "services/a b", &deep]
        {
            assert!(!is_ours(path), "{path}");
        }
    }

    #[test]
    fn compose_reads_these() {
        for name in [
            "docker-compose.override.yml",
            "docker-compose.override.yaml",
            "Docker-Compose.Override.YML",
            "docker-compose.yaml",
            "docker-compose.prod.yml",
            "compose.yml",
            "compose.yaml",
            "compose.override.yml",
            "compose-dev.yaml",
        ] {
            assert!(is_read_by_compose(name) && !is_ours(name), "{name}");
        }
        for name in ["docker-compose.yml", "composer.yml", "compose.md", "a/compose.yml", "x.yml"] {
            assert!(!is_read_by_compose(name), "{name}");
        }
    }

    #[test]
    fn settings_that_change_what_runs_are_found() {
        let shipped = "COMPOSE_PROJECT_NAME=regenesis\nBIND=127.0.0.1\n";
        for line in [
            "COMPOSE_FILE=evil.yml",
            "export COMPOSE_FILE=evil.yml",
            "export\tGETH_IMAGE=evil",
            " REGENESIS_IMAGE = evil",
            "LIGHTHOUSE_IMAGE: evil",
            "'COMPOSE_PROFILES'=x",
            "\"DOCKER_HOST\"=tcp://evil:1",
            "BIND=0.0.0.0",
            "BIND=127.0.0.1 # no",
            "SNAPSHOT=/",
            "COMPOSE_PROJECT_NAME=other",
            "compose_file=x",
        ] {
            for text in
                [format!("# settings\n{line}\n"), format!("A=1\r{line}"), format!("A=\"\n{line}")]
            {
                let found = settings_obeyed(&text, shipped);
                assert_eq!(found.len(), 1, "{text:?}");
                assert_eq!(found[0].line, 2, "{text:?}");
            }
            assert_eq!(settings_obeyed(&format!("\u{feff}{line}"), shipped).len(), 1, "{line}");
        }
        let harmless = "BIND=127.0.0.1\nEL_HTTP_PORT=9545\n#COMPOSE_FILE=x\nPRIVATE_KEY=0x1\n\
            MY_COMPOSE_X=1\nIMAGE=x\nCOMPOSE_FILE\nexported=1\n";
        assert_eq!(settings_obeyed(harmless, shipped), []);
    }

    #[test]
    fn a_line_that_is_not_ours_is_found() {
        let written = "#!/bin/sh\none\ntwo\n";
        for (found, line) in [
            ("#!/bin/sh\none\ntwo\n", None),
            ("#!/bin/sh\none\n", Some(3)),
            ("", Some(1)),
            ("#!/bin/sh\nONE\ntwo\n", Some(2)),
            ("#!/bin/sh\none\ntwo", Some(3)),
            ("#!/bin/sh\none\ntwo\nthree\n", Some(4)),
            ("#!/bin/sh\none\r\ntwo\n", Some(2)),
            ("#!/bin/sh\n# regenesis seal 12: x\none\ntwo\n", Some(2)),
            ("#!/bin/sh\n# regenesis seal x\rrm -rf /\none\ntwo\n", Some(2)),
        ] {
            assert_eq!(first_difference(found.as_bytes(), written), line, "{found:?}");
        }
        assert_eq!(first_difference(seal::seal(written).as_bytes(), written), None);
        // The author of an edit can seal the file, too.
        let edited = seal::seal("#!/bin/sh\none\ntwo; rm -rf /\n");
        assert_eq!(first_difference(edited.as_bytes(), written), Some(4));
        assert_eq!(first_difference(seal::seal("sh\none\ntwo\n").as_bytes(), written), Some(2));
    }

    #[test]
    fn a_setting_is_found_wherever_a_parser_may_find_it() {
        for text in [
            "A=\"x\" BIND=0.0.0.0",
            "C='y' COMPOSE_FILE=notes.txt",
            "A='\n# ' GETH_IMAGE=evil",
            "A=`x` \"DOCKER_HOST\" : tcp://evil",
            "A=x\\\n#' BIND=1",
        ] {
            assert_eq!(settings_obeyed(text, "").len(), 1, "{text:?}");
        }
        for text in ["# BIND=0.0.0.0", "A=BIND", "IMAGES=1", "URL=http://x:1"] {
            assert_eq!(settings_obeyed(text, ""), [], "{text:?}");
        }
    }
}
