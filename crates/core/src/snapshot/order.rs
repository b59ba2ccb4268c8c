//! The order of the registry: as its sources list it, or shuffled (`--shuffle-validators`).
//!
//! Source: eth-beacon-genesis (899ec78) `validators/shuffle.go`: a Fisher–Yates shuffle of blocks of
//! neighbours, with the PCG generator of Go's `math/rand/v2`.

use super::validators::Source;
use crate::cl::validator::GenesisValidator;

/// An order of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the sources list it.
    AsListed,
    /// Shuffled with [`default_seed`].
    DefaultSeed,
    /// Shuffled with this seed.
    Seed(u64),
}

/// Bounds of the length of a block, and the number of blocks between these bounds.
const MIN_BLOCK: usize = 20;
const MAX_BLOCK: usize = 100;
const BLOCKS: usize = 100;

/// The seed when none is given: the genesis fork version as a number.
pub fn default_seed(genesis_fork_version: [u8; 4]) -> u64 {
    u32::from_be_bytes(genesis_fork_version).into()
}

/// Shuffles the validators, and their sources with them. A single block stays as it is.
pub fn shuffle(validators: &mut Vec<GenesisValidator>, sources: &mut Vec<Source>, seed: u64) {
    let count = validators.len();
    if count <= MIN_BLOCK {
        return;
    }
    let length = (count / BLOCKS).clamp(MIN_BLOCK, MAX_BLOCK);
    let mut order: Vec<usize> = (0..count.div_ceil(length)).collect();
    let mut random = Pcg::new(seed, seed);
    for last in (1..order.len()).rev() {
        let other = random.below(last as u64 + 1);
        order.swap(last, usize::try_from(other).unwrap_or(last));
    }
    let blocks = || order.iter().map(|block| block * length..count.min((block + 1) * length));
    let moved = blocks().flat_map(|block| validators[block].iter().cloned()).collect();
    *sources =
        blocks().flat_map(|block| slice(sources, block.start as u64, block.end as u64)).collect();
    *validators = moved;
}

/// The runs that the validators from `start` to before `end` come from.
fn slice(sources: &[Source], start: u64, end: u64) -> Vec<Source> {
    let mut runs = Vec::new();
    let mut at = 0;
    for Source { name, first, count } in sources {
        let (from, to) = (start.max(at), end.min(at + count));
        if from < to {
            runs.push(Source { name: name.clone(), first: first + from - at, count: to - from });
        }
        at += count;
    }
    runs
}

/// Go's generator: PCG-DXSM with 128 bits of state.
struct Pcg(u128);

impl Pcg {
    const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
    const INCREMENT: u128 = 0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f;
    const CHEAP_MULTIPLIER: u64 = 0xda94_2042_e4dd_58b5;

    fn new(high: u64, low: u64) -> Self {
        Self(u128::from(high) << 64 | u128::from(low))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(Self::INCREMENT);
        let (mut high, low) = halves(self.0);
        high ^= high >> 32;
        high = high.wrapping_mul(Self::CHEAP_MULTIPLIER);
        high ^= high >> 48;
        high.wrapping_mul(low | 1)
    }

