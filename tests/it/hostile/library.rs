//! Captures through the library: a node in this process, work files in memory, no HTTP and no disk.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use regenesis::capture::chain::{BlockId, Chain};
use regenesis::capture::overlay::Overlay;
use regenesis::capture::{
    Append, CaptureContext, Captured, Error, Node, Request, Sample, StateSource, WorkFiles,
};
use regenesis::el::genesis;
use regenesis::file::{self, Content, FilePart, Input};
use regenesis::progress::Progress;
use regenesis::rpc::{self, Rpc};
use regenesis::snapshot::mnemonics;
use serde_json::{Value, json};

use super::PAGE;
use super::served_history::{BLOCKS, History, RAW};
use super::server::{self, Answer};

/// A node in this process. It answers `fails_after` calls of `fragile`, then the connection breaks.
struct InProcess<'a> {
    honest: &'a (dyn Fn(&str, &Value) -> Answer + Sync),
    fragile: &'static str,
    fails_after: usize,
    calls: AtomicUsize,
}

impl<'a> InProcess<'a> {
    fn new(honest: &'a (dyn Fn(&str, &Value) -> Answer + Sync)) -> Self {
        Self { honest, fragile: "", fails_after: 0, calls: AtomicUsize::new(0) }
    }
}

impl Rpc for InProcess<'_> {
    fn call(&self, method: &str, params: &Value, _: u64) -> Result<Vec<u8>, rpc::Error> {
        if method == self.fragile && self.calls.fetch_add(1, Ordering::Relaxed) >= self.fails_after
        {
            return Err(rpc::Error::Unreachable { node: "node".into(), what: "is gone".into() });
        }
        match (self.honest)(method, params) {
            Ok(result) => Ok(result.to_string().into_bytes()),
            Err((code, message)) => Err(rpc::Error::Refused {
                method: method.to_owned(),
                code,
                message: message.to_owned(),
            }),
        }
    }

    fn batch_of_each(
        &self,
        calls: &[(&str, Value)],
        limit: u64,
    ) -> Result<Vec<Result<Vec<u8>, rpc::Error>>, rpc::Error> {
        Ok(calls.iter().map(|(method, params)| self.call(method, params, limit)).collect())
    }

    fn stream(&self, method: &str, params: &Value) -> Result<Box<dyn Read + Send>, rpc::Error> {
        let answer = match (self.honest)(method, params) {
            Ok(result) => json!({"jsonrpc": "2.0", "id": 1, "result": result}),
            Err((code, message)) => {
                json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}})
            }
        };
        Ok(Box::new(Cursor::new(answer.to_string().into_bytes())))
    }
}

/// Work files in memory.
#[derive(Default)]
struct Memory {
    files: Mutex<BTreeMap<String, Arc<Mutex<Vec<u8>>>>>,
    checkpoint: Mutex<Option<Vec<u8>>>,
}

struct InMemory(Arc<Mutex<Vec<u8>>>);

