//! `--layout PATH=NAME`: files where an existing stack reads them, among files of the user's.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::support::runtime::{FIRST, Runtime, tree};
use crate::support::{regenesis, sha256, text};

const PLACES: &str = "jwt.hex=jwt,el/genesis.json=genesis,el/besu.json=besu,cl/genesis.ssz=state,\
                      cl/validator_data=lighthouse";
const SLASHING_PROTECTION: &str = "cl/validator_data/keys/slashing_protection.sqlite";

struct Out(tempfile::TempDir);

impl Out {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A path beside the runtime directory.
    fn beside(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.beside("out").join(path)
    }

    fn init(&self, layout: &str) -> (Option<i32>, String) {
        let mut command = regenesis();
        command.args(["init", "--layout", layout, "--out"]).arg(self.path(""));
        let output = command.output().unwrap();
        (output.status.code(), text(&output))
    }

    fn succeeds(&self, layout: &str) -> String {
        let (code, message) = self.init(layout);
        assert_eq!(code, Some(0), "{message}");
        message
    }

    /// The run fails with `code` and a message that contains `part`, and changes nothing.
    fn refuses(&self, layout: &str, code: i32, part: &str) {
        let before = self.files();
        let (found, message) = self.init(layout);
        assert_eq!(found, Some(code), "{layout}: {message}");
        assert!(message.contains(part), "{layout}: {message}");
        assert!(message.contains("hint: "), "{layout}: {message}");
        assert!(self.files() == before, "{layout}: {message}");
    }

    /// Every entry beside and in the runtime directory, with digest or target.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let entry = |path: PathBuf| {
            let found = path.symlink_metadata().unwrap();
            let content = match () {
                () if found.is_file() => sha256(&std::fs::read(&path).unwrap()),
                () if found.is_dir() => String::new(),
                () => std::fs::read_link(&path).unwrap().display().to_string(),
            };
            (path, content)
        };
        tree(self.0.path()).into_iter().map(entry).collect()
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }

    fn write(&self, path: &str, content: &str) {
        write(&self.path(path), content);
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }

    fn mode(&self, path: &str) -> u32 {
        self.path(path).metadata().unwrap().permissions().mode() & 0o777
    }

    fn assert_placed(&self) {
        for (place, file) in [
            ("jwt.hex", "jwt/jwtsecret"),
            ("el/genesis.json", "metadata/genesis.json"),
            ("el/besu.json", "metadata/besu.json"),
            ("cl/genesis.ssz", "metadata/genesis.ssz"),
        ] {
            assert!(self.read(place) == self.read(file), "{place}");
        }
        assert_eq!(entries(&self.path("cl/validator_data/keys")), 64);
        assert_eq!(entries(&self.path("cl/validator_data/secrets")), 64);
        assert!(!self.path("validator-keys").exists());
        assert!(!self.path(".regenesis/replaced").exists());
        assert!(!self.path(".regenesis/new").exists());
    }
}

fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[test]
fn every_run_places_its_files_and_leaves_the_users() {
    let out = Out::new();
    out.succeeds(PLACES);
    out.assert_placed();
    for (path, mode) in [
        ("el", 0o755),
        ("cl", 0o755),
        ("cl/validator_data", 0o700),
        ("jwt.hex", 0o600),
        ("el/genesis.json", 0o644),
    ] {
        assert_eq!(out.mode(path), mode, "{path}");
    }
    let secret = out.read("jwt.hex");
    out.write("el/notes", "mine");
    out.write("mine/notes", "mine");
    out.succeeds(PLACES);
    out.assert_placed();
    assert_ne!(out.read("jwt.hex"), secret);
    assert_eq!(out.read("el/notes"), b"mine");

    // Elsewhere: the earlier copies go, the user's files and directories stay.
    out.succeeds("cl/genesis.ssz=state");
    assert!(!out.path("jwt.hex").exists() && !out.path("el/genesis.json").exists());
    assert_eq!(entries(&out.path("cl/validator_data")), 0);
    assert_eq!(out.read("el/notes"), b"mine");
    assert_eq!(out.read("mine/notes"), b"mine");
    assert!(out.read("cl/genesis.ssz") == out.read("metadata/genesis.ssz"));
    assert_eq!(entries(&out.path("validator-keys/keys")), 64);
    out.succeeds(PLACES);
    out.assert_placed();
}

#[test]
fn a_file_of_the_users_is_never_replaced() {
    let out = Out::new();
    out.write("el/genesis.json", "mine");
    out.refuses(PLACES, 7, "el/genesis.json: exists");
    assert!(!out.path(".regenesis").exists());
    out.remove("el/genesis.json");

    out.succeeds(PLACES);
    out.write("cl/genesis.ssz", "edited");
    out.refuses(PLACES, 7, "cl/genesis.ssz: exists");
    // Also where the new layout does not have it.
    out.succeeds("lighthouse");
    assert_eq!(out.read("cl/genesis.ssz"), b"edited");
    assert!(!out.path("jwt.hex").exists());
    // A directory, and a file where a directory must be.
    out.write("jwt.hex/notes", "mine");
    out.refuses(PLACES, 7, "jwt.hex: exists");
    out.refuses("el/genesis.json=genesis,cl/genesis.ssz/x=jwt", 7, "cl/genesis.ssz: is a file");
}

