//! Where the cluster finds the snapshot.

use std::path::Path;

use crate::archive::parse_digest;
use crate::command::{Failure, given};
use crate::compose::{FILE, UP_FILE};
use crate::exit;
use crate::file::Input;
use crate::io::fs;
use crate::io::list::{self, Kind};
use crate::kube::{MOST_IN_SECRET, RESTORE_SECRET, Source, Volume};
use crate::snapshot::foreign::is_ours;

/// Entries of a snapshot below its own directory.
const MOST: usize = 100_000;
const KINDS: &str = "image=REF, claim=NAME, job=URL or init=URL";

/// The files of a snapshot with their sizes, in bytes.
pub(super) fn sizes(directory: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let (entries, _) = list::below(directory, |path| path.starts_with(".regenesis"), MOST)?;
    let files = entries.into_iter().filter(|entry| entry.kind == Kind::File);
    let size = |path: &str| fs::length(&Input::file(directory.join(path)));
    files.map(|file| Ok((file.path.clone(), size(&file.path)?))).collect()
}

/// The source that `--from` names; without it, a secret.
pub(super) fn of(
    from: Option<&str>,
    sha256: Option<&str>,
    directory: &Path,
    files: &[(String, u64)],
) -> Result<Source, Failure> {
    let sha256 = sha256.and_then(given).map(digest).transpose()?;
    let Some(from) = from.and_then(given) else { return secret(directory, files) };
    let (kind, place) = from.split_once('=').unwrap_or((from, ""));
    let source = match (kind, place) {
        (_, "") => return Err(unknown(from)),
        ("image", reference) if reference.contains("://") => {
            let hint = "pass the reference that regenesis push --with-image prints: --from \
                        image=HOST/REPOSITORY:TAG-image; --from init=URL restores an archive";
            let what = "--from image=… has a scheme, expected the name of an image without one";
            return Err(Failure::usage(what, hint));
        }
        ("image", reference) => Source::Image(reference.to_owned()),
        ("claim", place) => {
            let (name, inside) = place.split_once('/').unwrap_or((place, ""));
            let directory = Some(inside.trim_end_matches('/')).filter(|path| !path.is_empty());
            Source::Claim { name: name.to_owned(), directory: directory.map(str::to_owned) }
        }
        ("job" | "init", url) => {
            check(url)?;
            let into = if kind == "job" { Volume::Claim } else { Volume::Pod };
            return Ok(Source::Archive { url: url.to_owned(), sha256, into });
        }
        _ => return Err(unknown(from)),
    };
    if sha256.is_some() {
        let what = format!("--sha256 is of an archive, and --from is {kind}=…");
        return Err(Failure::usage(what, "pass it with job=URL or init=URL"));
    }
    Ok(source)
}

fn unknown(from: &str) -> Failure {
    // It may be a URL with a password.
    let kind = from.split(['=', ':']).next().unwrap_or_default();
    Failure::usage(format!("--from {kind}: expected {KINDS}"), "docs/kubernetes.md compares them")
}

fn digest(text: &str) -> Result<String, Failure> {
    let digest = parse_digest(text).map(hex::encode);
    digest.ok_or_else(|| {
        let what = format!("--sha256 is {text:?}, expected 64 hex digits");
        Failure::usage(what, "regenesis pack and sha256sum print it")
    })
}

/// Objects are no place for credentials: neither user and password, nor a signature.
fn check(url: &str) -> Result<(), Failure> {
    let Some((scheme, rest)) = url.split_once("://") else { return Err(not_a_url()) };
    if !["http", "https", "s3"].contains(&scheme) {
        return Err(not_a_url());
    }
    // A query may be a signature or a token, whatever its names are.
    let host = rest.split('/').next().unwrap_or_default();
    if host.contains('@') || rest.contains(['?', '#']) {
        let hint = format!(
            "use s3://BUCKET/KEY, and keep AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in a secret named \
             {RESTORE_SECRET}"
        );
        return Err(Failure::usage(
            "--from: the URL has credentials, or a query that may be one: objects would show it",
            &hint,
        ));
    }
    Ok(())
}

fn not_a_url() -> Failure {
    let hint = "a cluster does not see the files of this machine";
    Failure::usage("--from: expected a URL with http, https or s3", hint)
}

/// The files that regenesis reads, in a secret.
fn secret(directory: &Path, files: &[(String, u64)]) -> Result<Source, Failure> {
    let is_read = |path: &str| is_ours(path) && path != FILE && path != UP_FILE;
    let files: Vec<_> = files.iter().filter(|(path, _)| is_read(path)).collect();
    let size: u64 = files.iter().map(|(_, size)| size).sum();
    if size > MOST_IN_SECRET {
        let message = format!(
            "{}: has {size} bytes, and a secret takes {MOST_IN_SECRET}",
            directory.display()
        );
        let hint = format!("choose where the cluster finds it with --from {KINDS}");
        return Err(Failure::new(exit::INPUT, message, Some(&hint)));
    }
    let read = |path: &String| Ok((path.clone(), fs::read_file(&directory.join(path))?));
    let files: Result<Vec<_>, Failure> = files.into_iter().map(|(path, _)| read(path)).collect();
    Ok(Source::Secret(files?))
}
