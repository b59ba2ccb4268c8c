//! Files in containers, running or not: `docker cp` writes them as an archive, which is read as it comes.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

use super::{Error, failed, not_started, run};
use crate::archive::{self, Kind, Reader, Refusal};
use crate::io::{disk, process, signal};

const COPY: &str = "cp";
/// How versions of docker say that a path is not in a container.
const MISSING: [&str; 3] =
    ["Could not find the file", "No such container:path", "no such file or directory"];
/// The most bytes of a file: the genesis of an L2 with the state of a devnet has 10 MB.
const MOST: u64 = 256 << 20;
/// The most bytes of all files of a directory.
const MOST_OF_ALL: u64 = 512 << 20;

/// A file of a container. It may be secret, so `Debug` does not print it.
pub struct Found {
    /// Its path below the directory that was asked for.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({}, {} bytes)", self.path, self.bytes.len())
    }
}

/// The files of a directory.
#[derive(Debug, Default)]
pub struct Directory {
    /// The files.
    pub files: Vec<Found>,
    /// The paths below the directory that are left out, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// A file of a container; `None` if the container has no such file. The daemon follows links inside the
/// container; it gives up after 255 of them.
///
/// # Errors
/// The container is gone, the file exceeds the limit, or Docker does not answer.
pub fn file(container: &str, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let path = path.to_string_lossy();
    let found = copied(container, &path, |stream| first(stream, &path))?;
    Ok(found.flatten())
}

/// The files of a directory in a container, also those that links lead to. `wanted` accepts paths below the
/// directory. `None` if the container has no such directory.
///
/// # Errors
/// As [`file`].
pub fn files(
    container: &str,
    directory: &str,
    wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Option<Directory>, Error> {
    let Some(Listed { files, links, left_out }) =
        copied(container, directory, |stream| all(stream, directory, wanted))?
    else {
        return Ok(None);
    };
    let mut found = Directory { files, left_out };
    found.follow(directory, links, |path| file(container, Path::new(path)))?;
    Ok(Some(found))
}

impl Directory {
    /// Adds the files that these links lead to; `file` follows them.
    fn follow(
        &mut self,
        directory: &str,
        links: Vec<(String, String)>,
        file: impl Fn(&str) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        for (path, target) in links {
            match file(&format!("{directory}/{path}")) {
                Ok(Some(bytes)) => self.files.push(Found { path, bytes }),
                Ok(None) => {
                    self.left_out
                        .push((path, format!("it is a link to {target}, and no file is there")));
                }
                // docker cp fails for links in a circle; for a container that is gone, docker inspect fails.
                Err(Error::Failed { command, message }) if command == COPY => {
                    let why = format!("it is a link that Docker does not follow: {message}");
                    self.left_out.push((path, why));
                }
                Err(Error::Archive { source: archive::Error::Refused { why, .. }, .. }) => {
                    self.left_out.push((path, format!("it is a link, and its target {why}")));
                }
                Err(error) => return Err(error),
            }
            let total: usize = self.files.iter().map(|found| found.bytes.len()).sum();
            if total as u64 > MOST_OF_ALL {
                return Err(Error::TooLarge { path: directory.to_owned(), most: MOST_OF_ALL });
            }
        }
        Ok(())
    }
}

/// Copies the plain files of a directory in a container to `target`, a new directory that only its owner may
/// read; returns their size. `None` if the container has no such directory.
///
/// # Errors
/// As [`file`], or `target` cannot be written.
pub fn copy(container: &str, directory: &str, target: &Path) -> Result<Option<u64>, Error> {
    copied(container, directory, |stream| unpack(stream, directory, target))
}

/// Gives the archive of a path in a container to `take`; `None` if the path is not there.
fn copied<T: Send>(
    container: &str,
    path: &str,
    take: impl FnOnce(&mut dyn Read) -> Result<T, Error> + Send,
) -> Result<Option<T>, Error> {
    let line = ["docker", COPY, "-L", &format!("{container}:{path}"), "-"].map(OsString::from);
    let take = |stdout: Option<std::process::ChildStdout>| match stdout {
        Some(mut stdout) => {
            // A command that failed writes nothing.
            let mut start = [0];
            let some = stdout.read(&mut start).map_err(|source| broken(path, source.into()))?;
            if some == 0 { Ok(None) } else { take(&mut (&start[..]).chain(stdout)).map(Some) }
        }
        None => Ok(None),
    };
    let (taken, done) =
        process::pipe(&line, &mut |_| (), take, &mut |_| ()).map_err(not_started)?;
    if let Some(taken) = taken? {
        return Ok(Some(taken));
    }
    // Some versions use the same words for a container that is gone.
    run(&["inspect", "--type", "container", "--format", "{{.Id}}", container])?;
    let said = done.stderr();
    let is_missing = done.succeeded() || MISSING.iter().any(|text| said.contains(text));
    if is_missing { Ok(None) } else { Err(failed(COPY, &said)) }
}

fn broken(path: &str, source: archive::Error) -> Error {
    Error::Archive { path: path.to_owned(), source }
}

/// The file of an archive of one file; `None` for the archive of a directory.
fn first(stream: impl Read, path: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut reader = Reader::resume(stream, 0, 0);
    let entry = reader.next_entry().map_err(|error| broken(path, error))?;
    match entry.map(|entry| entry.kind) {
        Some(Kind::File(size)) => content(&mut reader, path, size).map(Some),
        _ => Ok(None),
    }
}

/// What the archive of a directory has.
#[derive(Debug, Default)]
struct Listed {
    files: Vec<Found>,
    /// Links: paths below the directory, and their targets. The archive has no contents for them.
    links: Vec<(String, String)>,
    left_out: Vec<(String, String)>,
}

/// The entries of an archive that are wanted, by their paths below its first directory.
fn all(stream: impl Read, directory: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Listed, Error> {
    let mut reader = Reader::resume(stream, 0, 0);
    let (mut found, mut total) = (Listed::default(), 0);
    let below = |path: &str| {
        let path = path.split_once('/').map(|(_, path)| path.to_owned());
        path.filter(|path| wanted(path))
    };
    loop {
        let entry = match reader.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(found),
            // A link may lead anywhere in the container: it is not followed on this machine.
            Err(archive::Error::Refused { path, why: Refusal::LinkOut(target) }) => {
                found.links.extend(below(&path).map(|path| (path, target)));
                continue;
            }
            Err(archive::Error::Refused { path, why: why @ Refusal::Kind(_) }) => {
                found.left_out.extend(below(&path).map(|path| (path, format!("it {why}"))));
                continue;
            }
            Err(error) => return Err(broken(directory, error)),
        };
        let Some(path) = below(&entry.path) else { continue };
        match entry.kind {
            Kind::Directory => {}
            Kind::Link(target) | Kind::SameAs(target) => found.links.push((path, target)),
            Kind::File(size) => {
                total += size;
                if total > MOST_OF_ALL {
                    return Err(Error::TooLarge { path: directory.to_owned(), most: MOST_OF_ALL });
                }
                let bytes = content(&mut reader, &format!("{directory}/{path}"), size)?;
                found.files.push(Found { path, bytes });
            }
        }
    }
}

/// Writes the plain files of an archive, by their paths below its first directory. After a signal, no
/// new file is created.
fn unpack(stream: impl Read, directory: &str, target: &Path) -> Result<u64, Error> {
    let (mut reader, mut total) = (Reader::resume(stream, 0, 0), 0);
    let make = |path: &Path| signal::uninterrupted(|| disk::make_directories(path, 0o700));
    make(target)?;
    loop {
        let entry = match reader.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(total),
            Err(archive::Error::Refused {
                why: Refusal::LinkOut(_) | Refusal::Kind(_), ..
            }) => {
                continue;
            }
            Err(error) => return Err(broken(directory, error)),
        };
        let below = entry.path.split_once('/').map(|(_, path)| target.join(path));
        let (Some(path), Kind::File(size)) = (below, entry.kind) else { continue };
        make(path.parent().unwrap_or(target))?;
        let mut file = signal::uninterrupted(|| disk::create(&path, 0o600))?;
        let written = std::io::copy(&mut reader.by_ref().take(size), &mut file);
        if written.map_err(disk::at(&path))? < size {
            return Err(broken(directory, archive::Error::Truncated(reader.position())));
        }
        total += size;
    }
}

/// The data of an entry.
fn content(reader: &mut Reader<impl Read>, path: &str, size: u64) -> Result<Vec<u8>, Error> {
    if size > MOST {
        return Err(Error::TooLarge { path: path.to_owned(), most: MOST });
    }
    let mut bytes = Vec::new();
    let read = reader.take(size).read_to_end(&mut bytes);
    read.map_err(|source| broken(path, source.into()))?;
    if bytes.len() as u64 == size {
        return Ok(bytes);
    }
    Err(broken(path, archive::Error::Truncated(reader.position())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{directory_header, end, file_header, padding};

    fn directory(entries: &[Vec<u8>]) -> Vec<u8> {
        [directory_header("output", 0o755), entries.concat(), end().to_vec()].concat()
    }

    fn entry(path: &str, content: &[u8]) -> Vec<u8> {
        let size = content.len() as u64;
        [&file_header(path, 0o644, size), content, padding(size)].concat()
    }

    /// An entry of another kind than a file: 2 is a symbolic link, 1 another name of a file, 6 a pipe.
    fn special(path: &str, kind: u8, target: &str) -> Vec<u8> {
        let mut header = file_header(path, 0o777, 0);
        header[156] = kind;
        header[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }

    #[test]
    fn files_are_found_in_an_archive() {
        let entries = [entry("output/a.json", b"{}"), entry("output/b/c.json", b"c")];
        let bytes = directory(&entries);
        let found = all(&bytes[..], "/opt/output", &|path| path.ends_with("c.json")).unwrap();
        let [file] = &found.files[..] else { panic!("{found:?}") };
        assert_eq!((&*file.path, &*file.bytes), ("b/c.json", &b"c"[..]));
        assert!(found.links.is_empty() && found.left_out.is_empty());
        let alone = [entry("a.json", b"{}"), end().to_vec()].concat();
        assert_eq!(first(&alone[..], "/x").unwrap().unwrap(), b"{}");
        assert_eq!(first(&bytes[..], "/x").unwrap(), None, "a directory is no file");
        assert_eq!(first(&end()[..], "/x").unwrap(), None);
    }

    #[test]
    fn a_link_is_followed_inside_the_container_or_left_out() {
        let link = |name: &str, target: &str| special(&format!("output/{name}"), b'2', target);
        let bytes = directory(&[
            link("absolute.json", "/opt/contracts/deployment/a.json"),
            entry("output/b.json", b"b"),
            link("beside.json", "b.json"),
            link("circle.json", "circle.json"),
            link("dangling.json", "../nothing.json"),
            link("device.json", "/dev/zero"),
            link("not-wanted", "/etc/shadow"),
            special("output/pipe.json", b'6', ""),
            special("output/same.json", b'1', "output/b.json"),
            entry("output/z.json", b"z"),
        ]);
        let listed =
            all(&bytes[..], "/opt/output", &|path| path.strip_suffix(".json").is_some()).unwrap();
        let mut found = Directory { files: listed.files, left_out: listed.left_out };
        let follow = |path: &str| match path.strip_prefix("/opt/output/").unwrap() {
            "absolute.json" => Ok(Some(b"a".to_vec())),
            "beside.json" | "same.json" => Ok(Some(b"b".to_vec())),
            "circle.json" => Err(failed(COPY, "Error: too many links")),
            "device.json" => {
                let why = Refusal::Kind("a device");
                Err(broken(path, archive::Error::Refused { path: "zero".to_owned(), why }))
            }
            "dangling.json" => Ok(None),
            other => panic!("{other} is followed"),
        };
        found.follow("/opt/output", listed.links, follow).unwrap();
        let files: Vec<_> = found.files.iter().map(|file| (&*file.path, &*file.bytes)).collect();
        let expected: [(&str, &[u8]); 5] = [
            ("b.json", b"b"),
            ("z.json", b"z"),
            ("absolute.json", b"a"),
            ("beside.json", b"b"),
            ("same.json", b"b"),
        ];
        assert_eq!(files, expected);
        let left_out: Vec<_> =
            found.left_out.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        let expected = [
            "pipe.json: it is a named pipe, expected a file, a directory or a link",
            "circle.json: it is a link that Docker does not follow: Error: too many links",
            "dangling.json: it is a link to ../nothing.json, and no file is there",
            "device.json: it is a link, and its target is a device, expected a file, a directory or a link",
        ];
        assert_eq!(left_out, expected);
        // A container that is gone, or a daemon, is not a link.
        let links = || vec![("a.json".to_owned(), "/a".to_owned())];
        for error in ["No such container: c", "Cannot connect to the Docker daemon"] {
            let gone = |_: &str| Err(failed("inspect", error));
            assert!(Directory::default().follow("/opt/output", links(), gone).is_err(), "{error}");
        }
    }

    #[test]
    fn a_file_that_breaks_off_or_is_too_large_is_an_error() {
        let bytes = entry("a.json", b"{}");
        assert!(matches!(first(&bytes[..513], "/x"), Err(Error::Archive { .. })));
        let mut large = file_header("a.json", 0o644, MOST + 1);
        large.extend([0; 512]);
        assert!(matches!(first(&large[..], "/x"), Err(Error::TooLarge { .. })));
    }
}
