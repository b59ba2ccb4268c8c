#!/usr/bin/env bash
# Records docs/demo-stack.svg from a real run: up, status, reset, down and purge of the sample. Needs Docker
# and the images of e2e/docker/images.sh, and no stack regenesis-sample. Heads, times and run ids differ in
# every run, so that nothing checks the recording.
#
#   scripts/demo_stack.sh [PROGRAM]     PROGRAM: a regenesis; by default it is built
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-}
if [ -z "$program" ]; then
  cargo build --quiet --release
  program=${CARGO_TARGET_DIR:-target}/release/regenesis
fi
export REGENESIS_IMAGE=${REGENESIS_IMAGE:-regenesis:e2e} GETH_IMAGE=regenesis-e2e/clients:1
export LIGHTHOUSE_IMAGE=regenesis-e2e/consensus:1 DOCKER_CONFIG="$PWD/target/docker"
if docker ps -aq --filter label=com.docker.compose.project=regenesis-sample | grep -q .; then
  echo "error: the stack regenesis-sample exists: regenesis purge regenesis-sample" >&2
  exit 1
fi
work=$(mktemp -d)
trap '"$program" purge regenesis-sample --yes >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$program" "$work/bin/regenesis"
python3 scripts/demo_stack.py "$work" "$work/bin:$PATH"
