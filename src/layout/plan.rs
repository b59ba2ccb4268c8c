//! Which consumer gets which files: `--layout` and `--split`.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{KeyLayout, Keyring, LAYOUTS, Layout, Network, OutFile, SECRETS, START};
use crate::keys::{self, Entropy, Kdf, PublicKey, Sealed, SecretKey, SecretText};

/// What is arranged, and for whom.
#[derive(Debug)]
pub struct Plan {
    clients: Vec<Client>,
    networks: Vec<fn(&Network<'_>) -> Vec<OutFile>>,
    /// Whether each client gets a range of the keys, not all.
    split: bool,
}

/// A validator client, or several that get the same keys.
#[derive(Debug)]
struct Client {
    directory: String,
    /// Numbers of its keys, in the order of the mnemonics.
    keys: Range<usize>,
    layouts: Vec<&'static KeyLayout>,
}

/// A `--layout` or `--split` that has no meaning.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

fn fault<T>(what: String, hint: impl Into<String>) -> Result<T, Error> {
    Err(Error { what, hint: hint.into() })
}

impl Plan {
    /// Reads `--layout` (names; none: lighthouse) and `--split` (`0-31:lighthouse,32-63:teku`).
    ///
    /// # Errors
    /// An unknown name, two layouts that share a directory, ranges that overlap.
    pub fn parse(layouts: &[&str], split: Option<&str>) -> Result<Self, Error> {
        let mut named = Vec::new();
        let mut networks = Vec::new();
        for name in layouts {
            match layout(name)? {
                Layout::Keys(keys) => named.push((*name, keys)),
                Layout::Network(files) => networks.push(files),
            }
        }
        let clients = match split {
            None if layouts.is_empty() => {
                vec![whole(vec![("lighthouse", keys_of("lighthouse")?)])?]
            }
            None if named.is_empty() => Vec::new(),
            None => vec![whole(named)?],
            Some(_) if !named.is_empty() => {
                let (what, hint) = (
                    format!("--layout {} with --split", named[0].0),
                    "a split names the layout of each range: leave --layout out",
                );
                return fault(what, hint);
            }
            Some(text) => parts(text)?,
        };
        Ok(Self { clients, networks, split: split.is_some() })
    }

    /// Whether anybody wants keystores.
    pub fn wants_keys(&self) -> bool {
        !self.clients.is_empty()
    }

    /// Seconds until the slowest of the clients is ready.
    pub fn start(&self) -> u64 {
        let layouts = self.clients.iter().flat_map(|client| &client.layouts);
        layouts.map(|layout| layout.start).max().unwrap_or(START)
    }

    /// Whether several clients get the same keys.
    pub fn shares_keys(&self) -> bool {
        self.clients.iter().any(|client| client.layouts.len() > 1)
    }

    /// Whether anybody wants the files of the network arranged.
    pub fn wants_network(&self) -> bool {
        !self.networks.is_empty()
    }

    /// Checks the ranges against the number of keys. Returns the ranges that nobody gets.
    ///
    /// # Errors
    /// A range ends behind the last key.
    pub fn check(&self, count: usize) -> Result<Vec<Range<usize>>, Error> {
        if !self.split {
            return Ok(Vec::new());
        }
        let mut unused = Vec::new();
        let mut next = 0;
        for client in &self.clients {
            let Range { start, end } = client.keys;
            if end > count {
                let what = format!("--split asks for key {}, but there are {count}", end - 1);
                return fault(what, "keys count from 0, in the order of mnemonics.yaml");
            }
            if start > next {
                unused.push(next..start);
            }
            next = end;
        }
        if next < count {
            unused.push(next..count);
        }
        Ok(unused)
    }

    /// The files of some keys that follow each other: `first` is the number of the first one.
    pub fn files(&self, first: usize, sealed: &[Sealed]) -> Vec<OutFile> {
        let mut files = Vec::new();
        for (index, key) in sealed.iter().enumerate() {
            for client in self.clients.iter().filter(|c| c.keys.contains(&(first + index))) {
                for layout in &client.layouts {
                    let of_key = (layout.each)(key).into_iter();
                    files.extend(of_key.map(|file| file.below(&client.directory)));
                }
            }
        }
        files
    }

