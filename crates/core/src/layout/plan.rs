//! `--layout` and `--split`: which client or tool gets which files.

use crate::file::OutFile;
use std::ops::Range;

use zeroize::Zeroizing;

use super::places::{self, Place};
use super::{KeyLayout, Keyring, LAYOUTS, Layout, Network, SECRETS, START};
use crate::keys::{self, Entropy, Kdf, PublicKey, Sealed, SecretKey, SecretText};

/// The files to write, by client or tool.
#[derive(Debug)]
pub struct Plan {
    clients: Vec<Client>,
    networks: Vec<fn(&Network<'_>) -> Vec<OutFile>>,
    places: Vec<Place>,
    /// Whether each client gets a range of the keys instead of all.
    split: bool,
}

/// A validator client, or several with the same keys.
#[derive(Debug)]
struct Client {
    directory: String,
    /// The indices of its keys, in the order of the mnemonics.
    keys: Range<usize>,
    layouts: Vec<&'static KeyLayout>,
}

/// An invalid `--layout` or `--split`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// The error.
    pub what: String,
    /// The remedy.
    pub hint: String,
}

pub(super) fn invalid<T>(what: String, hint: impl Into<String>) -> Result<T, Error> {
    Err(Error { what, hint: hint.into() })
}

impl Plan {
    /// Parses `--layout` (names, and `PATH=NAME`; none: lighthouse) and `--split`
    /// (`0-31:lighthouse,32-63:teku`).
    ///
    /// # Errors
    /// An unknown name, two layouts that share a directory, a path that cannot be chosen, ranges that
    /// overlap.
    pub fn parse(layouts: &[&str], split: Option<&str>) -> Result<Self, Error> {
        let mut named = Vec::new();
        let mut networks = Vec::new();
        let (mut places, mut placed) = (Vec::new(), Vec::new());
        for name in layouts {
            if let Some((path, name)) = name.rsplit_once('=') {
                let source = places::source(name);
                places::check_path(path)?;
                if source.is_none() {
                    let (directory, layouts) = (path.to_owned(), vec![placed_keys(name)?]);
                    placed.push(Client { directory, keys: 0..usize::MAX, layouts });
                }
                places.push(Place { path: path.to_owned(), source });
                continue;
            }
            match layout(name)? {
                Layout::Keys(keys) => named.push((*name, keys)),
                Layout::Network(files) => networks.push(files),
            }
        }
        places::check_together(&places)?;
        let is_default = named.is_empty() && networks.is_empty() && placed.is_empty();
        let mut clients = match split {
            None if is_default => {
                vec![all_keys(vec![("lighthouse", keys_of("lighthouse")?)])?]
            }
            None if named.is_empty() => Vec::new(),
            None => vec![all_keys(named)?],
            Some(_) if !named.is_empty() || !placed.is_empty() => {
                let name = named.first().map(|(name, _)| *name);
                let name = name.or_else(|| placed.first().map(|client| &*client.directory));
                let (what, hint) = (
                    format!("--layout {} with --split", name.unwrap_or_default()),
                    "--split names a layout for each range: omit --layout",
                );
                return invalid(what, hint);
            }
            Some(text) => parts(text)?,
        };
        clients.extend(placed);
        Ok(Self { clients, networks, places, split: split.is_some() })
    }

    /// The paths that the user chose.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether keystores are written.
    pub fn wants_keys(&self) -> bool {
        !self.clients.is_empty()
    }

