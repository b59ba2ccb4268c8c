//! A boot from a bake writes the same bytes as one without it, or ignores the bake.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{PROGRAM, Run, regenesis, repository, vectors};
use regenesis::Silent;
use regenesis::file::{FileDigest, Input};
use regenesis::identity::FileIdentity;
use regenesis::io::fs::{self, Files};
use regenesis::io::identity::{self, Watch};
use regenesis::keys::{Entropy, Kdf};
use regenesis::pipeline::{Bake, Keystores, Request, load_bake};
use regenesis::snapshot::bake::{self, Record};
use regenesis::snapshot::seen::{self, Seen};
use regenesis::snapshot::validators::Source;
use regenesis::snapshot_files;
use regenesis::snapshot_files::digests;

const SEED: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A snapshot directory made of a vector's files.
fn snapshot(case: &Path, into: &Path) -> PathBuf {
    let copy = |from: &str, to: &str| {
        let to = into.join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(case.join(from), to).unwrap();
    };
    copy("genesis.json", "el/genesis.template.json");
    copy("config.yaml", "cl/config.yaml");
    copy("mnemonics.yaml", "val/mnemonics.yaml");
    let genesis: serde_json::Value =
        serde_json::from_slice(&std::fs::read(case.join("genesis.json")).unwrap()).unwrap();
    let metadata = serde_json::json!({"format": 1, "name": "vector", "chain_id": genesis["config"]["chainId"]});
    std::fs::write(into.join("metadata.json"), metadata.to_string()).unwrap();
    into.to_owned()
}

fn copy_of_sample(into: &Path) -> PathBuf {
    let (sample, copy) = (repository().join("sample"), into.join("sample"));
    let copied = Command::new("cp").arg("-r").arg(sample).arg(&copy).status().unwrap();
    assert!(copied.success());
    copy
}

fn bake(snapshot: &Path) {
    let baked = regenesis().args(["bake", "--seed", SEED]).arg(snapshot).output().unwrap();
    assert!(baked.status.success(), "{}", String::from_utf8_lossy(&baked.stderr));
}

fn init(snapshot: &Path) -> crate::support::Done {
    Run::new().arg(snapshot).args(["--timestamp", "keep", "--seed", SEED, "--json"]).succeeds()
}

/// The summary of a run, without the durations of its steps.
fn summary(done: &crate::support::Done) -> serde_json::Value {
    let mut summary: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    summary.as_object_mut().unwrap().remove("steps");
    summary
}

fn was_baked(done: &crate::support::Done) -> bool {
    let summary: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    summary["steps"].as_array().unwrap().iter().any(|step| step["step"] == "baked")
}

#[test]
fn every_vector_has_the_same_bytes_baked_and_computed() {
    for case in vectors() {
        let directory = tempfile::tempdir().unwrap();
        let snapshot = snapshot(&case, directory.path());
        let computed = init(&snapshot);
        bake(&snapshot);
        let baked = init(&snapshot);
        assert!(!was_baked(&computed) && was_baked(&baked), "{}", baked.stderr);
        assert_eq!(baked.files(), computed.files(), "{}", case.display());
        assert_eq!(summary(&baked), summary(&computed), "{}", case.display());
    }
}

#[test]
fn the_embedded_bake_is_of_the_sample() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    std::fs::remove_dir_all(sample.join("baked")).unwrap();
    bake(&sample);
    for file in ["bake.json", "validators.bin", "keystores.jsonl"] {
        let committed = std::fs::read(repository().join("sample/baked").join(file)).unwrap();
        let made = std::fs::read(sample.join("baked").join(file)).unwrap();
        assert!(made == committed, "{file}: run `regenesis bake sample --seed {SEED}`");
    }
}

fn load(snapshot: &Path) -> Bake {
    let entropy = Entropy::new([0; 32]);
    let snapshot = snapshot_files::snapshot(snapshot);
    let digests = digests::recall(&snapshot, &Watch::of(&snapshot.inputs())).unwrap();
    let (kdf, digests) = (Some(Kdf::Light), Some(&digests));
    let request = Request { kdf, digests, ..Request::new(&snapshot, &entropy) };
    load_bake(&request, &Files, &Silent).unwrap()
}

