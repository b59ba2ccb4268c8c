//! `regenesis push`: a snapshot to a registry.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{failure, remote, sign};
use crate::archive::oci::{
    Artifact, Blob, EMPTY, IMAGE_TAG, Reference, digest_text, groups, image_config, image_index,
};
use crate::command::restore::megabytes;
use crate::command::steps::Steps;
use crate::command::{Failure, bake, pack, print, snapshot_directory};
use crate::exit;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::download;
use crate::io::fs;
use crate::io::registry::{Checked, Registry};
use crate::io::signing::Signer;
use crate::snapshot_files::pushed::{self, Piece, Sequence};
use crate::snapshot_files::work::share;

const EXAMPLES: &str = "Examples:
  regenesis push my-snapshot oci://ghcr.io/team/my-snapshot:v1
  regenesis push my-snapshot oci://127.0.0.1:5000/my-snapshot        no TLS: this machine only
  regenesis push my-snapshot oci://ghcr.io/team/my-snapshot:v1 --sign team.key
  regenesis push my-snapshot oci://ghcr.io/team/my-snapshot:v1 --with-image
                                                  and v1-image, which Kubernetes and Compose mount

Credentials are those of docker login. Files that the registry has are not sent again. push prints
the reference with its digest to stdout, and that of the image on a second line. A snapshot has keys:
a reader of the repository has them.";

/// Push a snapshot to an OCI registry
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory
    #[arg(value_name = "SNAPSHOT")]
    directory: PathBuf,
    /// Registry, repository and tag [default tag: latest]
    #[arg(value_name = "oci://REGISTRY/REPOSITORY[:TAG]")]
    reference: String,
    /// Sign with the private key in this file: PEM, Ed25519 or P-256
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// Push the same files as an image, too, with the tag TAG-image
    #[arg(long)]
    with_image: bool,
}

/// What was sent, and what was there.
#[derive(Debug, Default)]
struct Counts {
    sent: usize,
    bytes: u64,
    kept: usize,
}

/// A push.
struct Push<'a> {
    root: &'a Path,
    registry: &'a Registry,
    label: String,
    steps: &'a Steps<'a>,
    known: BTreeSet<[u8; 32]>,
    counts: Counts,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot cannot be read, or the registry refuses it.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let root = &*args.directory;
    let reference = remote::reference(&args.reference)?;
    if reference.digest.is_some() {
        let hint = "give a tag; the digest is printed after the push";
        return Err(Failure::usage("the reference has a digest, expected a tag", hint));
    }
    let key = args.sign.as_ref().filter(|path| !path.as_os_str().is_empty());
    let signer = key.map(|path| sign::signer(path)).transpose()?;
    snapshot_directory(root)?;
    let _lock = share(root, console).map_err(|held| bake::busy(&held))?;
    let steps = Steps::start(console);
    let version = env!("CARGO_PKG_VERSION");
    console.title(&format!("regenesis {version} · pushing {} to {reference}", root.display()));
    let contents = pack::contents(root, &steps)?;
    if let Some(key) = key {
        let sha256 = fs::sha256(&Input::file(key.clone()))?;
        if let Some(copy) = contents.files.iter().find(|file| file.sha256 == sha256) {
            let message = format!("{}/{} is the key of --sign", root.display(), copy.path);
            let hint =
                "move the key out of the snapshot: every reader of the repository would have it";
            return Err(Failure::new(exit::INPUT, message, Some(hint)));
        }
    }
    pack::name_foreign(&contents, "pushed", console);
    let artifact = pushed::artifact(root, contents)?;
    let manifest = artifact.to_json();
    // A registry would refuse what no reader accepts.
    Artifact::parse(&manifest).map_err(|error| {
        let message = format!("{}: cannot be pushed: its manifest {error}", root.display());
        Failure::new(exit::INPUT, message, Some("pack it instead: regenesis pack"))
    })?;
    steps.done("read", &format!("{} files, {}", artifact.layers.len(), megabytes(artifact.size())));
    let registry = Registry::new(&reference);
    let mut push = Push {
        root,
        registry: &registry,
        label: reference.to_string(),
        steps: &steps,
        known: BTreeSet::new(),
        counts: Counts::default(),
    };
    push.files(&artifact)?;
    let image = args.with_image.then(|| push.image(&artifact)).transpose()?;
    let Counts { sent, bytes, kept } = push.counts;
    steps.done("push", &format!("{sent} blobs sent, {}; {kept} were there", megabytes(bytes)));
    // A tag never names a manifest without its signature.
    let image_tag = format!("{}{IMAGE_TAG}", reference.tag());
    for (tag, manifest) in [(reference.tag(), Some(&manifest)), (&image_tag, image.as_ref())] {
        if let Some(manifest) = manifest {
            push.publish(&reference, tag, manifest, signer.as_ref())?;
        }
    }
    let pinned = reference.with_digest(Blob::of(&manifest).digest);
    print(format!("{pinned}\n").as_bytes())?;
    // As Kubernetes and Compose name it.
    image.map_or(Ok(()), |image| {
        let (place, digest) = (reference.place(), digest_text(&Blob::of(&image).digest));
        print(format!("{place}:{image_tag}@{digest}\n").as_bytes())
    })
}

