//! `regenesis capture`: from a running chain, or a file with its state, to a snapshot.

mod agglayer;
mod changes;
mod datadir;
mod enclave;
mod l2;
mod ready;
mod settings;
pub(super) mod staged;
mod unfinished;

use std::path::{Path, PathBuf};

use super::steps::Steps;
use super::{Failure, access, bake, given};
use crate::capture::chain::Chain;
use crate::capture::overlay::Overlay;
use crate::capture::{CaptureContext, Captured, Node, StateSource, WorkFiles as _};
use crate::enclave::Summary;
use crate::exit;
use crate::io::console::Console;
use crate::io::fs::Files;
use crate::io::rpc_client::Client;
use crate::rpc::{Beacon, Rpc};
use crate::snapshot_files::work::{Hold, Place, Work, share};
use enclave::{Copied, Found, Services};
use l2::{L2s, Opened};
use ready::Ready;
pub(super) use settings::is_name;
use settings::{Goal, Settings, Target};
use staged::StagedSnapshot;
use unfinished::{discard, keep};

const EXAMPLES: &str = "Examples:
  regenesis capture --el-rpc 127.0.0.1:8545                 the head of a running geth or anvil
  regenesis capture --el-rpc http://127.0.0.1:8545 --block finalized --name l1
  regenesis capture --el-rpc 127.0.0.1:8545 --cl-rpc 127.0.0.1:5052 --mnemonics mnemonics.yaml
                                                            with its consensus config and validators
  regenesis capture --mode history --el-rpc 127.0.0.1:8545 --genesis genesis.json
                          all blocks, with their hashes, receipts and logs; also from reth
  regenesis capture --state dump.json --genesis genesis.json
                          a file: geth dump, anvil --dump-state, forge's vm.dumpState, genesis.json
  regenesis capture --el-rpc 127.0.0.1:8545 --state dump.json
                                                            a file, verified by the node's block
  regenesis capture --el-rpc 127.0.0.1:8545 --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000
                                                            with intentional changes
  regenesis capture --el-rpc 127.0.0.1:8545 --l2-rpc op=127.0.0.1:9545 \\
    --l2-rollup op=rollup.json --l2-genesis op=genesis.json
                          with an OP-stack L2 and its state; without --l2-rpc, as deployed
  regenesis capture --enclave
                          list the Kurtosis enclaves of this machine, and what capture reads
  regenesis capture --enclave my-testnet --out l1
                          an enclave: its L1 and its OP-stack L2s, with their configs and validators
  regenesis capture --enclave my-testnet --wait-finalized --min-blocks 200
                          once its current head is final, and it has 200 blocks
  regenesis capture --enclave my-testnet --datadir data/geth
                          the blocks of its L1, from your copy of geth's data directory
  regenesis capture --datadir data/geth --prove --name l1
                                          the database of a stopped geth, of any size
  regenesis capture --datadir data/geth --alloc --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1
                                          its accounts, if geth kept their addresses
  regenesis capture --datadir data/geth --mode history --genesis genesis.json
                                          its blocks, also if geth no longer opens the directory

The state root is computed from the captured state and must match the block's. If there is no block
to compare with (a genesis, an alloc, block 0 of anvil), the snapshot records \"proven\": false. To
resume an interrupted capture, run the same command again.

Changes apply after the proof: merged files first, then code, system contracts, funds. The snapshot
lists them under \"derived\", and its state root then differs from the block's.";

