//! Who validates the new chain, and whether these are the validators of the old one.

use std::collections::HashMap;

use super::super::Failure;
use super::super::prepare::Steps;
use super::super::prepare::inputs::announce;
use super::settings::Settings;
use crate::capture::beacon;
use crate::exit;
use crate::rim::fs;
use crate::rpc::Beacon;
use crate::snapshot::{Input, Snapshot, mnemonics, validators};

/// `mnemonics.yaml`, and how many validators it has.
#[derive(Debug)]
pub(super) struct Validators {
    pub(super) mnemonics: Vec<u8>,
    /// Whether nobody else may read it.
    pub(super) secret: bool,
    pub(super) count: u64,
}

/// Those of `--mnemonics`, else the sample's. With a beacon node, their keys must be the chain's.
pub(super) fn choose(
    node: Option<&dyn Beacon>,
    settings: &Settings,
    steps: &mut Steps<'_>,
) -> Result<Validators, Failure> {
    let sample = Snapshot::sample().mnemonics;
    let Some(input) = settings.mnemonics.as_ref().or(sample.as_ref()) else {
        return Err(Failure::bug("the sample has no validators"));
    };
    let mut text = fs::read(input)?;
    let secret = !fs::is_public(input);
    let Some(node) = node else {
        let count = parse(input, &text)?.iter().map(|entry| u64::from(entry.count)).sum();
        if settings.mnemonics.is_none() {
            steps.console.note(&format!(
                "the validators are the sample's {count}, whose keys everybody knows (--mnemonics)"
            ));
        }
        return Ok(Validators { mnemonics: text, secret, count });
    };
    let chain = beacon::validators(node).map_err(|error| Failure::capture(&error))?;
    if settings.mnemonics.is_none() {
        text = with_count(&text, chain.len());
    }
    let entries = parse(input, &text)?;
    let console = steps.console;
    let total = entries.iter().map(|entry| entry.count as usize).sum();
    announce(console, "deriving", total, &format!("validator keys of {}", input.label()));
    let registry =
        validators::derive(&entries, &|_| console.progress(|| "deriving keys".to_owned()))
            .map_err(|error| Failure::bug(format!("keys cannot be derived: {error}")))?;
    let by_key: HashMap<_, _> =
        chain.iter().map(|validator| (validator.pubkey, validator)).collect();
    let mut known = 0_u64;
    let (mut inactive, mut moved) = (0, 0);
    for (index, ours) in registry.validators.iter().enumerate() {
        let Some(theirs) = by_key.get(&ours.pubkey) else {
            let name = registry.name(index);
            let message = match settings.mnemonics {
                Some(_) => format!("{}: {name} is no validator of the chain", input.label()),
                None => "the chain's validators are of another mnemonic than ethereum-package's"
                    .to_owned(),
            };
            let hint = "give the mnemonics of the chain's own validators: --mnemonics FILE";
            return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
        };
        known += 1;
        inactive += u64::from(!theirs.active);
        moved += u64::from(theirs.withdrawal_credentials != ours.withdrawal_credentials);
    }
    let all = chain.len() as u64;
    if known < all {
        console.warning(&format!(
            "{} of the chain's {all} validators are not in {}: the new chain is without them",
            all - known,
            input.label()
        ));
    }
    if inactive > 0 {
        console.warning(&format!("{inactive} validators are not active, and will be again"));
    }
    if moved > 0 {
        console.warning(&format!(
            "{moved} validators have other withdrawal credentials on the chain than in {}, whose \
             are taken",
            input.label()
        ));
    }
    steps.done("keys", &format!("{known} of the chain's {all} validators, by their public keys"));
    Ok(Validators { mnemonics: text, secret, count: known })
}

fn parse(input: &Input, text: &[u8]) -> Result<Vec<mnemonics::Entry>, Failure> {
    mnemonics::parse(text)
        .map_err(|error| Failure::input(input, Some(error.line as u64), &error.to_string(), None))
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
