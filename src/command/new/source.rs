//! Where the options come from: a file, the command line over it, or answers.

use std::path::{Path, PathBuf};

use super::super::{Failure, given};
use super::{Args, questions, text_of, toml};
use crate::creation::{Options, Place, Value};
use crate::exit;
use crate::keys::SecretText;

/// What describes the chain.
pub(super) enum Source {
    /// Options, whose files are relative to this directory.
    Options(Options, PathBuf),
    /// The variables in this file.
    Variables(PathBuf),
}

impl Source {
    pub(super) fn of(args: &Args) -> Result<Self, Failure> {
        let flags = flags(args)?;
        let from = args.from.as_ref().filter(|path| !path.as_os_str().is_empty());
        let Some(file) = from else {
            if flags.names().next().is_some() {
                return Ok(Self::Options(flags, PathBuf::new()));
            }
            return Ok(Self::Options(questions::ask()?, PathBuf::new()));
        };
        if !is_toml(file) {
            if let Some(name) = flags.names().next() {
                let flag = name.replace('_', "-");
                let message = format!("--{flag} cannot be used with the variables of --from");
                let hint = format!("set it in {}: docs/egg-parity.md", file.display());
                return Err(Failure::usage(message, &hint));
            }
            return Ok(Self::Variables(file.clone()));
        }
        let directory = file.parent().unwrap_or(Path::new("")).to_owned();
        let mut options = toml::read(file, &text_of(file)?)?;
        if !flags.all("predeploy").is_empty() && !directory.as_os_str().is_empty() {
            // The files of flags are relative to the working directory, those of the file to its own.
            let message = "--predeploy cannot be used with --from in another directory";
            let hint = format!("name the contracts in {}", file.display());
            return Err(Failure::usage(message, &hint));
        }
        for name in flags.names() {
            options.set(name, flags.all(name).to_vec());
        }
        let mnemonic = options.all("mnemonic").to_vec();
        let mnemonic = mnemonic.into_iter().map(|value| {
            let text = phrase(&value.text, &directory)?;
            Ok(Value { text, place: value.place })
        });
        let mnemonic: Result<Vec<_>, Failure> = mnemonic.collect();
        options.set("mnemonic", mnemonic?);
        Ok(Self::Options(options, directory))
    }
}

/// Whether the file is TOML by its name; any other has variables.
fn is_toml(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// The options on the command line and in their variables.
fn flags(args: &Args) -> Result<Options, Failure> {
    let mut options = Options::default();
    let mut set = |name, texts: Vec<SecretText>| {
        options.set(name, texts.into_iter().map(|text| Value { text, place: Place::Flag }));
    };
    for (name, text) in [
        ("chain_id", &args.chain_id),
        ("slot_time", &args.slot_time),
        ("validators", &args.validators),
        ("gas_limit", &args.gas_limit),
        ("base_fee", &args.base_fee),
        ("preset", &args.preset),
    ] {
        set(name, text.iter().map(|text| text.clone().into()).collect());
    }
    for (name, texts) in
        [("fund", &args.fund), ("predeploy", &args.predeploy), ("fork", &args.fork)]
    {
        set(name, texts.iter().map(|text| text.clone().into()).collect());
    }
    if let Some(text) = args.mnemonic.as_deref().and_then(given) {
        set("mnemonic", vec![phrase(text, Path::new(""))?]);
    }
    Ok(options)
}

/// The phrase, or that in the file that `@FILE` names.
fn phrase(text: &str, directory: &Path) -> Result<SecretText, Failure> {
    let Some(file) = text.trim().strip_prefix('@') else { return Ok(text.to_owned().into()) };
    let file = directory.join(file);
    let phrase: SecretText = text_of(&file)?.into();
    if phrase.trim().is_empty() {
        let message = format!("{}: is empty, expected a mnemonic", file.display());
        return Err(Failure::new(exit::INPUT, message, Some("regenesis keys mnemonic writes one")));
    }
    Ok(phrase)
}