/// Capture a running chain, a stopped geth or a state file as a snapshot, verified if a block has its
/// state root
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Args {
    /// JSON-RPC of the execution node: a URL, or HOST:PORT
    #[arg(long, value_name = "URL")]
    el_rpc: Option<String>,
    /// Beacon API of the beacon node, for its config and to compare its validators
    #[arg(long, value_name = "URL")]
    cl_rpc: Option<String>,
    /// State file: geth dump, anvil state, alloc, or genesis.json
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Data directory of a stopped geth: its database becomes part of the snapshot, which then has no
    /// alloc and starts with geth alone; with --mode history, its blocks are read
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
    /// Read all of the state in --datadir, compute every hash in it again, and compare geth's flat
    /// snapshot with it
    #[arg(long, requires = "datadir")]
    prove: bool,
    /// Write the accounts in --datadir as an alloc, instead of copying the database: for other clients and
    /// for changes. geth must have kept the addresses (--cache.preimages, or --gcmode archive)
    #[arg(long, requires = "datadir")]
    alloc: bool,
    /// Kurtosis enclave on this machine, by its name or UUID: nodes, genesis, config, mnemonics and
    /// OP-stack L2s that no other flag names come from its containers. If its geth has stopped, the blocks
    /// come from its database. Without NAME, list the enclaves
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = enclave::LIST)]
    enclave: Option<String>,
    /// Service of the enclave to capture as the execution client, if it has several
    #[arg(long, value_name = "SERVICE")]
    el: Option<String>,
    /// Service of the enclave to read as the beacon node, if it has several
    #[arg(long, value_name = "SERVICE")]
    cl: Option<String>,
    /// Services of the enclave that are the op-nodes of the L2s to capture; `none` captures no L2
    /// [default: the sequencer of each L2]
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    op_node: Vec<String>,
    /// What to keep: the state after a block, as the alloc of a new block 0; or all blocks up to it,
    /// which a new beacon chain continues; auto: blocks if a service of the enclave reads old logs, or
    /// if the node has stopped or has no dump of its state [default: state; with --enclave, auto]
    #[arg(long, value_name = "state|history|auto")]
    mode: Option<String>,
    /// Block to capture; with --mode history, the last one
    #[arg(long, value_name = "latest|finalized|NUMBER|HASH", default_value = "latest")]
    block: String,
    /// genesis.json of the chain, if the node does not report its config; required for --mode history
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// Validator mnemonics (mnemonics.yaml of eth-beacon-genesis); with --cl-rpc, their keys must be
    /// those of the chain [default: ethereum-package's mnemonic]
    #[arg(long, value_name = "FILE")]
    mnemonics: Option<PathBuf>,
    /// Snapshot directory to write [default: ./NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Name of the snapshot [default: the name of OUT; else chain-ID with a node or --chain-id; else
    /// snapshot]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Chain ID, if the state file does not contain it
    #[arg(long, value_name = "NUMBER")]
    chain_id: Option<u64>,
    /// Seconds per slot of the new chain [default: the captured chain's, or 2]
    #[arg(long, value_name = "SECONDS")]
    slot_time: Option<u64>,
    /// Timeout of each request to the node, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    rpc_timeout: u64,
    /// op-geth of an OP-stack L2: its state is captured too
    #[arg(long, value_name = "NAME=URL", value_delimiter = ',')]
    l2_rpc: Vec<String>,
    /// rollup.json of an L2
    #[arg(long, value_name = "NAME=FILE", value_delimiter = ',')]
    l2_rollup: Vec<String>,
    /// op-node of an L2, if its rollup.json is not at hand
    #[arg(long, value_name = "NAME=URL", value_delimiter = ',')]
    l2_node: Vec<String>,
    /// genesis.json of an L2, as op-geth was initialised with it, or op-deployer's state.json; plain or
    /// gzip: its config, and the addresses and slots that op-geth does not keep
    #[arg(long, value_name = "NAME=FILE", value_delimiter = ',')]
    l2_genesis: Vec<String>,
    /// Add ETH to the balance of an account
    #[arg(long, value_name = "ADDR=ETH", value_delimiter = ',')]
    fund: Vec<String>,
    /// Set the code of an account, in hex
    #[arg(long, value_name = "ADDR=HEX|@FILE", value_delimiter = ',')]
    set_code: Vec<String>,
    /// Add the accounts of another file (alloc, genesis.json or dump); they replace existing ones
    #[arg(long, value_name = "FILE")]
    merge: Vec<PathBuf>,
    /// Remove empty accounts (EIP-161)
    #[arg(long)]
    prune_empty: bool,
    /// Add the system contracts that the forks need and the state lacks, such as the deposit contract
    #[arg(long)]
    add_system_contracts: bool,
    #[command(flatten)]
    ready: Ready,
    /// Capture an enclave even if a rollup has settled, or if that cannot be checked: the snapshot
    /// does not have the agglayer's database
    #[arg(long, requires = "enclave")]
    force: bool,
    /// Stop the services of the enclave after the snapshot is written; SIGKILL follows after three
    /// minutes. Kurtosis cannot start them again
    #[arg(long, requires = "enclave")]
    stop: bool,
    /// Print the snapshot's metadata.json to stdout; with --enclave without NAME, the enclaves
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// The source cannot be read, or its state cannot be verified. No snapshot is written then.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let Found { sources, l2, agglayer, running, services, stopped } =
        match args.enclave.as_deref().and_then(given) {
            Some(enclave::LIST) => return enclave::list(args.json, console),
            Some(name) => {
                console.record();
                enclave::find(name, args, console)?
            }
            None => Found { sources: enclave::without(args)?, ..Found::default() },
        };
    args.ready
        .check(sources.el_rpc.is_some(), stopped.as_ref().map(|stopped| &*stopped.service))?;
    let mut settings = Settings::of(args, sources)?;
    let overlay = changes::of(args)?;
    let l2 = L2s::of(args, l2)?;
    l2.check_block(settings.block)?;
    if let (Some(datadir), Goal::State, false) = (&settings.datadir, &settings.goal, args.alloc) {
        let request = datadir::Request { datadir, prove: args.prove };
        return datadir::run(request, &settings, args.json, console);
    }
    // A place that cannot be replaced is reported before any request to a node.
    let place = settings.place().map(|out| look(&out, console)).transpose()?;
    let steps = Steps::start(console);
    let node = settings.node(console)?;
    let source = match &node {
        Some(node) => node.label().to_owned(),
        None => settings.source_file(),
    };
    console.title(&format!("regenesis {} · capturing {source}", env!("CARGO_PKG_VERSION")));
    let beacon = settings.beacon(console)?;
    let chain = node.as_ref().map(|node| Chain::fetch(node)).transpose()?;
    if let Some(chain) = &chain {
        let client = chain.client.as_deref().unwrap_or("unknown client");
        steps.done("node", &format!("{client}, chain {}", chain.id));
    }
    if let Some(node) = &node {
        settings.block = args.ready.wait(node, settings.block, &steps)?;
        // Before a long capture; the captured block is checked again.
        agglayer.iter().try_for_each(|found| found.check(node, settings.block, args.force))?;
    }
    if let (Some(_), None) = (&agglayer, &node) {
        agglayer::unchecked("a stopped geth does not answer calls", args.force, console)?;
    }
    let l1_id = chain.as_ref().map(|chain| chain.id);
    let l2 = l2.open(l1_id.or(args.chain_id), settings.retry, console)?;
    let directory = place.as_ref().and_then(|(place, _)| place.name());
    let target = settings.target(l1_id, directory)?;
    let (place, _lock) = place.map_or_else(|| look(&target.out, console), Ok)?;
    let mut work = Work::open(place)?;
    // A signal keeps what an earlier run has fetched, and nothing else.
    work.set_resumable(work.checkpoint().is_some());
    let names: Vec<String> = l2.iter().map(|l2| l2.name.clone()).collect();
    if let Err(error) = work.check_l2s(&names) {
        return Err(keep(error.into(), &settings, work, console));
    }
    let copied = stopped.map(|stopped| stopped.copy(work.source(), &steps)).transpose();
    let copied = match copied {
        Ok(copied) => copied,
        Err(failure) => return Err(keep(failure, &settings, work, console)),
    };
    let nodes = Nodes {
        execution: node.as_ref().zip(chain.as_ref()),
        copied: copied.as_ref(),
        beacon: beacon.as_ref(),
        l2: &l2,
    };
    let mut summary = None;
    let captured = capture(&settings, &target, nodes, overlay, &work, &steps);
    drop(copied);
    let staged = captured.and_then(|mut captured| {
        if let (Some(agglayer), Some(node)) = (&agglayer, &node) {
            let accounts = services.as_ref().map(Services::accounts);
            agglayer.add(node, &mut captured, accounts, args.force, &steps)?;
        }
        let node = node.as_ref().map(|node| node as &dyn Rpc);
        summary = services.map(|services| services.add(&mut captured, node, console));
        StagedSnapshot::write(captured, &work, &steps)
    });
    let staged = match staged {
        Ok(staged) => staged,
        // The data fetched before the source failed is good; after any other failure it is not.
        Err(failure) if failure.exit == exit::SOURCE => {
            return Err(keep(failure, &settings, work, console));
        }
        Err(failure) => return Err(discard(failure, work)),
    };
    if let Err(error) = work.check_place() {
        return Err(keep(error.into(), &settings, work, console));
    }
    let edited = work.publish()?;
    steps.done("write", &target.out.display().to_string());
    report(&target.out, &edited, summary.as_ref(), console);
    access::give(&target.out, console);
    if args.json {
        super::print(&staged.metadata.to_json())?;
    }
    running.stop(&steps)
}

