#!/usr/bin/env bash
# The images of the stacks: the init image of this commit, and the clients'.
set -euo pipefail
cd "$(dirname "$0")/../.."
geth=$(scripts/install_geth.sh)
scripts/install_opstack.sh >/dev/null
PATH="$PATH:$(dirname "$geth")"
e2e/docker/image.sh -t regenesis:e2e
cargo build --features e2e --example consensus
e2e/docker/clients.sh "${CARGO_TARGET_DIR:-target}/debug/examples/consensus"
