//! No mnemonic, key, password or JWT secret appears in any output: of runs that succeed, of runs that fail,
//! or of the `Debug` of their types.

use std::path::Path;

use crate::support::{Done, Run, regenesis, repository};
use clap::{Args, FromArgMatches};
use regenesis::command::init;
use regenesis::keys::Sealed;
use regenesis::keys::{Entropy, Kdf, Keystore, Mnemonic, SecretText, password};
use regenesis::layout::{LAYOUTS, Layout};
use regenesis::snapshot::{mnemonics, validators};

const PHRASE: &str =
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above";
const SEED: &str = "5eed5eed00112233445566778899aabbccddeeff00112233445566778899aabb";
const JWT: &str = "3e7f3e7f0123456789abcdef0123456789abcdef0123456789abcdef01234567";

fn mnemonics() -> String {
    format!("- mnemonic: \"{PHRASE}\"\n  count: 3\n")
}

/// `init` of the sample with other validators.
fn run() -> Run {
    Run::new()
        .snapshot()
        .file("snapshot/val/mnemonics.yaml", mnemonics())
        .arg("snapshot")
        .args(["--seed", SEED, "--jwt", JWT])
}

/// Every secret of a run: its inputs, and those that it wrote.
fn secrets(out: &Path) -> Vec<String> {
    let mut secrets = vec![SEED.to_owned(), JWT.to_owned()];
    let words: Vec<_> = PHRASE.split(' ').collect();
    secrets.extend(words.windows(2).map(|pair| pair.join(" ")));
    for entry in std::fs::read_dir(out.join("validator-keys/secrets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        let password = std::fs::read_to_string(&path).unwrap();
        let keystore = out.join("validator-keys/keys").join(name).join("voting-keystore.json");
        let keystore = Keystore::from_json(&std::fs::read(keystore).unwrap()).unwrap();
        secrets.push(hex::encode(keystore.open(&password).unwrap().as_bytes()));
        secrets.push(password);
    }
    // Seed, JWT, the pairs of words, and for each validator a key and a password.
    assert_eq!(secrets.len(), 2 + words.len() - 1 + 2 * 3);
    secrets.push(std::fs::read_to_string(out.join("jwt/jwtsecret")).unwrap()[2..].to_owned());
    secrets
}

/// Texts, and bytes as `Debug` prints them.
fn assert_hidden(output: &str, secrets: &[String]) {
    let lower = output.to_lowercase();
    for secret in secrets {
        assert!(!lower.contains(secret), "{secret} in {output}");
        if let Ok(bytes) = hex::decode(secret) {
            let numbers: Vec<_> = bytes[..6].iter().map(u8::to_string).collect();
            for separator in [", ", ",\n", " "] {
                assert!(!output.contains(&numbers.join(separator)), "{secret} in {output}");
            }
        }
    }
}

fn assert_silent(done: &Done, secrets: &[String]) {
    assert_hidden(&format!("{}{}", done.stdout, done.stderr), secrets);
}

#[test]
fn runs_that_succeed_print_no_secret() {
    let done = run().arg("--json").succeeds();
    let secrets = secrets(&done.out());
    assert_eq!(secrets.len(), 2 + 11 + 2 * 3 + 1);
    assert_silent(&done, &secrets);
    assert_hidden(&done.text("regenesis.json"), &secrets);
    // Nor do world-readable files.
    for (_, bytes) in done.files().iter().filter(|(path, _)| path.starts_with("metadata/")) {
        assert_hidden(&String::from_utf8_lossy(bytes), &secrets);
    }
    // The seed determines all randomness, so other runs have the same secrets.
    for more in [["--kdf", "light"], ["--timestamp", "keep"], ["--lead", "0"]] {
        let run = run().file("snapshot/el/genesis.template.json", stamped());
        assert_silent(&run.args(more).arg("--json").succeeds(), &secrets);
    }
}

fn stamped() -> String {
    let sample = repository().join("sample/el/genesis.template.json");
    std::fs::read_to_string(sample).unwrap().replace("TIMESTAMP_PLACEHOLDER", "1700000000")
}

#[test]
fn runs_that_fail_print_no_secret() {
    let secrets = secrets(&run().succeeds().out());
    let assert_fails = |run: Run, code| assert_silent(&run.fails(code), &secrets);
    // The output cannot be written, after all keys are derived.
    assert_fails(run().file("out", "a file in the way"), 7);
    assert_fails(run().file("out/jwt/jwtsecret", JWT), 7);
    // An invalid earlier JWT secret: a warning.
    let damaged = Run::new().after_init(&[]).file("out/jwt/jwtsecret", &JWT[1..]);
    let done = damaged.args(["--jwt", "keep"]).succeeds();
    assert!(done.stderr.contains("jwtsecret: "), "{}", done.stderr);
    assert_silent(&done, &[JWT[1..].to_owned()]);
}

#[test]
fn wrong_arguments_are_not_printed() {
    let secrets = [JWT, SEED].map(|text| text[1..].to_owned());
    let mut secrets = secrets.to_vec();
    let words: Vec<_> = PHRASE.split(' ').collect();
    secrets.extend(words.windows(2).map(|pair| pair.join(" ")));
    for args in [
        ["--jwt", &JWT[1..]],
        ["--jwt", &format!("{JWT}{SEED}")],
        ["--seed", &SEED[1..]],
        ["--seed", &format!("0x0x{SEED}")],
        ["--mnemonics", PHRASE],
        ["--mnemonics", &PHRASE.replace(' ', "  ")],
    ] {
        let done = Run::new().args(args).fails(2);
        assert_silent(&done, &secrets);
        done.wrote_nothing();
        let variable = format!("REGENESIS_{}", args[0][2..].to_uppercase());
        let done = Run::new().env(&variable, args[1]).fails(2);
        assert_silent(&done, &secrets);
        done.wrote_nothing();
    }
    for (verb, more) in [("init", "--help"), ("bake", "--help"), ("init", "--no-such-flag")] {
        let mut command = regenesis();
        for (name, value) in [("JWT", JWT), ("SEED", SEED), ("MNEMONICS", PHRASE)] {
            command.env(format!("REGENESIS_{name}"), value);
        }
        let output = command.args([verb, more]).output().unwrap();
        assert_hidden(&String::from_utf8_lossy(&output.stdout), &secrets);
        assert_hidden(&String::from_utf8_lossy(&output.stderr), &secrets);
    }
}

#[test]
fn bake_and_verify_print_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let init = run().succeeds();
    let secrets = secrets(&init.out());
    let snapshot = directory.path().join("snapshot");
    let sample = repository().join("sample");
    for file in ["el/genesis.template.json", "cl/config.yaml"] {
        std::fs::create_dir_all(snapshot.join(file).parent().unwrap()).unwrap();
        std::fs::copy(sample.join(file), snapshot.join(file)).unwrap();
    }
    std::fs::create_dir(snapshot.join("val")).unwrap();
    std::fs::write(snapshot.join("val/mnemonics.yaml"), mnemonics()).unwrap();
    let metadata = r#"{"format": 1, "name": "secrets", "chain_id": 271828}"#;
    std::fs::write(snapshot.join("metadata.json"), metadata).unwrap();
    for args in [&["bake", "--seed", SEED, "--json"][..], &["verify", "--json"]] {
        let mut command = regenesis();
        let output = command.args(args).arg(&snapshot).output().unwrap();
        assert!(output.status.success());
        assert_hidden(&String::from_utf8_lossy(&output.stdout), &secrets);
        assert_hidden(&String::from_utf8_lossy(&output.stderr), &secrets);
    }
}

