//! `regenesis kube` renders the files in tests/kube, which `scripts/lint_kube.sh` validates against the
//! schemas of Kubernetes.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use crate::support::place::Ended;
use crate::support::{Place, repository};

const DIGEST: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const ARCHIVE: &str = "s3://bucket/my-chain.tar.zst";

/// The golden files, and the arguments that render them. `chain` is the sample as a snapshot, `rollup` the
/// one with an L2.
fn cases() -> [(&'static str, Vec<String>); 8] {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    let job = format!("chain --from job={ARCHIVE} --sha256 {DIGEST}");
    let init = format!("chain --from init=https://example.org/a.tar.zst --sha256 {DIGEST}");
    [
        ("sample.yaml", Vec::new()),
        (
            "image-reth-prysm.yaml",
            words("chain --from image=r.example/chain:1 --execution reth --consensus prysm"),
        ),
        ("claim-lodestar.yaml", words("chain --from claim=chains/7 --consensus lodestar")),
        ("job.yaml", words(&job)),
        ("init.yaml", words(&init)),
        ("l2.yaml", words("rollup --from image=r.example/rollup:1")),
        ("job-statefulsets.yaml", words(&format!("{job} --statefulsets"))),
        (
            "l2-statefulsets.yaml",
            words("rollup --from image=r.example/rollup:1 --statefulsets --name x"),
        ),
    ]
}

fn place() -> Place {
    let place = Place::new();
    place.add_sample("chain");
    place.run(&["compose", "--sample", "op", "rollup"]).succeeds();
    place
}

fn render(place: &Place, arguments: &[String]) -> String {
    let words: Vec<_> = ["kube"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    place.run(&words).succeeds().stdout
}

/// With `WRITE_GOLDEN=1` it writes the files.
#[test]
fn every_shape_and_source_has_its_file() {
    let (place, directory) = (place(), repository().join("tests/kube"));
    for (name, arguments) in cases() {
        let rendered = render(&place, &arguments);
        let path = directory.join(name);
        if std::env::var_os("WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &rendered).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(rendered == golden, "WRITE_GOLDEN=1 cargo test kube:: writes {name}:\n{rendered}");
    }
}

/// What Pod Security `restricted` asks, in every container of every file.
#[test]
fn every_container_is_closed() {
    let place = place();
    for (name, arguments) in cases() {
        let text = render(&place, &arguments);
        let containers = text.matches("          image: ").count();
        assert!(containers >= 5, "{name}");
        for line in ["allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true", "- ALL\n"] {
            assert_eq!(text.matches(line).count(), containers, "{name}: {line}");
        }
        let pods = text.matches("automountServiceAccountToken: false").count();
        for line in ["runAsNonRoot: true", "type: RuntimeDefault", "enableServiceLinks: false"] {
            assert_eq!(text.matches(line).count(), pods, "{name}: {line}");
        }
        // Settings and hosts have their values.
        assert!(!text.contains("${") && !text.contains("hostPath"), "{name}");
    }
}

#[test]
fn the_runtime_volume_of_a_pod_is_memory_and_its_data_ends_with_the_pod() {
    let text = render(&place(), &[]);
    let volumes = text.split("      volumes:\n").nth(1).unwrap();
    let runtime = volumes.split("name: runtime").next().unwrap();
    assert!(runtime.contains("medium: Memory"), "{runtime}");
    assert!(!text.contains("PersistentVolumeClaim"), "{text}");
    // The sidecar ends after the clients, and starts after init.
    let init = text.split("      initContainers:\n").nth(1).unwrap();
    let (init, watch) = (init.find("name: init\n").unwrap(), init.find("name: watch\n").unwrap());
    assert!(init < watch);
    assert_eq!(text.matches("restartPolicy: Always").count(), 1);
}

#[test]
fn no_two_ports_of_a_pod_are_equal() {
    let text = render(&place(), &cases()[5].1);
    let ports: Vec<_> =
        text.lines().filter_map(|line| line.split_once("containerPort: ")).collect();
    let numbers: BTreeSet<_> = ports.iter().map(|(_, number)| number).collect();
    assert!(ports.len() >= 8 && numbers.len() == ports.len(), "{ports:?}");
}

/// The secret has the files that `init` reads, and neither settings nor scripts.
#[test]
fn a_small_snapshot_is_a_secret_that_its_owner_can_read() {
    let place = place();
    place.write("chain/.env", "FEE_RECIPIENT=0x00000000000000000000000000000000000000aa\n");
    place.run(&["compose", "chain"]).succeeds();
    place.run(&["kube", "chain", "--out", "k8s"]).succeeds();
    let secret = place.read("k8s/snapshot.yaml");
    for key in
        ["metadata.json:", "cl..config.yaml:", "el..genesis.template.json:", "val..mnemonics.yaml:"]
    {
        assert_eq!(secret.matches(key).count(), 1, "{key}");
    }
    assert!(!secret.contains(".env") && !secret.contains("up.sh"), "{secret}");
    let mode = |file: &str| place.at(file).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("k8s/snapshot.yaml"), mode("k8s/devnet.yaml")), (0o600, 0o644));
    let chain = place.read("k8s/devnet.yaml");
    assert!(chain.contains("00aa") && chain.contains("secretName: chain-snapshot"), "{chain}");
    let list = place.read("k8s/kustomization.yaml");
    assert!(list.contains("- snapshot.yaml\n  - devnet.yaml\n"), "{list}");

    // Written again, and left alone once it was edited.
    place.run(&["kube", "chain", "--out", "k8s"]).succeeds();
    place.write("k8s/devnet.yaml", format!("{chain}# mine\n"));
    place.run(&["kube", "chain", "--out", "k8s"]).fails(7, "k8s/devnet.yaml");
    assert!(place.read("k8s/devnet.yaml").ends_with("# mine\n"));
}

#[test]
fn what_a_cluster_cannot_use_is_refused() {
    let place = place();
    let from = |text: &'static str| ["kube", "chain", "--from", text];
    place.run(&from("job=s3://user:secret@bucket/a")).fails(2, "credentials");
    place.run(&from("init=https://x/a?X-Amz-Signature=secret")).fails(2, "credentials");
    place.run(&from("init=https://x/a?token=secret")).fails(2, "credentials");
    place.run(&from("job=https://u:secret?x@host/a")).fails(2, "credentials");
    place.run(&from("job=a.tar.zst")).fails(2, "expected a URL");
    place.run(&from("image=oci://r.example/chain:1")).fails(2, "without one");
    place.run(&from("s3://user:secret@bucket/a")).fails(2, "--from s3: expected image=REF");
    place.run(&["kube", "rollup"]).fails(3, "a secret takes 1000000");
    place.run(&["kube", "--name", "My"]).fails(2, "--name is \"My\"");
    place.run(&["kube", "--from", "image=x"]).fails(2, "SNAPSHOT");
    let named = ["kube", "chain", "--from", "image=x", "--sha256", DIGEST];
    place.run(&named).fails(2, "--sha256 is of an archive");
    let wrong = ["kube", "chain", "--from", "job=s3://b/a", "--sha256", "12"];
    place.run(&wrong).fails(2, "64 hex digits");
    place.run(&["kube", "nowhere"]).fails(3, "nowhere");
}

#[test]
fn an_archive_has_the_same_claim_for_every_chain() {
    let place = place();
    let job = format!("job={ARCHIVE}");
    let claim = |name: &str, digest: &str| {
        let text =
            place.run(&["kube", "chain", "--name", name, "--from", &job, "--sha256", digest]);
        let text = text.succeeds().stdout;
        let at = text.find("claimName: ").unwrap();
        let name = text[at..].lines().next().unwrap().to_owned();
        // The job fills it, and the pod mounts it read-only.
        assert_eq!(text.matches(&name).count(), 2, "{text}");
        name
    };
    assert_eq!(claim("a", DIGEST), claim("b", DIGEST));
    assert_ne!(claim("a", DIGEST), claim("a", &DIGEST.replace('2', "3")));
}

/// A program that answers as `kubectl` does: CI has no cluster.
#[test]
fn prune_removes_the_claims_that_nothing_uses() {
    let place = Place::new();
    let script = r#"#!/bin/sh
echo "$*" >>"$0.log"
case $4 in
persistentvolumeclaims) echo '{"items": [
  {"metadata": {"name": "snapshot-a-1"}, "spec": {"resources": {"requests": {"storage": "3Gi"}}}},
  {"metadata": {"name": "snapshot-b-2"}}]}' ;;
pods,*) echo '{"items": [{"kind": "Pod", "spec": {"volumes": [
  {"persistentVolumeClaim": {"claimName": "snapshot-b-2"}}]}}]}' ;;
esac
"#;
    place.executable("bin/kubectl", script);
    let path = format!("{}:{}", place.at("bin").display(), std::env::var("PATH").unwrap());
    let with =
        |arguments: &[&str], path: &str| Ended::of(place.command(arguments).env("PATH", path));
    let asked = with(&["kube", "--prune"], &path);
    asked.fails(2, "add --yes");
    assert_eq!(asked.stdout.lines().filter(|line| line.contains("snapshot-")).count(), 1);
    assert!(!place.read("bin/kubectl.log").contains("delete"));
    let done = with(&["kube", "--prune", "--yes"], &path).succeeds();
    assert!(done.stdout.starts_with("snapshot-a-1 3Gi"), "{}", done.stdout);
    let log = place.read("bin/kubectl.log");
    let removed: Vec<_> = log.lines().filter(|line| line.starts_with("delete")).collect();
    assert_eq!(removed, ["delete persistentvolumeclaim --wait=false snapshot-a-1"]);

    with(&["kube", "--prune"], "/nowhere").fails(6, "kubectl is missing");
}
