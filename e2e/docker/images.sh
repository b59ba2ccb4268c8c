#!/usr/bin/env bash
# The images of the suite: the base, the init image of this commit, and the clients'.
set -euo pipefail
cd "$(dirname "$0")/../.."
geth=$(scripts/install_geth.sh)
PATH="$PATH:$(dirname "$geth")"
e2e/docker/base.sh
DOCKER_BUILDKIT=0 docker/build.sh --build-arg RUST_IMAGE=regenesis-e2e/base:1 -q -t regenesis:e2e
cargo build --features e2e --example consensus
e2e/docker/clients.sh "${CARGO_TARGET_DIR:-target}/debug/examples/consensus"