impl Write for InMemory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Append for InMemory {
    fn length(&self) -> u64 {
        self.0.lock().unwrap().len() as u64
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.lock().unwrap().truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

impl WorkFiles for Memory {
    fn checkpoint(&self) -> Option<Vec<u8>> {
        self.checkpoint.lock().unwrap().clone()
    }

    fn set_checkpoint(&self, checkpoint: &[u8]) -> io::Result<()> {
        *self.checkpoint.lock().unwrap() = Some(checkpoint.to_owned());
        Ok(())
    }

    fn append(&self, name: &str, length: u64) -> io::Result<Option<Box<dyn Append>>> {
        let file = Arc::clone(self.files.lock().unwrap().entry(name.to_owned()).or_default());
        let mut file = InMemory(file);
        if file.length() < length {
            return Ok(None);
        }
        file.truncate(length)?;
        Ok(Some(Box::new(file)))
    }

    fn input(&self, name: &str) -> Input {
        let bytes = self.files.lock().unwrap()[name].lock().unwrap().clone();
        Input::Made(name.into(), bytes.into())
    }

    fn set_resumable(&self, _: bool) {}
}

/// The steps that were reported.
#[derive(Default)]
struct Steps(Mutex<Vec<String>>);

impl Progress for Steps {
    fn advance(&self, text: &dyn Fn() -> String) {
        assert!(!text().is_empty());
    }

    fn advance_to(&self, done: f64, text: &dyn Fn() -> String) {
        assert!((0.0..=1.0).contains(&done) && !text().is_empty());
    }

    fn step(&self, name: &'static str, text: &str) {
        self.0.lock().unwrap().push(format!("{name}: {text}"));
    }

    fn note(&self, _: &str) {}

    fn warning(&self, text: &str) {
        panic!("{text}");
    }
}

fn request() -> Request {
    let sample = regenesis::sample();
    Request {
        name: "in-memory".to_owned(),
        chain_id: None,
        block: BlockId::Latest,
        genesis: None,
        config: None,
        mnemonics: None,
        slot_seconds: None,
        sample: Sample { genesis: sample.genesis, mnemonics: sample.mnemonics.unwrap() },
        version: "test",
    }
}

type Capture = dyn Fn(&CaptureContext<'_>, Node<'_>) -> Result<Captured, Error>;

fn run(
    rpc: &InProcess<'_>,
    work: &Memory,
    steps: &Steps,
    capture: &Capture,
) -> Result<Captured, Error> {
    let (request, chain) = (request(), Chain::fetch(rpc)?);
    let context = CaptureContext {
        request: &request,
        beacon: None,
        inputs: &file::InMemory,
        work,
        progress: steps,
    };
    capture(&context, Node { rpc, chain: &chain })
}

/// The bytes of one of the snapshot's files.
fn bytes_of(captured: &Captured, path: &str) -> Vec<u8> {
    let file = captured.files.iter().find(|file| file.path == path).unwrap();
    match &file.content {
        Content::Bytes(bytes) => bytes.clone(),
        Content::Parts(pieces, input, None) => {
            let source = file::InMemory::bytes(input).unwrap();
            let piece = |piece: &FilePart| match piece {
                FilePart::Text(text) => text.clone(),
                FilePart::Source(range) => source[usize::try_from(range.start).unwrap()..]
                    [..usize::try_from(range.end - range.start).unwrap()]
                    .to_vec(),
                FilePart::Encoded(_) => unreachable!("a capture merges no allocs"),
            };
            pieces.iter().flat_map(piece).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_state_is_captured_and_resumed_in_memory() {
    let chain = server::Chain::new(600);
    let honest = |method: &str, params: &Value| chain.honest(method, params);
    let (work, steps) = (Memory::default(), Steps::default());
    let state = |context: &CaptureContext<'_>, node: Node<'_>| {
        context.state(StateSource::Node(node), Overlay::default())
    };
    let fragile = InProcess { fragile: PAGE, fails_after: 2, ..InProcess::new(&honest) };
    let error = run(&fragile, &work, &steps, &state).unwrap_err();
    assert!(matches!(error, Error::Rpc(rpc::Error::Unreachable { .. })), "{error}");
    assert!(work.checkpoint().is_some() && error.hint().is_some());

    let captured = run(&InProcess::new(&honest), &work, &steps, &state).unwrap();
    let steps = steps.0.into_inner().unwrap();
    assert!(steps.iter().any(|step| step == "resume: at 512 accounts"), "{steps:?}");
    let metadata = &captured.metadata;
    assert_eq!((metadata.proven, metadata.counts["accounts"]), (Some(true), 600));
    assert_eq!(metadata.state_root.unwrap().to_string(), chain.state_root);
    let genesis = bytes_of(&captured, "el/genesis.template.json");
    let (document, state) = genesis::read(&genesis[..], &|_| ()).unwrap();
    assert_eq!(state.root().to_string(), chain.state_root);
    assert_eq!(document.genesis().unwrap().config.chain_id_64().unwrap(), 1337);
    let config = String::from_utf8(bytes_of(&captured, "cl/config.yaml")).unwrap();
    assert!(config.contains("DEPOSIT_CHAIN_ID: 1337"), "{config}");
    let validators = mnemonics::parse(&bytes_of(&captured, "val/mnemonics.yaml")).unwrap();
    assert_eq!(validators[0].count, 64);
}

#[test]
fn a_state_whose_root_differs_is_an_error_with_both_roots() {
    let mut chain = server::Chain::new(300);
    chain.accounts.pop();
    let honest = |method: &str, params: &Value| chain.honest(method, params);
    let error =
        run(&InProcess::new(&honest), &Memory::default(), &Steps::default(), &|context, node| {
            context.state(StateSource::Node(node), Overlay::default())
        })
        .unwrap_err();
    let Error::StateRoot { accounts, root, expected, .. } = error else { panic!("{error}") };
    assert_eq!((accounts, expected.to_string()), (299, chain.state_root));
    assert_ne!(root, expected);
}

#[test]
fn a_history_is_captured_and_resumed_in_memory() {
    let history = History::plain();
    let honest = |method: &str, params: &Value| history.honest(method, params);
    let (work, steps) = (Memory::default(), Steps::default());
    let own = Input::Made("genesis.json".into(), history.genesis.clone().into());
    let capture = move |context: &CaptureContext<'_>, node: Node<'_>| context.history(node, &own);
    // The node answers only a part of the second batch.
    let fragile = InProcess { fragile: RAW, fails_after: 300, ..InProcess::new(&honest) };
    let error = run(&fragile, &work, &steps, &capture).unwrap_err();
    assert!(matches!(error, Error::Rpc(rpc::Error::Unreachable { .. })), "{error}");

    let captured = run(&InProcess::new(&honest), &work, &steps, &capture).unwrap();
    let steps = steps.0.into_inner().unwrap();
    assert!(steps.iter().any(|step| step == "resume: at block 256"), "{steps:?}");
    assert_eq!(captured.metadata.counts["blocks"], BLOCKS);
    assert_eq!(captured.metadata.source.as_ref().unwrap().kind, RAW);
    assert_eq!(bytes_of(&captured, "el/chain.rlp"), history.rlp());
    assert_eq!(bytes_of(&captured, "el/genesis.json"), history.genesis);
    assert_eq!(
        bytes_of(&captured, "el/head.rlp"),
        alloy_rlp::encode(history.blocks.last().unwrap())
    );
}