#[test]
fn a_flipped_byte_anywhere_is_caught() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    assert!(matches!(load(&sample), Bake::Valid(_)));
    for (file, stride) in [("bake.json", 1), ("validators.bin", 13), ("keystores.jsonl", 211)] {
        let path = sample.join("baked").join(file);
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(stride).chain([whole.len() - 1]) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            assert!(matches!(load(&sample), Bake::Stale(_)), "{file} at {at}");
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(matches!(load(&sample), Bake::Stale(_)), "{file} cut");
        std::fs::write(&path, whole).unwrap();
    }
    assert!(matches!(load(&sample), Bake::Valid(_)));
}

#[test]
fn a_stale_bake_is_named_and_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let edits = [
        ("cl/config.yaml", "SECONDS_PER_SLOT: 2", "SECONDS_PER_SLOT: 4"),
        ("val/mnemonics.yaml", "count: 64", "count: 65"),
        ("el/genesis.template.json", "\"gasLimit\": \"0x3", "\"gasLimit\": \"0x4"),
        // An edit in the alloc that keeps the length.
        ("el/genesis.template.json", "0xf39Fd6e51aad88F6F4", "0xf39Fd6e51aad88F6F5"),
    ];
    for (file, from, to) in edits {
        let path = sample.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{file}");
        std::fs::write(&path, edited).unwrap();
        let Bake::Stale(reason) = load(&sample) else { panic!("{file}") };
        assert!(reason.contains(&format!("belongs to a different {}", path.display())), "{reason}");
        std::fs::write(&path, text).unwrap();
    }
    std::fs::write(sample.join("val/validators.txt"), "# more\n").unwrap();
    assert!(matches!(load(&sample), Bake::Stale(_)));
    let computed = Run::new().arg(&sample).args(["--timestamp", "1700000000", "--json"]).succeeds();
    assert!(computed.stderr.contains("not used (run regenesis bake again)"));
    assert!(!was_baked(&computed));
}

/// Baking again would not help: the bake lacks what the snapshot lacks.
#[test]
fn a_bake_without_requested_contracts_names_the_capture() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let path = sample.join("el/genesis.template.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let lacking = text.replace("0x000F3df6D732807E", "0x000F3ef6D732807E");
    assert_ne!(lacking, text);
    std::fs::write(&path, lacking).unwrap();
    bake(&sample);
    let done = Run::new().arg(&sample).args(["--add-system-contracts", "--json"]).succeeds();
    let remedy = "not used (capture the snapshot again with --add-system-contracts)";
    assert!(done.stderr.contains(remedy) && !done.stderr.contains("bake again"), "{}", done.stderr);
    assert!(!was_baked(&done));
}

/// Adds accounts to a snapshot's genesis, so that it has several MiB.
fn grow(snapshot: &Path) -> PathBuf {
    let path = snapshot.join("el/genesis.template.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let account = |n: u32| format!("\"{n:040x}\": {{ \"balance\": \"0x1{n:060x}\" }},\n");
    let accounts = (1..=20_000).map(account).collect::<Vec<_>>().concat();
    let marker = "\"alloc\": {";
    std::fs::write(&path, text.replacen(marker, &format!("{marker}\n{accounts}"), 1)).unwrap();
    path
}

/// The output of a run from the files, without a bake.
fn computed(snapshot: &Path) -> crate::support::Done {
    let file = |name: &str| snapshot.join(name);
    Run::new()
        .arg("--genesis")
        .arg(file("el/genesis.template.json"))
        .arg("--config")
        .arg(file("cl/config.yaml"))
        .arg("--mnemonics")
        .arg(file("val/mnemonics.yaml"))
        .args(["--timestamp", "1800000000", "--seed", SEED, "--json"])
        .succeeds()
}

