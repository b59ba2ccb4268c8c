//! Forks. A fork is a difference: a small file that edits the fields of the fork before it, as
//! the specification's "[New in …]" and "[Modified in …]" do. To add one, add its file and its
//! line in [`FORKS`].

mod altair;
mod bellatrix;
mod capella;
mod deneb;
mod electra;
mod fulu;
mod gloas;
mod phase0;

use super::inputs::Inputs;
use super::ssz::{self, Value};
use crate::el::chain_config::Hardfork;

/// A fork of the beacon chain.
#[derive(Debug)]
pub struct Fork {
    /// Its name in lower case.
    pub name: &'static str,
    /// The hardfork of the execution layer that comes with it.
    pub hardfork: Option<Hardfork>,
    /// Edits the fields of the `BeaconState` of the fork before.
    state: fn(&mut Fields, &Inputs<'_>),
    /// Edits the fields of the default `BeaconBlockBody` of the fork before.
    body: fn(&mut Fields, &Inputs<'_>),
    /// Whether both are `ProgressiveContainer`s (EIP-7688).
    progressive: bool,
    /// Whether the specification still moves, so that no client may read what is written.
    pub experimental: bool,
}

/// All forks, oldest first.
pub const FORKS: [Fork; 8] = [
    phase0::FORK,
    altair::FORK,
    bellatrix::FORK,
    capella::FORK,
    deneb::FORK,
    electra::FORK,
    fulu::FORK,
    gloas::FORK,
];

/// Ordered named fields of a container that forks edit.
///
/// # Panics
/// Its methods panic on a name that is not there: a fork file with a typo. Every fork is built in
/// the tests.
#[derive(Debug, Default)]
pub struct Fields(Vec<ssz::Field>);

impl Fields {
    /// Adds a field at the end.
    fn push(&mut self, name: &'static str, value: Value) {
        self.0.push((name, value));
    }

    /// Gives a field another value in its place.
    fn replace(&mut self, name: &str, value: Value) {
        let index = self.position(name);
        self.0[index].1 = value;
    }

    /// Puts another field in the place of one.
    fn rename(&mut self, name: &str, new: &'static str, value: Value) {
        let index = self.position(name);
        self.0[index] = (new, value);
    }

    fn remove(&mut self, name: &str) {
        let index = self.position(name);
        self.0.remove(index);
    }

    fn position(&self, name: &str) -> usize {
        self.0.iter().position(|(known, _)| *known == name).expect("a field of the fork before")
    }

    /// The fields' names in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn container(self) -> Value {
        ssz::container(self.0.into_iter().map(|(_, value)| value))
    }
}

impl Fork {
    fn index(&self) -> usize {
        FORKS.iter().position(|fork| fork.name == self.name).unwrap_or_default()
    }

    /// The fork before it; phase0's is itself.
    pub fn previous(&self) -> &'static Fork {
        &FORKS[self.index().saturating_sub(1)]
    }

    /// Whether it is `name` or comes after it.
    pub fn is_at_least(&self, name: &str) -> bool {
        FORKS[..=self.index()].iter().any(|fork| fork.name == name)
    }

    /// Its `*_FORK_VERSION` key in the config.
    pub fn version_key(&self) -> String {
        let name = if self.name == "phase0" { "genesis" } else { self.name };
        format!("{}_FORK_VERSION", name.to_ascii_uppercase())
    }

    /// Its `*_FORK_EPOCH` key in the config; phase0 has none.
    pub fn epoch_key(&self) -> Option<String> {
        (self.name != "phase0").then(|| format!("{}_FORK_EPOCH", self.name.to_ascii_uppercase()))
    }

    fn fields(
        &self,
        edits: impl Fn(&Self) -> fn(&mut Fields, &Inputs<'_>),
        inputs: &Inputs<'_>,
    ) -> Fields {
        let mut fields = Fields::default();
        for fork in &FORKS[..=self.index()] {
            edits(fork)(&mut fields, inputs);
        }
        fields
    }

    /// The fields of the genesis `BeaconState`, `latest_block_header` included.
    pub fn state_fields(&self, inputs: &Inputs<'_>) -> Fields {
        let mut fields = self.fields(|fork| fork.state, inputs);
        let body_root = self.container(self.body_fields(inputs)).root();
        fields.replace("latest_block_header", phase0::latest_block_header(body_root));
        fields
    }

    /// The fields of the default `BeaconBlockBody`.
    pub fn body_fields(&self, inputs: &Inputs<'_>) -> Fields {
        self.fields(|fork| fork.body, inputs)
    }

    /// Joins fields to a container of this fork.
    pub fn container(&self, fields: Fields) -> Value {
        if self.progressive {
            ssz::progressive_container(fields.0.into_iter().map(|(_, value)| value))
        } else {
            fields.container()
        }
    }
}
