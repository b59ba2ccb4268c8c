//! `eth2-testnet-genesis --preset-*` and `--legacy-config`: names or files. A state has the preset of its
//! config, as clients have it compiled in.

use std::path::PathBuf;

use super::super::Failure;
use crate::cl::config::Config;
use crate::cl::preset;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::fs;
use crate::pipeline::Prepared;

/// Built-in presets, which no file can hide.
const NAMES: [&str; 3] = ["mainnet", "minimal", "gnosis"];

#[allow(clippy::doc_markdown, reason = "--help prints the texts as they are")]
#[derive(Debug, clap::Args)]
pub(super) struct Presets {
    /// Preset of this fork, which must be the config's: its name, or a YAML file
    #[arg(long, value_name = "NAME|FILE")]
    preset_phase0: Option<String>,
    /// Preset of this fork, which must be the config's: its name, or a YAML file
    #[arg(long, value_name = "NAME|FILE")]
    preset_altair: Option<String>,
    /// Preset of this fork, which must be the config's: its name, or a YAML file
    #[arg(long, visible_alias = "preset-merge", value_name = "NAME|FILE")]
    preset_bellatrix: Option<String>,
    /// Preset of this fork, which must be the config's: its name, or a YAML file
    #[arg(long, value_name = "NAME|FILE")]
    preset_capella: Option<String>,
    /// Preset of this fork, which must be the config's: its name, or a YAML file
    #[arg(long, value_name = "NAME|FILE")]
    preset_deneb: Option<String>,
    /// Preset of this fork, which must be the config's: its name, or a YAML file
    #[arg(long, value_name = "NAME|FILE")]
    preset_electra: Option<String>,
    /// No effect: --config has every value
    #[arg(long, value_name = "NAME|FILE")]
    legacy_config: Option<String>,
}

impl Presets {
    /// Checks that every given preset is the config's: one state has one preset.
    pub(super) fn check(&self, prepared: &Prepared, console: &Console) -> Result<(), Failure> {
        let config = &prepared.snapshot.config;
        let base =
            preset::base(&prepared.config).map_err(|error| Failure::config(config, &error))?;
        let flags = [
            ("phase0", &self.preset_phase0),
            ("altair", &self.preset_altair),
            ("bellatrix", &self.preset_bellatrix),
            ("capella", &self.preset_capella),
            ("deneb", &self.preset_deneb),
            ("electra", &self.preset_electra),
        ];
        for (fork, value) in flags {
            let value = value.as_deref().filter(|value| !value.is_empty() && *value != base);
            let Some(value) = value else { continue };
            if NAMES.contains(&value) {
                let message = format!(
                    "--preset-{fork} is {value:?}, but {} has PRESET_BASE {base}",
                    config.label()
                );
                let hint =
                    "set PRESET_BASE to the preset of your clients, and leave out --preset-*";
                return Err(Failure::usage(message, hint));
            }
            check_file(&format!("--preset-{fork}"), value, prepared)?;
        }
        if self.legacy_config.as_ref().is_some_and(|value| !value.is_empty()) {
            // The original, too, replaces all of its values with those of --config and --preset-*.
            console.warning("--legacy-config has no effect: --config has every value");
        }
        Ok(())
    }
}

/// Checks the sizes in the preset file of `flag`. Other keys do not change a genesis state.
fn check_file(flag: &str, path: &str, prepared: &Prepared) -> Result<(), Failure> {
    let input = Input::file(PathBuf::from(path));
    let in_file = |error| Failure::config(&input, &error);
    let file = Config::parse(&fs::read(&input)?).map_err(in_file)?;
    for (key, line) in file.keys() {
        let Some(expected) = prepared.preset.get(key) else { continue };
        let found = file.u64(key).map_err(in_file)?;
        if found != expected {
            let what = format!(
                "{flag}: {key} is {found}, but {expected} in the preset of {}",
                prepared.snapshot.config.label()
            );
            let hint = format!(
                "clients have the preset compiled in; if yours has {found}, set {key}: {found} in \
                 --config, too"
            );
            return Err(Failure::input(&input, Some(line as u64), &what, Some(&hint)));
        }
    }
    Ok(())
}
