//! The stack that docs/embed.md prints, in which only `init` and `watch` are ours.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::plan::root;
use super::rig;

/// The names of a stack's services.
#[derive(Debug)]
pub enum Names {
    Shipped,
    /// Those of the page; its Compose file and the snapshot are in the directory.
    Recipe(TempDir),
}

impl Names {
    /// A word of a command, with the stack's name of a service.
    pub fn of<'a>(&self, word: &'a str) -> &'a str {
        match (self, word) {
            (Self::Recipe(_), "init") => "genesis",
            (Self::Recipe(_), "el") => "geth",
            (Self::Recipe(_), "cl") => "beacon",
            (Self::Recipe(_), "vc") => "validator",
            _ => word,
        }
    }
}

/// A directory with the page's Compose file and a snapshot.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yml"), file()).unwrap();
    let script = "cp -r \"$0\" my-snapshot && chmod -R a+rX .";
    let mut copy = Command::new("sh");
    copy.args(["-c", script]).arg(root().join("sample")).current_dir(folder.path());
    assert!(copy.status().unwrap().success());
    folder
}

/// Both blocks of the page as one file. Only the port differs, because several stacks run at once.
fn file() -> String {
    let page = std::fs::read_to_string(root().join("docs/embed.md")).unwrap();
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).collect();
    let [complete, watch] =
        [0, 1].map(|index| blocks[index].split_once("```").expect("the block ends").0);
    let (services, volumes) = complete.split_once("\nvolumes:").expect("the volumes come last");
    let port = "127.0.0.1:8545:8545";
    assert!(services.contains(port));
    let services = services.replace(port, "127.0.0.1:${EL_HTTP_PORT}:8545");
    format!("{services}\n{watch}volumes:{volumes}")
}

/// `COMPOSE_FILE`: the page's file, and the suite's images, clock and settings.
pub fn files(folder: &Path, rig: rig::Kind) -> String {
    let clock = match rig {
        rig::Kind::Plain => "",
        rig::Kind::Clock => ":../e2e/docker/embed_clock.yml",
        rig::Kind::Disk => panic!("its data is in the containers"),
    };
    format!("{}:../e2e/docker/embed.yml{clock}", folder.join("compose.yml").display())
}
