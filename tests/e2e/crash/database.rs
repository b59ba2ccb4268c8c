//! `init --geth-datadir`, killed and failed at every change of the disk: geth finds its old chain, a
//! complete database or none, and the next `init` and `run` succeed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::place::Ended;
use crate::support::runtime::{FIRST, tree};
use crate::support::{PROGRAM, Place, text, without_variables};

use super::faults::CHANGES;

/// Locks its database and adds a block.
const GETH: &str = "#!/bin/sh\ncase \" $* \" in *' init '*) mkdir -p data/geth/chaindata;; \
                    *) echo >data/geth/chaindata/LOCK; echo >data/geth/chaindata/block;; esac\n";
const START: [&str; 10] =
    ["run", "--datadir", "data", "--once", "geth", "init", "genesis.json", ";", "--", "geth"];

struct Host(Place);

impl Host {
    fn new() -> Self {
        let place = Place::new();
        place.add_sample("snapshot");
        // `strace` counts the calls of each thread: those that write keystores must not fail first.
        let mnemonics = format!("- mnemonic: \"{FIRST}\"\n  count: 2\n");
        place.write("snapshot/val/mnemonics.yaml", mnemonics);
        place.run(&["bake", "snapshot", "--geth-datadir", "yes"]).succeeds();
        place.write("bin/.keep", "");
        place.executable("bin/geth", GETH);
        Self(place)
    }

    fn prepare(&self, command: &mut Command) {
        without_variables(command);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.0.at("bin").display()));
        command.current_dir(self.0.path());
    }

    fn succeeds(&self, arguments: &[&str]) {
        let mut command = Command::new(PROGRAM);
        self.prepare(&mut command);
        Ended::of(command.args(arguments)).succeeds();
    }

    fn init(&self) {
        self.succeeds(&["init", "snapshot", "--out", "runtime", "--geth-datadir", "data"]);
    }

    /// `init` with `fault` at the `n`th change of any thread.
    fn init_with(&self, fault: &str, n: usize) -> Output {
        let mut strace = Command::new("strace");
        self.prepare(&mut strace);
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CHANGES}")]);
        strace.args(["-e", &format!("inject={CHANGES}:{fault}:when={n}")]);
        strace.args([PROGRAM, "init", "snapshot", "--out", "runtime", "--geth-datadir", "data"]);
        strace.env("RAYON_NUM_THREADS", "2");
        strace.output().expect("strace: apt-get install strace")
    }

    fn clear(&self) {
        for path in ["runtime", "data"] {
            let _ = std::fs::remove_dir_all(self.0.at(path));
        }
    }

    /// The files of a database by name; empty if it is missing.
    fn files(&self, path: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.0.at(path);
        if !root.exists() {
            return BTreeMap::new();
        }
        let files = tree(&root).into_iter().filter(|path| path.is_file());
        let name = |path: &Path| path.strip_prefix(&root).unwrap().to_owned();
        files.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
    }

    /// Whether the files are the baked ones and one log.
    fn is_complete(&self, mut files: BTreeMap<PathBuf, Vec<u8>>) -> bool {
        let baked = self.files("snapshot/baked/geth");
        let same = baked.into_iter().all(|(name, bytes)| files.remove(&name) == Some(bytes));
        let log = files.pop_first();
        same && files.is_empty()
            && log.is_some_and(|(name, log)| {
                name.extension().is_some_and(|end| end == "log") && !log.is_empty()
            })
    }
}

/// From no data, and from the chain of an earlier genesis, until a run meets no fault.
fn at_every_change(fault: &str) {
    let host = Host::new();
    for has_chain in [false, true] {
        let (mut met, mut explained) = (0, 0);
        for n in 1.. {
            host.clear();
            if has_chain {
                host.init();
                host.succeeds(&START);
            }
            let chain = host.files("data/geth/chaindata");
            let output = host.init_with(fault, n);
            let said = text(&output);
            assert!(!said.contains("panicked"), "{fault} at {n}: {said}");
            if !output.status.success() {
                met = n;
            } else if said.contains("geth init must import the genesis") {
                (met, explained) = (n, explained + 1);
            }
            let found = host.files("data/geth/chaindata");
            assert!(
                found == chain || !has_chain && host.is_complete(found),
                "{fault} at {n}: {said}"
            );
            // geth starts on this genesis if it is complete, and then on the next.
            let mut starts = vec![true];
            if output.status.success() {
                starts.insert(0, false);
            }
            for with_init in starts {
                if with_init {
                    host.init();
                }
                host.succeeds(&START);
                let mut found = host.files("data/geth/chaindata");
                assert!(found.contains_key(Path::new("block")), "{fault} at {n}: {said}");
                if with_init {
                    found.retain(|name, _| !["LOCK", "block"].map(Path::new).contains(&&**name));
                    assert!(host.is_complete(found), "{fault} at {n}: {said}");
                    assert!(!host.0.has("data/.regenesis-geth"), "{fault} at {n}: {said}");
                }
            }
            if n > met + 40 {
                break;
            }
        }
        assert!(met > 10, "{fault}: {met}");
        assert!(fault.contains("KILL") || explained > 1, "{fault}: {explained}");
    }
}

#[test]
fn a_killed_init_leaves_no_half_written_database() {
    at_every_change("signal=KILL");
}

#[test]
fn a_failed_operation_leaves_no_half_written_database() {
    for fault in ["error=ENOSPC", "error=EIO"] {
        at_every_change(fault);
    }
}
