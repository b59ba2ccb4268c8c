//! The first steps of a new user: completions and man pages, the release archive, the names of a release,
//! and links between pages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{PROGRAM, regenesis, repository};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn output(arguments: &[&str]) -> Output {
    regenesis().args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The verbs that the help of `arguments` lists.
fn verbs(arguments: &[&str]) -> Vec<String> {
    let help = stdout(&[arguments, &["--help"]].concat());
    let Some((_, commands)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// The value of `REGENESIS_IMAGE` in a `compose/settings.env`.
fn image_of(env: &str) -> String {
    let line = env.lines().find_map(|line| line.strip_prefix("REGENESIS_IMAGE="));
    line.unwrap().to_owned()
}

#[test]
fn completions_of_every_shell_have_every_verb() {
    let verbs = verbs(&[]);
    assert!(verbs.len() > 10, "{verbs:?}");
    for shell in SHELLS {
        let script = stdout(&["completions", shell]);
        for verb in &verbs {
            assert!(script.contains(verb.as_str()), "{shell} does not complete {verb}");
        }
    }
    assert_eq!(output(&["completions", "dos"]).status.code(), Some(2));
}

/// The program in `PATH` is asked for the names; this one has two stacks.
#[test]
fn bash_completes_the_names_of_stacks() {
    let place = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    put("script", &stdout(&["completions", "bash"]));
    put(
        "regenesis",
        "#!/bin/sh\n[ \"$1\" = complete ] && echo my-chain && echo my-rollup && echo \"$2-word\"\n",
    );
    let complete = "chmod +x regenesis; PATH=$PWD:$PATH; . ./script; COMP_WORDS=(regenesis $WORDS \"$CUR\"); \
                    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); \
                    _regenesis_names regenesis \"$CUR\" \"${COMP_WORDS[COMP_CWORD-1]}\"; echo \"${COMPREPLY[*]}\"";
    let completed = |words: &str, current: &str| {
        let mut bash = Command::new("bash");
        bash.args(["-c", complete]).current_dir(place.path());
        let output = bash.env("WORDS", words).env("CUR", current).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(completed("status", "my"), "my-chain my-rollup");
    assert_eq!(completed("logs --follow my-chain", ""), "my-chain my-rollup logs-word");
    assert_eq!(completed("down", "my-r"), "my-rollup");
    assert!(completed("logs", "--fol").contains("--follow"));
    assert!(completed("logs --level", "").contains("debug"), "the value of an option");
    assert!(!completed("init", "my").contains("my-chain"), "this verb knows no stacks");
}

#[test]
fn bash_accepts_the_completions() {
    let script = stdout(&["completions", "bash"]);
    let command = format!("{script}\ncomplete -p regenesis");
    let output = Command::new("bash").args(["-euc", &command]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_verb_has_a_man_page() {
    let mut pages = verbs(&[]).into_iter().map(|verb| vec![verb]).collect::<Vec<_>>();
    for verb in verbs(&["keys"]) {
        pages.push(vec!["keys".to_owned(), verb]);
    }
    for verb in pages {
        let path = verb.iter().map(String::as_str).collect::<Vec<_>>();
        let page = stdout(&[&["man"], path.as_slice()].concat());
        let title = format!(".TH regenesis-{} 1", path.join("-"));
        assert!(page.contains(&title), "{title} is not in\n{page}");
        if verb.len() == 1 {
            assert!(page.contains("\n.SH EXAMPLES\n.nf\n  regenesis "), "{page}");
            assert_eq!((page.matches("\n.fi\n").count(), page.contains("EXTRA")), (1, false));
        }
    }
    assert!(stdout(&["man"]).contains("regenesis\\-init(1)"));
}

#[test]
fn an_unknown_verb_has_no_man_page() {
    for (arguments, hint) in [
        (&["man", "initt"][..], "one of: init, all"),
        (&["man", "keys", "all"], "one of: keystores"),
        (&["man", "init", "all"], "its page describes"),
    ] {
        let output = output(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(hint) && output.stdout.is_empty(), "{stderr}");
    }
}

#[test]
fn man_pages_never_show_the_environment() {
    let page = regenesis()
        .args(["man", "init"])
        .env("REGENESIS_SEED", "a-secret-seed")
        .env("REGENESIS_SNAPSHOT", "a-private-path")
        .output()
        .unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains("REGENESIS_SEED"), "{page}");
    assert!(!page.contains("a-secret-seed"));
    assert!(!page.contains("a-private-path"));
}

#[test]
fn a_release_archive_has_everything() {
    let directory = tempfile::tempdir().unwrap();
    let versions = Command::new("rustc").arg("-vV").output().unwrap();
    let versions = String::from_utf8(versions.stdout).unwrap();
    let target = versions.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let pack = |into: &str| {
        let output = Command::new("scripts/package.sh")
            .arg(target)
            .arg(directory.path().join(into))
            .arg(PROGRAM)
            .current_dir(repository())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    };
    let archive = pack("first");
    let name = format!("regenesis-{VERSION}-{target}");
    assert_eq!(archive.file_name().unwrap().to_str(), Some(format!("{name}.tar.gz").as_str()));
    let again = std::fs::read(pack("second")).unwrap();
    assert!(std::fs::read(&archive).unwrap() == again, "two archives of one program differ");

    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&archive).arg("-C").arg(directory.path());
    assert!(unpack.status().unwrap().success());
    let package = directory.path().join(&name);
    let mut wanted = vec!["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    wanted.extend(SHELLS.map(|shell| format!("completions/regenesis.{shell}")));
    wanted.push("man/man1/regenesis.1".to_owned());
    wanted.extend(verbs(&[]).iter().map(|verb| format!("man/man1/regenesis-{verb}.1")));
    wanted.extend(verbs(&["keys"]).iter().map(|verb| format!("man/man1/regenesis-keys-{verb}.1")));
    for file in &wanted {
        let size = std::fs::metadata(package.join(file)).map(|data| data.len());
        assert!(matches!(size, Ok(1..)), "{file}: {size:?}");
    }
    let bom = std::fs::read(package.join("sbom.cdx.json")).unwrap();
    let bom: serde_json::Value = serde_json::from_slice(&bom).unwrap();
    let names = bom["components"].as_array().unwrap().iter().map(|part| part["name"].as_str());
    // Dependencies of the release only: the manual and TLS.
    let names = names.flatten().collect::<BTreeSet<_>>();
    assert!(names.contains("clap_mangen") && names.contains("rustls"), "{names:?}");
    let version = Command::new(package.join("regenesis")).arg("--version").output().unwrap();
    assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("regenesis {VERSION}\n"));
}

/// The files of the repository below `directory`.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Every place below `root` that names the image of regenesis: the line, and the name.
fn images(root: &Path) -> Vec<(String, String)> {
    let mut paths = vec![root.join("README.md")];
    files(&root.join("compose"), &mut paths);
    files(&root.join("docs"), &mut paths);
    let mut images = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let value = line.trim_start().trim_start_matches("- ").strip_prefix("image:");
            let value = value.or_else(|| line.strip_prefix("REGENESIS_IMAGE="));
            let Some(value) = value.map(|value| value.trim().trim_matches('"')) else { continue };
            let value = value.strip_prefix("${REGENESIS_IMAGE:-").unwrap_or(value);
            let value = value.trim_end_matches('}');
            if value.rsplit('/').next().unwrap().starts_with("regenesis") {
                images.push((format!("{}:{}", path.display(), number + 1), value.to_owned()));
            }
        }
    }
    images
}

fn one_image(root: &Path, image: &str) {
    let images = images(root);
    assert!(images.len() >= 5, "{images:?}");
    for (place, name) in images {
        assert_eq!(name, image, "{place}: compose/settings.env names the image");
    }
}

#[test]
fn one_place_names_the_image() {
    let image = image_of(&read("compose/settings.env"));
    assert!(image.ends_with(&format!(":{VERSION}")), "{image} is not the image of {VERSION}");
    one_image(repository(), &image);
    let rendered = stdout(&["compose"]);
    assert!(rendered.contains(&format!("${{REGENESIS_IMAGE:-{image}}}")), "{rendered}");
}

/// A copy of what names a release.
fn copy() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let paths = ["Cargo.toml", "crates", "CHANGELOG.md", "README.md", "compose", "docs", "scripts"];
    let mut command = Command::new("cp");
    command.arg("-r").args(paths).arg(directory.path()).current_dir(repository());
    assert!(command.status().unwrap().success());
    directory
}