/// Accounts between all samples that an older version took, the first and the last one.
#[test]
fn one_balance_of_twenty_thousand_edited_at_the_same_length_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let path = grow(&sample);
    bake(&sample);
    let whole = std::fs::read(&path).unwrap();
    assert!(whole.len() > 2 << 20 && matches!(load(&sample), Bake::Valid(_)));
    let modified = path.metadata().unwrap().modified().unwrap();
    for account in [1, 2, 777, 4242, 9999, 10_001, 13_370, 19_999, 20_000] {
        let key = format!("{account:040x}");
        let at = whole.windows(40).position(|text| text == key.as_bytes()).unwrap() + 62;
        let mut edited = whole.clone();
        assert!(edited[at].is_ascii_digit() && edited[at + 1] == b'0');
        edited[at + 1] = b'7';
        std::fs::write(&path, edited).unwrap();
        // An editor may restore the modification time.
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        let Bake::Stale(reason) = load(&sample) else { panic!("{account}") };
        assert!(
            reason.contains("belongs to a different") && reason.contains("genesis.template.json")
        );
    }
    let arguments = ["--timestamp", "1800000000", "--seed", SEED, "--json"];
    let baked = Run::new().arg(&sample).args(arguments).succeeds();
    let hash = |done: &crate::support::Done| summary(done)["el"]["block_hash"].clone();
    assert!(
        !was_baked(&baked) && baked.stderr.contains("belongs to a different"),
        "{}",
        baked.stderr
    );
    assert_eq!(hash(&baked), hash(&computed(&sample)));
    std::fs::write(&path, &whole).unwrap();
    assert_ne!(hash(&baked), hash(&computed(&sample)));
    let copy = directory.path().join("copy");
    assert!(Command::new("cp").arg("-r").arg(&sample).arg(&copy).status().unwrap().success());
    assert!(matches!(load(&copy), Bake::Valid(_)), "a copy is known by its content");
}

/// `init` does not read a file that has the identity recorded by the bake. It trusts only an identity that a
/// later edit cannot have.
#[test]
fn an_unchanged_file_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let path = grow(&sample);
    bake(&sample);
    let seen_at = sample.join("baked/seen.json");
    assert!(!seen_at.exists(), "the file changed less than two seconds before");
    // An old file: what the repository has is not edited while this runs.
    std::fs::remove_file(&path).unwrap();
    let old = repository().join("sample/el/genesis.template.json");
    std::os::unix::fs::symlink(&old, &path).unwrap();
    bake(&sample);
    let seen = Seen::parse(&std::fs::read(&seen_at).unwrap());
    let file = &seen.files["el/genesis.template.json"];
    assert_eq!(Some(file.identity), identity::of(&Input::file(old)));
    assert!(matches!(load(&sample), Bake::Valid(_)));
    // With another digest for the same identity, the bake is of another file: nothing was read.
    let forged = |tree: String, identity: FileIdentity| {
        let file = seen::File { identity, tree };
        let seen = Seen { files: [("el/genesis.template.json".to_owned(), file)].into() };
        std::fs::write(&seen_at, seen.to_bytes()).unwrap();
    };
    forged("00".repeat(32), file.identity);
    assert!(matches!(load(&sample), Bake::Stale(_)));
    // With another identity the file is read, whatever stands beside it.
    forged("00".repeat(32), FileIdentity { inode: file.identity.inode + 1, ..file.identity });
    assert!(matches!(load(&sample), Bake::Valid(_)));
    for damage in [&b""[..], b"{", b"\xff", b"[1]"] {
        std::fs::write(&seen_at, damage).unwrap();
        assert!(matches!(load(&sample), Bake::Valid(_)));
    }
}

/// Every input, while `init` derives the keys of a thousand validators.
#[test]
fn an_input_that_changes_while_init_runs_is_an_error() {
    use std::io::{BufRead, BufReader};
    let files =
        ["metadata.json", "el/genesis.template.json", "cl/config.yaml", "val/mnemonics.yaml"];
    for file in files {
        let directory = tempfile::tempdir().unwrap();
        let sample = copy_of_sample(directory.path());
        std::fs::remove_dir_all(sample.join("baked")).unwrap();
        let mnemonics = sample.join("val/mnemonics.yaml");
        let text = std::fs::read_to_string(&mnemonics).unwrap();
        std::fs::write(&mnemonics, text.replace("count: 64", "count: 1500")).unwrap();
        let mut command = regenesis();
        command.args(["init", "--out", "out", "sample"]).current_dir(directory.path());
        let mut init = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(init.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.trim_start().starts_with("read ")));
        let path = sample.join(file);
        // In place: a file that is cut first could be read empty.
        let file_to_change = std::fs::File::options().write(true).open(&path).unwrap();
        let last = file_to_change.metadata().unwrap().len() - 1;
        std::os::unix::fs::FileExt::write_all_at(&file_to_change, b" ", last).unwrap();
        let rest: Vec<_> = lines.collect();
        assert_eq!(init.wait().unwrap().code(), Some(3), "{file}: {rest:?}");
        let expected = format!("sample/{file} changed while it was being read");
        assert!(rest.iter().any(|line| line.contains(&expected)), "{file}: {rest:?}");
        assert!(!directory.path().join("out/regenesis.json").exists(), "{file}");
    }
}

