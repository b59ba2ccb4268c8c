//! Single changes that invalidate a document, or that geth just accepts.

use crate::support::json::Change::{self, Nest, Remove, Rename, Set, Text};
use crate::support::rng::Rng;

/// Name for the report, and change.
pub const MUTATIONS: &[(&str, Change)] = &[
    // Required members.
    ("no config", Remove("config")),
    ("no gasLimit", Remove("gasLimit")),
    ("no difficulty", Remove("difficulty")),
    ("no alloc", Remove("alloc")),
    ("no balance", Remove("alloc.*.balance")),
    ("null config", Set("config", "null")),
    ("null gasLimit", Set("gasLimit", "null")),
    ("null difficulty", Set("difficulty", "null")),
    ("null alloc", Set("alloc", "null")),
    ("null account", Set("alloc.*", "null")),
    ("null balance", Set("alloc.*.balance", "null")),
    ("null deposit contract", Set("config.depositContractAddress", "null")),
    // Types.
    ("config is an array", Set("config", "[]")),
    ("config is text", Set("config", "\"mainnet\"")),
    ("config is empty", Set("config", "{}")),
    ("alloc is an array", Set("alloc", "[]")),
    ("alloc is a number", Set("alloc", "7")),
    ("account is a number", Set("alloc.*", "7")),
    ("account is an array", Set("alloc.*", "[{\"balance\": \"1\"}]")),
    ("storage is an array", Set("alloc.*.storage", "[]")),
    ("storage is text", Set("alloc.*.storage", "\"\"")),
    ("storage value is a number", Set("alloc.*.storage.0x01", "1")),
    ("storage value is an object", Set("alloc.*.storage.0x01", "{}")),
    ("code is a number", Set("alloc.*.code", "60")),
    ("nonce is a boolean", Set("nonce", "true")),
    ("nonce is an object", Set("nonce", "{}")),
    ("balance is an array", Set("alloc.*.balance", "[1]")),
    ("extraData is a number", Set("extraData", "0")),
    ("coinbase is a number", Set("coinbase", "0")),
    ("blobSchedule is an array", Set("config.blobSchedule", "[]")),
    ("blobSchedule entry is a number", Set("config.blobSchedule.bpo1", "6")),
    ("ubt entry is a number", Set("config.blobSchedule.ubt", "5")),
    ("ubt entry of text", Set("config.blobSchedule.ubt", "{\"max\": \"5\"}")),
    ("daoForkSupport is text", Set("config.daoForkSupport", "\"true\"")),
    ("ethash is an array", Set("config.ethash", "[]")),
    ("clique is a boolean", Set("config.clique", "true")),
    ("clique period is text", Set("config.clique", "{\"period\": \"5\"}")),
    // Numbers.
    ("float", Set("timestamp", "1700000000.0")),
    ("exponent", Set("gasLimit", "3e7")),
    ("float in text", Set("timestamp", "\"1.5\"")),
    ("gasLimit of 65 bits", Set("gasLimit", "\"0x10000000000000000\"")),
    ("timestamp of 65 bits", Set("timestamp", "18446744073709551616")),
    ("plus sign, 64 bits", Set("nonce", "\"+1\"")),
    ("plus sign, 256 bits", Set("difficulty", "\"+1\"")),
    ("plus sign after 0x", Set("difficulty", "\"0x+1f\"")),
    ("plus sign before 0x", Set("difficulty", "\"+0x1f\"")),
    ("two plus signs", Set("difficulty", "\"++1\"")),
    ("only a plus sign", Set("difficulty", "\"+\"")),
    ("negative nonce", Set("nonce", "-1")),
    ("bare 0x", Set("gasLimit", "\"0x\"")),
    ("hex without 0x", Set("gasLimit", "\"ff\"")),
    ("blank in a number", Set("gasLimit", "\" 1\"")),
    ("underscore in a number", Set("gasLimit", "\"1_000\"")),
    ("underscore in a big number", Set("difficulty", "\"1_000\"")),
    ("digits beyond ASCII", Set("gasLimit", "\"\u{661}\"")),
    ("escape in a number", Set("gasLimit", "\"\\u0031\"")),
    ("leading zero in a JSON number", Set("gasLimit", "01")),
    ("hex in a JSON number", Set("gasLimit", "0x1")),
    ("257 bits", Set("baseFeePerGas", TWO_256)),
    ("257 bits in a balance", Set("alloc.*.balance", TWO_256)),
    ("65 bits in an account's nonce", Set("alloc.*.nonce", "18446744073709551616")),
    ("number is 1", Set("number", "\"0x1\"")),
    ("number is 0", Set("number", "\"0x00\"")),
    ("quoted slotNumber", Set("slotNumber", "\"7\"")),
    ("slotNumber with an exponent", Set("slotNumber", "1e1")),
    ("negative slotNumber", Set("slotNumber", "-0")),
    // Hex.
    ("odd code", Set("alloc.*.code", "\"0x600\"")),
    ("code without 0x", Set("alloc.*.code", "\"6000\"")),
    ("code is not hex", Set("alloc.*.code", "\"0xzz\"")),
    ("escape in code", Set("alloc.*.code", "\"0x6\\u0030\"")),
    ("odd extraData", Set("extraData", "\"0x123\"")),
    ("odd slot", Set("alloc.*.storage.0x1", "\"0x01\"")),
    ("slot with 0X", Set("alloc.*.storage.0X01", "\"0x01\"")),
    ("slot is not hex", Set("alloc.*.storage.0xgg", "\"0x01\"")),
    ("slot of 33 bytes", Set("alloc.*.storage.0x", THIRTY_THREE)),
    ("odd storage value", Set("alloc.*.storage.0x01", "\"0x123\"")),
    ("storage value with 0X", Set("alloc.*.storage.0x01", "\"0X12\"")),
    ("address of 21 bytes", Rename("alloc.*", "0x111111111111111111111111111111111111111111")),
    ("address of 19 bytes", Rename("alloc.*", "11111111111111111111111111111111111111")),
    ("odd address", Rename("alloc.*", "0x11111111111111111111111111111111111111111")),
    ("address is not hex", Rename("alloc.*", "0xg111111111111111111111111111111111111111")),
    ("address is empty", Rename("alloc.*", "")),
    ("address is 0x", Rename("alloc.*", "0x")),
    ("address of bad UTF-16", Rename("alloc.*", "\\ud800")),
    ("address with a tab", Rename("alloc.*", "\t111111111111111111111111111111111111111")),
    ("coinbase without 0x", Set("coinbase", "\"1111111111111111111111111111111111111111\"")),
    ("coinbase is empty", Set("coinbase", "\"\"")),
    ("mixHash of one byte", Set("mixHash", "\"0x00\"")),
    ("parentHash is empty", Set("parentHash", "\"\"")),
    // The chain config.
    ("quoted chain id", Set("config.chainId", "\"5\"")),
    ("chain id with an exponent", Set("config.chainId", "1e3")),
    ("quoted block", Set("config.londonBlock", "\"0\"")),
    ("quoted time", Set("config.shanghaiTime", "\"0\"")),
    ("negative time", Set("config.shanghaiTime", "-1")),
    ("quoted total difficulty", Set("config.terminalTotalDifficulty", "\"0\"")),
    ("london is missing", Remove("config.londonBlock")),
    ("byzantium is missing", Remove("config.byzantiumBlock")),
    ("shanghai is missing", Remove("config.shanghaiTime")),
    ("cancun is missing", Remove("config.cancunTime")),
    ("muir glacier is missing", Remove("config.muirGlacierBlock")),
    ("homestead is late", Set("config.homesteadBlock", "5")),
    ("dao fork is late", Set("config.daoForkBlock", "5")),
    ("netsplit is late", Set("config.mergeNetsplitBlock", "5")),
    ("shanghai is last", Set("config.shanghaiTime", "18446744073709551615")),
    ("amsterdam is first", Set("config.amsterdamTime", "0")),
    ("cancun has no entry", Remove("config.blobSchedule.cancun")),
    ("osaka has no entry", Remove("config.blobSchedule.osaka")),
    ("amsterdam has no entry", Remove("config.blobSchedule.amsterdam")),
    ("entry is null", Set("config.blobSchedule.bpo3", "null")),
    ("no blobSchedule", Remove("config.blobSchedule")),
    ("target below 0", Set("config.blobSchedule.prague.target", "-1")),
    ("max below 0", Set("config.blobSchedule.prague.max", "-1")),
    ("target of 64 bits", Set("config.blobSchedule.prague.target", "9223372036854775808")),
    ("max of 64 bits", Set("config.blobSchedule.ubt.max", "9223372036854775808")),
    ("target above max", Set("config.blobSchedule.prague.target", "9223372036854775807")),
    ("fraction is 0", Set("config.blobSchedule.prague.baseFeeUpdateFraction", "0")),
    ("fraction is missing", Remove("config.blobSchedule.bpo5.baseFeeUpdateFraction")),
    ("entry without a fork", Set("config.blobSchedule.osaka", "{\"target\": 1, \"max\": 1}")),
    ("clique without signers", Set("config.clique", "{\"period\": 5, \"epoch\": 30000}")),
    // JSON itself.
    ("deepest nesting", Nest("zz", 9_999)),
    ("too deep", Nest("zz", 10_000)),
    ("deepest in config", Nest("config.zz", 9_998)),
    ("too deep in config", Nest("config.zz", 9_999)),
    ("deepest in blobSchedule", Nest("config.blobSchedule.zz", 9_997)),
    ("too deep in blobSchedule", Nest("config.blobSchedule.zz", 9_998)),
    ("deepest in an account", Nest("alloc.*.zz", 9_997)),
    ("too deep in an account", Nest("alloc.*.zz", 9_998)),
    ("control character", Set("zz", "\"a\u{1}b\"")),
    ("line feed in text", Set("config.zz", "\"a\nb\"")),
    ("bad escape", Set("zz", "\"\\x41\"")),
    ("bad escape in an account", Set("alloc.*.zz", "\"\\'\"")),
    ("short escape", Set("zz", "\"\\u12\"")),
    ("control character in a key", Rename("config", "con\u{0}fig")),
    ("single quotes", Set("extraData", "'0x'")),
    ("a word", Set("zz", "True")),
    ("half a word", Set("zz", "nul")),
    ("infinity", Set("zz", "Infinity")),
    ("half a number", Set("zz", "1.")),
    ("trailing comma in an array", Set("zz", "[1,]")),
    ("mixed brackets", Set("alloc.*.zz", "[1}")),
    ("comment", Set("zz", "1 /* one */")),
    ("line comment", Text(|_, text| [b"// genesis\n", &text[..]].concat())),
    ("byte order mark", Text(|_, text| [b"\xef\xbb\xbf", &text[..]].concat())),
    ("another brace at the end", Text(|_, text| [&text[..], b"}"].concat())),
    ("no brace at the end", Text(|_, text| text[..text.len() - 1].to_vec())),
    ("comma at the end", Text(|_, text| [&text[..text.len() - 1], b",}"].concat())),
    ("in an array", Text(|_, text| [b"[", &text[..], b"]"].concat())),
    ("twice", Text(|_, text| [&text[..], &text[..]].concat())),
    ("no text", Text(|_, _| Vec::new())),
    ("blanks alone", Text(|_, _| b" \n".to_vec())),
    ("null alone", Text(|_, _| b"null".to_vec())),
    ("UTF-16", Text(|_, text| text.iter().flat_map(|byte| [*byte, 0]).collect())),
    ("cut", Text(cut)),
    ("cut early", Text(|rng, text| text[..rng.below(text.len().min(200))].to_vec())),
    ("no colon", Text(|rng, text| without(rng, text, b':'))),
    ("no quote", Text(|rng, text| without(rng, text, b'"'))),
    ("no comma", Text(|rng, text| without(rng, text, b','))),
    ("no opening brace", Text(|rng, text| without(rng, text, b'{'))),
    ("no closing brace", Text(|rng, text| without(rng, text, b'}'))),
    ("a byte replaced", Text(replaced)),
    ("a byte added", Text(added)),
    ("a byte lost", Text(lost)),
];

