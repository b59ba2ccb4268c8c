//! geth's database of a chain with a history: a geth that the user names executes the blocks, once.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use alloy_rlp::Decodable as _;

use crate::command::Failure;
use crate::command::steps::Steps;
use crate::exit;
use crate::file::Input;
use crate::geth_database::reader::Database;
use crate::geth_database::{self, BakedDatabase, ImportedChain};
use crate::io::process;
use crate::pipeline::{ChainHistory, Prepared};
use crate::progress::Progress as _;
use crate::snapshot_files::geth_database::ImportDirectory;

/// The storage of the stack's geth.
const STORAGE: [&str; 4] =
    ["--db.engine=leveldb", "--state.scheme=hash", "--gcmode=archive", "--cache.preimages"];
/// For a node without peers, ports and files elsewhere.
const OFFLINE: [&str; 5] =
    ["--nodiscover", "--maxpeers=0", "--port=0", "--ipcdisable", "--authrpc.port=0"];
/// The hashes of block 0 and of the head.
const HASHES: &str = "eth.getBlock(0).hash + ' ' + eth.getBlock('latest').hash";
/// `DatabaseVersion` in hex, the key of the schema's version.
const VERSION_KEY: &str = "0x446174616261736556657273696f6e";

const ANOTHER: &str = "use another geth (1.16 and 1.17 are tested), or bake without --geth";

/// A database that geth has written, before it is part of the bake.
pub(super) struct Imported {
    directory: ImportDirectory,
    chain: ImportedChain,
    version: u64,
    state_root: B256,
}

/// geth with its data directory.
struct Geth<'a> {
    program: &'a Path,
    data: PathBuf,
}

/// Imports the history of a snapshot with the geth `program`; `None` if the snapshot has none.
///
/// # Errors
/// geth does not start or fails, or its head is not the history's last block.
pub(super) fn import(
    program: &Path,
    directory: &Path,
    prepared: &Prepared,
    steps: &Steps<'_>,
) -> Result<Option<Imported>, Failure> {
    let Prepared { snapshot, history, .. } = prepared;
    let (Some(files), Some(history)) = (&snapshot.history, history) else { return Ok(None) };
    let (Input::File(genesis), Input::File(chain)) = (&snapshot.genesis, &files.chain) else {
        return Ok(None);
    };
    let directory = ImportDirectory::create(directory)?;
    let geth = Geth { program, data: directory.data() };
    let client = geth.run(&words(&["--version"]), |_| ())?.trim().to_owned();
    geth.on_data(&[OsStr::new("init"), genesis.as_ref()], |_| ())?;
    let last = history.head.header.number;
    geth.on_data(&[OsStr::new("import"), chain.as_ref()], |line| {
        if let Some(number) = block_number(line) {
            steps.advance(&|| format!("{client}: block {number} of {last}"));
        }
    })?;
    // geth writes its version when it starts, and refuses what it cannot read.
    let console = [&OFFLINE[..], &["--exec", HASHES, "console"]].concat();
    let hashes = geth.on_data(&words(&console), |_| ())?;
    let chain = chain_of(history, client, &hashes)?;
    geth.on_data(&words(&["db", "compact"]), |_| ())?;
    let version = geth.on_data(&words(&["db", "get", VERSION_KEY]), |_| ())?;
    let version = database_version(&version).ok_or_else(|| {
        let message = format!("{} reports no DatabaseVersion: {version:?}", chain.client);
        Failure::new(exit::INPUT, message, Some(ANOTHER))
    })?;
    leave_out_alloc(&directory, &chain.genesis, steps)?;
    steps.done("import", &format!("{last} blocks, by {}", chain.client));
    let state_root = prepared.captured_state_root();
    Ok(Some(Imported { directory, chain, version, state_root }))
}

