//! `debug_accountRange`, page by page, and `debug_storageRangeAt` for accounts that are too big
//! for an answer. Source: geth `eth/api_debug.go`, `core/state/dump.go`.
//!
//! What these methods hide: more than 256 accounts are never given, whatever is asked for; an
//! account or slot whose preimage the node has not kept is left out, unless `incompletes` is set,
//! and then only the account is there, under `pre(0x…)`; an error in the middle of the trie ends
//! the page, without a word.
//!
//! geth before 1.17.3, and what follows it (op-geth), leaves out contracts even then: one whose
//! address it cannot name, if its storage is asked for and kept by path. Such a node writes `next`
//! in base64; it is asked again without storage.
//!
//! Erigon has the method too, and another one behind the name: it pages by address, refuses
//! `incompletes`, reads and writes cursors in base64, and gives no state root (`core/state/dump.go`).

mod cursor;
mod storage;

use std::collections::HashSet;

use alloy_primitives::B256;
use rayon::prelude::*;
use serde_json::json;

use super::Error;
use super::account::{Account, word};
use super::block::Block;
use crate::el::json::Cursor as Json;
use crate::rpc::{self, Rpc};
pub use cursor::Cursor;
use cursor::{Form, Order};
pub use storage::{HashedSlot, Parts, add_in_parts, storage};

const METHOD: &str = "debug_accountRange";
/// geth's `AccountRangeMaxResults`.
const MOST: usize = 256;
/// Longest answer that is taken as a page; where one is longer, fewer accounts are asked for.
const PAGE_LIMIT: u64 = 8 << 20;
/// Longest answer for one account, where nothing shorter can be had.
const WHOLE_LIMIT: u64 = 512 << 20;

/// What a page has.
#[derive(Debug)]
pub enum Page {
    /// Accounts, in the trie's order.
    Accounts(Vec<Account>),
    /// An account whose storage is too big for an answer, without it.
    Large(Box<Account>),
}

/// What is asked for of each account besides its balance, nonce and hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contents {
    All,
    Code,
    Heads,
}

/// The accounts of a block, page by page.
#[derive(Debug)]
pub struct Pages<R> {
    rpc: R,
    block: B256,
    state_root: B256,
    next: Option<Cursor>,
    /// The last account's place in the order.
    last: Option<Vec<u8>>,
    order: Order,
    most: usize,
    form: Form,
    incompletes: bool,
    /// Whether the node's cursors are of geth 1.17.3 or later, which leaves out no contract.
    lists_all: bool,
}

impl<'a> Pages<&'a dyn Rpc> {
    /// From the first account on, or from where an earlier run has come to.
    pub fn new(rpc: &'a dyn Rpc, block: &Block, from: Option<Cursor>) -> Self {
        Self {
            rpc,
            block: block.hash.unwrap_or_default(),
            state_root: block.state_root,
            order: from.as_ref().and_then(Cursor::order).unwrap_or(Order::Hash),
            next: Some(from.unwrap_or_default()),
            last: None,
            most: MOST,
            form: Form::Hex,
            incompletes: true,
            lists_all: false,
        }
    }

    /// Hash of the block.
    pub fn block(&self) -> B256 {
        self.block
    }

    /// Whether the node gives whole accounts alone, so that one whose address it does not know is
    /// left out.
    pub fn leaves_out(&self) -> bool {
        !self.incompletes
    }

    /// Where the next page begins.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.next.as_ref()
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    /// The node refuses, answers out of order, or with another state.
    pub fn next_page(&mut self) -> Result<Option<Page>, Error> {
        loop {
            let Some(cursor) = self.next.clone() else { return Ok(None) };
            let (mut accounts, next) = match self.ask(&cursor, self.most, Contents::All, PAGE_LIMIT)
            {
                Err(Error::Rpc(error)) if error.asks_for_less() && self.most > 1 => {
                    // Not by halves: the node makes each answer in full before it is refused.
                    self.most = (self.most / 16).max(1);
                    continue;
                }
                Err(Error::Rpc(error)) if error.asks_for_less() => {
                    let (mut accounts, next) = self.ask(&cursor, 1, Contents::Code, PAGE_LIMIT)?;
                    self.step(&mut accounts, next)?;
                    let account = accounts.into_iter().next();
                    return Ok(account.map(|account| Page::Large(Box::new(account))));
                }
                asked => asked?,
            };
            self.lists_all |= next.as_deref().is_some_and(|next| next.starts_with("0x"));
            if !self.lists_all && self.incompletes {
                self.add_omitted(&cursor, next.as_deref(), &mut accounts)?;
            }
            self.step(&mut accounts, next)?;
            self.most = (self.most * 2).min(MOST);
            return Ok(Some(Page::Accounts(accounts)));
        }
    }

    /// Goes on behind a page, which must bring the end nearer.
    fn step(&mut self, accounts: &mut [Account], next: Option<String>) -> Result<(), Error> {
        let cursor = next.as_deref().and_then(Cursor::parse);
        if let Some(order) = cursor.as_ref().and_then(Cursor::order)
            && self.last.is_none()
        {
            self.order = order;
        }
        accounts.sort_unstable_by_key(|account| self.order.key(account));
        let first = accounts.first().map(|account| self.order.key(account));
        let last = accounts.last().map(|account| self.order.key(account));
        let behind = self.last.is_none() || first.is_none() || self.last < first;
        let ahead = match (&next, &cursor, &last) {
            (None, ..) => true,
            (_, Some(cursor), Some(last)) if cursor.order() == Some(self.order) => {
                last.as_slice() < cursor.bytes()
            }
            _ => false,
        };
        if !behind || !ahead {
            return Err(Error::Loop { cursor: next.unwrap_or_default() });
        }
        self.last = last.or_else(|| self.last.take());
        self.next = cursor;
        Ok(())
    }