    /// How clients fail with slots of `milliseconds`.
    pub fn failures_with_slots(&self, milliseconds: u64) -> Vec<&'static str> {
        let layouts = self.clients.iter().flat_map(|client| &client.layouts);
        let shortest = layouts.filter_map(|layout| layout.shortest_slot.as_ref());
        let too_short = shortest.filter(|shortest| milliseconds < shortest.milliseconds);
        too_short.map(|shortest| shortest.failure).collect()
    }

    /// Seconds until the slowest of the clients is ready.
    pub fn start(&self) -> u64 {
        let layouts = self.clients.iter().flat_map(|client| &client.layouts);
        layouts.map(|layout| layout.start).max().unwrap_or(START)
    }

    /// Whether several clients get the same keys.
    pub fn shares_keys(&self) -> bool {
        !self.split && self.clients.iter().map(|client| client.layouts.len()).sum::<usize>() > 1
    }

    /// Whether additional network files are written.
    pub fn wants_network(&self) -> bool {
        !self.networks.is_empty()
    }

    /// Checks the ranges against the number of keys. Returns the ranges that no client gets.
    ///
    /// # Errors
    /// A range ends after the last key.
    pub fn check(&self, count: usize) -> Result<Vec<Range<usize>>, Error> {
        if !self.split {
            return Ok(Vec::new());
        }
        let mut unused = Vec::new();
        let mut next = 0;
        for client in &self.clients {
            let Range { start, end } = client.keys;
            if end > count {
                let what =
                    format!("--split names key {}, but there are only {count} keys", end - 1);
                return invalid(what, "keys are numbered from 0, in the order of mnemonics.yaml");
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

    /// The files of consecutive keys; `first` is the index of the first one.
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

    /// Whether a file contains all keys of a client, for [`Plan::together`].
    pub fn has_wallets(&self) -> bool {
        let layouts = self.clients.iter().flat_map(|client| &client.layouts);
        layouts.into_iter().any(|layout| layout.together.is_some())
    }

    /// The files that contain all keys of a client; `keys` are those of all clients, in order.
    ///
    /// # Errors
    /// Sealing the keys fails.
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

    /// The network files besides `metadata/`.
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
            invalid(format!("unknown layout {name:?}"), format!("use one of {}", names.join(", ")))
        }
    }
}

/// The layout of `PATH=NAME`, where `NAME` is not a file.
fn placed_keys(name: &str) -> Result<&'static KeyLayout, Error> {
    match LAYOUTS.iter().find(|(known, _)| *known == name) {
        Some((_, Layout::Keys(layout))) => Ok(layout),
        _ => {
            let files = places::FILES.iter().map(|(name, _)| *name);
            let clients = LAYOUTS.iter().filter_map(|(name, layout)| match layout {
                Layout::Keys(_) => Some(*name),
                Layout::Network(_) => None,
            });
            let names: Vec<_> = files.chain(clients).collect();
            invalid(
                format!("--layout PATH=NAME has no file {name:?}"),
                format!("use one of {}", names.join(", ")),
            )
        }
    }
}

fn keys_of(name: &str) -> Result<&'static KeyLayout, Error> {
    match layout(name)? {
        Layout::Keys(layout) => Ok(layout),
        Layout::Network(_) => invalid(
            format!("layout {name} has no keystores"),
            "--split assigns keys to clients: name the layout of a client",
        ),
    }
}

/// All keys for all layouts.
fn all_keys(named: Vec<(&str, &'static KeyLayout)>) -> Result<Client, Error> {
    for (at, (name, layout)) in named.iter().enumerate() {
        for (other, taken) in &named[..at] {
            let shared = |entry: &&str| taken.entries().any(|taken| taken == *entry);
            if let Some(shared) = layout.entries().find(shared) {
                return invalid(
                    format!("--layout {other} and --layout {name} would share {shared}"),
                    if other == name { "name it once" } else { "omit one of the two" },
                );
            }
        }
    }
    let layouts = named.into_iter().map(|(_, layout)| layout).collect();
    Ok(Client { directory: SECRETS.to_owned(), keys: 0..usize::MAX, layouts })
}

/// The clients of a split, ordered by their ranges.
fn parts(text: &str) -> Result<Vec<Client>, Error> {
    let mut parts = Vec::new();
    for part in text.split(',').map(str::trim) {
        let form = || Error {
            what: format!("--split has {part:?}, expected FIRST-LAST:LAYOUT"),
            hint: "for example: --split 0-31:lighthouse,32-63:teku".to_owned(),
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
        let what = format!("--split assigns key {} to two clients", pair[1].0);
        return invalid(what, "two clients that sign with the same key are slashed");
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