/// Says what was written to `out`: the files of the stack that stay as the user edited them, the summary of
/// an enclave, and what starts the snapshot.
fn report(out: &Path, edited: &[&str], summary: Option<&Summary>, console: &Console) {
    let out = out.display();
    for name in edited {
        console.note(&format!(
            "{out}/{name} was edited and is left unchanged: move it away, and regenesis compose {out} \
             writes a new one"
        ));
    }
    if let Some(summary) = summary {
        summary.lines().iter().for_each(|line| console.note(line));
    }
    console.title(&format!("{out} is ready: {out}/up.sh, or regenesis init {out}"));
}

/// Checks the place of the snapshot, and locks out bakes.
fn look(out: &Path, console: &Console) -> Result<(Place, Hold), Failure> {
    let lock = share(out, console).map_err(|held| bake::busy(&held))?;
    Ok((Place::look(out)?, lock))
}

/// The nodes of a capture.
struct Nodes<'a> {
    execution: Option<(&'a Client<'a>, &'a Chain)>,
    /// The database of a stopped one.
    copied: Option<&'a Copied<'a>>,
    beacon: Option<&'a Client<'a>>,
    l2: &'a [Opened<'a>],
}

/// Captures what the settings name.
fn capture(
    settings: &Settings,
    target: &Target,
    nodes: Nodes<'_>,
    overlay: Overlay,
    work: &Work,
    steps: &Steps<'_>,
) -> Result<Captured, Failure> {
    let request = settings.request(target)?;
    let context = CaptureContext {
        request: &request,
        beacon: nodes.beacon.map(|node| node as &dyn Beacon),
        inputs: &Files,
        work,
        progress: steps,
    };
    let node = nodes.execution.map(|(rpc, chain)| Node { rpc, chain });
    let mut captured = match (&settings.goal, &settings.datadir, &settings.state, node) {
        (Goal::History { genesis }, Some(datadir), ..) => {
            let copied = nodes.copied.map_or(datadir, |copied| &copied.directory);
            datadir::capture_history(&context, copied, datadir.display().to_string(), genesis)?
        }
        (Goal::State, Some(datadir), ..) => {
            datadir::capture_alloc(&context, datadir, overlay, steps)?
        }
        (Goal::History { genesis }, None, _, Some(node)) => context.history(node, genesis)?,
        (_, None, Some(file), node) => context.state(StateSource::File(file, node), overlay)?,
        (_, None, None, Some(node)) => context.state(StateSource::Node(node), overlay)?,
        (_, None, None, None) => return Err(Failure::bug("neither a node nor a file")),
    };
    for l2 in nodes.l2 {
        l2.capture(&context, settings.request(target)?, node, &mut captured)?;
    }
    Ok(captured)
}