/// Removes the alloc of block 0, which geth keeps as JSON, from the imported database.
/// In a database that cannot be read, it stays: it only costs space.
fn leave_out_alloc(
    directory: &ImportDirectory,
    genesis: &B256,
    steps: &Steps<'_>,
) -> Result<(), Failure> {
    let files = directory.database();
    match Database::open(&files).and_then(|database| database.without_alloc(genesis)) {
        Ok(changed) => Ok(directory.rewrite(&changed)?),
        Err(error) => {
            let text =
                format!("the alloc stays in the baked database, which cannot be read: {error}");
            steps.console.warning(&text);
            Ok(())
        }
    }
}

impl Imported {
    /// Moves the database to its place in the bake.
    pub(super) fn place(self, steps: &Steps<'_>) -> Result<BakedDatabase, Failure> {
        let Self { directory, chain, version, state_root } = self;
        let (files, log) = directory.place()?;
        let size: u64 = files.iter().map(|file| file.size).sum();
        let count = files.len();
        let text = format!("database of {} MB in {count} files", size.div_ceil(1_000_000));
        steps.done("geth", &text);
        Ok(BakedDatabase {
            engine: geth_database::ENGINE.to_owned(),
            scheme: geth_database::SCHEME.to_owned(),
            version,
            state_root,
            sequence: geth_database::UNREACHED_SEQUENCE,
            log,
            files,
            chain: Some(chain),
        })
    }
}

impl Geth<'_> {
    /// Runs geth with `arguments` on the data directory. Returns its standard output.
    fn on_data(&self, arguments: &[&OsStr], on_line: impl FnMut(&str)) -> Result<String, Failure> {
        let datadir = [OsStr::new("--datadir"), self.data.as_ref()];
        let all = [&datadir[..], &words(&STORAGE), arguments].concat();
        self.run(&all, on_line)
    }

    fn run(&self, arguments: &[&OsStr], on_line: impl FnMut(&str)) -> Result<String, Failure> {
        let line = [&[self.program.as_os_str()], arguments].concat();
        let line: Vec<_> = line.into_iter().map(OsStr::to_owned).collect();
        let output = process::observe(&line, on_line)?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }
}

fn words<'a>(words: &[&'a str]) -> Vec<&'a OsStr> {
    words.iter().copied().map(OsStr::new).collect()
}

/// The number in geth's line about imported blocks.
fn block_number(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("Imported new potential chain segment")?;
    rest.split_whitespace().find_map(|word| word.strip_prefix("number="))
}

/// Checks that geth's block 0 and head, in its own words, are those of the history.
fn chain_of(
    history: &ChainHistory,
    client: String,
    hashes: &str,
) -> Result<ImportedChain, Failure> {
    let found = hashes.trim().trim_matches('"').split_once(' ');
    let found = found.and_then(|(genesis, head)| Some((genesis.parse().ok()?, head.parse().ok()?)));
    match (found, history.genesis_hash) {
        (Some((genesis, head)), Some(expected)) if (genesis, head) == (expected, history.hash) => {
            Ok(ImportedChain { genesis, head, client })
        }
        (found, _) => {
            let found: Option<(B256, B256)> = found;
            let found = found.map_or_else(|| hashes.to_owned(), |(_, head)| head.to_string());
            let message =
                format!("{client} imported the history up to {found}, expected {}", history.hash);
            Err(Failure::new(exit::VERIFICATION, message, Some(ANOTHER)))
        }
    }
}

/// The number that `geth db get` prints as RLP in hex, after the key.
fn database_version(output: &str) -> Option<u64> {
    let (_, value) = output.trim().rsplit_once(": 0x")?;
    u64::decode(&mut &*hex::decode(value).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_geth_are_read() {
        let line =
            "INFO [11-29|03:45:41.023] Imported new potential chain segment number=1,080 hash=b2";
        assert_eq!(block_number(line), Some("1,080"));
        assert_eq!(block_number("INFO [11-29|03:45:41.023] Writing number=3"), None);
        assert_eq!(database_version("key 0x4461: 0x09\n"), Some(9));
        for other in ["", "leveldb: not found", "key 0x4461: 0x", "key 0x4461: 0x9"] {
            assert_eq!(database_version(other), None, "{other:?}");
        }
    }
}
