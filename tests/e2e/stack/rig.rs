//! A stack's own clock, and its own disk.

use std::path::Path;
use std::process::Command;

use super::plan::root;

/// What is special about the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// `e2e/docker/clock.c`
    Clock,
    /// All volumes are on a disk of this suite.
    Disk,
}

#[derive(Debug)]
pub enum Rig {
    Plain,
    Clock(tempfile::TempDir),
    Disk(Disk),
}

/// A mounted tmpfs.
#[derive(Debug)]
pub struct Disk(tempfile::TempDir);

/// Room for a chain of some minutes.
const SIZE: &str = "size=128m";

impl Rig {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Plain => Self::Plain,
            Kind::Clock => {
                let directory = tempfile::tempdir().unwrap();
                let program = root().join("target/clock");
                std::fs::copy(&program, directory.path().join("clock"))
                    .expect("e2e/docker/clients.sh builds target/clock");
                run(Command::new("chmod").args(["-R", "a+rX"]).arg(directory.path()));
                Self::Clock(directory)
            }
            Kind::Disk => {
                let disk = Disk(tempfile::tempdir().unwrap());
                let path = disk.0.path();
                run(Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(path));
                for volume in ["runtime", "el", "cl", "vc"] {
                    let directory = path.join(volume);
                    std::fs::create_dir(&directory).unwrap();
                    run(Command::new("chown").arg("65532:65532").arg(directory));
                }
                Self::Disk(disk)
            }
        }
    }

    /// The compose file that this adds.
    pub fn file(&self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Clock(_) => ":../e2e/docker/clock.yml",
            Self::Disk(_) => ":../e2e/docker/disk.yml",
        }
    }

    pub fn environment(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Plain => None,
            Self::Clock(directory) => Some(("CLOCK", directory.path().display().to_string())),
            Self::Disk(disk) => Some(("DISK", disk.0.path().display().to_string())),
        }
    }

    /// Sets the clock of all containers this many seconds ahead of the machine's.
    pub fn set_clock(&self, ahead: i64) {
        let Self::Clock(directory) = self else { panic!("this stack has no clock of its own") };
        // In one step: a program may read it at any moment.
        let new = directory.path().join("new");
        std::fs::write(&new, ahead.to_string()).unwrap();
        run(Command::new("chmod").arg("a+r").arg(&new));
        std::fs::rename(new, directory.path().join("offset")).unwrap();
    }

    fn disk(&self) -> &Path {
        let Self::Disk(disk) = self else { panic!("this stack has no disk of its own") };
        disk.0.path()
    }

    /// Leaves no room on the disk.
    pub fn fill_disk(&self) {
        let output = format!("of={}", self.disk().join("ballast").display());
        let dd = Command::new("dd").args(["if=/dev/zero", "bs=4k", &output]).output().unwrap();
        let said = String::from_utf8_lossy(&dd.stderr);
        assert!(said.contains("No space left on device"), "{said}");
    }

    pub fn free_disk(&self) {
        std::fs::remove_file(self.disk().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a container of a failed test may still use it.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