    /// Whether some file holds all keys of a client, for [`Plan::together`].
    pub fn has_wallets(&self) -> bool {
        let layouts = self.clients.iter().flat_map(|client| &client.layouts);
        layouts.into_iter().any(|layout| layout.together.is_some())
    }

    /// The files that hold all keys of a client; `keys` are those of all clients, in order.
    ///
    /// # Errors
    /// None for a key derivation that [`Kdf`] has.
    pub fn together(
        &self,
        keys: &[(PublicKey, SecretKey)],
        kdf: Kdf,
        entropy: &Entropy,
    ) -> Result<Vec<OutFile>, keys::Error> {
        let mut files = Vec::new();
        for Client { directory, keys: range, layouts } in &self.clients {
            let keyring = Keyring {
                keys: &keys[range.start.min(keys.len())..range.end.min(keys.len())],
                password: wallet_password(entropy, directory),
                kdf,
                entropy,
                client: directory,
            };
            for make in layouts.iter().filter_map(|layout| layout.together) {
                files.extend(make(&keyring)?.into_iter().map(|file| file.below(directory)));
            }
        }
        Ok(files)
    }

    /// The files of the network that are arranged otherwise than in `metadata/`.
    pub fn network(&self, network: &Network<'_>) -> Vec<OutFile> {
        self.networks.iter().flat_map(|files| files(network)).collect()
    }
}

/// 64 hex digits.
fn wallet_password(entropy: &Entropy, client: &str) -> SecretText {
    let bytes = Zeroizing::new(entropy.derive("wallet-password", client.as_bytes()));
    hex::encode(*bytes).into()
}

fn layout(name: &str) -> Result<Layout, Error> {
    match LAYOUTS.iter().find(|(known, _)| *known == name) {
        Some((_, layout)) => Ok(*layout),
        None => {
            let names: Vec<_> = LAYOUTS.iter().map(|(name, _)| *name).collect();
            fault(format!("there is no layout {name:?}"), format!("use {}", names.join(", ")))
        }
    }
}

fn keys_of(name: &str) -> Result<&'static KeyLayout, Error> {
    match layout(name)? {
        Layout::Keys(layout) => Ok(layout),
        Layout::Network(_) => fault(
            format!("{name} arranges no keys"),
            "a split gives keys to clients: name a client's layout",
        ),
    }
}

/// All keys for all layouts.
fn whole(named: Vec<(&str, &'static KeyLayout)>) -> Result<Client, Error> {
    for (at, (name, layout)) in named.iter().enumerate() {
        for (other, taken) in &named[..at] {
            if let Some(shared) = layout.takes.iter().find(|path| taken.takes.contains(path)) {
                return fault(
                    format!("--layout {other} and --layout {name} would share {shared}"),
                    if other == name { "name it once" } else { "leave one of the two out" },
                );
            }
        }
    }
    let layouts = named.into_iter().map(|(_, layout)| layout).collect();
    Ok(Client { directory: SECRETS.to_owned(), keys: 0..usize::MAX, layouts })
}

/// The parts of a split, by their ranges.
fn parts(text: &str) -> Result<Vec<Client>, Error> {
    let mut parts = Vec::new();
    for part in text.split(',').map(str::trim) {
        let form = || Error {
            what: format!("--split has {part:?}, which is no FIRST-LAST:LAYOUT"),
            hint: "an example: --split 0-31:lighthouse,32-63:teku".to_owned(),
        };
        let (range, name) = part.split_once(':').ok_or_else(form)?;
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|_| plain).ok_or_else(form)
        };
        let (first, last) = (number(first)? as usize, number(last)? as usize);
        if first > last {
            return Err(form());
        }
        parts.push((first, last, name, keys_of(name)?));
    }
    parts.sort_by_key(|(first, ..)| *first);
    if let Some(pair) = parts.windows(2).find(|pair| pair[1].0 <= pair[0].1) {
        let what = format!("--split gives key {} to two clients", pair[1].0);
        return fault(what, "two clients with one key sign twice, and are slashed");
    }
    let width = parts.len().to_string().len();
    let client = |(number, (first, last, name, layout)): (usize, (usize, usize, &str, _))| Client {
        directory: format!("{SECRETS}/{:0width$}-{name}-{first}-{last}", number + 1),
        keys: first..last + 1,
        layouts: vec![layout],
    };
    Ok(parts.into_iter().enumerate().map(client).collect())
}

#[cfg(test)]
mod tests;
