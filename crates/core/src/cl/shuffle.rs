//! Shuffling and balance-weighted selection. Source: consensus-specs `specs/phase0/beacon-chain.md`
//! (`compute_shuffled_index`, `get_seed`, `compute_proposer_index`), `specs/electra` (16-bit
//! acceptance), `specs/fulu` (`initialize_proposer_lookahead`), `specs/gloas` (`compute_ptc`).
//!
//! At genesis every randao mix is the hash of the execution block.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

use super::inputs::Inputs;
use super::preset::Preset;
use super::validator::Validator;

const DOMAIN_BEACON_PROPOSER: u32 = 0x00;
const DOMAIN_BEACON_ATTESTER: u32 = 0x01;
/// `DOMAIN_SYNC_COMMITTEE`, little-endian.
pub const DOMAIN_SYNC_COMMITTEE: u32 = 0x07;
const DOMAIN_PTC_ATTESTER: u32 = 0x0c;

fn sha256(parts: &[&[u8]]) -> B256 {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    B256::new(hasher.finalize().into())
}

/// `get_seed` for `epoch`, in a state whose randao mixes all are `mix`.
pub fn seed(mix: &B256, epoch: u64, domain: u32) -> B256 {
    sha256(&[&domain.to_le_bytes(), &epoch.to_le_bytes(), &mix[..]])
}

/// `compute_shuffled_index` for one seed and list length, with a cache of its hashes.
#[derive(Debug)]
pub struct Shuffling {
    seed: B256,
    count: u64,
    pivots: Vec<u64>,
    /// For each round, the `source` of every 256 positions, once computed.
    sources: Vec<Vec<Option<B256>>>,
}

impl Shuffling {
    /// For a list of `count` entries, at least one. `rounds` is `SHUFFLE_ROUND_COUNT`.
    pub fn new(seed: B256, count: usize, rounds: u64) -> Self {
        let count = count as u64;
        let pivots = (0..rounds).map(|round| {
            let digest = sha256(&[&seed[..], &round.to_le_bytes()[..1]]);
            let mut head = [0; 8];
            head.copy_from_slice(&digest[..8]);
            u64::from_le_bytes(head) % count
        });
        let pivots: Vec<u64> = pivots.collect();
        let pages = Preset::vector(count.div_ceil(256));
        Self { seed, count, sources: vec![vec![None; pages]; pivots.len()], pivots }
    }

    /// The index that `index` is shuffled to.
    pub fn compute_shuffled_index(&mut self, mut index: u64) -> u64 {
        for (round, (pivot, sources)) in self.pivots.iter().zip(&mut self.sources).enumerate() {
            let flip = (pivot + self.count - index) % self.count;
            let position = index.max(flip);
            let page = position / 256;
            let source = sources[Preset::vector(page)].get_or_insert_with(|| {
                let round = &round.to_le_bytes()[..1];
                sha256(&[&self.seed[..], round, &page.to_le_bytes()[..4]])
            });
            let byte = source[Preset::vector(position % 256) / 8];
            if byte >> (position % 8) & 1 == 1 {
                index = flip;
            }
        }
        index
    }
}

/// The rule that accepts a candidate by its effective balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acceptance {
    /// Random values of 16 bits (electra) or of 8.
    pub wide: bool,
    /// The effective balance that is always accepted, gwei.
    pub max_effective_balance: u64,
}

impl Acceptance {
    /// Whether attempt `i` accepts `validator`.
    pub fn accepts(self, seed: &B256, i: u64, validator: &Validator) -> bool {
        let (per_hash, max_random) = if self.wide { (16, 0xffff_u128) } else { (32, 0xff) };
        let digest = sha256(&[&seed[..], &(i / per_hash).to_le_bytes()]);
        let offset = Preset::vector(i % per_hash);
        let random = if self.wide {
            u64::from(u16::from_le_bytes([digest[2 * offset], digest[2 * offset + 1]]))
        } else {
            u64::from(digest[offset])
        };
        u128::from(validator.effective_balance) * max_random
            >= u128::from(self.max_effective_balance) * u128::from(random)
    }
}