#[test]
fn keystores_are_kept_only_where_the_user_allows_it() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let run = |args: &[&str]| {
        let done = regenesis().args(args).arg(&sample).output();
        assert!(done.unwrap().status.success());
    };
    run(&["bake", "--keystores", "none"]);
    assert!(!sample.join("baked/keystores.jsonl").exists());
    let Bake::Valid(prepared) = load(&sample) else { panic!("the rest of the bake is usable") };
    assert!(matches!(&prepared.keystores, Keystores::Unsealed(keys) if keys.len() == 64));
    run(&["verify"]);
}

/// Another seed, another key derivation function, no keystores: only the keys are computed.
#[test]
fn only_the_keystores_of_a_bake_depend_on_the_seed() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    std::fs::remove_dir_all(sample.join("baked")).unwrap();
    let other = "22".repeat(32);
    let runs = [["--seed", SEED, "--kdf", "light"], ["--seed", &other, "--kdf", "light"]];
    let run = |arguments: &[&str]| {
        let run = Run::new().arg(&sample).args(["--timestamp", "1800000000", "--json"]);
        run.args(arguments.iter().copied()).succeeds()
    };
    let computed = runs.map(|arguments| run(&arguments));
    for bake_arguments in [&["--seed", SEED][..], &["--keystores", "none"]] {
        let done = regenesis().arg("bake").args(bake_arguments).arg(&sample).output();
        assert!(done.unwrap().status.success());
        for (arguments, computed) in runs.iter().zip(&computed) {
            let baked = run(arguments);
            assert!(was_baked(&baked) && !baked.stderr.contains("not used"), "{}", baked.stderr);
            assert_eq!(baked.files(), computed.files(), "{bake_arguments:?} {arguments:?}");
            assert_eq!(summary(&baked), summary(computed));
        }
    }
}

/// A bake whose digests are right, with keys that are not points, and so not those of its keystores.
#[test]
fn forged_public_keys_of_a_bake_are_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let mut record = Record::parse(&std::fs::read(sample.join(bake::RECORD)).unwrap()).unwrap();
    let mut validators = std::fs::read(sample.join(bake::VALIDATORS)).unwrap();
    for validator in validators.chunks_mut(89) {
        validator[..48].copy_from_slice(&[0xab; 48]);
    }
    let digest = FileDigest::of(bake::VALIDATORS, &validators);
    *record.files.iter_mut().find(|file| file.path == bake::VALIDATORS).unwrap() = digest;
    std::fs::write(sample.join(bake::VALIDATORS), validators).unwrap();
    std::fs::write(sample.join(bake::RECORD), record.to_bytes()).unwrap();
    let failed = Run::new().arg(&sample).args(["--timestamp", "1800000000"]).fails(3);
    let words = "keystores that differ from those of its validators";
    assert!(failed.stderr.contains(words), "{}", failed.stderr);
    failed.wrote_nothing();
}

