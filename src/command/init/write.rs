//! Writes what was made, reads it again, and puts it in place.

use zeroize::Zeroizing;

use super::super::Failure;
use super::super::prepare::{Prepared, Steps, digests};
use super::make::{Expected, Made};
use super::settings::{Jwt, Settings};
use crate::exit;
use crate::keys::jwt;
use crate::layout;
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::staging::{Runtime, Staging, Written};
use crate::summary::{File, run_id};

/// Writes and publishes the files; returns the marker.
pub(super) fn write(
    mut made: Made,
    secret: &[u8; 32],
    runtime: &Runtime,
    mut staging: Staging<'_>,
    settings: &Settings,
    prepared: &Prepared,
    mut steps: Steps<'_>,
) -> Result<Vec<u8>, Failure> {
    made.files.push(layout::jwt(&jwt::format(secret)));
    staging.write(&made.files)?;
    check_state(&staging, &made.state)?;
    // The files hold parts of the inputs, which were read again for them.
    digests::check(&prepared.watch)?;
    let bytes: u64 = staging.written.iter().map(|file| file.size).sum();
    steps.done("write", &format!("{} files, {bytes} bytes", staging.written.len()));
    let mut summary = made.summary;
    summary.notes.iter().for_each(|note| steps.console.note(note));
    summary.warnings.iter().for_each(|warning| steps.console.warning(warning));
    let file = |Written { path, size, sha256 }| File { path, size, sha256 };
    summary.files = std::mem::take(&mut staging.written).into_iter().map(file).collect();
    summary.files.sort_by(|one, other| one.path.cmp(&other.path));
    summary.run_id = run_id(&settings.entropy, &summary);
    summary.steps = std::mem::take(&mut steps.done);
    if settings.leave_program {
        runtime.leave_program()?;
    }
    let marker = summary.to_json();
    if let Some(owner) = settings.owner {
        staging.give(owner)?;
    }
    staging.publish(&marker)?;
    runtime.kept().iter().for_each(|kept| steps.console.note(kept));
    steps.done("publish", "on disk, in place");
    let out = settings.out.display();
    steps.console.title(&format!("{out} is ready: run {}", summary.run_id));
    Ok(marker)
}

/// The secret of the Engine API: of the former run, if that is wanted and there was one.
pub(super) fn jwt_secret(
    runtime: &Runtime,
    settings: &Settings,
    console: &Console,
) -> Zeroizing<[u8; 32]> {
    const PATH: &str = "jwt/jwtsecret";
    let fresh = || jwt::new_secret(&settings.entropy);
    match &settings.jwt {
        Jwt::Given(secret) => return secret.clone(),
        Jwt::New => return fresh(),
        Jwt::Keep => {}
    }
    let path = settings.out.join(PATH);
    let why = match runtime.former_file(PATH) {
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
    console.warning(&format!("{}: {why}; replaced by a new secret", path.display()));
    fresh()
}

/// The written state has the time, the registry, slot 0 and the fork that were meant.
fn check_state(staging: &Staging<'_>, expected: &Expected) -> Result<(), Failure> {
    const PATH: &str = "metadata/genesis.ssz";
    let bytes = staging.read(PATH)?;
    let right = bytes.len() == expected.length
        && bytes[..8] == expected.genesis_time.to_le_bytes()
        && bytes[8..40] == expected.genesis_validators_root
        && bytes[40..48] == [0; 8]
        && bytes[52..56] == expected.current_version;
    if right { Ok(()) } else { Err(damaged(PATH)) }
}

/// What was written is not what is read.
pub(super) fn damaged(path: &str) -> Failure {
    Failure::new(
        exit::VERIFICATION,
        format!("{path} reads otherwise than it was written"),
        Some("the disk or its file system is at fault: check it, and run again"),
    )
}