/// `script` of the copy in `root`, for the repository `Some-Body/regenesis`.
fn run(root: &Path, script: &str, argument: &str) -> Output {
    Command::new(root.join("scripts").join(script))
        .arg(argument)
        .env("GITHUB_REPOSITORY", "Some-Body/regenesis")
        .output()
        .unwrap()
}

#[test]
fn a_release_with_contradicting_names_is_refused() {
    let copy = copy();
    let root = copy.path();
    let tag = format!("v{VERSION}");
    let refused = |what: &str, tag: &str| {
        let output = run(root, "check_release.sh", tag);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(what), "{what}: {stderr}");
    };
    refused("the image in compose/settings.env", &tag);
    refused("the repository in Cargo.toml", &tag);

    for wrong in ["", "regenesis", "some body/regenesis", "a/b/c", "|/e"] {
        assert_eq!(run(root, "release_names.sh", wrong).status.code(), Some(2), "{wrong}");
    }
    let named = run(root, "release_names.sh", "Some-Body/regenesis");
    assert!(named.status.success(), "{}", String::from_utf8_lossy(&named.stderr));
    // Once more changes nothing.
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(run(root, "release_names.sh", "Some-Body/regenesis").status.success());
    assert_eq!(std::fs::read_to_string(root.join("Cargo.toml")).unwrap(), manifest);

    let passed = run(root, "check_release.sh", &tag);
    assert!(passed.status.success(), "{}", String::from_utf8_lossy(&passed.stderr));
    one_image(root, &format!("ghcr.io/some-body/regenesis:{VERSION}"));
    let example = std::fs::read_to_string(root.join("docs/embed/action-example.yml")).unwrap();
    assert!(example.contains(&format!("uses: Some-Body/regenesis@{tag}\n")), "{example}");

    refused("the tag is v9.9.9", "v9.9.9");
    std::fs::write(root.join("CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n").unwrap();
    refused("CHANGELOG.md has no section", &tag);
}