    fn ask(
        &mut self,
        cursor: &Cursor,
        most: usize,
        contents: Contents,
        limit: u64,
    ) -> Result<Asked, Error> {
        let mut refusal = None;
        let raw = loop {
            let start = cursor.written(self.form);
            let (nocode, nostorage) = match contents {
                Contents::All => (false, false),
                Contents::Code => (false, true),
                Contents::Heads => (true, true),
            };
            let params = json!([self.block, start, most, nocode, nostorage, self.incompletes]);
            match self.rpc.call(METHOD, &params, limit) {
                Ok(raw) => break raw,
                Err(rpc::Error::Refused { message, .. })
                    if self.form == Form::Hex && message.contains("base64") =>
                {
                    self.form = Form::Base64;
                }
                Err(error) if refusal.is_none() && self.may_mean_incompletes(&error) => {
                    refusal = Some(error);
                    self.incompletes = false;
                }
                Err(error) => {
                    self.incompletes |= refusal.is_some();
                    return Err(refusal.unwrap_or(error).into());
                }
            }
        };
        if raw == b"null" {
            return Err(Error::NoDump { method: METHOD });
        }
        let (root, asked) = page(&raw)?;
        // Erigon gives zeros in its place.
        if root.is_some_and(|root| !root.is_zero() && root != self.state_root) {
            let found = root.unwrap_or_default();
            return Err(Error::AnotherState { found, expected: self.state_root });
        }
        Ok(asked)
    }

    /// Adds the accounts between two cursors that a page leaves out, without code and storage.
    fn add_omitted(
        &mut self,
        first: &Cursor,
        end: Option<&str>,
        accounts: &mut Vec<Account>,
    ) -> Result<(), Error> {
        let end = end.and_then(Cursor::parse).and_then(|cursor| cursor.hash());
        let before_end = |hash: B256| end.is_none_or(|end| hash < end);
        let listed: HashSet<_> = accounts.iter().map(|account| account.hashed_address).collect();
        let mut cursor = first.clone();
        loop {
            let (all, next) = self.ask(&cursor, MOST, Contents::Heads, PAGE_LIMIT)?;
            accounts.extend(all.into_iter().filter(|account| {
                before_end(account.hashed_address) && !listed.contains(&account.hashed_address)
            }));
            match next.as_deref().and_then(Cursor::parse) {
                Some(next)
                    if next.bytes() > cursor.bytes() && next.hash().is_some_and(before_end) =>
                {
                    cursor = next;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Whether the node may answer once accounts without an address are not asked for. In the middle
    /// of a capture it must not: they would be left out in silence.
    fn may_mean_incompletes(&self, error: &rpc::Error) -> bool {
        let refused = matches!(error, rpc::Error::Refused { .. });
        let other = error.is_unknown_method() || error.asks_for_less();
        self.incompletes && self.last.is_none() && refused && !other
    }

    /// The storage of a large account in one answer, however long.
    ///
    /// # Errors
    /// The node refuses, or the answer is not that account.
    pub fn whole(&mut self, account: &Account) -> Result<Account, Error> {
        let cursor = Cursor::at(account, self.order);
        let (accounts, _) = self.ask(&cursor, 1, Contents::All, WHOLE_LIMIT)?;
        let is_it = |found: &Account| found.hashed_address == account.hashed_address;
        accounts.into_iter().find(is_it).ok_or(Error::Loop { cursor: cursor.hex() })
    }
}

/// Accounts, and where the next page begins, as the node wrote it.
type Asked = (Vec<Account>, Option<String>);

/// A page, and its state root if it says it.
fn page(raw: &[u8]) -> Result<(Option<B256>, Asked), Error> {
    let (mut root, mut entries, mut next, mut lists) = (None, Vec::new(), None, false);
    let mut text = Json::new(raw, 0);
    let quoted = |raw: &[u8]| serde_json::from_slice::<String>(raw).ok();
    text.object(|key, text| {
        lists |= key == b"accounts";
        match key {
            b"accounts" if text.peek() == Some(b'{') => text.object(|key, text| {
                entries.push((key.to_vec(), text.value()?));
                Ok(())
            })?,
            b"root" => root = quoted(text.value()?).and_then(|text| word(text.as_bytes()).ok()),
            b"next" => next = quoted(text.value()?).filter(|text| !text.is_empty()),
            _ => drop(text.value()?),
        }
        Ok(())
    })
    .and_then(|()| text.end())
    .map_err(|error| Error::Answer(format!("debug_accountRange: {error}")))?;
    if !lists {
        return Err(Error::OtherDump { method: METHOD });
    }
    let parse = |(key, value): &(Vec<u8>, &[u8])| {
        Account::parse(key, value).map_err(|error| {
            let key = String::from_utf8_lossy(key).into_owned();
            Error::Answer(format!("debug_accountRange: {}", error.under(key)))
        })
    };
    let accounts = entries.par_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    Ok((root, (accounts, next)))
}
