//! Random genesis documents.

use alloy_primitives::U256;

use crate::support::json::Json;
use crate::support::rng::Rng;
use crate::support::spelling::{
    address, any_64, any_256, hex_bytes, key, number_64, number_256, storage_word,
};

/// A key, and a function that creates its value.
type Member<D> = (&'static str, fn(&mut D) -> Json);

/// A document under construction. A wild one may have anything that geth accepts or refuses. A tame one is
/// valid, with each key once in geth's spelling, so that a single change is its only error.
pub struct Draft<'a> {
    pub rng: &'a mut Rng,
    pub wild: bool,
}

impl Draft<'_> {
    /// True with probability 1/n, in wild documents only.
    pub fn chance(&mut self, n: usize) -> bool {
        self.wild && self.rng.one_in(n)
    }

    /// Adds a member with some spelling of its key, and sometimes a duplicate.
    pub fn member(
        &mut self,
        members: &mut Vec<(String, Json)>,
        name: &str,
        value: impl Fn(&mut Self) -> Json,
    ) {
        if self.chance(40) {
            let earlier = if self.rng.one_in(3) { Json::raw("null") } else { value(self) };
            members.push((key(self.rng, name), earlier));
        }
        let spelled = if self.wild { key(self.rng, name) } else { name.to_owned() };
        let value = value(self);
        members.push((spelled, value));
    }

    /// Keys unknown to geth.
    pub fn unknown(&mut self, members: &mut Vec<(String, Json)>) {
        let texts = [
            "\"stateRoot\": \"0x01\"",
            "\"\": null",
            "\"_comment\": \"\\u00e9 \\ud83d\\ude00 \\ud800 \u{fe} { [\"",
            "\"nested\": {\"alloc\": [1, -2.5e+7, {\"}\": [[], {}]}, true]}",
            "\"gasLimi\": -1",
            "\"terminalTotalDifficultyPassed\": true",
        ];
        for text in texts {
            if self.chance(12) {
                let (key, value) = text.split_once(": ").unwrap();
                members.push((key[1..key.len() - 1].to_owned(), Json::raw(value)));
            }
        }
    }

    /// A complete document whose chain has all forks up to `level`.
    pub fn genesis(&mut self, level: usize) -> Json {
        let timestamp = match self.rng.below(4) {
            0 => 0,
            1 => self.rng.pick(&[1, u64::from(u32::MAX), u64::MAX]),
            _ => 1_700_000_000 + self.rng.next() % 1_000_000,
        };
        let mut members = Vec::new();
        self.member(&mut members, "config", |draft| draft.config(level, timestamp));
        if timestamp != 0 || self.rng.one_in(2) {
            self.member(&mut members, "timestamp", |d| number_64(d.rng, timestamp));
        }
        self.member(&mut members, "gasLimit", Self::any_number_64);
        self.member(&mut members, "difficulty", Self::any_number_256);
        self.member(&mut members, "alloc", Self::alloc);
        let optional: [Member<Self>; 11] = [
            ("nonce", Self::any_number_64),
            ("extraData", Self::extra_data),
            ("mixHash", |draft| hex_bytes(draft.rng, 32)),
            ("coinbase", |draft| hex_bytes(draft.rng, 20)),
            ("number", |draft| number_64(draft.rng, 0)),
            ("gasUsed", Self::any_number_64),
            ("parentHash", |draft| hex_bytes(draft.rng, 32)),
            ("baseFeePerGas", Self::any_number_256),
            ("excessBlobGas", Self::any_number_64),
            ("blobGasUsed", Self::any_number_64),
            ("slotNumber", |draft| Json::raw(any_64(draft.rng))),
        ];
        for (name, value) in optional {
            match self.rng.below(5) {
                0 | 1 => self.member(&mut members, name, value),
                2 => self.member(&mut members, name, |_| Json::raw("null")),
                _ => {}
            }
        }
        self.unknown(&mut members);
        self.rng.shuffle(&mut members);
        Json::Object(members)
    }

    /// Bytes before and after a document. geth ignores the latter.
    pub fn surrounded(&mut self, text: Vec<u8>) -> Vec<u8> {
        let before: &[u8] = if self.chance(6) { b" \r\n\t" } else { b"" };
        let behind: [&[u8]; 6] = [b"\n", b"}", b" trailing", b"{\"alloc\": 1}", b"\0", b"\xff"];
        let behind = if self.chance(4) { self.rng.pick(&behind) } else { b"" };
        [before, &text, behind].concat()
    }

    fn any_number_64(&mut self) -> Json {
        let value = any_64(self.rng);
        number_64(self.rng, value)
    }

    fn any_number_256(&mut self) -> Json {
        let value = any_256(self.rng);
        number_256(self.rng, value)
    }

    fn extra_data(&mut self) -> Json {
        let length = self.rng.pick(&[0, 1, 2, 31, 32, 33, 55, 56, 96, 97, 300]);
        hex_bytes(self.rng, length)
    }

    fn alloc(&mut self) -> Json {
        let accounts = match self.rng.below(12) {
            0 => 300,
            1 if self.wild => 0,
            _ => 1 + self.rng.below(6),
        };
        let mut members = Vec::new();
        for index in 0..accounts {
            let digits = hex::encode(self.rng.bytes(20));
            let spelled = address(self.rng, &digits);
            let entry = self.entry(index);
            members.push((spelled, entry));
            if self.chance(10) {
                let again = address(self.rng, &digits);
                let entry = self.entry(index);
                members.push((again, entry));
            }
        }
        self.rng.shuffle(&mut members);
        Json::Object(members)
    }

    fn entry(&mut self, index: usize) -> Json {
        let mut members = Vec::new();
        let empty = self.rng.one_in(6);
        if empty {
            self.member(&mut members, "balance", |draft| number_256(draft.rng, U256::ZERO));
        } else {
            self.member(&mut members, "balance", Self::any_number_256);
        }
        let optional: [Member<Self>; 3] = [
            ("nonce", Self::any_number_64),
            ("code", |draft| {
                let length = draft.rng.pick(&[0, 1, 2, 55, 56, 1000]);
                hex_bytes(draft.rng, length)
            }),
            // Only the first account has large storage: it is slow in geth.
            if index == 0 && self.rng.one_in(12) {
                ("storage", |draft| draft.storage(3000))
            } else {
                ("storage", |draft| {
                    let slots = draft.rng.below(7);
                    draft.storage(slots)
                })
            },
        ];
        for (name, value) in optional {
            match self.rng.below(4) {
                0 | 1 if !empty => self.member(&mut members, name, value),
                2 => self.member(&mut members, name, |_| Json::raw("null")),
                _ => {}
            }
        }
        self.unknown(&mut members);
        self.rng.shuffle(&mut members);
        Json::Object(members)
    }

    fn storage(&mut self, slots: usize) -> Json {
        let mut members = Vec::new();
        for _ in 0..slots {
            let (slot, value) = (self.word(), self.word());
            members.push((storage_word(self.rng, &slot), self.storage_value(&value)));
            if self.chance(12) {
                let value = self.word();
                members.push((storage_word(self.rng, &slot), self.storage_value(&value)));
            }
        }
        Json::Object(members)
    }

    fn storage_value(&mut self, digits: &str) -> Json {
        if self.chance(30) {
            Json::raw("null")
        } else {
            Json::quoted(storage_word(self.rng, digits))
        }
    }

    /// Digits of a word of 0 to 32 bytes. Short values produce embedded trie nodes.
    fn word(&mut self) -> String {
        match self.rng.below(6) {
            0 => String::new(),
            1 => "00".to_owned(),
            2 | 3 => self.rng.hex(1),
            4 => {
                let length = self.rng.below(33);
                self.rng.hex(length)
            }
            _ => self.rng.hex(32),
        }
    }
}
