//! An enclave whose L1 has stopped.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::enclave::{EL, Enclave, capture};
use super::{fails, json, with_docker};
use crate::operate::machine::docker;
use crate::support::{PROGRAM, regenesis, text};

/// The directory of the stopped L1 has the same blocks, in its container or copied; everything else comes
/// from the containers.
pub fn is_a_source(enclave: &Enclave, directory: &Path) {
    let datadir = format!("{}:/data/geth/execution-data", enclave.container(EL));
    docker(&["cp", &datadir, directory.join("stopped").to_str().unwrap()]);
    // Its parent directory is missing, too.
    let arguments = ["--enclave", &enclave.name, "--out", "a:b/again"];
    let copied = [&arguments[..], &["--datadir", "stopped"]].concat();
    let is_gone = || assert!(!directory.join("a:b").exists());
    for arguments in [&arguments[..], &copied] {
        let with = |more: &[&str]| capture(directory, &[arguments, more].concat());
        fails(&with(&[]), 4, "a stopped geth does not answer calls");
        fails(&with(&["--mode", "state"]), 2, "--alloc");
        fails(&with(&["--force", "--wait-finalized"]), 2, "--wait-finalized requires a node");
        is_gone();
    }
    let rollup = capture(directory, &[&arguments[..], &["--l2-rollup", "op=x"]].concat());
    fails(&rollup, 2, "--l2-rollup cannot be used while the enclave's geth is stopped");
    let forced = [&arguments[..], &["--force"]].concat();
    is_interrupted(directory, &forced);
    let said = fails_on_a_full_disk(directory, 1000, &["--enclave", &enclave.name, "--force"], 7);
    assert!(said.contains("(os error 28)"), "{said}");
    let output = capture(directory, &forced);
    assert!(output.status.success(), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains(&format!("--mode history: {EL} is stopped")), "{said}");
    assert!(said.contains("genesis.system_config stays as it is"), "{said}");
    let left: Vec<_> = std::fs::read_dir(directory.join("a:b")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let both = |path: &str| ["out", "a:b/again"].map(|name| directory.join(name).join(path));
    let same = ["el/chain.rlp", "el/genesis.json", "val/mnemonics.yaml", "cl/config.yaml"];
    for path in same.into_iter().chain(["services/001/op-batcher-001/command.json"]) {
        let [running, stopped] = both(path).map(|path| std::fs::read(path).unwrap());
        assert!(running == stopped, "{path} differs");
    }
    let [running, stopped] = both("metadata.json").map(|path| json(&path));
    assert_eq!(running["source"]["block"], stopped["source"]["block"]);
    assert_eq!(running["l2"], stopped["l2"]);
}

/// A signal while the database is copied leaves nothing.
fn is_interrupted(directory: &Path, arguments: &[&str]) {
    // A docker whose copy of the database stops after its first files.
    let shim = tempfile::tempdir().unwrap();
    let script = "case \"$*\" in cp*/geth/chaindata*) DOCKER \"$@\" | { head -c 200000; sleep 60; } ;; \
                  *) exec DOCKER \"$@\" ;; esac";
    let path = with_docker(shim.path(), script);
    let mut command = regenesis();
    command.arg("capture").args(arguments).env("PATH", path).current_dir(directory);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (copy, end) = (directory.join("a:b/again.capture/source/geth/chaindata"), Instant::now());
    while !copy.is_dir() {
        assert!(end.elapsed() < Duration::from_mins(2), "no copy");
        std::thread::sleep(Duration::from_millis(50));
    }
    let kill = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    assert!(!directory.join("a:b/again.capture").exists(), "{}", text(&output));
}

/// A capture that fails with this exit code, because its snapshot would be on a file system of this size; it
/// leaves nothing there. Returns its messages.
pub fn fails_on_a_full_disk(
    directory: &Path,
    kilobytes: u32,
    arguments: &[&str],
    code: i32,
) -> String {
    let script = format!(
        "mkdir -p full && mount -t tmpfs -o size={kilobytes}k none full && \
         \"$0\" capture --out full/out \"$@\"; echo \"exit code $?\"; ls -A full"
    );
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", &script, PROGRAM]).args(arguments).current_dir(directory);
    let output = unshare.output().expect("unshare: apt-get install util-linux");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("exit code {code}\n"), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    said
}