#[test]
fn debug_of_their_types_prints_no_secret() {
    let entropy = Entropy::new(hex::decode(SEED).unwrap().try_into().unwrap());
    let entries = mnemonics::parse(mnemonics().as_bytes()).unwrap();
    let registry = validators::derive(&entries, &|_| ()).unwrap();
    let key = &registry.signing_keys[0];
    let word = password(&entropy, &key.pubkey);
    let keystore =
        Keystore::seal(&key.secret, &key.pubkey, &key.path, &word, Kdf::Light, &entropy).unwrap();
    let sealed =
        Sealed { pubkey: key.pubkey, keystore: keystore.to_json(), password: word.clone() };
    let (_, Layout::Keys(lighthouse)) = LAYOUTS[0] else { panic!() };
    let files = (lighthouse.each)(&sealed);
    let jwt = regenesis::layout::jwt(JWT);
    let arguments = init::Args::augment_args(clap::Command::new("init"));
    let arguments = arguments.get_matches_from(["init", "--seed", SEED, "--jwt", JWT]);
    let arguments = init::Args::from_arg_matches(&arguments).unwrap();
    let secrets = [
        vec![SEED.to_owned(), JWT.to_owned(), word.to_string(), hex::encode(key.secret.as_bytes())],
        PHRASE.split(' ').map(str::to_owned).collect(),
    ];
    let shown = [
        format!("{entropy:?} {entries:?} {key:?} {registry:?} {sealed:?} {files:?} {jwt:?}"),
        format!("{:?} {:?}", Mnemonic::parse(PHRASE).unwrap(), SecretText::from(JWT.to_owned())),
        format!("{arguments:?} {arguments:#?}"),
        format!("{:?}", regenesis::sample()),
    ];
    for shown in shown {
        assert_hidden(&shown, &secrets.concat());
    }
}

/// A forgotten option name must not print the phrase that followed it.
#[test]
fn the_parser_never_quotes_a_phrase() {
    let flag = format!("--insecure={PHRASE}");
    for arguments in [
        &["keys", "keystores", PHRASE][..],
        &["keys", PHRASE],
        &["keys", "pubkeys", "--source-min", PHRASE],
        &["init", &flag],
        &["init", "--shuffle-seed", PHRASE],
        &[PHRASE],
    ] {
        let output = regenesis().args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(!output.status.success() && !text.contains("advice"), "{arguments:?}: {text}");
    }
}