const TWO_256: &str =
    "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"";
const THIRTY_THREE: &str =
    "\"0x000000000000000000000000000000000000000000000000000000000000000000\"";

/// Bytes with a meaning in JSON or hex. No minus sign: geth is
/// known to accept some negative numbers.
const BYTES: &[u8] = b"{}[]\",:\\/0123456789abcdefxX+.eEutn \n\t\0\x7f\xc3\xff";

fn cut(rng: &mut Rng, text: Vec<u8>) -> Vec<u8> {
    text[..rng.below(text.len())].to_vec()
}

fn without(rng: &mut Rng, mut text: Vec<u8>, byte: u8) -> Vec<u8> {
    let places: Vec<usize> = (0..text.len()).filter(|at| text[*at] == byte).collect();
    text.remove(rng.pick(&places));
    text
}

fn replaced(rng: &mut Rng, mut text: Vec<u8>) -> Vec<u8> {
    let at = rng.below(text.len());
    text[at] = rng.pick(BYTES);
    text
}

fn added(rng: &mut Rng, mut text: Vec<u8>) -> Vec<u8> {
    text.insert(rng.below(text.len() + 1), rng.pick(BYTES));
    text
}

fn lost(rng: &mut Rng, mut text: Vec<u8>) -> Vec<u8> {
    text.remove(rng.below(text.len()));
    text
}
