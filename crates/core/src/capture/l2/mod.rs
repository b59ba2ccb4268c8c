//! Captures an OP-stack L2 beside its L1: `rollup.json` and a genesis that belong together, as `init`
//! anchors them.
//!
//! Without a node of the L2, its genesis is the one that it started from. With one, the genesis has the
//! state of a block, proven by the block's state root, and `rollup.json` follows it.

mod genesis_file;
mod on_l1;
mod work;

use alloy_primitives::U256;

use super::collected::ALLOC;
use super::context::{CaptureContext, Node};
use super::proof::{self, GenesisParts};
use super::{Error, recover, source};
use crate::el::genesis;
use crate::file::{Content, FilePart, Input, InputReader, OutFile};
use crate::keys::SecretText;
use crate::l2::{self, Chain, Head, Part, Problem, Rollup, State, SystemConfig};
use crate::snapshot::{BATCHER_KEY, L2};
pub use on_l1::L1;
use work::Named;
pub(super) use work::{CHECKPOINTS, of_l1};

/// The files of an L2 that belong together.
#[derive(Debug)]
pub struct Deployed {
    name: String,
    rollup: Input,
    genesis: Input,
    chain: Chain,
    /// Wei in its genesis.
    supply: U256,
}

impl Deployed {
    /// Reads the files of the L2 `name`, and checks that they belong together and to an L1 with the id
    /// `l1`. `rollup` is in memory; `genesis` may be op-deployer's `state.json`, and compressed by gzip.
    ///
    /// # Errors
    /// A file cannot be read, op-node or op-geth refuses it, or it is of another chain.
    pub fn read(
        name: &str,
        (rollup, genesis): (Input, Input),
        l1: Option<u64>,
        inputs: &dyn InputReader,
    ) -> Result<Self, Error> {
        let of = |input: &Input, error: l2::Error| {
            let input = if error.part == Part::Rollup { &rollup } else { input };
            Error::L2 { input: input.clone(), error: Box::new(error) }
        };
        let parsed = Rollup::parse(&inputs.read(&rollup)?).map_err(|error| of(&genesis, error))?;
        let genesis = genesis_file::unpacked(genesis, inputs)?;
        let (genesis, document, state) = match genesis_file::read(&genesis, inputs)? {
            Ok((document, state)) => (genesis, document, state),
            Err(error) => {
                let deployed = genesis_file::deployed(&genesis, &parsed, inputs);
                let deployed = deployed.map_err(|error| of(&genesis, error))?;
                let failed = |error| of(&genesis, genesis_file::invalid(error));
                let Some(text) = deployed else { return Err(failed(error)) };
                let (document, state) = genesis_file::read(&text, inputs)?.map_err(failed)?;
                (text, document, state)
            }
        };
        let size = inputs.length(&genesis)?;
        let chain = l2::with_state(parsed, document, State::of(&state, size));
        let chain = chain.map_err(|error| of(&genesis, error))?;
        let name = name.to_owned();
        let deployed = Self { name, rollup, genesis, chain, supply: state.total() };
        l1.map(|id| deployed.check_l1(id)).transpose()?;
        Ok(deployed)
    }

    /// Its genesis in the format of op-geth.
    pub fn genesis(&self) -> &Input {
        &self.genesis
    }

    /// Checks that the L1 of this chain has the id `found`.
    fn check_l1(&self, found: u64) -> Result<(), Error> {
        let named = self.chain.rollup.l1_chain_id;
        if named == found {
            return Ok(());
        }
        let problem = Problem::Contradiction {
            value: named.to_string(),
            other: "the captured L1".to_owned(),
            other_field: "the chain id",
            found: found.to_string(),
        };
        Err(self.failed(l2::Error::new(Part::Rollup, "l1_chain_id", problem)))
    }

    /// Checks that `node` is one of this chain.
    ///
    /// # Errors
    /// It has another chain id, or another block 0.
    pub fn check(&self, node: Node<'_>) -> Result<(), Error> {
        let rollup = &self.chain.rollup;
        let differs = |what, node: String, file: String| {
            let (name, label) = (self.name.clone(), self.rollup.label());
            Err(Error::L2OfAnotherChain { name, what, node, file, label })
        };
        if node.chain.id != rollup.l2_chain_id {
            let (node, file) = (node.chain.id.to_string(), rollup.l2_chain_id.to_string());
            return differs("chain id", node, file);
        }
        if node.chain.genesis != rollup.l2_hash {
            let (node, file) = (node.chain.genesis.to_string(), rollup.l2_hash.to_string());
            return differs("block 0", node, file);
        }
        Ok(())
    }