/// Files that an earlier run and its clients left in the keystores' directory.
#[test]
fn baked_keystores_stay_and_other_files_are_removed() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    let first = Run::new().args(["--seed", SEED]).succeeds();
    let again = || {
        let out = first.out();
        let mut command = regenesis();
        let status = command.arg("init").arg("--out").arg(out).args(["--seed", SEED]).output();
        assert!(status.unwrap().status.success());
    };
    let keys = first.out().join("validator-keys");
    let mut directories: Vec<_> =
        std::fs::read_dir(keys.join("keys")).unwrap().map(|entry| entry.unwrap().path()).collect();
    directories.sort();
    let keystore = |index: usize| directories[index].join("voting-keystore.json");
    let before = first.files();
    let inodes = [inode(&keystore(0)), inode(&keystore(63))];

    let strays = [
        keys.join("keys/validator_definitions.yml"),
        keys.join("keys/slashing_protection.sqlite"),
        directories[5].join("voting-keystore.json.lock"),
        keys.join("0xdead/voting-keystore.json"),
    ];
    for stray in &strays {
        std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
        std::fs::write(stray, "of another chain").unwrap();
    }
    std::os::unix::fs::symlink("/", keys.join("link")).unwrap();
    again();
    assert_eq!([inode(&keystore(0)), inode(&keystore(63))], inodes);
    assert!(!strays.iter().any(|stray| stray.exists()) && keys.join("link").read_link().is_err());
    assert_eq!(first.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());

    // Another byte, another mode, a missing file.
    let mut text = std::fs::read_to_string(keystore(7)).unwrap();
    text = text.replacen("\"version\":4", "\"version\":3", 1);
    let damage: [&dyn Fn(); 3] = [
        &|| std::fs::write(keystore(7), &text).unwrap(),
        &|| {
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(keystore(9), open).unwrap();
        },
        &|| std::fs::remove_file(keystore(11)).unwrap(),
    ];
    for hurt in damage {
        hurt();
        again();
        assert_eq!(inode(&keystore(0)), inodes[0]);
        assert_eq!(std::fs::metadata(keystore(9)).unwrap().mode() & 0o777, 0o600);
        let after = first.files();
        let same = |path: &&String| path.starts_with("validator-keys");
        for path in before.keys().filter(same) {
            assert_eq!(after[path], before[path], "{path}");
        }
    }
}

fn verify(snapshot: &Path) -> (Option<i32>, String) {
    // The limit stops a program that reads a complete file into memory.
    let limited = "ulimit -v 4194304; exec timeout 60 \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh", PROGRAM, "verify"]).arg(snapshot);
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Forges the record of the sample's bake, as a person who knows the format can.
fn forge(sample: &Path, keystores: &[u8], edit: impl Fn(&mut Record)) {
    std::fs::write(sample.join(bake::KEYSTORES), keystores).unwrap();
    let path = sample.join(bake::RECORD);
    let mut record = Record::parse(&std::fs::read(&path).unwrap()).unwrap();
    *file(&mut record, bake::KEYSTORES) = FileDigest::of(bake::KEYSTORES, keystores);
    let lines = keystores.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    record.keystores.as_mut().unwrap().count = lines.count();
    edit(&mut record);
    std::fs::write(path, record.to_bytes()).unwrap();
}

fn file<'a>(record: &'a mut Record, path: &str) -> &'a mut FileDigest {
    record.files.iter_mut().find(|file| file.path == path).unwrap()
}

/// The name of a forgery, the edit, and the error of `verify`.
type Forgery<'a> = (String, &'a dyn Fn(&mut Record), &'a str);

