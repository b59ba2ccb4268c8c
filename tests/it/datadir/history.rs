//! `bake --geth` keeps the database into which geth has imported a history; `init` copies it with the new
//! chain config, and `run` then skips `geth init` and `geth import`.
//!
//! geth is a script: only its files matter. `tests/e2e/baked_database.rs` has the real one.

use serde_json::Value;

use super::place::{Host, tree};
use crate::history::Snapshot;
use crate::support::place::Ended;

const DATABASE: &str = "data/geth/chaindata";
const STAGED: &str = "data/.regenesis-geth";

/// Beside the steps of a bake: `geth init` leaves the file `imported`, and geth a lock and a chain.
const GETH: &str = "D=data; [ \"$1\" != --datadir ] || D=$2; C=$D/geth/chaindata
case \" $* \" in
*' --version '*) echo 'geth version 9.9.9';;
*' init '*) mkdir -p $C; echo >$C/imported;;
*' import '*) [ ! -e bad ] || { echo 'invalid block 1' >&2; exit 1; }
  echo 'INFO Imported new potential chain segment number=1 hash=ab' >&2
  echo table >$C/000007.ldb; : >$C/MANIFEST-000004; echo MANIFEST-000004 >$C/CURRENT
  : >$C/000013.log; echo >$C/LOG;;
*' console '*) cat hashes;;
*' compact '*) ;;
*' get '*) echo 'key 0x44: 0x09';;
*) echo $$ >$C/LOCK; echo $$ >$C/chain;;
esac";

fn host() -> Host {
    let place = Host::new();
    place.program("geth", GETH);
    for (path, content) in Snapshot::of("fulu").files() {
        place.write(format!("snapshot/{path}"), content);
    }
    let source = &place.json("snapshot/metadata.json")["source"];
    let hashes = [&source["genesis_hash"], &source["block"]["hash"]].map(|hash| hash.as_str());
    place.write("hashes", format!("\"{} {}\"\n", hashes[0].unwrap(), hashes[1].unwrap()));
    place
}

fn bake(place: &Host) -> Ended {
    Ended::of(&mut place.command(&["bake", "snapshot", "--geth", "geth"]))
}

fn init(place: &Host) -> String {
    let arguments = ["init", "snapshot", "--out", "runtime", "--geth-datadir", "data"];
    Ended::of(&mut place.command(&arguments)).succeeds().stderr
}

fn start(place: &Host) -> String {
    let once = ["--datadir", "data", "--once", "geth", "init", "genesis.json", ";"];
    let import = ["--import", "geth", "import", "chain.rlp", ";", "--", "geth"];
    place.runs(&[&once[..], &import].concat())
}

#[test]
fn a_boot_copies_the_imported_blocks_and_stamps_the_config() {
    let place = host();
    bake(&place).succeeds();
    let names = ["000007.ldb", "CURRENT", "MANIFEST-000004"];
    let baked: Vec<_> = tree(&place.at("snapshot/baked/geth")).into_keys().collect();
    assert_eq!(baked, names.map(|name| place.at("snapshot/baked/geth").join(name)));
    assert!(!place.has("snapshot/baked/geth-import"));
    let said = Ended::of(&mut place.command(&["verify", "snapshot"])).succeeds().stderr;
    assert!(said.contains("as geth version 9.9.9 imported it"), "{said}");
    for _ in 0..2 {
        init(&place);
        let staged = if place.has(STAGED) { STAGED } else { DATABASE };
        let log = std::fs::read(place.at(staged).join("000014.log")).unwrap();
        let hash = place.json("runtime/regenesis.json")["el"]["block_hash"].clone();
        let hash = hex::decode(&hash.as_str().unwrap()[2..]).unwrap();
        let key = [b"ethereum-config-", &hash[..]].concat();
        assert!(log.windows(key.len()).any(|window| window == key));
        // The log has the config at its end, and no block.
        let config = place.json("runtime/metadata/genesis.json")["config"].clone();
        let start = log.iter().position(|byte| *byte == b'{').unwrap();
        let found: Value = serde_json::from_slice(&log[start..]).unwrap();
        assert_eq!(found, config);
        let said = start_on(&place);
        assert!(said.contains("the database has all 1 blocks: skipped geth import"), "{said}");
    }
}

/// Starts geth, which must not import; the messages.
fn start_on(place: &Host) -> String {
    let said = start(place);
    assert!(said.contains("skipped geth init"), "{said}");
    assert!(!place.has(format!("{DATABASE}/imported")), "{said}");
    assert!(place.has(format!("{DATABASE}/000007.ldb")), "{said}");
    said
}

#[test]
fn without_a_usable_database_geth_imports_the_blocks() {
    let place = host();
    Ended::of(&mut place.command(&["bake", "snapshot"])).succeeds();
    let is_imported = |cause: &str| {
        let said = init(&place);
        assert!(said.contains(cause), "{said}");
        let said = start(&place);
        assert!(said.contains("1 blocks") && !said.contains("skipped"), "{said}");
        assert!(place.has(format!("{DATABASE}/imported")), "{said}");
    };
    is_imported("the chain has a history that is not baked");
    bake(&place).succeeds();
    let baked = std::fs::read(place.at("snapshot/baked/bake.json")).unwrap();
    let record = regenesis::snapshot::bake::Record::parse(&baked).unwrap();
    let change = |change: &dyn Fn(&mut regenesis::geth_database::BakedDatabase)| {
        let mut record = record.clone();
        change(record.geth.as_mut().unwrap());
        place.write("snapshot/baked/bake.json", record.to_bytes());
    };
    change(&|database| database.version = 10);
    is_imported("version 10");
    change(&|database| database.chain.as_mut().unwrap().head.0[0] ^= 1);
    is_imported("another state");
    let ended = Ended::of(&mut place.command(&["verify", "snapshot"]));
    ended.fails(5, "baked/geth belongs to another state");
    change(&|database| database.chain = None);
    is_imported("not of this chain's history");
}

#[test]
fn a_bake_whose_geth_fails_leaves_the_earlier_one() {
    let place = host();
    bake(&place).succeeds();
    let before = tree(&place.at("snapshot/baked"));
    let unchanged = |ended: &Ended| {
        assert_eq!(tree(&place.at("snapshot/baked")), before, "{}", ended.stderr);
    };
    place.write("bad", "");
    let ended = bake(&place);
    ended.fails(6, "geth failed with exit code 1: invalid block 1");
    unchanged(&ended);
    std::fs::remove_file(place.at("bad")).unwrap();
    let hashes = place.read("hashes");
    let (genesis, _) = hashes.split_once(' ').unwrap();
    for other in
        [format!("{genesis} {}\"\n", &genesis[1..]), "undefined\n".to_owned(), String::new()]
    {
        place.write("hashes", other);
        let ended = bake(&place);
        ended.fails(5, "imported the history up to");
        unchanged(&ended);
    }
    let ended = Ended::of(&mut place.command(&["bake", "snapshot", "--geth", "missing/geth"]));
    ended.fails(6, "missing/geth");
    unchanged(&ended);
    let ended = Ended::of(&mut place.command(&["bake", "snapshot", "--geth-datadir", "yes"]));
    ended.fails(2, "add --geth PROGRAM");
    unchanged(&ended);
    Ended::of(&mut place.command(&["bake", "snapshot", "--geth", "geth", "--geth-datadir", "no"]))
        .succeeds();
    assert!(!place.has("snapshot/baked/geth/CURRENT"));
}
