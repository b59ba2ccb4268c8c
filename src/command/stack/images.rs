//! The images of a stack: pulled side by side, or built in a checkout.

use std::ffi::OsString;

use super::super::{Failure, steps::Steps};
use crate::exit;
use crate::io::docker::{self, last_line};
use crate::io::host;
use crate::io::process::{self, Captured};
use crate::operate::settings::Settings;
use crate::services::Stack;

/// The image of `init`, which a checkout can build.
pub(super) const OWN: &str = "REGENESIS_IMAGE";
/// The program that builds it, in the checkout.
pub(super) const SCRIPT: &str = "docker/build.sh";

/// The images of a stack, each with the setting that names it.
///
/// # Errors
/// A setting without a default is not set.
pub(super) fn of(stack: &Stack, settings: &Settings) -> Result<Vec<(String, String)>, Failure> {
    let mut images: Vec<(String, String)> = Vec::new();
    for service in &stack.services {
        let Some(value) = settings.get(&service.image.name) else { continue };
        if value.value.is_empty() {
            let (service, setting) = (&service.name, &value.name);
            let message = format!(
                "{setting} is not set: {service} had an image of an unknown repository in its enclave"
            );
            let hint = format!(
                "choose an image: {setting}=… regenesis up; services/manifest.json names that one"
            );
            return Err(Failure::usage(message, &hint));
        }
        if images.iter().all(|(image, _)| *image != value.value) {
            images.push((value.value.clone(), value.name.clone()));
        }
    }
    Ok(images)
}

/// Those that are not on this machine.
pub(super) fn missing(images: &[(String, String)]) -> Result<Vec<(String, String)>, Failure> {
    let mut missing = Vec::new();
    for (image, setting) in images {
        if !docker::has_image(image)? {
            missing.push((image.clone(), setting.clone()));
        }
    }
    Ok(missing)
}

/// Pulls images side by side; a checkout builds the image of `init` that no registry has.
///
/// # Errors
/// An image can be neither pulled nor built.
pub(super) fn get(images: &[(String, String)], steps: &Steps<'_>) -> Result<(), Failure> {
    let pull = |(image, setting): &(String, String)| {
        steps.console.note(&format!("pulling {image} …"));
        let done = docker::tries(&["pull", "-q", image])?;
        if done.succeeded() {
            return Ok(());
        }
        build(image, setting, last_line(&done.stderr()), steps)
    };
    let names: Vec<_> = images.iter().map(|(image, _)| image.as_str()).collect();
    steps.console.work(&format!("getting {}", names.join(", ")));
    let results: Vec<Result<(), Failure>> = std::thread::scope(|scope| {
        let pulls: Vec<_> = images.iter().map(|image| scope.spawn(|| pull(image))).collect();
        let joined = |pull: std::thread::ScopedJoinHandle<'_, _>| {
            pull.join().unwrap_or_else(|_| Err(Failure::bug("a pull ended early")))
        };
        pulls.into_iter().map(joined).collect()
    });
    results.into_iter().collect()
}

fn build(image: &str, setting: &str, why: &str, steps: &Steps<'_>) -> Result<(), Failure> {
    let message =
        || format!("the image {image} is not on this machine, and cannot be pulled: {why}");
    if setting != OWN {
        let hint = format!("set {setting} to another image, or load it: docker load");
        return Err(Failure::new(exit::IMAGE, message(), Some(&hint)));
    }
    if host::checkout().is_none() {
        let hint =
            format!("build it in a checkout of regenesis: {SCRIPT} -t {image}; or set {setting}");
        return Err(Failure::new(exit::IMAGE, message(), Some(&hint)));
    }
    steps.console.note(&format!("building {image} …"));
    let done = build_own(image, steps)?;
    if done.succeeded() {
        return Ok(());
    }
    let message = format!("building the image {image} failed: {}", last_line(&done.stderr()));
    Err(Failure::new(exit::IMAGE, message, Some("docker/build.sh shows all of its messages")))
}

/// Builds the image of `init` in the checkout.
pub(super) fn build_own(image: &str, steps: &Steps<'_>) -> Result<Captured, Failure> {
    let checkout = host::checkout().ok_or_else(|| Failure::bug("there is no checkout"))?;
    let script: OsString = checkout.join(SCRIPT).into();
    let line = [script, "-t".into(), image.into()];
    let see = &mut |line: &str| steps.console.progress(|| line.to_owned());
    Ok(process::capture(&line, &mut |_| (), see)?)
}
