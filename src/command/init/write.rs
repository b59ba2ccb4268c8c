//! Writes what was made, reads it again, and puts it in place.

use rayon::prelude::*;

use super::super::Failure;
use super::make::{Expected, Made};
use super::settings::{Jwt, Settings};
use crate::exit;
use crate::keys::{Keystore, jwt};
use crate::layout::lighthouse::{Sealed, keystore_path, secret_path};
use crate::layout::{self};
use crate::rim::clock::Stopwatch;
use crate::rim::console::Console;
use crate::rim::staging::{Runtime, Staging};
use crate::summary::{File, Step};

/// Writes and publishes the files; returns the marker.
pub(super) fn write(
    mut made: Made,
    runtime: &Runtime,
    settings: &Settings,
    console: &Console,
) -> Result<Vec<u8>, Failure> {
    let mut watch = Stopwatch::start();
    let secret = match &settings.jwt {
        Jwt::Given(secret) => secret.clone(),
        Jwt::New => jwt::new_secret(&settings.entropy),
        Jwt::Keep => former_jwt(runtime, settings)?,
    };
    made.files.push(layout::jwt(&jwt::format(&secret)));
    let staging = runtime.stage(&made.files)?;
    let mut summary = made.summary;
    let mut step = |step: &'static str, text: &str| {
        let took = watch.lap();
        console.step(step, text, took);
        summary.steps.push(Step { step, milliseconds: took.as_secs_f64() * 1000.0 });
    };
    let bytes: u64 = staging.written.iter().map(|file| file.size).sum();
    step("write", &format!("{} files, {bytes} bytes", staging.written.len()));
    check_state(&staging, &made.state)?;
    check_keystores(&staging, &made.sealed, made.baked)?;
    step("check", "genesis.ssz and keystores read again");
    summary.files = staging
        .written
        .iter()
        .map(|file| File {
            path: file.path.clone(),
            size: file.size,
            sha256: hex::encode(file.sha256),
        })
        .collect();
    let marker = summary.to_json();
    staging.publish(&marker)?;
    console.title(&format!("{} is ready: run {}", settings.out.display(), summary.run_id));
    Ok(marker)
}

/// The secret of the former run; a new one where there was none.
fn former_jwt(
    runtime: &Runtime,
    settings: &Settings,
) -> Result<zeroize::Zeroizing<[u8; 32]>, Failure> {
    let Some(text) = runtime.former("jwt/jwtsecret") else {
        return Ok(jwt::new_secret(&settings.entropy));
    };
    let text = zeroize::Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
    jwt::parse(&text).map_err(|error| {
        let path = settings.out.join("jwt/jwtsecret");
        let hint = Some("remove the file, or use --jwt new");
        Failure::new(exit::INPUT, format!("{}: {error}", path.display()), hint)
    })
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

/// Every written keystore is the one that was meant. One that was sealed in this run must also
/// open with its written password and give its key; a baked one was opened when it was baked.
fn check_keystores(staging: &Staging<'_>, sealed: &[Sealed], baked: bool) -> Result<(), Failure> {
    sealed.par_iter().try_for_each(|key| {
        let path = keystore_path(&key.pubkey);
        let json = staging.read(&path)?;
        let password = zeroize::Zeroizing::new(staging.read(&secret_path(&key.pubkey))?);
        if json != key.keystore || *password != key.password.as_bytes() {
            return Err(damaged(&path));
        }
        if baked {
            return Ok(());
        }
        let keystore = Keystore::from_json(&json).map_err(|_| damaged(&path))?;
        let secret = keystore.open(&key.password).map_err(|_| damaged(&path))?;
        if secret.public_key() == key.pubkey { Ok(()) } else { Err(damaged(&path)) }
    })
}

fn damaged(path: &str) -> Failure {
    Failure::new(
        exit::VERIFICATION,
        format!("{path} reads otherwise than it was written"),
        Some("the disk or its file system is at fault: check it, and run again"),
    )
}