    /// The files of the L2 in a snapshot; with a `node` of it, those of the requested block.
    ///
    /// # Errors
    /// A node fails, or did not return the complete state.
    pub fn capture(
        &self,
        context: &CaptureContext<'_>,
        node: Option<Node<'_>>,
        l1: &L1<'_>,
    ) -> Result<Vec<OutFile>, Error> {
        self.check_l1(l1.chain_id)?;
        let config = if l1.history { self.system_config(context, l1)? } else { None };
        if let Some(node) = node {
            return self.state(context, node, l1, config.as_ref());
        }
        let block = l1.block.filter(|_| l1.history);
        let rollup = self.chain.rollup.at_block(block, config.as_ref());
        let rollup = rollup.map_err(|error| self.failed(error))?;
        let parts = vec![FilePart::Source(0..self.chain.state.file_size)];
        let genesis = Content::Parts(parts, self.genesis.clone(), None);
        let text = format!("{}: chain {}, as deployed", self.name, self.chain.rollup.l2_chain_id);
        context.progress.step("l2", &text);
        Ok(vec![OutFile::new(self.path("genesis.json"), genesis, false), self.file(rollup)])
    }

    /// The files with the state of the requested block.
    fn state(
        &self,
        context: &CaptureContext<'_>,
        node: Node<'_>,
        l1: &L1<'_>,
        config: Option<&SystemConfig>,
    ) -> Result<Vec<OutFile>, Error> {
        let progress = context.progress;
        let rollup = &self.chain.rollup;
        progress.step("l2", &format!("{}: chain {}", self.name, rollup.l2_chain_id));
        let work = Named::new(&self.name, l1.block, context.work, context.inputs);
        let context = &CaptureContext { work: &work, ..*context };
        let mut collected = source::collect(context, node)?;
        if collected.incomplete > 0 {
            recover::recover(context, Some(node), &mut collected)?;
        }
        let client = node.client();
        let Some(block) = collected.block.clone().filter(|_| collected.counts.accounts > 0) else {
            return Err(Error::NoAccounts { kind: collected.kind, client });
        };
        let head = Head {
            timestamp: block.timestamp,
            gas_limit: block.gas_limit,
            base_fee_per_gas: block.base_fee_per_gas,
            extra_data: block.extra_data,
        };
        let members = self.chain.members_after(&head).map_err(|error| self.failed(error))?;
        let alloc = context.work.input(ALLOC);
        let parts = GenesisParts::new(alloc, collected.alloc_length, &members);
        let root = parts.state_root(context)?;
        proof::check(context, root, &parts, &collected, client)?;

        let read = genesis::read(parts.open(context)?, &|_| ());
        let (document, state) = read.map_err(|error| Error::ReadBack(Box::new(error)))?;
        let found = State::of(&state, parts.length());
        let rollup = self.chain.rollup_after(&head, document, found, l1.block, config);
        let rollup = rollup.map_err(|error| self.failed(error))?;
        self.compare(context, state.total(), l1);
        progress.note(&format!(
            "{}: the new chain starts with this state; blocks, receipts, pending withdrawals and \
             deposits that the L2 has not derived are not carried",
            self.name
        ));
        Ok(vec![parts.into_file(self.path("genesis.json")), self.file(rollup)])
    }

    /// The file with the batcher's key, if it is that of the captured `files`.
    pub fn batcher_key(
        &self,
        context: &CaptureContext<'_>,
        key: &SecretText,
        files: &[OutFile],
    ) -> Option<OutFile> {
        let rollup = files.iter().find(|file| file.path == self.path("rollup.json"))?;
        let Content::Bytes(rollup) = &rollup.content else { return None };
        let batcher = Rollup::parse(rollup).ok()?.batcher;
        match l2::read_batcher_key(key.as_bytes(), batcher) {
            Ok(key) => {
                let content = Content::Bytes(format!("{}\n", &*key).into_bytes());
                Some(OutFile::new(self.path(BATCHER_KEY), content, true))
            }
            Err(error) => {
                let name = &self.name;
                context.progress.warning(&format!(
                    "{name}: the key of its op-batcher is left out: {error}; without {BATCHER_KEY}, the \
                     new L2 has no safe blocks"
                ));
                None
            }
        }
    }

    fn path(&self, file: &str) -> String {
        format!("{L2}/{}/{file}", self.name)
    }

    fn file(&self, rollup: Vec<u8>) -> OutFile {
        OutFile::new(self.path("rollup.json"), Content::Bytes(rollup), false)
    }

    fn failed(&self, error: l2::Error) -> Error {
        let input = if error.part == Part::Rollup { &self.rollup } else { &self.genesis };
        Error::L2 { input: input.clone(), error: Box::new(error) }
    }
}