#[test]
fn a_directory_of_the_users_keystores_is_refused() {
    let out = Out::new();
    for path in ["keys/0x01/voting-keystore.json", "validator_definitions.yml", "notes"] {
        let path = format!("cl/validator_data/{path}");
        out.write(&path, "mine");
        out.refuses(PLACES, 7, &format!("{path}: exists"));
        out.remove(&path);
    }
    std::fs::remove_dir(out.path("cl/validator_data/keys/0x01")).unwrap();
    // Empty directories contain nothing to lose.
    out.succeeds(PLACES);
    out.assert_placed();
    let added = "cl/validator_data/keys/0x01/voting-keystore.json";
    out.write(added, "mine");
    out.refuses(PLACES, 7, &format!("{added}: exists"));
    // Another layout removes its own keystores only.
    out.succeeds("lighthouse");
    assert_eq!(out.read(added), b"mine");
    assert_eq!(entries(&out.path("cl/validator_data/keys")), 1);
}

/// A renamed directory keeps the times of its files, and all keystores have the same size.
#[test]
fn keystores_that_were_moved_there_are_not_taken_for_a_runs() {
    let (out, other) = (Out::new(), Out::new());
    let (keys, layout) = (out.path("cl/validator_data"), "cl/validator_data=lighthouse");
    let mut command = regenesis();
    command.args(["init", "--seed", &"01".repeat(32), "--layout", layout, "--out"]);
    assert!(command.arg(other.path("")).output().unwrap().status.success());
    out.succeeds(layout);
    let size = |directory: &Path| -> u64 {
        let files = tree(directory).into_iter().filter(|path| path.is_file());
        files.map(|path| path.metadata().unwrap().len()).sum()
    };
    assert_eq!(size(&keys), size(&other.path("cl/validator_data")));
    std::fs::remove_dir_all(&keys).unwrap();
    std::fs::rename(other.path("cl/validator_data"), &keys).unwrap();
    out.refuses(layout, 7, "cl/validator_data/");
    let before = out.files();
    out.succeeds("egg");
    let after = out.files();
    for (path, content) in before.iter().filter(|(path, _)| path.starts_with(&keys)) {
        assert_eq!(after.get(path), Some(content), "{}", path.display());
    }
}

#[test]
fn no_link_is_followed() {
    let out = Out::new();
    out.succeeds("egg");
    let elsewhere = out.beside("elsewhere");
    write(&elsewhere.join("genesis.json"), "mine");
    for (link, target) in [
        ("el", &*elsewhere),
        ("jwt.hex", &*elsewhere.join("jwt.hex")),
        ("cl", &*elsewhere),
        ("cl/validator_data", &*elsewhere),
        ("cl/validator_data/keys", &*elsewhere),
        ("cl/genesis.ssz", Path::new("../metadata/genesis.ssz")),
    ] {
        let link = out.path(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, &link).unwrap();
        out.refuses(PLACES, 7, &link.display().to_string());
        std::fs::remove_file(&link).unwrap();
    }
    assert_eq!(entries(&elsewhere), 1);
}

#[test]
fn a_file_that_a_link_leads_to_is_not_removed() {
    let out = Out::new();
    out.succeeds(PLACES);
    let elsewhere = out.beside("elsewhere");
    for directory in ["el", "cl"] {
        let place = out.path(directory);
        std::fs::rename(&place, elsewhere.with_file_name(directory)).unwrap();
        symlink(format!("../{directory}"), &place).unwrap();
    }
    std::fs::rename(out.path("jwt.hex"), out.beside("jwt.hex")).unwrap();
    symlink("../jwt.hex", out.path("jwt.hex")).unwrap();
    let moved = |(path, _): &(PathBuf, String)| {
        ["el", "cl", "jwt.hex"].iter().any(|name| path.starts_with(out.beside(name)))
    };
    let before: Vec<_> = out.files().into_iter().filter(moved).collect();
    assert!(before.len() > 200);
    out.succeeds("lighthouse");
    let after: Vec<_> = out.files().into_iter().filter(moved).collect();
    assert!(after == before);
    assert!(out.path("jwt.hex").is_symlink() && out.path("el").is_symlink());
}

/// An edited marker does not make a run remove files outside the runtime directory.
#[test]
fn a_path_in_the_marker_does_not_lead_out() {
    let out = Out::new();
    out.succeeds(PLACES);
    write(&out.beside("secret"), "mine");
    let marker = String::from_utf8(out.read("regenesis.json")).unwrap();
    let mut marker: serde_json::Value = serde_json::from_str(&marker).unwrap();
    for path in ["../secret", "el/../../secret", &out.beside("secret").display().to_string()] {
        let file = serde_json::json!({"path": path, "size": 4, "sha256": sha256(b"mine")});
        marker["files"].as_array_mut().unwrap().push(file);
    }
    out.write("regenesis.json", &marker.to_string());
    out.succeeds("lighthouse");
    assert_eq!(std::fs::read(out.beside("secret")).unwrap(), b"mine");
}

