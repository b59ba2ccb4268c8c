#!/usr/bin/env bash
# An image of this commit, built on the suite's base: docker/build.sh with these arguments.
#
#   e2e/docker/image.sh --target tools -t regenesis:e2e-tools
set -euo pipefail
cd "$(dirname "$0")/../.."
e2e/docker/base.sh
e2e/docker/busybox.sh
DOCKER_BUILDKIT=0 docker/build.sh --build-arg RUST_IMAGE=regenesis-e2e/base:1 \
  --build-arg BUSYBOX_IMAGE=regenesis-e2e/busybox:1 -q "$@"