#[test]
fn the_changelog_has_the_notes_of_a_version() {
    let copy = copy();
    let changes = "# Changelog\n## [Unreleased]\n- u\n## [1.2.3] - 2026-01-01\n### Added\n- a\n\
                   ## [1.2.2] - 2025-01-01\n- b\n[1.2.3]: somewhere\n";
    std::fs::write(copy.path().join("CHANGELOG.md"), changes).unwrap();
    let notes = run(copy.path(), "changes.sh", "1.2.3");
    assert_eq!(String::from_utf8(notes.stdout).unwrap(), "### Added\n- a\n");
    assert!(!run(copy.path(), "changes.sh", "1.2").status.success());
}

/// The targets of the links in a page, without their anchors.
fn links(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|target| target.split('#').next().unwrap());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

#[test]
fn links_point_to_files() {
    let mut pages = vec![];
    files(&repository().join("docs"), &mut pages);
    pages.extend(
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
            .map(|page| repository().join(page)),
    );
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    for page in pages {
        for link in links(&std::fs::read_to_string(&page).unwrap()) {
            assert!(page.parent().unwrap().join(link).exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn the_index_has_every_page() {
    let index = read("docs/README.md");
    let links = links(&index);
    for entry in std::fs::read_dir(repository().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let listed = links.iter().any(|link| link.split('/').next() == Some(name.as_str()));
        assert!(listed || name == "README.md", "docs/README.md does not list {name}");
    }
}

#[test]
fn workflows_pin_their_actions() {
    let mut paths = vec![repository().join("docs/embed/action-example.yml")];
    files(&repository().join(".github"), &mut paths);
    let mut pinned = 0;
    for path in paths {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some(action) = line.trim_start().trim_start_matches("- ").strip_prefix("uses: ")
            else {
                continue;
            };
            if action.starts_with("./") || action.contains("/regenesis@v") {
                continue;
            }
            let commit = action.split('@').nth(1).unwrap_or_default().split(' ').next().unwrap();
            let whole = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(whole && action.contains(" # v"), "{}: {action}", path.display());
            pinned += 1;
        }
    }
    assert!(pinned > 10, "{pinned}");
}

#[test]
fn the_action_sets_all_of_its_outputs() {
    let (action, script) = (read("action.yml"), read("scripts/action.sh"));
    let outputs = action.split("steps.start.outputs.").skip(1);
    let outputs = outputs.filter_map(|rest| rest.split(' ').next()).collect::<Vec<_>>();
    assert!(outputs.len() >= 5, "{outputs:?}");
    for output in outputs {
        assert!(script.contains(&format!("echo \"{output}=")), "action.sh does not set {output}");
    }
}