/// Digests prove nothing about the author of a bake: numbers out of range neither crash `init`, nor fill
/// the disk, nor change what it writes.
#[test]
fn a_bake_with_numbers_out_of_range_is_not_used() {
    type Edit<'a> = &'a dyn Fn(&mut Record);
    let alloc = |edit: fn(std::ops::Range<u64>) -> std::ops::Range<u64>| {
        move |record: &mut Record| record.genesis.alloc = edit(record.genesis.alloc.clone())
    };
    let state = |position: usize, digits: &'static str| {
        move |record: &mut Record| {
            let range = 2 * position..2 * position + digits.len();
            record.genesis.sha256_state.replace_range(range, digits);
        }
    };
    let source = |edit: fn(&mut Source)| move |record: &mut Record| edit(&mut record.sources[0]);
    let forgeries: [Edit<'_>; 26] = [
        &alloc(|alloc| alloc.start..u64::MAX),
        &alloc(|alloc| alloc.start..alloc.end + 1),
        &alloc(|alloc| alloc.start..alloc.end - 1),
        &alloc(|alloc| alloc.start + 1..alloc.end),
        &alloc(|alloc| alloc.start..alloc.start),
        &alloc(|alloc| alloc.end..alloc.start),
        &alloc(|alloc| 0..alloc.end),
        &alloc(|_| 0..0),
        &alloc(|_| u64::MAX - 1..u64::MAX),
        &|record| record.genesis.file.size = u64::MAX,
        &|record| record.genesis.file.size -= 1,
        &|record| record.genesis.accounts = usize::MAX,
        &|record| record.genesis.sha256_length = u64::MAX,
        &|record| record.genesis.sha256_length += 1,
        &|record| record.genesis.sha256_length = 0,
        // The number of blocks, and of bytes after them.
        &state(32, "ffffffffffffffff"),
        &state(40, "40"),
        &state(40, "ff"),
        &|record| record.genesis.missing = vec![[7; 20].into(); 1000],
        &|record| record.sources.clear(),
        &|record| record.sources.push(record.sources[0].clone()),
        &source(|source| source.count = u64::MAX),
        &source(|source| source.count -= 1),
        &source(|source| source.first = u64::MAX),
        &|record| record.keystores.as_mut().unwrap().count = usize::MAX,
        &|record| record.keystores.as_mut().unwrap().count = 65,
    ];
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let path = sample.join(bake::RECORD);
    let record = Record::parse(&std::fs::read(&path).unwrap()).unwrap();
    let run = || {
        let flags = ["--timestamp", "1800000000", "--shuffle-validators", "--json"];
        Run::new().arg(&sample).args(flags).args(["--kdf", "light", "--seed", SEED]).succeeds()
    };
    let honest = run();
    assert!(was_baked(&honest));
    for (number, forge) in forgeries.into_iter().enumerate() {
        let mut forged = record.clone();
        forge(&mut forged);
        assert_ne!(forged, record, "{number}");
        std::fs::write(&path, forged.to_bytes()).unwrap();
        let Bake::Stale(reason) = load(&sample) else { panic!("{number}") };
        assert!(reason.contains("baked/"), "{number}: {reason}");
        if number % 5 == 0 {
            let done = run();
            assert!(!was_baked(&done) && done.stderr.contains("run regenesis bake again"));
            assert_eq!(done.files(), honest.files(), "{number}");
        }
    }
}

/// As above, for the keystores: they are read while they are written.
#[test]
fn baked_keystores_of_other_keys_are_an_error() {
    let sealed =
        std::fs::read_to_string(repository().join("sample/baked/keystores.jsonl")).unwrap();
    let lines: Vec<_> = sealed.split_inclusive('\n').collect();
    let mut swapped = lines.clone();
    swapped.swap(3, 40);
    let rounds = sealed.replacen("\"c\":2,", "\"c\":80000000,", 1);
    let other = "keystores that differ from those of its validators";
    let nothing = |_: &mut Record| ();
    let count = |record: &mut Record| record.keystores.as_mut().unwrap().count = 64;
    let fewer = |record: &mut Record| record.keystores.as_mut().unwrap().count = 63;
    let cases: [Forgery<'_>; 5] = [
        (swapped.concat(), &nothing, other),
        (lines[..60].concat(), &count, other),
        (format!("{sealed}{}", lines[0]), &count, other),
        (sealed.clone(), &fewer, other),
        (rounds, &nothing, "whose key derivation differs from that in bake.json"),
    ];
    for (keystores, edit, says) in cases {
        let directory = tempfile::tempdir().unwrap();
        let sample = copy_of_sample(directory.path());
        forge(&sample, keystores.as_bytes(), edit);
        let failed = Run::new().arg(&sample).args(["--layout", "prysm"]).fails(3);
        assert!(failed.stderr.contains(says), "{says}: {}", failed.stderr);
        failed.wrote_nothing();
    }
}

