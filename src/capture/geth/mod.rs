//! `debug_accountRange`, page by page, and `debug_storageRangeAt` for accounts that are too big
//! for an answer. Source: geth `eth/api_debug.go`, `core/state/dump.go`.
//!
//! What these methods hide: more than 256 accounts are never given, whatever is asked for; an
//! account or slot whose preimage the node has not kept is left out, unless `incompletes` is set,
//! and then only the account is there, under `pre(0x…)`; an error in the middle of the trie ends
//! the page, without a word.

mod cursor;
mod storage;

use alloy_primitives::B256;
use rayon::prelude::*;
use serde_json::json;

use super::Error;
use super::account::{Account, word};
use super::block::Block;
use crate::el::json::Cursor as Json;
use crate::rpc::{self, Rpc};
pub use cursor::Cursor;
pub use storage::{HashedSlot, Parts, add_in_parts, storage};

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

/// The accounts of a block, page by page.
#[derive(Debug)]
pub struct Pages<R> {
    rpc: R,
    block: B256,
    state_root: B256,
    next: Option<Cursor>,
    /// Whether the first page is still to come.
    begins: bool,
    last: Option<B256>,
    most: usize,
}

impl<'a> Pages<&'a dyn Rpc> {
    /// From the first account on, or from where an earlier run has come to.
    pub fn new(rpc: &'a dyn Rpc, block: &Block, from: Option<Cursor>) -> Self {
        Self {
            rpc,
            block: block.hash.unwrap_or_default(),
            state_root: block.state_root,
            begins: from.is_none(),
            next: Some(from.unwrap_or(Cursor("0x".to_owned()))),
            last: None,
            most: MOST,
        }
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
            let (accounts, next) = match self.ask(&cursor, self.most, false, PAGE_LIMIT) {
                Err(Error::Rpc(error)) if error.asks_for_less() && self.most > 1 => {
                    // Not by halves: the node makes each answer in full before it is refused.
                    self.most = (self.most / 16).max(1);
                    continue;
                }
                Err(Error::Rpc(error)) if error.asks_for_less() => {
                    let (accounts, next) = self.ask(&cursor, 1, true, PAGE_LIMIT)?;
                    self.step(&accounts, next)?;
                    let account = accounts.into_iter().next();
                    return Ok(account.map(|account| Page::Large(Box::new(account))));
                }
                asked => asked?,
            };
            self.step(&accounts, next)?;
            self.most = (self.most * 2).min(MOST);
            return Ok(Some(Page::Accounts(accounts)));
        }
    }

    /// Goes on behind a page, which must bring the end nearer.
    fn step(&mut self, accounts: &[Account], next: Option<Cursor>) -> Result<(), Error> {
        let first = accounts.first().map(|account| account.hashed_address);
        let last = accounts.last().map(|account| account.hashed_address);
        let behind = self.last.is_none_or(|before| first.is_none_or(|first| before < first));
        let next_hash = next.as_ref().map(Cursor::hash);
        let ahead = match (next_hash, last) {
            (None, _) => true,
            (Some(Some(next)), Some(last)) => last < next,
            (Some(_), _) => false,
        };
        if !behind || !ahead {
            return Err(Error::Loop { cursor: next.map_or_else(String::new, |next| next.0) });
        }
        self.begins = false;
        self.last = last.or(self.last);
        self.next = next;
        Ok(())
    }

    fn ask(
        &self,
        cursor: &Cursor,
        most: usize,
        nostorage: bool,
        limit: u64,
    ) -> Result<Asked, Error> {
        let params = |cursor: &str| {
            json!([self.block, cursor, most, false, nostorage, true /* incompletes */])
        };
        let answer = self.rpc.call("debug_accountRange", &params(cursor.as_str()), limit);
        let raw = match answer {
            // Before geth 1.11 the cursor is base64, in which the start is an empty text.
            Err(rpc::Error::Refused { message, .. })
                if self.begins && message.contains("base64") =>
            {
                self.rpc.call("debug_accountRange", &params(""), limit)?
            }
            answer => answer?,
        };
        if raw == b"null" {
            return Err(Error::NoDump { method: "debug_accountRange" });
        }
        let (root, asked) = page(&raw)?;
        if root.is_some_and(|root| root != self.state_root) {
            let found = root.unwrap_or_default();
            return Err(Error::AnotherState { found, expected: self.state_root });
        }
        Ok(asked)
    }

    /// The storage of a large account in one answer, however long.
    ///
    /// # Errors
    /// The node refuses, or the answer is not that account.
    pub fn whole(&self, account: &Account) -> Result<Account, Error> {
        let cursor = Cursor(account.hashed_address.to_string());
        let (accounts, _) = self.ask(&cursor, 1, false, WHOLE_LIMIT)?;
        let is_it = |found: &Account| found.hashed_address == account.hashed_address;
        accounts.into_iter().find(is_it).ok_or(Error::Loop { cursor: cursor.0 })
    }
}

/// Accounts in the trie's order, and where the next page begins.
type Asked = (Vec<Account>, Option<Cursor>);

/// A page, and its state root if it says it.
fn page(raw: &[u8]) -> Result<(Option<B256>, Asked), Error> {
    let (mut root, mut entries, mut next) = (None, Vec::new(), None);
    let mut text = Json::new(raw, 0);
    let quoted = |raw: &[u8]| serde_json::from_slice::<String>(raw).ok();
    text.object(|key, text| {
        match key {
            b"accounts" if text.peek() == Some(b'{') => text.object(|key, text| {
                entries.push((key.to_vec(), text.value()?));
                Ok(())
            })?,
            b"root" => root = quoted(text.value()?).and_then(|text| word(text.as_bytes()).ok()),
            b"next" => next = quoted(text.value()?).filter(|text| !text.is_empty()).map(Cursor),
            _ => drop(text.value()?),
        }
        Ok(())
    })
    .and_then(|()| text.end())
    .map_err(|error| Error::Answer(format!("debug_accountRange: {error}")))?;
    let parse = |(key, value): &(Vec<u8>, &[u8])| {
        Account::parse(key, value).map_err(|error| {
            let key = String::from_utf8_lossy(key).into_owned();
            Error::Answer(format!("debug_accountRange: {}", error.under(key)))
        })
    };
    let mut accounts = entries.par_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    accounts.sort_unstable_by_key(|account| account.hashed_address);
    Ok((root, (accounts, next)))
}
