//! `debug_accountRange`, page by page, and `debug_storageRangeAt` for accounts that are too big
//! for an answer. Source: geth `eth/api_debug.go`, `core/state/dump.go`.
//!
//! Pitfalls of these methods: they never return more than 256 accounts, whatever the request. They
//! omit an account or slot whose preimage the node has not kept; with `incompletes` they return the
//! account, under `pre(0x…)`, but still omit the slot. An error in the middle of the trie ends the page
//! without an error.
//!
//! geth before 1.17.3, and its forks (op-geth), omit even then a contract without a preimage, if its
//! storage is requested and stored by path. Such a node writes `next` in base64; a second request
//! without storage returns the contract.
//!
//! Erigon's method of the same name differs: it pages by address, refuses `incompletes`, reads and
//! writes cursors in base64, and returns no state root (`core/state/dump.go`).

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
pub use cursor::{Cursor, next_page};
use cursor::{Form, Order};
pub use storage::{HashedSlot, Parts, add_in_parts, storage};

const METHOD: &str = "debug_accountRange";
/// geth's `AccountRangeMaxResults`.
const MOST: usize = 256;
/// Longest page; if an answer is longer, the next request is for fewer accounts.
const PAGE_LIMIT: u64 = 8 << 20;
/// Longest answer for one account that cannot be fetched in parts.
const WHOLE_LIMIT: u64 = 512 << 20;

/// A page of accounts.
#[derive(Debug)]
pub enum Page {
    /// Accounts, in the trie's order.
    Accounts(Vec<Account>),
    /// An account without its storage, which is too big for a page.
    Large(Box<Account>),
}

/// The parts of each account to request besides its balance, nonce and hashes.
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
    /// The key of the last account in the order.
    last: Option<Vec<u8>>,
    order: Order,
    most: usize,
    form: Form,
    incompletes: bool,
    /// Whether the node's cursors are those of geth 1.17.3 or later, which omits no contract.
    lists_all: bool,
}

impl<'a> Pages<&'a dyn Rpc> {
    /// From the first account on, or from the cursor of an earlier run on.
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

    /// Whether the node returns only complete accounts, and omits those whose address it does not know.
    pub fn omits_incomplete(&self) -> bool {
        !self.incompletes
    }

    /// The start of the next page; `None` after the last page.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.next.as_ref()
    }

    /// The next page; `None` after the last page.
    ///
    /// # Errors
    /// The node refuses, answers out of order, or with another state.
    pub fn next_page(&mut self) -> Result<Option<Page>, Error> {
        loop {
            let Some(cursor) = self.next.clone() else { return Ok(None) };
            let (mut accounts, next) =
                match self.request(&cursor, self.most, Contents::All, PAGE_LIMIT) {
                    Err(Error::Rpc(error)) if error.asks_for_less() && self.most > 1 => {
                        // Not by halves: the node builds each answer completely before it refuses it.
                        self.most = (self.most / 16).max(1);
                        continue;
                    }
                    Err(Error::Rpc(error)) if error.asks_for_less() => {
                        let (mut accounts, next) =
                            self.request(&cursor, 1, Contents::Code, PAGE_LIMIT)?;
                        self.step(&mut accounts, next)?;
                        let account = accounts.into_iter().next();
                        return Ok(account.map(|account| Page::Large(Box::new(account))));
                    }
                    page => page?,
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

    /// Moves to the next page, which must advance.
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
        let is_after = self.last.is_none() || first.is_none() || self.last < first;
        let is_before_next = match (&next, &cursor, &last) {
            (None, ..) => true,
            (_, Some(cursor), Some(last)) if cursor.order() == Some(self.order) => {
                last.as_slice() < cursor.bytes()
            }
            _ => false,
        };
        if !is_after || !is_before_next {
            return Err(Error::Loop { cursor: next.unwrap_or_default() });
        }
        self.last = last.or_else(|| self.last.take());
        self.next = cursor;
        Ok(())
    }

    fn request(
        &mut self,
        cursor: &Cursor,
        most: usize,
        contents: Contents,
        limit: u64,
    ) -> Result<PageContents, Error> {
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
        let (root, contents) = page(&raw)?;
        // Erigon returns zeros.
        if root.is_some_and(|root| !root.is_zero() && root != self.state_root) {
            let found = root.unwrap_or_default();
            return Err(Error::AnotherState { found, expected: self.state_root });
        }
        Ok(contents)
    }

    /// Adds the accounts between two cursors that a page omits, without code and storage.
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
            let (all, next) = self.request(&cursor, MOST, Contents::Heads, PAGE_LIMIT)?;
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

    /// Whether a node that refuses may answer without `incompletes`. In the middle of a capture, accounts
    /// would then be omitted silently.
    fn may_mean_incompletes(&self, error: &rpc::Error) -> bool {
        let refused = matches!(error, rpc::Error::Refused { .. });
        let other = error.is_unknown_method() || error.asks_for_less();
        self.incompletes && self.last.is_none() && refused && !other
    }

    /// A large account with its storage, in one long answer.
    ///
    /// # Errors
    /// The node refuses, or the answer is another account.
    pub fn entire(&mut self, account: &Account) -> Result<Account, Error> {
        let cursor = Cursor::at(account, self.order);
        let (accounts, _) = self.request(&cursor, 1, Contents::All, WHOLE_LIMIT)?;
        let is_it = |found: &Account| found.hashed_address == account.hashed_address;
        accounts.into_iter().find(is_it).ok_or(Error::Loop { cursor: cursor.hex() })
    }
}

/// Accounts, and the start of the next page as the node wrote it.
type PageContents = (Vec<Account>, Option<String>);

/// A page, and its state root if it has one.
fn page(raw: &[u8]) -> Result<(Option<B256>, PageContents), Error> {
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
            b"next" => next = next_page(text.value()?),
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
