//! The beacon state and block body of every fork, as edits of the fork before: a small file per
//! fork, which follows the specification's "[New in …]" and "[Modified in …]". To add a fork, add
//! its row in [`crate::forks`] and its file here.

mod altair;
mod bellatrix;
mod capella;
mod deneb;
mod electra;
mod fulu;
mod gloas;
#[cfg(test)]
mod made_up;
mod phase0;

pub(super) use phase0::block_header;

use alloy_primitives::B256;

use super::inputs::Inputs;
use super::ssz::{self, Field, Value};
use crate::forks::{ForkName, Hardfork, fork_table};

/// The code of a fork, as its file exports it.
#[derive(Debug, Clone, Copy)]
struct Edits {
    /// Edits the fields of the previous fork's `BeaconState`.
    state: fn(&mut Fields, &Inputs<'_>),
    /// Edits the fields of the previous fork's default `BeaconBlockBody`.
    body: fn(&mut Fields, &Inputs<'_>),
    /// Whether both are `ProgressiveContainer`s (EIP-7688).
    progressive: bool,
    /// Whether the specification is still an alpha, so that clients may expect other bytes.
    experimental: bool,
}

impl Edits {
    /// A released fork that changes no field.
    const NONE: Self =
        Self { state: |_, _| (), body: |_, _| (), progressive: false, experimental: false };
}

/// A fork of the beacon chain.
#[derive(Debug)]
pub struct Fork {
    /// Its name.
    pub name: ForkName,
    /// The hardfork of the execution layer that activates with it.
    pub hardfork: Option<Hardfork>,
    /// Whether the specification is still an alpha, so that clients may expect other bytes.
    pub experimental: bool,
    edits: Edits,
}

macro_rules! forks {
    (
        $($($fork:ident($file:ident) $({ $($cl_columns:tt)* })?)? $(=> $hardfork:ident($name:literal) $columns:tt)?;)*
        #[cfg(test)]
        $test_fork:ident($test_file:ident) =>
            $test_hardfork:ident($test_name:literal) $test_columns:tt;
    ) => {
        /// All forks, oldest first.
        pub const FORKS: &[Fork] = &[
            $($(Fork {
                name: ForkName::$fork,
                hardfork: ForkName::$fork.hardfork(),
                experimental: $file::EDITS.experimental,
                edits: $file::EDITS,
            },)?)*
            #[cfg(test)]
            Fork {
                name: ForkName::$test_fork,
                hardfork: ForkName::$test_fork.hardfork(),
                experimental: $test_file::EDITS.experimental,
                edits: $test_file::EDITS,
            },
        ];
    };
}
fork_table!(forks);

/// The fields of a container, by name and in order, for forks to edit.
///
/// # Panics
/// Its methods panic on a name that is absent, which is a typo in a fork's file. The tests build
/// every fork.
#[derive(Debug, Default)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// Appends a field.
    fn push(&mut self, name: &'static str, value: Value) {
        self.0.push((name, value));
    }

    /// Modifies the value of a field.
    fn replace(&mut self, name: &str, value: Value) {
        let index = self.position(name);
        self.0[index].1 = value;
    }

    /// Replaces a field with another one at the same position.
    fn rename(&mut self, name: &str, new: &'static str, value: Value) {
        let index = self.position(name);
        self.0[index] = (new, value);
    }

    fn remove(&mut self, name: &str) {
        let index = self.position(name);
        self.0.remove(index);
    }

    fn position(&self, name: &str) -> usize {
        self.0.iter().position(|(known, _)| *known == name).expect("a field of the previous fork")
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn container(self) -> Value {
        ssz::container(self.0)
    }
}

impl Fork {
    /// The fork called `name`.
    pub fn of(name: ForkName) -> &'static Self {
        &FORKS[name as usize]
    }

    /// The newest fork whose specification is released.
    pub fn latest() -> &'static Self {
        FORKS.iter().rfind(|fork| !fork.experimental).unwrap_or(&FORKS[0])
    }

    /// The fork before it; phase0's is phase0.
    pub fn previous(&self) -> &'static Self {
        &FORKS[(self.name as usize).saturating_sub(1)]
    }

    /// Whether it is `name` or a later fork.
    pub fn is_at_least(&self, name: ForkName) -> bool {
        self.name >= name
    }

    /// Its `*_FORK_VERSION` key in `config.yaml`.
    pub fn version_key(&self) -> String {
        self.name.version_key()
    }

    /// Its `*_FORK_EPOCH` key in `config.yaml`; phase0 has none.
    pub fn epoch_key(&self) -> Option<String> {
        self.name.epoch_key()
    }

    fn fields(
        &self,
        edit: impl Fn(&Edits) -> fn(&mut Fields, &Inputs<'_>),
        inputs: &Inputs<'_>,
    ) -> Fields {
        let mut fields = Fields::default();
        for fork in &FORKS[..=self.name as usize] {
            edit(&fork.edits)(&mut fields, inputs);
        }
        fields
    }

    /// The fields of the genesis `BeaconState`, with `latest_block_header`.
    pub fn state_fields(&self, inputs: &Inputs<'_>) -> Fields {
        let mut fields = self.fields(|edits| edits.state, inputs);
        let body_root = self.container(self.body_fields(inputs)).root();
        fields.replace("latest_block_header", block_header(B256::ZERO, body_root));
        fields
    }

    /// The fields of the default `BeaconBlockBody`.
    pub fn body_fields(&self, inputs: &Inputs<'_>) -> Fields {
        self.fields(|edits| edits.body, inputs)
    }

    /// The container of this fork with these fields.
    pub fn container(&self, fields: Fields) -> Value {
        if self.edits.progressive {
            ssz::progressive_container(fields.0)
        } else {
            fields.container()
        }
    }
}

#[cfg(test)]
mod tests;
