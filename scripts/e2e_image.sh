#!/usr/bin/env bash
# What is promised of the init image, whose first build is of e2e/docker/images.sh: the same commit gives
# the same image by another builder, and for arm64 it is a static program too.
set -euo pipefail
cd "$(dirname "$0")/.."

# It has nothing of what the first builder has kept.
scripts/install_buildx.sh
DOCKER_CONFIG="$PWD/target/docker-buildx" \
  docker/build.sh --no-cache --build-arg RUST_IMAGE=regenesis-e2e/base:1 -q -t regenesis:buildx
scripts/check_image.sh regenesis:e2e regenesis:buildx

rustup target add aarch64-unknown-linux-musl
rootfs="$(mktemp -d)"
trap 'rm -rf "$rootfs"' EXIT
docker/cross.sh "$rootfs"
