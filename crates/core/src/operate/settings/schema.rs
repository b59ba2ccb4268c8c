//! The schema of the settings: their names and forms, and who may set them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Error;
use crate::cl::preset::Revision;
use crate::stamp::{Lead, Timestamp};

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A TCP port.
    Port,
    /// Seconds.
    Seconds,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `true` or `false`, in the words that `init` knows.
    Switch,
    /// The name of a [`Revision`].
    Revision,
    /// A [`Lead`].
    Lead,
    /// A [`Timestamp`].
    Timestamp,
    /// 20 bytes in hex.
    Address,
    /// Anything on one line: a path, or the name of an image.
    Any,
}

/// A setting. None is required: each has a default in the compose file.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: Cow<'static, str>,
    form: Form,
    /// Whether the `.env` of a snapshot may set it: a snapshot may come from someone else, and chooses
    /// neither what runs nor who can reach it.
    pub(super) in_snapshot: bool,
    /// What its default follows from, where that differs between stacks.
    pub(super) derived: Option<&'static str>,
}

const fn anywhere(name: &'static str, form: Form) -> Known {
    Known { name: Cow::Borrowed(name), form, in_snapshot: true, derived: None }
}

const fn shell_only(name: &'static str) -> Known {
    Known { name: Cow::Borrowed(name), form: Form::Any, in_snapshot: false, derived: None }
}

/// The settings that have the same name in every stack, in the order in which they are shown. The ports of an
/// L2 have its name, and captured services have settings of their own: [`known`].
pub(super) static ALL: [Known; 24] = [
    shell_only("SNAPSHOT"),
    shell_only("REGENESIS_IMAGE"),
    shell_only("GETH_IMAGE"),
    shell_only("RETH_IMAGE"),
    shell_only("LIGHTHOUSE_IMAGE"),
    shell_only("PRYSM_BEACON_IMAGE"),
    shell_only("PRYSM_VALIDATOR_IMAGE"),
    shell_only("LODESTAR_IMAGE"),
    shell_only("OP_GETH_IMAGE"),
    shell_only("OP_NODE_IMAGE"),
    shell_only("OP_BATCHER_IMAGE"),
    shell_only("OP_PROPOSER_IMAGE"),
    shell_only("BIND"),
    anywhere("EL_HTTP_PORT", Form::Port),
    anywhere("EL_WS_PORT", Form::Port),
    anywhere("CL_HTTP_PORT", Form::Port),
    anywhere("FEE_RECIPIENT", Form::Address),
    anywhere(
        "LIGHTHOUSE_LOG_LEVEL",
        Form::OneOf(&["crit", "error", "warn", "info", "debug", "trace"]),
    ),
    anywhere("REGENESIS_LEAD", Form::Lead),
    anywhere("REGENESIS_TIMESTAMP", Form::Timestamp),
    anywhere("REGENESIS_RENEW", Form::OneOf(&["always", "stale"])),
    anywhere("REGENESIS_HEAL", Form::OneOf(&["renew", "keep", "never"])),
    anywhere("REGENESIS_PRESET_REVISION", Form::Revision),
    anywhere("REGENESIS_ADD_SYSTEM_CONTRACTS", Form::Switch),
];

/// The limit for the first block, in seconds: of `up` and `up.sh`, and of no service.
pub(super) static WAIT: Known = anywhere("WAIT", Form::Seconds);

/// The settings of a stack that reads these: those of every stack, and the ports and images of L2s and of
/// captured services.
pub(super) fn known(used: &BTreeMap<&str, Cow<'_, str>>) -> Vec<Known> {
    let others = used.keys().filter(|name| ALL.iter().all(|known| known.name != **name));
    let other = |name: &&str| {
        let is_port = name.ends_with("_PORT");
        let is_of_l2 = name.starts_with("L2_");
        Known {
            name: Cow::Owned((*name).to_owned()),
            form: if is_port { Form::Port } else { Form::Any },
            in_snapshot: is_port,
            derived: Some(if is_of_l2 { "the order of the L2s" } else { "the snapshot" }),
        }
    };
    ALL.iter().cloned().chain(others.map(other)).collect()
}

impl Known {
    /// Fails if the setting cannot have this value; `place` begins the message.
    pub(super) fn check(&self, value: &str, place: &str) -> Result<(), Error> {
        let Some(expected) = self.form.refuses(value) else { return Ok(()) };
        let what = format!("is {:?}, expected {expected}", shown(value));
        Err(Error { place: place.to_owned(), name: self.name.clone().into_owned(), what })
    }
}

impl Form {
    /// What is expected instead of this value.
    fn refuses(self, value: &str) -> Option<String> {
        let names = || Revision::ALL.into_iter().map(Revision::name);
        let list = |words: &[&str]| format!("one of {}", words.join(", "));
        let (is_right, expected) = match self {
            Self::Port => {
                (value.parse::<u16>().is_ok_and(|port| port > 0), "a port, 1 to 65535".to_owned())
            }
            Self::Seconds => (
                value.parse::<u64>().is_ok_and(|seconds| seconds < 100_000),
                "a number of seconds below 100000".to_owned(),
            ),
            Self::OneOf(words) => (words.contains(&value), list(words)),
            Self::Switch => {
                let word = value.to_ascii_lowercase();
                let words = ["true", "false", "1", "0", "yes", "no", "y", "n", "on", "off"];
                (words.contains(&&*word), "true or false".to_owned())
            }
            Self::Revision => {
                (names().any(|name| name == value), list(&names().collect::<Vec<_>>()))
            }
            Self::Lead => return value.parse::<Lead>().err().map(|error| after_expected(&error)),
            Self::Timestamp => {
                return value.parse::<Timestamp>().err().map(|error| after_expected(&error));
            }
            Self::Address => {
                let digits = value.strip_prefix("0x").unwrap_or(value);
                let is_right = digits.len() == 40 && is_hex(digits);
                (is_right, "an address: 0x and 40 hex digits".to_owned())
            }
            Self::Any => (!value.contains(['\n', '\r']), "one line".to_owned()),
        };
        (!is_right).then_some(expected)
    }
}

/// The message of a parser, which begins with this word.
fn after_expected(error: &impl ToString) -> String {
    error.to_string().trim_start_matches("expected ").to_owned()
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const HIDDEN: &str = "(hidden)";

/// A value for a message. No setting is a secret, but a secret can be in the wrong place: what has the form
/// of a private key, a mnemonic, or a URL's password, is hidden.
pub fn shown(value: &str) -> Cow<'_, str> {
    let digits = value.strip_prefix("0x").unwrap_or(value);
    if digits.len() == 64 && is_hex(digits) || value.split_whitespace().count() >= 12 {
        return Cow::Borrowed(HIDDEN);
    }
    let Some((scheme, rest)) = value.split_once("://") else { return Cow::Borrowed(value) };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => Cow::Owned(format!("{scheme}://{HIDDEN}{}", &rest[at..])),
        None => Cow::Borrowed(value),
    }
}