#[test]
fn a_hostile_table_is_refused() {
    let out = Out::new();
    for (layout, part) in [
        ("../x=jwt", "not a plain path"),
        ("el/../../x=jwt", "not a plain path"),
        ("/x=jwt", "is absolute"),
        ("metadata/x=jwt", "regenesis' own"),
        ("Validator-Keys=lighthouse", "regenesis' own"),
        ("el/.regenesis-run=jwt", "regenesis' own"),
        ("REGENESIS.json=jwt", "regenesis' own"),
        ("a=jwt,a=jwt", "twice"),
        ("el/jwt=jwt,el/JWT=state", "ignores case"),
        ("a=jwt,a/b=state", "inside"),
        ("a=lighthouse,A/keys=jwt", "inside"),
        ("a=x", "has no file"),
        ("a=egg", "has no file"),
    ] {
        out.refuses(layout, 2, part);
        assert!(!out.path("").exists());
    }
}

#[test]
fn thousands_of_places_are_written_replaced_and_removed() {
    let out = Out::new();
    let table = |from: u32, to| {
        let place = |number| format!("secrets/{}/{number}.hex=jwt", number % 50);
        (from..to).map(place).collect::<Vec<_>>().join(",")
    };
    let files = || tree(&out.path("secrets")).into_iter().filter(|path| path.is_file()).count();
    out.succeeds(&table(0, 5_000));
    assert_eq!(files(), 5_000);
    out.write("secrets/7/notes", "mine");
    out.succeeds(&table(0, 5_000));
    assert!(out.read("secrets/49/4999.hex") == out.read("jwt/jwtsecret"));
    out.write("secrets/49/4999.hex", "mine");
    out.refuses(&table(0, 5_000), 7, "secrets/49/4999.hex: exists");
    out.succeeds(&table(0, 3));
    assert_eq!(files(), 5);
    assert_eq!(out.read("secrets/7/notes"), b"mine");
    assert_eq!(out.read("secrets/49/4999.hex"), b"mine");
}

#[test]
fn a_directory_without_write_permission_is_named_before_anything_is_written() {
    let place = Runtime::new();
    let program = place.copy_program();
    std::fs::create_dir_all(place.at("out/cl/keys")).unwrap();
    std::fs::create_dir_all(place.at("out/el")).unwrap();
    for (path, mode) in
        [("out", 0o777), ("out/cl", 0o777), ("out/cl/keys", 0o555), ("out/el", 0o555)]
    {
        std::fs::set_permissions(place.at(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    for (layout, directory) in
        [("el/jwt=jwt", "out/el"), ("el/a/b/jwt=jwt", "out/el"), ("cl/keys=teku", "out/cl/keys")]
    {
        let mut command = std::process::Command::new("setpriv");
        if rustix::process::getuid().is_root() {
            // Modes do not restrict root.
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        }
        command.arg(&program).args(place.arguments(FIRST, 1)).args(["--layout", layout]);
        let output = command.current_dir(place.path()).output();
        let output = output.expect("setpriv: apt-get install util-linux");
        let message = text(&output);
        assert_eq!(output.status.code(), Some(7), "{message}");
        assert!(message.contains(directory) && message.contains("ermission denied"), "{message}");
        assert!(!place.has("out/.regenesis"), "{message}");
    }
}

/// The new chain has the same keys, which the slashing protection of the old one forbids to sign.
#[test]
fn files_of_clients_beside_placed_keystores_are_kept_elsewhere() {
    let out = Out::new();
    out.succeeds(PLACES);
    out.write(SLASHING_PROTECTION, "signed");
    let message = out.succeeds(PLACES);
    out.assert_placed();
    assert!(message.contains("kept files that regenesis did not write"), "{message}");
    let kept = tree(&out.path(".regenesis/kept"));
    let kept: Vec<_> = kept.iter().filter(|path| path.is_file()).collect();
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    assert!(kept.ends_with(SLASHING_PROTECTION), "{}", kept.display());
    assert_eq!(std::fs::read(kept).unwrap(), b"signed");
    // A layout without this directory leaves them.
    out.write(SLASHING_PROTECTION, "signed");
    out.succeeds("egg");
    assert_eq!(out.read(SLASHING_PROTECTION), b"signed");
    assert_eq!(entries(&out.path("cl/validator_data/keys")), 1);
}

#[test]
fn all_keeps_the_tree_of_ethereum_genesis_generator() {
    let out = Out::new();
    let mut command = regenesis();
    command.args(["all", "--layout", "el/jwt=jwt", "--out"]).arg(out.path(""));
    command.env("NUMBER_OF_VALIDATORS", "2");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(out.path("parsed/parsedConsensusGenesis.json").exists());
    assert!(!out.path("validator-keys").exists());
    assert!(out.read("el/jwt") == out.read("jwt/jwtsecret"));
}
