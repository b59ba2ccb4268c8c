//! The captured enclave as a stack in Docker. No registry here has the images of its services: stand-ins
//! have their executables, which need their config, their data directory and the host names of others, and
//! then listen.

use std::path::Path;
use std::process::Command;

use super::enclave::EL;
use crate::operate::machine::{Machine, Version, docker};

const IMAGE: &str = "regenesis-e2e/enclave:1";
/// Arguments: name of the service, config, `HOST:PORT` of another service, and the port to listen on.
const PROGRAM: &str = r#"#!/usr/bin/perl
use strict;
use IO::Socket::INET;
my ($service, $config, $other, $port) = split / /, 'WORDS';
open(my $file, '<', $config) or die "$config: $!";
my $storage = "/data/service_$service/storage";
-d $storage or mkdir $storage or die "$storage: $!";
IO::Socket::INET->new(PeerAddr => $other) or die "$other: $@";
my $server = IO::Socket::INET->new(Listen => 5, LocalPort => $port, ReuseAddr => 1) or die $@;
my @open;
while (1) { push @open, $server->accept }
"#;

/// The services with their ports, as Kurtosis labels them.
pub const PORTS: [(&str, &str); 2] =
    [("agglayer", "aglr-grpc:4443/TCP"), ("cdk-erigon-rpc-001", "rpc:8123/TCP/http")];

/// The stack of the snapshot `out` in `directory` starts, and its services answer.
pub fn lives(directory: &Path) {
    let el = format!("{EL}:8545");
    build(&[
        ("agglayer", &["agglayer", "/etc/agglayer/config.toml", &el, "4443"]),
        (
            "cdk-erigon",
            &["cdk-erigon-rpc-001", "/etc/cdk-erigon/config.yaml", "agglayer:4443", "8123"],
        ),
    ]);
    let open = Command::new("chmod").args(["-R", "o+X", "--"]).arg(directory).status();
    assert!(open.unwrap().success());
    let machine = Machine::new(Version::V2);
    let out = directory.join("out");
    let images = [("AGGLAYER_IMAGE", IMAGE), ("CDK_ERIGON_IMAGE", IMAGE)];
    let verified = machine.with(&["verify", out.to_str().unwrap(), "--up"], &images);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.stderr.contains("its services answer on 2 ports"), "{verified:?}");
}

/// An image with programs: the name of each, and its words.
fn build(programs: &[(&str, &[&str])]) {
    let context = tempfile::tempdir().unwrap();
    let mut lines = "FROM regenesis-e2e/base:1\n".to_owned();
    for (program, words) in programs {
        std::fs::write(context.path().join(program), PROGRAM.replace("WORDS", &words.join(" ")))
            .unwrap();
        for part in
            ["COPY ", program, " /usr/local/bin/\nRUN chmod 755 /usr/local/bin/", program, "\n"]
        {
            lines += part;
        }
    }
    std::fs::write(context.path().join("Dockerfile"), lines).unwrap();
    let path = context.path().to_str().unwrap();
    let mut build = Command::new("docker");
    build.env("DOCKER_BUILDKIT", "0").args(["build", "--quiet", "--tag", IMAGE, path]);
    let output = build.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(docker(&["image", "ls", "--quiet", IMAGE]).lines().count() == 1);
}