impl Push<'_> {
    fn failed(&self, error: download::Error) -> Failure {
        failure::registry(&self.label, error)
    }

    fn files(&mut self, artifact: &Artifact) -> Result<(), Failure> {
        self.bytes(EMPTY)?;
        for layer in &artifact.layers {
            let file = &layer.file;
            let blob = Blob { digest: file.sha256, size: file.size };
            self.blob(&blob, &file.path, vec![Piece::File(self.root.join(&file.path), file.size)])?;
        }
        Ok(())
    }

    /// Uploads the image's layers and manifests. Returns its index.
    fn image(&mut self, artifact: &Artifact) -> Result<Vec<u8>, Failure> {
        let mut layers = Vec::new();
        for group in groups(&artifact.layers) {
            let pieces = pushed::tar(self.root, &group);
            let blob = pushed::blob(Sequence::new(pieces.clone())).map_err(fs::at(self.root))?;
            self.blob(&blob, "a layer of the image", pieces)?;
            layers.push(blob);
        }
        let images = image_config(&layers);
        for image in &images {
            self.bytes(&image.config)?;
            let name = digest_text(&Blob::of(&image.manifest).digest);
            let put = self.registry.put_manifest(&name, &image.manifest, self.steps.console);
            put.map_err(|error| self.failed(error))?;
        }
        Ok(image_index(&images))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.blob(&Blob::of(bytes), "a configuration", vec![Piece::Bytes(bytes.to_vec())])
    }

    /// Uploads a blob, unless the registry has it.
    fn blob(&mut self, blob: &Blob, path: &str, pieces: Vec<Piece>) -> Result<(), Failure> {
        if !self.known.insert(blob.digest) {
            return Ok(());
        }
        let (registry, console) = (self.registry, self.steps.console);
        if registry.has_blob(blob, console).map_err(|error| self.failed(error))? {
            self.counts.kept += 1;
            return Ok(());
        }
        let text = || format!("pushing {path}, {}", megabytes(blob.size));
        console.heartbeat(None, text);
        let open = || Ok(Checked::new(Sequence::new(pieces.clone()), blob, path.to_owned()));
        let put = registry.put_blob(blob, &open, console);
        put.map_err(|error| self.failed(error))?;
        self.counts.sent += 1;
        self.counts.bytes += blob.size;
        Ok(())
    }

    /// Signs a manifest, and then tags it.
    fn publish(
        &self,
        reference: &Reference,
        tag: &str,
        manifest: &[u8],
        signer: Option<&Signer>,
    ) -> Result<(), Failure> {
        let (registry, console) = (self.registry, self.steps.console);
        if let Some(signer) = signer {
            let digest = Blob::of(manifest).digest;
            let name = digest_text(&digest);
            let put = registry.put_manifest(&name, manifest, console);
            put.map_err(|error| self.failed(error))?;
            let is_new = sign::add(registry, reference, &digest, signer, console)?;
            self.steps.done("sign", if is_new { "signed" } else { "was signed by this key" });
        }
        let put = registry.put_manifest(tag, manifest, console);
        put.map_err(|error| self.failed(error))?;
        self.steps.done("tag", tag);
        Ok(())
    }
}

/// Uploads a few bytes, unless the registry has them.
pub(super) fn put_bytes(
    registry: &Registry,
    bytes: &[u8],
    console: &Console,
) -> Result<(), download::Error> {
    let blob = Blob::of(bytes);
    if registry.has_blob(&blob, console)? {
        return Ok(());
    }
    let open = || Ok(Checked::of_bytes(bytes.to_vec()));
    registry.put_blob(&blob, &open, console)
}