#[test]
fn verify_only_accepts_keystores_of_the_validators() {
    let sealed =
        std::fs::read_to_string(repository().join("sample/baked/keystores.jsonl")).unwrap();
    let lines: Vec<_> = sealed.split_inclusive('\n').collect();
    let mut swapped = lines.clone();
    swapped.swap(3, 40);
    let mut twice = lines.clone();
    twice[1] = lines[0];
    let rounds = sealed.replacen("\"c\":2,", "\"c\":3,", 1);
    assert_ne!(rounds, sealed);
    let nothing = |_: &mut Record| ();
    let kdf = |record: &mut Record| record.keystores.as_mut().unwrap().kdf = "pbkdf2".to_owned();
    let unknown = |record: &mut Record| record.keystores.as_mut().unwrap().kdf = "none".to_owned();
    let count = |record: &mut Record| record.keystores.as_mut().unwrap().count = 63;
    let more = |record: &mut Record| record.files.push(FileDigest::of("baked/more", b""));
    let seen = |record: &mut Record| record.files.push(FileDigest::of(bake::SEEN, b""));
    let size = |record: &mut Record| file(record, bake::VALIDATORS).size += 1;
    let digest = |record: &mut Record| file(record, bake::VALIDATORS).sha256 = [0; 32];
    let other = |record: &mut Record| file(record, bake::KEYSTORES).sha256 = [0; 32];
    let longer = |record: &mut Record| file(record, bake::KEYSTORES).size += 1;
    let missing = |record: &mut Record| record.files.retain(|file| file.path != bake::KEYSTORES);
    let unbound = |record: &mut Record| record.files.retain(|file| file.path != bake::VALIDATORS);
    let cases: [Forgery<'_>; 16] = [
        (twice.concat(), &nothing, "validator 1 that has a different key"),
        (swapped.concat(), &nothing, "validator 3 that has a different key"),
        (lines[1..].concat(), &nothing, "validator 0 that has a different key"),
        (lines[..63].concat(), &nothing, "has 63 keystores for 64 validators"),
        (format!("{sealed}{}", lines[0]), &nothing, "more keystores than the mnemonics"),
        (rounds, &nothing, "validator 0 that has a different kdf"),
        (sealed.clone(), &kdf, "validator 0 that has a different kdf"),
        (sealed.clone(), &unknown, "unknown kdf"),
        (sealed.clone(), &count, "a different number of keystores"),
        (sealed.clone(), &more, "belongs to other files"),
        (sealed.clone(), &seen, "describes other files"),
        (sealed.clone(), &size, "describes other files"),
        (sealed.clone(), &digest, "describes other files"),
        (sealed.clone(), &other, "describes other files"),
        (sealed.clone(), &longer, "whose size differs"),
        (sealed.clone(), &unbound, "describes other files"),
    ];
    for (keystores, edit, says) in cases {
        let directory = tempfile::tempdir().unwrap();
        let sample = copy_of_sample(directory.path());
        forge(&sample, sealed.as_bytes(), nothing);
        assert_eq!(verify(&sample).0, Some(0));
        forge(&sample, keystores.as_bytes(), edit);
        let (code, stderr) = verify(&sample);
        assert_eq!(code, Some(5), "{says}: {stderr}");
        assert!(
            stderr.contains(says) && stderr.contains("hint: run regenesis bake again"),
            "{says}: {stderr}"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    forge(&sample, sealed.as_bytes(), missing);
    assert_eq!(verify(&sample).0, Some(5));
}

#[test]
fn an_endless_line_of_keystores_is_refused_in_bounded_memory() {
    let directory = tempfile::tempdir().unwrap();
    let sample = copy_of_sample(directory.path());
    let path = sample.join(bake::KEYSTORES);
    let sealed = std::fs::read(&path).unwrap();
    let grow = || std::fs::File::options().write(true).open(&path).unwrap().set_len(6 << 30);
    grow().unwrap();
    let (code, stderr) = verify(&sample);
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("keystores.jsonl whose size differs"), "{stderr}");
    // With a record that knows of it.
    forge(&sample, &sealed, |record| file(record, bake::KEYSTORES).size = 6 << 30);
    grow().unwrap();
    let (code, stderr) = verify(&sample);
    assert_eq!(code, Some(3), "{stderr}");
    let says = "sample/baked/keystores.jsonl: line 65 is longer than 1048576 bytes";
    assert!(stderr.contains(says) && stderr.contains("hint: "), "{stderr}");
    // Every reader of lines, with any number at once.
    for count in [1, 64, 100_000] {
        let read = fs::each_lines(&Input::file(path.clone()), count, |lines| {
            assert!(lines.len() < 4 << 20);
            Ok::<_, fs::Error>(())
        });
        assert!(read.unwrap_err().to_string().ends_with(says.split_once(": ").unwrap().1));
    }
}