/// `compute_balance_weighted_selection` with shuffled candidates: the first `size` indices of
/// `active` validators that are accepted. An index may be selected more than once.
pub fn select(inputs: &Inputs<'_>, seed: B256, acceptance: Acceptance, size: usize) -> Vec<usize> {
    let active = inputs.active;
    let mut shuffling = Shuffling::new(seed, active.len(), inputs.preset.shuffle_round_count);
    let mut selected = Vec::with_capacity(size);
    let mut i = 0;
    while selected.len() < size {
        let shuffled = shuffling.compute_shuffled_index(i % active.len() as u64);
        let candidate = active[Preset::vector(shuffled)];
        if acceptance.accepts(&seed, i, &inputs.validators[candidate]) {
            selected.push(candidate);
        }
        i += 1;
    }
    selected
}

/// `initialize_proposer_lookahead`: the proposers of the first two epochs.
pub fn proposer_lookahead(inputs: &Inputs<'_>) -> Vec<u64> {
    let per_epoch = inputs.preset.slots_per_epoch;
    let acceptance = Acceptance {
        wide: true,
        max_effective_balance: inputs.preset.max_effective_balance_electra,
    };
    let proposer = |slot: u64| {
        let epoch_seed = seed(&inputs.block_hash, slot / per_epoch, DOMAIN_BEACON_PROPOSER);
        let slot_seed = sha256(&[&epoch_seed[..], &slot.to_le_bytes()]);
        select(inputs, slot_seed, acceptance, 1)[0] as u64
    };
    (0..2 * per_epoch).map(proposer).collect()
}

/// `initialize_ptc_window`: an empty epoch, then the payload timeliness committees of the first
/// two epochs.
pub fn ptc_window(inputs: &Inputs<'_>) -> Vec<Vec<u64>> {
    let p = inputs.preset;
    let empty = vec![0; Preset::vector(p.ptc_size)];
    let mut window = vec![empty; Preset::vector(p.slots_per_epoch)];
    window.extend((0..2 * p.slots_per_epoch).map(|slot| compute_ptc(inputs, slot)));
    window
}

fn compute_ptc(inputs: &Inputs<'_>, slot: u64) -> Vec<u64> {
    let p = inputs.preset;
    let (epoch, in_epoch) = (slot / p.slots_per_epoch, slot % p.slots_per_epoch);
    let count = inputs.active.len() as u64;
    // get_committee_count_per_slot
    let committees =
        (count / p.slots_per_epoch / p.target_committee_size).clamp(1, p.max_committees_per_slot);
    // compute_committee: the committees of a slot are consecutive in the shuffled list.
    let total = committees * p.slots_per_epoch;
    let start = count * (in_epoch * committees) / total;
    let end = count * (in_epoch * committees + committees) / total;
    let attester_seed = seed(&inputs.block_hash, epoch, DOMAIN_BEACON_ATTESTER);
    let mut shuffling = Shuffling::new(attester_seed, inputs.active.len(), p.shuffle_round_count);
    let candidates: Vec<usize> = (start..end)
        .map(|index| inputs.active[Preset::vector(shuffling.compute_shuffled_index(index))])
        .collect();
    let epoch_seed = seed(&inputs.block_hash, epoch, DOMAIN_PTC_ATTESTER);
    let slot_seed = sha256(&[&epoch_seed[..], &slot.to_le_bytes()]);
    let acceptance =
        Acceptance { wide: true, max_effective_balance: p.max_effective_balance_electra };
    let mut selected = Vec::new();
    let mut i = 0;
    while selected.len() < Preset::vector(p.ptc_size) {
        let candidate = candidates[Preset::vector(i % candidates.len() as u64)];
        if acceptance.accepts(&slot_seed, i, &inputs.validators[candidate]) {
            selected.push(candidate as u64);
        }
        i += 1;
    }
    selected
}
