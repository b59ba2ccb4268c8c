//! Writes a genesis, reads its state back, and publishes it.

use zeroize::Zeroizing;

use super::super::Failure;
use super::super::steps::Steps;
use super::Init;
use super::database::GethData;
use super::settings::Jwt;
use crate::exit;
use crate::io::fs;
use crate::keys::jwt;
use crate::pipeline::{Genesis, StateHead};
use crate::runtime::staging::{Runtime, Staging};
use crate::summary::run_id;

/// A genesis, and where it goes.
pub(super) struct Staged<'a> {
    pub(super) genesis: Genesis,
    pub(super) geth: Option<GethData<'a>>,
    pub(super) runtime: &'a Runtime,
    pub(super) staging: Staging<'a>,
}

/// Writes and publishes the files; returns the marker.
pub(super) fn write(
    staged: Staged<'_>,
    is_unchanged: &dyn Fn() -> Result<(), Failure>,
    init: Init<'_>,
    steps: Steps<'_>,
) -> Result<Vec<u8>, Failure> {
    let Init { settings, sources, console } = init;
    let Staged { genesis, geth, runtime, mut staging } = staged;
    staging.write(&genesis.files)?;
    staging.copy_to_places()?;
    if !genesis.state.matches(&staging.read(StateHead::PATH)?) {
        return Err(damaged(StateHead::PATH));
    }
    // Parts of the files were copied from the inputs just now.
    is_unchanged()?;
    let bytes: u64 = staging.written.iter().map(|file| file.size).sum();
    steps.done("write", &format!("{} files, {bytes} bytes", staging.written.len()));
    let Genesis { mut summary, header, chain_config, .. } = genesis;
    summary.notes.iter().for_each(|note| console.note(note));
    summary.warnings.iter().for_each(|warning| console.warning(warning));
    summary.files.clone_from(&staging.written);
    summary.files.sort_by(|one, other| one.path.cmp(&other.path));
    summary.run_id = run_id(&sources.entropy, &summary);
    if let Some(geth) = geth
        && let Some(done) =
            init.write_database(geth, &header, chain_config.as_deref(), &summary.run_id)?
    {
        steps.done("geth", &done);
    }
    summary.steps = steps.take();
    if settings.leave_program {
        runtime.leave_program()?;
    }
    let marker = summary.to_json();
    if let Some(owner) = settings.owner {
        staging.give(owner)?;
    }
    staging.publish(&marker)?;
    runtime.kept().iter().for_each(|kept| console.note(kept));
    steps.done("publish", "on disk, in place");
    let out = settings.out.display();
    let first = if summary.replaces.is_none() { ", the first genesis here" } else { "" };
    console.title(&format!("{out} is ready: run {}{first}", summary.run_id));
    Ok(marker)
}

/// The secret of the Engine API: the previous run's, if it is requested and there is one.
pub(super) fn jwt_secret(runtime: &Runtime, init: Init<'_>) -> Zeroizing<[u8; 32]> {
    const PATH: &str = "jwt/jwtsecret";
    let Init { settings, sources, console } = init;
    let fresh = || jwt::new_secret(&sources.entropy);
    match &settings.jwt {
        Jwt::Given(secret) => return secret.clone(),
        Jwt::New => return fresh(),
        Jwt::Keep => {}
    }
    let path = settings.out.join(PATH);
    let cause = match runtime.previous_file(PATH) {
        Some(text) => {
            let text = Zeroizing::new(String::from_utf8_lossy(&Zeroizing::new(text)).into_owned());
            match jwt::parse(&text) {
                Ok(secret) => return secret,
                Err(error) => error.to_string(),
            }
        }
        None if fs::exists(&path) => "cannot be read".to_owned(),
        None => return fresh(),
    };
    console.warning(&format!("{}: {cause}; replaced by a new secret", path.display()));
    fresh()
}

/// The error when a file reads back with different bytes.
pub(super) fn damaged(path: &str) -> Failure {
    Failure::new(
        exit::VERIFICATION,
        format!("{path}: the content read back differs from what was written"),
        Some("check the disk and its file system, and run this again"),
    )
}