    /// A uniform number below `bound`: Lemire's method, with Go's shortcut for powers of two.
    fn below(&mut self, bound: u64) -> u64 {
        if bound.is_power_of_two() {
            return self.next() & (bound - 1);
        }
        let unfair = bound.wrapping_neg() % bound;
        loop {
            let (high, low) = halves(u128::from(self.next()) * u128::from(bound));
            if low >= unfair {
                return high;
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
fn halves(number: u128) -> (u64, u64) {
    ((number >> 64) as u64, number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cl::validator::Status;

    fn registry(counts: &[(&str, u64, u64)]) -> (Vec<GenesisValidator>, Vec<Source>) {
        let sources: Vec<Source> = counts
            .iter()
            .map(|(name, first, count)| Source {
                name: (*name).to_owned(),
                first: *first,
                count: *count,
            })
            .collect();
        let total: u64 = sources.iter().map(|source| source.count).sum();
        let validator = |index: u64| GenesisValidator {
            pubkey: std::array::from_fn(|at| index.to_le_bytes().get(at).copied().unwrap_or(0)),
            withdrawal_credentials: [0; 32],
            balance: None,
            status: Status::Active,
        };
        ((0..total).map(validator).collect(), sources)
    }

    /// From a program with `rand.NewPCG(seed, seed)` and `Shuffle(13, …)`, go 1.26.
    #[test]
    fn numbers_parse_as_in_go() {
        for (seed, numbers, order) in [
            (
                0x0,
                [0x38ff_ff68_2123_e08a, 0xacfc_572d_c29c_b1fd, 0x57ec_3510_5c35_c2db],
                [6, 0, 9, 1, 11, 7, 5, 12, 10, 4, 3, 8, 2],
            ),
            (
                0x1,
                [0xff4a_e39f_6bb4_4fb8, 0x1a3d_1e60_1c11_5a0b, 0xdd1a_8567_d1b6_7dac],
                [4, 3, 11, 7, 8, 0, 5, 6, 2, 10, 9, 1, 12],
            ),
            (
                0x1000_0038,
                [0xc5aa_e3f1_f761_8e99, 0xca42_1081_cc75_c866, 0x16df_75c4_1622_02a6],
                [2, 1, 12, 4, 6, 3, 7, 8, 5, 11, 0, 9, 10],
            ),
            (
                0x67_656e_6573_6973,
                [0xf00a_bc90_e951_922b, 0xb23b_a7f7_e8b9_cb59, 0x81b1_a9b8_e92e_83dd],
                [4, 11, 10, 0, 7, 3, 1, 9, 6, 2, 5, 8, 12],
            ),
            (
                0xffff_ffff_ffff_ffff,
                [0xa742_558a_9ed2_4b5a, 0xf76b_1b58_92bb_3655, 0x3db4_4738_aa0b_6ca6],
                [7, 0, 4, 9, 3, 5, 10, 12, 6, 1, 2, 11, 8],
            ),
        ] {
            let mut random = Pcg::new(seed, seed);
            assert_eq!([random.next(), random.next(), random.next()], numbers, "{seed:#x}");
            let mut random = Pcg::new(seed, seed);
            let mut list: Vec<usize> = (0..13).collect();
            for last in (1..13).rev() {
                list.swap(last, usize::try_from(random.below(last as u64 + 1)).unwrap());
            }
            assert_eq!(list, order, "{seed:#x}");
        }
    }

    #[test]
    fn blocks_move_and_stay_together() {
        for count in [21, 40, 999, 2000, 5000, 10_050] {
            let (mut validators, mut sources) = registry(&[("a", 7, 11), ("b", 0, count - 11)]);
            let before = validators.clone();
            shuffle(&mut validators, &mut sources, 0x1000_0038);
            let number = |validator: &GenesisValidator| {
                u64::from_le_bytes(validator.pubkey[..8].try_into().unwrap())
            };
            let mut numbers: Vec<u64> = validators.iter().map(number).collect();
            let named = sources.iter().flat_map(|source| {
                let (start, before) = if source.name == "a" { (7, 0) } else { (0, 11) };
                (source.first..source.first + source.count).map(move |n| n - start + before)
            });
            assert!(named.eq(numbers.iter().copied()), "{count}: the sources move with them");
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(0..count), "{count}: every validator once");
            assert!(count < 999 || validators != before, "{count}");
        }
    }

    #[test]
    fn one_block_stays() {
        let (mut validators, mut sources) = registry(&[("a", 0, 20)]);
        let before = (validators.clone(), sources.clone());
        shuffle(&mut validators, &mut sources, 42);
        assert_eq!((validators, sources), before);
    }
}
