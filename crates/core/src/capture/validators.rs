//! The validators of the new chain, compared with those of the captured one.

use std::collections::HashMap;
use std::io::Read;

use super::context::CaptureContext;
use super::{Error, beacon};
use crate::file::Input;
use crate::progress::announce;
use crate::snapshot::{mnemonics, validators};

/// `mnemonics.yaml` of the new chain.
#[derive(Debug)]
pub(super) struct Validators {
    pub(super) mnemonics: Vec<u8>,
    /// Whether only the owner may read it.
    pub(super) secret: bool,
    pub(super) count: u64,
}

/// The requested validators, else the sample's. With a beacon node, each must be a validator of its
/// chain.
pub(super) fn choose(context: &CaptureContext<'_>) -> Result<Validators, Error> {
    let (request, progress) = (context.request, context.progress);
    let input = request.mnemonics.as_ref().unwrap_or(&request.sample.mnemonics);
    let mut text = Vec::new();
    context
        .open(input)?
        .read_to_end(&mut text)
        .map_err(|source| Error::Input { input: input.clone(), source })?;
    let secret = !context.inputs.is_public(input);
    let Some(node) = context.beacon else {
        let count = parse(input, &text)?.iter().map(|entry| u64::from(entry.count)).sum();
        if request.mnemonics.is_none() {
            progress.note(&format!(
                "the validators are the sample's {count}, whose keys are public (--mnemonics)"
            ));
        }
        return Ok(Validators { mnemonics: text, secret, count });
    };
    let chain = beacon::validators(node)?;
    if request.mnemonics.is_none() {
        text = with_count(&text, chain.len());
    }
    let count = compare(context, input, &parse(input, &text)?, &chain)?;
    Ok(Validators { mnemonics: text, secret, count })
}

/// Checks that every key is one of the chain's; returns how many there are.
fn compare(
    context: &CaptureContext<'_>,
    input: &Input,
    entries: &[mnemonics::Entry],
    chain: &[beacon::Validator],
) -> Result<u64, Error> {
    let progress = context.progress;
    let total = entries.iter().map(|entry| entry.count as usize).sum();
    announce(progress, "deriving", total, &format!("validator keys of {}", input.label()));
    let report = |_| progress.advance(&|| "deriving keys".to_owned());
    let registry = validators::derive(entries, &report).map_err(Error::Keys)?;
    let by_key: HashMap<_, _> =
        chain.iter().map(|validator| (validator.pubkey, validator)).collect();
    let (mut known, mut inactive, mut moved) = (0_u64, 0_u64, 0_u64);
    for (index, ours) in registry.validators.iter().enumerate() {
        let Some(theirs) = by_key.get(&ours.pubkey) else {
            return Err(match context.request.mnemonics {
                Some(_) => {
                    Error::UnknownValidator { file: input.label(), name: registry.name(index) }
                }
                None => Error::OtherMnemonic,
            });
        };
        known += 1;
        inactive += u64::from(!theirs.active);
        moved += u64::from(theirs.withdrawal_credentials != ours.withdrawal_credentials);
    }
    let (all, label) = (chain.len() as u64, input.label());
    if known < all {
        progress.warning(&format!(
            "{} of the chain's {all} validators are not in {label}: the new chain does not have them",
            all - known
        ));
    }
    if inactive > 0 {
        progress.warning(&format!(
            "{inactive} validators are not active on the chain; they are on the new chain"
        ));
    }
    if moved > 0 {
        progress.warning(&format!(
            "{moved} validators have other withdrawal credentials on the chain than in {label}; \
             the new chain uses those of the file"
        ));
    }
    let text = format!("{known} of the chain's {all} validators, by their public keys");
    progress.step("keys", &text);
    Ok(known)
}

fn parse(input: &Input, text: &[u8]) -> Result<Vec<mnemonics::Entry>, Error> {
    mnemonics::parse(text).map_err(|error| Error::Mnemonics { input: input.clone(), error })
}

/// The sample's text with another number of validators.
fn with_count(text: &[u8], count: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let line = |line: &str| match line.split_once("count:") {
        Some((before, _)) => format!("{before}count: {count}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect::<String>().into_bytes()
}
