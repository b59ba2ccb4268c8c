//! The credentials of a registry, where `docker login` keeps them.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::archive::oci::{Login, Stored, helper_answer};
use crate::io::fs;
use crate::rpc::secrets;

/// What a helper prints if it does not know a registry.
const NOT_FOUND: &str = "credentials not found";

/// The credentials for a registry; `None` without any. No error quotes them.
///
/// # Errors
/// The file is damaged, or a helper fails.
pub(super) fn login(host: &str) -> Result<Option<Login>, String> {
    let Some(path) = config() else { return Ok(None) };
    let json = match fs::read_file(&path) {
        Ok(json) => json,
        Err(_) if !fs::exists(&path) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let read = |skips_helpers| {
        let stored = Stored::read(&json, host, skips_helpers);
        stored.map_err(|what| format!("{}: {what}", path.display()))
    };
    let found = match read(false)? {
        Stored::Helper(program, name) => match ask(&program, &name)? {
            Some(login) => Some(login),
            None => of_file(read(true)?),
        },
        stored => of_file(stored),
    };
    if let Some(Login::Password(_, secret) | Login::Identity(secret)) = &found {
        secrets::add(vec![secret.to_string().into()]);
    }
    Ok(found)
}

fn of_file(stored: Stored) -> Option<Login> {
    match stored {
        Stored::Login(login) => Some(login),
        _ => None,
    }
}

/// `$DOCKER_CONFIG/config.json`, by default in `~/.docker`.
fn config() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = set("DOCKER_CONFIG").or_else(|| Some(set("HOME")?.join(".docker")))?;
    Some(directory.join(Path::new("config.json")))
}

/// Asks `docker-credential-NAME`.
fn ask(name: &str, registry: &str) -> Result<Option<Login>, String> {
    let program = format!("docker-credential-{name}");
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => format!("{program}, which config.json of docker names, is missing"),
        _ => format!("{program}: {error}"),
    };
    let mut command = Command::new(&program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // It may end without reading.
        let _ = input.write_all(registry.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        let answer = helper_answer(&output.stdout);
        return answer.map(Some).ok_or_else(|| format!("{program} answers no credentials"));
    }
    if String::from_utf8_lossy(&output.stdout).contains(NOT_FOUND) {
        return Ok(None);
    }
    Err(format!("{program} fails ({})", output.status))
}
