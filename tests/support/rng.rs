//! Reproducible pseudo-random numbers: splitmix64.

pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    /// `n` bytes as hex digits of any case.
    pub fn hex(&mut self, n: usize) -> String {
        let hex = hex::encode(self.bytes(n));
        match self.below(3) {
            0 => hex.to_uppercase(),
            1 => self.mix_case(&hex),
            _ => hex,
        }
    }

    pub fn mix_case(&mut self, text: &str) -> String {
        let mix = |c: char| if self.one_in(2) { c.to_ascii_uppercase() } else { c };
        text.chars().map(mix).collect()
    }
}
